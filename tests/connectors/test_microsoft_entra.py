from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from connectors.directory import microsoft_entra
from connectors.directory.microsoft_entra import READ_DOMAINS, READ_EDUCATION, MicrosoftEntra
from connectors.errors import AccessRefused, NotConfigured, UnexpectedAnswer
from connectors.graph_users import READ_USERS, STUDENT_LICENCES
from connectors.records import Role, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN, NOW
from tests.connectors.contract import ConnectorContract
from tests.fakes.graph import SECRET, FakeGraph, guid, make_pem, refusal, sign_in_refusal
from tests.fakes.web_server import HTML, RESET, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.records import Harvest

PUPIL = "Pupil Pine"
PRIVATE = "ida.private@mail.example"


@pytest.fixture
def tenant() -> Iterator[FakeGraph]:
    with FakeGraph() as fake:
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def source(tenant: FakeGraph, monkeypatch: pytest.MonkeyPatch) -> Callable[..., MicrosoftEntra]:
    def make(options: Any = None, **changes: Any) -> MicrosoftEntra:
        return MicrosoftEntra(tenant.access(monkeypatch, options, **changes))

    return make


def put_user(tenant: FakeGraph, number: int, name: str = "Ida Marsh", **fields: Any) -> None:
    given, _, family = name.partition(" ")
    login = f"{name.casefold().replace(' ', '.')}{number}@{DOMAIN}"
    own = {
        "id": guid(number),
        "userPrincipalName": login,
        "mail": login,
        "displayName": name,
        "givenName": given,
        "surname": family,
        "accountEnabled": True,
        "userType": "Member",
        "proxyAddresses": [f"SMTP:{login}"],
        "assignedLicenses": [],
    }
    tenant.put("/users", **{**own, **fields})


def put_pupil(tenant: FakeGraph, number: int, **fields: Any) -> None:
    licence = {"assignedLicenses": [{"skuId": STUDENT_LICENCES[0]}]}
    put_user(tenant, number, PUPIL, **{**licence, **fields})


def fill(tenant: FakeGraph, staff: int, pupils: int = 0) -> None:
    numbers = count(1)
    for _ in range(staff):
        put_user(tenant, next(numbers), officeLocation="Maple Falls High")
    for _ in range(pupils):
        put_pupil(tenant, next(numbers))


class TestMicrosoftEntraContract(ConnectorContract):
    secrets: ClassVar = (SECRET, PUPIL, PRIVATE)

    @pytest.fixture
    def connector(self, tenant: FakeGraph, source: Callable[..., MicrosoftEntra]) -> MicrosoftEntra:
        fill(tenant, 3, 2)
        put_user(tenant, 9, "Otto Elm", otherMails=[PRIVATE])
        return source()

    @pytest.fixture
    def broken(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> Iterator[list[MicrosoftEntra]]:
        fakes = [FakeGraph() for _ in range(5)]
        html, looping, foreign, late, refused = fakes
        for fake in fakes:
            fake.__enter__()
            fill(fake, 30)
            fake.page_size = 10
        html.fail("/users", HTML)
        link = {"value": [], "@odata.nextLink": f"{looping.url}/users?$skiptoken=a"}
        looping.fail("/users", json_reply(link), after=1, forever=True)
        other = {"value": [], "@odata.nextLink": "https://graph.attacker.example/v1.0/users"}
        foreign.fail("/users", json_reply(other), after=1)
        late.fail("/users", refusal(403, "Authorization_RequestDenied"), after=3)
        refused.server.queue(*[sign_in_refusal(7000222)])
        refused.fail("/users", refusal(401, "InvalidAuthenticationToken"))
        yield [_Bound(fake, monkeypatch) for fake in fakes]
        for fake in fakes:
            fake.__exit__()

    @pytest.fixture
    def hostile(
        self, tenant: FakeGraph, source: Callable[..., MicrosoftEntra]
    ) -> Callable[[str], MicrosoftEntra]:
        def make(text: str) -> MicrosoftEntra:
            put_user(tenant, 1, displayName=text, officeLocation=text)
            return source()

        return make


class _Bound:
    """A source whose cloud is set when it is asked, since each fake has its own."""

    def __init__(self, fake: FakeGraph, patch: pytest.MonkeyPatch) -> None:
        self._fake, self._patch = fake, patch

    def fetch(self) -> Harvest:
        return MicrosoftEntra(self._fake.access(self._patch)).fetch()


def test_addresses_name_and_standing(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    put_user(
        tenant,
        1,
        proxyAddresses=[
            f"smtp:old@{DOMAIN}",
            "SIP:ida@sip.example",
            "X500:/o=x",
            f"SMTP:main@{DOMAIN}",
            "smtp:ida@x.onmicrosoft.com",
        ],
        mail=f"Main@{DOMAIN}",
        userPrincipalName=f"ida.marsh@{DOMAIN}",
        otherMails=[PRIVATE, f"club@{DOMAIN}"],
        onPremisesDistinguishedName=r"CN=Marsh\, Ida,OU=High School,OU=Staff,DC=maple,DC=example",
        department="Science",
        jobTitle="Teacher",
    )
    put_user(tenant, 2, "Otto Elm", accountEnabled=False)
    put_user(tenant, 3, "Una Oak", accountEnabled=None, userType=None)
    ida, otto, una = source().fetch().people
    assert ida.addresses == tuple(f"{n}@{DOMAIN}" for n in ("main", "old", "club", "ida.marsh"))
    assert (ida.id, ida.title, ida.role) == (guid(1), "Teacher", Role.STAFF)
    assert ida.groups == ("/Staff/High School", "Science")
    assert [p.standing for p in (ida, otto, una)] == [Standing.ACTIVE, Standing.SUSPENDED, None]


def test_a_login_at_another_domain_than_the_mail_is_no_address(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1, userPrincipalName="ida@maple.onmicrosoft.com")
    put_user(tenant, 2, userPrincipalName="otto@ad.internal.example", proxyAddresses=[])
    ida, otto = source().fetch().people
    assert ida.addresses == (f"ida.marsh1@{DOMAIN}",)
    assert otto.addresses == (f"ida.marsh2@{DOMAIN}",)


@pytest.mark.parametrize(
    "fields",
    [
        {"userType": "Guest"},
        {"userPrincipalName": "ida_mail.example#EXT#@maple.onmicrosoft.com"},
    ],
)
def test_guests_are_counted_and_left_out(
    tenant: FakeGraph, source: Callable[..., Any], fields: dict[str, Any]
) -> None:
    fill(tenant, 1)
    put_user(tenant, 7, **fields)
    harvest = source().fetch()
    assert [p.id for p in harvest.people] == [guid(1)]
    assert harvest.dropped["guests"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"assignedLicenses": [{"skuId": STUDENT_LICENCES[3].upper()}]},
        {"ageGroup": "Minor"},
        {"ageGroup": "NotAdult"},
        {"jobTitle": "Student"},
        {"department": "students"},
        {"employeeType": "Student"},
        {"onPremisesDistinguishedName": "CN=P,OU=Grade 9,OU=Students,DC=maple,DC=example"},
        {"officeLocation": "Class of 2031"},
        {"userPrincipalName": "p@pupils.example", "proxyAddresses": []},
        {"proxyAddresses": ["SMTP:p@pupils.example"]},
    ],
)
def test_students_are_counted_and_leave_nothing(
    tenant: FakeGraph, source: Callable[..., Any], fields: dict[str, Any]
) -> None:
    fill(tenant, 1)
    put_user(tenant, 7, PUPIL, **fields)
    options = {"student_domains": ["pupils.example"], "student_units": ["class of *"]}
    harvest = source(options).fetch()
    assert [p.id for p in harvest.people] == [guid(1)]
    assert harvest.dropped["students"] == 1
    assert PUPIL not in repr(harvest)
    assert guid(7) not in repr(harvest)


def test_own_student_licences_take_the_place_of_the_built_in_ones(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_pupil(tenant, 1)
    put_user(tenant, 2, assignedLicenses=[{"skuId": "ABC"}])
    (person,) = source({"student_licences": ["abc"]}).fetch().people
    assert person.id == guid(1)


def test_a_shared_mailbox_is_not_suspended(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    fill(tenant, 1)
    put_user(
        tenant,
        2,
        displayName="Main Office",
        givenName=None,
        surname=None,
        proxyAddresses=[f"SMTP:office@{DOMAIN}"],
        accountEnabled=False,
    )
    office = source().fetch().people[1]
    assert (office.role, office.standing) == (Role.SHARED, None)


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("officeLocation", {"Maple Falls High", "Science"}),
        ("department", {"Science"}),
        ("none", set()),
    ],
)
def test_schools_from_a_field(
    tenant: FakeGraph, source: Callable[..., Any], field: str, names: set[str]
) -> None:
    put_user(tenant, 1, officeLocation="Maple Falls High", department="Science")
    put_user(tenant, 2, department="Science")
    harvest = source({"school_field": field}).fetch()
    assert {school.name for school in harvest.schools} == names


def test_rooms_are_no_schools(
    tenant: FakeGraph, source: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microsoft_entra, "MOST_SCHOOLS", 2)
    for number in range(3):
        put_user(tenant, number, officeLocation=f"Room {number}")
    harvest = source().fetch()
    assert harvest.schools == ()
    assert {person.schools for person in harvest.people} == {()}
    assert "3 different places in 'officeLocation': no schools." in harvest.notes


def test_a_tenant_in_which_nobody_looks_like_a_student_is_remarked(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 2)
    assert any("No student was told apart" in note for note in source().fetch().notes)
    put_pupil(tenant, 9)
    assert source().fetch().notes == ()


def test_education_tells_schools_and_students(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/education/schools", id="s/1", displayName="High", address={"city": "Maple"})
    tenant.put("/education/schools", id="s2", displayName="Elementary")
    put_user(tenant, 1, officeLocation="elementary")
    put_user(tenant, 2)
    put_user(tenant, 3, PUPIL)
    tenant.members["s%2F1"] = [
        {"id": guid(2), "primaryRole": "teacher"},
        {"id": guid(3), "primaryRole": "student"},
        {"id": guid(99), "primaryRole": "none"},
    ]
    harvest = source({"education": True}).fetch()
    assert [(p.id, p.schools) for p in harvest.people] == [(guid(1), ("s2",)), (guid(2), ("s/1",))]
    assert [(s.id, s.name, s.kind, s.town) for s in harvest.schools] == [
        ("s/1", "High", "school", "Maple"),
        ("s2", "Elementary", "school", None),
    ]
    assert harvest.dropped["students"] == 1
    assert guid(3) not in repr(harvest)


def test_a_pupil_who_is_new_to_education_does_not_enter_by_delta(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/education/schools", id="s1", displayName="High")
    fill(tenant, 1)
    first = source({"education": True}).fetch()
    put_user(tenant, 5, PUPIL)
    put_user(tenant, 6, "Otto Elm")
    tenant.members["s1"] = [
        {"id": guid(5), "primaryRole": "student"},
        {"id": guid(6), "primaryRole": "teacher"},
    ]
    second = source({"education": True}, bookmark=first.bookmark).fetch()
    assert [(p.id, p.schools) for p in second.people][1:] == [(guid(6), ("s1",))]
    assert guid(5) not in repr(second)


def test_an_employee_whom_education_turns_into_a_student_is_let_go_the_same_night(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/education/schools", id="s1", displayName="High")
    fill(tenant, 2)
    first = source({"education": True}).fetch()
    tenant.members["s1"] = [{"id": guid(1), "primaryRole": "student"}]
    second = source({"education": True}, bookmark=first.bookmark).fetch()
    assert [person.id for person in second.people] == [guid(2)]
    assert guid(1).encode() not in (second.bookmark or b"")


def test_a_school_closed_between_two_calls_has_no_members(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/education/schools", id="s1", displayName="High")
    fill(tenant, 1)
    tenant.fail("/education/schools/s1", refusal(404, "Request_ResourceNotFound"))
    assert len(source({"education": True}).fetch().people) == 1


@pytest.mark.parametrize("users", [1, 999, 1000, 2500])
def test_calls_of_a_full_reading_are_as_documented(
    tenant: FakeGraph, source: Callable[..., Any], users: int
) -> None:
    fill(tenant, 1, users - 1)
    source().fetch()
    assert len(tenant.graph_calls) == -(-users // 999) + 1


def test_an_unchanged_second_night_is_one_call_and_the_same(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 20, 20)
    first = source().fetch()
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + timedelta(days=1)).fetch()
    assert len(tenant.graph_calls) == 1
    assert (second.people, second.schools, second.dropped) == (
        first.people,
        first.schools,
        first.dropped,
    )
    assert any("counted when all users were last read" in note for note in second.notes)


def test_changes_of_a_night(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    for number in range(1, 7):
        put_user(tenant, number)
    put_pupil(tenant, 7)
    bookmark = source().fetch().bookmark
    put_user(tenant, 1, "Ida Brook")
    tenant.delete("/users", guid(2))
    put_user(tenant, 3, assignedLicenses=[{"skuId": STUDENT_LICENCES[0]}])
    put_user(tenant, 4, accountEnabled=False)
    put_user(tenant, 4, accountEnabled=False, jobTitle="Coach")
    put_user(tenant, 8, "Nora New")
    put_pupil(tenant, 9)
    tenant.delta_page_size = 2
    harvest = source(bookmark=bookmark).fetch()
    full = source().fetch()
    assert harvest.people == full.people
    people = {p.id: p for p in harvest.people}
    assert set(people) == {guid(n) for n in (1, 4, 5, 6, 8)}
    assert people[guid(1)].name == "Ida Brook"
    assert (people[guid(4)].standing, people[guid(4)].title) == (Standing.SUSPENDED, "Coach")


def test_changes_during_the_first_reading_are_told_the_next_night(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    answer, has_changed = tenant.server.answer, []

    def change_meanwhile(asked: Any) -> Any:
        reply = answer(asked)
        if asked.path.endswith("/users") and not has_changed:
            has_changed.append(True)
            put_user(tenant, 2, "Nora New")
        return reply

    tenant.server.answer = change_meanwhile
    first = source().fetch()
    assert len(first.people) == 1
    assert len(source(bookmark=first.bookmark).fetch().people) == 2


@pytest.mark.parametrize(
    "reply",
    [
        refusal(410, "syncStateNotFound"),
        refusal(400, "Directory_ExpiredPageToken"),
        refusal(404, "Request_ResourceNotFound"),
    ],
)
def test_an_expired_delta_link_means_a_full_reading(
    tenant: FakeGraph, source: Callable[..., Any], reply: Any
) -> None:
    fill(tenant, 3)
    bookmark = source().fetch().bookmark
    put_user(tenant, 9)
    tenant.fail("/users/delta", reply)
    harvest = source(bookmark=bookmark).fetch()
    assert len(harvest.people) == 4
    assert tenant.graph_calls[-1].path == "/v1.0/users"


def test_a_change_that_is_not_whole_means_a_full_reading(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 1, 1)
    bookmark = source().fetch().bookmark
    page = {"value": [{"id": guid(2), "displayName": PUPIL}], "@odata.deltaLink": "x"}
    page["@odata.deltaLink"] = f"{tenant.url}/users/delta?$deltatoken=0"
    tenant.fail("/users/delta", json_reply(page))
    harvest = source(bookmark=bookmark).fetch()
    assert [p.id for p in harvest.people] == [guid(1)]
    assert PUPIL not in repr(harvest)


@pytest.mark.parametrize(
    "change",
    [
        {"bookmark": b"\xff\x00"},
        {"bookmark": b"{}"},
        {"bookmark": b"[" * 100_000},
        {"now": NOW + timedelta(days=7)},
        {"now": NOW - timedelta(hours=1)},
        {"options": {"student_units": ["x"]}},
        {"domains": (DOMAIN, "old.example")},
    ],
)
def test_a_bookmark_that_does_not_fit_is_ignored(
    tenant: FakeGraph, source: Callable[..., Any], change: dict[str, Any]
) -> None:
    fill(tenant, 2)
    bookmark = source().fetch().bookmark
    tenant.server.asked.clear()
    harvest = source(**{"bookmark": bookmark, **change}).fetch()
    assert len(harvest.people) == 2
    assert "/v1.0/users" in [asked.path for asked in tenant.graph_calls]


def test_a_bookmark_of_another_version_is_ignored(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 1)
    kept = msgspec.json.decode(source().fetch().bookmark or b"")
    tenant.server.asked.clear()
    source(bookmark=msgspec.json.encode({**kept, "version": 99})).fetch()
    assert "/v1.0/users" in [asked.path for asked in tenant.graph_calls]


def test_a_delta_link_to_another_host_in_a_bookmark_is_not_followed(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 1)
    kept = msgspec.json.decode(source().fetch().bookmark or b"")
    kept["link"] = "https://graph.attacker.example/v1.0/users/delta"
    with pytest.raises(UnexpectedAnswer, match="not at Graph"):
        source(bookmark=msgspec.json.encode(kept)).fetch()


def test_the_bookmark_holds_no_student_no_private_address_and_no_secret(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(
        tenant, 1, otherMails=[PRIVATE], assignedLicenses=[{"skuId": "kept"}], ageGroup="Adult"
    )
    put_pupil(tenant, 2)
    bookmark = (source().fetch().bookmark or b"").decode()
    assert [
        x for x in (PUPIL, guid(2), PRIVATE, SECRET, "e30.", "kept", "Adult") if x in bookmark
    ] == []
    assert guid(1) in bookmark


def test_a_user_on_two_pages_is_one(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    fill(tenant, 2, 1)
    users = list(tenant.lists["/users"].values())
    link = f"{tenant.url}/users?$select=id&$skiptoken=z"
    tenant.fail(
        "/users",
        json_reply({"value": users, "@odata.nextLink": link}),
        json_reply({"value": users}),
        after=1,
    )
    harvest = source().fetch()
    assert len(harvest.people) == 2
    assert harvest.dropped["students"] == 1


def test_a_reset_in_the_third_page_is_asked_again(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    fill(tenant, 30)
    tenant.page_size = 10
    tenant.fail("/users", RESET, after=3)
    assert len(source().fetch().people) == 30


def test_settings_are_checked_before_anything_is_asked(source: Callable[..., Any]) -> None:
    for options, word in (
        ({"school_field": "room"}, "school_field"),
        ({"education": True, "cloud": "us_government"}, "global"),
    ):
        with pytest.raises(NotConfigured, match=word):
            source(options)
    for options, word in (
        ({"cloud": "moon"}, "cloud"),
        ({"tenant_id": "a/../b"}, "tenant_id"),
        ({"tenant_id": "common"}, "tenant_id"),
        ({"client_id": "x"}, "client_id"),
        ({"client_secret": None}, "no credential"),
        ({"certificate": "x"}, "both"),
        ({"client_secret": None, "certificate": "not a PEM"}, "certificate file"),
    ):
        with pytest.raises(NotConfigured, match=word):
            source(options).fetch()


def test_doctor_on_a_well_granted_tenant(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    tenant.put("/domains", id=DOMAIN, isVerified=True)
    tenant.roles = ["User.Read.All", "Domain.Read.All"]
    checks = list(source().check())
    assert {check.state for check in checks} == {CheckState.GOOD}
    assert [check.name for check in checks] == ["token", "permissions", "domains", "clock"]


def test_doctor_on_a_half_granted_tenant(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    tenant.put("/domains", id=DOMAIN, isVerified=False)
    tenant.roles = ["User.Read.All", "Domain.Read.All", "Mail.ReadWrite"]
    tenant.clock = NOW + timedelta(hours=1)
    checks = {check.name: check for check in source({"education": True}).check()}
    states = {name: check.state for name, check in checks.items()}
    assert states == {
        "token": CheckState.GOOD,
        "permission EduRoster.Read.All": CheckState.BAD,
        "permission Mail.ReadWrite": CheckState.WARNING,
        f"domain {DOMAIN}": CheckState.BAD,
        "clock": CheckState.BAD,
    }
    assert "Grant admin consent" in checks["permission EduRoster.Read.All"].advice
    assert "60 minutes" in checks["clock"].seen
    assert all(c.advice for c in checks.values() if c.state is not CheckState.GOOD)


def test_doctor_where_domains_may_not_be_read(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.fail("/domains", refusal(403, "Authorization_RequestDenied"))
    checks = {check.name: check for check in source().check()}
    assert checks["domains"].state is CheckState.WARNING
    assert checks["permission Domain.Read.All"].state is CheckState.WARNING


def test_doctor_warns_of_a_certificate_that_ends_soon(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/domains", id=DOMAIN, isVerified=True)
    options = {"client_secret": None, "certificate": make_pem(20, NOW - timedelta(days=1))}
    checks = {check.name: check for check in source(options).check()}
    assert checks["certificate"].state is CheckState.WARNING
    assert "Upload" in checks["certificate"].advice or "upload" in checks["certificate"].advice


def test_an_expired_certificate_is_not_even_sent(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    options = {"client_secret": None, "certificate": make_pem(20, NOW - timedelta(days=30))}
    with pytest.raises(AccessRefused, match="certificate expired on 2024-03-04"):
        source(options).fetch()
    assert tenant.server.asked == []


def read_calls_of_the_setup_page() -> dict[int, tuple[int, int]]:
    page = (Path(__file__).parents[2] / "docs/setup/microsoft_entra.md").read_text()
    rows = re.findall(r"^\| ([\d,]+) \| (\d+) \| (\d+) \|$", page, re.M)
    return {int(users.replace(",", "")): (int(full), int(delta)) for users, full, delta in rows}


def test_the_setup_page_states_the_calls_of_the_formula() -> None:
    stated = read_calls_of_the_setup_page()
    assert {users: (-(-users // 999) + 1, 1) for users in stated} == stated
    assert stated[20_000][0] <= 41


@pytest.mark.parametrize("users", [500, 1_000])
def test_the_calls_of_the_setup_page_are_those_made(
    tenant: FakeGraph, source: Callable[..., Any], users: int
) -> None:
    fill(tenant, 1, users - 1)
    bookmark = source().fetch().bookmark
    full = len(tenant.graph_calls)
    source(bookmark=bookmark).fetch()
    assert (full, len(tenant.graph_calls) - full) == read_calls_of_the_setup_page()[users]


def test_the_setup_page_names_every_permission() -> None:
    page = (Path(__file__).parents[2] / "docs/setup/microsoft_entra.md").read_text()
    for permission in (READ_USERS, READ_EDUCATION, READ_DOMAINS):
        assert f"`{permission}`" in page


@pytest.mark.parametrize("fields", [{"employeeType": "Parent"}, {"department": "Parents"}])
def test_parents_are_counted_and_left_out(
    tenant: FakeGraph, source: Callable[..., Any], fields: dict[str, Any]
) -> None:
    fill(tenant, 1)
    put_user(tenant, 7, **fields)
    harvest = source().fetch()
    assert [person.id for person in harvest.people] == [guid(1)]
    assert harvest.dropped["parents and guardians"] == 1


def test_doctor_where_neither_token_nor_answer_tells_more(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    answer = tenant.server.answer
    token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "opaque"}
    tenant.server.answer = lambda asked: (
        json_reply(token) if asked.path.endswith("/token") else answer(asked)
    )
    domains = {"value": [{"id": DOMAIN.upper(), "isVerified": True}]}
    tenant.fail("/domains", json_reply(domains))
    checks = {check.name: check.state for check in source().check()}
    assert checks == {
        "token": CheckState.GOOD,
        "permissions": CheckState.WARNING,
        "domains": CheckState.GOOD,
    }
