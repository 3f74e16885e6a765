"""Make the sample district's files from people.toml and planted.toml.

Run as ``python -m config.sample.build [FOLDER]``.  The outcome is the same, byte for byte, on every
machine: no clock, no chance, and archives are stored without compression.
"""

from __future__ import annotations

import csv
import io
import sys
import tomllib
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).parent
NIGHTS = (1, 2)
BUILT = ("roster.zip", "roster_night2.zip", "found.csv", "found_night2.csv", "handmade.csv")
# The earliest time a ZIP archive can state (APPNOTE 4.4.6).
EPOCH = (1980, 1, 1, 0, 0, 0)

# OneRoster 1.2 CSV binding (1EdTech), section 4.
MANIFEST = {
    "manifest.version": "1.0",
    "oneroster.version": "1.2",
    "file.orgs": "bulk",
    "file.users": "bulk",
    "file.roles": "bulk",
    "source.systemName": "Marrowick Sample SIS",
    "source.systemCode": "sample",
}
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,"
    "userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,"
    "primaryOrgSourcedId,pronouns"
)
ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
    "orgSourcedId,userProfileSourcedId"
)
FOUND = (
    "profile_id,platform,handle,display_name,bio,url,website,location,verified,kind,"
    "created_on,followers,public_addresses"
)
# A list kept by hand has the headers a person would write.
HANDMADE = {"Profile URL": "url", "Name": "display_name", "Bio": "bio", "Location": "location"}
TITLES = ("teacher", "teacher", "teacher", "aide", "counselor", "teacher", "siteAdministrator")

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class User:
    """One line of users.csv with its roles; ``roles`` has (role, org) pairs, the primary first."""

    id: str
    given: str
    family: str
    address: str
    roles: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...] = ()
    has_left: bool = False
    phone: str = ""
    agents: tuple[str, ...] = ()


class Names:
    """Given and family names paired by stride, the longest way round, and their addresses."""

    def __init__(self, given: Sequence[str], family: Sequence[str]) -> None:
        self._given, self._family = given, family
        self._count = 0
        self._taken: set[str] = set()

    def draw(self) -> tuple[str, str]:
        """Return the next pair of names."""
        given = self._given[self._count * 7 % len(self._given)]
        lap = self._count // len(self._given)
        family = self._family[(self._count * 5 + lap) % len(self._family)]
        self._count += 1
        return given, family

    def local_part(self, given: str, family: str) -> str:
        """Return ``given.family`` in plain letters, numbered when it is taken."""
        stem = f"{plain(given)}.{plain(family)}"
        local, number = stem, 1
        while local in self._taken:
            number += 1
            local = f"{stem}{number}"
        self._taken.add(local)
        return local


def plain(name: str) -> str:
    """Reduce a name to lower-case ASCII letters."""
    decomposed = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ł", "l"))
    return "".join(char for char in decomposed.lower() if char.isascii() and char.isalpha())


def build(folder: Path = HERE) -> list[Path]:
    """Write the built files into a folder and return their paths."""
    people, planted = load("people.toml"), load("planted.toml")["profiles"]
    contents = {
        "roster.zip": pack_roster(people, 1),
        "roster_night2.zip": pack_roster(people, 2),
        "found.csv": pack_found(planted, 1),
        "found_night2.csv": pack_found(planted, 2),
        "handmade.csv": pack_handmade(planted),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def load(name: str) -> Any:
    """Read one of the sample's TOML files."""
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def pack_roster(people: dict[str, Any], night: int) -> bytes:
    """Return the OneRoster 1.2 archive of a night."""
    users = [*staff(people, night), *mailboxes(people), *families(people)]
    manifest = [{"propertyName": name, "value": value} for name, value in MANIFEST.items()]
    files = {
        "manifest.csv": table("propertyName,value", manifest),
        "orgs.csv": table(ORGS, org_rows(people)),
        "users.csv": table(USERS, map(user_row, users)),
        "roles.csv": table(ROLES, (row for user in users for row in role_rows(user))),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = 3
            member.external_attr = 0o600 << 16
            archive.writestr(member, text.encode())
    return buffer.getvalue()


def staff(people: dict[str, Any], night: int) -> Iterator[User]:
    """Yield the people of the story, then those made up to fill each school."""
    names = Names(people["names"]["given"], people["names"]["family"])
    district = people["district"]
    for number, person in enumerate(people["people"], 1):
        local = names.local_part(person["given"], person["family"])
        dropped = night >= person.get("aliases_dropped_on_night", night + 1)
        yield User(
            id=f"staff-{number:03}",
            given=person["given"],
            family=person["family"],
            address=f"{local}@{district['domain']}",
            roles=tuple((person["role"], org) for org in person["schools"]),
            aliases=()
            if dropped
            else tuple(f"{one}@{district['alias_domain']}" for one in person.get("aliases", ())),
            has_left=night >= person.get("left_on_night", night + 1),
        )
    number = len(people["people"])
    for school in people["schools"]:
        for place in range(school["staff"]):
            number += 1
            given, family = names.draw()
            local = names.local_part(given, family)
            yield User(
                id=f"staff-{number:03}",
                given=given,
                family=family,
                address=f"{local}@{district['domain']}",
                roles=((TITLES[place % len(TITLES)], school["id"]),),
                phone=f"555-{100 + number % 100:04}",
            )


def mailboxes(people: dict[str, Any]) -> Iterator[User]:
    """Yield the service and shared mailboxes, which rosters list as users."""
    domain = people["district"]["domain"]
    for number, box in enumerate(people["mailboxes"], 1):
        given, family = box["name"]
        yield User(
            id=f"box-{number}",
            given=given,
            family=family,
            address=f"{box['local']}@{domain}",
            roles=(("aide", box["school"]),),
        )


def families(people: dict[str, Any]) -> Iterator[User]:
    """Yield students, every third one's parent, and one student who also helps as an aide."""
    district = people["district"]
    names = Names(people["names"]["given"], people["names"]["family_of_students"])
    number = 0
    for school in people["schools"]:
        for _ in range(school["students"]):
            number += 1
            given, family = names.draw()
            local = names.local_part(given, family)
            parent = f"parent-{number:03}" if number % 3 == 0 else ""
            roles = [("student", school["id"])] + ([("aide", school["id"])] if number == 1 else [])
            yield User(
                id=f"student-{number:03}",
                given=given,
                family=family,
                address=f"{local}@{district['student_domain']}",
                roles=tuple(roles),
                phone=f"555-{number % 100:04}",
                agents=(parent,) if parent else (),
            )
            if parent:
                yield User(
                    id=parent,
                    given=people["names"]["given"][number * 11 % len(people["names"]["given"])],
                    family=family,
                    address=f"family{number}@{district['home_domain']}",
                    roles=(("parent", school["id"]),),
                )


def org_rows(people: dict[str, Any]) -> Iterator[Row]:
    """Yield the district and its schools."""
    district = people["district"]
    yield {"sourcedId": district["id"], "name": district["name"], "type": "district"}
    for number, school in enumerate(people["schools"], 1):
        yield {
            "sourcedId": school["id"],
            "name": school["name"],
            "type": "school",
            "identifier": f"{number:04}",
            "parentSourcedId": district["id"],
        }


def user_row(user: User) -> Row:
    """Return a user's line of users.csv; aliases stand among userIds as ``{type:id}``."""
    return {
        "sourcedId": user.id,
        "enabledUser": "true" if not user.has_left else "false",
        "status": "tobedeleted" if user.has_left else "",
        "username": user.address.partition("@")[0],
        "userIds": ",".join(f"{{alias:{alias}}}" for alias in user.aliases),
        "givenName": user.given,
        "familyName": user.family,
        "email": user.address,
        "phone": user.phone,
        "agentSourcedIds": ",".join(user.agents),
        "primaryOrgSourcedId": user.roles[0][1],
    }


def role_rows(user: User) -> Iterator[Row]:
    """Yield a user's lines of roles.csv."""
    for number, (role, org) in enumerate(user.roles, 1):
        yield {
            "sourcedId": f"role-{user.id}-{number}",
            "userSourcedId": user.id,
            "roleType": "primary" if number == 1 else "secondary",
            "role": role,
            "orgSourcedId": org,
        }


def planted_on(
    profiles: Iterable[dict[str, Any]], night: int, where: Literal["found", "handmade"]
) -> list[dict[str, Any]]:
    """Return the planted profiles that a list has on a night."""
    return [
        profile
        for profile in profiles
        if profile.get("list", "found") == where and night in profile.get("nights", NIGHTS)
    ]


def pack_found(planted: Iterable[dict[str, Any]], night: int) -> bytes:
    """Return the list of found profiles of a night as CSV."""
    rows = (
        {"profile_id": f"found-{number}", **texts(profile, FOUND.split(","))}
        for number, profile in enumerate(planted_on(planted, night, "found"), 1)
    )
    return table(FOUND, rows).encode()


def pack_handmade(planted: Iterable[dict[str, Any]]) -> bytes:
    """Return the list kept by hand as CSV."""
    rows = (
        {header: texts(profile, (key,)).get(key, "") for header, key in HANDMADE.items()}
        for profile in planted_on(planted, 1, "handmade")
    )
    return table(",".join(HANDMADE), rows).encode()


def texts(profile: dict[str, Any], keys: Iterable[str]) -> Row:
    """Return the values of some keys as they stand in a CSV cell; booleans are lower-case."""
    return {
        key: str(profile[key]).lower() if isinstance(profile[key], bool) else str(profile[key])
        for key in keys
        if key in profile
    }


def table(header: str, rows: Iterable[Row]) -> str:
    """Return rows as CSV after RFC 4180; ``header`` names the columns, joined by commas."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, header.split(","), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


if __name__ == "__main__":
    for path in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        sys.stdout.write(f"{path.name}\n")
