"""Users of a tenant as Graph tells them, in the fields used, and who of them is no employee.

https://learn.microsoft.com/graph/api/user-list and /graph/api/resources/user.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from connectors.directory.addresses import is_within, own_addresses
from connectors.directory.roles import (
    GUARDIAN_WORDS,
    ROLE_SETTINGS,
    STUDENT_WORDS,
    Group,
    read_words,
    tell_group,
)
from connectors.graph import PAGE_SIZE, Removed
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.graph import Graph
    from connectors.source import Access

GUESTS = "guests"
READ_USERS = "User.Read.All"
IDS_A_FILTER = 15
"""The most values that ``in`` may list (learn.microsoft.com/graph/filter-query-parameter)."""

# Product names and service plan identifiers for licensing, learn.microsoft.com/entra/identity/
# users/licensing-service-plan-reference: each "for students" or "student use benefit".
STUDENT_LICENCES = [
    "314c4481-f395-4525-be8b-2ec4bb1e9d91",  # STANDARDWOFFPACK_STUDENT, Office 365 A1
    "e82ae690-a2d5-4d76-8d30-7c6e01e6022e",  # STANDARDWOFFPACK_IW_STUDENT, Office 365 A1 Plus
    "98b6e773-24d4-4c0d-a968-6e787a1f8204",  # ENTERPRISEPACKPLUS_STUDENT, Office 365 A3
    "476aad1e-7a7f-473c-9d20-35665a5cbd4f",  # ENTERPRISEPACKPLUS_STUUSEBNFT
    "ee656612-49fa-43e5-b67e-cb1fdf7699df",  # ENTERPRISEPREMIUM_STUDENT, Office 365 A5
    "f6e603f1-1a6d-4d32-a730-34b809cb9731",  # ENTERPRISEPREMIUM_STUUSEBNFT
    "7cfd9a2b-e110-4c39-bf20-c6a3f36a3121",  # M365EDU_A3_STUDENT
    "18250162-5d87-4436-a834-d795c15c80f3",  # M365EDU_A3_STUUSEBNFT
    "1aa94593-ca12-4254-a738-81a5972958e8",  # M365EDU_A3_STUUSEBNFT_RPA1
    "46c119d4-0379-4a9d-85e4-97c66d3f909e",  # M365EDU_A5_STUDENT
    "31d57bc7-3a05-4867-ab53-97a17835a411",  # M365EDU_A5_STUUSEBNFT
    "a25c01ce-bab1-47e9-a6d0-ebe939b99ff9",  # M365EDU_A5_NOPSTNCONF_STUDENT
    "81441ae1-0b31-4185-a6c0-32b6b84d419f",  # M365EDU_A5_NOPSTNCONF_STUUSEBNFT
]
CHILDREN = frozenset({"minor", "notadult"})
"""Values of ageGroup that no employee has."""

STUDENT_SETTINGS = (
    *(setting for setting in ROLE_SETTINGS if setting.name == "student_domains"),
    Setting(
        "student_units",
        list,
        required=False,
        about="Glob patterns of the departments, offices or on-premises org units of students,"
        ' such as "/Students*".',
        default=[],
    ),
    Setting(
        "student_licences",
        list,
        required=False,
        about="SKU ids of the licences that only students have, instead of the built-in ones.",
        default=STUDENT_LICENCES,
    ),
)


class Licence(msgspec.Struct):
    """A licence of a user."""

    sku_id: str | None = msgspec.field(name="skuId", default=None)


class User(msgspec.Struct, rename="camel", omit_defaults=True):
    """A user; only these fields are ever asked for, and those of students are let go at once."""

    id: str
    user_principal_name: str | None = None
    mail: str | None = None
    proxy_addresses: list[str] | None = None
    other_mails: list[str] | None = None
    account_enabled: bool | None = None
    user_type: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    department: str | None = None
    office_location: str | None = None
    job_title: str | None = None
    employee_type: str | None = None
    age_group: str | None = None
    on_premises_distinguished_name: str | None = None
    assigned_licenses: list[Licence] | None = None
    removed: Removed | None = msgspec.field(name="@removed", default=None)


SELECT = ",".join(
    field.encode_name for field in msgspec.structs.fields(User) if field.name != "removed"
)


class Sieve:
    """Tells employees from students, parents and guests, by a source's settings."""

    def __init__(self, access: Access) -> None:
        """Read the settings; NotConfigured if a list holds anything but text."""
        self._domains = tuple(domain.casefold() for domain in access.domains)
        student_domains = read_words(access, "student_domains")
        self._student_domains = tuple(domain.lstrip("@.") for domain in student_domains)
        self._units = read_words(access, "student_units")
        self._licences = frozenset(read_words(access, "student_licences", STUDENT_LICENCES))

    def basis(self) -> str:
        """Return the settings in one text: what was left out by other ones is not known."""
        parts = (self._domains, self._student_domains, self._units, sorted(self._licences))
        return repr((SELECT, *parts))

    def tell(self, user: User) -> str | None:
        """Return why a user is left out ("students", "guests", ...), None for an employee."""
        if (user.user_type or "").casefold() == "guest" or "#EXT#" in (
            user.user_principal_name or ""
        ):
            return GUESTS
        if self._is_student(user):
            return str(Group.STUDENT)
        group = tell_group(user.employee_type or "")
        if group is Group.GUARDIAN or not _plain(user).isdisjoint(GUARDIAN_WORDS):
            return str(Group.GUARDIAN)
        return None

    def own_addresses(self, user: User) -> tuple[str, ...]:
        """Return a user's addresses at the district's domains, the primary one first."""
        return own_addresses(addresses_of(user), self._domains, self._student_domains)

    def _is_student(self, user: User) -> bool:
        if (user.age_group or "").casefold() in CHILDREN:
            return True
        if any((one.sku_id or "").casefold() in self._licences for one in _licences(user)):
            return True
        kinds = [user.employee_type or "", *unit_of(user).split("/")]
        if Group.STUDENT in map(tell_group, kinds) or not _plain(user).isdisjoint(STUDENT_WORDS):
            return True
        if any(fnmatchcase(g.casefold(), p) for g in groups_of(user) for p in self._units):
            return True
        login = user.user_principal_name or ""
        first = next(iter(addresses_of(user)), "")
        return any(is_within(one, self._student_domains) for one in (login, first) if one)


def list_users(graph: Graph, permission: str) -> Iterator[User]:
    """Yield every user of the tenant once, page by page; a repeat of the same id is left out."""
    seen: set[str] = set()
    params: dict[str, str | int] = {"$select": SELECT, "$top": PAGE_SIZE}
    for page in graph.pages("/users", User, permission, params):
        for user in page.value:
            if user.id not in seen:
                seen.add(user.id)
                yield user


def list_named(graph: Graph, permission: str, ids: list[str]) -> Iterator[User]:
    """Yield the users with these ids (GUIDs), fifteen a call; those deleted are not among them."""
    for first in range(0, len(ids), IDS_A_FILTER):
        named = ",".join(f"'{one}'" for one in ids[first : first + IDS_A_FILTER])
        params: dict[str, str | int] = {"$select": SELECT, "$filter": f"id in ({named})"}
        for page in graph.pages("/users", User, permission, params):
            yield from page.value


def addresses_of(user: User) -> list[str]:
    """Return a user's addresses, the primary one first; none below the tenant's own domain.

    ``SMTP:`` in capitals marks the primary of ``proxyAddresses``, ``smtp:`` an alias; X500 and SIP
    entries are no addresses.
    """
    proxies = [text for text in user.proxy_addresses or () if text[:5].casefold() == "smtp:"]
    proxies.sort(key=lambda text: not text.startswith("SMTP:"))
    primary = [text[5:] for text in proxies if text.startswith("SMTP:")]
    aliases = [text[5:] for text in proxies[len(primary) :]]
    login = [user.user_principal_name or ""]
    found = [*primary, user.mail or "", *aliases, *(user.other_mails or ()), *login]
    return [text for text in found if text and not text.casefold().endswith(".onmicrosoft.com")]


def groups_of(user: User) -> list[str]:
    """Return where a user belongs: on-premises org unit, department, office; none empty."""
    found = [unit_of(user), user.department or "", user.office_location or ""]
    return [text.strip() for text in found if text.strip()]


def unit_of(user: User) -> str:
    """Return the on-premises org unit as a path, "/Staff/High School"; empty when there is none."""
    parts = re.split(r"(?<!\\),", user.on_premises_distinguished_name or "")
    units = [part.strip()[3:] for part in parts if part.strip()[:3].casefold() == "ou="]
    return "".join("/" + re.sub(r"\\(.)", r"\1", unit) for unit in reversed(units))


def _licences(user: User) -> list[Licence]:
    return user.assigned_licenses or []


def _plain(user: User) -> set[str]:
    return {(user.department or "").strip().casefold(), (user.job_title or "").strip().casefold()}
