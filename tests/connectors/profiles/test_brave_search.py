"""Brave: a budget of queries in turn, and leads that are the account alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors.errors import AccessRefused, NotConfigured, QuotaExhausted, UnexpectedAnswer
from connectors.profiles import brave_search
from connectors.profiles.brave_search import BraveSearch
from connectors.source import Capability
from tests.connectors.account_questions import CONTROL, FakePurse, access_for, asking
from tests.connectors.contract import HOSTILE, ConnectorContract
from tests.fakes.platforms import PlatformServer
from tests.fakes.web_server import Reply, json_reply

KEY = "brave-token-0123456789"
FOUND = [
    "https://www.facebook.com/maplefork/",
    "https://www.facebook.com/maplefork/posts/12345678",
    "https://www.facebook.com/sharer/sharer.php?u=x",
    "https://evil.example/www.facebook.com/maplefork",
    "https://x.com/maplefork",
    "javascript:alert(1)",
]


class BraveServer(PlatformServer):
    """Answers every query with the rows of the site it asks about."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ("x-subscription-token", KEY)
        code = {"status": 422, "code": "SUBSCRIPTION_TOKEN_INVALID", "detail": "No."}
        self.refusal = json_reply({"type": "ErrorResponse", "error": code}, 422)
        self.rows: dict[str, list[str]] = {"facebook.com": FOUND}
        self.routes["/res/v1/web/search"] = self._search

    def _search(self, asked: Any) -> Reply:
        site = asked.query["q"].partition("site:")[2]
        rows = [
            {"title": "Maple Fork", "url": url, "description": "A page.", "is_source_local": False}
            for url in self.rows.get(site, [])
        ]
        whole: dict[str, Any] = {"type": "search", "query": {"original": asked.query["q"]}}
        return json_reply(whole | ({"web": {"type": "search", "results": rows}} if rows else {}))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BraveServer]:
    with BraveServer() as server:
        monkeypatch.setattr(brave_search, "BASE", f"{server.url}/res/v1/web/search")
        yield server


def a_source(
    *names: str, bookmark: bytes | None = None, purse: FakePurse | None = None, **options: Any
) -> BraveSearch:
    questions = asking("facebook", names=names or ("Maple Fork",))
    given = {"key": KEY, **options}
    return BraveSearch(access_for(questions, given, bookmark=bookmark, purse=purse))


def queries(server: BraveServer) -> list[str]:
    return [one.query["q"] for one in server.asked]


class TestBraveSearchContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, server: BraveServer) -> BraveSearch:
        return a_source()

    @pytest.fixture
    def broken(self, server: BraveServer) -> Sequence[BraveSearch]:
        return [a_source(key="another-wrong-key")]

    @pytest.fixture
    def hostile(self, server: BraveServer) -> Callable[[str], BraveSearch]:
        return lambda text: a_source(text)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_values_stay_text(self, hostile, text) -> None:  # type: ignore[override]
        """Nothing of a result is kept but the account, so hostile text stands nowhere."""
        assert [one.url for one in hostile(text).fetch().profiles] == [
            "https://www.facebook.com/maplefork"
        ]


def test_a_lead_is_the_account_and_nothing_of_the_page(server):
    (lead,) = a_source().fetch().profiles
    assert (lead.platform, lead.handle) == ("facebook", "maplefork")
    assert (lead.display_name, lead.bio, lead.website) == (None, None, None)


def test_queries_take_turns_within_the_budget(server):
    names = tuple(f"School {n}" for n in range(3))
    first = a_source(*names, queries_a_night=11).fetch()
    assert len(queries(server)) == 11
    assert queries(server)[0] == f'"{CONTROL}"'
    assert queries(server)[1] == '"School 0" site:facebook.com'
    assert any("10 of 21 queries were asked" in note for note in first.notes)
    server.asked.clear()
    a_source(*names, bookmark=first.bookmark, queries_a_night=11).fetch()
    assert queries(server)[1] == '"School 1" site:pinterest.com'


def test_the_queries_end_with_the_money_and_the_rest_waits(server):
    names = tuple(f"School {n}" for n in range(3))
    purse = FakePurse(6)
    first = a_source(*names, purse=purse).fetch()
    assert (len(queries(server)), purse.units) == (6, 0)
    assert any("5 of 21 queries were asked" in note for note in first.notes)
    server.asked.clear()
    a_source(*names, purse=FakePurse(2), bookmark=first.bookmark).fetch()
    assert queries(server)[1:] == ['"School 0" site:linkedin.com']
    server.asked.clear()
    a_source(*names, purse=FakePurse(1)).fetch()
    assert queries(server) == []


def test_what_another_attempt_cost_is_missing_in_the_end(server):
    names = tuple(f"School {n}" for n in range(3))
    server.queue(json_reply({}, 503))
    first = a_source(*names, purse=FakePurse(6)).fetch()
    assert len(queries(server)) == 6
    assert any("4 of 21 queries were asked" in note for note in first.notes)
    server.asked.clear()
    a_source(*names, purse=FakePurse(2), bookmark=first.bookmark).fetch()
    assert queries(server)[1:] == ['"School 0" site:snapchat.com']


def test_a_search_that_finds_the_name_nobody_bears_is_not_trusted(server):
    server.rows[""] = ["https://www.facebook.com/anything"]
    harvest = a_source().fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


def test_no_address_is_ever_searched_for(server):
    a_source().fetch()
    assert all("@" not in query for query in queries(server))
    assert Capability.PROFILES_BY_ADDRESS not in BraveSearch.capabilities


@pytest.mark.parametrize(
    ("status", "kind"), [(402, QuotaExhausted), (401, AccessRefused), (422, AccessRefused)]
)
def test_each_error_has_its_kind(server, status, kind):
    server.queue(json_reply({"type": "ErrorResponse"}, status))
    with pytest.raises(kind):
        a_source().fetch()


def test_a_field_that_is_gone_is_named(server):
    server.queue(json_reply({"type": "search", "web": {"rows": []}}))
    with pytest.raises(UnexpectedAnswer, match="results"):
        a_source().fetch()


def test_a_platform_that_is_not_known_is_refused(server):
    with pytest.raises(NotConfigured, match="platforms"):
        a_source(platforms=["orkut"])
