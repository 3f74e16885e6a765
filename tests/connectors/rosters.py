"""OneRoster exports and staff lists of an invented district, made in a test's folder."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from connectors.directory.oneroster import OneRoster
from connectors.directory.spreadsheet import Spreadsheet
from connectors.errors import ConnectorError
from tests.builders import DOMAIN, an_access

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connectors.records import Harvest, Person

SECRETS = ("correct horse", "2014-05-06", "555-0100", "Pupil", "Guardia")
ORGS = [
    {"sourcedId": "D", "name": "Maple Falls", "type": "district"},
    {"sourcedId": "MFH", "name": "Maple Falls High", "type": "school", "parentSourcedId": "D"},
    {"sourcedId": "ELM", "name": "Elm Elementary", "type": "school", "parentSourcedId": "D"},
]


def a_user(key: str, role: str | None = "teacher", **changes: str) -> dict[str, str]:
    """Build a row of users.csv (1.1; without ``role`` 1.2) with things nobody may keep."""
    given, family = changes.get("givenName", "Ida"), changes.get("familyName", f"Marsh{key}")
    row = {
        "sourcedId": key,
        "status": "active",
        "enabledUser": "true",
        "orgSourcedIds": "MFH",
        "role": role or "",
        "username": f"{given}{key}".lower(),
        "userIds": "{SIS:77}",
        "givenName": given,
        "familyName": family,
        "email": f"{given}.{family}@{DOMAIN}".lower(),
        "phone": "555-0100",
        "birthDate": "2014-05-06",
        "password": "correct horse",
    }
    if role is None:
        del row["role"], row["orgSourcedIds"]
    return row | changes


def a_student(key: str, **changes: str) -> dict[str, str]:
    """Build a student's row of 1.1."""
    return a_user(key, "student", givenName="Pupil", familyName=f"P{key}", **changes)


def a_parent(key: str) -> dict[str, str]:
    """Build a parent's row of 1.1."""
    return a_user(key, "parent", givenName="Guardia", familyName=f"G{key}")


def a_role(user: str, role: str, **changes: str) -> dict[str, str]:
    """Build a row of roles.csv (1.2)."""
    row = {"sourcedId": f"r-{user}-{role}", "userSourcedId": user, "roleType": "primary"}
    return row | {"role": role, "orgSourcedId": "MFH", "endDate": ""} | changes


def as_csv(rows: Sequence[Mapping[str, str]], end: str = "\r\n", delimiter: str = ",") -> str:
    """Write rows with all of their columns."""
    text = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(
        text, list(columns), restval="", lineterminator=end, delimiter=delimiter
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def a_manifest(version: str = "1.1", **modes: str) -> str:
    """Build manifest.csv; ``modes`` maps a file to absent, bulk or delta."""
    values = {"manifest.version": "1.0", "oneroster.version": version}
    values |= {f"file.{name}": mode for name, mode in modes.items()}
    return as_csv([{"propertyName": name, "value": value} for name, value in values.items()])


def files_1_1(*users: Mapping[str, str]) -> dict[str, str]:
    """Build the files of a 1.1 export."""
    people = users or (a_user("t1"), a_user("t2"), a_student("s1"), a_student("s2"), a_parent("g1"))
    return {
        "manifest.csv": a_manifest("1.1", users="bulk", orgs="bulk", classes="absent"),
        "orgs.csv": as_csv(ORGS),
        "users.csv": as_csv(people),
        "demographics.csv": as_csv([{"sourcedId": "s1", "birthDate": "2014-05-06"}]),
    }


def files_1_2(*roles: Mapping[str, str], users: Sequence[Mapping[str, str]] = ()) -> dict[str, str]:
    """Build the files of a 1.2 export, whose users.csv has no roles."""
    people = users or [
        a_user("t1", None),
        a_user("t2", None),
        a_user("s1", None, givenName="Pupil", familyName="P1"),
    ]
    duties = roles or (a_role("t1", "teacher"), a_role("t2", "aide"), a_role("s1", "student"))
    return {
        "manifest.csv": a_manifest("1.2", users="bulk", orgs="bulk", roles="bulk"),
        "orgs.csv": as_csv(ORGS),
        "users.csv": as_csv(people),
        "roles.csv": as_csv(duties),
    }


def a_zip(path: Path, files: Mapping[str, str | bytes], top: str = "") -> Path:
    """Write files into a zip, in a folder named ``top`` if there is one."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path


def a_folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a new folder."""
    path.mkdir()
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (path / name).write_bytes(data)
    return path


def a_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], merge: str = "") -> Path:
    """Write an .xlsx file; ``merge`` is a range of the first sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if merge:
        book.worksheets[0].merge_cells(merge)
    book.save(path)
    return path


def a_oneroster(path: Path, files: Mapping[str, str | bytes], **options: Any) -> OneRoster:
    a_zip(path / "roster.zip", files)
    return OneRoster(an_access({"path": "roster.zip", **options}, folder=path))


def fetch_oneroster(path: Path, files: Mapping[str, str | bytes], **options: Any) -> Harvest:
    return a_oneroster(path, files, **options).fetch()


def fetch_one(path: Path, user: Mapping[str, str], *roles: Mapping[str, str]) -> Person:
    """Fetch a roster of one colleague and the person in question, who comes second."""
    colleague = a_user("zz", "teacher" if not roles else None)
    if roles:
        files = files_1_2(a_role("zz", "teacher"), *roles, users=[colleague, user])
    else:
        files = files_1_1(colleague, user)
    return fetch_oneroster(path, files).people[1]


def oneroster_refusal(path: Path, files: Mapping[str, str | bytes], **options: Any) -> str:
    with pytest.raises(ConnectorError) as caught:
        fetch_oneroster(path, files, **options)
    return str(caught.value)


HEADER = ["Name", "E-mail", "School", "Status", "Role", "Phone", "Password", "DOB"]
IDA = [
    "Ida Marsh",
    f"ida@{DOMAIN}",
    "Maple Falls High",
    "Active",
    "Teacher",
    "555-0100",
    "correct horse",
    "2014-05-06",
]
PUPIL = ["Pupil Pine", f"pupil@{DOMAIN}", "Maple Falls High", "Active", "Student", "", "", ""]


def a_csv_list(path: Path, text: str | bytes, **options: Any) -> Spreadsheet:
    data = text.encode() if isinstance(text, str) else text
    (path / "staff.csv").write_bytes(data)
    return Spreadsheet(an_access({"path": "staff.csv", **options}, folder=path))


def fetch_rows(path: Path, *rows: dict[str, str], **options: Any) -> Harvest:
    return a_csv_list(path, as_csv(rows), **options).fetch()


def an_xlsx_list(path: Path, rows: Sequence[Sequence[Any]], **options: Any) -> Spreadsheet:
    a_workbook(path / "staff.xlsx", {"Staff": rows})
    return Spreadsheet(an_access({"path": "staff.xlsx", **options}, folder=path))


def refusal(source: Spreadsheet) -> str:
    with pytest.raises(ConnectorError) as caught:
        source.fetch()
    return str(caught.value)
