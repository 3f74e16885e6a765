"""Directory connector for OneRoster CSV exports, 1.1 and 1.2, as a zip or a folder.

1EdTech OneRoster CSV Binding 1.1 and 1.2: manifest.csv, users.csv, orgs.csv and, in 1.2 only,
roles.csv.  A delta export is refused, since it holds only what changed.  Passwords, birth dates,
telephone numbers and demographics are never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from connectors.archives import open_members
from connectors.directory.roles import ROLE_SETTINGS
from connectors.directory.roster import Roster
from connectors.directory.rostering import DELETED, KINDS, Duty, enter_user, make_duty
from connectors.errors import UnexpectedAnswer
from connectors.inputs import find_input, note_age, show, show_some
from connectors.records import School
from connectors.source import Capability, Setting
from connectors.tabular import Table, read_csv, read_date, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from connectors.archives import Members
    from connectors.records import Harvest
    from connectors.source import Access
    from connectors.tabular import Layout

MANIFEST: Layout = {"property": ("propertyName",), "value": ("value",)}
ORGS: Layout = {
    "id": ("sourcedId",),
    "status": ("status",),
    "name": ("name",),
    "kind": ("type",),
    "parent": ("parentSourcedId",),
}
USERS: Layout = {
    "id": ("sourcedId",),
    "status": ("status",),
    "enabled": ("enabledUser",),
    "orgs": ("orgSourcedIds", "orgSourcedId"),
    "primary_org": ("primaryOrgSourcedId",),
    "role": ("role", "roles"),
    "username": ("username",),
    "user_ids": ("userIds",),
    "given": ("givenName",),
    "family": ("familyName",),
    # 1.2 only; the misspelling stands in widely used sample files.
    "preferred_given": ("preferredGivenName", "prefferedGivenName", "preferedGivenName"),
    "preferred_family": ("preferredFamilyName", "prefferedFamilyName", "preferedFamilyName"),
    "email": ("email",),
    "aliases": ("aliases", "emailAliases", "metadata.aliases", "metadata.emailAliases"),
}
ROLES: Layout = {
    "user": ("userSourcedId",),
    "status": ("status",),
    "role": ("role",),
    "org": ("orgSourcedId",),
    "end": ("endDate",),
}
NEEDED = {
    "orgs": ("id", "name"),
    "users": ("id", "email"),
    "roles": ("user", "role"),
    "manifest": ("property", "value"),
}


class OneRoster:
    """Staff, service accounts and schools of a OneRoster CSV export."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("path", str, required=True, about="The export: a zip or a folder of CSV files."),
        *ROLE_SETTINGS,
    )

    def __init__(self, access: Access) -> None:
        self._access = access

    def fetch(self) -> Harvest:
        """Read the whole export; raises ``ConnectorError`` for anything less than all of it."""
        path = find_input(self._access)
        roster = Roster(self._access)
        with open_members(path, self._access.source) as members:
            export = _Export(members, self._access.source)
            schools = list(_read_schools(export, roster))
            _read_people(export, roster, self._access.now.date())
        files = [path] if path.is_file() else [path / name for name in members.names]
        notes = (*export.notes, *note_age(files, self._access.now))
        return roster.harvest(schools, notes)


class _Export:
    """The CSV files of one export, after a look at its manifest."""

    def __init__(self, members: Members, source: str) -> None:
        self._members, self._source = members, source
        self._names = {name.casefold() for name in members.names}
        self.notes: list[str] = []
        self._modes = self._read_manifest()
        self._check("users")

    def has(self, name: str) -> bool:
        return f"{name}.csv" in self._names

    def read(self, name: str, layout: Layout) -> Table:
        """Return a file's table; UnexpectedAnswer if a column we rely on is missing."""
        self._check(name)
        file = f"{name}.csv"
        label = f"{file} in '{show(self._members.label)}'"
        sheet = read_csv(lambda: self._members.open(file), self._source, label)
        self.notes += sheet.notes
        table = read_table(sheet, layout)
        missing = [
            layout[field][0] for field in NEEDED[name] if not table or field not in table.columns
        ]
        if table is None or missing:
            raise sheet.refuse(
                f"has no column {' and no column '.join(missing)} in its first line",
                "Export it again with the column names of OneRoster",
            )
        return table

    def refuse(self, problem: str, advice: str) -> UnexpectedAnswer:
        label = show(self._members.label)
        return UnexpectedAnswer(self._source, f"'{label}' {problem}", advice)

    def _read_manifest(self) -> Mapping[str, str]:
        if not self.has("manifest"):
            return {}
        rows = self.read("manifest", MANIFEST).rows
        return {row["property"].casefold(): row["value"].casefold() for row in rows}

    def _check(self, name: str) -> None:
        mode = "" if name == "manifest" else self._modes.get(f"file.{name}", "")
        if mode == "delta":
            raise self.refuse(
                f"is a delta export: its {name}.csv holds only what changed",
                "Set the export to bulk, since a directory must be whole",
            )
        if not self.has(name):
            raise self.refuse(
                f"has no {name}.csv; it holds {show_some(self._members.names)}",
                "Point 'path' at a OneRoster CSV export, unpacked or as one zip",
            )

    def expects(self, name: str) -> bool:
        """Say whether a file is there or promised by the manifest (and so must be)."""
        return self.has(name) or self._modes.get(f"file.{name}") in {"bulk", "delta"}


def _read_schools(export: _Export, roster: Roster) -> Iterator[School]:
    if not export.expects("orgs"):
        export.notes.append("The export has no orgs.csv; schools are known by their ids only.")
        return
    seen: set[str] = set()
    for row in export.read("orgs", ORGS).rows:
        kind = row.get("kind", "").casefold()
        if row.get("status", "").casefold() == DELETED:
            roster.drop("organisations to be deleted")
        elif not row["id"] or not row["name"] or row["id"] in seen:
            roster.drop("organisations repeated or without an id or a name")
        elif kind and kind not in KINDS:
            roster.drop("organisations beyond the district")
        else:
            seen.add(row["id"])
            yield School(
                source=roster.source,
                id=row["id"],
                name=row["name"],
                kind=kind or None,
                parent=row.get("parent") or None,
            )


def _read_people(export: _Export, roster: Roster, today: date) -> None:
    has_roles = export.expects("roles")
    duties = _read_duties(export, today) if has_roles else {}
    table = export.read("users", USERS)
    if not has_roles and "role" not in table.columns:
        raise export.refuse(
            "has neither a role column in users.csv (1.1) nor a roles.csv (1.2)",
            "Export roles too: without them students cannot be told from staff",
        )
    for row in table.rows:
        enter_user(row, [*_own_duties(row), *duties.get(row["id"], ())], roster)


def _read_duties(export: _Export, today: date) -> dict[str, list[Duty]]:
    duties: dict[str, list[Duty]] = {}
    for row in export.read("roles", ROLES).rows:
        end = read_date(row.get("end", ""))
        duty = make_duty(row["role"], row.get("org", ""), row.get("status", ""), end, today)
        duties.setdefault(row["user"], []).append(duty)
    return duties


def _own_duties(row: Mapping[str, str]) -> Iterable[Duty]:
    """Return the roles that users.csv itself states (1.1), at each of its organisations."""
    roles = _split(row.get("role", ""))
    orgs = _split(row.get("orgs", "")) or [""]
    return [Duty(role, org) for role in roles for org in orgs]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
