from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors import build
from connectors.directory.oneroster_rest import OneRosterRest
from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.records import Role, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN, NOW, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.oneroster import BASES, SECRET, TOKEN, OneRosterServer, a_user, orgs
from tests.fakes.web_server import HTML, RESET, Reply, gzip_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.records import Harvest

VERSIONS = ("1.1", "1.2")


@pytest.fixture
def serve() -> Iterator[Callable[..., OneRosterServer]]:
    running: list[OneRosterServer] = []

    def start(version: str = "1.2", users: Any = None, **changes: Any) -> OneRosterServer:
        found = district(version) if users is None else users
        running.append(OneRosterServer(version, found, **changes).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


def district(version: str = "1.2", staff: int = 30, students: int = 20) -> list[dict[str, Any]]:
    return [
        *(a_user(f"t{n:05}", "teacher", version) for n in range(staff)),
        *(a_user(f"u{n:05}", "student", version) for n in range(students)),
    ]


def read(server: OneRosterServer, **changes: Any) -> Harvest:
    return OneRosterRest(server.access(**changes)).fetch()


class TestOneRosterRestContract(ConnectorContract):
    secrets = (SECRET, TOKEN, "hunter2-of-the-user", "2014-05-06", "555-0100", "Pupil")

    @pytest.fixture
    def connector(self, serve: Callable[..., OneRosterServer]) -> OneRosterRest:
        return OneRosterRest(serve().access())

    @pytest.fixture
    def broken(self, serve: Callable[..., OneRosterServer]) -> Sequence[OneRosterRest]:
        servers = [
            serve(habits=frozenset({"no_offset", "no_total"})),
            serve(habits=frozenset({"invalid_scope"})),
            serve(users=[]),
        ]
        for fault in (HTML, Reply(403), Reply(404), json_reply({"users": [{"sourcedId": 7}]})):
            servers.append(serve())
            servers[-1].web.queue(json_reply({"access_token": TOKEN}), fault)
        return [OneRosterRest(server.access()) for server in servers]

    @pytest.fixture
    def hostile(self, serve: Callable[..., OneRosterServer]) -> Callable[[str], OneRosterRest]:
        def build_one(text: str) -> OneRosterRest:
            users = [*district(), a_user("x", givenName=text, familyName="")]
            return OneRosterRest(serve(users=users).access())

        return build_one


@pytest.mark.parametrize("version", VERSIONS)
def test_reads_staff_and_counts_students(
    serve: Callable[..., OneRosterServer], version: str
) -> None:
    harvest = read(serve(version), page_size=7)
    assert [person.id for person in harvest.people] == [f"t{n:05}" for n in range(30)]
    assert harvest.dropped == {"students": 20}
    assert harvest.people[0].addresses == (f"ida.marsht00000@{DOMAIN}",)
    assert harvest.people[0].schools == ("MFH",)
    assert harvest.people[0].title == "teacher"
    assert [school.id for school in harvest.schools] == ["D", "MFH"]
    assert harvest.schools[1].parent == "D"
    assert harvest.gaps == ()


PAGE = Path(__file__).parents[2] / "docs/setup/oneroster.md"


@pytest.mark.parametrize(("users", "organisations"), [(0, 2), (499, 500), (500, 501), (1700, 2)])
def test_calls_follow_the_formula_of_the_page(
    serve: Callable[..., OneRosterServer], users: int, organisations: int
) -> None:
    formula = re.search(r"^    calls = (.*)$", PAGE.read_text(), re.MULTILINE)
    assert formula
    names = {"ceil": ceil, "max": max, "N": users + 1, "O": organisations}
    server = serve(users=district(staff=1, students=users), orgs=orgs(organisations))
    assert read(server).calls == eval(formula[1], names)
    assert read(server).calls * 2 == len(server.web.asked)


def test_the_block_of_the_page_is_complete() -> None:
    block = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
    options = tomllib.loads(block)["sources"]["sis"]
    name = options.pop("connector")
    options["client_secret"] = "s"
    assert isinstance(build(name, an_access(options)), OneRosterRest)


def test_twenty_thousand_users_take_forty_calls_for_users(
    serve: Callable[..., OneRosterServer],
) -> None:
    server = serve(users=district(staff=2_000, students=18_000))
    assert len(read(server).people) == 2_000
    assert sum(asked.path.endswith("/users") for asked in server.web.asked) == 40


@pytest.mark.parametrize("version", VERSIONS)
def test_never_asks_for_what_it_may_not_have(
    serve: Callable[..., OneRosterServer], version: str
) -> None:
    server = serve(version)
    read(server)
    asked = {name for one in server.lists for name in one.query["fields"].split(",")}
    assert asked.isdisjoint({"password", "birthDate", "phone", "sms", "grades", "demographics"})
    assert {one.path.rpartition("/")[2] for one in server.lists} == {"users", "orgs"}


def test_signs_every_request_of_1_1_anew(serve: Callable[..., OneRosterServer]) -> None:
    server = serve("1.1")
    for signature in ("HMAC-SHA256", "HMAC-SHA1"):
        assert len(read(server, token_url=None, signature=signature, page_size=10).people) == 30
    assert all("oauth_nonce" in asked.headers["authorization"] for asked in server.lists)
    assert "/token" not in server.web.paths


def test_a_wrong_signing_secret_is_refused(serve: Callable[..., OneRosterServer]) -> None:
    with pytest.raises(AccessRefused):
        read(serve("1.1"), token_url=None, client_secret="another")


@pytest.mark.parametrize("habit", ["no_total", "plain"])
def test_a_service_that_gives_fewer_than_asked_is_read_to_the_end(
    serve: Callable[..., OneRosterServer], habit: str
) -> None:
    assert len(read(serve(habits=frozenset({habit}), most=7)).people) == 30


@pytest.mark.parametrize("habits", [{"no_offset"}, {"no_offset", "no_total"}])
def test_an_ignored_offset_is_noticed(
    serve: Callable[..., OneRosterServer], habits: set[str]
) -> None:
    with pytest.raises(UnexpectedAnswer, match="same page of users again"):
        read(serve(habits=frozenset(habits)), page_size=10)


def test_an_empty_page_before_the_promised_number_is_noticed(
    serve: Callable[..., OneRosterServer],
) -> None:
    server = serve()
    token = json_reply({"access_token": TOKEN})
    server.web.queue(token, json_reply({"users": []}, X_Total_Count="50"))
    with pytest.raises(UnexpectedAnswer, match="0 of the 50 users"):
        read(server)


def test_users_that_come_twice_are_joined_and_make_a_gap(
    serve: Callable[..., OneRosterServer],
) -> None:
    server = serve(users=[])
    first = [a_user(key) for key in ("a", "b")]
    pages = [first, [a_user("b"), a_user("c")]]
    server.web.queue(
        json_reply({"access_token": TOKEN}),
        *(json_reply({"users": page}, X_Total_Count="4") for page in pages),
    )
    harvest = read(server)
    assert [person.id for person in harvest.people] == ["a", "b", "c"]
    assert harvest.gaps == (
        "1 users came twice while pages were turned, so as many may have been missed.",
    )
    assert harvest.bookmark is None


def test_ten_thousand_organisations(serve: Callable[..., OneRosterServer]) -> None:
    assert len(read(serve(orgs=orgs(10_000))).schools) == 10_000


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(401), AccessRefused),
        (Reply(403), AccessRefused),
        (HTML, UnexpectedAnswer),
        (Reply(429), RateLimited),
        (Reply(429, {"Retry-After": "2"}), RateLimited),
        (Reply(500), SourceUnavailable),
        (RESET, SourceUnavailable),
        (gzip_reply(b'{"users": []}' * 99, cut=20), SourceUnavailable),
    ],
)
def test_a_fault_for_ever_on_page_three_ends_the_reading(
    serve: Callable[..., OneRosterServer], fault: Reply, kind: type[Exception]
) -> None:
    server = serve()
    answer = server.web.answer
    server.web.answer = lambda asked: fault if asked.query.get("offset") == "20" else answer(asked)
    with pytest.raises(kind) as caught:
        read(server, page_size=10)
    assert "offset" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [Reply(500), Reply(429), Reply(429, {"Retry-After": "3"}), RESET, gzip_reply(b"{}" * 99, 20)],
)
def test_a_fault_once_on_page_three_costs_nothing(
    serve: Callable[..., OneRosterServer], fault: Reply
) -> None:
    server, faults = serve(), [fault]
    answer = server.web.answer
    server.web.answer = lambda asked: (
        faults.pop() if faults and asked.query.get("offset") == "20" else answer(asked)
    )
    assert len(read(server, page_size=10).people) == 30


def test_roles_of_1_2_end(serve: Callable[..., OneRosterServer]) -> None:
    past = [{"role": "teacher", "org": {"sourcedId": "MFH"}, "endDate": "2023-06-30"}]
    users = [*district(), a_user("left", roles=past), a_user("gone", status="tobedeleted")]
    people = {person.id: person for person in read(serve(users=users)).people}
    assert people["left"].standing is people["gone"].standing is Standing.LEFT
    assert str(people["left"].left_on) == "2023-06-30"


def test_a_student_who_also_works_does_not_enter(serve: Callable[..., OneRosterServer]) -> None:
    both = [{"role": role, "org": {"sourcedId": "MFH"}} for role in ("aide", "student")]
    harvest = read(serve(users=[*district(), a_user("both", roles=both)]))
    assert harvest.dropped == {"students": 21}
    assert "both" not in {person.id for person in harvest.people}


def test_values_may_be_null_or_true(serve: Callable[..., OneRosterServer]) -> None:
    empty = dict.fromkeys(("userIds", "primaryOrg", "username", "preferredFirstName"))
    users = [*district(), a_user("n", **empty, enabledUser=False)]
    found = next(person for person in read(serve(users=users)).people if person.id == "n")
    assert found.standing is Standing.SUSPENDED


def test_service_accounts_are_told_apart(serve: Callable[..., OneRosterServer]) -> None:
    users = [*district(), a_user("s", email=f"noreply@{DOMAIN}", givenName="", familyName="Sync")]
    found = next(person for person in read(serve(users=users)).people if person.id == "s")
    assert found.role is Role.SERVICE


class TestChanges:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_second_night_asks_only_for_changes(
        self, serve: Callable[..., OneRosterServer], version: str
    ) -> None:
        server = serve(version)
        first = read(server)
        for user in server.users:
            user["dateLastModified"] = "2020-01-01T00:00:00.000Z"
        moved = "2024-03-14T02:00:00.000Z"
        server.users[0] |= {"familyName": "Newname", "dateLastModified": moved}
        server.users[1] |= {"status": "tobedeleted", "dateLastModified": moved}
        second = read(server, bookmark=first.bookmark)
        assert "2024-02-29T06:00:00.000Z" in server.lists[-2].query["filter"]
        assert second.people[0].name == "Ida Newname"
        assert second.people[1].standing is Standing.LEFT
        assert second.people[2:] == first.people[2:]
        assert second.dropped == first.dropped
        assert "(2 entries)" in second.notes[0]

    def test_someone_who_became_a_student_is_taken_out(
        self, serve: Callable[..., OneRosterServer]
    ) -> None:
        server = serve()
        first = read(server)
        server.users[0] = a_user("t00000", "student")
        second = read(server, bookmark=first.bookmark)
        assert [person.id for person in second.people] == [p.id for p in first.people[1:]]

    def test_the_bookmark_holds_nothing_of_students_nor_secrets(
        self, serve: Callable[..., OneRosterServer]
    ) -> None:
        users = [*district(), a_user("o", userIds=[{"identifier": "private@home.example"}])]
        kept = read(serve(users=users)).bookmark or b""
        assert b"t00000" in kept
        for text in (b"u00000", b"upil", SECRET.encode(), TOKEN.encode(), b"home.example"):
            assert text not in kept

    @pytest.mark.parametrize(
        ("options", "days"),
        [({}, 7), ({"full_every_days": 1}, 0), ({"student_domains": ["s.example"]}, 0), ({}, -1)],
    )
    def test_when_all_are_read_again(
        self, serve: Callable[..., OneRosterServer], options: dict[str, Any], days: int
    ) -> None:
        server = serve()
        kept = read(server).bookmark
        read(server, bookmark=kept, now=NOW + timedelta(days=days), **options)
        assert "filter" not in server.lists[-2].query

    @pytest.mark.parametrize("kept", [b"", b"\xc1", b"\x80", b"{}", b"\x81\xa7version\x02"])
    def test_a_bookmark_of_another_shape_is_ignored(
        self, serve: Callable[..., OneRosterServer], kept: bytes
    ) -> None:
        server = serve()
        assert len(read(server, bookmark=kept).people) == 30
        assert all("filter" not in asked.query for asked in server.lists)

    def test_a_service_without_filters_is_read_in_full(
        self, serve: Callable[..., OneRosterServer]
    ) -> None:
        server = serve(habits=frozenset({"no_filter"}))
        first = read(server)
        second = read(server, bookmark=first.bookmark)
        assert (second.people, second.notes) == (first.people, ())

    @pytest.mark.parametrize("changed", [None, "", "yesterday"])
    def test_without_dates_there_is_no_bookmark(
        self, serve: Callable[..., OneRosterServer], changed: str | None
    ) -> None:
        users = [*district(), a_user("x", dateLastModified=changed)]
        assert read(serve(users=users)).bookmark is None


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"token_url": None}, "token_url"),
            ({"url": "http://127.0.0.1/roster"}, "version of OneRoster"),
            ({"page_size": -5}, "page_size"),
            ({"version": "2.0"}, "version of OneRoster"),
        ],
    )
    def test_what_does_not_fit_is_named(
        self, serve: Callable[..., OneRosterServer], changes: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(NotConfigured, match=problem):
            read(serve(), **changes)

    def test_an_unknown_signature(self, serve: Callable[..., OneRosterServer]) -> None:
        with pytest.raises(NotConfigured, match="signature"):
            read(serve("1.1"), token_url=None, signature="PLAINTEXT")

    def test_secrets_do_not_travel_in_the_clear(self) -> None:
        options = {
            "url": f"http://sis.example{BASES['1.2']}",
            "token_url": "http://sis.example/token",
            "client_id": "k",
            "client_secret": "s",
        }
        with pytest.raises(NotConfigured, match="https"):
            OneRosterRest(an_access(options)).fetch()

    def test_is_built_by_its_name(self) -> None:
        options = {"url": "https://sis.example/v1p2", "client_id": "k", "client_secret": "s"}
        assert isinstance(build("oneroster_rest", an_access(options)), OneRosterRest)


class TestCheck:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_all_is_well(self, serve: Callable[..., OneRosterServer], version: str) -> None:
        checks = list(OneRosterRest(serve(version).access()).check())
        assert {check.state for check in checks} == {CheckState.GOOD}
        assert [check.name for check in checks] == [
            "token obtained",
            "scope",
            "organisations readable",
            "users readable",
            "only the fields asked for",
            "clock",
        ]

    @pytest.mark.parametrize(
        ("scope", "state"),
        [
            ("roster-demographics.readonly", CheckState.BAD),
            ("{} https://purl.imsglobal.org/spec/or/v1p2/scope/roster-demographics.readonly",
             CheckState.WARNING),
        ],
    )  # fmt: skip
    def test_a_scope_missing_or_too_many(
        self, serve: Callable[..., OneRosterServer], scope: str, state: CheckState
    ) -> None:
        server = serve()
        server.scope = scope.format(server.scope)
        found = {check.name: check for check in OneRosterRest(server.access()).check()}["scope"]
        assert found.state is state
        assert "roster-core.readonly" in found.advice

    def test_a_service_that_adds_fields_is_told(
        self, serve: Callable[..., OneRosterServer]
    ) -> None:
        server = serve(habits=frozenset({"no_fields"}))
        checks = {check.name: check for check in OneRosterRest(server.access()).check()}
        assert checks["only the fields asked for"].state is CheckState.WARNING
        assert "password" in checks["only the fields asked for"].seen
        assert "hunter2" not in repr(read(server))

    def test_a_clock_off_by_an_hour(self, serve: Callable[..., OneRosterServer]) -> None:
        server = serve()
        answer = server.web.answer
        late = {"Date": "Tue, 01 Mar 2022 00:00:00 GMT"}

        def behind(asked: Any) -> Reply:
            found = answer(asked)
            return replace(found, headers={**found.headers, **late})

        server.web.answer = behind
        checks = {check.name: check for check in OneRosterRest(server.access()).check()}
        assert checks["clock"].state is CheckState.WARNING
