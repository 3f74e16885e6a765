"""Stack Exchange: numbers in batches, names in turn, pauses kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors.errors import AccessRefused, QuotaExhausted, UnexpectedAnswer
from connectors.profiles import stack_exchange
from connectors.profiles.stack_exchange import StackExchange
from connectors.records import AccountKey
from connectors.source import Questions
from connectors.staff_addresses import hash_address
from tests.builders import DOMAIN
from tests.connectors.account_questions import CONTROL, access_for, asking, known
from tests.connectors.contract import ConnectorContract
from tests.fakes.platforms import PlatformServer
from tests.fakes.web_server import FakeTimer, Reply, json_reply

KEY = "stack-key-0123456789"
IDA = f"ida.marsh@{DOMAIN}"
NAMED = asking("stack_exchange", names=("Maple Fork",), addresses=(IDA,))


def a_user(number: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "user_id": number,
        "account_id": 9,
        "user_type": "registered",
        "display_name": "Maple Fork &amp; Friends",
        "creation_date": 1217514151,
        "profile_image": f"https://www.gravatar.com/avatar/{hash_address(IDA)}?s=256",
        "link": f"https://stackoverflow.com/users/{number}/maple-fork",
        "reputation": 1,
    }
    return fields | changes


class StackServer(PlatformServer):
    """Knows users by number; a search finds those of ``searches``."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[int, dict[str, Any]] = {}
        self.searches: dict[str, list[int]] = {}
        self.backoff, self.quota = 0, 299

    def _answer(self, asked: Any) -> Reply:
        query = asked.query
        if query.get("key", KEY) != KEY:
            refused = {"error_id": 400, "error_name": "bad_parameter"}
            return json_reply(refused | {"error_message": "`key` doesn't match"}, 400)
        ids = asked.path.partition("/users/")[2].split(";")
        numbers = self.searches.get(query["inname"], []) if "inname" in query else map(int, ids)
        items = [self.users[one] for one in numbers if one in self.users]
        page = {"items": items, "has_more": False, "quota_max": 300}
        page["quota_remaining"] = self.quota
        return json_reply(page | ({"backoff": self.backoff} if self.backoff else {}))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, timer: FakeTimer) -> Iterator[StackServer]:
    with StackServer() as server:
        server.users[7] = a_user(7)
        server.searches["Maple Fork"] = [7]
        monkeypatch.setattr(stack_exchange, "BASE", f"{server.url}/2.3")
        yield server


def a_source(questions: Questions = NAMED, **options: Any) -> StackExchange:
    return StackExchange(access_for(questions, {"key": KEY, **options}))


class TestStackExchangeContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, server: StackServer) -> StackExchange:
        return a_source()

    @pytest.fixture
    def broken(self, server: StackServer) -> Sequence[StackExchange]:
        return [a_source(key="another-wrong-key")]

    @pytest.fixture
    def hostile(self, server: StackServer) -> Callable[[str], StackExchange]:
        def give(text: str) -> StackExchange:
            server.users[7] = a_user(7, location=text)
            return a_source()

        return give


def test_a_user_becomes_a_profile_with_the_hash_of_a_staff_address(server):
    (profile,) = a_source().fetch().profiles
    assert profile.key == AccountKey("stack_exchange", "7")
    assert profile.url == "https://stackoverflow.com/users/7"
    assert profile.display_name == "Maple Fork & Friends"
    assert profile.address_hashes == (hash_address(IDA),)


def test_hashes_of_others_are_not_kept(server):
    other = hash_address("other@elsewhere.example")
    server.users[7] = a_user(7, profile_image=f"https://www.gravatar.com/avatar/{other}")
    assert a_source().fetch().profiles[0].address_hashes == ()


def test_known_numbers_are_asked_for_a_hundred_at_a_time(server):
    accounts = tuple(known("stack_exchange", None, str(n)) for n in range(1, 151))
    harvest = a_source(asking("stack_exchange", accounts=accounts)).fetch()
    assert harvest.calls == 2
    assert len(harvest.not_found) == 149
    assert [one.native_id for one in harvest.profiles] == ["7"]


def test_every_pause_asked_for_is_kept(server, timer):
    server.backoff = 11
    a_source().fetch()
    assert timer.slept.count(11) == 2


def test_a_search_that_finds_the_name_nobody_bears_is_not_trusted(server):
    server.searches[CONTROL] = [7]
    harvest = a_source().fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


def test_the_last_call_of_the_day_ends_the_night(server):
    server.quota = 0
    with pytest.raises(QuotaExhausted):
        a_source().fetch()


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (502, "throttle_violation", QuotaExhausted),
        (403, "access_denied", AccessRefused),
        (404, "no_method", UnexpectedAnswer),
    ],
)
def test_each_error_has_its_kind(server, number, name, kind):
    server.queue(json_reply({"error_id": number, "error_name": name}, 400))
    with pytest.raises(kind):
        a_source().fetch()


def test_a_field_that_is_gone_is_named(server):
    del server.users[7]["display_name"]
    with pytest.raises(UnexpectedAnswer, match="display_name"):
        a_source().fetch()
