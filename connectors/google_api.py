"""Reading Google's Admin SDK and licences: requests, pages and what their refusals mean.

https://developers.google.com/workspace/admin/directory/v1/limits and
/admin/directory/v1/guides/troubleshoot-error-codes; 2,400 calls a minute for each administrator
and project.

google-api-python-client forms the requests: from the API documents that it brings along it knows
every method and parameter, and refuses others.  It does not send them.  Its own http object,
httplib2, is not safe to share between threads (one person's answer then comes to the question about
another), knows neither our guard nor Retry-After, and does not repeat 403 "quotaExceeded".  So the
finished address goes through ``WebSession``, the one guarded way to the web, on which each answer
belongs to its own connection.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

import msgspec

from connectors import pacing
from connectors.clock import SET_CLOCK
from connectors.closing import Closing
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    QuotaExhausted,
    RateLimited,
    UnexpectedAnswer,
)
from connectors.google_access import API, DELEGATION, Tokens, read_api
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.source import Access
    from connectors.web import Answer

P = TypeVar("P", bound="Page")
T = TypeVar("T")

UNIVERSE = "googleapis.com"
LICENSING = "https://licensing.googleapis.com"
MOST_EMPTY_PAGES = 1_000
LOOKED_AT = (200, 400, 401, 403, 404, 429, 503)
ATTEMPTS = 6
BUSY = frozenset(
    {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
)
"""Reasons of a 403 that pass: rate (the first two), calls at once (the third)."""
DAY_IS_OVER = frozenset({"dailyLimitExceeded", "dailyLimitExceededUnreg"})
SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
SCOPE_LACKS = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
BLOCKED = frozenset({"domainCannotUseApis", "domainPolicy", "accessBlocked"})
PRIVILEGE = (
    "In the Admin console under Account > Admin roles, give the administrator of 'subject' a role"
    " that may read this"
)


class Forbidden(AccessRefused):
    """The administrator may not read this one thing; others may go well."""


class NotThere(UnexpectedAnswer):
    """What was asked for is gone, deleted between two calls, or never was."""


class BadRequest(UnexpectedAnswer):
    """Google does not take a parameter, such as a day for which there is no report yet."""


class Page(msgspec.Struct, rename="camel"):
    """One page of any list; the list itself is absent where it is empty."""

    next_page_token: str | None = None


class _Reason(msgspec.Struct):
    reason: str = ""
    metadata: dict[str, Any] | None = None


class _Fault(msgspec.Struct):
    status: str = ""
    errors: list[_Reason] = []
    details: list[_Reason] = []


class _Refusal(msgspec.Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class Request(Protocol):
    """What the package makes of a call: an address, and here always a GET."""

    uri: str
    method: str


class Google(Closing):
    """One source's way to its tenant, paced; safe to use from several threads."""

    def __init__(
        self, access: Access, scopes: Sequence[str], *, per_second: float, connections: int = 4
    ) -> None:
        """Check the settings of ``GOOGLE_SETTINGS``: NotConfigured; nothing is asked yet."""
        self._access = access
        self._api = read_api(access)
        self._web = WebSession(access, per_second=per_second, most_connections=connections)
        self.tokens = Tokens(access, scopes, self._web.requests_session(resends=True))
        self._services: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def source(self) -> str:
        """The source's name, for errors."""
        return self._access.source

    @property
    def calls(self) -> int:
        """Requests really sent, those for tokens included."""
        return self._web.calls

    def close(self) -> None:
        """Close all connections."""
        self._web.close()

    def service(self, name: str, version: str) -> Any:
        """Return the package's service ("admin", "directory_v1"), which only forms requests.

        Its address is always given, since the package would look for another in the environment.
        """
        from googleapiclient.discovery import build

        is_own = self._api == API
        root = LICENSING if is_own and name == "licensing" else self._api
        with self._lock:
            if name + version not in self._services:
                self._services[name + version] = build(
                    name,
                    version,
                    http=_Unused(),
                    cache_discovery=False,
                    static_discovery=True,
                    client_options={"api_endpoint": f"{root}/", "universe_domain": UNIVERSE},
                )
            return self._services[name + version]

    def get(self, request: Request, kind: type[T], needs: str) -> T:
        """Return the answer to a request; ``needs`` is the scope that a refusal names.

        Raises Forbidden, NotThere, BadRequest, QuotaExhausted and what ``WebSession.get`` raises.
        """
        return self.ask(request, needs).decode(kind)

    def ask(self, request: Request, needs: str) -> Answer:
        """Return the good answer to a request, with its headers."""
        import tenacity

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Throttled),
            wait=tenacity.wait_random_exponential(multiplier=1, max=32),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=pacing.TIMER.sleep,
            reraise=True,
        )(self._ask_once, request, needs)

    def pages(
        self, make: Callable[..., Request], kind: type[P], needs: str, **how: Any
    ) -> Iterator[P]:
        """Yield every page of a list; a page may be empty and not be the last.

        ``make`` is a method of a service's resource, ``how`` its parameters.  Raises
        UnexpectedAnswer when the pages lead round in a circle.
        """
        token: str | None = None
        seen: set[str] = set()
        empty = 0
        while True:
            answer = self.ask(make(**how, **({"pageToken": token} if token else {})), needs)
            page = answer.decode(kind)
            yield page
            token = page.next_page_token
            if not token:
                return
            empty = 0 if any(getattr(page, name) for name in _lists(kind)) else empty + 1
            if token in seen or empty > MOST_EMPTY_PAGES:
                raise self._refuse("Google's pages lead round in a circle")
            seen.add(token)

    def _ask_once(self, request: Request, needs: str) -> Answer:
        if request.method != "GET":
            raise self._refuse("a request was formed that is no GET")
        token = self.tokens.text()
        answer = self._send(request.uri, token)
        if answer.status == 401:
            answer = self._send(request.uri, self.tokens.text(refused=token))
        if answer.status != 200:
            raise self._explain(answer, needs)
        return answer

    def _send(self, uri: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return self._web.get(uri, headers=headers, accept=LOOKED_AT)

    def _explain(self, answer: Answer, needs: str) -> ConnectorError:
        source, status = self._access.source, answer.status
        fault = _read_fault(answer)
        reasons = {one.reason for one in (*fault.errors, *fault.details)}
        if reasons & DAY_IS_OVER or _is_daily(fault):
            advice = "The next night tries again; raise it under IAM & Admin > Quotas if it lasts"
            return QuotaExhausted(
                source, "the Cloud project's calls of the day are used up", advice
            )
        if status == 403 and (reasons & BUSY or fault.status == "RESOURCE_EXHAUSTED"):
            advice = "The next night tries again; see the project's quotas if it lasts"
            return _Throttled(source, "Google asked us to slow down (403)", advice)
        if status in {400, 404}:
            kind = NotThere if status == 404 else BadRequest
            problem = "was not found" if status == 404 else "was asked in a way Google refuses"
            return kind(source, f"something {problem} ({status})", "The next night asks anew")
        if status == 401:
            advice = f"{DELEGATION}, check the client ID and its scopes. {SET_CLOCK}"
            return AccessRefused(source, "Google does not accept the token (401)", advice)
        return self._explain_403(reasons, needs) if status == 403 else self._web.explain(answer)

    def _explain_403(self, reasons: set[str], needs: str) -> ConnectorError:
        source = self._access.source
        if reasons & SWITCHED_OFF:
            return AccessRefused(
                source,
                "the API is not switched on in the Google Cloud project",
                "In the Google Cloud console under APIs & Services > Library, enable the Admin SDK"
                " API (and, for licences, the Enterprise License Manager API)",
            )
        if reasons & SCOPE_LACKS:
            return AccessRefused(
                source,
                f"the scope {needs} is not granted",
                f"{DELEGATION}, add it to client ID {self.tokens.client_id}",
            )
        if reasons & BLOCKED:
            return AccessRefused(
                source,
                "the Admin console does not let programs read the tenant",
                "In the Admin console under Security > Access and data control > API controls,"
                " switch on API access",
            )
        return Forbidden(
            source, f"the administrator may not read this (403, scope {needs})", PRIVILEGE
        )

    def _refuse(self, problem: str) -> UnexpectedAnswer:
        advice = "The next night tries again; if it lasts, report it with this sentence"
        return UnexpectedAnswer(self._access.source, problem, advice)


class _Throttled(RateLimited):
    """A 403 that means 429: another attempt is worth it."""


class _Unused:
    """In the place of the package's http object: whatever it would send is a mistake."""

    def request(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("requests are sent by WebSession alone")

    def close(self) -> None:
        """There is nothing to close."""


def _lists(kind: type[Page]) -> list[str]:
    return [one.name for one in msgspec.structs.fields(kind) if one.name != "next_page_token"]


def _read_fault(answer: Answer) -> _Fault:
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).error
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Fault()


def _is_daily(fault: _Fault) -> bool:
    """Whether a quota of the newer shape is one of a day: "defaultPerDayPerProject"."""
    limits = (str((one.metadata or {}).get("quota_limit", "")) for one in fault.details)
    return any("perday" in limit.casefold() for limit in limits)
