"""What could not be checked is said, and never passed off as checked."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from importlib import resources
from typing import Any

import pytest

from auditor.collect import Collected
from auditor.coverage import coverage_lines, platform_counts
from auditor.outcomes import Reading, ReadingState
from auditor.store import SourceHistory
from connectors import capabilities_with, connector_type
from connectors.platforms import platforms
from connectors.records import Harvest
from connectors.source import Capability, Terms
from reports.model import CoverageLine
from tests.builders import a_profile
from tests.fake_sources import register

PROFILES = frozenset({Capability.PROFILES})
UNASKED = {"tiktok", "pinterest", "reddit", "nextdoor", "remind", "classdojo", "parentsquare"}
CAPABLE = frozenset({Capability.PROFILES_BY_ADDRESS, Capability.PROFILES_BY_ACCOUNT})
TERMS = Terms(
    platforms=("github",),
    documentation="https://docs.example/",
    rules="https://rules.example/",
    reviewed_on=date(2026, 10, 3),
    limits="60 calls an hour.",
    never="It never reads a repository.",
    missing={Capability.PROFILES_BY_BRAND: "It has no search."},
)


def collected(now: datetime, state: ReadingState, harvest: Harvest, name: str) -> Collected:
    return Collected(Reading(name, "profile_file", state, PROFILES, now, now), harvest)


def test_every_platform_of_the_policy_is_listed_even_when_nothing_was_read(now: datetime) -> None:
    lines = coverage_lines({}, [], {})
    named = {key for key, one in platforms().items() if one.is_named_by_policy}
    assert {line.platform for line in lines} == named | UNASKED
    assert not any(line.is_asked for line in lines)
    assert all(line.state_title for line in lines)


def test_a_listed_account_is_checked_but_the_platform_was_not_searched(now: datetime) -> None:
    profile = a_profile(source="found", platform="facebook")
    one = collected(now, ReadingState.COMPLETE, Harvest(profiles=(profile,)), "found")
    counts = platform_counts([one])
    lines = [line for line in coverage_lines(counts, [one], {}) if line.platform == "facebook"]
    assert [line.is_asked for line in lines] == [True, False, False, False]
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
    assert limits.pop("reviewed_on") == date(2026, 11, 22)
    assert set(limits) == named | UNASKED | {"other"}
    for key, one in limits.items():
        assert set(one) - {"title"} == {"address", "brand", "account"}
        assert ("title" in one) is (key not in {*platforms(), "other"})


class TestAskedPlatforms:
    @pytest.fixture(autouse=True)
    def made_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        register(monkeypatch, "code", *CAPABLE, terms=TERMS)

    def asked(
        self, now: datetime, state: ReadingState = ReadingState.COMPLETE, **more: Any
    ) -> list[CoverageLine]:
        problem = None if state is ReadingState.COMPLETE else "the daily quota is used up"
        reading = Reading("code", "code", state, CAPABLE, now, now, problem=problem)
        history = {"code": SourceHistory(None, now)}
        lines = coverage_lines({}, [Collected(reading, Harvest())], history, **more)
        return [line for line in lines if line.platform == "github"][1:]

    def test_each_question_is_asked_or_has_its_reason(self, now: datetime) -> None:
        address, brand, account = self.asked(now)
        assert [one.is_asked for one in (address, brand, account)] == [True, False, True]
        assert address.state_title == "Asked"
        assert brand.state_title == "It has no search."
        assert brand.sources == ()
        assert address.remark == "60 calls an hour."
        assert address.since is None

    def test_the_day_the_terms_were_read_is_told(self, now: datetime) -> None:
        line = self.asked(now)[0]
        assert line.terms_reviewed_on == date(2026, 10, 3)
        assert line.terms == "https://rules.example/"

    def test_half_an_answer_was_asked_in_part(self, now: datetime) -> None:
        line = self.asked(now, ReadingState.PARTIAL)[0]
        assert (line.is_asked, line.state_title) == (True, "Asked, only in part")
        assert line.remark.startswith("the daily quota is used up.")

    def test_a_source_that_failed_asked_nothing_and_says_since_when(self, now: datetime) -> None:
        line = self.asked(now, ReadingState.QUOTA_EXHAUSTED)[0]
        assert (line.is_asked, line.state_title) == (False, "Daily quota used up")
        assert line.since == now
        assert line.sources == ("code",)

    def test_nobody_asks_by_address_on_a_night_without_the_staff_list(self, now: datetime) -> None:
        address, _, account = self.asked(now, has_addresses=False)
        assert not address.is_asked
        assert "staff list" in address.state_title
        assert account.is_asked


@pytest.mark.parametrize(
    ("connector", "options", "question"),
    [
        ("flickr", {}, "By address (item 10)"),
        ("gitlab", {"addresses_a_night": 0}, "By address (item 10)"),
        ("github", {"searches_a_night": 0}, "By name (item 8)"),
        ("brave_search", {"queries_a_night": 0, "platforms": ["flickr"]}, "By name (item 8)"),
    ],
)
def test_a_question_that_a_setting_switches_off_is_not_counted_as_asked(
    now: datetime, connector: str, options: dict[str, Any], question: str
) -> None:
    def asked(given: dict[str, Any]) -> CoverageLine:
        kind = connector_type("photos", connector)
        able = capabilities_with(kind, given)
        reading = Reading("photos", connector, ReadingState.COMPLETE, able, now, now)
        platform = kind.terms.platforms[0]  # type: ignore[attr-defined]
        lines = coverage_lines({}, [Collected(reading, Harvest())], {})
        return next(one for one in lines if (one.platform, one.capability) == (platform, question))

    on = dict.fromkeys(("by_address", "addresses_a_night", "searches_a_night"), True)
    assert asked(on | {"queries_a_night": 3}).is_asked
    off = asked(options)
    assert not off.is_asked
    assert off.state_title.startswith("photos could be asked, but ")
    assert off.state_title.endswith(" is off in audit.toml.")
