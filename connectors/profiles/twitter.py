"""X: known and likely accounts, for districts whose use X has approved in writing.

Documentation https://docs.x.com/x-api/users/lookup, rules
https://docs.x.com/developer-terms/agreement (reviewed 2026-11-22).  X asks anybody who works for a
government-related entity, as a public school district is, for an Enterprise plan and for its
approval: without a written reference to both this source does not start.  Each account read costs
$0.010, paid from a budget; limits obeyed: 100 accounts a call, 300 calls in 15 minutes.

Protected accounts are dropped and counted.  Never read: posts, likes, followers, lists, messages.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.account_source import LOOKUPS, AccountSource
from connectors.account_source import Absence as No
from connectors.errors import AccessRefused, QuotaExhausted, RateLimited, UnexpectedAnswer
from connectors.pricing import Price
from connectors.records import Profile, Standing
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.account_source import Night
    from connectors.platforms import Account

BASE = "https://api.x.com/2"
FIELDS = "created_at,description,location,name,protected,public_metrics,url,verified"
BATCH = 100
GONE = "resource-not-found"
PRICE = Price(0.010, "account read", "accounts read")


class Metrics(msgspec.Struct):
    """Counts of an account."""

    followers_count: int


class User(msgspec.Struct):
    """What is read of ``User``."""

    id: str
    name: str
    username: str
    created_at: datetime | None = None
    description: str | None = None
    location: str | None = None
    protected: bool = False
    public_metrics: Metrics | None = None
    url: str | None = None
    verified: bool | None = None


class Problem(msgspec.Struct):
    """What is read of ``Problem`` (RFC 7807); ``value`` is the name or id it is about."""

    title: str
    type: str
    detail: str = ""
    value: str | None = None


class Users(msgspec.Struct):
    """The answer to a look-up: those who are there, and what is wrong with the others."""

    data: list[User] = []
    errors: list[Problem] = []


class Twitter(AccountSource):
    """Reads accounts by name and id; refuses to start without X's approval."""

    platform = "twitter"
    probe = "XDevelopers"
    per_second = 0.33
    batch = BATCH
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="Apply for an Enterprise plan at docs.x.com, then give the app's bearer token.",
        ),
        Setting(
            "approval",
            str,
            required=True,
            about="The written reference (contract, ticket or letter and its date) of X's approval"
            " for use by a government-related entity; without one, list accounts by profile_file.",
        ),
        LOOKUPS,
        *PRICE.settings(a_night=2.0, a_month=30.0),
    )
    price = PRICE
    most_allowed: ClassVar = {"lookups_a_night": 2_000}
    terms = Terms(
        platforms=("twitter",),
        documentation="https://docs.x.com/x-api/users/lookup",
        rules="https://docs.x.com/developer-terms/agreement",
        reviewed_on=date(2026, 11, 22),
        limits="100 accounts a call, 300 calls in 15 minutes, $0.010 an account; handles take"
        " turns.",
        never="It does not start without X's written approval, and never reads posts, likes,"
        " followers or protected accounts.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "X has no search by address.",
            Capability.PROFILES_BY_BRAND: "X's search needs a user's sign-in, which a nightly run"
            " has not.",
        },
    )

    def headers(self) -> dict[str, str]:
        """Send the token as a header."""
        return {"Authorization": f"Bearer {self.options['token']}"}

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for ids together and for names together."""
        ids = [one.native_id for one in accounts if one.native_id]
        names = [one.handle for one in accounts if one.handle and not one.native_id]
        answers = self._ask(night, "users", "ids", ids)
        answers |= self._ask(night, "users/by", "usernames", names)
        asked = (one.native_id or (one.handle or "").lower() for one in accounts)
        return [answers.get(name, No.UNREACHABLE) for name in asked]

    def _ask(self, night: Night, path: str, by: str, values: list[str]) -> dict[str, Profile | No]:
        if not values:
            return {}
        asked: dict[str, str | int] = {by: ",".join(values), "user.fields": FIELDS}
        accepted = (200, 400, 402, 403, 429)
        answer = night.web.get(f"{BASE}/{path}", params=asked, accept=accepted, units=len(values))
        if answer.status != 200:
            problem = answer.decode(Problem)
            self._refuse(answer.source, answer.status, problem)
        users = answer.decode(Users)
        if not users.data and not users.errors:
            raise UnexpectedAnswer(
                answer.source, "X answered with neither data nor errors", "Report it"
            )
        found = {self._key(by, one): self._read(night, one) for one in users.data}
        for trouble in users.errors:
            value = (trouble.value or "").lower()
            found.setdefault(value, self._judge(night, by, value, trouble))
        return {value.lower(): found.get(value.lower(), No.UNCLEAR) for value in values}

    def _key(self, by: str, user: User) -> str:
        return user.id if by == "ids" else user.username.lower()

    def _judge(self, night: Night, by: str, value: str, trouble: Problem) -> Profile | No:
        if "suspended" in trouble.detail.lower():
            handle, native = (None, value) if by == "ids" else (value, None)
            return night.profile(handle, native, standing=Standing.SUSPENDED)
        return No.NOT_FOUND if trouble.type.endswith(GONE) else No.UNCLEAR

    def _refuse(self, source: str, status: int, problem: Problem) -> None:
        kind = problem.type.rpartition("/")[2]
        if status == 402 or kind in {"usage-capped", "credits"}:
            advice = "Add credits at console.x.com; the next night tries again"
            raise QuotaExhausted(source, "the credits or the cap at X are used up", advice)
        if status == 429:
            advice = "The next night tries again"
            raise RateLimited(source, "X asked us to slow down (429)", advice)
        if status == 403:
            advice = "See the app's plan and approval at console.x.com"
            raise AccessRefused(source, "X refused the access (403)", advice)
        raise UnexpectedAnswer(source, "X did not understand a request of ours", "Report it")

    def _read(self, night: Night, user: User) -> Profile | No:
        if user.protected:
            return night.withhold(user.username)
        return night.profile(
            user.username,
            user.id,
            display_name=user.name,
            bio=user.description or None,
            website=user.url or None,
            location=user.location,
            verified=user.verified,
            created_on=user.created_at.date() if user.created_at else None,
            followers=user.public_metrics.followers_count if user.public_metrics else None,
        )
