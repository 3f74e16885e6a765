"""What School Data Sync tells Microsoft Graph: schools, who belongs to them, who is a student.

https://learn.microsoft.com/graph/api/educationschool-list and
/graph/api/educationschool-list-users; application permission EduRoster.Read.All.  Of a student only
the id is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from connectors.errors import NotConfigured
from connectors.graph import NotThere
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.graph import Graph
    from connectors.source import Access

READ_EDUCATION = "EduRoster.Read.All"
EDUCATION_SETTING = Setting(
    "education",
    bool,
    required=False,
    about="Take schools and roles from School Data Sync; it needs EduRoster.Read.All.",
    default=False,
)


class Place(msgspec.Struct):
    """A postal address, of which only the town is read."""

    city: str | None = None


class EducationSchool(msgspec.Struct, rename="camel"):
    """A school as School Data Sync knows it."""

    id: str
    display_name: str | None = None
    address: Place | None = None


class EducationUser(msgspec.Struct, rename="camel"):
    """A member of a school: who, and whether a student."""

    id: str
    primary_role: str | None = None

    @property
    def is_student(self) -> bool:
        """Whether School Data Sync calls it a student."""
        return (self.primary_role or "").casefold() == "student"


def has_education(access: Access) -> bool:
    """Whether the settings say that the tenant has it; NotConfigured in a national cloud."""
    if not access.options.get("education"):
        return False
    if (access.options.get("cloud") or "global") != "global":
        raise NotConfigured(
            access.source,
            "Microsoft's education API is in the global cloud only",
            "Set education = false and tell students by student_units or student_licences",
        )
    return True


def list_schools(graph: Graph) -> Iterator[EducationSchool]:
    """Yield every school once."""
    params = {"$select": "id,displayName,address"}
    seen: set[str] = set()
    for page in graph.pages("/education/schools", EducationSchool, READ_EDUCATION, params):
        for school in page.value:
            if school.id not in seen:
                seen.add(school.id)
                yield school


def list_members(graph: Graph, school: str) -> Iterator[EducationUser]:
    """Yield the members of a school; one that closed between two calls has none."""
    path = f"/education/schools/{quote(school, safe='')}/users"
    params: dict[str, str | int] = {"$select": "id,primaryRole", "$top": 999}
    try:
        for page in graph.pages(path, EducationUser, READ_EDUCATION, params):
            yield from page.value
    except NotThere:
        return


def list_students(graph: Graph) -> Iterator[str]:
    """Yield the ids of all schools' students."""
    for school in list_schools(graph):
        yield from (one.id for one in list_members(graph, school.id) if one.is_student)
