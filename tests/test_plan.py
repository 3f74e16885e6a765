from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.outcomes import Reading, ReadingState
from auditor.plan import plan_rules
from auditor.rules import RULES
from connectors.source import Capability

NOW = datetime(2026, 11, 17, tzinfo=UTC)
PEOPLE = frozenset({Capability.PEOPLE})
PROFILES = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})


def a_reading(name: str, gives: frozenset[Capability], state: str = "complete") -> Reading:
    return Reading(name, "x", ReadingState(state), gives, NOW, NOW)


def reasons(*readings: Reading) -> dict[str, str | None]:
    return {planned.rule.id: planned.reason for planned in plan_rules(RULES, readings)}


def test_everything_runs_on_complete_sources() -> None:
    assert set(reasons(a_reading("r", PEOPLE), a_reading("f", PROFILES)).values()) == {None}


@pytest.mark.parametrize("state", [one for one in ReadingState if one != "complete"])
def test_one_incomplete_directory_stops_every_rule_about_people(state: ReadingState) -> None:
    why = reasons(
        a_reading("good", PEOPLE), a_reading("bad", PEOPLE, state), a_reading("f", PROFILES)
    )
    assert why["district-address-in-use"] == "the staff list is not complete tonight (bad)"
    assert why["registered-owner-left"] is not None
    assert why["unregistered-branded-account"] is None


def test_one_complete_profile_source_is_enough() -> None:
    why = reasons(
        a_reading("r", PEOPLE), a_reading("f", PROFILES), a_reading("g", PROFILES, "failed")
    )
    assert set(why.values()) == {None}
    why = reasons(a_reading("r", PEOPLE), a_reading("g", PROFILES, "failed"))
    assert why["unregistered-branded-account"] == (
        "no source of profiles was read in full tonight (g)"
    )


def test_what_is_not_configured_is_said() -> None:
    why = reasons()
    assert why["registered-owner-left"] == "no source that gives people is configured"
    assert why["registration-review-due"] is None


def test_a_rule_that_waits_for_a_source_few_districts_have_is_idle_and_no_daily_complaint() -> None:
    listed = a_reading("f", frozenset({Capability.PROFILES}))
    planned = {one.rule.id: one for one in plan_rules(RULES, [a_reading("r", PEOPLE), listed])}
    idle = [name for name, one in planned.items() if one.is_idle]
    assert idle == ["registered-account-missing"]
    failed = a_reading("x", PROFILES, "failed")
    planned = {one.rule.id: one for one in plan_rules(RULES, [a_reading("r", PEOPLE), failed])}
    assert not planned["registered-account-missing"].is_idle
    assert planned["registered-account-missing"].reason
