"""Make an invented district of any size: a staff list, its schools, and public profiles.

``python benchmarks/make_district.py FOLDER --staff 20000 --schools 60 --profiles 50000 --seed 1``
writes FOLDER/roster.zip (OneRoster 1.2), FOLDER/profiles.parquet and FOLDER/audit.toml, ready for
``audit run -c FOLDER/audit.toml``.  The same numbers and seed make the same records.  In every
thousand profiles about 4 show a staff address and 10 carry a school's name, as in a search result;
the others are noise.
"""

from __future__ import annotations

import argparse
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from config.sample.build import ORGS, ROLES, USERS, Names, User, load, role_rows, table, user_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOWN = "Marrowick"
DOMAIN = "marrowickschools.example"
PLATFORMS = ("facebook", "twitter", "instagram", "youtube", "threads", "tiktok", "pinterest")
URLS = {
    "facebook": "https://www.facebook.com/{}",
    "twitter": "https://twitter.com/{}",
    "instagram": "https://www.instagram.com/{}",
    "youtube": "https://www.youtube.com/@{}",
    "threads": "https://www.threads.com/@{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "pinterest": "https://www.pinterest.com/{}",
}
LEVELS = ("Elementary School", "Elementary School", "Middle School", "High School")
TREES = "Alder Aspen Birch Cedar Elm Fir Hazel Hickory Juniper Larch Linden Maple Oak"
PLACES = "Bend Bluff Brook Crossing Falls Glen Grove Heights Hollow Meadow Point Ridge"
HOBBIES = "bread canoes chess fiddles gardens kites moss quilts radios stamps trains yarn"
DISGUISES = ("{}@{}", "{} [at] {}", "{}&#64;{}", "{}@NOSPAM.{}", "{} @ {}", "{}\u200b@{}")


def school_names(count: int) -> list[str]:
    """Return that many different names."""
    names, trees, places = [], TREES.split(), PLACES.split()
    for number in range(count):
        tree = trees[number % len(trees)]
        place = places[number // len(trees) % len(places)]
        lap = number // (len(trees) * len(places))
        level = LEVELS[number % len(LEVELS)]
        names.append(f"{tree} {place} {f'{lap + 1} ' if lap else ''}{level}")
    return names


def make_staff(count: int, schools: int, dice: random.Random) -> list[User]:
    """Return staff spread over the schools, each with an address of their own."""
    lists = load("people.toml")["names"]
    names = Names(lists["given"], lists["family"])
    staff = []
    for number in range(count):
        given, family = names.draw()
        address = f"{names.local_part(given, family)}@{DOMAIN}"
        org = f"org-{int(dice.random() * schools)}"
        staff.append(User(f"staff-{number}", given, family, address, (("teacher", org),)))
    return staff


def make_profiles(
    count: int, staff: Sequence[User], schools: Sequence[str], dice: random.Random
) -> Iterator[dict[str, str]]:
    """Yield profiles: noise, a few with a staff address in some disguise, a few with a brand."""
    hobbies = HOBBIES.split()
    for number in range(count):
        platform = PLATFORMS[int(dice.random() * len(PLATFORMS))]
        hobby = hobbies[int(dice.random() * len(hobbies))]
        handle, name, bio, place = f"{hobby}{number}", f"All about {hobby}", "", ""
        chance = dice.random()
        if chance < 0.004:
            local = staff[int(dice.random() * len(staff))].address.partition("@")[0]
            disguise = DISGUISES[int(dice.random() * len(DISGUISES))]
            bio = f"Write to {disguise.format(local, DOMAIN)}"
        elif chance < 0.014:
            name = schools[int(dice.random() * len(schools))]
            handle = f"{name.replace(' ', '').lower()}{number}"
            place = f"{TOWN}, WI"
        else:
            bio = f"Notes on {hobby}, number {number}"
        yield {
            "profile_id": str(number),
            "platform": platform,
            "handle": handle,
            "display_name": name,
            "bio": bio,
            "url": URLS[platform].format(handle),
            "location": place,
        }


def write_roster(path: Path, staff: Sequence[User], schools: Sequence[str]) -> None:
    """Write the staff and schools as a OneRoster 1.2 archive."""
    orgs = [
        {"sourcedId": f"org-{number}", "name": name, "type": "school"}
        for number, name in enumerate(schools)
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orgs.csv", table(ORGS, orgs))
        archive.writestr("users.csv", table(USERS, map(user_row, staff)))
        archive.writestr(
            "roles.csv", table(ROLES, (row for one in staff for row in role_rows(one)))
        )


def write_settings(path: Path, schools: Sequence[str]) -> None:
    """Write the audit.toml that reads the other two files."""
    blocks = [
        f'[[schools]]\ncode = "S{number}"\nname = "{name}"\ntown = "{TOWN}"\n'
        f'members = ["org-{number}"]\n'
        for number, name in enumerate(schools)
    ]
    path.write_text(
        f'[district]\nname = "{TOWN} Area School District"\nstate = "WI"\ncity = "{TOWN}"\n'
        f'email_domains = ["{DOMAIN}"]\n\n' + "\n".join(blocks) + "\n"
        '[sources.roster]\nconnector = "oneroster"\npath = "roster.zip"\n\n'
        '[sources.found]\nconnector = "profile_file"\npath = "profiles.parquet"\n',
        encoding="utf-8",
    )


def make_district(folder: Path, staff: int, schools: int, profiles: int, seed: int = 1) -> None:
    """Write a district of these sizes into a folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    names = school_names(schools)
    people = make_staff(staff, schools, dice)
    write_roster(folder / "roster.zip", people, names)
    rows = list(make_profiles(profiles, people, names, dice))
    pq.write_table(pa.Table.from_pylist(rows), folder / "profiles.parquet", compression="zstd")
    write_settings(folder / "audit.toml", names)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make an invented district of any size.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--staff", type=int, default=1_000)
    parser.add_argument("--schools", type=int, default=8)
    parser.add_argument("--profiles", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    make_district(given.folder, given.staff, given.schools, given.profiles, given.seed)


if __name__ == "__main__":
    main()
