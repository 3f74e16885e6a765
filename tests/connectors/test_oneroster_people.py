from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.directory.oneroster import OneRoster
from connectors.errors import NotConfigured, UnexpectedAnswer
from connectors.records import Role, Standing
from tests.builders import DOMAIN, an_access
from tests.connectors.rosters import (
    a_role,
    a_student,
    a_user,
    a_zip,
    fetch_one,
    fetch_oneroster,
    files_1_1,
    files_1_2,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "role",
    [
        "teacher",
        "administrator",
        "aide",
        "proctor",
        "counselor",
        "districtAdministrator",
        "siteAdministrator",
        "systemAdministrator",
        "principal",
        "TEACHER",
        "ext:nurse",
    ],
)
def test_roles_of_staff(tmp_path: Path, role: str) -> None:
    assert fetch_one(tmp_path, a_user("a", role)).role is Role.STAFF


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("student", "students"),
        ("Student", "students"),
        ("ext:student", "students"),
        ("pupil", "students"),
        ("parent", "parents and guardians"),
        ("guardian", "parents and guardians"),
        ("relative", "parents and guardians"),
        ("", "people without a role"),
    ],
)
def test_roles_that_do_not_enter(tmp_path: Path, role: str, reason: str) -> None:
    harvest = fetch_oneroster(tmp_path, files_1_1(a_user("zz"), a_user("a", role)))
    assert [person.id for person in harvest.people] == ["zz"]
    assert harvest.dropped == {reason: 1}


def test_student_wins_over_teacher(tmp_path: Path) -> None:
    users = [a_user(key, None) for key in ("zz", "a", "b", "c")]
    roles = (
        a_role("zz", "teacher"),
        a_role("a", "teacher"),
        a_role("a", "student"),
        a_role("b", "parent"),
        a_role("b", "aide"),
        a_role("c", "student", endDate="2020-06-30"),
    )
    harvest = fetch_oneroster(tmp_path, files_1_2(*roles, users=users))
    assert [person.id for person in harvest.people] == ["zz", "b"]
    assert harvest.dropped == {"students": 2}


def test_student_wins_in_whatever_order_the_rows_come(tmp_path: Path) -> None:
    rows = [a_user("zz"), a_user("a"), a_student("a"), a_student("b"), a_user("b")]
    for order in (rows, rows[::-1]):
        harvest = fetch_oneroster(tmp_path, files_1_1(*order))
        assert [person.id for person in harvest.people] == ["zz"]
        assert harvest.dropped == {"students": 2}


def test_a_former_student_who_teaches_now_is_staff(tmp_path: Path) -> None:
    roles = (a_role("a", "student", endDate="2020-06-30"), a_role("a", "teacher"))
    person = fetch_one(tmp_path, a_user("a", None), *roles)
    assert (person.title, person.standing) == ("teacher", Standing.ACTIVE)


def test_every_role_of_a_person_is_in_the_title(tmp_path: Path) -> None:
    roles = (a_role("a", "teacher"), a_role("a", "principal"), a_role("a", "teacher"))
    assert fetch_one(tmp_path, a_user("a", None), *roles).title == "teacher, principal"


def test_students_by_domain(tmp_path: Path) -> None:
    rows = (
        a_user("zz", email=f"zz@{DOMAIN}", userIds=f"{{x:zz@students.{DOMAIN}}}"),
        a_user("a", email=f"ANY@Students.{DOMAIN}"),
    )
    harvest = fetch_oneroster(tmp_path, files_1_1(*rows), student_domains=[f"students.{DOMAIN}"])
    assert [person.addresses for person in harvest.people] == [(f"zz@{DOMAIN}",)]
    assert harvest.dropped == {"addresses outside the district": 1, "students": 1}


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, Standing.ACTIVE),
        ({"status": ""}, Standing.ACTIVE),
        ({"enabledUser": ""}, Standing.ACTIVE),
        ({"status": "", "enabledUser": ""}, None),
        ({"enabledUser": "FALSE"}, Standing.SUSPENDED),
        ({"status": "ToBeDeleted"}, Standing.LEFT),
        ({"status": "tobedeleted", "enabledUser": "false"}, Standing.LEFT),
    ],
)
def test_standing(tmp_path: Path, changes: dict[str, str], standing: Standing | None) -> None:
    assert fetch_one(tmp_path, a_user("a", **changes)).standing is standing


@pytest.mark.parametrize(
    ("end", "standing", "left_on"),
    [
        ("2024-03-13", Standing.LEFT, "2024-03-13"),
        ("2024-03-14", Standing.ACTIVE, None),
        ("", Standing.ACTIVE, None),
        ("some day", Standing.ACTIVE, None),
    ],
)
def test_standing_by_the_end_of_roles(
    tmp_path: Path, end: str, standing: Standing, left_on: str | None
) -> None:
    roles = (
        a_role("a", "teacher", endDate="2020-06-30"),
        a_role("a", "aide", endDate=end),
        a_role("a", "proctor", status="tobedeleted"),
    )
    person = fetch_one(tmp_path, a_user("a", None), *roles)
    assert person.standing is standing
    assert (person.left_on.isoformat() if person.left_on else None) == left_on


def test_addresses_primary_first_then_aliases(tmp_path: Path) -> None:
    user = a_user(
        "a",
        email=f"Ida.Marsh@MapleFalls.EXAMPLE,ida.marsh@{DOMAIN}",
        username=f"imarsh@mail.{DOMAIN}",
        userIds=f"{{AD:ida@{DOMAIN}}},{{SIS:77}},{{g:ida@elsewhere.example}}",
        aliases=f"SMTP:i@{DOMAIN}; smtp:I2@{DOMAIN} sip:x@{DOMAIN}",
    )
    harvest = fetch_oneroster(tmp_path, files_1_1(user))
    assert harvest.people[0].addresses == (
        f"Ida.Marsh@{DOMAIN}",
        f"imarsh@mail.{DOMAIN}",
        f"i@{DOMAIN}",
        f"I2@{DOMAIN}",
        f"ida@{DOMAIN}",
    )
    assert harvest.dropped == {"addresses outside the district": 1}


@pytest.mark.parametrize(
    "address",
    [
        "ida@elsewhere.example",
        f"ida@{DOMAIN}.test-google-a.com",
        f"ida@not{DOMAIN}",
        f"ida@{DOMAIN}.evil.example",
        f"@{DOMAIN}",
        f"ida@x@{DOMAIN}",
        f"ida@{DOMAIN}\x00",
        f"{'i' * 300}@{DOMAIN}",
        "ida",
    ],
)
def test_what_is_not_a_district_address(tmp_path: Path, address: str) -> None:
    email = address.replace("\x00", "\x01")
    assert fetch_one(tmp_path, a_user("a", email=email)).addresses == ()


def test_google_test_domain_never_counts_even_if_configured(tmp_path: Path) -> None:
    a_zip(tmp_path / "a.zip", files_1_1(a_user("a", email="ida@x.test-google-a.com")))
    domains = (DOMAIN, "x.test-google-a.com")
    source = OneRoster(an_access({"path": "a.zip"}, folder=tmp_path, domains=domains))
    with pytest.raises(UnexpectedAnswer, match="none of the 1 staff has an address"):
        source.fetch()


def test_preferred_names_lead_even_misspelt(tmp_path: Path) -> None:
    for header in ("preferredGivenName", "prefferedGivenName"):
        person = fetch_one(tmp_path, a_user("a", familyName="Marsh", **{header: "Io"}))
        assert person.name == "Io Marsh"


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"email": f"noreply@{DOMAIN}", "givenName": "No", "familyName": "Reply"}, Role.SERVICE),
        ({"email": f"scanner2@{DOMAIN}", "givenName": "Scanner", "familyName": ""}, Role.SERVICE),
        ({"email": f"hs-printer@{DOMAIN}", "givenName": "", "familyName": ""}, Role.SERVICE),
        ({"email": f"x@{DOMAIN}", "username": "svc-backup"}, Role.SERVICE),
        ({"email": f"office@{DOMAIN}", "givenName": "", "familyName": "Office"}, Role.SHARED),
        ({"email": f"office@{DOMAIN}", "givenName": "Front", "familyName": "Office"}, Role.SHARED),
        ({"email": f"mfh.athletics@{DOMAIN}", "givenName": "", "familyName": ""}, Role.SHARED),
        ({"email": f"principal@{DOMAIN}", "givenName": "Ann", "familyName": "Lee"}, Role.STAFF),
        ({"email": f"lee.bus@{DOMAIN}", "givenName": "Lee", "familyName": "Bus"}, Role.STAFF),
        ({"email": f"al.service@{DOMAIN}", "givenName": "Al", "familyName": "Service"}, Role.STAFF),
        ({"email": f"infonti@{DOMAIN}", "givenName": "", "familyName": "Fonti"}, Role.STAFF),
    ],
)
def test_service_and_shared(tmp_path: Path, changes: dict[str, str], role: Role) -> None:
    assert fetch_one(tmp_path, a_user("a", **changes)).role is role


def test_patterns_of_the_district(tmp_path: Path) -> None:
    rows = (
        a_user("zz"),
        a_user("a", email=f"rm-101@{DOMAIN}", familyName=""),
        a_user("b", email=f"den@herons.{DOMAIN}", familyName=""),
        a_user("c", email=f"office@{DOMAIN}", familyName=""),
    )
    harvest = fetch_oneroster(
        tmp_path,
        files_1_1(*rows),
        service_patterns=["RM-*"],
        shared_patterns=[f"*@herons.{DOMAIN}"],
    )
    roles = [person.role for person in harvest.people]
    assert roles == [Role.STAFF, Role.SERVICE, Role.SHARED, Role.STAFF]


def test_patterns_must_be_text(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="'shared_patterns' holds something that is not text"):
        fetch_oneroster(tmp_path, files_1_1(), shared_patterns=[7])


def test_shared_addresses_are_noted_by_number(tmp_path: Path) -> None:
    rows = (
        a_user("a", email=f"desk@{DOMAIN}"),
        a_user("b", email=f"Desk@{DOMAIN}"),
        a_user("c", email=f"c@{DOMAIN}"),
    )
    harvest = fetch_oneroster(tmp_path, files_1_1(*rows))
    assert [person.id for person in harvest.people] == ["a", "b", "c"]
    assert harvest.notes == ("2 people share 1 address; findings about it name all of them.",)
