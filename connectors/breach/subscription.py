"""What a key of Have I Been Pwned may do, and which domains are verified for it.

Form: "subscription/status" and "subscribeddomains" of https://haveibeenpwned.com/API/v3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from connectors.source import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.web import Answer

RENEWAL_DAYS = 14
KEY_ADVICE = (
    "Open haveibeenpwned.com, Dashboard, API Key, make or copy the key there, and put it where"
    " 'key' of audit.toml refers to"
)
PLAN_ADVICE = "Open haveibeenpwned.com, Dashboard, Subscription, and choose one that covers it"
DOMAIN_ADVICE = (
    "Open haveibeenpwned.com, Dashboard, Domains, click Add domain, and verify it by the DNS record"
    " it shows"
)


class Subscription(msgspec.Struct, frozen=True):
    """What is used of a subscription; ``most_accounts`` caps a domain's breached addresses."""

    name: str | None = msgspec.field(name="SubscriptionName", default=None)
    until: datetime | None = msgspec.field(name="SubscribedUntil", default=None)
    most_accounts: int | None = msgspec.field(name="DomainSearchMaxBreachedAccounts", default=None)


class SubscribedDomain(msgspec.Struct, frozen=True):
    """A verified domain and how many of its addresses are in breaches, None if never searched."""

    name: str = msgspec.field(name="DomainName")
    accounts: int | None = msgspec.field(name="PwnCountExcludingSpamLists", default=None)
    at_renewal: int | None = msgspec.field(
        name="PwnCountExcludingSpamListsAtLastSubscriptionRenewal", default=None
    )

    def size(self) -> int:
        """Return what counts for the subscription: the number at its renewal, once there is one."""
        return (self.at_renewal if self.at_renewal is not None else self.accounts) or 0


def check_access(
    status: Answer, listed: Answer, domains: Iterable[str], now: datetime
) -> Iterator[Check]:
    """Yield the key, the subscription and each domain, from the two answers."""
    if status.status == 401:
        yield Check("key", CheckState.BAD, "the API key is not accepted", KEY_ADVICE)
        return
    yield Check("key", CheckState.GOOD, "accepted")
    if status.status != 200 or listed.status in {401, 403}:
        seen = "the subscription has no domain search"
        yield Check("subscription", CheckState.BAD, seen, PLAN_ADVICE)
        return
    subscription = status.decode(Subscription)
    yield _check_term(subscription, now)
    found = listed.decode(list[SubscribedDomain]) if listed.status == 200 else []
    yield from _check_domains(found, domains, subscription.most_accounts)


def _check_term(subscription: Subscription, now: datetime) -> Check:
    until, name = subscription.until, (subscription.name or "active")[:40]
    if until is None:
        return Check("subscription", CheckState.GOOD, name)
    days = ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).days
    if days < RENEWAL_DAYS:
        seen = f"{name}, until {until:%Y-%m-%d}"
        advice = "Renew it at haveibeenpwned.com, Dashboard, Subscription"
        return Check("subscription", CheckState.WARNING, seen, advice)
    return Check("subscription", CheckState.GOOD, name)


def _check_domains(
    found: list[SubscribedDomain], wanted: Iterable[str], most: int | None
) -> Iterator[Check]:
    by_name = {entry.name.casefold(): entry for entry in found}
    for domain in wanted:
        name, entry = f"domain {domain}", by_name.get(domain)
        if entry is None:
            seen = f"the domain {domain} is not verified"
            yield Check(name, CheckState.BAD, seen, DOMAIN_ADVICE)
        elif most is not None and entry.size() > most:
            seen = f"{domain} has {entry.size():,} breached addresses, the subscription {most:,}"
            yield Check(name, CheckState.BAD, seen, PLAN_ADVICE)
        else:
            yield Check(name, CheckState.GOOD, "verified")
