"""Breaches of the district's domains: what is asked, what may be said, what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from connectors.breach import have_i_been_pwned
from connectors.breach.have_i_been_pwned import HaveIBeenPwned
from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.records import Grade, Harvest, Way
from connectors.source import CheckState
from tests.builders import DOMAIN, NOW, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.hibp import KEY, HaveIBeenPwnedServer, a_breach, plain
from tests.fakes.web_server import HTML, LOOPBACK, FakeTimer, Reply, json_reply

STUDENTS = f"students.{DOMAIN}"


@pytest.fixture
def hibp(timer: FakeTimer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HaveIBeenPwnedServer]:
    with HaveIBeenPwnedServer() as server:
        server.breaches = [
            a_breach("Tumblr", "tumblr.com", Title="tumblr", BreachDate="2013-02-28"),
            a_breach("SomeShop", "shop.example"),
            a_breach("BigList", "", Title="Big List"),
        ]
        server.domains = {DOMAIN: {"ida.marsh": ["Tumblr", "SomeShop"], "omar.reed": ["BigList"]}}
        monkeypatch.setattr(have_i_been_pwned, "BASE", server.base)
        yield server


def a_connector(bookmark: bytes | None = None, nights: int = 0, **options: Any) -> HaveIBeenPwned:
    changes: dict[str, Any] = {
        name: options.pop(name) for name in ("domains", "web") if name in options
    }
    changes = {"web": LOOPBACK, "bookmark": bookmark, "now": NOW + timedelta(days=nights)} | changes
    given = {"key": KEY, "student_domains": [STUDENTS], "student_patterns": []} | options
    return HaveIBeenPwned(an_access(given, **changes))


def paths(server: HaveIBeenPwnedServer) -> list[str]:
    return [path.removeprefix("/api/v3/") for path in server.paths]


def said(harvest: Harvest) -> list[tuple[str, str, Grade]]:
    return [(use.address, use.site, use.grade) for use in harvest.uses]


class TestHaveIBeenPwnedContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, hibp: HaveIBeenPwnedServer) -> HaveIBeenPwned:
        return a_connector()

    @pytest.fixture
    def broken(self, hibp: HaveIBeenPwnedServer) -> Sequence[HaveIBeenPwned]:
        hibp.key = "f" * 32
        return [a_connector()]

    @pytest.fixture
    def hostile(self, hibp: HaveIBeenPwnedServer) -> Callable[[str], HaveIBeenPwned]:
        def give(text: str) -> HaveIBeenPwned:
            hibp.breaches[0]["Title"] = text
            return a_connector()

        return give


# What is said


def test_a_breach_of_a_social_site_is_grade_c(hibp):
    use = next(use for use in a_connector().fetch().uses if use.grade is Grade.C)
    assert use.address == f"ida.marsh@{DOMAIN}"
    assert (use.site, use.way) == ("tumblr", Way.BREACH)
    assert use.occurred_on == date(2013, 2, 28)
    assert use.url == "https://haveibeenpwned.com/Breach/Tumblr"
    assert use.statement == (
        'Have I Been Pwned lists the address in the breach "tumblr" of 2013-02-28'
    )


def test_a_list_of_no_site_is_grade_d_and_other_sites_are_counted(hibp):
    harvest = a_connector().fetch()
    assert said(harvest) == [
        (f"ida.marsh@{DOMAIN}", "tumblr", Grade.C),
        (f"omar.reed@{DOMAIN}", "haveibeenpwned.com", Grade.D),
    ]
    assert harvest.dropped == {"entries of breaches of sites that are no social site": 1}


@pytest.mark.parametrize("flag", ["IsMalware", "IsStealerLog"])
def test_what_malware_gathered_proves_no_account(hibp, flag):
    hibp.breaches[0][flag] = True
    assert {grade for *_, grade in said(a_connector().fetch())} == {Grade.D}


@pytest.mark.parametrize(
    "flags",
    [
        {"IsSensitive": True},
        {"IsVerified": False},
        {"IsFabricated": True},
        {"IsRetired": True},
        {"IsSpamList": True},
    ],
)
def test_some_breaches_are_never_stored_by_name(hibp, flags):
    hibp.breaches[0] |= {"Name": "Hidden", "Title": "Hush", **flags}
    hibp.domains[DOMAIN] = {"ida.marsh": ["Hidden"]}
    harvest = a_connector().fetch()
    assert harvest.uses == ()
    assert harvest.dropped == {"entries of breaches that are never stored by name": 1}
    assert b"Hidden" not in (harvest.bookmark or b"")
    assert b"ida" not in (harvest.bookmark or b"")
    for hidden in ("Hidden", "Hush", "ida.marsh"):
        assert hidden not in repr(harvest)


def test_a_breach_that_the_catalogue_does_not_know_is_counted(hibp):
    hibp.domains[DOMAIN] = {"ida.marsh": ["Unheard"]}
    harvest = a_connector().fetch()
    assert harvest.uses == ()
    assert harvest.dropped == {"entries of breaches that the catalogue does not describe": 1}


def test_the_data_is_credited(hibp):
    assert "CC BY 4.0" in " ".join(a_connector().fetch().notes)


def test_no_breached_address_is_an_answer(hibp):
    hibp.domains[DOMAIN] = {}
    harvest = a_connector().fetch()
    assert (harvest.uses, harvest.dropped) == ((), {})


# Students


def test_student_domains_are_not_asked(hibp):
    hibp.domains[STUDENTS] = {"pupil": ["Tumblr"]}
    harvest = a_connector(domains=(DOMAIN, STUDENTS)).fetch()
    assert f"breacheddomain/{STUDENTS}" not in paths(hibp)
    assert "pupil" not in repr(harvest)


def test_student_addresses_are_dropped_and_counted(hibp):
    hibp.domains[DOMAIN] = {
        f"pupil@{STUDENTS}": ["Tumblr"],
        "27jdoe": ["Tumblr"],
        "Ida.Marsh": ["Tumblr"],
    }
    harvest = a_connector(student_patterns=["[0-9][0-9]*"]).fetch()
    assert said(harvest) == [(f"Ida.Marsh@{DOMAIN}", "tumblr", Grade.C)]
    assert harvest.dropped == {"student addresses": 2}
    assert b"27jdoe" not in (harvest.bookmark or b"")


def test_without_a_way_to_tell_students_nothing_is_kept_between_nights(hibp):
    assert a_connector(student_domains=[]).fetch().bookmark is None


@pytest.mark.parametrize("alias", ["", "a b", "x@evil.example", "@", "a\nb", "x" * 300])
def test_what_is_no_address_of_the_district_is_counted(hibp, alias):
    hibp.domains[DOMAIN] = {alias: ["Tumblr"]}
    harvest = a_connector().fetch()
    assert harvest.uses == ()
    assert harvest.dropped == {"entries that are no address": 1}


# Calls


def test_calls_follow_the_formula(hibp):
    other = "maplefalls.test"
    hibp.domains[other] = {"ida.marsh": ["Tumblr"]}
    harvest = a_connector(domains=(DOMAIN, other)).fetch()
    assert paths(hibp) == [
        "latestbreach",
        "subscription/status",
        "subscribeddomains",
        "breaches",
        f"breacheddomain/{DOMAIN}",
        f"breacheddomain/{other}",
    ]
    assert harvest.calls == 4 + 2
    page = Path(__file__).parents[2] / "docs/setup/have_i_been_pwned.md"
    assert "4 + D" in page.read_text()


def test_the_key_goes_only_where_it_is_needed(hibp):
    a_connector().fetch()
    keyed = {asked.path for asked in hibp.asked if "hibp-api-key" in asked.headers}
    assert {"/api/v3/latestbreach", "/api/v3/breaches"}.isdisjoint(keyed)
    assert all(asked.headers["user-agent"] for asked in hibp.asked)


def test_keyed_calls_stay_within_ten_a_minute(hibp, timer):
    more = [f"d{n}.example" for n in range(20)]
    times: list[float] = []
    answer = hibp.answer

    def note(asked):
        if "hibp-api-key" in asked.headers:
            times.append(timer.now)
        return answer(asked)

    hibp.answer = note
    hibp.domains |= {name: {} for name in more}
    a_connector(domains=(DOMAIN, *more)).fetch()
    assert len(times) == 23
    assert all(sum(start <= at < start + 60 for at in times) <= 10 for start in times)


def test_a_quiet_night_is_one_call_and_gives_the_same(hibp):
    first = a_connector().fetch()
    hibp.asked.clear()
    second = a_connector(first.bookmark, nights=3).fetch()
    assert paths(hibp) == ["latestbreach"]
    assert second.calls == 1
    assert second.uses == first.uses
    assert second.dropped == first.dropped
    assert second.bookmark == first.bookmark
    assert any("2024-03-14" in note for note in second.notes)


def _new_breach(hibp: HaveIBeenPwnedServer) -> None:
    hibp.breaches.append(a_breach("Newer", "", AddedDate="2024-03-14T20:00:00Z"))


@pytest.mark.parametrize(
    "change",
    [
        {"nights": 7},
        {"nights": -1},
        {"domains": (DOMAIN, "maplefalls.test")},
        {"student_patterns": ["27*"]},
    ],
)
def test_everything_is_read_again_when_the_question_changed_or_a_week_passed(hibp, change):
    hibp.domains["maplefalls.test"] = {}
    bookmark = a_connector().fetch().bookmark
    hibp.asked.clear()
    a_connector(bookmark, **change).fetch()
    assert f"breacheddomain/{DOMAIN}" in paths(hibp)


def test_a_new_breach_is_read_the_night_it_appears(hibp):
    bookmark = a_connector().fetch().bookmark
    _new_breach(hibp)
    hibp.domains[DOMAIN]["vi.stone"] = ["Newer"]
    harvest = a_connector(bookmark, nights=1).fetch()
    assert f"vi.stone@{DOMAIN}" in [use.address for use in harvest.uses]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b"[1]", b'{"version": 2}'])
def test_a_bookmark_of_another_shape_is_ignored(hibp, damage):
    assert len(a_connector(damage).fetch().uses) == 2


def test_a_bookmark_of_another_version_is_ignored(hibp):
    bookmark = msgspec.json.decode(a_connector().fetch().bookmark or b"")
    hibp.asked.clear()
    a_connector(msgspec.json.encode(bookmark | {"version": 0})).fetch()
    assert len(hibp.asked) == 5


# Faults


@pytest.mark.parametrize(
    ("at", "fault", "error", "words"),
    [
        (0, plain(404), UnexpectedAnswer, "404"),
        (0, HTML, UnexpectedAnswer, "web page"),
        (0, json_reply({"Name": "X"}), UnexpectedAnswer, "AddedDate"),
        (1, json_reply({"statusCode": 401, "message": "x"}, 401), AccessRefused, "key"),
        (1, plain(403, "nothing"), AccessRefused, "domain search"),
        (2, plain(403, "nothing"), AccessRefused, "domain search"),
        (2, json_reply([{"Name": DOMAIN}]), UnexpectedAnswer, "DomainName"),
        (2, json_reply([]), AccessRefused, f"{DOMAIN} is not verified"),
        (2, plain(404), AccessRefused, f"{DOMAIN} is not verified"),
        (3, json_reply([a_breach("A", "") | {"BreachDate": "soon"}]), UnexpectedAnswer, "BreachD"),
        (3, json_reply([{"Name": "A"}]), UnexpectedAnswer, "Title"),
        (4, plain(401, "Unauthorised"), AccessRefused, "401"),
        (4, plain(403, "not verified"), AccessRefused, "refused"),
        (4, json_reply({"ida": "Tumblr"}), UnexpectedAnswer, "array"),
        (4, json_reply({}, 429, Retry_After="3600"), RateLimited, "429"),
        (4, Reply(headers={"Content-Encoding": "gzip"}, body=b"?"), None, ""),
        (4, plain(503), None, ""),
        (4, json_reply({}, 429, Retry_After="2"), None, ""),
    ],
)
def test_each_fault_is_one_clear_sentence_or_got_over(hibp, at, fault, error, words):
    answer, count = hibp.answer, iter(range(100))
    hibp.answer = lambda asked: fault if next(count) == at else answer(asked)
    if error is None:
        assert len(a_connector().fetch().uses) == 2
        return
    with pytest.raises(error, match=words) as caught:
        a_connector().fetch()
    assert KEY not in str(caught.value)


def test_a_lasting_outage_is_unavailable(hibp):
    hibp.answer = lambda asked: plain(503)
    with pytest.raises(SourceUnavailable):
        a_connector().fetch()


def test_a_subscription_that_is_too_small_says_so(hibp):
    hibp.subscription["DomainSearchMaxBreachedAccounts"] = 1
    with pytest.raises(AccessRefused, match="2 breached addresses, the subscription 1"):
        a_connector().fetch()
    assert f"breacheddomain/{DOMAIN}" not in paths(hibp)


def test_the_count_at_the_renewal_is_the_one_that_counts(hibp):
    hibp.subscription["DomainSearchMaxBreachedAccounts"] = 1
    hibp.at_renewal = 1
    assert len(a_connector().fetch().uses) == 2


@pytest.mark.parametrize("key", ["", "short", KEY + "0", "g" * 32, "Bearer x"])
def test_a_key_that_is_none_is_not_sent(key):
    with pytest.raises(NotConfigured) as caught:
        a_connector(key=key)
    assert not key or key not in str(caught.value)


def test_domains_are_needed():
    with pytest.raises(NotConfigured):
        a_connector(domains=())
    with pytest.raises(NotConfigured):
        a_connector(domains=(STUDENTS,))


# audit doctor


def states(connector: HaveIBeenPwned) -> dict[str, CheckState]:
    return {check.name: check.state for check in connector.check()}


def test_doctor_finds_all_well(hibp):
    hibp.answer = _dated(hibp.answer, "Thu, 14 Mar 2024 04:31:00 GMT")
    assert states(a_connector()) == {
        "key": CheckState.GOOD,
        "subscription": CheckState.GOOD,
        f"domain {DOMAIN}": CheckState.GOOD,
        "clock": CheckState.GOOD,
    }
    assert not any("breacheddomain" in path for path in paths(hibp))


def _dated(answer: Callable[..., Reply], date: str) -> Callable[..., Reply]:
    def dated(asked: Any) -> Reply:
        reply = answer(asked)
        return Reply(reply.status, reply.headers | {"Date": date}, reply.body)

    return dated


def test_doctor_names_each_trouble_and_the_page(hibp):
    hibp.answer = _dated(hibp.answer, "Thu, 14 Mar 2024 05:30:00 GMT")
    checks = {check.name: check for check in a_connector(domains=(DOMAIN, "b.example")).check()}
    assert checks["clock"].state is CheckState.WARNING
    assert "60 minutes" in checks["clock"].seen
    assert checks["domain b.example"].state is CheckState.BAD
    assert "Dashboard, Domains" in checks["domain b.example"].advice
    hibp.key = "f" * 32
    wrong = list(a_connector().check())
    assert (wrong[0].name, wrong[0].state) == ("key", CheckState.BAD)
    assert "Dashboard, API Key" in wrong[0].advice
    assert all(KEY not in f"{check.seen} {check.advice}" for check in wrong)


@pytest.mark.parametrize("until", ["2024-03-20T00:00:00", "2024-03-20T00:00:00Z"])
def test_doctor_warns_before_the_subscription_ends(hibp, until):
    hibp.subscription["SubscribedUntil"] = until
    check = next(check for check in a_connector().check() if check.name == "subscription")
    assert check.state is CheckState.WARNING
    assert "2024-03-20" in check.seen
    assert len(a_connector().fetch().uses) == 2


def test_the_server_of_these_tests_has_the_fields_the_provider_documents(hibp):
    """Names from the schemas Breach and SubscriptionStatus of the provider's OpenAPI 3.0.3 text."""
    flags = "Verified Fabricated Sensitive Retired SpamList Malware SubscriptionFree StealerLog"
    required = "Name Title Domain BreachDate AddedDate ModifiedDate PwnCount Description"
    assert {
        *required.split(),
        *(f"Is{what}" for what in flags.split()),
        "DataClasses",
        "LogoPath",
    } <= set(a_breach("A", "a.example"))
    required = "SubscriptionName Description SubscribedUntil Rpm DomainSearchMaxBreachedAccounts"
    includes = "StealerLogs BulkDomainAdd AutoSubdomainVerification CustomerDomains KAnon"
    assert set(hibp.subscription) == {
        *required.split(),
        "MaxBreachedDomains",
        *(f"Includes{what}" for what in includes.split()),
    }
