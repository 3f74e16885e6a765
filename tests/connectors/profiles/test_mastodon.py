"""Mastodon: several servers, known accounts on their own one, and wishes not to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from connectors import fediverse
from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.fediverse import read_html
from connectors.profiles.mastodon import Mastodon
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, ProfileKind, Standing
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.mastodon import RECORDED, FakeServer, FediverseServer, a_field, an_account
from tests.fakes.web_server import HTML, LOOPBACK, FakeTimer, json_reply

SCHOOL, CONTROL = "Maple Falls High School", "Zqabc Xvdef School"
HERE, THERE = "social.example", "other.example"
HIGH = "maplefallshigh"
PROVEN = "2024-01-01T00:00:00.000Z"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FediverseServer]:
    with FediverseServer() as server:
        account = an_account(HIGH, display_name=SCHOOL)
        server.hosts = {
            HERE: FakeServer([account], {SCHOOL: [account]}),
            THERE: FakeServer(),
        }
        monkeypatch.setattr(fediverse, "BASE", server.base)
        yield server


def a_connector(
    bookmark: bytes | None = None, options: dict[str, Any] | None = None, **questions: Any
) -> Mastodon:
    asked = {"names": (SCHOOL,), "control": CONTROL} | questions
    given = {"servers": [HERE], "searches_a_night": 30} | (options or {})
    return Mastodon(an_access(given, web=LOOPBACK, bookmark=bookmark, questions=Questions(**asked)))


def known(account: str) -> KnownAccount:
    user, _, host = account.partition("@")
    url = f"https://{host}/@{user}"
    return KnownAccount(AccountKey("mastodon", account), user, url)


def found(harvest: Harvest) -> dict[str, Profile]:
    return {profile.account_id: profile for profile in harvest.profiles}


def only(server: FediverseServer, **changes: Any) -> None:
    server.hosts[HERE].accounts[0] |= changes


class TestMastodonContract(ConnectorContract):
    @pytest.fixture
    def connector(self, server: FediverseServer) -> Mastodon:
        return a_connector(accounts=(known(f"{HIGH}@{HERE}"),))

    @pytest.fixture
    def broken(self, server: FediverseServer) -> Sequence[Mastodon]:
        server.hosts[HERE].status = 503
        server.hosts[THERE].has_api = False
        return [a_connector(), a_connector(options={"servers": [HERE, THERE]})]

    @pytest.fixture
    def hostile(self, server: FediverseServer) -> Callable[[str], Mastodon]:
        def give(text: str) -> Mastodon:
            only(server, display_name=text, note=text, fields=[a_field(text, name=text)])
            return a_connector()

        return give


# What is read


def test_the_recorded_answer_is_read_whole(server):
    server.hosts[HERE].found[SCHOOL] = RECORDED["search"]["accounts"]
    (profile,) = a_connector().fetch().profiles
    assert profile.key == AccountKey("mastodon", f"{HIGH}@{HERE}")
    assert profile.url == f"https://{HERE}/@{HIGH}"
    assert (profile.display_name, profile.followers) == (SCHOOL, 0)
    assert profile.bio == "Go Herons\nbread: toasty.\nlasagna: no!!!"
    assert profile.created_on == date(2026, 8, 1)


def test_an_account_of_another_server_keeps_its_own(server):
    server.hosts[HERE].found[SCHOOL] = [an_account("news", acct=f"news@{THERE}", group=True)]
    (profile,) = a_connector().fetch().profiles
    assert profile.key.account == f"news@{THERE}"
    assert profile.kind is ProfileKind.GROUP


@pytest.mark.parametrize(
    ("links", "website", "verified"),
    [
        ([(f"https://www.{DOMAIN}/hs", PROVEN)], f"https://www.{DOMAIN}/hs", True),
        ([(f"https://{DOMAIN}", None)], f"https://{DOMAIN}", None),
        ([("https://x.example", PROVEN)], "https://x.example", None),
        (
            [("https://x.example", PROVEN), (f"https://{DOMAIN}", None)],
            f"https://{DOMAIN}",
            None,
        ),
        (
            [(f"https://{DOMAIN}/a", None), (f"https://{DOMAIN}/b", PROVEN)],
            f"https://{DOMAIN}/b",
            True,
        ),
        ([(f"https://{DOMAIN}.evil.example", PROVEN)], f"https://{DOMAIN}.evil.example", None),
        ([("just text", None)], None, None),
        ([], None, None),
    ],
)
def test_only_a_link_proven_by_the_districts_own_site_verifies(server, links, website, verified):
    only(server, fields=[a_field(*link) for link in links])
    (profile,) = a_connector().fetch().profiles
    assert (profile.website, profile.verified) == (website, verified)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Go<br />Herons</p><p>Mail: ida&#64;x.example</p>", "Go\nHerons\nMail: ida@x.example"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("a < b & c > d", "a < b & c > d"),
        ("<" * 5_000, "<" * 5_000),
        ("<a" * 5_000, "<a" * 5_000),
        ("", ""),
    ],
)
def test_markup_becomes_text(markup, text):
    assert read_html(markup) == text


# Known accounts


def test_a_known_account_is_looked_at_on_its_own_server(server):
    server.hosts[THERE].accounts = [an_account("news")]
    harvest = a_connector(accounts=(known(f"news@{THERE}"),), names=()).fetch()
    assert set(found(harvest)) == {f"news@{THERE}"}
    assert {path.split("/")[1] for path in server.paths} == {THERE}


def test_the_apis_own_word_is_not_found(server):
    account = known(f"gone@{THERE}")
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert harvest.not_found == (account.key,)


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"suspended": True}, Standing.SUSPENDED),
        ({"moved": an_account("new", acct=f"new@{THERE}")}, Standing.LEFT),
        ({"moved": None}, None),
    ],
)
def test_suspended_and_moved_accounts_are_not_gone(server, changes, standing):
    only(server, **changes)
    account = known(f"{HIGH}@{HERE}")
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert found(harvest)[f"{HIGH}@{HERE}"].standing is standing
    assert (f"new@{THERE}" in found(harvest)) is (standing is Standing.LEFT)
    assert harvest.not_found == ()


@pytest.mark.parametrize("how", ["401", "403", "no api", "a site"])
@pytest.mark.parametrize(
    ("finger", "is_gone", "standing"),
    [(200, False, None), (404, True, None), (410, False, Standing.SUSPENDED)],
)
def test_where_the_look_up_is_closed_webfinger_tells(server, how, finger, is_gone, standing):
    host = server.hosts[THERE]
    host.status, host.has_api = int(how) if how.isdigit() else 200, how != "no api"
    host.is_site, host.fingers = how == "a site", {"news": finger}
    account = known(f"news@{THERE}")
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert (account.key in harvest.not_found) is is_gone
    assert [profile.standing for profile in harvest.profiles] == ([] if is_gone else [standing])
    assert harvest.gaps == ()


def test_webfinger_about_another_account_is_a_gap(server):
    host = server.hosts[THERE]
    host.status, host.fingers, host.subject = 401, {"news": 200}, f"acct:else@{THERE}"
    harvest = a_connector(accounts=(known(f"news@{THERE}"),), names=()).fetch()
    assert harvest.profiles == ()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_is_a_gap_and_never_not_found(server, status):
    server.hosts[THERE].status = status
    accounts = (known(f"news@{THERE}"), known(f"{HIGH}@{HERE}"))
    harvest = a_connector(accounts=accounts).fetch()
    assert harvest.not_found == ()
    assert harvest.gaps == ("Known accounts that could not be looked at on their own servers: 1.",)
    assert set(found(harvest)) == {f"{HIGH}@{HERE}"}


def test_a_known_account_without_a_server_is_a_gap(server):
    account = KnownAccount(AccountKey("mastodon", "../x"), None, None)
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


# Wishes


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"noindex": True}, "accounts that ask not to be indexed"),
        ({"discoverable": False}, "accounts that ask not to be discovered"),
    ],
)
def test_an_account_that_asks_not_to_be_found_is_dropped_and_counted_once(server, wish, reason):
    only(server, **wish)
    (account,) = server.hosts[HERE].accounts
    server.hosts[HERE].found["Maple Falls"] = [account]
    server.hosts[THERE].found[SCHOOL] = [account | {"acct": f"{HIGH}@{HERE}"}]
    servers = {"servers": [HERE, THERE]}
    harvest = a_connector(None, servers, names=(SCHOOL, "Maple Falls")).fetch()
    assert harvest.profiles == ()
    assert harvest.dropped == {reason: 1}
    assert "Herons" not in repr(harvest)


def test_a_known_account_need_not_be_discoverable_but_must_allow_indexing(server):
    accounts = (known(f"{HIGH}@{HERE}"),)
    only(server, discoverable=False)
    assert len(a_connector(accounts=accounts, names=()).fetch().profiles) == 1
    only(server, noindex=True)
    harvest = a_connector(accounts=accounts, names=()).fetch()
    assert (harvest.profiles, harvest.not_found) == ((), ())


# Searches


def test_every_server_is_searched_and_an_account_counts_once(server):
    account = an_account(HIGH, acct=f"{HIGH}@{HERE}")
    server.hosts[THERE].found = {SCHOOL: [account]}
    harvest = a_connector(options={"servers": [HERE, THERE.upper()]}).fetch()
    assert len(harvest.profiles) == 1
    assert server.searched(HERE) == server.searched(THERE) == [CONTROL, SCHOOL]


def test_a_search_that_finds_the_control_is_distrusted(server):
    server.hosts[HERE].found[CONTROL] = [an_account("any")]
    harvest = a_connector().fetch()
    assert server.searched(HERE) == [CONTROL]
    assert harvest.profiles == ()
    assert "not trusted" in harvest.gaps[0]


def test_names_take_turns(server):
    names = ("A", "B", "C")
    first = a_connector(None, {"searches_a_night": 2}, names=names).fetch()
    server.asked.clear()
    a_connector(first.bookmark, {"searches_a_night": 2}, names=names).fetch()
    assert server.searched(HERE) == [CONTROL, "C"]


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_server_that_lets_no_visitor_search_is_left_out(server, status):
    server.hosts[THERE].status = status
    harvest = a_connector(options={"servers": [THERE, HERE]}).fetch()
    assert "1 of 2 servers let no visitor search." in harvest.notes
    assert harvest.gaps == ()
    assert server.searched(THERE) == [CONTROL]
    with pytest.raises(AccessRefused, match="none of the servers"):
        a_connector(options={"servers": [THERE]}).fetch()


def test_a_server_that_fails_is_a_gap_while_another_answers(server):
    server.hosts[THERE].status = 503
    harvest = a_connector(options={"servers": [THERE, HERE]}).fetch()
    assert harvest.gaps == ("1 of 2 servers could not be searched.",)
    assert len(harvest.profiles) == 1


# Faults


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (json_reply({"error": "Too many"}, 429, Retry_After="3600"), RateLimited, "429"),
        (json_reply({"error": "Remote data could not be fetched"}, 503), SourceUnavailable, "503"),
        (HTML, UnexpectedAnswer, "web page"),
        (json_reply({"hashtags": []}), UnexpectedAnswer, "accounts"),
    ],
)
def test_each_fault_is_one_clear_sentence(server, fault, error, words):
    server.answer = lambda _: fault
    with pytest.raises(error, match=words):
        a_connector().fetch()


@pytest.mark.parametrize("field", ["acct", "display_name", "note", "created_at", "fields"])
def test_a_field_that_is_gone_is_named(server, field):
    del server.hosts[HERE].accounts[0][field]
    with pytest.raises(UnexpectedAnswer, match=field):
        a_connector().fetch()


@pytest.mark.parametrize(
    "servers",
    [[], [""], ["https://social.example"], ["social.example/x"], ["localhost"], ["10.0.0.1"],
     [1], ["a b.example"], [f"s{n}.example" for n in range(11)]],
)  # fmt: skip
def test_what_is_no_list_of_hosts_is_refused(servers):
    with pytest.raises(NotConfigured):
        a_connector(options={"servers": servers})


def test_calls_stay_within_300_in_five_minutes(server, monkeypatch):
    timer, times = FakeTimer(), []
    monkeypatch.setattr("connectors.pacing.TIMER", timer)
    plain = server.answer

    def note(asked):
        times.append(timer.now)
        return plain(asked)

    server.answer = note
    names = tuple(f"n{n}" for n in range(350))
    harvest = a_connector(None, {"searches_a_night": 350}, names=names).fetch()
    assert harvest.calls == len(times) == 351
    assert all(sum(start <= at < start + 300 for at in times) <= 300 for start in times)


# audit doctor


def test_doctor_tells_what_each_server_runs_and_lets_visitors_do(server):
    server.hosts[THERE].status = 401
    server.hosts["down.example"] = FakeServer(status=503)
    server.hosts["bare.example"] = FakeServer(has_api=False)
    options = {"servers": [HERE, THERE, "down.example", "bare.example"]}
    checks = list(a_connector(options=options).check())
    assert [check.state for check in checks] == [
        CheckState.GOOD,
        CheckState.WARNING,
        CheckState.BAD,
        CheckState.BAD,
    ]
    assert checks[0].seen == "mastodon 4.6.4"
    assert "no visitor" in checks[1].seen
    assert checks[3].seen == "mastodon 4.6.4; bare.example has no search as Mastodon has it"
    assert "Take it out of 'servers'" in checks[3].advice


def test_a_nodeinfo_document_elsewhere_is_not_fetched(server):
    plain = server.answer

    def elsewhere(asked):
        if asked.path.endswith("/.well-known/nodeinfo"):
            return json_reply(RECORDED["nodeinfo links"])
        return plain(asked)

    server.answer = elsewhere
    (check,) = a_connector().check()
    assert check.seen == "software not told"


def test_calls_follow_the_formula_on_the_page(server):
    server.hosts[HERE].accounts.append(an_account("more"))
    accounts = (known(f"{HIGH}@{HERE}"), known(f"more@{HERE}"))
    options = {"servers": [HERE, THERE]}
    harvest = a_connector(None, options, accounts=accounts, names=("A", "B", "C")).fetch()
    assert harvest.calls == 2 * (3 + 1) + 2
