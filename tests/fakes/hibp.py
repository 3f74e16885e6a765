"""Have I Been Pwned on loopback, as its API v3 documents it: keys, verified domains, breaches.

Checked against the operations of the provider's OpenAPI text: a missing User-Agent is 403, errors
are JSON or plain text, a domain without breached addresses is 404 without a body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.fakes.web_server import Reply, WebServer, json_reply

if TYPE_CHECKING:
    from typing import Self

    from tests.fakes.web_server import Asked

KEY = "0123456789abcdef0123456789abcdef"
BREACHED_DOMAIN = re.compile(r"/api/v3/breacheddomain/([^/]+)")


def a_breach(name: str, domain: str, **changes: Any) -> dict[str, Any]:
    """Build a whole entry of the catalogue, verified and harmless."""
    fields: dict[str, Any] = {
        "Name": name,
        "Title": name,
        "Domain": domain,
        "BreachDate": "2019-02-14",
        "AddedDate": "2020-01-02T03:04:05Z",
        "ModifiedDate": "2020-01-02T03:04:05Z",
        "PwnCount": 1000,
        "Description": '<a href="https://example.org">HTML</a>',
        "DataClasses": ["Email addresses", "Passwords"],
        "LogoPath": "https://logos.example/x.png",
        "Attribution": None,
        "DisclosureUrl": None,
        "IsVerified": True,
        "IsFabricated": False,
        "IsSensitive": False,
        "IsRetired": False,
        "IsSpamList": False,
        "IsMalware": False,
        "IsSubscriptionFree": False,
        "IsStealerLog": False,
    }
    return fields | changes


def plain(status: int, text: str = "") -> Reply:
    """Answer as the service often does: an error in plain text."""
    return Reply(status, {"Content-Type": "text/plain"}, text.encode())


class HaveIBeenPwnedServer(WebServer):
    """Knows breaches, verified domains and who of them is breached."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.breaches: list[dict[str, Any]] = []
        self.domains: dict[str, dict[str, list[str]]] = {}
        self.subscription: dict[str, Any] = {
            "SubscriptionName": "Core 2",
            "Description": "Domain searches of up to 100 breached addresses",
            "SubscribedUntil": "2030-01-01T00:00:00",
            "Rpm": 20,
            "DomainSearchMaxBreachedAccounts": None,
            "MaxBreachedDomains": 5,
            "IncludesStealerLogs": False,
            "IncludesBulkDomainAdd": False,
            "IncludesAutoSubdomainVerification": False,
            "IncludesCustomerDomains": False,
            "IncludesKAnon": False,
        }
        self.at_renewal: int | None = None
        self.key = KEY
        self.base = f"{self.url}/api/v3"

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _answer(self, asked: Asked) -> Reply:
        if not asked.headers.get("user-agent"):
            return plain(403, "User agent is missing")
        path = asked.path.removeprefix("/api/v3")
        if path == "/latestbreach":
            return json_reply(max(self.breaches, key=lambda one: one["AddedDate"]))
        if path == "/breaches":
            return json_reply(self.breaches)
        if asked.headers.get("hibp-api-key") != self.key:
            message = "Access denied due to invalid hibp-api-key."
            return json_reply({"statusCode": 401, "message": message}, 401)
        if path == "/subscription/status":
            return json_reply(self.subscription)
        if path == "/subscribeddomains":
            return json_reply([self._domain(name) for name in self.domains])
        if found := BREACHED_DOMAIN.fullmatch(asked.path):
            return self._breached(found[1])
        return plain(404)

    def _domain(self, name: str) -> dict[str, Any]:
        return {
            "DomainName": name,
            "PwnCount": len(self.domains[name]),
            "PwnCountExcludingSpamLists": len(self.domains[name]),
            "PwnCountExcludingSpamListsAtLastSubscriptionRenewal": self.at_renewal,
            "NextSubscriptionRenewal": None,
        }

    def _breached(self, domain: str) -> Reply:
        if domain not in self.domains:
            return plain(403, "The domain is not verified")
        return json_reply(self.domains[domain]) if self.domains[domain] else plain(404)
