"""Discourse: what forums show every visitor, within robots.txt, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import AccessRefused, NotConfigured, SourceUnavailable, UnexpectedAnswer
from connectors.profiles import discourse
from connectors.profiles.discourse import Discourse
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, Standing
from connectors.source import CheckState, Questions
from tests.builders import an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.discourse import (
    FakeForum,
    ForumServer,
    a_directory,
    a_hidden_user,
    a_user,
    refusal,
)
from tests.fakes.spec import misfits
from tests.fakes.web_server import HTML, LOOPBACK, FakeTimer, Reply, json_reply

SCHOOL, CONTROL = "Maple Falls High School", "Zqabc Xvdef School"
HERE, THERE = "forum.example", "board.example"
HIGH = "MapleFallsHigh"
SPEC = json.loads(
    (Path(__file__).parents[2] / "data" / "discourse" / "openapi.json").read_text("utf-8")
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForumServer]:
    with ForumServer() as server:
        user = a_user(HIGH, bio_excerpt="<p>Go <b>Herons</b></p>", location="Maple Falls, WI")
        server.hosts = {
            HERE: FakeForum({HIGH.casefold(): user}, {SCHOOL: [user]}),
            THERE: FakeForum(),
        }
        monkeypatch.setattr(discourse, "BASE", server.base)
        yield server


def a_connector(
    bookmark: bytes | None = None, options: dict[str, Any] | None = None, **questions: Any
) -> Discourse:
    asked = {"names": (SCHOOL,), "control": CONTROL} | questions
    given = {"servers": [HERE], "searches_a_night": 20, "lookups_a_night": 60} | (options or {})
    access = an_access(given, web=LOOPBACK, bookmark=bookmark, questions=Questions(**asked))
    return Discourse(access)


def known(account: str) -> KnownAccount:
    name, _, host = account.partition("@")
    url = f"https://{host}/u/{name}"
    return KnownAccount(AccountKey("discourse", account), name, url)


def found(harvest: Harvest) -> dict[str, Profile]:
    return {profile.account_id: profile for profile in harvest.profiles}


class TestDiscourseContract(ConnectorContract):
    @pytest.fixture
    def connector(self, server: ForumServer) -> Discourse:
        return a_connector(accounts=(known(f"maplefallshigh@{HERE}"),))

    @pytest.fixture
    def broken(self, server: ForumServer) -> Sequence[Discourse]:
        server.hosts[HERE].reply = Reply(503)
        server.hosts[THERE].reply = HTML
        return [a_connector(), a_connector(options={"servers": [HERE, THERE]})]

    @pytest.fixture
    def hostile(self, server: ForumServer) -> Callable[[str], Discourse]:
        def give(text: str) -> Discourse:
            server.hosts[HERE].users["maplefallshigh"] = a_user(HIGH, name=text, location=text)
            return a_connector()

        return give


# What is read


def test_an_account_found_by_name_is_read_whole(server):
    (profile,) = a_connector().fetch().profiles
    assert profile.key == AccountKey("discourse", f"maplefallshigh@{HERE}")
    assert profile.url == f"https://{HERE}/u/{HIGH}"
    assert (profile.display_name, profile.bio) == (SCHOOL, "Go Herons")
    assert (profile.location, profile.created_on) == ("Maple Falls, WI", date(2019, 8, 23))
    assert server.searched(HERE) == [CONTROL, SCHOOL]


def test_accounts_that_do_not_bear_the_whole_name_are_not_looked_at(server):
    ida = a_user("ida", name="Ida of Maple Falls")
    server.hosts[HERE].found = {SCHOOL: [ida], "Maple Falls Herons": [ida]}
    harvest = a_connector(names=(SCHOOL, "Maple Falls Herons")).fetch()
    assert harvest.profiles == ()
    assert harvest.dropped == {"accounts found by a name that they do not show": 1}
    assert server.looked_up(HERE) == ["system"]


def test_likely_names_are_looked_up_on_every_forum(server):
    server.hosts[THERE].users["mfhs"] = a_user("mfhs")
    handles = {"discourse": ("mfhs", "maplefallshs")}
    servers = {"servers": [HERE, THERE], "lookups_a_night": 1}
    harvest = a_connector(None, servers, handles=handles, names=()).fetch()
    assert set(found(harvest)) == {f"mfhs@{THERE}"}
    assert "1 of 2 handles were looked up; each has its turn within 2 nights." in harvest.notes
    assert server.looked_up(HERE)[0] == "mfhs"


def test_a_name_that_nobody_bears_is_searched_for_first(server):
    server.hosts[HERE].found[CONTROL] = [a_user("anybody")]
    harvest = a_connector().fetch()
    assert server.searched(HERE) == [CONTROL]
    assert harvest.profiles == ()
    assert "not trusted" in harvest.gaps[0]


def test_names_take_turns(server):
    options = {"searches_a_night": 2}
    first = a_connector(None, options, names=("A", "B", "C")).fetch()
    server.asked.clear()
    a_connector(first.bookmark, options, names=("A", "B", "C")).fetch()
    assert server.searched(HERE) == [CONTROL, "C"]


def test_a_profile_its_owner_hides_is_dropped_once_and_never_gone(server):
    server.hosts[HERE].users["maplefallshigh"] = a_hidden_user(HIGH)
    account = known(f"maplefallshigh@{HERE}")
    harvest = a_connector(accounts=(account,)).fetch()
    assert (harvest.profiles, harvest.not_found, harvest.gaps) == ((), (), ())
    assert harvest.dropped == {"accounts whose owners ask not to be listed": 1}


# What became of known accounts


def test_known_accounts_are_there_gone_suspended_or_on_forums_nobody_named(server):
    users = server.hosts[HERE].users
    users["badschool"] = a_user("badschool", suspended_till="2099-01-01T00:00:00.000Z")
    names = ("maplefallshigh", "goneschool", "badschool")
    accounts = [known(f"{name}@{HERE}") for name in names]
    elsewhere = known("goneschool@elsewhere.example")
    harvest = a_connector(accounts=(*accounts, elsewhere), names=()).fetch()
    assert found(harvest)[f"badschool@{HERE}"].standing is Standing.SUSPENDED
    assert found(harvest)[f"maplefallshigh@{HERE}"].standing is None
    assert harvest.not_found == (accounts[1].key,)
    assert harvest.dropped == {"accounts on forums that are not named": 1}


@pytest.mark.parametrize(
    "reply",
    [
        refusal(403, "not_logged_in"),
        refusal(404, "not_found"),
        Reply(404, HTML.headers, HTML.body),
        Reply(503),
        HTML,
        json_reply({"user": a_user("another")}),
    ],
)
def test_what_is_not_shown_is_not_gone(server, reply):
    server.hosts[THERE].reply = reply
    servers = {"servers": [HERE, THERE]}
    harvest = a_connector(None, servers, accounts=(known(f"gone@{THERE}"),), names=()).fetch()
    assert harvest.not_found == ()
    assert harvest.gaps[0] == "Known accounts that no forum showed: 1."


def test_an_account_whose_name_is_missing_beside_one_that_is_there(server):
    server.queue(Reply(404), json_reply({"user": a_user("another")}))
    account = known(f"maplefallshigh@{HERE}")
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert (harvest.profiles, harvest.not_found) == ((), ())
    assert len(harvest.gaps) == 1


# Forums that do not want it, or cannot


def test_robots_txt_is_obeyed(server):
    server.hosts[HERE].robots = "User-agent: *\nDisallow: /u/\n"
    account = known(f"goneschool@{HERE}")
    servers = {"servers": [HERE, THERE]}
    harvest = a_connector(None, servers, accounts=(account,)).fetch()
    assert server.looked_up(HERE) == []
    assert server.searched(HERE) == [CONTROL, SCHOOL]
    assert harvest.not_found == ()
    assert "1 of 2 forums show visitors no profile." in harvest.notes


def test_robots_txt_may_forbid_a_search_by_its_query(server):
    server.hosts[HERE].robots = "User-agent: *\nDisallow: /*name=\n"
    a_connector(handles={"discourse": ("maplefallshigh",)}).fetch()
    assert server.searched(HERE) == []
    assert "maplefallshigh" in server.looked_up(HERE)


@pytest.mark.parametrize("status", [402, 406, 418, 421])
def test_a_robots_txt_that_is_not_there_in_other_words_allows_everything(server, status):
    server.hosts[HERE].robots_status = status
    assert len(a_connector().fetch().profiles) == 1


def test_a_forum_that_names_our_agent_may_allow_what_it_forbids_others(server):
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: district-social-auditor\nAllow: /\n"
    server.hosts[HERE].robots = rules
    assert len(a_connector().fetch().profiles) == 1


def test_the_delay_of_robots_txt_is_kept(server, monkeypatch):
    timer = FakeTimer()
    monkeypatch.setattr("connectors.pacing.TIMER", timer)
    server.hosts[HERE].robots = "User-agent: *\nCrawl-delay: 4\n"
    a_connector().fetch()
    calls = len(server.asked) - 1
    assert sum(timer.slept) == pytest.approx(4 * (calls - 1), abs=0.5)


def test_a_forum_that_shows_visitors_nothing_is_a_refusal(server):
    server.hosts[HERE].shows_profiles = server.hosts[HERE].has_directory = False
    with pytest.raises(AccessRefused, match="none of the servers lets visitors search"):
        a_connector().fetch()


def test_without_a_directory_known_accounts_are_looked_at_all_the_same(server):
    server.hosts[HERE].has_directory = False
    harvest = a_connector(accounts=(known(f"maplefallshigh@{HERE}"),)).fetch()
    assert len(harvest.profiles) == 1
    assert "1 of 1 servers let no visitor search." in harvest.notes


def test_one_forum_that_fails_leaves_a_gap_and_its_names_their_turn(server):
    server.hosts[THERE].reply = Reply(503)
    servers = {"servers": [HERE, THERE]}
    harvest = a_connector(None, servers).fetch()
    assert len(harvest.profiles) == 1
    assert "1 of 2 servers could not be searched." in harvest.gaps
    server.asked.clear()
    a_connector(harvest.bookmark, servers).fetch()
    assert SCHOOL in server.searched(HERE)


def test_when_all_forums_fail_the_source_does(server):
    server.hosts[HERE].reply = Reply(503)
    with pytest.raises(SourceUnavailable):
        a_connector().fetch()


@pytest.mark.parametrize("gone", ["username", "name", "created_at"])
def test_a_field_that_is_gone_is_named(server, gone):
    user = server.hosts[HERE].users["maplefallshigh"]
    server.hosts[HERE].users["maplefallshigh"] = {k: v for k, v in user.items() if k != gone}
    with pytest.raises(UnexpectedAnswer, match=gone):
        a_connector().fetch()


@pytest.mark.parametrize(
    "servers", [[], ["https://forum.example"], ["localhost"], [f"f{n}.example" for n in range(11)]]
)
def test_what_is_no_host_name_is_refused(servers):
    with pytest.raises(NotConfigured, match="'servers'"):
        a_connector(options={"servers": servers})


def test_no_address_is_asked_for_and_none_sent(server):
    a_connector(addresses=("ida.marsh@maplefalls.example",)).fetch()
    assert all("@" not in one.target and "email" not in one.target for one in server.asked)


def test_check_tells_what_visitors_may_see(server):
    server.hosts["third.example"] = FakeForum(has_directory=False)
    server.hosts["fourth.example"] = FakeForum(reply=Reply(503))
    server.hosts[THERE].shows_profiles = False
    servers = [HERE, THERE, "third.example", "fourth.example"]
    checks = list(a_connector(options={"servers": servers}).check())
    assert [one.state for one in checks] == [
        CheckState.GOOD, CheckState.WARNING, CheckState.WARNING, CheckState.BAD,
    ]  # fmt: skip
    assert "no profile" in checks[1].seen
    assert "no directory" in checks[2].seen


# The published specification


def test_the_fake_answers_as_the_specification_says():
    schemas = SPEC["schemas"]
    page = a_directory([a_user(HIGH)])
    assert misfits(schemas["user"], a_user(HIGH)) == []
    assert misfits(schemas["directory"], page) == []
    assert misfits(schemas["directory_item"], page["directory_items"][0]) == []
    assert misfits(schemas["directory_user"], page["directory_items"][0]["user"]) == []
    assert misfits(schemas["directory_meta"], page["meta"]) == []


@pytest.mark.parametrize(
    ("schema", "kind"), [("user", discourse.User), ("directory_user", discourse.Row)]
)
def test_what_must_be_there_is_required_by_the_specification(schema, kind):
    needed = {one.encode_name for one in msgspec.structs.fields(kind) if one.required}
    assert needed <= set(SPEC["schemas"][schema]["required"])


def test_only_documented_parameters_are_sent(server):
    a_connector().fetch()
    documented = {one["name"]: one["schema"] for one in SPEC["parameters"]["/directory_items.json"]}
    (_, asked) = [one.query for one in server.asked if "directory" in one.path]
    assert set(asked) == {"period", "order", "name"}
    assert asked["period"] in documented["period"]["enum"]
    assert asked["order"] in documented["order"]["enum"]
