"""Directory connector for staff lists as CSV or Excel (.xlsx) files, with headers spelt loosely.

Reads what districts have at hand: an HR list, the users download of the Google Admin console or
of Microsoft Entra, a hand-kept table.  Only an e-mail column is required.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from connectors.directory.roles import (
    GUARDIAN_WORDS,
    ROLE_SETTINGS,
    STUDENT_WORDS,
    Group,
    tell_group,
)
from connectors.directory.roster import Roster
from connectors.errors import NotConfigured, UnexpectedAnswer
from connectors.inputs import find_input, note_age, open_input, show
from connectors.records import School, Standing
from connectors.source import Capability, Setting
from connectors.tabular import HEADER_DEPTH, Table, read_csv, read_date, read_table
from connectors.workbooks import is_workbook, read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from connectors.records import Harvest
    from connectors.source import Access
    from connectors.tabular import Layout, Sheet

COLUMNS: Layout = {
    "email": (
        "email", "email address", "work email", "district email", "school email", "staff email",
        "primary email", "mail", "user principal name",
    ),
    "aliases": (
        "aliases", "email aliases", "other emails", "alternate email", "secondary email",
        "proxy addresses",
    ),
    "id": (
        "employee id", "staff id", "employee number", "person id", "sourced id", "user id", "id",
    ),
    "name": ("name", "full name", "display name", "employee name", "staff name", "staff member"),
    "preferred": ("preferred first name", "preferred given name", "preferred name"),
    "given": ("given name", "first name", "first"),
    "family": ("family name", "last name", "surname", "last"),
    "username": ("username", "user name", "sam account name", "login"),
    "school": (
        "school", "schools", "school name", "building", "buildings", "campus", "site", "location",
        "work location", "office location",
    ),
    "unit": ("org unit path", "org unit", "organizational unit", "ou"),
    "department": ("department", "dept"),
    "title": ("title", "job title", "employee title", "position", "job"),
    "role": ("role", "user role", "user type", "person type", "account type", "type"),
    "employee_type": ("employee type",),
    "standing": (
        "status", "account status", "employment status", "standing", "account enabled", "enabled",
        "enabled user", "active",
    ),
    "hired_on": ("hired on", "hire date", "date hired", "start date"),
    "left_on": ("left on", "termination date", "separation date", "end date", "last day"),
}  # fmt: skip
STANDINGS = {
    Standing.ACTIVE: "active true yes y 1 enabled employed current",
    Standing.SUSPENDED: "suspended disabled inactive locked blocked false no n 0",
    Standing.ARCHIVED: "archived",
    Standing.LEFT: "left terminated retired resigned separated former deleted tobedeleted",
}
STANDING_OF = {word: standing for standing, words in STANDINGS.items() for word in words.split()}


class Spreadsheet:
    """Staff and schools of a CSV or Excel file; every sheet with an e-mail column is read."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("path", str, required=True, about="The staff list: a .csv or .xlsx file."),
        Setting(
            "sheet",
            str,
            required=False,
            about="The one sheet to read; without it, every sheet with an e-mail column is.",
        ),
        Setting(
            "columns",
            dict,
            required=False,
            about='Headers where they are not found by themselves, such as { name = "Teacher" };'
            f" keys: {', '.join(COLUMNS)}.",
            default={},
        ),
        *ROLE_SETTINGS,
    )

    def __init__(self, access: Access) -> None:
        self._access = access

    def fetch(self) -> Harvest:
        """Read the whole list; raises ``ConnectorError`` for anything less than all of it."""
        layout = self._lay_out()
        path = find_input(self._access)
        roster = Roster(self._access)
        reading = _Reading(roster, self._access.now.date())
        for sheet in self._open(path):
            reading.read(sheet, layout, self._overrides())
        reading.check(show(path.name))
        notes = (*reading.notes(), *note_age([path], self._access.now))
        return roster.harvest(reading.schools.values(), notes)

    def _open(self, path: Path) -> Iterable[Sheet]:
        source = self._access.source
        if path.is_dir():
            raise NotConfigured(source, "'path' is a folder", "Name one .csv or .xlsx file")
        if is_workbook(path, source):
            return read_workbook(path, source, self._access.options.get("sheet"))
        return [read_csv(lambda: open_input(path, source), source, f"'{show(path.name)}'")]

    def _overrides(self) -> Mapping[str, str]:
        columns: Mapping[str, str] = self._access.options.get("columns") or {}
        return columns

    def _lay_out(self) -> Layout:
        overrides = self._overrides()
        for key in overrides:
            if key not in COLUMNS:
                close = get_close_matches(key, COLUMNS, n=1)
                raise NotConfigured(
                    self._access.source,
                    f"'columns' has no key '{show(key)}'",
                    f"Use '{close[0]}'" if close else f"Use one of {', '.join(COLUMNS)}",
                )
        return {**COLUMNS, **{key: (str(header),) for key, header in overrides.items()}}


class _Reading:
    """What the sheets of one file gave so far."""

    def __init__(self, roster: Roster, today: date) -> None:
        self._roster, self._today = roster, today
        self.schools: dict[str, School] = {}
        self._notes: list[str] = []
        self._read = self._empty = self._other = 0
        self._has_standing = True

    def read(self, sheet: Sheet, layout: Layout, overrides: Mapping[str, str]) -> None:
        """Enter everybody of a sheet; one without rows or without an e-mail column is counted."""
        first = next(sheet.rows, None)
        if first is None:
            self._empty += 1
            return
        sheet = replace(sheet, rows=chain([first], sheet.rows))
        table = read_table(sheet, layout, required=("email",), depth=HEADER_DEPTH)
        if table is None:
            self._other += 1
            return
        _check_overrides(sheet, table, overrides)
        self._read += 1
        self._notes += sheet.notes
        self._has_standing &= not table.columns.isdisjoint({"standing", "left_on"})
        for row in table.rows:
            self._enter(row)

    def check(self, label: str) -> None:
        """Raise UnexpectedAnswer if no sheet could be read."""
        if self._read:
            return
        if self._other:
            raise UnexpectedAnswer(
                self._roster.source,
                f"'{label}' has no e-mail column in its first {HEADER_DEPTH} rows",
                'Name the column in audit.toml: columns = { email = "..." }',
            )
        raise UnexpectedAnswer(self._roster.source, f"'{label}' holds no rows", "Export it again")

    def notes(self) -> Iterator[str]:
        """Yield remarks on what could not be told from the file."""
        yield from self._notes
        if self._other:
            yield f"Sheets without an e-mail column, which were not read: {self._other}."
        if not self._has_standing:
            yield "The list has no status column, so who has left is not known from it."

    def _enter(self, row: Mapping[str, str]) -> None:
        group = _tell_row(row)
        if group is not Group.STAFF:
            reason = group or "people without a role"
            self._roster.drop(reason, row.get("id") or row["email"].casefold())
            return
        given, family = _tell_name(row)
        left_on = read_date(row.get("left_on", ""))
        self._roster.add(
            person_id=row.get("id", ""),
            given=given,
            family=family,
            name="" if row.get("preferred") and given and family else row.get("name", ""),
            addresses=[row["email"], row.get("aliases", "")],
            username=row.get("username", ""),
            standing=_tell_standing(row, left_on, self._today),
            schools=list(self._name_schools(row.get("school", ""))),
            groups=[row.get("unit", ""), row.get("department", "")],
            title=row.get("title", ""),
            hired_on=read_date(row.get("hired_on", "")),
            left_on=left_on,
        )

    def _name_schools(self, cell: str) -> Iterator[str]:
        for name in (part.strip() for part in re.split(r"[;|\n]", cell)):
            if name:
                school = School(source=self._roster.source, id=name, name=name)
                yield self.schools.setdefault(name.casefold(), school).id


def _check_overrides(sheet: Sheet, table: Table, overrides: Mapping[str, str]) -> None:
    for key, header in overrides.items():
        if key not in table.columns:
            raise sheet.refuse(
                f"has no column '{show(str(header))}'", f"Correct columns.{key} in audit.toml"
            )


def _tell_row(row: Mapping[str, str]) -> Group | None:
    """Say whom a row is about; None where the list has roles and this one is empty."""
    segments = row.get("unit", "").split("/")
    kinds = [tell_group(text) for text in [row.get("employee_type", ""), *segments]]
    plain = {row.get("department", "").casefold(), row.get("title", "").casefold()}
    role = tell_group(row["role"]) if "role" in row else Group.STAFF
    if Group.STUDENT in {*kinds, role} or not plain.isdisjoint(STUDENT_WORDS):
        return Group.STUDENT
    if Group.GUARDIAN in {*kinds, role} or not plain.isdisjoint(GUARDIAN_WORDS):
        return Group.GUARDIAN
    return role


def _tell_name(row: Mapping[str, str]) -> tuple[str, str]:
    """Return given and family name, from their columns or out of the full name."""
    given, family = row.get("preferred") or row.get("given", ""), row.get("family", "")
    if given or family:
        return given, family
    last, comma, first = row.get("name", "").partition(",")
    if comma:
        return first.strip(), last.strip()
    words = last.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else ("", last)


def _tell_standing(row: Mapping[str, str], left_on: date | None, today: date) -> Standing | None:
    word = re.sub(r"[^a-z0-9]", "", row.get("standing", "").casefold())
    if left_on is not None and left_on < today:
        return Standing.LEFT
    return STANDING_OF.get(word)
