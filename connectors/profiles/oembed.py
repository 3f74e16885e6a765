"""TikTok and Pinterest: whether an account that is known already is still there, by oEmbed.

Documentation https://oembed.com, https://developers.tiktok.com/doc/embed-creator-profiles and
https://developers.pinterest.com/docs/web-features/add-ons-overview, rules
https://www.tiktok.com/legal/tik-tok-developer-terms-of-service and
https://policy.pinterest.com/developer-guidelines (reviewed 2026-11-22).  No key.  Limits obeyed:
one call a second, known accounts alone.

Neither platform has an interface for districts that finds accounts: TikTok's research programme is
closed to them, Pinterest's API reads one's own account.  Never read: pages, videos, pins, anything
of an account that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from connectors.account_source import Absence as No
from connectors.account_source import AccountSource, Night
from connectors.platforms import Account, identify
from connectors.profile_reading import ProfileReading
from connectors.records import Harvest, Profile
from connectors.source import Capability, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.source import Access

ENDPOINTS = {
    "tiktok": "https://www.tiktok.com/oembed",
    "pinterest": "https://www.pinterest.com/oembed.json",
}
PROBES = {
    "tiktok": "https://www.tiktok.com/@tiktok",
    "pinterest": "https://www.pinterest.com/pinterest/",
}
BY_SEARCH = "TikTok and Pinterest have no search that a district may use."


@dataclass(frozen=True, slots=True)
class Readings:
    """The two readings of a night as one harvest."""

    harvests: tuple[Harvest, ...]

    def merge(self, calls: int) -> Harvest:
        """Add them up."""
        parts = self.harvests
        reasons = {reason for part in parts for reason in part.dropped}
        return Harvest(
            profiles=tuple(one for part in parts for one in part.profiles),
            dropped={why: sum(part.dropped.get(why, 0) for part in parts) for why in reasons},
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
            gaps=tuple(gap for part in parts for gap in part.gaps),
            calls=calls,
            not_found=tuple(key for part in parts for key in part.not_found),
        )


class Embedded(msgspec.Struct):
    """What is read of an oEmbed answer (https://oembed.com, section 2.3.4)."""

    version: str | float
    author_name: str | None = None
    author_url: str | None = None


class OEmbed(AccountSource):
    """Looks at known accounts again, nothing else."""

    platform = "tiktok"
    probe = "@tiktok"
    per_second = 1.0
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = ()
    terms = Terms(
        platforms=tuple(ENDPOINTS),
        documentation="https://oembed.com",
        rules="https://www.tiktok.com/legal/tik-tok-developer-terms-of-service",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second, for known accounts alone.",
        never="It never reads pages, videos or pins, and finds no account that is not known.",
        missing={
            Capability.PROFILES_BY_ADDRESS: BY_SEARCH,
            Capability.PROFILES_BY_BRAND: BY_SEARCH,
        },
    )

    def __init__(self, access: Access) -> None:
        """Take nothing but the questions."""
        super().__init__(access)
        self._up: dict[str, bool] = {}

    def fetch(self) -> Harvest:
        """Return those known accounts that are still there.

        Raises AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        with WebSession(self._access, per_second=self.per_second) as web:
            nights = [Night(web, ProfileReading(self._access, key)) for key in ENDPOINTS]
            for night in nights:
                self.look_again(night)
            return Readings(tuple(one.reading.harvest(0) for one in nights)).merge(web.calls)

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one account's embedding; another account's answer is not taken for its own."""
        account = accounts[0]
        if not account.handle:
            return [No.UNREACHABLE]
        url = ENDPOINTS[account.platform]
        answer = night.web.get(url, params={"url": account.url}, accept=(200, 400, 404))
        if answer.status != 200:
            is_told = answer.status == 404 and self._is_up(night, account.platform)
            return [No.NOT_FOUND if is_told else No.UNCLEAR]
        found = answer.decode(Embedded)
        shown = identify(found.author_url, account.platform) if found.author_url else account
        if not isinstance(shown, Account) or shown.id != account.id:
            return [No.UNCLEAR]
        native = account.native_id
        return [night.profile(account.handle, native, display_name=found.author_name)]

    def _is_up(self, night: Night, platform: str) -> bool:
        """Whether an account of the platform's own is shown: else a 404 speaks of no account."""
        if platform not in self._up:
            asked = {"url": PROBES[platform]}
            answer = night.web.get(ENDPOINTS[platform], params=asked, accept=(200, 400, 404))
            self._up[platform] = answer.status == 200
        return self._up[platform]
