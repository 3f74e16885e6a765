"""WordPress.com: blogs by address.

Documentation https://developer.wordpress.com/docs/api/1.1/get/sites/%24site, rules
https://developer.wordpress.com/guidelines (reviewed 2026-11-22).  No key.  Limits obeyed: one call
a second.  A private blog is closed to us, not gone.  Never read: posts, comments, members.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import UnexpectedAnswer
from connectors.records import Profile, ProfileKind
from connectors.source import Capability, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account

BASE = "https://public-api.wordpress.com/rest/v1.1"
GONE = {"unknown_blog", "blog_not_found"}


class Site(msgspec.Struct):
    """What is read of a site."""

    id: int = msgspec.field(name="ID")
    name: str = ""
    description: str = ""
    url: str = msgspec.field(name="URL", default="")


class Refused(msgspec.Struct):
    """An error of WordPress.com."""

    error: str


class WordPressCom(AccountSource):
    """Reads what a blog says of itself."""

    platform = "wordpress"
    probe = "dailypost"
    per_second = 1.0
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (LOOKUPS,)
    terms = Terms(
        platforms=("wordpress",),
        documentation="https://developer.wordpress.com/docs/api/1.1/get/sites/%24site",
        rules="https://developer.wordpress.com/guidelines",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second; handles take turns.",
        never="It never reads posts, comments or members.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "WordPress.com tells no address.",
            Capability.PROFILES_BY_BRAND: "WordPress.com has no search of blogs by name.",
        },
    )

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one blog by number or host."""
        account = accounts[0]
        if account.id.startswith("profiles/"):
            return [No.UNREACHABLE]
        name = account.native_id or urlsplit(account.url).hostname or ""
        url = f"{BASE}/sites/{quote(name, safe='')}"
        asked = {"fields": "ID,name,description,URL"}
        answer = night.web.get(url, params=asked, accept=(200, 403, 404))
        if answer.status == 200:
            site = answer.decode(Site)
            return [
                night.profile(
                    site.url or account.url,
                    str(site.id),
                    display_name=site.name or None,
                    bio=site.description or None,
                    kind=ProfileKind.BLOG,
                )
            ]
        reason = answer.decode(Refused).error
        if answer.status == 404 and reason in GONE:
            return [No.NOT_FOUND]
        if answer.status == 403:
            return [No.CLOSED]
        problem = "WordPress.com answered 404 for a reason we do not know"
        raise UnexpectedAnswer(answer.source, problem, "Report it with this sentence")
