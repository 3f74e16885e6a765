"""Threads: public profiles by handle, for districts that Meta has approved.

Documentation https://developers.facebook.com/documentation/threads/threads-profiles, rules
https://developers.facebook.com/terms (reviewed 2026-11-22).  Scopes threads_basic and
threads_profile_discovery with advanced access; only accounts with 100 followers or more are
answered, so an unanswered one is never called gone.  Limits obeyed: one call a second.

Never read: posts, replies, likes, followers, private profiles.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.meta_graph import ask
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.records import Profile

BASE = "https://graph.threads.com/v1.0"
FIELDS = "username,name,biography,is_verified,follower_count"


class Looked(msgspec.Struct):
    """What is read of a public profile."""

    username: str
    name: str | None = None
    biography: str | None = None
    is_verified: bool | None = None
    follower_count: int | None = None


class Threads(AccountSource):
    """Reads public profiles with 100 followers or more."""

    platform = "threads"
    probe = "threads"
    per_second = 1.0
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="Apply for threads_profile_discovery (advanced access) at"
            " developers.facebook.com, then give the token.",
        ),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("threads",),
        documentation="https://developers.facebook.com/documentation/threads/threads-profiles",
        rules="https://developers.facebook.com/terms",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second; only accounts with 100 followers or more are answered.",
        never="It never reads posts, replies, followers or private profiles.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Threads has no search by address.",
            Capability.PROFILES_BY_BRAND: "Threads has no search by name.",
        },
    )

    def headers(self) -> dict[str, str]:
        """Send the token as a header."""
        return {"Authorization": f"Bearer {self.options['token']}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one handle."""
        handle = accounts[0].handle
        if not handle:
            return [No.UNREACHABLE]
        answer = ask(night.web, f"{BASE}/profile_lookup", {"username": handle, "fields": FIELDS})
        if isinstance(answer, No):
            return [answer]
        found = answer.decode(Looked)
        profile = night.profile(
            found.username,
            None,
            display_name=found.name,
            bio=found.biography,
            verified=found.is_verified,
            followers=found.follower_count,
        )
        return [profile]
