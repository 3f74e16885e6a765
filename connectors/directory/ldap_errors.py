"""What an LDAP server's refusals and broken connections mean, in one sentence each.

Result codes: RFC 4511 appendix A; Active Directory's sub-codes of result 49: MS-ERREF.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    SourceUnavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = {
    "525": "knows no such account",
    "52e": "does not accept the name or the password",
    "530": "does not let the account in at this hour",
    "531": "does not let the account in from this machine",
    "532": "says that the account's password has expired",
    "533": "says that the account is disabled",
    "701": "says that the account has expired",
    "773": "wants the account's password to be changed first",
    "775": "says that the account is locked",
}
"""Sub-codes of Active Directory in the message of result 49 (MS-ERREF)."""
LIMITS = {3: "time limit", 4: "size limit", 11: "administrative limit"}
BUSY = {51, 52}
BAD_LOGIN, FORBIDDEN = 49, 50
ELSEWHERE = {10, 32, 34}
"""referral, noSuchObject, invalidDNSyntax: the unit is not on this server."""


class Errors:
    """Makes the errors of one server."""

    def __init__(self, source: str, host: str, *, is_ldaps: bool) -> None:
        self._source, self._host, self._is_ldaps = source, host, is_ldaps

    def check(self, result: Mapping[str, Any], base: str, count: int) -> None:
        """Raise for a result that is not success; ``count`` entries had come."""
        code = result["result"]
        if code in LIMITS:
            raise UnexpectedAnswer(
                self._source,
                f"the server stopped after {count} entries at its {LIMITS[code]}",
                "Let the account read in pages, or raise the limit for it: a directory must be"
                " whole",
            )
        if code in BUSY:
            raise SourceUnavailable(
                self._source, "the server is busy or shutting down", "The next night tries again"
            )
        if code in ELSEWHERE:
            raise self.misconfigured(
                f"the server does not hold the unit '{_show(base)}' or hides it from the account",
                "Compare it with the unit's distinguishedName, and let the account read it",
            )
        if code == FORBIDDEN:
            raise AccessRefused(
                self._source, "the account may not read there", "Give it read access to the unit"
            )
        if code != 0:
            raise UnexpectedAnswer(
                self._source,
                f"the server answered '{_show(str(result.get('description')))}' ({code})",
                "Look for this result in the server's log",
            )

    def explain_refusal(self, result: Mapping[str, Any]) -> ConnectorError:
        """Return the error for a bind that was not successful."""
        code = result.get("result")
        if code in BUSY:
            return SourceUnavailable(
                self._source, "the server is busy or shutting down", "The next night tries again"
            )
        found = re.search(r"\bdata ([0-9a-f]{3})\b", str(result.get("message", "")))
        said = REFUSED.get(found[1] if found else "", "does not accept the name or the password")
        if code != BAD_LOGIN:
            said = f"refuses to log in: {_show(str(result.get('description')))} ({code})"
        return AccessRefused(
            self._source,
            f"the server {said}",
            "Check 'user' and the secret of 'password' with the directory's administrator",
        )

    def explain(self, error: BaseException) -> ConnectorError:
        """Return the error for a connection that failed or broke off."""
        text = str(error)
        if "certificate" in text.casefold():
            return SourceUnavailable(
                self._source,
                f"the certificate of '{_show(self._host)}' could not be verified",
                "Set 'ca_file' to the PEM file of the authority that issued it, and use the host"
                " name that stands in it",
            )
        if "tls" in text.casefold() and not self._is_ldaps:
            return SourceUnavailable(
                self._source,
                "the server does not offer StartTLS",
                "Use ldaps:// or give the server a certificate; nothing is ever sent in the clear",
            )
        return SourceUnavailable(
            self._source,
            f"the server '{_show(self._host)}' could not be reached or broke off",
            "Check the host, the port (636 for ldaps, 389 for ldap) and the firewall",
        )

    def misconfigured(self, problem: str, advice: str) -> NotConfigured:
        """Return the error for a setting that is wrong."""
        return NotConfigured(self._source, problem, advice)


def _show(text: str) -> str:
    shown = re.sub(r"[^\w .,=:/-]", "?", text)
    return shown if len(shown) <= 80 else shown[:77] + "..."
