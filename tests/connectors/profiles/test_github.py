"""GitHub: known accounts first, then likely ones, names in turns, and public addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import github
from connectors.profiles.github import GitHub
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, ProfileKind, Standing
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.github import (
    NOT_FOUND,
    RATE_LIMIT,
    TOKEN,
    GitHubServer,
    a_row,
    a_user,
    an_organisation,
)
from tests.fakes.spec import misfits
from tests.fakes.web_server import HTML, LOOPBACK, FakeTimer, json_reply

IDA = f"ida.marsh@{DOMAIN}"
SCHOOL = "Maple Falls High School"
NAMED, BY_DOMAIN = f'"{SCHOOL}" in:name', f'"{DOMAIN}" in:email'
CONTROL = "Zqabc Xvdef School"
SPEC = json.loads((Path(__file__).parents[2] / "data/github/openapi.json").read_text())
SCHEMAS = SPEC["components"]["schemas"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        server.accounts = [
            an_organisation("MapleFallsHS", 11, name=SCHOOL, is_verified=True),
            a_user("idam", 12, name="Ida", email=IDA.upper()),
        ]
        server.found = {NAMED: ["MapleFallsHS"], BY_DOMAIN: ["idam"]}
        monkeypatch.setattr(github, "BASE", server.url)
        yield server


def a_connector(
    bookmark: bytes | None = None, options: dict[str, Any] | None = None, **questions: Any
) -> GitHub:
    asked = {"names": (SCHOOL,), "addresses": (IDA,), "control": CONTROL} | questions
    given = {"token": TOKEN, "searches_a_night": 30, "lookups_a_night": 100} | (options or {})
    return GitHub(an_access(given, web=LOOPBACK, bookmark=bookmark, questions=Questions(**asked)))


def known(account: str, native_id: str | None = None) -> KnownAccount:
    return KnownAccount(AccountKey("github", native_id or account), account, None, native_id)


def found(harvest: Harvest) -> dict[str, Profile]:
    return {profile.handle or "": profile for profile in harvest.profiles}


class TestGitHubContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, server: GitHubServer) -> GitHub:
        return a_connector(accounts=(known("idam", "12"),))

    @pytest.fixture
    def broken(self, server: GitHubServer) -> Sequence[GitHub]:
        return [a_connector(options={"token": TOKEN + "x"})]

    @pytest.fixture
    def hostile(self, server: GitHubServer) -> Callable[[str], GitHub]:
        def give(text: str) -> GitHub:
            server.accounts[0] |= {"name": text, "description": text, "blog": text}
            return a_connector()

        return give


# Known accounts


def test_a_known_account_is_looked_at_by_its_id_even_if_renamed(server):
    server.accounts = [a_user("NewName", 12)]
    harvest = a_connector(accounts=(known("idam", "12"),), names=()).fetch()
    (profile,) = harvest.profiles
    assert (profile.key, profile.handle) == (AccountKey("github", "12"), "NewName")
    assert harvest.not_found == ()


def test_a_login_registered_by_somebody_else_is_not_the_same_account(server):
    server.accounts = [a_user("idam", 99)]
    harvest = a_connector(accounts=(known("idam", "12"),), names=()).fetch()
    assert harvest.not_found == (AccountKey("github", "12"),)
    assert AccountKey("github", "12") not in {profile.key for profile in harvest.profiles}


def test_an_account_known_by_login_only_is_looked_at_by_login(server):
    gone = known("never-was")
    harvest = a_connector(accounts=(known("MapleFallsHS"), gone), names=()).fetch()
    assert found(harvest)["MapleFallsHS"].native_id == "11"
    assert harvest.not_found == (gone.key,)


def test_accounts_of_other_platforms_are_not_asked_about(server):
    other = KnownAccount(AccountKey("gitlab", "12"), "x", None, "12")
    a_connector(accounts=(other,), names=(), addresses=()).fetch()
    assert server.asked == []


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_an_error_is_never_not_found(server, status):
    server.answer = lambda _: json_reply({"message": "x"}, status)
    with pytest.raises((AccessRefused, RateLimited, SourceUnavailable)):
        a_connector(accounts=(known("idam", "12"),)).fetch()


def test_an_archived_organisation_says_so(server):
    server.accounts[0]["archived_at"] = "2023-01-01T00:00:00Z"
    assert found(a_connector().fetch())["MapleFallsHS"].standing is Standing.ARCHIVED


# What is read


def test_an_organisation_is_read_with_its_verified_domain(server):
    server.accounts[0] |= {"description": "Go Herons", "blog": f"https://{DOMAIN}/hs"}
    profile = found(a_connector().fetch())["MapleFallsHS"]
    assert profile.kind is ProfileKind.ORGANISATION
    assert profile.verified is True
    assert (profile.bio, profile.website) == ("Go Herons", f"https://{DOMAIN}/hs")
    assert profile.created_on == date(2019, 2, 14)
    assert profile.account_id == "maplefallshs"


def test_a_link_home_among_the_social_accounts_is_the_website(server):
    server.links["idam"] = ["https://elsewhere.example/x", f"https://www.{DOMAIN}/staff"]
    assert found(a_connector().fetch())["idam"].website == f"https://www.{DOMAIN}/staff"


@pytest.mark.parametrize(
    "link",
    [f"https://{DOMAIN}.evil.example", f"https://not{DOMAIN}", f"javascript:{DOMAIN}", "https://["],
)
def test_a_link_elsewhere_is_not_taken(server, link):
    server.links["idam"] = [link]
    assert found(a_connector().fetch())["idam"].website is None


# By address


def test_an_account_that_shows_a_staff_address_is_kept_in_the_directorys_spelling(server):
    profile = found(a_connector().fetch())["idam"]
    assert profile.public_addresses == (IDA,)
    assert profile.kind is ProfileKind.PERSON


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        (f"27jdoe@{DOMAIN}", "accounts that show an address of the district"),
        ("ida@elsewhere.example", "accounts found by domain that show no address"),
        (None, "accounts found by domain that show no address"),
    ],
)
def test_what_the_search_matched_too_widely_is_dropped_and_counted(server, email, reason):
    server.accounts[1]["email"] = email
    harvest = a_connector().fetch()
    assert "idam" not in found(harvest)
    assert [count for text, count in harvest.dropped.items() if text.startswith(reason)] == [1]
    assert email is None or email not in repr(harvest)


def test_of_an_account_found_by_domain_no_link_is_read_unless_it_is_an_employees(server):
    server.accounts[1]["email"] = "ida@elsewhere.example"
    a_connector(names=()).fetch()
    assert [path for path in server.paths if path.startswith("/users/")] == ["/users/idam"]


def test_an_organisation_found_by_domain_stays_only_with_an_employees_address(server):
    server.accounts[0]["email"] = f"office@{DOMAIN}"
    server.found = {BY_DOMAIN: ["MapleFallsHS"]}
    harvest = a_connector(names=()).fetch()
    assert harvest.profiles == ()
    assert list(harvest.dropped) == ["accounts found by domain that show no address of an employee"]
    server.accounts[0]["email"] = IDA
    assert found(a_connector(names=()).fetch())["MapleFallsHS"].public_addresses == (IDA,)


def test_an_account_with_a_pupils_address_is_dropped_wherever_it_was_found(server):
    server.accounts.append(a_user("club", 13, name=SCHOOL, email=f"27jdoe@{DOMAIN}"))
    server.found[NAMED] = ["club"]
    harvest = a_connector(handles={"github": ("club",)}).fetch()
    assert "club" not in found(harvest)
    assert sum(harvest.dropped.values()) == 1
    assert "27jdoe" not in repr(harvest)


def test_without_a_directory_no_address_is_searched_for(server):
    a_connector(addresses=()).fetch()
    assert BY_DOMAIN not in server.queries


def test_all_pages_of_addresses_are_read_and_a_cut_is_a_gap(server):
    server.accounts = [a_user(f"u{n}", 100 + n, email=IDA, blog="x") for n in range(130)]
    server.found = {BY_DOMAIN: [f"u{n}" for n in range(130)]}
    harvest = a_connector(names=()).fetch()
    assert len(harvest.profiles) == 130
    assert harvest.gaps == ()


def test_more_than_a_thousand_results_are_a_gap(server):
    server.found = {BY_DOMAIN: [f"u{n}" for n in range(1_001)]}
    rows = [{"login": f"u{n}", "id": n, "type": "User", "score": 1.0} for n in range(100)]
    answer = {"total_count": 1_001, "incomplete_results": False, "items": rows}
    plain = server.answer
    server.answer = lambda asked: (
        json_reply(answer)
        if asked.path == "/search/users"
        else json_reply(NOT_FOUND, 404)
        if asked.path.startswith("/users/")
        else plain(asked)
    )
    harvest = a_connector(names=()).fetch()
    assert len(server.queries) == 10
    assert harvest.gaps == ("Searches that GitHub cut short: 1.",)


# By name and by handle


def test_likely_handles_are_looked_up(server):
    harvest = a_connector(names=(), handles={"github": ("maplefalls", "MapleFallsHS")}).fetch()
    assert "MapleFallsHS" in found(harvest)
    assert harvest.not_found == ()


def test_the_control_comes_first_and_a_search_that_finds_it_is_distrusted(server):
    server.found[f'"{CONTROL}" in:name'] = ["MapleFallsHS"]
    harvest = a_connector().fetch()
    assert NAMED not in server.queries
    assert set(found(harvest)) == {"idam"}
    assert "are not trusted" in harvest.gaps[0]


def test_names_take_turns_from_night_to_night(server):
    names = tuple(f"School {n}" for n in range(5))
    bookmark, asked = None, []
    for _ in range(3):
        server.asked.clear()
        harvest = a_connector(bookmark, {"searches_a_night": 2}, names=names, addresses=()).fetch()
        bookmark = harvest.bookmark
        asked += server.queries[1:]
    assert [query.split('"')[1] for query in asked] == [*names]
    assert "1 of 5 names were searched for; each has its turn within 7 nights." in harvest.notes


def test_handles_take_turns_too(server):
    handles = {"github": ("a1", "b2", "c3")}
    harvest = a_connector(None, {"lookups_a_night": 2}, handles=handles, names=()).fetch()
    assert "2 of 3 handles were looked up; each has its turn within 2 nights." in harvest.notes
    server.asked.clear()
    a_connector(harvest.bookmark, {"lookups_a_night": 2}, handles=handles, names=()).fetch()
    assert [path for path in server.paths if path.startswith("/users/") and "idam" not in path] == [
        "/users/c3"
    ]


@pytest.mark.parametrize("damage", [b"[]", b"\xff", b'{"version":9,"turns":{"names":"x"}}'])
def test_a_bookmark_of_another_shape_begins_anew(server, damage):
    assert len(a_connector(damage).fetch().profiles) == 2


def test_results_cut_short_are_asked_for_again_and_then_a_gap(server):
    server.is_incomplete = True
    harvest = a_connector(control="").fetch()
    assert server.queries == [NAMED, NAMED, BY_DOMAIN, BY_DOMAIN]
    assert harvest.gaps == ("Searches that GitHub cut short: 2.",)
    assert len(harvest.profiles) == 2


@pytest.mark.parametrize("name", ["x" * 300, 'a "quoted" name', "  much   space "])
def test_names_are_asked_for_in_a_form_github_reads(server, name):
    harvest = a_connector(names=(name,), addresses=(), control="").fetch()
    assert all(len(query) <= 256 and query.count('"') == 2 for query in server.queries)
    assert ("names that GitHub cannot search for" in harvest.dropped) is (len(name) > 256)


def test_a_search_github_refuses_is_counted(server):
    plain = server.answer
    server.answer = lambda asked: (
        json_reply({"message": "Validation Failed"}, 422)
        if asked.path == "/search/users"
        else plain(asked)
    )
    harvest = a_connector(control="", addresses=()).fetch()
    assert harvest.dropped == {"names that GitHub cannot search for": 1}


@pytest.mark.parametrize("login", ["../x", "a b", "", "x" * 80, "a\x00b"])
def test_an_account_whose_name_cannot_be_one_is_counted(server, login):
    answer = a_user(login, 12)
    server.answer = lambda asked: json_reply(answer)
    harvest = a_connector(accounts=(known("idam", "12"),), names=(), addresses=()).fetch()
    assert harvest.profiles == ()
    assert sum(harvest.dropped.values()) == 1


# Limits, faults


@pytest.mark.parametrize(
    "fault",
    [
        json_reply({"message": "API rate limit exceeded"}, 403, X_RateLimit_Remaining="0"),
        json_reply({"message": "You have exceeded a secondary rate limit."}, 403),
        json_reply({"message": "slow"}, 403, Retry_After="60"),
        json_reply({"message": "API rate limit exceeded"}, 429, Retry_After="3600"),
    ],
)
def test_each_form_of_a_limit_is_rate_limited(server, fault):
    server.answer = lambda _: fault
    with pytest.raises(RateLimited):
        a_connector().fetch()


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (json_reply({"message": "Bad credentials"}, 401), AccessRefused, "401"),
        (json_reply({"message": "Forbidden"}, 403), AccessRefused, "403"),
        (json_reply({"message": "x"}, 503), SourceUnavailable, "503"),
        (HTML, UnexpectedAnswer, "web page"),
        (json_reply({"total_count": 0, "items": []}), UnexpectedAnswer, "incomplete_results"),
        (
            json_reply({"total_count": 1, "incomplete_results": False, "items": [{"id": 1}]}),
            UnexpectedAnswer,
            "login",
        ),
    ],
)
def test_each_fault_is_one_clear_sentence(server, fault, error, words):
    server.answer = lambda _: fault
    with pytest.raises(error, match=words) as caught:
        a_connector().fetch()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("field", sorted(set(github.User.__struct_fields__) - {"login"}))
def test_a_field_that_is_gone_is_named(server, field):
    answer = a_user("idam", 12)
    del answer[field]
    server.answer = lambda _: json_reply(answer)
    with pytest.raises(UnexpectedAnswer, match=field):
        a_connector(accounts=(known("idam", "12"),)).fetch()


def test_searches_stay_within_thirty_a_minute(server, monkeypatch):
    timer, times = FakeTimer(), []
    monkeypatch.setattr("connectors.pacing.TIMER", timer)
    plain = server.answer

    def note(asked):
        if asked.path == "/search/users":
            times.append(timer.now)
        return plain(asked)

    server.answer = note
    a_connector(None, {"searches_a_night": 90}, names=tuple(map(str, range(90)))).fetch()
    assert len(times) == 92
    assert all(sum(start <= at < start + 60 for at in times) <= 30 for start in times)


@pytest.mark.parametrize("token", ["", "short", "x" * 300, "github_pat_ 0123456789abcdefghij"])
def test_a_token_that_is_none_is_not_sent(token):
    with pytest.raises(NotConfigured) as caught:
        a_connector(options={"token": token})
    assert not token or token not in str(caught.value)


# audit doctor


def test_doctor_accepts_a_token_without_permissions(server):
    assert [(one.name, one.state) for one in a_connector().check()] == [("token", CheckState.GOOD)]


def test_doctor_warns_of_a_token_that_may_do_more(server):
    server.scopes = "repo, admin:org"
    *_, last = a_connector().check()
    assert last.state is CheckState.WARNING
    assert "repo, admin:org" in last.seen


def test_doctor_names_a_wrong_token(server):
    (check,) = a_connector(options={"token": TOKEN + "x"}).check()
    assert check.state is CheckState.BAD
    assert "Developer settings" in check.advice


# The published specification


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("public-user", a_user("x", 1)),
        ("organization-full", an_organisation("x", 1)),
        ("user-search-result-item", a_row("x", 1) | {"score": 1.0}),
        ("rate-limit-overview", RATE_LIMIT),
        ("basic-error", NOT_FOUND),
    ],
)
def test_the_server_of_these_tests_answers_as_specified(schema, value):
    assert misfits(SCHEMAS[schema], value) == []


def test_what_the_connector_requires_is_required_or_nullable_in_the_specification():
    for schema, kind in [
        ("public-user", github.User),
        ("organization-full", github.Organisation),
        ("user-search-result-item", github.Row),
    ]:
        required = set(kind.__struct_fields__[: -len(kind.__struct_defaults__) or None])
        assert required <= set(SCHEMAS[schema]["required"])


def test_only_specified_parameters_are_sent(server):
    a_connector().fetch()
    searches = [asked for asked in server.asked if asked.path == "/search/users"]
    listed = SPEC["paths"]["/search/users"]["get"]["parameters"]
    named = SPEC["components"]["parameters"]
    allowed = {one.get("name") or named[one["$ref"].split("/")[-1]]["name"] for one in listed}
    assert searches
    assert all(set(asked.query) <= allowed for asked in searches)


def test_calls_stay_within_the_formula_on_the_page(server):
    accounts = (known("idam", "12"), known("MapleFallsHS", "11"))
    handles = {"github": ("a1", "MapleFallsHS")}
    harvest = a_connector(accounts=accounts, handles=handles, names=(SCHOOL, "Other")).fetch()
    assert harvest.calls <= 2 * (2 + 2) + 2 + 1 + 2 * 1 + 1 + 2 * 1


def test_an_organisation_that_goes_while_it_is_read_is_left_out(server):
    plain = server.answer
    server.answer = lambda asked: (
        json_reply(NOT_FOUND, 404) if asked.path.startswith("/orgs/") else plain(asked)
    )
    harvest = a_connector(accounts=(known("MapleFallsHS", "11"),), addresses=()).fetch()
    assert harvest.profiles == ()
    assert harvest.not_found == ()
