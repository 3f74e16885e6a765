"""Telling a Google tenant's employees from students, parents and guests, by settings.

Org units are compared as glob patterns of their paths, without case.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from connectors.directory.addresses import is_within, own_addresses
from connectors.directory.roles import (
    GUARDIAN_WORDS,
    ROLE_SETTINGS,
    STUDENT_WORDS,
    Group,
    read_words,
    tell_group,
)
from connectors.errors import NotConfigured
from connectors.google_users import (
    FIELDS,
    READ_LICENCES,
    READ_MEMBERS,
    READ_UNITS,
    READ_USERS,
    addresses_of,
    department_of,
    list_holders,
    list_members,
    texts_of,
    title_of,
)
from connectors.inputs import show
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.google_api import Google
    from connectors.google_users import Unit, User
    from connectors.source import Access

GUESTS = "guests"
OUTSIDE = "accounts outside the staff units"
TELLING = ("staff_units", "student_units", "student_groups", "student_licences", "student_domains")

STUDENT_SETTINGS = (
    *(setting for setting in ROLE_SETTINGS if setting.name == "student_domains"),
    Setting(
        "student_units",
        list,
        required=False,
        about="Glob patterns of the org units that hold students, with all units below them, such"
        ' as "/Students" or "/*/Students".',
        default=[],
    ),
    Setting(
        "staff_units",
        list,
        required=False,
        about="Glob patterns of the org units that hold staff; accounts elsewhere are counted and"
        " dropped.",
        default=[],
    ),
    Setting(
        "student_groups",
        list,
        required=False,
        about="Addresses of groups whose members are students; it needs one scope more.",
        default=[],
    ),
    Setting(
        "student_licences",
        list,
        required=False,
        about='Products and SKUs of licences that only students have, "101031/1010310003"; it needs'
        " one scope more, which Google has in no read-only form.",
        default=[],
    ),
)


class Sieve:
    """Tells employees from students, parents and guests, by a source's settings.

    A student is one however that is told; to be in a staff unit as well does not change it.
    """

    def __init__(self, access: Access) -> None:
        """Read the settings; NotConfigured when nothing tells staff from students."""
        self._access = access
        self._domains = tuple(domain.casefold() for domain in access.domains)
        domains = read_words(access, "student_domains")
        self._student_domains = tuple(domain.lstrip("@.") for domain in domains)
        self._students = read_units(access, "student_units")
        self._staff = read_units(access, "staff_units")
        self._groups = read_words(access, "student_groups")
        self._licences = tuple(_split_licence(access, one) for one in _licences_of(access))
        self._student_ids: frozenset[str] = frozenset()
        self._student_logins: frozenset[str] = frozenset()
        if not any(access.options.get(name) for name in TELLING):
            raise NotConfigured(
                access.source,
                "nothing tells staff from students",
                "Set 'staff_units' to the org units of staff, or 'student_units', 'student_groups',"
                " 'student_licences' or 'student_domains'",
            )

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that telling needs: groups and licences only where they are set."""
        groups = (READ_MEMBERS,) if self._groups else ()
        return (READ_USERS, READ_UNITS, *groups, *((READ_LICENCES,) if self._licences else ()))

    def basis(self) -> str:
        """Return the settings in one text: what was left out by other ones is not known."""
        told = (self._students, self._staff, self._groups, self._licences)
        return repr((FIELDS, self._domains, self._student_domains, told))

    def prepare(self, google: Google, units: Iterable[Unit]) -> None:
        """Learn who is in the groups and has the licences; check the patterns of units.

        NotConfigured when a pattern fits no unit or a group is not there: were a misspelt one let
        pass, students would enter.
        """
        paths = [unit.org_unit_path for unit in units]
        check_units(self._access, "student_units", self._students, paths)
        check_units(self._access, "staff_units", self._staff, paths)
        members = (one for group in self._groups for one in list_members(google, group))
        self._student_ids = frozenset(members)
        holders = (one for pair in self._licences for one in list_holders(google, *pair))
        self._student_logins = frozenset(holders)

    def tell(self, user: User) -> str | None:
        """Return why a user is left out ("students", "guests", ...), None for an employee."""
        if user.is_guest_user:
            return GUESTS
        if self._is_student(user):
            return str(Group.STUDENT)
        words = {text.casefold() for text in (title_of(user), department_of(user))}
        if not words.isdisjoint(GUARDIAN_WORDS):
            return str(Group.GUARDIAN)
        if self._staff and not is_in(user.org_unit_path, self._staff):
            return OUTSIDE
        return None

    def own_addresses(self, user: User) -> tuple[str, ...]:
        """Return a user's addresses at the district's domains, the primary one first."""
        return own_addresses(addresses_of(user), self._domains, self._student_domains)

    def _is_student(self, user: User) -> bool:
        if user.id in self._student_ids or user.primary_email.casefold() in self._student_logins:
            return True
        if is_in(user.org_unit_path, self._students):
            return True
        kinds = [*user.org_unit_path.split("/"), *texts_of(user, "description")]
        if Group.STUDENT in map(tell_group, kinds):
            return True
        words = {text.casefold() for text in (title_of(user), department_of(user))}
        return not words.isdisjoint(STUDENT_WORDS) or is_within(
            user.primary_email, self._student_domains
        )


def read_units(access: Access, setting: str) -> tuple[str, ...]:
    """Return patterns of org units; NotConfigured for one that is no path."""
    patterns = read_words(access, setting)
    if not all(pattern.startswith("/") for pattern in patterns):
        raise NotConfigured(
            access.source,
            f"'{setting}' holds something that is no path of an org unit",
            'Write it as the Admin console does, with a slash first: "/Staff/High School"',
        )
    return tuple(pattern.rstrip("/") or "/" for pattern in patterns)


def check_units(
    access: Access, setting: str, patterns: Iterable[str], paths: Iterable[str]
) -> None:
    """Raise NotConfigured when a pattern fits none of the units there are."""
    folded = ["/", *(path.casefold() for path in paths)]
    for pattern in patterns:
        if not any(fnmatchcase(path, pattern) for path in folded):
            raise NotConfigured(
                access.source,
                f"no org unit fits '{show(pattern)}' of '{setting}'",
                "Compare it with the Admin console under Directory > Organizational units",
            )


def is_in(path: str, patterns: Iterable[str]) -> bool:
    """Whether a unit, or one above it, fits one of the patterns."""
    folded = path.casefold().rstrip("/")
    names = folded.split("/")
    above = ["/".join(names[: end + 1]) or "/" for end in range(len(names))]
    return any(fnmatchcase(one, pattern) for pattern in patterns for one in above)


def _licences_of(access: Access) -> tuple[str, ...]:
    return read_words(access, "student_licences")


def _split_licence(access: Access, text: str) -> tuple[str, str]:
    product, slash, sku = text.partition("/")
    if not (product and slash and sku):
        raise NotConfigured(
            access.source,
            "'student_licences' holds something that is no product and SKU",
            'Write the product ID, a slash and the SKU ID: "101031/1010310003"',
        )
    return product, sku
