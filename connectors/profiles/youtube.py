"""YouTube: channels by name, handle and id.

Documentation https://developers.google.com/youtube/v3/docs, rules
https://developers.google.com/youtube/terms/developer-policies (reviewed 2026-11-22).  Limits
obeyed: 100 searches and 10,000 units of other reads a day, each call one of its kind.  Needs an
API key for "YouTube Data API v3"; it can read public data alone.

Two GET requests are all there is, so they go through our own session with its pacing, retries and
limits rather than through Google's client, which brings a transport and errors of its own.  Never
read: videos, comments, subscriptions, anything that needs a sign-in.  YouTube tells no address.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import UnexpectedAnswer
from connectors.google_keys import ask
from connectors.rotation import searches_a_night
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.records import Profile

BASE = "https://youtube.googleapis.com/youtube/v3"
PARTS = "id,snippet,statistics"
BATCH = 50
RESULTS = 10
KNOWN_TO_EXIST = "UC_x5XG1OV2P6uZZ5FSM9Ttw"


class Snippet(msgspec.Struct, rename="camel"):
    """What is read of ``ChannelSnippet``."""

    title: str
    description: str
    published_at: datetime
    custom_url: str | None = None
    country: str | None = None


class Statistics(msgspec.Struct, rename="camel"):
    """What is read of ``ChannelStatistics``: counts come as text."""

    subscriber_count: str | None = None
    hidden_subscriber_count: bool = False


class Channel(msgspec.Struct):
    """What is read of ``Channel``."""

    id: str
    snippet: Snippet
    statistics: Statistics | None = None


class PageInfo(msgspec.Struct, rename="camel"):
    """How many there are."""

    total_results: int


class Channels(msgspec.Struct, rename="camel"):
    """What is read of ``ChannelListResponse``; without items where nothing is there."""

    page_info: PageInfo
    items: list[Channel] = []


class ResultId(msgspec.Struct, rename="camel"):
    """What is read of ``ResourceId``."""

    channel_id: str


class Result(msgspec.Struct):
    """What is read of ``SearchResult``."""

    id: ResultId


class Results(msgspec.Struct):
    """What is read of ``SearchListResponse``."""

    items: list[Result]


class YouTube(AccountSource):
    """Reads public channels with an API key."""

    platform = "youtube"
    batch = BATCH
    most_allowed: ClassVar = {"searches_a_night": 99, "lookups_a_night": 5_000}
    capabilities = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="An API key for YouTube Data API v3 from console.cloud.google.com.",
        ),
        searches_a_night(90, "; YouTube allows 100 searches a day"),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("youtube",),
        documentation="https://developers.google.com/youtube/v3/docs",
        rules="https://developers.google.com/youtube/terms/developer-policies",
        reviewed_on=date(2026, 11, 22),
        limits="100 searches and 10,000 other units a day; names and handles take turns.",
        never="It never reads videos, comments or subscriptions.",
        missing={Capability.PROFILES_BY_ADDRESS: "YouTube tells no address of a channel."},
    )

    def headers(self) -> dict[str, str]:
        """Send the key as a header, where no log of addresses finds it."""
        return {"X-Goog-Api-Key": str(self.options["key"])}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for ids together; handles and old user names one by one."""
        ids = [account.native_id for account in accounts if account.native_id]
        by_id = {one.id: one for one in self._channels(night, id=",".join(ids))} if ids else {}
        if not by_id.keys() <= set(ids):
            problem = "YouTube answered with another `id` than it was asked about"
            raise UnexpectedAnswer(night.access.source, problem, "Report it")
        return [
            self._read(night, by_id.get(account.native_id))
            if account.native_id
            else self._by_name(night, account)
            for account in accounts
        ]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search channels of a name and read them whole."""
        asked: dict[str, str | int] = {
            "part": "snippet",
            "type": "channel",
            "q": name,
            "maxResults": RESULTS,
            "regionCode": "US",
        }
        answer = ask(night.web, f"{BASE}/search", asked)
        rows = answer.decode(Results).items if answer else []
        ids = list(dict.fromkeys(row.id.channel_id for row in rows))
        if ids:
            channels = self._channels(night, id=",".join(ids))
            yield from (self._read(night, channel) for channel in channels)

    def check(self) -> Iterator[Check]:
        """Try the key with one cheap call."""
        with WebSession(self._access, headers=self.headers()) as web:
            ask(web, f"{BASE}/channels", {"part": "id", "id": KNOWN_TO_EXIST, "maxResults": 1})
        yield Check("key", CheckState.GOOD, "accepted")

    def _by_name(self, night: Night, account: Account) -> Profile | No:
        space, _, name = account.id.rpartition("/")
        if space == "c":
            return No.UNREACHABLE
        if space == "user":
            found = self._channels(night, forUsername=name)
        else:
            found = self._channels(night, forHandle=f"@{account.handle or name}")
        return self._read(night, found[0] if found else None)

    def _channels(self, night: Night, **by: str) -> list[Channel]:
        asked: dict[str, str | int] = {"part": PARTS, "maxResults": BATCH, **by}
        answer = ask(night.web, f"{BASE}/channels", asked)
        if answer is None:
            return []
        page = answer.decode(Channels)
        if page.page_info.total_results and not page.items:
            raise UnexpectedAnswer(
                answer.source, "YouTube counts channels but its field `items` is gone", "Report it"
            )
        return page.items

    def _read(self, night: Night, channel: Channel | None) -> Profile | No:
        if channel is None:
            return No.NOT_FOUND
        snippet, counts = channel.snippet, channel.statistics
        handle = snippet.custom_url or ""
        return night.profile(
            handle if handle.startswith("@") else None,
            channel.id,
            display_name=snippet.title,
            bio=snippet.description or None,
            location=snippet.country,
            created_on=snippet.published_at.date(),
            followers=_count(counts),
        )


def _count(counts: Statistics | None) -> int | None:
    if counts is None or counts.hidden_subscriber_count:
        return None
    told = counts.subscriber_count or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 15 else None
