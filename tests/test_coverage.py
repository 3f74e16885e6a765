"""What could not be checked is said, and never passed off as checked."""

from __future__ import annotations

import tomllib
from datetime import datetime
from importlib import resources

from auditor.collect import Collected
from auditor.coverage import coverage_lines, platform_counts
from auditor.outcomes import Reading, ReadingState
from auditor.store import SourceHistory
from connectors.platforms import platforms
from connectors.records import Harvest
from connectors.source import Capability
from tests.builders import a_profile

PROFILES = frozenset({Capability.PROFILES})


def collected(now: datetime, state: ReadingState, harvest: Harvest, name: str) -> Collected:
    return Collected(Reading(name, "profile_file", state, PROFILES, now, now), harvest)


def test_every_platform_of_the_policy_is_listed_even_when_nothing_was_read(now: datetime) -> None:
    lines = coverage_lines({}, [], {})
    named = {key for key, one in platforms().items() if one.is_named_by_policy}
    assert {line.platform for line in lines} == named
    assert not any(line.is_asked for line in lines)
    assert all(line.state_title for line in lines)


def test_a_listed_account_is_checked_but_the_platform_was_not_searched(now: datetime) -> None:
    profile = a_profile(source="found", platform="facebook")
    one = collected(now, ReadingState.COMPLETE, Harvest(profiles=(profile,)), "found")
    counts = platform_counts([one])
    lines = [line for line in coverage_lines(counts, [one], {}) if line.platform == "facebook"]
    assert [line.is_asked for line in lines] == [True, False, False]
    assert lines[0].state_title == "Checked 1 listed account"
    assert "No lawful interface" in lines[1].state_title


def test_a_source_that_failed_is_named_with_since_when(now: datetime) -> None:
    down = collected(now, ReadingState.FAILED, Harvest(), "handmade")
    lines = coverage_lines({}, [down], {"handmade": SourceHistory(None, now)})
    assert lines[0].remark == "handmade could not be read in full since 2026-11-17."
    assert not lines[0].is_asked


def test_every_platform_of_the_policy_states_its_lawful_limits() -> None:
    text = resources.files("auditor").joinpath("data/limits.toml").read_text(encoding="utf-8")
    limits = tomllib.loads(text)
    named = {key for key, one in platforms().items() if one.is_named_by_policy}
    assert set(limits) == named | {"other"}
    assert all(set(one) == {"address", "brand"} for one in limits.values())
