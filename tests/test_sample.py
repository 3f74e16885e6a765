"""The sample district and the settings example: complete, consistent, built the same each time."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from auditor.matching.gazetteer import open_gazetteer
from auditor.settings import Settings, load_settings
from benchmarks.make_district import make_district
from config.sample.build import BUILT, HERE, NIGHTS, build, load, planted_on
from connectors import CONNECTORS, connector_type

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config" / "audit.example.toml"


def read_table(archive: str, member: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(HERE / archive) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(member).decode())))


def users_with(role: str, archive: str = "roster.zip") -> list[dict[str, str]]:
    wanted = {
        row["userSourcedId"] for row in read_table(archive, "roles.csv") if row["role"] == role
    }
    return [row for row in read_table(archive, "users.csv") if row["sourcedId"] in wanted]


def staff_of(archive: str) -> dict[str, dict[str, str]]:
    family = {"student", "parent"}
    outside = {
        row["userSourcedId"] for row in read_table(archive, "roles.csv") if row["role"] in family
    }
    rows = read_table(archive, "users.csv")
    return {row["sourcedId"]: row for row in rows if row["sourcedId"] not in outside}


def staff_addresses(archive: str = "roster.zip") -> set[str]:
    found = set()
    for row in staff_of(archive).values():
        found |= {row["email"], *re.findall(r"alias:([^}]+)", row["userIds"])}
    return found


def settings_keys(kind: Any) -> set[str]:
    keys = set()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for one in msgspec.structs.fields(kind):
            keys |= {one.encode_name} | settings_keys(one.type)
    for part in get_args(kind):
        keys |= settings_keys(part)
    return keys


def test_building_the_sample_again_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUILT)
    for name in BUILT:
        assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes(), (
            f"{name} is not what people.toml and planted.toml give; "
            "run python -m config.sample.build"
        )


def test_the_roster_has_the_people_the_readme_tells_of() -> None:
    assert 175 <= len(staff_of("roster.zip")) <= 185
    assert len(users_with("student")) == 300
    assert len(users_with("parent")) == 100
    per_person = Counter(
        row["userSourcedId"]
        for row in read_table("roster.zip", "roles.csv")
        if row["role"] == "teacher"
    )
    assert max(per_person.values()) == 2
    assert len({row["email"] for row in read_table("roster.zip", "users.csv")}) == 577


def test_the_second_roster_differs_by_one_who_left_and_one_alias() -> None:
    first, second = staff_of("roster.zip"), staff_of("roster_night2.zip")
    assert first.keys() == second.keys()
    changed = {
        (row["familyName"], key)
        for number, row in first.items()
        for key in row
        if second[number][key] != row[key]
    }
    assert changed == {
        ("Haddad", "status"),
        ("Haddad", "enabledUser"),
        ("Freeman-Tate", "userIds"),
    }


def test_students_and_staff_share_no_family_name() -> None:
    staff = {row["familyName"] for row in staff_of("roster.zip").values()}
    family = {row["familyName"] for row in users_with("student") + users_with("parent")}
    assert family.isdisjoint(staff)


def test_every_address_of_the_sample_is_on_a_reserved_domain() -> None:
    rows = read_table("roster.zip", "users.csv") + read_table("roster_night2.zip", "users.csv")
    assert {row["email"].rpartition(".")[2] for row in rows} == {"example"}
    for name in ("registry.csv", "decisions.toml", "audit.toml"):
        text = (HERE / name).read_text(encoding="utf-8")
        assert all(found.endswith(".example") for found in re.findall(r"@([\w.-]+\w)", text)), name


def test_planted_addresses_and_owners_of_accounts_are_in_the_roster() -> None:
    known = staff_addresses()
    planted = load("planted.toml")["profiles"]
    shown = {profile["address"] for profile in planted if "address" in profile}
    assert len(shown) >= 18
    assert shown <= known
    with (HERE / "registry.csv").open(encoding="utf-8") as opened:
        owners = {row["owner"] for row in csv.DictReader(opened)}
    approvals = tomllib.loads((HERE / "decisions.toml").read_text(encoding="utf-8"))["approvals"]
    people = owners | {one[who] for one in approvals for who in ("owner", "backup")}
    assert people <= known


@pytest.mark.parametrize("night", NIGHTS)
def test_no_planted_account_stands_twice_on_a_list(night: int) -> None:
    planted = load("planted.toml")["profiles"]
    for where in ("found", "handmade"):
        urls = [profile["url"] for profile in planted_on(planted, night, where)]
        assert len(urls) == len(set(urls))


def test_the_town_of_the_sample_exists_nowhere() -> None:
    town = load_settings(HERE / "audit.toml").district.city
    assert town == "Marrowick"
    gazetteer = open_gazetteer()
    assert gazetteer.find(town) == []
    assert gazetteer.find(f"{town}, WI") == []


def test_the_readme_of_the_sample_names_every_file_and_licence() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in HERE.iterdir() if path.suffix in {".csv", ".zip", ".toml"}}
    assert {name for name in files if name not in text} == set()
    assert "SPDX-License-Identifier: CC0-1.0" in text
    assert "Wikidata" in text


def test_the_example_loads() -> None:
    settings = load_settings(EXAMPLE)
    assert [source.name for source in settings.source_list] == ["roster", "found"]


def test_the_example_with_every_comment_taken_away_still_loads(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", text), encoding="utf-8")
    settings = load_settings(path)
    assert {source.connector for source in settings.source_list} == set(CONNECTORS)
    assert settings.reports.keep_days == 365


def test_the_example_shows_every_setting_there_is() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = set(re.findall(r"(?m)^(?:# )?([a-z][a-z_]*) = ", text))
    shown |= set(re.findall(r"(?:\{|,) ([a-z_]+) = ", text))
    shown |= {part for name in re.findall(r"\[([\w.-]+)\]", text) for part in name.split(".")}
    inside = {"path", "digest"}
    assert settings_keys(Settings) - inside - shown == set()
    for connector in CONNECTORS:
        wanted = {setting.name for setting in connector_type("source", connector).settings}
        block = text[text.index(f'connector = "{connector}"') :].partition("\n\n")[0]
        assert {name for name in wanted if f"{name} = " not in block} == set(), connector


def test_a_made_district_has_its_sizes_and_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for name in ("one", "two"):
        make_district(tmp_path / name, staff=300, schools=5, profiles=1_000, seed=7)
    one, two = (pq.read_table(tmp_path / name / "profiles.parquet") for name in ("one", "two"))
    assert one.num_rows == 1_000
    assert one.equals(two)
    with (
        zipfile.ZipFile(tmp_path / "one" / "roster.zip") as first,
        zipfile.ZipFile(tmp_path / "two" / "roster.zip") as second,
    ):
        users = first.read("users.csv").decode()
        assert users == second.read("users.csv").decode()
    rows = list(csv.DictReader(io.StringIO(users)))
    assert len({row["email"] for row in rows}) == 300
    settings = load_settings(tmp_path / "one" / "audit.toml")
    assert len({school.name for school in settings.schools}) == 5
    shown = sum("marrowickschools" in row for row in one.column("bio").to_pylist())
    assert 1 <= shown <= 15
