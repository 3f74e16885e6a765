"""Runs and what they recorded: readings, rule outcomes, counts for the trend."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from auditor.errors import StoreError
from auditor.lifecycle import OPEN_STATES
from auditor.outcomes import ReadingState
from auditor.store import stamps
from auditor.store.schema import finding, open_count, reading, rule_outcome, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sqlalchemy import Connection

    from auditor.outcomes import Reading, RuleOutcome

INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run; ``outcome`` is ``running`` or ``interrupted`` while ``finished_at`` is None."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    exit_code: int | None
    scope: str | None


@dataclass(frozen=True, slots=True)
class SourceHistory:
    """When a source was last read in full, and since when it has not been."""

    last_complete: datetime | None
    incomplete_since: datetime | None


def begin_run(
    connection: Connection,
    started_at: datetime,
    version: str,
    settings_hash: str,
    scope: str | None,
) -> int:
    """Record that a run begins and return its id; earlier ones without an end were interrupted."""
    connection.execute(
        update(run)
        .where(run.c.finished_at.is_(None), run.c.outcome.is_(None))
        .values(outcome=INTERRUPTED)
    )
    result = connection.execute(
        insert(run).values(
            started_at=stamps.time_text(started_at),
            version=version,
            settings_hash=settings_hash,
            scope=scope,
        )
    )
    key = result.inserted_primary_key
    return int(key[0]) if key else 0


def close_run(
    connection: Connection, number: int, finished_at: datetime, outcome: str, exit_code: int
) -> None:
    """Record the end of a run; StoreError when there is no such run or it has ended."""
    result = connection.execute(
        update(run)
        .where(run.c.id == number, run.c.finished_at.is_(None))
        .values(finished_at=stamps.time_text(finished_at), outcome=outcome, exit_code=exit_code)
    )
    if result.rowcount != 1:
        raise StoreError(f"Run {number} has not begun or has ended already; begin a new one.")


def load_runs_since(connection: Connection, moment: datetime) -> frozenset[int]:
    """Return the ids of the runs that began at ``moment`` or later and came to an end."""
    rows = connection.execute(
        select(run.c.id).where(
            run.c.started_at >= stamps.time_text(moment), run.c.finished_at.is_not(None)
        )
    )
    return frozenset(row.id for row in rows)


def write_readings(connection: Connection, number: int, readings: Sequence[Reading]) -> None:
    """Record what each source gave."""
    if readings:
        connection.execute(insert(reading), [_reading_row(number, one) for one in readings])


def write_outcomes(connection: Connection, number: int, outcomes: Sequence[RuleOutcome]) -> None:
    """Record what each rule did."""
    if outcomes:
        rows = [
            {
                "run": number,
                "rule": one.rule,
                "state": str(one.state),
                "findings": one.findings,
                "reason": stamps.optional_storable(one.reason),
            }
            for one in outcomes
        ]
        connection.execute(insert(rule_outcome), rows)


def write_open_counts(connection: Connection, number: int, item_of: Mapping[str, str]) -> None:
    """Record how many findings of each item are open now; a rule without an item is left out."""
    counted = connection.execute(
        select(finding.c.rule, func.count())
        .where(finding.c.state.in_(sorted(OPEN_STATES)))
        .group_by(finding.c.rule)
    )
    totals = Counter({"8": 0, "10": 0})
    for rule, number_open in counted:
        if rule in item_of:
            totals[item_of[rule]] += number_open
    rows = [{"run": number, "item": item, "findings": total} for item, total in totals.items()]
    connection.execute(insert(open_count), rows)


def load_last_run(connection: Connection) -> RunRecord | None:
    """Return the latest run, or None before the first."""
    row = connection.execute(select(run).order_by(run.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    return RunRecord(
        id=row.id,
        started_at=stamps.read_time(row.started_at),
        finished_at=stamps.read_optional_time(row.finished_at),
        outcome=row.outcome or INTERRUPTED,
        exit_code=row.exit_code,
        scope=row.scope,
    )


def load_latest_run(connection: Connection) -> int:
    """Return the id of the latest run that finished, 0 before the first."""
    return connection.scalar(select(func.max(run.c.id)).where(run.c.finished_at.is_not(None))) or 0


def load_run_times(connection: Connection) -> dict[int, datetime]:
    """Return every run's start by its id."""
    rows = connection.execute(select(run.c.id, run.c.started_at))
    return {number: stamps.read_time(at) for number, at in rows}


def load_last_complete_counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Return per source the counts of its last complete reading in a run of the whole district."""
    last = (
        select(reading.c.source, func.max(reading.c.run).label("run"))
        .join(run, run.c.id == reading.c.run)
        .where(reading.c.state == ReadingState.COMPLETE, run.c.scope.is_(None))
        .group_by(reading.c.source)
        .subquery()
    )
    rows = connection.execute(
        select(reading.c.source, reading.c.counts).join(
            last, (last.c.source == reading.c.source) & (last.c.run == reading.c.run)
        )
    )
    return {source: stamps.read_json(counts) for source, counts in rows}


def load_source_history(connection: Connection) -> dict[str, SourceHistory]:
    """Return per source when it last answered in full and since when it has not."""
    histories: dict[str, SourceHistory] = {}
    rows = connection.execute(
        select(
            reading.c.source, reading.c.state, reading.c.started_at, reading.c.finished_at
        ).order_by(reading.c.run)
    )
    for source, state, started, finished in rows:
        before = histories.get(source, SourceHistory(None, None))
        if state == ReadingState.COMPLETE:
            histories[source] = SourceHistory(stamps.read_time(finished), None)
        else:
            since = before.incomplete_since or stamps.read_time(started)
            histories[source] = SourceHistory(before.last_complete, since)
    return histories


def load_trend(connection: Connection, weeks: int, zone: tzinfo) -> list[tuple[date, int, int]]:
    """Return (Monday, open of item 8, open of item 10) of the last counted run of each week.

    The last ``weeks`` weeks of ``zone`` up to that of the last run; one without a run is left out.
    """
    rows = connection.execute(
        select(run.c.started_at, open_count.c.item, open_count.c.findings)
        .join(open_count, open_count.c.run == run.c.id)
        .order_by(run.c.id)
    )
    by_week: defaultdict[date, dict[str, int]] = defaultdict(dict)
    for started_at, item, findings in rows:
        day = stamps.read_time(started_at).astimezone(zone).date()
        by_week[day - timedelta(days=day.weekday())][item] = findings
    if not by_week:
        return []
    first = max(by_week) - timedelta(weeks=weeks - 1)
    return [
        (monday, counts.get("8", 0), counts.get("10", 0))
        for monday, counts in sorted(by_week.items())
        if monday >= first
    ]


def _reading_row(number: int, one: Reading) -> dict[str, Any]:
    return {
        "run": number,
        "source": one.source,
        "connector": one.connector,
        "state": str(one.state),
        "capabilities": stamps.json_text(sorted(one.capabilities)),
        "started_at": stamps.time_text(one.started_at),
        "finished_at": stamps.time_text(one.finished_at),
        "records": one.records,
        "calls": one.calls,
        "counts": stamps.json_text(one.counts),
        "dropped": stamps.json_text(one.dropped),
        "notes": stamps.json_text(one.notes),
        "problem": stamps.optional_storable(one.problem),
        "advice": stamps.optional_storable(one.advice),
    }
