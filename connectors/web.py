"""The one way to the web: every connector asks through a ``WebSession``.

What it keeps to, whatever the connector: connect and read time-outs and a deadline for the whole
answer; a cap on its size before and after decompression; retries bounded by number and total time,
only of requests that may be sent twice; Retry-After; an even pace; TLS always verified; no setting
from the environment; redirects checked hop by hop (at most five, never from https to http, no key
to another host); no private address; nothing secret in an error or a log line.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from connectors import pacing, redaction
from connectors.closing import Closing
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.web_cache import Cache, Kept, key_of
from connectors.web_guard import Guard, show_host

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import timedelta

    import requests
    from requests.auth import AuthBase

    from connectors.pacing import Timer
    from connectors.source import Access
    from connectors.web_transport import GuardedSession

T = TypeVar("T")

PRODUCT = "district-social-auditor"
SLOW_CODECS = frozenset({"idna", "punycode"})
"""No charsets of the web; their time grows with the square of the text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: header names in any case, the body decompressed.

    ``url`` is where it came from after redirects; ``is_cached`` when the body was on disk already.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    is_cached: bool = False
    source: str = ""

    def json(self) -> Any:
        """Return the body read as JSON; UnexpectedAnswer when it is none."""
        return self.decode(Any)

    def decode(self, kind: type[T]) -> T:
        """Return the body read as JSON of a msgspec type.

        UnexpectedAnswer names the field that is gone, renamed or of another type.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError as error:
            problem = f"answered in another form than documented: {_one_line(str(error))}"
        except RecursionError:
            problem = "answered JSON that is nested too deep"
        except (msgspec.DecodeError, UnicodeError):
            is_page = self.body.lstrip()[:1] == b"<"
            problem = f"answered {'a web page' if is_page else 'something broken'} instead of data"
        advice = "See whether the service has trouble; if it lasts, report it with this sentence"
        raise UnexpectedAnswer(self.source, problem, advice)

    def text(self) -> str:
        """Return the body as text, in the charset of its Content-Type, else UTF-8."""
        kind = self.headers.get("Content-Type") or ""
        charset = kind.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        try:
            if codecs.lookup(charset).name in SLOW_CODECS:
                charset = "utf-8"
            return self.body.decode(charset, "replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", "replace")


class WebSession(Closing):
    """One source's way to the web; safe to use from several threads.

    ``per_second`` and ``burst`` pace every request, retries too.  ``lifetime`` is how long an
    answer is used from disk without asking (zero: ask each time whether it changed); None, the
    default, writes nothing to disk: answers about people stay off it.  ``largest`` caps an answer
    in bytes.  ``most_connections`` is per host.  ``timer`` replaces the clock in tests.  Without
    ``follows`` a redirect is an answer like any other, to be named in ``accept``.

    Every method raises RateLimited (429), AccessRefused (401, 403), SourceUnavailable (no answer,
    5xx after retries) or UnexpectedAnswer (any other status not in ``accept``, too large, ...).
    """

    def __init__(
        self,
        access: Access,
        *,
        per_second: float | None = None,
        burst: int = 1,
        lifetime: timedelta | None = None,
        largest: int = 20_000_000,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        most_connections: int = 8,
        timer: Timer | None = None,
        follows: bool = True,
    ) -> None:
        self._access, self._largest, self._lifetime = access, largest, lifetime
        self._follows = follows
        self._most_connections = most_connections
        self._timer = timer or pacing.TIMER
        self._pace = pacing.Pace(per_second, burst, self._timer)
        self._guard = Guard(access.source, access.web.internal_hosts)
        self._cache = Cache(access)
        secrets = [v for n, v in (headers or {}).items() if redaction.is_secret_header(n)]
        redaction.install([*secrets, access.web.proxy or ""])
        self._session = self._new_session(resends=False)
        self._session.headers.update(headers or {})
        self._session.auth = auth
        self._lent: list[GuardedSession] = []

    @property
    def calls(self) -> int:
        """Requests really sent, with retries and redirects."""
        return sum(session.calls for session in (self._session, *self._lent))

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (200,),
        largest: int | None = None,
        lifetime: timedelta | None = None,
        distil: Callable[[Answer], bytes] | None = None,
        units: int = 1,
    ) -> Answer:
        """Return the answer to a GET, from disk where that is still good.

        ``distil`` makes of an answer with status 200 the body that is given back and, with a
        ``lifetime``, kept on disk instead of its own.  ``units`` is what it costs a source that is
        paid for, each time it is sent.
        """
        request = self._prepare("GET", url, params=params, headers=headers)
        span = lifetime if lifetime is not None else self._lifetime
        if span is None or self._access.web.cache is None:
            return _distilled(self._send(request, accept, largest, units=units), distil)
        key = key_of(request.url or "", request.headers.get("Accept") or "")
        kept = self._cache.get(key)
        if kept is not None and kept.is_fresh(self._access.now, span):
            return self._from(kept, request.url or "")
        request.headers.update(kept.conditions() if kept else {})
        wanted = {*accept, 304} if kept else accept
        answer = _distilled(self._send(request, wanted, largest, units=units), distil)
        if answer.status == 304 and kept is not None:
            self._cache.confirm(key)
            return self._from(kept, request.url or "")
        if answer.status == 200 and answer.url == request.url:
            self._cache.put(key, answer.headers, answer.body)
        return answer

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (200,),
        is_idempotent: bool = False,
        largest: int | None = None,
    ) -> Answer:
        """Return the answer to a POST; sent again after an error only if ``is_idempotent``."""
        request = self._prepare("POST", url, data=data, json=json, headers=headers)
        return self._send(request, accept, largest, can_resend=is_idempotent)

    def requests_session(self, *, resends: bool = False) -> requests.Session:
        """Return a session under the same rules for a library that wants one (msal, google-auth).

        It sends none of this session's own headers but the User-Agent, gives back every status,
        and raises ConnectorErrors where no answer came.  ``resends``: its POSTs may be repeated, as
        those for a token may.
        """
        session = self._new_session(resends=resends)
        self._lent.append(session)
        return session

    def close(self) -> None:
        """Close connections and cache."""
        for session in (self._session, *self._lent):
            session.close()
        self._cache.close()

    def _new_session(self, *, resends: bool) -> GuardedSession:
        from connectors.web_transport import GuardedSession

        session = GuardedSession(
            self._access.source,
            self._access.web,
            guard=self._guard,
            pace=self._pace,
            timer=self._timer,
            largest=self._largest,
            most_connections=self._most_connections,
            resends=resends,
            follows=self._follows,
            purse=self._access.purse,
        )
        session.headers["User-Agent"] = user_agent(self._access.web.contact)
        return session

    def _prepare(self, method: str, url: str, **parts: Any) -> requests.PreparedRequest:
        import requests

        self._guard.check_url(url)
        try:
            return self._session.prepare_request(requests.Request(method, url, **parts))
        except (requests.RequestException, ValueError):
            raise UnexpectedAnswer(
                self._access.source,
                "a request could not be formed from the source's settings or its last answer",
                "Check the source's address and keys in audit.toml for stray characters",
            ) from None

    def _send(
        self,
        request: requests.PreparedRequest,
        accept: Collection[int],
        largest: int | None,
        *,
        can_resend: bool = False,
        units: int = 1,
    ) -> Answer:
        response = self._session.exchange(
            request, largest or self._largest, can_resend=can_resend, units=units
        )
        answer = Answer(
            response.status_code,
            response.url,
            response.headers,
            response.content,
            source=self._access.source,
        )
        if answer.status not in accept:
            raise self.explain(answer)
        return answer

    def _from(self, kept: Kept, url: str) -> Answer:
        from requests.structures import CaseInsensitiveDict

        headers = CaseInsensitiveDict(kept.headers)
        return Answer(200, url, headers, kept.body, is_cached=True, source=self._access.source)

    def explain(self, answer: Answer) -> ConnectorError:
        """Return the error for a status nobody wanted, for connectors that look at it first."""
        from urllib.parse import urlsplit

        source, status = self._access.source, answer.status
        host = show_host(urlsplit(answer.url).hostname)
        if status == 429:
            advice = "The next night tries again; if it lasts, see the service's limits"
            return RateLimited(source, f"{host} asked us to slow down (429)", advice)
        if status in {401, 403}:
            why = "does not accept the credentials" if status == 401 else "refused the access"
            advice = "Check the key or grant in audit.toml and what it may read; audit doctor tells"
            return AccessRefused(source, f"{host} {why} ({status})", advice)
        if status >= 500:
            advice = "See the service's status page; the next night tries again"
            return SourceUnavailable(source, f"{host} has trouble of its own ({status})", advice)
        advice = "Check the source's settings in audit.toml; if they are right, report it"
        return UnexpectedAnswer(source, f"{host} answered {status}, which was not expected", advice)


@cache
def _version() -> str:
    try:
        return metadata.version(PRODUCT)
    except metadata.PackageNotFoundError:
        return "0"


def user_agent(contact: str | None) -> str:
    """Return who asks: product, version and, where set, the district's contact."""
    plain = "".join(c for c in contact or "" if c.isascii() and c.isprintable() and c not in "()")
    return f"{PRODUCT}/{_version()}" + (f" (+{plain[:100]})" if plain else "")


def _distilled(answer: Answer, distil: Callable[[Answer], bytes] | None) -> Answer:
    if distil is None or answer.status != 200:
        return answer
    return replace(answer, body=distil(answer))


def _one_line(text: str) -> str:
    return redaction.REDACTION.clean(" ".join(text.split()))[:160].rstrip(".")
