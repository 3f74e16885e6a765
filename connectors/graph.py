"""Reading Microsoft Graph v1.0: pages, deltas and what its refusals mean.

https://learn.microsoft.com/graph/paging, /graph/delta-query-overview, /graph/errors and
/graph/throttling.  A next or delta link is followed as it was given, after a look at its host; each
page of raw answers is decoded into the fields used and let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from connectors.clock import SET_CLOCK
from connectors.closing import Closing
from connectors.errors import AccessRefused, ConnectorError, UnexpectedAnswer
from connectors.graph_access import PAGE, Tokens
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.source import Access
    from connectors.web import Answer

T = TypeVar("T")

PAGE_SIZE = 999
"""The most that ``$top`` may ask for at /users and other directory lists."""
MOST_EMPTY_PAGES = 1_000
LOOKED_AT = (200, 400, 401, 403, 404, 410, 501)
STALE_CODES = frozenset(
    {"syncStateNotFound", "syncStateInvalid", "resyncRequired", "Directory_ExpiredPageToken"}
)
PREMIUM_CODES = frozenset(
    {
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Authentication_RequestFromUnsupportedUserRole",
    }
)


class NotLicensed(AccessRefused):
    """The tenant's licence does not include what was asked for."""


class LinkExpired(UnexpectedAnswer):
    """A delta link is too old: everything has to be read again."""


class NotThere(UnexpectedAnswer):
    """What was asked for is gone, deleted between two calls."""


class Removed(msgspec.Struct):
    """Why an object left a delta: "deleted" or "changed"."""

    reason: str = ""


class Page(msgspec.Struct, Generic[T]):
    """One page of a list: its items and the link to the next page or the next delta."""

    value: list[T]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class _Fault(msgspec.Struct):
    code: str = ""


class _Refusal(msgspec.Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class Graph(Closing):
    """One source's way to its tenant's Graph; ``per_second`` paces the reports (5 in 10 s)."""

    def __init__(self, access: Access, *, per_second: float | None = None) -> None:
        """Check the settings of ``GRAPH_SETTINGS``: NotConfigured; nothing is asked yet."""
        self._access = access
        self._web = WebSession(access, per_second=per_second)
        self.tokens = Tokens(access, self._web.requests_session(resends=True))
        self._root = f"{self.tokens.cloud.graph}/v1.0"

    @property
    def calls(self) -> int:
        """Requests really sent, those for tokens included."""
        return self._web.calls

    def close(self) -> None:
        """Close all connections."""
        self._web.close()

    def ask(
        self, url: str, permission: str, params: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Return a good answer to a GET of a path ("/users") or of a link that Graph gave.

        ``permission`` is the application permission that a 403 names.  Raises NotLicensed,
        AccessRefused, LinkExpired, NotThere and what ``WebSession.get`` raises.
        """
        full = self._root + url if url.startswith("/") else self._check_link(url)
        headers = {"Authorization": f"Bearer {self.tokens.text()}"}
        answer = self._web.get(full, params=params, headers=headers, accept=LOOKED_AT)
        if answer.status != 200:
            is_delta = urlsplit(full).path.endswith("/delta") and not url.startswith("/")
            raise self._explain(answer, permission, is_delta=is_delta)
        return answer

    def pages(
        self,
        start: str,
        kind: type[T],
        permission: str,
        params: Mapping[str, str | int] | None = None,
    ) -> Iterator[Page[T]]:
        """Yield each page from a path or link on; a page may be empty and not be the last.

        Raises UnexpectedAnswer when the links loop, or lead elsewhere.
        """
        link: str | None = start
        seen: set[str] = set()
        empty = 0
        while link:
            if link in seen or empty > MOST_EMPTY_PAGES:
                raise self._refuse("Graph's pages lead round in a circle")
            seen.add(link)
            page = self.ask(link, permission, params).decode(Page[kind])  # type: ignore[valid-type]
            yield page
            empty = 0 if page.value else empty + 1
            link, params = page.next_link and self._check_link(page.next_link), None

    def begin_delta(self, path: str, permission: str, params: Mapping[str, str]) -> str:
        """Return a delta link that tells changes from now on; take it before a full read."""
        latest = {"$deltatoken": "latest", **params}
        for page in self.pages(f"{path}/delta", msgspec.Raw, permission, latest):
            if page.delta_link:
                return self._check_link(page.delta_link)
        raise self._refuse("Graph gave no delta link")

    def changes(self, link: str, kind: type[T], permission: str) -> tuple[list[T], str]:
        """Return what changed since a delta link, and the next link; LinkExpired if too old."""
        found: list[T] = []
        for page in self.pages(link, kind, permission):
            found += page.value
            if page.delta_link:
                return found, self._check_link(page.delta_link)
        raise self._refuse("Graph gave no delta link")

    def _check_link(self, link: str) -> str:
        own = urlsplit(self._root)
        try:
            parts = urlsplit(link)
            is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        except ValueError:
            is_own = False
        if not is_own or not parts.path.startswith(f"{own.path}/"):
            raise self._refuse("Graph's next page is not at Graph")
        return link

    def _explain(self, answer: Answer, permission: str, *, is_delta: bool) -> ConnectorError:
        source, status = self._access.source, answer.status
        code = _read_code(answer)
        if code in PREMIUM_CODES:
            return NotLicensed(
                source, "the tenant's licence does not include this", "It needs Entra ID P1 or P2"
            )
        if status == 410 or code in STALE_CODES or (is_delta and status in {400, 404}):
            return LinkExpired(source, "a delta link has expired", "The next night reads anew")
        if status == 404:
            return NotThere(source, "something was deleted meanwhile", "The next night reads anew")
        if status == 403 and code == "Authorization_RequestDenied":
            return AccessRefused(source, f"the app lacks the permission {permission}", GRANT)
        if status == 401:
            return AccessRefused(
                source,
                "Graph does not accept the token (401)",
                f"Check the app's consent. {SET_CLOCK}",
            )
        return self._web.explain(answer)

    def _refuse(self, problem: str) -> UnexpectedAnswer:
        advice = "The next night tries again; if it lasts, report it with this sentence"
        return UnexpectedAnswer(self._access.source, problem, advice)


GRANT = f"{PAGE} > API permissions, add it as an application permission and Grant admin consent"


def _read_code(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).error.code
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
