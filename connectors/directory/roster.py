"""Gathering the people of one directory: who is dropped, who is joined, what is remarked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.directory.addresses import is_within, join_addresses, split_addresses
from connectors.directory.roles import Group, Patterns, read_words, tell_role
from connectors.errors import NotConfigured, UnexpectedAnswer
from connectors.records import Harvest, Person, Role, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from connectors.records import School
    from connectors.source import Access

MOST_PRESENT_FIRST = (Standing.ACTIVE, Standing.SUSPENDED, Standing.ARCHIVED, Standing.LEFT)


class Roster:
    """Collects people by id; students and parents leave nothing behind but their number."""

    def __init__(self, access: Access) -> None:
        """Take domains and patterns from the settings; NotConfigured without e-mail domains."""
        self._access = access
        self._patterns = Patterns.of(access)
        self._domains = tuple(domain.casefold() for domain in access.domains)
        students = read_words(access, "student_domains")
        self._student_domains = tuple(domain.lstrip("@.") for domain in students)
        self._people: dict[str, Person] = {}
        self._students: set[str] = set()
        self._dropped: Counter[str] = Counter()
        self._repeats = 0
        if not self._domains:
            raise NotConfigured(
                access.source,
                "the district's e-mail domains are not known",
                "Set district.email_domains in audit.toml",
            )

    @property
    def source(self) -> str:
        """The name that every record carries."""
        return self._access.source

    def add(
        self,
        *,
        person_id: str,
        given: str,
        family: str,
        addresses: Iterable[str],
        name: str = "",
        username: str = "",
        standing: Standing | None = None,
        schools: Iterable[str] = (),
        groups: Iterable[str] = (),
        title: str = "",
        hired_on: date | None = None,
        left_on: date | None = None,
    ) -> None:
        """Add a member of staff, or join a row that repeats one; ``addresses`` may be whole cells.

        Who has no id goes by the first district address; who has neither is counted and dropped.
        """
        found = join_addresses(part for cell in addresses for part in split_addresses(cell))
        if found and is_within(found[0], self._student_domains):
            self.drop(Group.STUDENT, person_id)
            return
        own = self._keep_own(found)
        person_id = person_id or next((address.casefold() for address in own), "")
        if not person_id:
            self.drop("rows without an id or a district address")
            return
        shown = name or " ".join(part for part in (given, family) if part)
        person = Person(
            source=self._access.source,
            id=person_id,
            name=shown or username or next(iter(own), person_id),
            addresses=own,
            role=tell_role([*own, username], given, family, self._patterns),
            standing=standing,
            schools=_join(schools),
            groups=_join(groups),
            title=title or None,
            hired_on=hired_on,
            left_on=left_on,
        )
        known = self._people.get(person_id)
        self._people[person_id] = _merge(known, person) if known else person
        self._repeats += known is not None

    def drop(self, reason: str, person_id: str = "") -> None:
        """Count somebody who does not enter; a student's id keeps other rows of theirs out."""
        if reason == Group.STUDENT and person_id:
            self._students.add(person_id)
        else:
            self._dropped[str(reason)] += 1

    def harvest(self, schools: Iterable[School] = (), notes: Iterable[str] = ()) -> Harvest:
        """Return what was gathered; UnexpectedAnswer if it is plainly no staff directory."""
        people = tuple(p for p in self._people.values() if p.id not in self._students)
        self._check(people)
        dropped = Counter({str(Group.STUDENT): len(self._students)}) + self._dropped
        return Harvest(
            people=people,
            schools=tuple(schools),
            dropped=dict(sorted(dropped.items())),
            notes=(*notes, *self._notes(people)),
        )

    def _keep_own(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        own = tuple(
            address
            for address in addresses
            if is_within(address, self._domains) and not is_within(address, self._student_domains)
        )
        if len(own) < len(addresses):
            self._dropped["addresses outside the district"] += len(addresses) - len(own)
        return own

    def _check(self, people: tuple[Person, ...]) -> None:
        staff = [person for person in people if person.role is Role.STAFF]
        if not staff:
            raise UnexpectedAnswer(
                self._access.source,
                "the file holds no staff",
                "Check that the export includes teachers and other staff with their roles",
            )
        if not any(person.addresses for person in staff):
            raise UnexpectedAnswer(
                self._access.source,
                f"none of the {len(staff)} staff has an address at the district's domains",
                "Check district.email_domains and that the export includes e-mail addresses",
            )

    def _notes(self, people: tuple[Person, ...]) -> Iterable[str]:
        if self._repeats:
            yield f"Rows that repeat a person and were joined with the first: {self._repeats}."
        owners = Counter(a.casefold() for person in people for a in person.addresses)
        shared = {address for address, count in owners.items() if count > 1}
        if shared:
            sharing = sum(any(a.casefold() in shared for a in p.addresses) for p in people)
            addresses = "1 address" if len(shared) == 1 else f"{len(shared)} addresses"
            yield f"{sharing} people share {addresses}; findings about it name all of them."


def _merge(first: Person, second: Person) -> Person:
    known = [p.standing for p in (first, second) if p.standing]
    standing = min(known, key=MOST_PRESENT_FIRST.index, default=None)
    return replace(
        first,
        addresses=join_addresses([*first.addresses, *second.addresses]),
        standing=standing,
        schools=_join([*first.schools, *second.schools]),
        groups=_join([*first.groups, *second.groups]),
        title=", ".join(_join([first.title or "", second.title or ""])) or None,
        hired_on=first.hired_on or second.hired_on,
        left_on=second.left_on if first.left_on and second.left_on else None,
    )


def _join(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
