"""Snapchat: public profiles by name and id, for organisations with access to the API.

Documentation https://developers.snap.com/api/marketing-api/Public-Profile-API/Introduction, rules
https://www.snap.com/terms/snap-developer-terms (reviewed 2026-11-22).  Needs an organisation
account with granted access and a token of scope snapchat-profile-api.  Limits obeyed: one call a
second (Snap publishes no quota).

Unofficial profiles of schools are only found with ``tier`` and ``includeStandard``, so both are
always sent.  Never read: personal accounts, snaps, stories, friends.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import UnexpectedAnswer
from connectors.rotation import searches_a_night
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.records import Profile
    from connectors.web import Answer

BASE = "https://businessapi.snapchat.com/public/v1/public_profiles"
RESULTS = 25
DONE = "SUCCESS"


class PublicProfile(msgspec.Struct):
    """The fields of a profile that Snap marks public."""

    id: str
    display_name: str
    snap_user_name: str | None = None
    description: str | None = None
    email: str | None = None
    website: str | None = None
    locality: str | None = None
    state: str | None = None
    subscriber_count: int | None = None
    profile_tier: str | None = None


class Row(msgspec.Struct):
    """One of several answers."""

    public_profile: PublicProfile


class Found(msgspec.Struct):
    """The answer to a search or a look-up."""

    request_status: str
    public_profiles: list[Row]


class Refused(msgspec.Struct):
    """An answer that is none."""

    request_status: str


class SnapchatProfiles(AccountSource):
    """Reads public profiles with an approved token."""

    platform = "snapchat"
    probe = "@snapchat"
    per_second = 1.0
    capabilities = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="Ask Snap for access to the Public Profile API with the district's organisation"
            " account, then give a token of scope snapchat-profile-api.",
        ),
        searches_a_night(40),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("snapchat",),
        documentation="https://developers.snap.com/api/marketing-api/Public-Profile-API/",
        rules="https://www.snap.com/terms/snap-developer-terms",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second; names and handles take turns.",
        never="It never reads personal accounts, snaps, stories or friends.",
        missing={Capability.PROFILES_BY_ADDRESS: "Snapchat has no search by address."},
    )

    def headers(self) -> dict[str, str]:
        """Send the token as a header."""
        return {"Authorization": f"Bearer {self.options['token']}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one id, or search for one user name and take the account of just that name.

        A personal account is not found by a search, so a user name is never called gone.
        """
        account = accounts[0]
        if account.native_id:
            return [self._by_id(night, account.native_id)]
        wanted = (account.handle or account.id).casefold()
        rows = self._searched(night, wanted)
        same = [one for one in rows if (one.snap_user_name or "").casefold() == wanted]
        return [self._read(night, same[0]) if same else No.UNCLEAR]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search public profiles of a name."""
        yield from (self._read(night, one) for one in self._searched(night, name))

    def _by_id(self, night: Night, native_id: str) -> Profile | No:
        url = f"{BASE}/{quote(native_id, safe='')}"
        answer = night.web.get(url, accept=(200, 404))
        if answer.status == 404:
            return No.NOT_FOUND if _is_told(answer) else No.UNCLEAR
        found = self._rows(answer)
        return self._read(night, found[0]) if found else No.NOT_FOUND

    def _searched(self, night: Night, query: str) -> list[PublicProfile]:
        asked: dict[str, str | int] = {
            "query": query,
            "limit": RESULTS,
            "tier": "TIER_PUBLIC",
            "includeStandard": "true",
        }
        return self._rows(night.web.get(f"{BASE}/search", params=asked))

    def _rows(self, answer: Answer) -> list[PublicProfile]:
        found = answer.decode(Found)
        if found.request_status.upper() != DONE:
            problem = "Snapchat says that it could not answer in full"
            raise UnexpectedAnswer(answer.source, problem, "The next night tries again")
        return [row.public_profile for row in found.public_profiles]

    def _read(self, night: Night, found: PublicProfile) -> Profile | No:
        return night.profile(
            f"@{found.snap_user_name}" if found.snap_user_name else None,
            found.id,
            display_name=found.display_name,
            bio=found.description,
            website=found.website,
            public_addresses=night.own_addresses([found.email]),
            location=", ".join(filter(None, (found.locality, found.state))) or None,
            followers=found.subscriber_count,
            verified=found.profile_tier == "TIER_PUBLIC_OFFICIAL" if found.profile_tier else None,
        )


def _is_told(answer: Answer) -> bool:
    """Whether a 404 is the interface's own word and not a page in its place."""
    try:
        return bool(answer.decode(Refused).request_status)
    except UnexpectedAnswer:
        return False
