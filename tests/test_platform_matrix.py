"""docs/platforms-matrix.md says what the code has, and what stands behind it."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from auditor.coverage import QUESTIONS, title_of
from connectors import CONNECTORS, connector_type
from connectors.platforms import platforms
from connectors.source import Source

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "platforms-matrix.md").read_text(encoding="utf-8")
STATES = {"real", "spec", "shapes", "gated"}
RANKS = ("real", "spec", "shapes")
UNDER_PRISM = {"test_real_specs.py", "test_real_google.py"}
KINDS = {name: connector_type("tested", name) for name in CONNECTORS}
GRANT = re.compile(r"\b(?:[Aa]pply for|Ask (?:Snap|Reddit|Meta|LinkedIn))\b")


def table(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return rows[2:]


CONNECTOR_ROWS = {row[0].strip("`"): row[1:] for row in table("Connectors")}
PLATFORM_ROWS = {row[0]: row[1:] for row in table("Platforms")}


def limits() -> dict[str, dict[str, str]]:
    text = resources.files("auditor").joinpath("data/limits.toml").read_text(encoding="utf-8")
    return {key: one for key, one in tomllib.loads(text).items() if isinstance(one, dict)}


def platforms_of(kind: type[Source]) -> tuple[str, ...]:
    terms = getattr(kind, "terms", None)
    return terms.platforms if terms else ()


def every_platform() -> list[str]:
    asked = [key for kind in KINDS.values() for key in platforms_of(kind)]
    named = [key for key in limits() if key != "other"]
    return list(dict.fromkeys((*platforms(), *asked, *named)))


def is_within(cell: str, whole: str) -> bool:
    """Whether a connector of a state may be in a cell's state: its best, or less, never gated."""
    return cell == whole or (
        "gated" not in {cell, whole} and RANKS.index(cell) > RANKS.index(whole)
    )


def test_every_platform_has_its_row_and_no_other_has() -> None:
    assert list(PLATFORM_ROWS) == [title_of(key) for key in every_platform()]


@pytest.mark.parametrize("key", every_platform())
def test_each_cell_names_the_sources_that_can_be_asked(key: str) -> None:
    here = {name: kind for name, kind in KINDS.items() if key in platforms_of(kind)}
    for cell, (_, need, _) in zip(PLATFORM_ROWS[title_of(key)], QUESTIONS, strict=True):
        able = [name for name, kind in here.items() if need in kind.capabilities]
        told = dict(re.findall(r"`(\w+)` (\w+)", cell))
        assert list(told) == able, (key, need)
        assert all(is_within(state, CONNECTOR_ROWS[name][0]) for name, state in told.items())
        if not able:
            is_explained = key in limits() or any(need in k.terms.missing for k in here.values())  # type: ignore[attr-defined]
            closed = "closed" if key == "google_plus" else "nothing lawful"
            assert cell == (closed if is_explained else "not asked"), (key, need)


@pytest.mark.parametrize("title", ["Nextdoor", "Remind", "ClassDojo", "ParentSquare"])
def test_where_nothing_lawful_can_be_asked_the_pages_say_so(title: str) -> None:
    assert PLATFORM_ROWS[title] == ["nothing lawful"] * 3
    assert title in (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")


def test_every_connector_has_its_row_with_what_it_declares() -> None:
    assert list(CONNECTOR_ROWS) == list(CONNECTORS)
    for name, (state, tells, _) in CONNECTOR_ROWS.items():
        assert state in STATES
        assert tells == ", ".join(sorted(str(one) for one in KINDS[name].capabilities)), name


@pytest.mark.parametrize("name", list(CONNECTORS))
def test_the_tests_behind_a_connector_exist_and_try_it(name: str) -> None:
    state, _, cell = CONNECTOR_ROWS[name]
    paths = [(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\((\S+)\)", cell)]
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^ *def test_|^class Test\w+\(", text, re.MULTILINE), path.name
        for cases in re.findall(r"^from tests\.connectors\.(\w+_cases) import", text, re.MULTILINE):
            text += (ROOT / f"tests/connectors/{cases}.py").read_text(encoding="utf-8")
        stem = CONNECTORS[name].partition(":")[0].rpartition(".")[2]
        assert stem in text or KINDS[name].__name__ in text, path.name
    served = {path.name for path in paths if path.parent.name == "realservers"} - UNDER_PRISM
    assert bool(served) is (state == "real")


def test_gated_is_what_starts_with_an_approval_alone() -> None:
    needed = {
        name
        for name, kind in KINDS.items()
        if any(one.required and GRANT.search(one.about) for one in kind.settings)
    }
    assert needed == {name for name, row in CONNECTOR_ROWS.items() if row[0] == "gated"}


def test_the_number_of_other_sites_is_that_of_the_catalogue() -> None:
    text = resources.files("connectors").joinpath("data/site_catalogue.csv").read_text("utf-8")
    assert f"The {len(text.splitlines()) - 1:,} sites" in PAGE
