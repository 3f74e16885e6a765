"""Stack Exchange: people of Stack Overflow by number and name.

Documentation https://api.stackexchange.com/docs, rules
https://stackoverflow.com/legal/api-terms-of-use (reviewed 2026-11-22).  Limits obeyed: 300 calls a
day without a key, 10,000 with a free one, and every ``backoff`` the service asks for.

A picture may be called by the hash of an address; one that is a staff address's is kept, others are
not.  Never read: questions, answers, comments, votes.  Stack Exchange tells no address.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import msgspec

from connectors import pacing
from connectors.account_source import Absence as No
from connectors.account_source import AccountSource
from connectors.errors import AccessRefused, ConnectorError, QuotaExhausted, UnexpectedAnswer
from connectors.rotation import searches_a_night
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.records import Profile

BASE = "https://api.stackexchange.com/2.3"
SITE = "stackoverflow"
BATCH = 100
RESULTS = 20
LONGEST_BACKOFF = 60
THROTTLED, BAD_KEY = 502, {401, 402, 403, 405, 406}


class User(msgspec.Struct):
    """What is read of a user; names come with HTML entities."""

    user_id: int
    display_name: str
    creation_date: int
    profile_image: str | None = None
    location: str | None = None
    website_url: str | None = None


class Users(msgspec.Struct):
    """The wrapper around every answer."""

    items: list[User]
    quota_remaining: int
    backoff: int = 0


class Refused(msgspec.Struct):
    """An error of the service."""

    error_id: int
    error_name: str
    error_message: str = ""


class StackExchange(AccountSource):
    """Reads public users of Stack Overflow."""

    platform = "stack_exchange"
    probe = "1"
    per_second = 5.0
    batch = BATCH
    most_allowed: ClassVar = {"searches_a_night": 9_000}
    capabilities = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings = (
        Setting(
            "key",
            str,
            required=False,
            secret=True,
            about="A key from stackapps.com/apps/oauth/register; without one, 300 calls a day.",
        ),
        searches_a_night(60),
    )
    terms = Terms(
        platforms=("stack_exchange",),
        documentation="https://api.stackexchange.com/docs",
        rules="https://stackoverflow.com/legal/api-terms-of-use",
        reviewed_on=date(2026, 11, 22),
        limits="300 calls a day, 10,000 with a key; names take turns.",
        never="It never reads questions, answers, comments or votes.",
        missing={Capability.PROFILES_BY_ADDRESS: "Stack Exchange tells no address."},
    )

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for a hundred numbers in one call."""
        ids = [one.native_id for one in accounts if one.native_id]
        path = f"users/{quote(';'.join(ids), safe=';')}"
        found = {str(one.user_id): one for one in self._ask(night, path)} if ids else {}
        return [
            self._read(night, found.get(one.native_id)) if one.native_id else No.UNREACHABLE
            for one in accounts
        ]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search users of a name."""
        for user in self._ask(night, "users", inname=name, pagesize=RESULTS):
            yield self._read(night, user)

    def _ask(self, night: Night, path: str, **by: str | int) -> list[User]:
        asked: dict[str, str | int] = {"site": SITE, "pagesize": BATCH, **by}
        if self.options["key"]:
            asked["key"] = str(self.options["key"])
        answer = night.web.get(f"{BASE}/{path}", params=asked, accept=(200, 400, 401, 403))
        if answer.status != 200:
            raise _explain(answer.source, answer.decode(Refused))
        users = answer.decode(Users)
        if users.backoff > 0:
            pacing.TIMER.sleep(min(users.backoff, LONGEST_BACKOFF))
        if users.quota_remaining < 1:
            advice = "The next night tries again; a free key allows 10,000 calls"
            raise QuotaExhausted(answer.source, "the day's calls are used up", advice)
        return users.items

    def _read(self, night: Night, user: User | None) -> Profile | No:
        if user is None:
            return No.NOT_FOUND
        return night.profile(
            None,
            str(user.user_id),
            display_name=unescape(user.display_name),
            location=unescape(user.location) if user.location else None,
            website=user.website_url or None,
            address_hashes=night.reading.staff.hashes_in(user.profile_image),
            created_on=datetime.fromtimestamp(user.creation_date, UTC).date(),
        )


def _explain(source: str, refused: Refused) -> ConnectorError:
    if refused.error_id == THROTTLED:
        advice = "The next night tries again; a free key allows 10,000 calls"
        return QuotaExhausted(source, "Stack Exchange takes no more calls today", advice)
    if refused.error_id in BAD_KEY or "key" in refused.error_message:
        advice = "Copy it again from stackapps.com"
        return AccessRefused(source, "Stack Exchange does not accept the key", advice)
    problem = f"Stack Exchange answered with error {refused.error_id}"
    return UnexpectedAnswer(source, problem, "Report it with this sentence")
