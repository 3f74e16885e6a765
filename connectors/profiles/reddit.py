"""Reddit: accounts and communities by name, for districts that Reddit has approved.

Documentation https://www.reddit.com/dev/api, rules
https://support.reddithelp.com/hc/en-us/articles/42728983564564-Responsible-Builder-Policy
(reviewed 2026-11-22).  Needs Reddit's explicit approval and the approved app's id and secret;
app-only tokens read public data alone.  Limits obeyed: 100 calls a minute.

An account whose owner hides it from robots is dropped and counted.  Most communities about a school
are its pupils': only their name and description are read, never posts, comments, members or votes.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import msgspec

from connectors import redaction
from connectors.account_source import LOOKUPS, SECRET, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import AccessRefused, NotConfigured, UnexpectedAnswer
from connectors.records import Profile, ProfileKind, Standing
from connectors.rotation import searches_a_night
from connectors.source import Capability, Setting, Terms
from connectors.web import PRODUCT, WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account
    from connectors.source import Access

BASE = "https://oauth.reddit.com"
TOKENS = "https://www.reddit.com/api/v1/access_token"
RESULTS = 25


class Token(msgspec.Struct):
    """What the app is let in with."""

    access_token: str


class OwnPage(msgspec.Struct):
    """The page of an account."""

    public_description: str = ""
    title: str = ""
    subscribers: int | None = None


class User(msgspec.Struct):
    """What is read of an account (kind t2); a suspended one has a name alone."""

    name: str
    id: str | None = None
    created_utc: float | None = None
    is_suspended: bool = False
    hide_from_robots: bool = False
    subreddit: OwnPage | None = None


class Community(msgspec.Struct):
    """What is read of a community (kind t5)."""

    name: str
    display_name: str
    title: str
    created_utc: float
    public_description: str | None = None
    subscribers: int | None = None


class Thing(msgspec.Struct):
    """Whatever Reddit answers: its kind, and what it is."""

    kind: str
    data: msgspec.Raw


class Listing(msgspec.Struct):
    """Rows of a search."""

    children: list[Thing]


class Refused(msgspec.Struct):
    """An error of Reddit; ``reason`` where a community is closed."""

    message: str
    error: int
    reason: str | None = None


class Reddit(AccountSource):
    """Reads public accounts and communities with an approved app."""

    platform = "reddit"
    probe = "r/announcements"
    per_second = 1.5
    capabilities = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings = (
        Setting(
            "client_id",
            str,
            required=True,
            about="Ask Reddit for approval under its Responsible Builder Policy, then give the id"
            " of the approved app.",
        ),
        Setting(
            "client_secret", str, required=True, secret=True, about="The approved app's secret."
        ),
        Setting(
            "username",
            str,
            required=True,
            about="The Reddit account the app belongs to; Reddit wants it in every request.",
        ),
        searches_a_night(40, "; each is two calls"),
        LOOKUPS,
    )
    most_allowed: ClassVar = {"searches_a_night": 500, "lookups_a_night": 1_000}
    terms = Terms(
        platforms=("reddit",),
        documentation="https://www.reddit.com/dev/api",
        rules="https://support.reddithelp.com/hc/en-us/articles/"
        "42728983564564-Responsible-Builder-Policy",
        reviewed_on=date(2026, 11, 22),
        limits="100 calls a minute; names and handles take turns.",
        never="It never reads posts, comments, members or votes, nor accounts hidden from robots.",
        missing={Capability.PROFILES_BY_ADDRESS: "Reddit tells no address."},
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured without an approved app."""
        super().__init__(access)
        for name, form in (("username", r"[\w-]{2,30}"), ("client_id", r"[\w-]{5,60}")):
            if not re.fullmatch(form, str(self.options[name])):
                problem = f"the setting '{name}' is none of Reddit's"
                raise NotConfigured(access.source, problem, "Copy it from reddit.com/prefs/apps")

    def headers(self) -> dict[str, str]:
        """Fetch a token and name the app as Reddit asks."""
        agent = self._agent()
        pair = f"{self.options['client_id']}:{self.options['client_secret']}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        redaction.install([str(self.options["client_secret"]), basic])
        sent = {"User-Agent": agent, "Authorization": basic}
        with WebSession(self._access, headers=sent) as web:
            asked = {"grant_type": "client_credentials"}
            answer = web.post(TOKENS, data=asked, is_idempotent=True)
            self.calls_before = web.calls
        token = answer.decode(Token).access_token
        if not SECRET.fullmatch(token):
            problem = "Reddit answered with an `access_token` that is none"
            raise UnexpectedAnswer(answer.source, problem, "Report it")
        return {"User-Agent": agent, "Authorization": f"Bearer {token}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one account or community by name."""
        account = accounts[0]
        space, _, name = account.id.rpartition("/")
        if not space:
            return [No.UNREACHABLE]
        return [self._about(night, "r" if space == "r" else "user", account.handle or name)]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search accounts and communities of a name."""
        for path in ("users/search", "subreddits/search"):
            asked: dict[str, Any] = {"q": name, "limit": RESULTS, "raw_json": 1}
            thing = night.web.get(f"{BASE}/{path}", params=asked).decode(Thing)
            for row in _decode(night, thing.data, Listing).children:
                yield self._read(night, row)

    def _about(self, night: Night, space: str, name: str) -> Profile | No:
        url = f"{BASE}/{space}/{quote(name, safe='')}/about"
        answer = night.web.get(url, params={"raw_json": 1}, accept=(200, 403, 404))
        if answer.status == 200:
            return self._read(night, answer.decode(Thing))
        problem = answer.decode(Refused)
        if problem.reason == "banned":
            return night.profile(f"{space}/{name}", None, standing=Standing.SUSPENDED)
        if answer.status == 404:
            return No.NOT_FOUND
        if problem.reason is not None:
            return No.CLOSED
        advice = "See that Reddit's approval still stands and the app's secret is right"
        raise AccessRefused(answer.source, "Reddit refused the access (403)", advice)

    def _read(self, night: Night, thing: Thing) -> Profile | No:
        if thing.kind == "t2":
            return self._user(night, _decode(night, thing.data, User))
        if thing.kind == "t5":
            return self._community(night, _decode(night, thing.data, Community))
        if thing.kind == "Listing":
            return No.NOT_FOUND
        problem = "Reddit answered with an unknown `kind`"
        raise UnexpectedAnswer(night.access.source, problem, "Report it")

    def _user(self, night: Night, user: User) -> Profile | No:
        if user.hide_from_robots:
            return night.withhold(f"u/{user.name}")
        if user.id is None and not user.is_suspended:
            problem = "Reddit's field `id` of an account is gone"
            raise UnexpectedAnswer(night.access.source, problem, "Report it")
        page = user.subreddit or OwnPage()
        return night.profile(
            f"u/{user.name}",
            f"t2_{user.id}" if user.id else None,
            display_name=page.title or None,
            bio=page.public_description or None,
            created_on=_day(user.created_utc),
            followers=page.subscribers,
            kind=ProfileKind.PERSON,
            standing=Standing.SUSPENDED if user.is_suspended else None,
        )

    def _community(self, night: Night, one: Community) -> Profile | No:
        return night.profile(
            f"r/{one.display_name}",
            one.name,
            display_name=one.title,
            bio=one.public_description or None,
            created_on=_day(one.created_utc),
            followers=one.subscribers,
            kind=ProfileKind.GROUP,
        )

    def _agent(self) -> str:
        return f"python:{PRODUCT}:1 (by /u/{self.options['username']})"


def _decode(night: Night, raw: msgspec.Raw, kind: type[Any]) -> Any:
    from connectors.web import Answer

    return Answer(200, "", {}, bytes(raw), source=night.access.source).decode(kind)


def _day(seconds: float | None) -> date | None:
    if seconds is None or not 0 <= seconds < 4e9:
        return None
    return datetime.fromtimestamp(seconds, UTC).date()
