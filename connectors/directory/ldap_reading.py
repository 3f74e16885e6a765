"""One reading of an LDAP directory: everybody in its units, or what changed since the last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.directory.entries import Entry, enter, keep, tell_increment
from connectors.directory.ldap_schema import Schema, is_below, split_dn
from connectors.directory.roles import Group
from connectors.directory.roster import Roster
from connectors.errors import NotConfigured
from connectors.records import School

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.directory.entries import Kept
    from connectors.directory.ldap_connection import LdapConnection, Raw
    from connectors.records import Harvest
    from connectors.source import Access


class Reading:
    """One reading of one directory over one connection."""

    def __init__(self, connection: LdapConnection, access: Access) -> None:
        self._connection, self._access = connection, access
        self.root = connection.read_root()
        self._schema = Schema(
            is_active_directory=self.root.is_active_directory,
            domains=access.domains,
            school_attributes=access.options.get("school_attributes") or (),
            now=access.now,
        )
        self._units, self._student_units, self._student_groups = (
            [(dn, split_dn(dn)) for dn in access.options.get(name) or ()]
            for name in ("staff_units", "student_units", "student_groups")
        )

    @property
    def _bases(self) -> list[str]:
        """Units to search, none inside another."""
        outer = {
            steps: dn
            for dn, steps in self._units
            if not any(steps != other and is_below(steps, other) for _, other in self._units)
        }
        return list(outer.values()) or [self._root_base()]

    def check_places(self) -> None:
        """See that every named unit and group is there; NotConfigured names the first that is not.

        A mistyped unit of students would otherwise let students in.
        """
        for dn, steps in (*self._units, *self._student_units, *self._student_groups):
            if not steps or self._connection.read_entry(dn, ("objectClass",)) is None:
                raise NotConfigured(
                    self._access.source,
                    f"the directory has no unit or group '{_show(dn)}', or hides it",
                    "Compare it with the distinguishedName, and let the account read it",
                )

    def fetch(self, kept: Kept | None, made_of: str) -> Harvest:
        """Read everybody, or from what was kept only the changes, where that can be trusted."""
        self.check_places()
        usn, server = self.root.usn, self._server_id()
        since = _tell_start(kept, server, usn)
        roster = Roster(self._access)
        if kept is not None and since is not None:
            entries, changed = self._read_changes(kept, since)
            for entry in entries.values():
                enter(roster, entry)
            notes = [tell_increment(kept, changed)]
        else:
            kept, entries = None, {e.id: e for e in self._read_all(roster)}
            notes = []
        harvest = roster.harvest(_schools(entries, self._access.source), self._notes(notes))
        harvest = replace(harvest, calls=self._connection.calls)
        if kept is not None:
            harvest = replace(harvest, dropped=kept.dropped)
        if server and usn is not None and all(entries):
            harvest = keep(
                harvest,
                entries.values(),
                made_of=made_of,
                server=server,
                mark=str(usn),
                full_on=kept.full_on if kept else self._access.now.date(),
            )
        return harvest

    def _read_all(self, roster: Roster) -> Iterator[Entry]:
        for base in self._bases:
            for raw in self._search(base, self._filter()):
                entry = self._take(raw, roster)
                if entry is not None:
                    enter(roster, entry)
                    yield entry

    def _read_changes(self, kept: Kept, since: int) -> tuple[dict[str, Entry], int]:
        """Apply what changed since; an entry that left the units or the staff is taken out.

        Changes are asked of the whole directory, so that whatever moved out of a unit is seen.
        """
        grown = f"(uSNChanged>={since + 1})"
        changed = {
            self._schema.tell_id(raw): raw
            for raw in self._search(self._root_base(), f"(&{self._schema.filter}{grown})")
        }
        fitting = set(changed)
        if changed and self._filter() != self._schema.filter:
            found = self._search(self._root_base(), f"(&{self._filter()}{grown})")
            fitting = {self._schema.tell_id(raw) for raw in found}
        entries = {entry.id: entry for entry in kept.entries if entry.id not in changed}
        scratch = Roster(self._access)
        for key, raw in changed.items():
            entry = self._take(raw, scratch) if key in fitting and self._is_ours(raw) else None
            if entry is not None:
                entries[key] = entry
        return entries, len(changed)

    def _is_ours(self, raw: Raw) -> bool:
        steps = split_dn(raw.dn)
        return not self._units or any(is_below(steps, unit) for _, unit in self._units)

    def _take(self, raw: Raw, roster: Roster) -> Entry | None:
        group = self._tell_group(raw)
        if group in {Group.STUDENT, Group.GUARDIAN}:
            roster.drop(group, self._schema.tell_id(raw))
            return None
        entry = self._schema.read(raw)
        if not entry.id:
            roster.drop("entries without an id")
            return None
        return entry

    def _tell_group(self, raw: Raw) -> Group | None:
        steps = split_dn(raw.dn)
        if any(is_below(steps, unit) for _, unit in self._student_units):
            return Group.STUDENT
        groups = {group for _, group in self._student_groups}
        if groups and not groups.isdisjoint(self._schema.member_of(raw)):
            return Group.STUDENT
        return self._schema.tell_group(raw)

    def _search(self, base: str, wanted: str) -> Iterator[Raw]:
        attributes = self._schema.attributes
        return self._connection.search(base, wanted, attributes, is_paged=self.root.can_page)

    def _filter(self) -> str:
        extra = (self._access.options.get("filter") or "").strip()
        return f"(&{self._schema.filter}{extra})" if extra else self._schema.filter

    def _root_base(self) -> str:
        if not self.root.base:
            raise NotConfigured(
                self._access.source,
                "the server does not say where its directory begins",
                "Set 'staff_units' to the distinguished names of the units of staff",
            )
        return self.root.base

    def _server_id(self) -> str:
        """Return the invocation id of the domain controller, "" where there is none."""
        if not (self.root.is_active_directory and self.root.service and self.root.base):
            return ""
        entry = self._connection.read_entry(self.root.service, ("invocationId",))
        found = entry.values.get("invocationid", ()) if entry else ()
        return found[0].hex() if found else ""

    def _notes(self, notes: list[str]) -> Iterator[str]:
        yield from notes
        if self._schema.unreadable:
            yield f"Values that are not text and were left out: {self._schema.unreadable}."
        if self._connection.places_not_read:
            yield (
                "The server points to other servers, which were not read:"
                f" {self._connection.places_not_read}."
            )


def _tell_start(kept: Kept | None, server: str, usn: int | None) -> int | None:
    """Return the number to ask from; None when this is another server or one set back."""
    if kept is None or usn is None or not server or kept.server != server:
        return None
    since = int(kept.mark) if kept.mark.isdigit() else None
    return since if since is not None and since <= usn else None


def _schools(entries: Mapping[str, Entry], source: str) -> list[School]:
    names = dict.fromkeys(name for entry in entries.values() for name in entry.schools)
    return [School(source=source, id=name, name=name) for name in names]


def _show(text: str) -> str:
    shown = "".join(letter if letter.isprintable() and letter != "@" else "?" for letter in text)
    return shown if len(shown) <= 80 else shown[:77] + "..."
