"""Users of a Google Workspace tenant, in the fields used, and who of them is no employee.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/users.  The mask leaves
out recovery addresses, telephone numbers, postal addresses, birth dates, photos and relations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from connectors.errors import NotConfigured
from connectors.google_api import NotThere, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.google_api import Google

READ_USERS = "admin.directory.user.readonly"
READ_UNITS = "admin.directory.orgunit.readonly"
READ_DOMAINS = "admin.directory.domain.readonly"
READ_MEMBERS = "admin.directory.group.member.readonly"
READ_LICENCES = "apps.licensing"
DIRECTORY = ("admin", "directory_v1")
CUSTOMER = "my_customer"
PAGE_SIZE = 500
"""The most users a page holds."""
MEMBERS_A_PAGE = 200
LICENCES_A_PAGE = 1_000
FIELDS = (
    "nextPageToken,users(id,primaryEmail,name(givenName,familyName,fullName),aliases,"
    "nonEditableAliases,suspended,archived,isGuestUser,orgUnitPath,organizations)"
)


class Name(msgspec.Struct, rename="camel"):
    """A user's name."""

    given_name: str | None = None
    family_name: str | None = None
    full_name: str | None = None


class User(msgspec.Struct, rename="camel"):
    """A user; ``organizations`` may be of any shape, which Google does not check."""

    id: str
    primary_email: str
    name: Name = msgspec.field(default_factory=Name)
    aliases: list[str] = []
    non_editable_aliases: list[str] = []
    suspended: bool = False
    archived: bool = False
    is_guest_user: bool = False
    org_unit_path: str = "/"
    organizations: Any = None


class Users(Page):
    """A page of users."""

    users: list[User] = msgspec.field(default_factory=list)


class Unit(msgspec.Struct, rename="camel"):
    """An org unit."""

    org_unit_path: str
    org_unit_id: str = ""
    name: str = ""


class Units(msgspec.Struct, rename="camel"):
    """All org units, in one answer."""

    organization_units: list[Unit] = []


class Member(msgspec.Struct):
    """A member of a group; a group within a group has no part in it, its members have."""

    id: str = ""


class Members(Page):
    """A page of members."""

    members: list[Member] = msgspec.field(default_factory=list)


class Licence(msgspec.Struct, rename="camel"):
    """A licence of a user, by the primary address."""

    user_id: str = ""


class Licences(Page):
    """A page of licences."""

    items: list[Licence] = msgspec.field(default_factory=list)


def list_users(google: Google) -> Iterator[User]:
    """Yield every user of the tenant once, page by page; a repeat of the same id is left out."""
    seen: set[str] = set()
    pages = google.pages(
        google.service(*DIRECTORY).users().list,
        Users,
        READ_USERS,
        customer=CUSTOMER,
        maxResults=PAGE_SIZE,
        fields=FIELDS,
    )
    for page in pages:
        for user in page.users:
            if user.id not in seen:
                seen.add(user.id)
                yield user


def list_units(google: Google) -> list[Unit]:
    """Return all org units, the root among them; Google gives them in one answer."""
    request = (
        google.service(*DIRECTORY)
        .orgunits()
        .list(
            customerId=CUSTOMER,
            type="allIncludingParent",
            fields="organizationUnits(orgUnitId,orgUnitPath,name)",
        )
    )
    return google.get(request, Units, READ_UNITS).organization_units


def list_members(google: Google, group: str) -> Iterator[str]:
    """Yield the user ids of a group's members, those of groups within it too.

    NotConfigured when there is no such group.
    """
    pages = google.pages(
        google.service(*DIRECTORY).members().list,
        Members,
        READ_MEMBERS,
        groupKey=group,
        includeDerivedMembership=True,
        maxResults=MEMBERS_A_PAGE,
        fields="nextPageToken,members(id)",
    )
    try:
        for page in pages:
            yield from (member.id for member in page.members if member.id)
    except NotThere as error:
        raise NotConfigured(
            error.source,
            "a group that audit.toml names is not there",
            "Check the addresses of groups in the source's settings",
        ) from None


def addresses_of(user: User) -> list[str]:
    """Return a user's addresses, the primary one first."""
    return [user.primary_email, *user.aliases, *user.non_editable_aliases]


def title_of(user: User) -> str:
    """Return the first job title that is filled."""
    return next(texts_of(user, "title"), "")


def department_of(user: User) -> str:
    """Return the first department that is filled."""
    return next(texts_of(user, "department"), "")


def texts_of(user: User, name: str) -> Iterator[str]:
    """Yield a field of a user's organizations, the primary one first; other shapes are skipped."""
    found = user.organizations if isinstance(user.organizations, list) else []
    named = [one for one in found if isinstance(one, dict)]
    for one in sorted(named, key=lambda each: each.get("primary") is not True):
        text = one.get(name)
        if isinstance(text, str) and text.strip():
            yield text.strip()


def list_holders(google: Google, product: str, sku: str) -> Iterator[str]:
    """Yield the primary addresses, in lower case, of who has a licence."""
    pages = google.pages(
        google.service("licensing", "v1").licenseAssignments().listForProductAndSku,
        Licences,
        READ_LICENCES,
        productId=product,
        skuId=sku,
        customerId=CUSTOMER,
        maxResults=LICENCES_A_PAGE,
        fields="nextPageToken,items(userId)",
    )
    for page in pages:
        yield from (one.user_id.casefold() for one in page.items)
