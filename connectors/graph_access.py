"""Signing in to Microsoft Graph as an app: clouds, settings, tokens, and what a token may do.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and
https://learn.microsoft.com/graph/deployments (national clouds).  The token is asked for by msal,
over the guarded session.  msal's own check of the authority (instance discovery) is switched off,
which msal documents for authorities that are known in advance: ours come from ``CLOUDS`` alone,
never from a setting or an answer, so that there is nothing to discover.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from connectors.clock import SET_CLOCK
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.redaction import REDACTION
from connectors.source import Setting

if TYPE_CHECKING:
    import requests

    from connectors.source import Access


class Cloud(NamedTuple):
    """Where one of Microsoft's clouds signs in and answers."""

    login: str
    graph: str


CLOUDS = {
    "global": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_government_dod": Cloud(
        "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"
    ),
}
GRAPH_SETTINGS = (
    Setting(
        "tenant_id",
        str,
        required=True,
        about="The Directory (tenant) ID of the app registration's Overview page.",
    ),
    Setting(
        "client_id",
        str,
        required=True,
        about="The Application (client) ID of the app registration's Overview page.",
    ),
    Setting(
        "client_secret",
        str,
        required=False,
        about="The Value of the app's client secret; or give certificate.",
        secret=True,
    ),
    Setting(
        "certificate",
        str,
        required=False,
        about="The app's private key and certificate, both in one PEM file, instead of a secret.",
        secret=True,
    ),
    Setting(
        "cloud",
        str,
        required=False,
        about="Which cloud the tenant is in: global (also GCC), us_government (GCC High) or"
        " us_government_dod.",
        default="global",
    ),
)

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+")
KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.S)
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
PAGE = "In the Entra admin center under App registrations > the app"
NEW_SECRET = (
    f"{PAGE} > Certificates & secrets, make a new client secret and store its Value,"
    " not its Secret ID"
)
UPLOAD = (
    f"{PAGE} > Certificates & secrets > Certificates, upload the certificate that audit.toml"
    " names, or make a new one"
)
IDS = "Copy both IDs from the app registration's Overview page in the Entra admin center"

SIGN_IN_ERRORS = {
    7000215: ("the client secret is not right", NEW_SECRET),
    7000222: ("the client secret has expired", NEW_SECRET),
    700027: ("the certificate is unknown to the app or has expired", UPLOAD),
    700024: ("the sign-in came too early or too late by Microsoft's clock", SET_CLOCK),
    700016: ("the tenant has no app with this client_id", IDS),
    90002: ("there is no tenant with this tenant_id", IDS),
    900023: ("there is no tenant with this tenant_id", IDS),
    7000112: ("the app is switched off in the tenant", f"{PAGE}, allow sign-in again"),
    7000229: ("the app is not in the tenant", f"{PAGE} > API permissions, grant admin consent"),
    53003: ("a conditional access policy blocks the app", "Exempt the app from the policy"),
}
"""AADSTS codes (learn.microsoft.com/entra/identity-platform/reference-error-codes)."""


class Credential(NamedTuple):
    """What proves the app: msal's client_credential, and until when where that is known."""

    value: str | dict[str, str]
    expires_at: datetime | None


class Tokens:
    """The access tokens of one source's app, from the session that msal is given."""

    def __init__(self, access: Access, session: requests.Session) -> None:
        """Check the settings; NotConfigured names the first wrong one."""
        self._access, self._session = access, session
        self.cloud = read_cloud(access)
        self._tenant = _read_tenant(access)
        self.credential = read_credential(access)
        self._app: Any = None

    def text(self) -> str:
        """Return a token that is good now, asked for when there is none.

        Raises AccessRefused with what to do, SourceUnavailable when the sign-in service is down.
        """
        result = self._acquire()
        token = result.get("access_token")
        if isinstance(token, str) and token:
            REDACTION.add([token])
            return token
        raise self._explain(result)

    def roles(self) -> frozenset[str] | None:
        """Return the application permissions the token carries; None when it cannot be read."""
        try:
            part = self.text().split(".")[1]
            claims = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
            return frozenset(msgspec.json.decode(claims, type=_Claims).roles)
        except (IndexError, binascii.Error, msgspec.MsgspecError, UnicodeError):
            return None

    def _acquire(self) -> dict[str, Any]:
        import requests
        from msal.exceptions import MsalError

        try:
            if self._app is None:
                self._app = self._make_app()
            scopes = [f"{self.cloud.graph}/.default"]
            answer: dict[str, Any] = self._app.acquire_token_for_client(scopes)
        except (requests.HTTPError, MsalError):
            raise SourceUnavailable(
                self._access.source,
                "Microsoft's sign-in service has trouble of its own",
                "See status.cloud.microsoft; the next night tries again",
            ) from None
        except (ValueError, KeyError, AttributeError, TypeError):
            # msal reads the answers of the sign-in service without checking their shape.
            raise self._wrong_authority() from None
        return answer if isinstance(answer, dict) else {}

    def _make_app(self) -> Any:
        import msal

        REDACTION.add([self._access.options.get("client_secret") or ""])
        return msal.ConfidentialClientApplication(
            self._access.options["client_id"],
            client_credential=self.credential.value,
            authority=f"{self.cloud.login}/{self._tenant}",
            instance_discovery=False,
            http_client=self._session,
        )

    def _wrong_authority(self) -> ConnectorError:
        return UnexpectedAnswer(
            self._access.source,
            "Microsoft's sign-in service does not know the tenant, or answered something broken",
            f"{IDS}; if they are right, the next night tries again",
        )

    def _explain(self, result: dict[str, Any]) -> ConnectorError:
        source = self._access.source
        listed = result.get("error_codes")
        codes = [code for code in listed if type(code) is int] if isinstance(listed, list) else []
        for code in codes:
            if code in SIGN_IN_ERRORS:
                return AccessRefused(source, *SIGN_IN_ERRORS[code])
        if result.get("error") in {"temporarily_unavailable", "server_error"}:
            return SourceUnavailable(
                source, "Microsoft's sign-in service is not available", "The next night tries again"
            )
        shown = f" (AADSTS{codes[0]})" if codes else ""
        return AccessRefused(
            source,
            f"Microsoft's sign-in service refused the app{shown}",
            f"{PAGE}, check the IDs, the secret or certificate, and that the app may sign in",
        )


class _Claims(msgspec.Struct):
    roles: list[str] = []


def read_cloud(access: Access) -> Cloud:
    """Return the cloud that the settings name; NotConfigured for an unknown one."""
    name = access.options.get("cloud") or "global"
    if name not in CLOUDS:
        raise NotConfigured(
            access.source, "the setting 'cloud' names no known cloud", f"Known are {_list(CLOUDS)}"
        )
    return CLOUDS[name]


def read_credential(access: Access) -> Credential:
    """Return the secret or certificate; NotConfigured unless there is exactly one, and good."""
    secret = (access.options.get("client_secret") or "").strip()
    pem = (access.options.get("certificate") or "").strip()
    if bool(secret) == bool(pem):
        raise NotConfigured(
            access.source,
            "both a client_secret and a certificate are set" if secret else "no credential is set",
            "Set either client_secret or certificate in audit.toml, as a reference",
        )
    return Credential(secret, None) if secret else _read_pem(access, pem)


def _read_pem(access: Access, pem: str) -> Credential:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key, certificate = KEY.search(pem), CERTIFICATE.search(pem)
    try:
        if not key or not certificate:
            raise ValueError
        load_pem_private_key(key[0].encode(), None)
        expires_at = x509.load_pem_x509_certificate(certificate[0].encode()).not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotConfigured(
            access.source,
            "the certificate file does not hold a private key without a password and a certificate",
            "Put both in one PEM file: cat key.pem certificate.pem > app.pem",
        ) from None
    if expires_at < access.now.astimezone(UTC):
        raise AccessRefused(
            access.source, f"the certificate expired on {expires_at:%Y-%m-%d}", UPLOAD
        )
    parts = {"private_key": key[0], "public_certificate": certificate[0]}
    return Credential(parts, expires_at)


def _read_tenant(access: Access) -> str:
    tenant, client = access.options.get("tenant_id") or "", access.options.get("client_id") or ""
    for name, text, is_right in (
        ("tenant_id", tenant, GUID.fullmatch(tenant) or TENANT.fullmatch(tenant)),
        ("client_id", client, GUID.fullmatch(client)),
    ):
        if not is_right:
            what = "is empty" if not text else "is not an ID as Microsoft writes them"
            raise NotConfigured(access.source, f"the setting '{name}' {what}", IDS)
    return str(tenant)


def _list(names: dict[str, Cloud]) -> str:
    return ", ".join(names)
