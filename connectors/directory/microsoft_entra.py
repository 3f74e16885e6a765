"""Directory connector for Microsoft Entra ID, through Microsoft Graph v1.0.

https://learn.microsoft.com/graph/api/user-list, /graph/api/user-delta and
/graph/api/educationschool-list-users.  Reads users with exactly the fields of
``connectors.graph_users.User``; the first time and every seventh day in full, 999 a page, other
nights only what changed since the delta link that the last reading left.

Application permissions, read-only: User.Read.All; EduRoster.Read.All with ``education = true``;
Domain.Read.All for ``audit doctor`` alone.  Throttling (learn.microsoft.com/graph/
throttling-limits, identity): 3,500 units in 10 s at the least; a page of users costs 1.

Never read: passwords, telephone numbers, postal addresses, birth dates, photos, mail, files,
sign-in times, groups, a student's record beyond what tells that it is one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.directory.roles import ROLE_SETTINGS, Group
from connectors.directory.roster import Roster
from connectors.errors import NotConfigured
from connectors.graph import Graph, LinkExpired
from connectors.graph_access import GRAPH_SETTINGS
from connectors.graph_checks import check_access
from connectors.graph_education import (
    EDUCATION_SETTING,
    READ_EDUCATION,
    EducationSchool,
    has_education,
    list_members,
    list_schools,
)
from connectors.graph_users import (
    READ_USERS,
    SELECT,
    STUDENT_SETTINGS,
    Sieve,
    User,
    addresses_of,
    groups_of,
    list_users,
)
from connectors.records import Role, School, Standing
from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.records import Harvest, Person
    from connectors.source import Access, Check

VERSION = 1
FULL_EVERY = timedelta(days=7)
"""Graph keeps the changes of directory objects for seven days."""
READ_DOMAINS = "Domain.Read.All"
MOST_SCHOOLS = 400
"""More places than that are rooms; the largest districts set education or school_field."""
NO_STUDENTS = (
    "No student was told apart; if students have accounts in this tenant, set student_domains,"
    " student_units or student_licences."
)
SCHOOL_FIELDS = ("officeLocation", "department", "none")


class Education(msgspec.Struct):
    """The tenant's schools, and of its employees who belongs where."""

    schools: list[EducationSchool] = []
    members: dict[str, list[str]] = {}


class Kept(msgspec.Struct):
    """What one night leaves for the next: employees only, and numbers."""

    version: int
    basis: str
    full_at: datetime
    link: str
    staff: dict[str, User]
    dropped: dict[str, int]
    education: Education


class MicrosoftEntra:
    """Staff, service accounts, shared mailboxes and schools of a Microsoft tenant."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        *GRAPH_SETTINGS,
        *STUDENT_SETTINGS,
        *(one for one in ROLE_SETTINGS if one not in STUDENT_SETTINGS),
        EDUCATION_SETTING,
        Setting(
            "school_field",
            str,
            required=False,
            about="Which field names a user's school where School Data Sync does not:"
            " officeLocation, department or none.",
            default="officeLocation",
        ),
    )

    def __init__(self, access: Access) -> None:
        """Check the settings that can be checked without asking: NotConfigured."""
        self._access = access
        self._sieve = Sieve(access)
        self._school_field = access.options.get("school_field") or "officeLocation"
        self._has_education = has_education(access)
        if self._school_field not in SCHOOL_FIELDS:
            raise NotConfigured(
                access.source,
                "the setting 'school_field' names no known field",
                f"Known are {', '.join(SCHOOL_FIELDS)}",
            )

    def fetch(self) -> Harvest:
        """Read all users, or what changed; raises ``ConnectorError`` for anything less."""
        roster = Roster(self._access)
        with Graph(self._access) as graph:
            before = self._read_bookmark()
            kept = (self._update(graph, before) if before else None) or self._read_all(graph)
            calls = graph.calls
        harvest = self._harvest(roster, kept, is_full=kept.full_at == self._access.now)
        bookmark = msgspec.json.encode(kept)
        return replace(harvest, calls=calls, bookmark=bookmark)

    def check(self) -> Iterable[Check]:
        """Yield what ``audit doctor`` shows; raises as ``fetch``."""
        needed = [READ_USERS, *([READ_EDUCATION] if self._has_education else [])]
        with Graph(self._access) as graph:
            yield from check_access(self._access, graph, needed, [READ_DOMAINS])

    def _basis(self) -> str:
        options = self._access.options
        parts = (options.get("tenant_id"), options.get("client_id"), options.get("cloud"))
        own = (*parts, self._has_education, self._sieve.basis())
        return sha256(repr(own).encode()).hexdigest()

    def _read_bookmark(self) -> Kept | None:
        try:
            kept = msgspec.json.decode(self._access.bookmark or b"", type=Kept)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        if kept.version != VERSION or kept.basis != self._basis() or kept.full_at.tzinfo is None:
            return None
        return kept if timedelta(0) <= self._access.now - kept.full_at < FULL_EVERY else None

    def _read_all(self, graph: Graph) -> Kept:
        """Read every user; the delta link is taken first, so that no change falls between."""
        link = graph.begin_delta("/users", READ_USERS, {"$select": SELECT})
        dropped: Counter[str] = Counter()
        staff: dict[str, User] = {}
        for user in list_users(graph, READ_USERS):
            reason = self._sieve.tell(user)
            if reason:
                dropped[reason] += 1
            else:
                staff[user.id] = self._trim(user)
        education = self._read_education(graph, staff, dropped)
        return Kept(VERSION, self._basis(), self._access.now, link, staff, dict(dropped), education)

    def _update(self, graph: Graph, kept: Kept) -> Kept | None:
        """Apply what changed since ``kept``; None when it has to be read in full."""
        try:
            changed, link = graph.changes(kept.link, User, READ_USERS)
        except LinkExpired:
            return None
        for user in changed:
            kept.staff.pop(user.id, None)
            if user.removed is None:
                if not user.user_principal_name:
                    # Every user has one: the answer is not whole, and may hide a student.
                    return None
                if self._sieve.tell(user) is None:
                    kept.staff[user.id] = self._trim(user)
        kept.link = link
        kept.education = self._read_education(graph, kept.staff, Counter())
        return kept

    def _trim(self, user: User) -> User:
        """Leave only what is needed again: no private address, no licence, no age."""
        return msgspec.structs.replace(
            user,
            proxy_addresses=None,
            other_mails=list(self._sieve.own_addresses(user)) or None,
            mail=None,
            assigned_licenses=None,
            age_group=None,
        )

    def _read_education(
        self, graph: Graph, staff: dict[str, User], dropped: Counter[str]
    ) -> Education:
        """Return schools and members; students are taken out of ``staff`` and counted."""
        if not self._has_education:
            return Education()
        found = Education(list(list_schools(graph)))
        for school in found.schools:
            for member in list_members(graph, school.id):
                if member.is_student:
                    dropped[str(Group.STUDENT)] += staff.pop(member.id, None) is not None
                elif member.id in staff:
                    found.members.setdefault(member.id, []).append(school.id)
        found.members = {key: ids for key, ids in found.members.items() if key in staff}
        return found

    def _harvest(self, roster: Roster, kept: Kept, *, is_full: bool) -> Harvest:
        schools = _Schools(self._access.source, kept.education.schools)
        users = sorted(kept.staff.values(), key=lambda one: one.id)
        named = {user.id: self._name_school(user) for user in users}
        places = {name.casefold() for name in named.values() if name}
        has_schools = len(places) <= MOST_SCHOOLS
        for user in users:
            ids = kept.education.members.get(user.id, [])
            name = named[user.id] if has_schools else ""
            self._enter(roster, user, ids or ([schools.find(name)] if name else []))
        notes = []
        if kept.dropped and not is_full:
            notes.append(_say_when(kept.full_at))
        if not kept.dropped.get(str(Group.STUDENT)):
            notes.append(NO_STUDENTS)
        if not has_schools:
            notes.append(f"{len(places)} different places in '{self._school_field}': no schools.")
        harvest = roster.harvest(schools.found.values(), notes)
        dropped = Counter(kept.dropped) + Counter(harvest.dropped)
        people = tuple(map(_settle, harvest.people))
        return replace(harvest, people=people, dropped=dict(sorted(dropped.items())))

    def _name_school(self, user: User) -> str:
        text = {
            "officeLocation": user.office_location or user.department,
            "department": user.department or user.office_location,
        }.get(self._school_field)
        return (text or "").strip()

    @staticmethod
    def _enter(roster: Roster, user: User, school_ids: Iterable[str]) -> None:
        standing = {True: Standing.ACTIVE, False: Standing.SUSPENDED, None: None}
        roster.add(
            person_id=user.id,
            given=user.given_name or "",
            family=user.surname or "",
            name=user.display_name or "",
            addresses=addresses_of(user),
            username=user.user_principal_name or "",
            standing=standing[user.account_enabled],
            schools=school_ids,
            groups=groups_of(user),
            title=user.job_title or "",
        )


class _Schools:
    """The schools of a harvest, by id; one that is only named gets its name as its id."""

    def __init__(self, source: str, known: Iterable[EducationSchool]) -> None:
        self._source = source
        self.found: dict[str, School] = {}
        self._ids: dict[str, str] = {}
        for one in known:
            town = (one.address.city if one.address else None) or None
            self._add(School(source, one.id, one.display_name or one.id, "school", town))

    def find(self, name: str) -> str:
        """Return the id of a school by its name, in any case."""
        if name.casefold() not in self._ids:
            self._add(School(self._source, name, name))
        return self._ids[name.casefold()]

    def _add(self, school: School) -> None:
        self.found[school.id] = school
        self._ids.setdefault(school.name.casefold(), school.id)


def _settle(person: Person) -> Person:
    """A shared mailbox is switched off for sign-in by design: that says nothing of its use."""
    if person.role is Role.SHARED and person.standing is Standing.SUSPENDED:
        return replace(person, standing=None)
    return person


def _say_when(full_at: datetime) -> str:
    day = full_at.date().isoformat()
    return f"How many were left out was counted when all users were last read, on {day}."
