"""Blogger: blogs by address and number.

Documentation https://developers.google.com/blogger/docs/3.0/reference/blogs, rules
https://developers.google.com/terms (reviewed 2026-11-22).  Needs an API key for "Blogger API v3".
Limits obeyed: two calls a second.  Never read: posts, comments, members.  Blogger tells no address.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.google_keys import NotPublic, ask
from connectors.records import Profile, ProfileKind
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account

BASE = "https://blogger.googleapis.com/v3"


class Blog(msgspec.Struct):
    """What is read of ``Blog``."""

    id: str
    name: str
    url: str
    published: datetime
    description: str | None = None


class Blogger(AccountSource):
    """Reads what a blog says of itself."""

    platform = "blogger"
    probe = "googleblog"
    per_second = 2.0
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="An API key for Blogger API v3 from console.cloud.google.com.",
        ),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("blogger",),
        documentation="https://developers.google.com/blogger/docs/3.0/reference/blogs",
        rules="https://developers.google.com/terms",
        reviewed_on=date(2026, 11, 22),
        limits="Two calls a second; handles take turns.",
        never="It never reads posts, comments or members.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Blogger tells no address.",
            Capability.PROFILES_BY_BRAND: "Blogger has no search of blogs.",
        },
    )

    def headers(self) -> dict[str, str]:
        """Send the key as a header."""
        return {"X-Goog-Api-Key": str(self.options["key"])}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one blog; the page of a person has no interface."""
        account = accounts[0]
        if account.kind is not ProfileKind.BLOG:
            return [No.UNREACHABLE]
        try:
            if account.native_id:
                answer = ask(night.web, f"{BASE}/blogs/{account.native_id}", {})
            else:
                answer = ask(night.web, f"{BASE}/blogs/byurl", {"url": account.url})
        except NotPublic:
            return [No.CLOSED]
        if answer is None:
            return [No.NOT_FOUND]
        blog = answer.decode(Blog)
        return [
            night.profile(
                blog.url,
                blog.id,
                display_name=blog.name,
                bio=blog.description or None,
                created_on=blog.published.date(),
                kind=ProfileKind.BLOG,
            )
        ]
