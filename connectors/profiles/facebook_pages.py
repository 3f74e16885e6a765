"""Facebook Pages: by name, user name and id, for districts that Meta has approved.

Documentation https://developers.facebook.com/docs/pages-api/search-pages and
https://developers.facebook.com/docs/graph-api/reference/page, rules
https://developers.facebook.com/terms (reviewed 2026-11-22).  Needs "Page Public Metadata Access"
(App Review and business verification) and an app token or a user token with the app's secret.
Limits obeyed: one call a second, Meta's own limits by their codes; versions live two years.

Only Pages are read: never personal profiles, groups, posts, comments or followers.  An address is
one the Page itself shows.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.meta_graph import VERSION, ask, check_version, proof_of
from connectors.records import Profile, ProfileKind
from connectors.rotation import searches_a_night
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.source import Access

BASE = "https://graph.facebook.com"
FIELDS = "id,name,username,about,emails,website,location,followers_count,verification_status,link"
FOUND_FIELDS = "id,name,link"
RESULTS = 10


class Location(msgspec.Struct):
    """Where a Page says it is."""

    city: str | None = None
    state: str | None = None


class Page(msgspec.Struct):
    """What is read of a Page; Meta leaves out what is not set."""

    id: str
    name: str
    username: str | None = None
    about: str | None = None
    emails: list[str] = []
    website: str | None = None
    location: Location | None = None
    followers_count: int | None = None
    verification_status: str | None = None


class Row(msgspec.Struct):
    """A Page found by a search."""

    id: str
    name: str


class Found(msgspec.Struct):
    """A page of search results."""

    data: list[Row]


class FacebookPages(AccountSource):
    """Reads public Pages with an approved app."""

    platform = "facebook"
    probe = "facebook"
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
            about="Apply for Page Public Metadata Access at developers.facebook.com (App Review and"
            " business verification), then give the app's token.",
        ),
        Setting(
            "app_secret",
            str,
            required=False,
            secret=True,
            about="The app's secret, where the token is a user's: Meta then asks for a proof.",
        ),
        VERSION,
        searches_a_night(40),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("facebook",),
        documentation="https://developers.facebook.com/docs/pages-api/search-pages",
        rules="https://developers.facebook.com/terms",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second; names and handles take turns.",
        never="It reads Pages alone: no personal profile, group, post, comment or follower.",
        missing={Capability.PROFILES_BY_ADDRESS: "Facebook has no search by address."},
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured without a token."""
        super().__init__(access)
        self._version = check_version(access.source, str(self.options["version"]))
        self._proof = proof_of(str(self.options["token"]), self.options["app_secret"])

    def headers(self) -> dict[str, str]:
        """Send the token as a header."""
        return {"Authorization": f"Bearer {self.options['token']}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one Page; groups have no interface."""
        account = accounts[0]
        if account.id.startswith("groups/") or account.kind is ProfileKind.GROUP:
            return [No.UNREACHABLE]
        return [self._page(night, account.native_id or account.handle or account.id)]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search Pages of a name and read each."""
        asked: dict[str, str | int] = {"q": name, "fields": FOUND_FIELDS, "limit": RESULTS}
        answer = ask(night.web, f"{BASE}/{self._version}/pages/search", asked | self._proof)
        if isinstance(answer, No):
            return
        for row in answer.decode(Found).data:
            yield self._page(night, row.id)

    def _page(self, night: Night, name: str) -> Profile | No:
        url = f"{BASE}/{self._version}/{quote(name, safe='')}"
        answer = ask(night.web, url, {"fields": FIELDS} | self._proof)
        if isinstance(answer, No):
            return answer
        page = answer.decode(Page)
        place = page.location
        return night.profile(
            page.username,
            page.id,
            display_name=page.name,
            bio=page.about,
            website=page.website,
            public_addresses=night.own_addresses(page.emails),
            location=", ".join(filter(None, (place.city, place.state))) or None if place else None,
            followers=page.followers_count,
            verified=_is_verified(page.verification_status),
            kind=ProfileKind.PAGE,
        )


def _is_verified(status: str | None) -> bool | None:
    return None if status is None else status in {"blue_verified", "gray_verified"}
