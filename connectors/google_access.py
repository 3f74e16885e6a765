"""How a connector signs in to Google: a service account with domain-wide delegation.

https://developers.google.com/identity/protocols/oauth2/service-account.  Each connector asks for a
token of exactly the scopes it needs, so that a scope that is not granted stops no other connector.
The key never leaves this computer; a signed statement of one hour does, by the package google-auth.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from connectors.clock import SET_CLOCK
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.redaction import REDACTION
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from connectors.source import Access

API = "https://admin.googleapis.com"
GOOGLE_SETTINGS = (
    Setting(
        "key",
        str,
        required=True,
        about="The service account's key, the whole JSON file that Google Cloud gave.",
        secret=True,
    ),
    Setting(
        "subject",
        str,
        required=True,
        about="Address of the administrator in whose name the service account reads.",
    ),
    Setting(
        "api_url",
        str,
        required=False,
        about="Where the Admin SDK API answers, if not at Google's own address.",
        default=API,
    ),
)
SCOPE = "https://www.googleapis.com/auth/"
ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]+\.[^\s@]+")
DELEGATION = (
    "In the Admin console under Security > Access and data control > API controls >"
    " Manage Domain Wide Delegation"
)
NEW_KEY = (
    "In the Google Cloud console under IAM & Admin > Service Accounts > the account > Keys, add a"
    " new JSON key and store the whole file where audit.toml looks for it"
)
SUBJECT = (
    "Set 'subject' to the address of an administrator who exists, is not suspended and has signed"
    " in to the Admin console once"
)


class Meaning(NamedTuple):
    """What a refusal of the token endpoint means, told by words of its description."""

    words: str
    problem: str
    advice: str


# The endpoint has no codes beyond RFC 6749's; these are the descriptions it gives.
SIGN_IN_ERRORS = {
    "invalid_grant": (
        Meaning("signature", "Google does not know the key: it was deleted", NEW_KEY),
        Meaning("no service account", "the service account was deleted", NEW_KEY),
        Meaning("account not found", "the service account was deleted", NEW_KEY),
        Meaning("disabled", "the service account is switched off", NEW_KEY),
        Meaning("expired", "the key has expired", NEW_KEY),
        Meaning("iat", "the sign-in came too early or too late by Google's clock", SET_CLOCK),
        Meaning("timeframe", "the sign-in came too early or too late by Google's clock", SET_CLOCK),
        Meaning("user", "Google knows no such 'subject'", SUBJECT),
        Meaning("email", "Google knows no such 'subject'", SUBJECT),
    ),
    "invalid_client": (Meaning("", "Google does not know the service account", NEW_KEY),),
    "access_denied": (
        Meaning(
            "",
            "Google refused the service account",
            f"{DELEGATION}, check the client ID and scopes",
        ),
    ),
    "admin_policy_enforced": (
        Meaning(
            "",
            "a policy of the Admin console blocks the service account",
            "In the Admin console under Security > Access and data control > API controls > App"
            " access control, trust the client ID",
        ),
    ),
}


class Key(msgspec.Struct):
    """What is read of a service account's key file."""

    type: str = ""
    client_email: str = ""
    client_id: str = ""
    private_key: str = ""
    private_key_id: str = ""
    token_uri: str = ""


class Tokens:
    """The access tokens of one source, for exactly its scopes; safe to use from threads."""

    def __init__(self, access: Access, scopes: Sequence[str], session: requests.Session) -> None:
        """Check the settings; NotConfigured names the first wrong one."""
        self._access, self._session = access, session
        self.scopes = tuple(SCOPE + scope for scope in scopes)
        self._key = read_key(access)
        self._subject = _read_subject(access)
        self._credentials: Any = None
        self._lock = threading.Lock()

    def text(self, refused: str = "") -> str:
        """Return a token that is good now and is not the one that was ``refused``.

        Raises AccessRefused with what to do, SourceUnavailable when the endpoint is down.
        """
        with self._lock:
            if self._credentials is None:
                self._credentials = self._make_credentials(self.scopes)
            if not self._credentials.valid or self._credentials.token == refused:
                self._refresh(self._credentials)
            return str(self._credentials.token)

    def is_granted(self, scope: str) -> bool:
        """Whether a token of this scope alone is to be had; raises as ``text``."""
        try:
            self._refresh(self._make_credentials((SCOPE + scope,)))
        except ScopeMissing:
            return False
        return True

    def _make_credentials(self, scopes: Sequence[str]) -> Any:
        from google.oauth2.service_account import Credentials

        REDACTION.add([self._key.private_key, self._key.private_key_id])
        try:
            return Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                msgspec.to_builtins(self._key), scopes=scopes, subject=self._subject
            )
        except (ValueError, TypeError, KeyError):
            raise _wrong_key(self._access) from None

    def _refresh(self, credentials: Any) -> None:
        from google.auth.exceptions import GoogleAuthError

        try:
            credentials.refresh(self._exchange)
        except GoogleAuthError as error:
            body = error.args[1] if len(error.args) > 1 else None
            raise self._explain(body) from None
        except (ValueError, TypeError, AttributeError):
            # google-auth reads the endpoint's answers without checking their shape.
            raise self._explain(None) from None
        if not isinstance(credentials.token, str) or not credentials.token:
            raise self._explain(None)
        REDACTION.add([credentials.token])

    def _exchange(self, **request: Any) -> Any:
        """Send for google-auth; it would try a busy endpoint again, which is done already."""
        from google.auth.transport.requests import Request

        answer = Request(self._session)(**request)
        if answer.status == 429:
            raise RateLimited(
                self._access.source,
                "Google's sign-in service asked us to slow down (429)",
                "The next night tries again",
            )
        if answer.status >= 500:
            raise SourceUnavailable(
                self._access.source,
                "Google's sign-in service has trouble of its own",
                "See status.cloud.google.com; the next night tries again",
            )
        return answer

    def _explain(self, body: object) -> ConnectorError:
        source = self._access.source
        told = body if isinstance(body, dict) else {}
        code, text = str(told.get("error")), str(told.get("error_description", "")).casefold()
        if code in {"unauthorized_client", "invalid_scope"}:
            return ScopeMissing(
                source,
                "Google does not let the service account use the scopes it asks for",
                f"{DELEGATION}, add client ID {self.client_id} with the scopes of the setup page",
            )
        for one in SIGN_IN_ERRORS.get(code, ()):
            if one.words in text:
                return AccessRefused(source, one.problem, one.advice)
        if code in {"invalid_grant", "invalid_request"}:
            return AccessRefused(source, f"Google refused the sign-in ({code})", NEW_KEY)
        return UnexpectedAnswer(
            source,
            "Google's sign-in service answered something broken",
            "See status.cloud.google.com; the next night tries again",
        )

    @property
    def client_id(self) -> str:
        """The number by which the Admin console knows the service account."""
        is_number = self._key.client_id.isascii() and self._key.client_id.isdigit()
        return self._key.client_id[:40] if is_number else "(its number is in the key file)"


class ScopeMissing(AccessRefused):
    """The Admin console does not grant the service account what it asks for."""


def read_key(access: Access) -> Key:
    """Return the service account's key; NotConfigured when it is none."""
    try:
        key = msgspec.json.decode(access.options.get("key") or "", type=Key)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise _wrong_key(access) from None
    parts = urlsplit(key.token_uri)
    if key.type != "service_account" or not (key.client_email and key.private_key and parts.netloc):
        raise _wrong_key(access)
    return key


def read_api(access: Access) -> str:
    """Return where the API answers, without a slash at its end; NotConfigured for no URL."""
    url = str(access.options.get("api_url") or API).rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise NotConfigured(
            access.source, "the setting 'api_url' is no URL", f"Leave it out: {API}"
        )
    return url


def _read_subject(access: Access) -> str:
    subject = str(access.options.get("subject") or "").strip()
    if not ADDRESS.fullmatch(subject):
        raise NotConfigured(access.source, "the setting 'subject' is no e-mail address", SUBJECT)
    return subject


def _wrong_key(access: Access) -> NotConfigured:
    return NotConfigured(
        access.source, "the setting 'key' is not the JSON key of a service account", NEW_KEY
    )
