"""The public catalogue of Have I Been Pwned: what a breach is, and what an address in it shows.

Form: the Breach model of https://haveibeenpwned.com/API/v3.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime  # noqa: TC003 (msgspec reads the annotations)

import msgspec

from connectors.records import Grade
from connectors.site_catalogue import site_of_domain

SITE = "haveibeenpwned.com"


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of one breach; ``domain`` is empty for a list that is of no one site."""

    name: str = msgspec.field(name="Name")
    title: str = msgspec.field(name="Title")
    domain: str = msgspec.field(name="Domain")
    breached_on: date = msgspec.field(name="BreachDate")
    is_verified: bool = msgspec.field(name="IsVerified")
    is_fabricated: bool = msgspec.field(name="IsFabricated")
    is_sensitive: bool = msgspec.field(name="IsSensitive")
    is_retired: bool = msgspec.field(name="IsRetired")
    is_spam_list: bool = msgspec.field(name="IsSpamList")
    is_malware: bool = msgspec.field(name="IsMalware", default=False)
    is_stealer_log: bool = msgspec.field(name="IsStealerLog", default=False)

    @property
    def may_be_named(self) -> bool:
        """Whether it may be stored and shown at all."""
        return self.is_verified and not (
            self.is_fabricated or self.is_sensitive or self.is_retired or self.is_spam_list
        )

    def place(self) -> tuple[str, Grade] | None:
        """Return the site an address was given to and the grade; None if it is no social site.

        A list of no one site, or gathered by malware, proves no account: grade D, at the site of
        Have I Been Pwned itself.
        """
        if not self.domain or self.is_malware or self.is_stealer_log:
            return SITE, Grade.D
        site = site_of_domain(self.domain.lower())
        return (site, Grade.C) if site else None

    def statement(self) -> str:
        """Return what the breach says, and no more."""
        what = f'in the breach "{self.title[:120]}" of {self.breached_on}'
        return f"Have I Been Pwned lists the address {what}"


class LatestBreach(msgspec.Struct, frozen=True):
    """The newest entry of the catalogue."""

    name: str = msgspec.field(name="Name")
    added_at: datetime = msgspec.field(name="AddedDate")

    def key(self) -> str:
        """Return what changes when a breach is added, and tells nobody its name."""
        return hashlib.sha256(f"{self.name} {self.added_at.isoformat()}".encode()).hexdigest()
