from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

import pytest

from connectors.directory.spreadsheet import Spreadsheet
from connectors.errors import NotConfigured
from connectors.records import Role, School, Standing
from tests.builders import DOMAIN, an_access
from tests.connectors.contract import ConnectorContract
from tests.connectors.rosters import (
    HEADER,
    IDA,
    PUPIL,
    SECRETS,
    a_csv_list,
    a_workbook,
    an_xlsx_list,
    as_csv,
    fetch_rows,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestSpreadsheetContract(ConnectorContract):
    secrets: ClassVar = SECRETS

    @pytest.fixture(params=["csv", "xlsx"])
    def connector(self, request: pytest.FixtureRequest, tmp_path: Path) -> Spreadsheet:
        if request.param == "xlsx":
            return an_xlsx_list(tmp_path, [HEADER, IDA, PUPIL])
        return a_csv_list(tmp_path, "\n".join(",".join(row) for row in (HEADER, IDA, PUPIL)) + "\n")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> list[Spreadsheet]:
        a_workbook(tmp_path / "whole.xlsx", {"Staff": [HEADER, IDA]})
        whole = (tmp_path / "whole.xlsx").read_bytes()
        inputs = {
            "cut.xlsx": whole[: len(whole) // 2],
            "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "empty.csv": b"",
            "quote.csv": b'email,name\na,"Pupil',
            "headless.csv": f"Pupil Pine,pupil@{DOMAIN}\n".encode() * 20,
            "zeros.csv": b"\0" * 50,
        }
        for name, data in inputs.items():
            (tmp_path / name).write_bytes(data)
        names = ["missing.csv", ".", *inputs]
        return [Spreadsheet(an_access({"path": name}, folder=tmp_path)) for name in names]

    @pytest.fixture
    def hostile(self, tmp_path: Path) -> Callable[[str], Spreadsheet]:
        rows = {"E-mail": f"ida@{DOMAIN}"}
        return lambda text: a_csv_list(tmp_path, as_csv([{"Name": text, **rows}]))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_staff_and_schools(tmp_path: Path, kind: str) -> None:
    rows = [HEADER, IDA, PUPIL]
    if kind == "csv":
        harvest = a_csv_list(tmp_path, "\n".join(map(",".join, rows)) + "\n").fetch()
    else:
        harvest = an_xlsx_list(tmp_path, rows).fetch()
    (person,) = harvest.people
    assert (person.id, person.name, person.addresses) == (
        f"ida@{DOMAIN}",
        "Ida Marsh",
        (f"ida@{DOMAIN}",),
    )
    assert (person.role, person.standing) == (Role.STAFF, Standing.ACTIVE)
    assert person.schools == ("Maple Falls High",)
    assert harvest.schools == (
        School(source="tested", id="Maple Falls High", name="Maple Falls High"),
    )
    assert harvest.dropped == {"students": 1}
    assert harvest.notes == ()


def test_users_download_of_the_google_console(tmp_path: Path) -> None:
    def row(name: str, unit: str) -> dict[str, str]:
        return {
            "First Name [Required]": name,
            "Last Name [Required]": "Marsh",
            "Email Address [Required]": f"{name}@{DOMAIN}",
            "Password [Required]": "correct horse",
            "Org Unit Path [Required]": unit,
            "Status [READ ONLY]": "Suspended",
            "Recovery Email": "ida@home.example",
            "Employee ID": "0042" if name == "Ida" else "",
            "Employee Type": "",
            "Department": "Science",
        }

    harvest = fetch_rows(
        tmp_path,
        row("Ida", "/Staff/High School"),
        row("Ned", "/Staff/Student Services"),
        row("Pia", "/Students/2024"),
        row("Pim", "/Schools/Students - Elm"),
    )
    ida, ned = harvest.people
    assert (ida.id, ida.name, ida.standing) == ("0042", "Ida Marsh", Standing.SUSPENDED)
    assert ida.groups == ("/Staff/High School", "Science")
    assert ned.id == f"ned@{DOMAIN}"
    assert harvest.dropped == {"students": 2}
    assert "home.example" not in repr(harvest)


@pytest.mark.parametrize(
    "row",
    [
        {"Type": "Student"},
        {"Employee Type": "student"},
        {"Role": "Student Aide"},
        {"Title": "Student"},
        {"Department": "Students"},
        {"Role": "Teacher", "OU": "/Students"},
        {"Role": "Parent"},
        {"Title": "guardian"},
        {"Role": "HS Student"},
        {"Role": "Grade 10 student"},
        {"Role": "Legal Guardian"},
        {"Role": "Step-parent"},
        {"Role": "Emergency Contact"},
        {"Employee Type": "Parent"},
        {"Role": ""},
    ],
)
def test_who_does_not_enter(tmp_path: Path, row: dict[str, str]) -> None:
    role = {name: "Teacher" for name in row if name in {"Role", "Type"}}
    staff = {"Email": f"ida@{DOMAIN}", "Name": "Ida", **role}
    harvest = fetch_rows(tmp_path, staff, {"Email": f"pupil@{DOMAIN}", "Name": "Pupil", **row})
    assert [person.name for person in harvest.people] == ["Ida"]
    assert sum(harvest.dropped.values()) == 1
    assert "upil" not in repr(harvest)


@pytest.mark.parametrize(
    "row",
    [
        {"Role": "Student Services Coordinator"},
        {"Role": "Parent Liaison"},
        {"Role": "Dean of Students"},
        {"Role": "Aide, Students with Disabilities"},
        {"OU": "/Staff and Students"},
        {"Title": "Student Nutrition Cook"},
        {"Department": "Family and Consumer Science"},
        {"OU": "/Staff/Student Support"},
    ],
)
def test_who_only_sounds_like_a_student(tmp_path: Path, row: dict[str, str]) -> None:
    harvest = fetch_rows(tmp_path, {"Email": f"ida@{DOMAIN}", "Name": "Ida", **row})
    assert len(harvest.people) == 1


def test_student_domains(tmp_path: Path) -> None:
    rows = [{"Email": f"ida@{DOMAIN}"}, {"Email": f"pia@kids.{DOMAIN}"}]
    harvest = fetch_rows(tmp_path, *rows, student_domains=[f"@kids.{DOMAIN}"])
    assert len(harvest.people) == 1
    assert harvest.dropped == {"students": 1}


@pytest.mark.parametrize(
    ("header", "value", "standing"),
    [
        ("Status", "Active", Standing.ACTIVE),
        ("Account Enabled", "False", Standing.SUSPENDED),
        ("Enabled", "yes", Standing.ACTIVE),
        ("Employment Status", "RETIRED", Standing.LEFT),
        ("Account status", "Archived", Standing.ARCHIVED),
        ("Status", "on leave", None),
        ("Status", "", None),
        ("Termination Date", "3/13/2024", Standing.LEFT),
        ("Termination Date", "2024-03-14", None),
    ],
)
def test_standing(tmp_path: Path, header: str, value: str, standing: Standing | None) -> None:
    harvest = fetch_rows(tmp_path, {"Email": f"ida@{DOMAIN}", header: value})
    assert harvest.people[0].standing is standing
    assert harvest.notes == ()


def test_without_a_status_column_nobody_is_said_to_be_active(tmp_path: Path) -> None:
    harvest = fetch_rows(tmp_path, {"Email": f"ida@{DOMAIN}"})
    assert harvest.people[0].standing is None
    assert harvest.notes == (
        "The list has no status column, so who has left is not known from it.",
    )


def test_names(tmp_path: Path) -> None:
    rows = [
        {"Email": f"office@{DOMAIN}", "Name": "Main Office"},
        {"Email": f"principal@{DOMAIN}", "Name": "Lee, Ann"},
        {"Email": f"nurse@{DOMAIN}", "Name": "Ann Lee"},
        {"Email": f"x@{DOMAIN}", "First": "Robert", "Last": "Oak", "Preferred name": "Bo"},
        {"Email": f"y@{DOMAIN}"},
        {"Email": f"help@{DOMAIN}"},
    ]
    harvest = fetch_rows(tmp_path, *rows)
    assert [(person.name, person.role) for person in harvest.people] == [
        ("Main Office", Role.SHARED),
        ("Lee, Ann", Role.STAFF),
        ("Ann Lee", Role.STAFF),
        ("Bo Oak", Role.STAFF),
        (f"y@{DOMAIN}", Role.STAFF),
        (f"help@{DOMAIN}", Role.SHARED),
    ]


def test_one_person_at_two_schools_on_two_rows(tmp_path: Path) -> None:
    row = {"Email": f"ida@{DOMAIN}", "Status": "active"}
    harvest = fetch_rows(
        tmp_path,
        {**row, "Building": "Elm; Maple Falls High"},
        {**row, "Email": f"IDA@{DOMAIN}", "Building": "ELM"},
        {**row, "Email": f"IDA@{DOMAIN}", "Building": "Oak"},
    )
    (person,) = harvest.people
    assert person.schools == ("Elm", "Maple Falls High", "Oak")
    assert [school.id for school in harvest.schools] == ["Elm", "Maple Falls High", "Oak"]


def test_dates_title_and_aliases(tmp_path: Path) -> None:
    row = {
        "Email": f"ida@{DOMAIN}",
        "Email aliases": f"im@{DOMAIN}, ida@home.example",
        "Hire Date": "8/1/2025",
        "Job Title": "Librarian",
    }
    (person,) = fetch_rows(tmp_path, row).people
    assert person.hired_on == date(2025, 8, 1)
    assert person.title == "Librarian"
    assert person.addresses == (f"ida@{DOMAIN}", f"im@{DOMAIN}")


def test_an_outside_address_is_nobodys_id(tmp_path: Path) -> None:
    rows = [{"Email": f"ida@{DOMAIN}"}, {"Email": "ned@home.example", "Name": "Ned"}]
    harvest = fetch_rows(tmp_path, *rows)
    assert "home.example" not in repr(harvest)
    assert harvest.dropped == {
        "addresses outside the district": 1,
        "rows without an id or a district address": 1,
    }


def test_columns_named_in_the_settings(tmp_path: Path) -> None:
    row = {"Lehrkraft": "Ida", "Contact (work)": f"ida@{DOMAIN}", "Contact (home)": "x"}
    columns = {"name": "lehrkraft", "email": "Contact (work)"}
    harvest = fetch_rows(tmp_path, row, columns=columns)
    assert harvest.people[0].name == "Ida"
    assert harvest.people[0].addresses == (f"ida@{DOMAIN}",)


def test_wrong_columns_setting(tmp_path: Path) -> None:
    text = f"email\nida@{DOMAIN}\n"
    with pytest.raises(NotConfigured, match=r"no key 'emial'\. Use 'email'"):
        a_csv_list(tmp_path, text, columns={"emial": "x"}).fetch()
    with pytest.raises(NotConfigured, match="Use one of email, aliases"):
        a_csv_list(tmp_path, text, columns={"###": "x"}).fetch()
    assert "has no column 'Teacher'. Correct columns.name" in refusal(
        a_csv_list(tmp_path, text, columns={"name": "Teacher"})
    )


def test_a_second_row_adds_its_title(tmp_path: Path) -> None:
    row = {"Email": f"a@{DOMAIN}", "Name": "Ada Bell"}
    harvest = fetch_rows(tmp_path, {**row, "Title": "Teacher"}, {**row, "Title": "Principal"})
    assert [person.title for person in harvest.people] == ["Teacher, Principal"]


def test_header_below_a_title(tmp_path: Path) -> None:
    title = [["Staff list 2024"], [], [None, "as of March"]]
    harvest = an_xlsx_list(tmp_path, [*title, HEADER, IDA]).fetch()
    assert harvest.people[0].name == "Ida Marsh"
    text = f"Staff list\n\nName;E-mail\nMarsh, Ida;ida@{DOMAIN}\n"
    assert a_csv_list(tmp_path, text).fetch().people[0].name == "Marsh, Ida"


def test_header_too_far_down(tmp_path: Path) -> None:
    text = refusal(an_xlsx_list(tmp_path, [*[[f"line {n}"] for n in range(10)], HEADER, IDA]))
    assert "'staff.xlsx' has no e-mail column in its first 10 rows" in text
    assert "columns = { email" in text


def test_merged_header(tmp_path: Path) -> None:
    rows = [["Name", "Contact", None], [None, "E-mail", "Phone"], ["Ida", f"ida@{DOMAIN}", "5"]]
    a_workbook(tmp_path / "a.xlsx", {"Staff": rows}, merge="A1:A2")
    harvest = Spreadsheet(an_access({"path": "a.xlsx"}, folder=tmp_path)).fetch()
    assert harvest.people[0].name == "Ida"


def test_empty_sheet(tmp_path: Path) -> None:
    assert "'staff.xlsx' holds no rows" in refusal(an_xlsx_list(tmp_path, []))
    assert "'staff.csv' holds no rows" in refusal(a_csv_list(tmp_path, "\n\n"))


def test_no_addresses_at_all(tmp_path: Path) -> None:
    text = refusal(a_csv_list(tmp_path, "Email,ID\n,1\n,2\n"))
    assert "none of the 2 staff has an address" in text
