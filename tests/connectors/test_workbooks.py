from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors.workbooks
from connectors.directory.spreadsheet import Spreadsheet
from connectors.errors import ConnectorError
from connectors.records import Standing
from tests.builders import DOMAIN, an_access
from tests.connectors.rosters import (
    HEADER,
    IDA,
    a_csv_list,
    a_workbook,
    an_xlsx_list,
    refusal,
)

if TYPE_CHECKING:
    from pathlib import Path


def damage(path: Path, member: str, content: bytes) -> None:
    """Replace one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | {member: content}).items():
            archive.writestr(name, data)


def test_old_excel_is_told_what_to_do(tmp_path: Path) -> None:
    source = a_csv_list(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "Save it as .xlsx without a password" in refusal(source)


def test_other_zip_is_not_a_workbook(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("users.csv", "x")
    assert "is not a workbook that can be read" in refusal(a_csv_list(tmp_path, data.getvalue()))


def test_cells_of_every_type_become_text(tmp_path: Path) -> None:
    header = ["E-mail", "Employee ID", "Active", "Hire date", "Title", "Department", "End date"]
    row = [
        f"ida@{DOMAIN}",
        42.0,
        False,
        datetime(2025, 8, 1),
        "#N/A",
        3.5,
        date(2040, 1, 2),
    ]
    (person,) = an_xlsx_list(tmp_path, [header, row]).fetch().people
    assert (person.id, person.standing) == ("42", Standing.SUSPENDED)
    assert person.hired_on == date(2025, 8, 1)
    assert person.left_on == date(2040, 1, 2)
    assert (person.title, person.groups) == (None, ("3.5",))


def test_text_ids_keep_their_zeros(tmp_path: Path) -> None:
    header, row = ["E-mail", "Employee ID"], [f"ida@{DOMAIN}", "0042"]
    assert an_xlsx_list(tmp_path, [header, row]).fetch().people[0].id == "0042"


def two_sheets(path: Path, **options: str) -> Spreadsheet:
    ned = [f"ned@{DOMAIN}", "Ned"]
    sheets = {
        "Notes": [["Dear all"]],
        "High": [HEADER, IDA],
        "Elm": [["Email", "Name"], ned],
        "Blank": [],
    }
    a_workbook(path / "a.xlsx", sheets)
    return Spreadsheet(an_access({"path": "a.xlsx", **options}, folder=path))


def test_every_sheet_with_an_e_mail_column_is_read(tmp_path: Path) -> None:
    harvest = two_sheets(tmp_path).fetch()
    assert [person.name for person in harvest.people] == ["Ida Marsh", "Ned"]
    assert harvest.notes == (
        "Sheets without an e-mail column, which were not read: 1.",
        "The list has no status column, so who has left is not known from it.",
    )


def test_only_the_named_sheet_is_read(tmp_path: Path) -> None:
    harvest = two_sheets(tmp_path, sheet="Elm").fetch()
    assert [person.name for person in harvest.people] == ["Ned"]
    text = refusal(two_sheets(tmp_path, sheet="Oak"))
    assert "has no sheet named 'Oak'; it has Notes, High, Elm, Blank" in text


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def test_far_away_cells_cost_nothing(tmp_path: Path) -> None:
    """Padding every row to the widest would ask for 18 billion cells."""
    source = an_xlsx_list(tmp_path, [HEADER, IDA])
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c></row>'
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>ida@{DOMAIN}</t></is></c>'
        '<c r="XFD2"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    content = f"{SHEET}{rows}</sheetData></worksheet>".encode()
    damage(tmp_path / "staff.xlsx", "xl/worksheets/sheet1.xml", content)
    assert [person.id for person in source.fetch().people] == [f"ida@{DOMAIN}"]


def test_row_numbers_beyond_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.workbooks, "MAX_ROWS", 1000)
    source = an_xlsx_list(tmp_path, [HEADER, IDA])
    content = (
        f'{SHEET}<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c></row>'
        '<row r="999999999999"><c r="A999999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    damage(tmp_path / "staff.xlsx", "xl/worksheets/sheet1.xml", content.encode())
    assert "has more than 1,000 rows" in refusal(source)


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    source = an_xlsx_list(tmp_path, [HEADER, IDA])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + SHEET
    content = f'{bomb}<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData>'
    damage(tmp_path / "staff.xlsx", "xl/worksheets/sheet1.xml", content.encode())
    assert "is not a workbook that can be read" in refusal(source)


def test_workbook_bomb_is_refused(tmp_path: Path) -> None:
    source = an_xlsx_list(tmp_path, [HEADER, IDA])
    damage(tmp_path / "staff.xlsx", "xl/sharedStrings.xml", b" " * 11_000_000)
    assert "200 times its size" in refusal(source)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_part_is_a_connector_error_or_none(tmp_path: Path, data: st.DataObject) -> None:
    source = an_xlsx_list(tmp_path, [HEADER, IDA])
    with zipfile.ZipFile(tmp_path / "staff.xlsx") as archive:
        part = data.draw(st.sampled_from(archive.namelist()))
        content = bytearray(archive.read(part))
    where = data.draw(st.integers(0, len(content) - 1))
    how = data.draw(st.sampled_from(["cut", "digit", "byte", "nothing"]))
    if how == "cut":
        content = content[:where]
    elif how == "digit":
        content = bytearray(content.replace(b"1", b"99999"))
    elif how == "byte":
        content[where] = data.draw(st.integers(0, 255))
    damage(tmp_path / "staff.xlsx", part, bytes(content) if how != "nothing" else b"")
    with suppress(ConnectorError):
        source.fetch()


def test_declared_size_of_a_sheet_is_not_believed(tmp_path: Path) -> None:
    source = an_xlsx_list(tmp_path, [HEADER, IDA, [*IDA[:1], f"ned@{DOMAIN}", *IDA[2:]]])
    with zipfile.ZipFile(tmp_path / "staff.xlsx") as archive:
        content = archive.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:H3"' in content
    content = content.replace(b'ref="A1:H3"', b'ref="A1:C2"')
    damage(tmp_path / "staff.xlsx", "xl/worksheets/sheet1.xml", content)
    harvest = source.fetch()
    assert [person.id for person in harvest.people] == [f"ida@{DOMAIN}", f"ned@{DOMAIN}"]
    assert harvest.people[0].standing is Standing.ACTIVE
