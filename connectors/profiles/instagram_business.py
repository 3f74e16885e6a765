"""Instagram: professional accounts by handle, for districts that Meta has approved.

Documentation
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/business_discovery,
rules https://developers.facebook.com/terms (reviewed 2026-11-22).  The caller is the district's own
professional account; scopes instagram_basic and pages_read_engagement.  Limits obeyed: 200 calls an
hour, one a second.

A personal account and one that does not exist are answered alike, so neither is ever called gone.
Never read: media, comments, followers, stories, private accounts.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import NotConfigured
from connectors.meta_graph import VERSION, ask, check_version, proof_of
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.records import Profile
    from connectors.source import Access

BASE = "https://graph.facebook.com"
FIELDS = "id,username,name,biography,website,followers_count"


class Discovered(msgspec.Struct):
    """What is read of another professional account."""

    id: str
    username: str
    name: str | None = None
    biography: str | None = None
    website: str | None = None
    followers_count: int | None = None


class Answered(msgspec.Struct):
    """The answer about our own account that holds the other one."""

    business_discovery: Discovered


class InstagramBusiness(AccountSource):
    """Reads professional accounts through the district's own."""

    platform = "instagram"
    probe = "instagram"
    per_second = 1.0
    most_allowed: ClassVar = {"lookups_a_night": 150}
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="Apply for instagram_basic and pages_read_engagement at developers.facebook.com"
            " (App Review), then give a token of the district's professional account.",
        ),
        Setting(
            "account_id",
            str,
            required=True,
            about="The number of the district's own professional account (ig-user-id).",
        ),
        Setting(
            "app_secret", str, required=False, secret=True, about="The app's secret, for a proof."
        ),
        VERSION,
        LOOKUPS,
    )
    terms = Terms(
        platforms=("instagram",),
        documentation="https://developers.facebook.com/docs/instagram-platform/"
        "instagram-graph-api/reference/ig-user/business_discovery",
        rules="https://developers.facebook.com/terms",
        reviewed_on=date(2026, 11, 22),
        limits="200 calls an hour; handles take turns.",
        never="It never reads media, comments, followers or private accounts.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Instagram has no search by address.",
            Capability.PROFILES_BY_BRAND: "Instagram has no search by name.",
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured without a token or the account's number."""
        super().__init__(access)
        self._version = check_version(access.source, str(self.options["version"]))
        self._proof = proof_of(str(self.options["token"]), self.options["app_secret"])
        if not (number := str(self.options["account_id"])).isdecimal() or len(number) > 20:
            problem = "the setting 'account_id' is no number of an account"
            raise NotConfigured(access.source, problem, "Look it up in the Graph API Explorer")

    def headers(self) -> dict[str, str]:
        """Send the token as a header."""
        return {"Authorization": f"Bearer {self.options['token']}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one handle."""
        handle = accounts[0].handle
        if not handle:
            return [No.UNREACHABLE]
        fields = f"business_discovery.username({handle}){{{FIELDS}}}"
        url = f"{BASE}/{self._version}/{self.options['account_id']}"
        answer = ask(night.web, url, {"fields": fields} | self._proof)
        if isinstance(answer, No):
            return [answer]
        found = answer.decode(Answered).business_discovery
        profile = night.profile(
            found.username,
            found.id,
            display_name=found.name,
            bio=found.biography,
            website=found.website,
            followers=found.followers_count,
        )
        return [profile]
