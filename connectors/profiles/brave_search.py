"""Brave: accounts that a web search finds on platforms that have no search of their own.

Documentation https://api-dashboard.search.brave.com/app/documentation/web-search, rules
https://api-dashboard.search.brave.com/terms-of-service (reviewed 2026-11-22).  Needs a key; $5 for
1,000 queries, with $5 credit a month.  Limits obeyed: one query a second,
``queries_a_night``, ``spend_a_month``.

A result is a lead and no more: the account its address names is kept, nothing of the page, neither
title nor text, and no page found is opened.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.account_source import AccountSource
from connectors.errors import AccessRefused, NotConfigured, QuotaExhausted, UnexpectedAnswer
from connectors.platforms import Account, identify, platform_named, platforms
from connectors.pricing import Price
from connectors.profile_reading import ProfileReading
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import Harvest
    from connectors.source import Access

BASE = "https://api.search.brave.com/res/v1/web/search"
SEARCHED = ["facebook", "instagram", "tiktok", "pinterest", "snapchat", "linkedin", "reddit"]
RESULTS = 20
PRICE = Price(0.005, "query", "queries")
LONGEST_QUERY = 400


class Result(msgspec.Struct):
    """What is read of a result."""

    url: str


class Results(msgspec.Struct):
    """The rows of the web."""

    results: list[Result]


class Found(msgspec.Struct):
    """The answer; without ``web`` where nothing was found."""

    type: str
    web: Results | None = None


class BraveSearch(AccountSource):
    """Asks a web search for accounts, within a budget of queries."""

    per_second = 1.0
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_BRAND})
    settings = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="A subscription token from api-dashboard.search.brave.com.",
        ),
        Setting(
            "queries_a_night",
            int,
            required=False,
            about="Queries each night, in turn; 30 a night stay within the monthly credit.",
            default=30,
            enables=frozenset({Capability.PROFILES_BY_BRAND}),
        ),
        Setting(
            "platforms",
            list,
            required=False,
            about="Keys of the platforms searched.",
            default=SEARCHED,
        ),
        *PRICE.settings(a_night=None, a_month=5.0),
    )
    price = PRICE
    most_allowed: ClassVar = {"queries_a_night": 1_000}
    terms = Terms(
        platforms=tuple(SEARCHED),
        documentation="https://api-dashboard.search.brave.com/app/documentation/web-search",
        rules="https://api-dashboard.search.brave.com/terms-of-service",
        reviewed_on=date(2026, 11, 22),
        limits="One query a second, a nightly and a monthly budget; $0.005 a query.",
        never="It opens no page that is found and keeps neither title nor text of it.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Addresses of employees are not given to a web search.",
            Capability.PROFILES_BY_ACCOUNT: "A web search cannot say that an account is gone.",
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a platform that is none."""
        super().__init__(access)
        self._hosts: dict[str, str] = {}
        for name in self.options["platforms"]:
            platform = platform_named(name) if isinstance(name, str) else None
            if platform is None:
                problem = "the setting 'platforms' names one that is not known"
                raise NotConfigured(access.source, problem, f"Known are {', '.join(platforms())}")
            self._hosts[platform.key] = platform.hosts[0]

    def headers(self) -> dict[str, str]:
        """Send the key as a header."""
        return {"X-Subscription-Token": str(self.options["key"])}

    def fetch(self) -> Harvest:
        """Return the accounts that tonight's queries found.

        Raises AccessRefused, QuotaExhausted, RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        questions = self._access.questions
        most = self.affordable(int(self.options["queries_a_night"]))
        with WebSession(self._access, per_second=1.0, headers=self.headers()) as web:
            reading = ProfileReading(self._access, "")
            if most > 1 and questions.names and self._hosts:
                self._query(web, reading, most - 1)
            return reading.harvest(web.calls)

    def check(self) -> Iterator[Check]:
        """Try the key with one query."""
        with WebSession(self._access, headers=self.headers()) as web:
            self._ask(web, "site:example.org")
        yield Check("key", CheckState.GOOD, "accepted")

    def _query(self, web: WebSession, reading: ProfileReading, most: int) -> None:
        """Ask each name at each platform, as far as tonight's budget goes."""
        names = self._access.questions.names
        pairs = {f"{name}\n{key}": (name, key) for name in names for key in self._hosts}
        taken = reading.take("queries", tuple(pairs), most, "were asked")
        control = self._access.questions.control
        if taken and control and self._ask(web, f'"{control}"'):
            reading.distrust("queries")
            return
        for number, pair in enumerate(taken):
            if not self.affordable(1):
                reading.put_back("queries", taken[number:])
                return
            name, key = pairs[pair]
            plain = " ".join(name.replace('"', " ").split())
            for url in self._ask(web, f'"{plain}" site:{self._hosts[key]}'[:LONGEST_QUERY]):
                account = identify(url)
                if isinstance(account, Account) and account.platform == key:
                    reading.add(reading.begin(account))

    def _ask(self, web: WebSession, query: str) -> list[str]:
        asked: dict[str, str | int] = {
            "q": query,
            "count": RESULTS,
            "country": "us",
            "search_lang": "en",
            "result_filter": "web",
        }
        answer = web.get(BASE, params=asked, accept=(200, 401, 402, 403, 422))
        if answer.status == 402:
            advice = "Raise the limit at api-dashboard.search.brave.com, or ask fewer a night"
            raise QuotaExhausted(answer.source, "the credit at Brave is used up", advice)
        if answer.status != 200:
            advice = "Copy the key again from api-dashboard.search.brave.com"
            problem = f"Brave does not accept the key ({answer.status})"
            raise AccessRefused(answer.source, problem, advice)
        found = answer.decode(Found)
        if found.type != "search":
            problem = "Brave answered with another `type` than a search"
            raise UnexpectedAnswer(answer.source, problem, "Report it")
        return [row.url for row in found.web.results] if found.web else []
