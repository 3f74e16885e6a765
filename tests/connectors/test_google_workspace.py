from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from connectors.directory.google_workspace import NO_SCHOOLS, READ_GROUPS, GoogleWorkspace
from connectors.errors import AccessRefused, ConnectorError, NotConfigured
from connectors.google_access import SCOPE, ScopeMissing
from connectors.google_sieve import is_in
from connectors.google_users import (
    READ_DOMAINS,
    READ_LICENCES,
    READ_MEMBERS,
)
from connectors.records import Role, School, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN
from tests.connectors.contract import ConnectorContract
from tests.fakes.google import ADMIN, FakeGoogle, make_pair, refusal, user_id
from tests.fakes.web_server import HTML, RESET, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = "/admin/directory/v1/users"
UNITS = "/admin/directory/v1/customer/my_customer/orgunits"
OPTIONS = {"student_units": ["/Students*"], "school_units": ["/Staff/*"]}
PUPIL = "Pupil Pine"
SETUP = Path(__file__).parents[2] / "docs/setup/google_workspace.md"


@pytest.fixture
def tenant() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        for path in ("/Staff", "/Staff/High School", "/Students", "/Students/Grade 9"):
            fake.put_unit(path)
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def source(tenant: FakeGoogle) -> Callable[..., GoogleWorkspace]:
    def make(options: Any = None, **changes: Any) -> GoogleWorkspace:
        return GoogleWorkspace(tenant.access({**OPTIONS, **(options or {})}, **changes))

    return make


def put_pupil(tenant: FakeGoogle, number: int, **fields: Any) -> str:
    return tenant.put_user(number, PUPIL, **{"orgUnitPath": "/Students/Grade 9", **fields})


class TestGoogleWorkspaceContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (
        "PRIVATE KEY",
        make_pair()[0][40:80],
        "ya29.",
        PUPIL,
        "private@mail.example",
    )

    @pytest.fixture
    def connector(self, tenant: FakeGoogle, source: Callable[..., Any]) -> GoogleWorkspace:
        tenant.put_user(1, orgUnitPath="/Staff/High School")
        tenant.put_user(2, "Otto Byrd", suspended=True)
        put_pupil(tenant, 3)
        made: GoogleWorkspace = source()
        return made

    @pytest.fixture
    def broken(self, tenant: FakeGoogle, source: Callable[..., Any]) -> list[GoogleWorkspace]:
        for number in range(50):
            tenant.put_user(number)
        tenant.page_size = 10
        tenant.fail(USERS, RESET, after=2, forever=True)
        return [
            source(),
            source({"key": tenant.key(private_key="x")}),
            source({"subject": "a@b.c"}),
        ]

    @pytest.fixture
    def hostile(
        self, tenant: FakeGoogle, source: Callable[..., Any]
    ) -> Callable[[str], GoogleWorkspace]:
        def make(text: str) -> GoogleWorkspace:
            tenant.put_user(1, name={"fullName": text})
            made: GoogleWorkspace = source()
            return made

        return make


def test_a_person_as_google_tells_it(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    organizations = [
        {"title": "Coach", "department": "Athletics"},
        {"title": "Teacher", "department": "Science", "primary": True},
    ]
    tenant.put_user(
        1,
        orgUnitPath="/Staff/High School",
        aliases=[f"i.marsh@{DOMAIN}", "ida@elsewhere.example"],
        nonEditableAliases=[f"ida.marsh1@{DOMAIN}.test-google-a.com"],
        organizations=organizations,
    )
    harvest = source().fetch()
    (person,) = harvest.people
    assert (person.id, person.name, person.title) == (user_id(1), "Ida Marsh", "Teacher")
    assert person.addresses == (f"ida.marsh1@{DOMAIN}", f"i.marsh@{DOMAIN}")
    assert (person.role, person.standing) == (Role.STAFF, Standing.ACTIVE)
    assert person.groups == ("/Staff/High School", "Science")
    assert harvest.schools == (School("tested", person.schools[0], "High School"),)
    assert harvest.dropped == {"addresses outside the district": 2}


@pytest.mark.parametrize(
    "organizations", [None, "text", {"title": "x"}, [7], [{"title": 7}], [{"title": None}], [[]]]
)
def test_organizations_may_be_of_any_shape(
    tenant: FakeGoogle, source: Callable[..., Any], organizations: Any
) -> None:
    tenant.put_user(1, organizations=organizations)
    assert source().fetch().people[0].title is None


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({}, Standing.ACTIVE),
        ({"suspended": True}, Standing.SUSPENDED),
        ({"archived": True, "suspended": True}, Standing.ARCHIVED),
    ],
)
def test_who_is_suspended_or_archived_stays_and_is_marked(
    tenant: FakeGoogle, source: Callable[..., Any], fields: Any, standing: Standing
) -> None:
    tenant.put_user(1, **fields)
    assert source().fetch().people[0].standing is standing


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"orgUnitPath": "/Students"}, "students"),
        ({"orgUnitPath": "/STUDENTS/grade 9"}, "students"),
        ({"orgUnitPath": "/High School/Students"}, "students"),
        ({"organizations": [{"department": "Students"}]}, "students"),
        ({"organizations": [{"description": "student"}]}, "students"),
        ({"primaryEmail": f"p@pupils.{DOMAIN}"}, "students"),
        ({"organizations": [{"title": "Parent"}]}, "parents and guardians"),
        ({"isGuestUser": True}, "guests"),
        ({"orgUnitPath": "/Vendors"}, "accounts outside the staff units"),
    ],
)
def test_who_is_no_employee_is_counted_and_dropped(
    tenant: FakeGoogle, source: Callable[..., Any], fields: Any, reason: str
) -> None:
    tenant.put_user(1)
    tenant.put_user(2, PUPIL, **fields)
    options = {"staff_units": ["/Staff"], "student_domains": [f"pupils.{DOMAIN}"]}
    harvest = source(options).fetch()
    assert harvest.dropped == {reason: 1}
    assert PUPIL not in repr(harvest)


def test_students_are_told_by_groups_and_licences(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.granted |= {SCOPE + READ_MEMBERS, SCOPE + READ_LICENCES}
    tenant.put_user(1)
    group = f"all-pupils@{DOMAIN}"
    tenant.members[group] = [tenant.put_user(number, PUPIL) for number in range(2, 13)]
    tenant.put_user(20, PUPIL)
    login = tenant.users[user_id(20)]["primaryEmail"]
    tenant.licences["101031/1010310003"] = [login.upper()]
    tenant.page_size = 4
    options = {"student_groups": [group], "student_licences": ["101031/1010310003"]}
    harvest = source(options).fetch()
    assert harvest.dropped == {"students": 12}
    assert [person.id for person in harvest.people] == [user_id(1)]


def test_a_group_of_students_that_is_not_there_ends_the_reading(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.granted.add(SCOPE + READ_MEMBERS)
    tenant.put_user(1)
    with pytest.raises(NotConfigured, match="group"):
        source({"student_groups": [f"nobody@{DOMAIN}"]}).fetch()


@pytest.mark.parametrize("name", ["student_units", "staff_units", "service_units", "school_units"])
def test_a_misspelt_unit_ends_the_reading_before_users_are_read(
    tenant: FakeGoogle, source: Callable[..., Any], name: str
) -> None:
    put_pupil(tenant, 1)
    with pytest.raises(NotConfigured, match=f"/studnets.*{name}"):
        source({name: ["/Studnets"]}).fetch()
    assert USERS not in tenant.server.paths


def test_without_anything_that_tells_students_nothing_is_read(tenant: FakeGoogle) -> None:
    with pytest.raises(NotConfigured, match="nothing tells staff from students"):
        GoogleWorkspace(tenant.access({"school_units": ["/Staff/*"]}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("student_units", "Students"), ("student_licences", "101031"), ("school_units", 7)],
)
def test_settings_of_a_wrong_form_are_named(
    source: Callable[..., Any], name: str, value: Any
) -> None:
    with pytest.raises(NotConfigured, match=f"'{name}'"):
        source({name: [value]})


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("/", "/", True),
        ("/A/B", "/", True),
        ("/A/B", "/a", True),
        ("/Ab", "/a", False),
        ("/Ab", "/a*", True),
        ("/A/Students/X", "/*/students", True),
        ("/Students", "/*/students", False),
    ],
)
def test_patterns_hold_for_all_units_below(path: str, pattern: str, fits: bool) -> None:
    assert is_in(path, [pattern]) is fits


def test_service_accounts_are_told_by_unit_and_by_name(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_unit("/Robots")
    tenant.put_user(1)
    tenant.put_user(2, "Bus Rota", orgUnitPath="/Robots")
    tenant.put_user(3, name={"fullName": "Scanner"}, primaryEmail=f"scanner2@{DOMAIN}")
    harvest = source({"service_units": ["/Robots"]}).fetch()
    assert [one.role for one in harvest.people] == [Role.STAFF, Role.SERVICE, Role.SERVICE]


def test_schools_are_units_with_staff_and_keep_their_id(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for path in ("/Staff/High School/Science", "/Staff/Empty School"):
        tenant.put_unit(path)
    tenant.put_user(1, orgUnitPath="/Staff/High School/Science")
    tenant.put_user(2, "Otto Byrd", orgUnitPath="/Staff")
    harvest = source().fetch()
    (school,) = harvest.schools
    assert school.name == "High School"
    assert [one.schools for one in harvest.people] == [(school.id,), ()]
    tenant.units[2] |= {"orgUnitPath": "/Staff/Senior High", "name": "Senior High"}
    tenant.put_user(1, orgUnitPath="/Staff/Senior High")
    assert source().fetch().schools == (School("tested", school.id, "Senior High"),)


def test_groups_may_be_schools(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.granted |= {SCOPE + READ_MEMBERS, SCOPE + READ_GROUPS}
    address = f"middle@{DOMAIN}"
    tenant.groups[address] = {"id": "g1", "name": "Middle School"}
    tenant.members["g1"] = [tenant.put_user(1), put_pupil(tenant, 2)]
    harvest = source({"school_groups": [address], "school_units": []}).fetch()
    assert harvest.schools == (School("tested", "g1", "Middle School", "school"),)
    assert harvest.people[0].schools == ("g1",)
    with pytest.raises(NotConfigured, match="school_groups"):
        source({"school_groups": [f"none@{DOMAIN}"]}).fetch()


def test_without_schools_a_note_says_how_to_get_them(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    assert source({"school_units": []}).fetch().notes == (NO_SCHOOLS,)


def test_domains_that_nobody_listed_are_told(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.domains += [
        {
            "domainName": "other.example",
            "verified": True,
            "domainAliases": [{"domainAliasName": "alias.example", "parentDomainName": DOMAIN}],
        },
        {"domainName": f"sub.{DOMAIN}", "verified": True},
        {"domainName": "pupils.example", "verified": True},
    ]
    notes = source({"student_domains": ["pupils.example"]}).fetch().notes
    assert any("2 more domains" in note for note in notes)


def test_a_renamed_user_keeps_the_id(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    (before,) = source().fetch().people
    tenant.put_user(1, primaryEmail=f"ida.brook@{DOMAIN}", aliases=[f"ida.marsh1@{DOMAIN}"])
    (after,) = source().fetch().people
    assert before.id == after.id
    assert after.addresses == (f"ida.brook@{DOMAIN}", f"ida.marsh1@{DOMAIN}")


@pytest.mark.parametrize(
    "reply", [RESET, HTML, refusal(403, "forbidden"), refusal(500, "x"), json_reply({"users": 7})]
)
def test_an_error_on_page_three_leaves_no_half_list(
    tenant: FakeGoogle, source: Callable[..., Any], reply: Any
) -> None:
    for number in range(50):
        tenant.put_user(number)
    tenant.page_size = 10
    tenant.fail(USERS, reply, after=2, forever=True)
    with pytest.raises(ConnectorError):
        source().fetch()


def test_a_tenant_without_users_is_no_staff_directory(source: Callable[..., Any]) -> None:
    with pytest.raises(ConnectorError, match="no staff"):
        source().fetch()


@pytest.mark.parametrize(("users", "pages"), [(1, 1), (500, 1), (501, 2), (1_250, 3)])
def test_calls_are_as_documented(
    tenant: FakeGoogle, source: Callable[..., Any], users: int, pages: int
) -> None:
    assert "`ceil(N / 500) + 2` calls" in SETUP.read_text()
    for number in range(users):
        tenant.put_user(number)
    harvest = source().fetch()
    assert len(tenant.calls) == pages + 2
    assert harvest.calls == pages + 3
    assert len(harvest.people) == users


def test_doctor_finds_everything_good(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    checks = list(source().check())
    assert {check.state for check in checks} == {CheckState.GOOD}
    assert [check.name for check in checks] == ["token", "scopes", "clock", "org units", "domains"]


def test_doctor_names_the_scope_that_is_missing(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.granted.remove(SCOPE + READ_DOMAINS)
    found = []
    with pytest.raises(ScopeMissing):
        found.extend(source().check())
    checks = iter(source().check())
    check = next(checks)
    assert (check.name, check.state) == (f"scope {READ_DOMAINS}", CheckState.BAD)
    assert "Manage Domain Wide Delegation" in check.advice
    with pytest.raises(AccessRefused):
        next(checks)


def test_doctor_warns_of_a_scope_too_many(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.granted.add(f"{SCOPE}admin.directory.user")
    warned = [check for check in source().check() if check.state is CheckState.WARNING]
    assert [check.name for check in warned] == ["scope admin.directory.user"]


def test_doctor_compares_domains_and_clock(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    from datetime import timedelta

    tenant.clock += timedelta(hours=1)
    tenant.domains = [{"domainName": DOMAIN, "verified": False}]
    states = {check.name: (check.state, check.seen) for check in source().check()}
    assert states["clock"] == (CheckState.BAD, "60 minutes off Google's")
    assert states[f"domain {DOMAIN}"][0] is CheckState.BAD
    assert ADMIN not in repr(states)


def test_students_are_let_go_and_their_private_fields_never_asked_for(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    put_pupil(tenant, 2)
    harvest = source().fetch()
    assert harvest.bookmark is None
    assert UNITS in tenant.server.paths
    assert [word for word in (PUPIL, user_id(2), "private@") if word in repr(harvest)] == []
