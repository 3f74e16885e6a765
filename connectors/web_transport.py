"""The one requests session: bounded answers, bounded retries, redirects checked hop by hop.

Imports requests and tenacity, and so is itself imported only when a session is made.
"""

from __future__ import annotations

import gzip
import io
import threading
import zlib
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
import tenacity
import urllib3
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.errors import ConnectorError, NotConfigured, SourceUnavailable, UnexpectedAnswer
from connectors.pacing import retry_after
from connectors.redaction import is_secret_header
from connectors.web_connections import READ_SECONDS, GuardedAdapter
from connectors.web_guard import show_host

if TYPE_CHECKING:
    from connectors.pacing import Pace, Timer
    from connectors.source import Purse, WebOptions
    from connectors.web_guard import Guard

CONNECT_SECONDS = 10.0
ATTEMPTS, TOTAL_SECONDS, LONGEST_PAUSE = 5, 300.0, 60.0
"""A request and its retries, without the waiting for its turn; the longest Retry-After obeyed."""
UNSAID_PAUSE = {429: 5.0}
"""What is waited at least where a busy answer has no Retry-After."""
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 500, 502, 503, 504})
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
HARMLESS_HEADERS = frozenset({"user-agent", "accept", "accept-encoding", "accept-language"})
"""All that is sent on when another host takes over: no key, whatever its header is called."""


class _TooLarge(Exception):
    """The answer is over its limit, before or after decompression."""


class _Counted:
    """The bytes of an answer on the wire, at most ``largest``."""

    def __init__(self, raw: Any, largest: int) -> None:
        self._raw, self._left = raw, largest

    def read(self, size: int) -> bytes:
        data: bytes = self._raw.read(size, decode_content=False) or b""
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        return data


def read_body(response: requests.Response, largest: int) -> bytes:
    """Return the whole decompressed body.

    Raises _TooLarge over ``largest`` bytes, EOFError or zlib.error where the compressed data is cut
    short or damaged (urllib3 would pass a cut gzip for whole), ValueError for other compressions.
    """
    declared = response.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > largest:
        raise _TooLarge
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise ValueError
    wire = _Counted(response.raw, largest)
    stream: Any = gzip.GzipFile(fileobj=wire) if "gzip" in encoding else wire  # type: ignore[call-overload]
    body = bytearray()
    while chunk := stream.read(65_536):
        body += chunk
        if len(body) > largest:
            raise _TooLarge
    return bytes(body)


class _Again(Exception):
    """An attempt that may be tried again: the busy answer, or the error to raise in the end."""

    def __init__(
        self, outcome: requests.Response | ConnectorError, pause: float, *, was_sent: bool = True
    ) -> None:
        super().__init__()
        self.outcome, self.pause, self.was_sent = outcome, pause, was_sent


@dataclass(slots=True)
class _Effort:
    """What one request with its retries has cost so far, in seconds, and each time in units."""

    units: int = 1
    spent: float = 0.0


class GuardedSession(requests.Session):
    """A requests session that keeps the rules of ``connectors.web`` whoever uses it.

    Nothing is taken from the environment (proxies, CA files, .netrc), no cookie is kept, and TLS is
    always verified.  ``send`` returns the last answer, whatever its status, or raises a
    ConnectorError where none came.  ``resends`` says that a POST may be sent twice; without
    ``follows`` a redirect is the last answer.
    """

    def __init__(
        self,
        source: str,
        options: WebOptions,
        *,
        guard: Guard,
        pace: Pace,
        timer: Timer,
        largest: int,
        most_connections: int,
        resends: bool = False,
        follows: bool = True,
        purse: Purse | None = None,
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = str(options.ca_file) if options.ca_file else True
        self.headers["Accept-Encoding"] = "gzip"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._source, self._proxy, self._largest = source, options.proxy, largest
        self._guard, self._pace, self._timer, self._resends = guard, pace, timer, resends
        self._follows = follows
        self._purse = purse
        self._lock = threading.Lock()
        self.calls = 0
        for scheme in ("https://", "http://"):
            self.mount(scheme, GuardedAdapter(guard, timer, most_connections))

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Return None: requests would read a redirect's body without any limit."""
        return None

    def send(
        self,
        request: requests.PreparedRequest,
        **kwargs: Any,  # noqa: ARG002
    ) -> requests.Response:
        """Send as every request is sent; what ``kwargs`` says of TLS, proxies, time is ignored."""
        return self.exchange(request, self._largest, can_resend=self._resends)

    def exchange(
        self,
        request: requests.PreparedRequest,
        largest: int,
        *,
        can_resend: bool = False,
        units: int = 1,
    ) -> requests.Response:
        """Send a request, follow its redirects, try again where that helps.

        Returns the last answer with its body read, also a busy one.  Raises SourceUnavailable (no
        answer, time-outs, broken off), UnexpectedAnswer (too large, a forbidden redirect or
        address), NotConfigured (CA file, a secret over http) and QuotaExhausted (the purse).
        """
        can_resend = can_resend or request.method in IDEMPOTENT
        effort = _Effort(units)

        def is_worth_it(error: BaseException) -> bool:
            return isinstance(error, _Again) and (can_resend or not error.was_sent)

        def has_taken_too_long(state: tenacity.RetryCallState) -> bool:
            waiting = state.idle_for + state.upcoming_sleep
            return state.attempt_number >= ATTEMPTS or effort.spent + waiting > TOTAL_SECONDS

        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(is_worth_it),
                wait=_pause,
                stop=has_taken_too_long,
                sleep=self._timer.sleep,
                reraise=True,
            )(self._attempt, request, largest, effort)
        except _Again as last:
            if isinstance(last.outcome, ConnectorError):
                raise last.outcome from None
            return last.outcome

    def _attempt(
        self, request: requests.PreparedRequest, largest: int, effort: _Effort
    ) -> requests.Response:
        """Send once, through all redirects; _Again where another attempt may help.

        A signature is made anew: services refuse one whose nonce they have seen (RFC 5849, 3.3).
        """
        if self.auth is not None:
            request = request.copy()
            request.prepare_auth(self.auth)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._hop(request, largest, effort)
            following = self._redirected(request, response)
            if following is None:
                return self._judge(response)
            request = following
        raise self._unexpected(f"redirected more than {MAX_REDIRECTS} times")

    def _judge(self, response: requests.Response) -> requests.Response:
        """Return an answer that is final; _Again for one that asks for patience, within reason."""
        if response.status_code in BUSY:
            headers = response.headers
            asked = retry_after(headers.get("Retry-After"), headers.get("Date"))
            pause = asked if asked is not None else UNSAID_PAUSE.get(response.status_code, 0.0)
            if pause <= LONGEST_PAUSE:
                self._pace.hold(pause)
                raise _Again(response, pause)
        return response

    def _hop(
        self, request: requests.PreparedRequest, largest: int, effort: _Effort
    ) -> requests.Response:
        host = self._guard.check_url(request.url or "", has_secret=_has_secret(request))
        proxies: dict[str, str] = {}
        if self._proxy and not self._guard.is_internal(host):
            self._guard.check_literal(host)
            proxies = {"http": self._proxy, "https": self._proxy}
        self._pace.wait()
        if self._purse is not None:
            self._purse.pay(effort.units)
        with self._lock:
            self.calls += 1
        started = self._timer.monotonic()
        try:
            return self._receive(request, proxies, largest)
        except (OSError, urllib3.exceptions.HTTPError, EOFError, zlib.error) as error:
            raise self._explain(error, host) from None
        finally:
            effort.spent += self._timer.monotonic() - started

    def _receive(
        self, request: requests.PreparedRequest, proxies: dict[str, str], largest: int
    ) -> requests.Response:
        response = super().send(
            request,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=self.verify,
            cert=self.cert,
            proxies=proxies,
        )
        with closing(response.raw):
            try:
                body = read_body(response, 65_536 if _leads_on(response) else largest)
            except _TooLarge:
                raise self._unexpected(f"answered more than {largest:,} bytes") from None
            except ValueError:
                raise self._unexpected("answered in a compression nobody asked for") from None
        response.raw = io.BytesIO(body)
        _ = response.content
        return response

    def _redirected(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> requests.PreparedRequest | None:
        """Return the request a redirect asks for, None where it asks for none."""
        if not self._follows or not _leads_on(response):
            return None
        if request.method not in {"GET", "HEAD"}:
            raise self._unexpected("redirected a request that may not be sent on")
        target = (
            response.headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")
        )
        following = request.copy()
        try:
            following.prepare_url(urljoin(request.url or "", target), None)
        except (ValueError, requests.RequestException, urllib3.exceptions.HTTPError):
            raise self._unexpected("redirects to an address that is no URL") from None
        if _origin(request.url)[0] == "https" and _origin(following.url)[0] != "https":
            raise self._unexpected("redirects from https to an unencrypted address")
        self._guard.check_step(request.url or "", following.url or "")
        if _origin(request.url) != _origin(following.url):
            for name in [n for n in following.headers if n.lower() not in HARMLESS_HEADERS]:
                del following.headers[name]
        return following

    def _explain(self, error: Exception, host: str) -> Exception:
        """Turn what went wrong on the way into what to raise; no text of the error is used."""
        name = show_host(host)
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if isinstance(error, requests.exceptions.SSLError):
            return SourceUnavailable(
                self._source,
                f"the certificate of {name} cannot be verified",
                "Check this computer's clock, and ca_file under [web] if the network inspects TLS",
            )
        if isinstance(error, requests.exceptions.ProxyError):
            problem, advice = "the proxy does not answer", "Check proxy under [web] in audit.toml"
            return _Again(SourceUnavailable(self._source, problem, advice), 0.0, was_sent=False)
        if isinstance(error, (ValueError, urllib3.exceptions.LocationParseError)):
            return self._unexpected("leads to an address that is no URL")
        if type(error) is OSError or isinstance(error, (FileNotFoundError, PermissionError)):
            advice = "Check ca_file under [web] in audit.toml"
            return NotConfigured(self._source, "the CA file cannot be read", advice)
        was_sent = not isinstance(reason, (NewConnectionError, ConnectTimeoutError))
        problem = _what_broke(error, reason).format(name)
        advice = "Check the network and the service's status page; the next night tries again"
        return _Again(SourceUnavailable(self._source, problem, advice), 0.0, was_sent=was_sent)

    def _unexpected(self, problem: str) -> UnexpectedAnswer:
        advice = "Check the source's address in audit.toml; report it if the address is right"
        return UnexpectedAnswer(self._source, problem, advice)


def _pause(state: tenacity.RetryCallState) -> float:
    """Return how long to wait: what was asked for, and a random share of 0.5, 1, 2, 4 ... s."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, _Again) else 0.0
    return asked + tenacity.wait_random_exponential(multiplier=0.5, max=20)(state)


def _what_broke(error: Exception, reason: object) -> str:
    if isinstance(reason, NameResolutionError):
        return "the name {} cannot be resolved"
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return "{} cannot be reached"
    if isinstance(error, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)):
        return "{} does not answer in time"
    return "the answer of {} broke off or came damaged"


def _has_secret(request: requests.PreparedRequest) -> bool:
    return request.body is not None or any(map(is_secret_header, request.headers))


def _leads_on(response: requests.Response) -> bool:
    return response.status_code in REDIRECTS and "Location" in response.headers


def _origin(url: str | None) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL (RFC 6454); an empty one for what is none."""
    parts = urllib3.util.parse_url(url or "")
    scheme = parts.scheme or ""
    return scheme, parts.host or "", parts.port or (443 if scheme == "https" else 80)
