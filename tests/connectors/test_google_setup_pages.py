from __future__ import annotations

import re
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.directory.google_workspace import GoogleWorkspace
from connectors.google_access import SCOPE
from connectors.tenant.google_app_grants import GoogleAppGrants
from tests.builders import an_access

if TYPE_CHECKING:
    from typing import Any

    from connectors.source import Source

SETUP = Path(__file__).parents[2] / "docs" / "setup"
OPTIONS = {"student_units": ["/Students"]}
KINDS: dict[str, type[Source]] = {
    "google_workspace": GoogleWorkspace,
    "google_app_grants": GoogleAppGrants,
}


def read_page(name: str) -> str:
    return (SETUP / f"{name}.md").read_text(encoding="utf-8")


def rows(name: str) -> list[list[int]]:
    """Return the rows of numbers of a page's table of calls."""
    found = re.findall(r"^\| ([\d, |]+) \|$", read_page(name), re.MULTILINE)
    return [[int(cell.replace(",", "")) for cell in row.split(" | ")] for row in found]


@pytest.mark.parametrize("name", KINDS)
def test_the_scopes_to_copy_are_those_asked_for(name: str) -> None:
    block = re.findall(r"^ *```\n(.+?)^ *```", read_page(name), re.M | re.S)[0]
    granted = set(re.findall(r"https://\S+/auth/[\w.]+", block))
    source: Any = KINDS[name](an_access(OPTIONS))
    assert granted == {SCOPE + scope for scope in source._scopes}


def test_scopes_that_settings_add_stand_beside_them() -> None:
    settings = {"student_groups": ["a"], "school_groups": ["b"], "student_licences": ["1/2"]}
    for name, value in settings.items():
        source: Any = GoogleWorkspace(an_access({**OPTIONS, name: value}))
        plain: Any = GoogleWorkspace(an_access(OPTIONS))
        for scope in set(source._scopes) - set(plain._scopes):
            line = next(
                one for one in read_page("google_workspace").splitlines() if f"{scope}` |" in one
            )
            assert f"`{name}`" in line


def test_the_tables_of_calls_follow_the_formulas() -> None:
    assert rows("google_workspace") == [
        [users, ceil(users / 500) + 2] for users in (500, 1_000, 5_000, 20_000)
    ]
    assert rows("google_app_grants") == [
        [users, staff, ceil(users / 500) + staff + 3, ceil(users / 500) + ceil(staff / 7) + 4]
        for users, staff in ((1_000, 200), (5_000, 700), (20_000, 2_500))
    ]


@pytest.mark.parametrize("name", KINDS)
def test_every_setting_of_the_pages_block_exists(name: str) -> None:
    block = re.findall(r"```toml\n(.+?)```", read_page(name), re.S)[0]
    known = {one.name for one in KINDS[name].settings}
    assert set(re.findall(r"^(?:# )?(\w+) = ", block, re.M)) - {"connector"} <= known
