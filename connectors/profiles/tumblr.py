"""Tumblr: blogs by name.

Documentation https://www.tumblr.com/docs/en/api/v2, rules
https://www.tumblr.com/docs/en/api_agreement (reviewed 2026-11-22).  Needs an OAuth consumer key.
Limits obeyed: 1,000 calls an hour, 5,000 a day, 300 a minute.

A blog that is only shown to members is closed to us, not gone.  Never read: posts, followers,
likes.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.records import Profile, ProfileKind
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account

BASE = "https://api.tumblr.com/v2"
MEMBERS_ONLY = 4012


class Blog(msgspec.Struct):
    """What is read of a blog."""

    name: str
    title: str
    url: str
    uuid: str
    description: str | None = None


class Wrapped(msgspec.Struct):
    """The answer itself."""

    blog: Blog


class Answered(msgspec.Struct):
    """A good answer."""

    response: Wrapped


class Trouble(msgspec.Struct):
    """One reason of a refusal."""

    code: int | None = None


class Meta(msgspec.Struct):
    """What every answer says of itself."""

    status: int


class Refused(msgspec.Struct):
    """An answer that is none."""

    meta: Meta
    errors: list[Trouble] = []


class Tumblr(AccountSource):
    """Reads blogs with a consumer key."""

    platform = "tumblr"
    probe = "staff"
    per_second = 4.0
    most_allowed: ClassVar = {"lookups_a_night": 900}
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="The OAuth consumer key of an app from tumblr.com/oauth/apps.",
        ),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("tumblr",),
        documentation="https://www.tumblr.com/docs/en/api/v2",
        rules="https://www.tumblr.com/docs/en/api_agreement",
        reviewed_on=date(2026, 11, 22),
        limits="1,000 calls an hour and 5,000 a day; handles take turns.",
        never="It never reads posts, followers or likes.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Tumblr tells no address.",
            Capability.PROFILES_BY_BRAND: "Tumblr has no search of blogs.",
        },
    )

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one blog by its lasting id, name or own domain."""
        account = accounts[0]
        if account.kind is ProfileKind.GROUP:
            return [No.UNREACHABLE]
        name = account.native_id or account.handle or urlsplit(account.url).hostname or ""
        url = f"{BASE}/blog/{quote(name, safe=':')}/info"
        asked = {"api_key": str(self.options["key"])}
        answer = night.web.get(url, params=asked, accept=(200, 404))
        if answer.status == 404:
            closed = any(one.code == MEMBERS_ONLY for one in answer.decode(Refused).errors)
            return [No.CLOSED if closed else No.NOT_FOUND]
        blog = answer.decode(Answered).response.blog
        return [
            night.profile(
                blog.name,
                blog.uuid,
                display_name=blog.title or None,
                bio=blog.description or None,
                kind=ProfileKind.BLOG,
            )
        ]
