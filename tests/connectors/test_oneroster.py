from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pytest

from connectors.directory.oneroster import OneRoster
from connectors.errors import NotConfigured
from connectors.records import Role, School, Standing
from tests.builders import DOMAIN, NOW, an_access
from tests.connectors.contract import ConnectorContract
from tests.connectors.rosters import (
    ORGS,
    SECRETS,
    a_folder,
    a_manifest,
    a_oneroster,
    a_parent,
    a_role,
    a_student,
    a_user,
    a_zip,
    as_csv,
    fetch_one,
    fetch_oneroster,
    files_1_1,
    files_1_2,
    oneroster_refusal,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestOneRosterContract(ConnectorContract):
    secrets: ClassVar = SECRETS

    @pytest.fixture(params=[files_1_1, files_1_2])
    def connector(self, request: pytest.FixtureRequest, tmp_path: Path) -> OneRoster:
        return a_oneroster(tmp_path, request.param())

    @pytest.fixture
    def broken(self, tmp_path: Path) -> list[OneRoster]:
        whole = a_zip(tmp_path / "whole.zip", files_1_1()).read_bytes()
        inputs: dict[str, bytes] = {
            "cut.zip": whole[: len(whole) // 2],
            "text.zip": b"sourcedId,email\nida@maplefalls.example,ida@maplefalls.example\n",
            "empty.zip": b"",
        }
        for name, data in inputs.items():
            (tmp_path / name).write_bytes(data)
        a_zip(tmp_path / "other.zip", {"ida.marsh@maplefalls.example.txt": "x", "b\n\x1b.csv": ""})
        a_zip(tmp_path / "quoted.zip", {**files_1_1(), "users.csv": 'sourcedId,email,role\n1,"x'})
        a_zip(tmp_path / "headless.zip", {"users.csv": f"1,Ida,ida@{DOMAIN},correct horse\n"})
        names = ["missing.zip", *inputs, "other.zip", "quoted.zip", "headless.zip"]
        return [OneRoster(an_access({"path": name}, folder=tmp_path)) for name in names]

    @pytest.fixture
    def hostile(self, tmp_path: Path) -> Callable[[str], OneRoster]:
        return lambda text: a_oneroster(
            tmp_path, files_1_1(a_user("t1", givenName=text, email=MAIL))
        )


MAIL = f"ida.marsh@{DOMAIN}"


def test_staff_of_1_1(tmp_path: Path) -> None:
    harvest = fetch_oneroster(tmp_path, files_1_1())
    assert [person.id for person in harvest.people] == ["t1", "t2"]
    person = harvest.people[0]
    assert person.name == "Ida Marsht1"
    assert person.addresses == (f"ida.marsht1@{DOMAIN}",)
    assert (person.role, person.standing) == (Role.STAFF, Standing.ACTIVE)
    assert (person.schools, person.title) == (("MFH",), "teacher")
    assert harvest.dropped == {"parents and guardians": 1, "students": 2}
    assert harvest.notes == ()


def test_staff_of_1_2_comes_from_roles(tmp_path: Path) -> None:
    harvest = fetch_oneroster(tmp_path, files_1_2())
    assert [(person.id, person.title) for person in harvest.people] == [
        ("t1", "teacher"),
        ("t2", "aide"),
    ]
    assert harvest.dropped == {"students": 1}


def test_folder_reads_like_the_zip(tmp_path: Path) -> None:
    a_folder(tmp_path / "export", files_1_2())
    harvest = OneRoster(an_access({"path": "export"}, folder=tmp_path)).fetch()
    assert harvest == fetch_oneroster(tmp_path, files_1_2())


def test_one_folder_inside_the_zip_and_names_in_any_case(tmp_path: Path) -> None:
    files = {name.upper(): content for name, content in files_1_2().items()}
    a_zip(tmp_path / "a.zip", files, top="export/")
    harvest = OneRoster(an_access({"path": "a.zip"}, folder=tmp_path)).fetch()
    assert harvest == fetch_oneroster(tmp_path, files_1_2())


def test_schools_districts_and_departments(tmp_path: Path) -> None:
    orgs = [
        *ORGS,
        {"sourcedId": "M", "name": "Maths", "type": "Department", "parentSourcedId": "MFH"},
        {"sourcedId": "US", "name": "Nation", "type": "national"},
        {"sourcedId": "X", "name": "Old", "type": "school", "status": "tobedeleted"},
        {"sourcedId": "MFH", "name": "Again", "type": "school"},
        {"sourcedId": "N", "name": "", "type": "school"},
    ]
    harvest = fetch_oneroster(tmp_path, {**files_1_1(), "orgs.csv": as_csv(orgs)})
    assert [(school.id, school.kind, school.parent) for school in harvest.schools] == [
        ("D", "district", None),
        ("MFH", "school", "D"),
        ("ELM", "school", "D"),
        ("M", "department", "MFH"),
    ]
    assert harvest.schools[1] == School(
        source="tested", id="MFH", name="Maple Falls High", kind="school", parent="D"
    )
    assert harvest.dropped["organisations beyond the district"] == 1
    assert harvest.dropped["organisations to be deleted"] == 1
    assert harvest.dropped["organisations repeated or without an id or a name"] == 2


def test_without_orgs_schools_are_ids(tmp_path: Path) -> None:
    files = {"users.csv": files_1_1()["users.csv"]}
    harvest = fetch_oneroster(tmp_path, files)
    assert harvest.schools == ()
    assert harvest.people[0].schools == ("MFH",)
    assert harvest.notes == ("The export has no orgs.csv; schools are known by their ids only.",)


def test_several_schools(tmp_path: Path) -> None:
    assert fetch_one(tmp_path, a_user("a", orgSourcedIds="MFH, ELM")).schools == ("MFH", "ELM")
    roles = (a_role("a", "teacher"), a_role("a", "principal", orgSourcedId="ELM"))
    person = fetch_one(tmp_path, a_user("a", None, primaryOrgSourcedId="ELM"), *roles)
    assert person.schools == ("ELM", "MFH")


def test_a_person_in_two_rows_is_one_person(tmp_path: Path) -> None:
    rows = (
        a_user("a", email=f"One@{DOMAIN}", enabledUser="false"),
        a_user("a", email=f"two@{DOMAIN}", orgSourcedIds="ELM"),
        a_user("a", email=f"ONE@{DOMAIN}", orgSourcedIds="ELM"),
    )
    harvest = fetch_oneroster(tmp_path, files_1_1(*rows))
    (person,) = harvest.people
    assert person.addresses == (f"One@{DOMAIN}", f"two@{DOMAIN}")
    assert person.schools == ("MFH", "ELM")
    assert person.standing is Standing.ACTIVE
    assert harvest.notes == ("Rows that repeat a person and were joined with the first: 2.",)


def test_sloppy_but_whole_files_are_read(tmp_path: Path) -> None:
    """Typing errors, an empty last header and lower-case file names, as in well-known samples."""
    users = as_csv([a_user("t1", None), a_user("t2", None)]).replace("username", "User Name")
    users = users.replace("status", "dataLastModified,status").replace(
        ",active,", ",2030-01-01,active,"
    )
    roles = as_csv([a_role("t1", "teacher"), a_role("t2", "aide")]).replace("\r\n", ",\r\n")
    files = files_1_2() | {"users.csv": "\ufeff" + users, "roles.csv": roles}
    files["userprofiles.csv"] = "userSourcedId,password\r\nt1,correct horse\r\n"
    assert [person.id for person in fetch_oneroster(tmp_path, files).people] == ["t1", "t2"]


def test_leading_zeros_are_kept(tmp_path: Path) -> None:
    person = fetch_one(tmp_path, a_user("00042", orgSourcedIds="007"))
    assert (person.id, person.schools) == ("00042", ("007",))


def test_windows_1252_is_read_with_a_note(tmp_path: Path) -> None:
    users = as_csv([a_user("a", givenName="Zoë", email=MAIL)]).encode("cp1252")
    harvest = fetch_oneroster(tmp_path, {**files_1_1(), "users.csv": users})
    assert harvest.people[0].name == "Zoë Marsha"
    assert harvest.notes == (
        "users.csv in 'roster.zip' is not UTF-8; it was read as Windows-1252.",
    )


def test_utf_16_is_read(tmp_path: Path) -> None:
    users = as_csv([a_user("a", givenName="Zoë", email=MAIL)]).encode("utf-16")
    harvest = fetch_oneroster(tmp_path, {**files_1_1(), "users.csv": users})
    assert harvest.people[0].name == "Zoë Marsha"
    assert harvest.notes == ()


def test_rows_without_an_id_are_counted(tmp_path: Path) -> None:
    harvest = fetch_oneroster(
        tmp_path, files_1_1(a_user("t1"), a_user("", email=MAIL), a_student(""))
    )
    assert harvest.dropped == {"rows without an id": 1, "students": 1}


@pytest.mark.parametrize("name", ["users", "orgs", "roles"])
def test_delta_is_refused(tmp_path: Path, name: str) -> None:
    modes = {"users": "bulk", "orgs": "bulk", "roles": "bulk"} | {name: "Delta"}
    files = files_1_2() | {"manifest.csv": a_manifest("1.2", **modes)}
    text = oneroster_refusal(tmp_path, files)
    assert f"is a delta export: its {name}.csv holds only what changed" in text
    assert "Set the export to bulk" in text


@pytest.mark.parametrize("name", ["orgs", "roles"])
def test_a_file_the_manifest_promises_must_be_there(tmp_path: Path, name: str) -> None:
    files = files_1_2()
    del files[f"{name}.csv"]
    assert f"has no {name}.csv" in oneroster_refusal(tmp_path, files)


def test_missing_users_lists_what_was_found(tmp_path: Path) -> None:
    text = oneroster_refusal(tmp_path, {"teachers.csv": "x", "inner.zip": "PK"})
    assert "'roster.zip' has no users.csv; it holds teachers.csv, inner.zip" in text


def test_no_roles_anywhere(tmp_path: Path) -> None:
    files = {"users.csv": as_csv([a_user("t1", None)])}
    assert "students cannot be told from staff" in oneroster_refusal(tmp_path, files)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    text = oneroster_refusal(tmp_path, {"users.csv": "sourcedId,role\n1,teacher\n"})
    assert "users.csv in 'roster.zip' has no column email in its first line" in text
    assert "no column sourcedId and no column email" in oneroster_refusal(
        tmp_path, {"users.csv": ""}
    )


def test_header_that_is_really_a_person_is_not_shown(tmp_path: Path) -> None:
    text = oneroster_refusal(tmp_path, {"users.csv": f"s1,Pupil Pine,pupil@{DOMAIN}\n"})
    assert "Pine" not in text


def test_no_staff_and_no_addresses(tmp_path: Path) -> None:
    assert "holds no staff" in oneroster_refusal(tmp_path, files_1_1(a_student("a"), a_parent("b")))
    shared = a_user("a", email=f"office@{DOMAIN}", givenName="", familyName="")
    assert "holds no staff" in oneroster_refusal(tmp_path, files_1_1(shared))
    text = oneroster_refusal(
        tmp_path, files_1_1(a_user("a", email=""), a_user("b", email="b@x.example"))
    )
    assert "none of the 2 staff has an address at the district's domains" in text
    assert "district.email_domains" in text


def test_domains_are_needed(tmp_path: Path) -> None:
    a_zip(tmp_path / "a.zip", files_1_1())
    with pytest.raises(NotConfigured, match="email_domains"):
        OneRoster(an_access({"path": "a.zip"}, folder=tmp_path, domains=())).fetch()


def test_bomb_is_refused(tmp_path: Path) -> None:
    users = b"sourcedId,email,role\n" + b"\n" * 20_000_000
    assert "200 times its size" in oneroster_refusal(tmp_path, {"users.csv": users})


def test_an_old_export_is_noted(tmp_path: Path) -> None:
    source = a_oneroster(tmp_path, files_1_1())
    os.utime(tmp_path / "roster.zip", (NOW.timestamp() - 30 * 86400,) * 2)
    assert source.fetch().notes == (
        "The file was last changed 30 days ago; people may have come or left since.",
    )


def test_nothing_but_what_is_needed_is_kept(tmp_path: Path) -> None:
    shown = repr(fetch_oneroster(tmp_path, files_1_1()))
    assert not any(secret in shown for secret in (*SECRETS, "{SIS:77}", "pupils1"))
