"""Nights for the store, a test states only what it is about: readings, findings, exemptions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from auditor.lifecycle import Looked, Transition, reconcile
from auditor.outcomes import Reading, ReadingState, RuleOutcome, RuleState
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.findings import Finding
    from auditor.store import Store

FIRST = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
TODAY = date(2026, 11, 17)
RULE = "district-address-in-use"
ITEM_OF = {RULE: "10", "unregistered-branded-account": "8"}
SOURCES = frozenset({"roster", "found"})


def a_reading(**changes: Any) -> Reading:
    """Build a complete reading of the source "found" with three profiles."""
    fields: dict[str, Any] = {
        "source": "found",
        "connector": "profile_file",
        "state": ReadingState.COMPLETE,
        "capabilities": frozenset({Capability.PROFILES}),
        "started_at": FIRST,
        "finished_at": FIRST + timedelta(minutes=1),
        "records": 3,
        "counts": {"profiles": 3},
    }
    return Reading(**fields | changes)


def keep_night(
    store: Store,
    findings: Sequence[Finding],
    *,
    day: int = 0,
    sources: frozenset[str] = SOURCES,
    readings: Sequence[Reading] = (),
    scope: str | None = None,
) -> list[Transition]:
    """Run one night's bookkeeping through the store and return what it did."""
    at = FIRST + timedelta(days=day)
    run = store.begin_run(at, "1.0", "abc", scope)
    looked = Looked(frozenset(ITEM_OF), sources, lambda _: True)
    transitions = reconcile(store.known_findings(), findings, looked, store.exemptions(), at.date())
    store.finish_run(
        run,
        readings=readings,
        outcomes=[RuleOutcome(RULE, RuleState.RAN, len(findings))],
        transitions=transitions,
        finished_at=at + timedelta(minutes=2),
        outcome="complete",
        exit_code=0,
        item_of=ITEM_OF,
    )
    return transitions
