"""Directory connector for Google Workspace, through the Admin SDK's Directory API.

https://developers.google.com/workspace/admin/directory/v1/guides/manage-users.  Reads all users,
500 a page, since the API tells no changes; org units and domains in one call each.  2,400 calls a
minute are allowed for an administrator and project; this source takes a tenth.

Scopes, each read-only: admin.directory.user.readonly, admin.directory.orgunit.readonly,
admin.directory.domain.readonly; admin.directory.group.member.readonly and
admin.directory.group.readonly where groups are set; apps.licensing, which Google has in no
read-only form, only with ``student_licences``.

Never read: passwords, recovery addresses, telephone numbers, postal addresses, birth dates, photos,
relations, mail, files, a student's record beyond what tells that it is one.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.directory.roles import ROLE_SETTINGS, read_words
from connectors.directory.roster import Roster
from connectors.errors import NotConfigured
from connectors.google_access import GOOGLE_SETTINGS
from connectors.google_api import Google, NotThere
from connectors.google_checks import check_access, check_domains
from connectors.google_sieve import STUDENT_SETTINGS, Sieve, check_units, is_in, read_units
from connectors.google_users import (
    CUSTOMER,
    DIRECTORY,
    READ_DOMAINS,
    READ_MEMBERS,
    Unit,
    User,
    addresses_of,
    department_of,
    list_members,
    list_units,
    list_users,
    title_of,
)
from connectors.records import Role, School, Standing
from connectors.source import Capability, Check, CheckState, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.records import Harvest
    from connectors.source import Access

READ_GROUPS = "admin.directory.group.readonly"
PER_SECOND = 4.0
NO_SCHOOLS = (
    "No schools are told; set 'school_units' to the org units of schools, or 'school_groups'."
)


class Group(msgspec.Struct):
    """A group that stands for a school."""

    id: str
    name: str = ""


class DomainAlias(msgspec.Struct, rename="camel"):
    """A second name of a domain."""

    domain_alias_name: str


class Domain(msgspec.Struct, rename="camel"):
    """A domain of the tenant with its aliases."""

    domain_name: str
    verified: bool = False
    domain_aliases: list[DomainAlias] = []


class Domains(msgspec.Struct):
    """All domains, in one answer."""

    domains: list[Domain] = []


class GoogleWorkspace:
    """Staff, service accounts, shared mailboxes and schools of a Google tenant."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        *GOOGLE_SETTINGS,
        *STUDENT_SETTINGS,
        Setting(
            "service_units",
            list,
            required=False,
            about="Glob patterns of the org units that hold service accounts.",
            default=[],
        ),
        Setting(
            "school_units",
            list,
            required=False,
            about='Glob patterns of the org units that are schools, such as "/Staff/*"; who is in'
            " such a unit or below it belongs to the school.",
            default=[],
        ),
        Setting(
            "school_groups",
            list,
            required=False,
            about="Addresses of groups that are schools; their members belong to the school. It"
            " needs two scopes more.",
            default=[],
        ),
        *(one for one in ROLE_SETTINGS if one not in STUDENT_SETTINGS),
    )

    def __init__(self, access: Access) -> None:
        """Check the settings that can be checked without asking: NotConfigured."""
        self._access = access
        self._sieve = Sieve(access)
        self._service = read_units(access, "service_units")
        self._schools = read_units(access, "school_units")
        self._groups = read_words(access, "school_groups")

    @property
    def _scopes(self) -> tuple[str, ...]:
        groups = (READ_MEMBERS, READ_GROUPS) if self._groups else ()
        return tuple(dict.fromkeys((*self._sieve.scopes, READ_DOMAINS, *groups)))

    def fetch(self) -> Harvest:
        """Read all users; raises ``ConnectorError`` for anything less."""
        roster = Roster(self._access)
        with Google(self._access, self._scopes, per_second=PER_SECOND) as google:
            units = list_units(google)
            self._check_units(units)
            self._sieve.prepare(google, units)
            places = _Places(self._access.source, self._schools, units)
            groups = {school.id: school for school in self._list_groups(google)}
            members = {key: frozenset(list_members(google, key)) for key in groups}
            notes = list(self._say_domains(_list_domains(google)))
            service: set[str] = set()
            for user in list_users(google):
                reason = self._sieve.tell(user)
                if reason:
                    roster.drop(reason, user.id)
                    continue
                in_groups = [key for key, ids in members.items() if user.id in ids]
                self._enter(roster, user, [*places.of(user.org_unit_path), *in_groups])
                if is_in(user.org_unit_path, self._service):
                    service.add(user.id)
            calls = google.calls
        schools = [*places.found.values(), *groups.values()]
        if not schools:
            notes.append(NO_SCHOOLS)
        harvest = roster.harvest(schools, notes)
        people = tuple(
            replace(one, role=Role.SERVICE) if one.id in service else one for one in harvest.people
        )
        return replace(harvest, people=people, calls=calls)

    def check(self) -> Iterable[Check]:
        """Yield what ``audit doctor`` shows; raises as ``fetch``."""
        with Google(self._access, self._scopes, per_second=PER_SECOND) as google:
            yield from check_access(self._access, google, self._scopes)
            units = list_units(google)
            self._check_units(units)
            self._sieve.prepare(google, units)
            yield Check("org units", CheckState.GOOD, f"{len(units)} units, every pattern fits one")
            domains = _list_domains(google)
            yield from check_domains(self._access.domains, domains)

    def _check_units(self, units: Iterable[Unit]) -> None:
        paths = [unit.org_unit_path for unit in units]
        check_units(self._access, "service_units", self._service, paths)
        check_units(self._access, "school_units", self._schools, paths)

    def _list_groups(self, google: Google) -> Iterator[School]:
        groups = google.service(*DIRECTORY).groups()
        for address in self._groups:
            try:
                request = groups.get(groupKey=address, fields="id,name")
                group = google.get(request, Group, READ_GROUPS)
            except NotThere:
                raise NotConfigured(
                    self._access.source,
                    "a group of 'school_groups' is not there",
                    "Compare the addresses with the Admin console under Directory > Groups",
                ) from None
            yield School(self._access.source, group.id, group.name or group.id, "school")

    def _say_domains(self, domains: Iterable[str]) -> Iterator[str]:
        students = read_words(self._access, "student_domains")
        known = {*(one.casefold() for one in self._access.domains), *students}
        others = [
            name
            for name in domains
            if not any(name == own or name.endswith(f".{own}") for own in known)
        ]
        if others:
            yield (
                f"The tenant has {len(others)} more domains than district.email_domains lists;"
                " addresses there are not looked at."
            )

    @staticmethod
    def _enter(roster: Roster, user: User, schools: Iterable[str]) -> None:
        suspended = Standing.SUSPENDED if user.suspended else Standing.ACTIVE
        roster.add(
            person_id=user.id,
            given=user.name.given_name or "",
            family=user.name.family_name or "",
            name=user.name.full_name or "",
            addresses=addresses_of(user),
            username=user.primary_email,
            standing=Standing.ARCHIVED if user.archived else suspended,
            schools=schools,
            groups=[text for text in (user.org_unit_path, department_of(user)) if text],
            title=title_of(user),
        )


class _Places:
    """The org units that are schools, found as people turn out to be in them."""

    def __init__(self, source: str, patterns: Iterable[str], units: Iterable[Unit]) -> None:
        self._source, self._patterns = source, tuple(patterns)
        self._units: Mapping[str, Unit] = {one.org_unit_path.casefold(): one for one in units}
        self.found: dict[str, School] = {}

    def of(self, path: str) -> list[str]:
        """Return the id of the school whose unit this is or is below; the deepest one that fits."""
        names = path.casefold().split("/")
        for end in range(len(names), 1, -1):
            above = "/".join(names[:end])
            unit = self._units.get(above)
            if unit and any(_fits(above, pattern) for pattern in self._patterns):
                key = unit.org_unit_id or unit.org_unit_path
                name = unit.name or unit.org_unit_path.rpartition("/")[2]
                self.found.setdefault(key, School(self._source, key, name))
                return [key]
        return []


def _fits(path: str, pattern: str) -> bool:
    """Whether a unit fits a pattern of the same depth: ``*`` stands for one name."""
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def _list_domains(google: Google) -> list[str]:
    """Return the tenant's verified domains and their aliases, in lower case."""
    request = (
        google.service(*DIRECTORY)
        .domains()
        .list(
            customer=CUSTOMER, fields="domains(domainName,verified,domainAliases(domainAliasName))"
        )
    )
    found: list[str] = []
    for one in google.get(request, Domains, READ_DOMAINS).domains:
        if not one.verified:
            continue
        found += [one.domain_name, *(alias.domain_alias_name for alias in one.domain_aliases)]
    return [name.casefold() for name in found]
