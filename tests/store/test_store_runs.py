from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from auditor.errors import StoreError
from auditor.outcomes import ReadingState
from auditor.registry import RegistryEvent
from auditor.store import SourceHistory
from connectors.records import AccountKey
from tests.builders import a_finding
from tests.nights import FIRST, a_reading, keep_night

if TYPE_CHECKING:
    from auditor.store import Store


def test_before_the_first_run_nothing_is_known(store: Store) -> None:
    assert store.last_run() is None
    assert store.known_findings().contents == {}
    assert store.findings() == []
    assert store.source_history() == store.last_complete_counts() == {}
    assert store.trend() == []
    assert store.registered_accounts() == {}
    assert store.exemptions() == ()


def test_a_run_is_running_while_it_holds_the_lock_and_interrupted_after(store: Store) -> None:
    with store.lock():
        run = store.begin_run(FIRST, "1.0", "abc", "MFH")
        record = store.last_run()
        assert record is not None
        assert (record.id, record.outcome, record.finished_at) == (run, "running", None)
    record = store.last_run()
    assert record is not None
    assert record.outcome == "interrupted"
    assert record.scope == "MFH"


def test_the_next_run_catches_up_after_an_interrupted_one(store: Store) -> None:
    keep_night(store, [a_finding()])
    store.begin_run(FIRST + timedelta(days=1), "1.0", "abc", None)
    keep_night(store, [a_finding()], day=2)
    record = store.last_run()
    assert record is not None
    assert (record.id, record.outcome, record.exit_code) == (3, "complete", 0)
    assert record.started_at == FIRST + timedelta(days=2)
    assert record.finished_at == FIRST + timedelta(days=2, minutes=2)


def test_only_complete_readings_of_all_schools_count_for_the_shrink_guard(store: Store) -> None:
    keep_night(store, [], readings=[a_reading(counts={"profiles": 3, "people": 1})])
    keep_night(store, [], day=1, readings=[a_reading(counts={"profiles": 1})], scope="MFH")
    shrunk = a_reading(state=ReadingState.SHRUNK, counts={"profiles": 0})
    keep_night(store, [], day=2, readings=[shrunk, a_reading(source="roster", counts={})])
    assert store.last_complete_counts() == {"found": {"profiles": 3, "people": 1}, "roster": {}}


def test_a_source_is_incomplete_since_its_first_incomplete_reading(store: Store) -> None:
    nights = [ReadingState.FAILED, ReadingState.COMPLETE, ReadingState.DENIED, ReadingState.PARTIAL]
    for day, state in enumerate(nights):
        at = FIRST + timedelta(days=day)
        reading = a_reading(state=state, started_at=at, finished_at=at, problem="no\0")
        keep_night(store, [], day=day, readings=[reading, a_reading(source="roster")])
        history = store.source_history()
        if day == 0:
            assert history["found"] == SourceHistory(None, FIRST)
    assert history["found"] == SourceHistory(FIRST + timedelta(days=1), FIRST + timedelta(days=2))
    assert history["roster"].incomplete_since is None


def test_the_trend_has_the_last_run_of_each_week(store: Store) -> None:
    branded = a_finding(rule="unregistered-branded-account", subject=("mastodon", "2"))
    unlisted = a_finding(rule="something-new")
    keep_night(store, [a_finding()])
    keep_night(store, [a_finding(), branded, unlisted], day=1)
    keep_night(store, [branded], day=14)
    assert store.trend() == [(date(2026, 11, 16), 1, 1), (date(2026, 11, 30), 1, 0)]
    assert store.trend(weeks=2) == [(date(2026, 11, 30), 1, 0)]


def test_registry_events_are_kept_in_order_all_or_none(store: Store) -> None:
    key = AccountKey("facebook", "maplefalls")
    facts = {"url": "https://www.facebook.com/maplefalls", "owner": "a@x.example", "purpose": "n"}
    asked = RegistryEvent(FIRST, "ida", "requested", key, "", {**facts, "schools": ["MFH"]})
    stray = RegistryEvent(FIRST, "ida", "approved", AccountKey("vimeo", "x"), "", {})
    with pytest.raises(Exception, match="does not fit"):
        store.add_registry_events([asked, stray])
    assert store.registry_events() == []
    store.add_registry_events([asked])
    approved = RegistryEvent(FIRST, "boss", "approved", key, "fine", {"review_on": "2027-11-17"})
    store.add_registry_events([approved])
    assert store.registry_events() == [asked, approved]
    assert store.registered_accounts()[key].review_on == date(2027, 11, 17)
    assert store.registered_accounts()[key].schools == ("MFH",)


def test_meta_is_kept(store: Store) -> None:
    assert store.read_meta("district") is None
    store.write_meta("district", "5500300")
    store.write_meta("district", "5500301")
    assert store.read_meta("district") == "5500301"


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.begin_run(FIRST.replace(tzinfo=None), "1.0", "abc", None)


def test_a_whole_night_or_nothing(store: Store) -> None:
    keep_night(store, [a_finding()])
    twice = [a_reading(), a_reading()]
    with pytest.raises(StoreError, match="UNIQUE"):
        keep_night(store, [a_finding(summary="Other.")], day=1, readings=twice)
    assert store.findings()[0].finding.summary == a_finding().summary
    record = store.last_run()
    assert record is not None
    assert record.finished_at is None


def test_runs_since_a_moment_are_those_that_ended(store: Store) -> None:
    for day in range(3):
        keep_night(store, [], day=day)
    store.begin_run(FIRST + timedelta(days=3), "1.0", "abc", None)
    assert store.runs_since(FIRST + timedelta(days=1)) == {2, 3}
