"""Findings as rows: read whole, written only where a night changed something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, literal, select, update

from auditor.errors import RegistryError
from auditor.findings import Change, State, StoredFinding
from auditor.store import stamps
from auditor.store.driver_rows import choose, write_many
from auditor.store.finding_facts import detail_row, identity_row, rebuild_finding
from auditor.store.run_rows import load_latest_run, load_run_times
from auditor.store.schema import finding, finding_detail, finding_event

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Update

    from auditor.lifecycle import Transition

LONGEST_NOTE = 400
_STATES = {str(state): state for state in State}
_CHANGES = {str(change): change for change in Change}
_SEEN_AGAIN = Change.SEEN_AGAIN


def load_stored(
    connection: Connection, states: Collection[State] | None = None, key: str | None = None
) -> list[StoredFinding]:
    """Return findings with their details, all or those in some states or of one key."""
    question = select(finding, finding_detail).join(finding_detail).order_by(finding.c.key)
    if states is not None:
        question = question.where(finding.c.state.in_(sorted(states)))
    if key is not None:
        question = question.where(finding.c.key == key)
    times = load_run_times(connection)
    latest = load_latest_run(connection)
    return [
        StoredFinding(
            finding=rebuild_finding(row),
            state=_STATES[row.state],
            last_change=_CHANGES[row.last_change],
            changed_run=row.changed_run,
            first_seen=times[row.first_run],
            last_seen=times[row.seen_run or latest],
            until=stamps.read_date(row.until),
            statement=row.statement,
            seen_run=row.seen_run or latest,
            changed_at=times[row.changed_run],
        )
        for row in connection.execute(question)
    ]


def find_key(connection: Connection, start: str) -> str:
    """Return the one key that begins with ``start``; RegistryError when none or several do."""
    folded = start.strip().lower()
    keys: Sequence[str] = ()
    if folded and set(folded) <= set("0123456789abcdef"):
        keys = connection.scalars(
            select(finding.c.key).where(finding.c.key.startswith(folded)).limit(2)
        ).all()
    if len(keys) != 1:
        what = "More than one finding's key starts" if keys else "No finding's key starts"
        raise RegistryError(f'{what} with "{start}"; see `audit findings list`.')
    return keys[0]


def write_transitions(
    connection: Connection,
    number: int,
    at: datetime,
    transitions: Iterable[Transition],
    previous: int,
) -> None:
    """Write what a run did to the findings; one that is seen again as it was costs nothing.

    ``previous`` is the run that finished before; a finding without a transition was not seen.  One
    that a person judged while the run was at work keeps that verdict: the run's own change to it
    is left for the next run.
    """
    transitions = list(transitions)
    opened: list[Transition] = []
    moved: list[Transition] = []
    renewed: list[Transition] = []
    sights: dict[str, int | None] = {}
    for one in transitions:
        change = one.change
        if change is _SEEN_AGAIN and not one.is_renewed and not one.was_out_of_sight:
            continue
        if change is Change.OPENED:
            opened.append(one)
            continue
        if one.was_out_of_sight is (one.finding is not None):
            sights[one.key] = previous if one.finding is None else None
        if change is not _SEEN_AGAIN:
            if one.finding is not None or one.before is not one.after:
                moved.append(one)
        elif one.is_renewed:
            renewed.append(one)
    unnamed = _keys_besides(connection, transitions, len(transitions) - len(opened))
    _write_sights(connection, sights | dict.fromkeys(unnamed, previous))
    _write_opened(connection, number, at, opened)
    kept = _write_moved(connection, number, at, moved)
    _write_content(connection, [*renewed, *kept])


def write_states(connection: Connection, transitions: Sequence[Transition]) -> list[Transition]:
    """Write states and end dates; return those that were still as the transition found them."""
    with choose(connection, [one.key for one in transitions]) as chosen:
        rows = connection.execute(
            select(finding.c.key, finding.c.state)
            .where(finding.c.key.in_(chosen))
            .with_for_update()
        )
        states = {key: state for key, state in rows}  # noqa: C416 - rows are no pairs to mypy
    kept = [one for one in transitions if states.get(one.key) == one.before]
    write_many(connection, _update_by_key("state", "until", "verdict"), map(_state_row, kept))
    return kept


def write_events(
    connection: Connection,
    transitions: Iterable[Transition],
    *,
    at: datetime,
    run: int | None,
    by: str | None,
) -> None:
    """Append one event for each transition."""
    time = stamps.time_text(at)
    rows = (
        {
            "finding": one.key,
            "at": time,
            "run": run,
            "by": by,
            "verb": str(one.change),
            "before": str(one.before) if one.before else None,
            "after": str(one.after),
            "note": stamps.storable(one.note, LONGEST_NOTE),
        }
        for one in transitions
    )
    write_many(connection, insert(finding_event), rows)


def _write_opened(
    connection: Connection, number: int, at: datetime, opened: Sequence[Transition]
) -> None:
    rows = (_opened_row(number, one) for one in opened)
    write_many(connection, insert(finding), rows)
    details = (detail_row(one.key, one.finding) for one in opened if one.finding is not None)
    write_many(connection, insert(finding_detail), details)
    columns = ("finding", "at", "run", "verb", "after", "note")
    values = select(
        finding.c.key,
        literal(stamps.time_text(at)),
        literal(number),
        literal(str(Change.OPENED)),
        finding.c.state,
        literal(""),
    ).where(finding.c.first_run == number, finding.c.until.is_(None))
    connection.execute(insert(finding_event).from_select(columns, values))
    exempt = [one for one in opened if one.until is not None]
    write_events(connection, exempt, at=at, run=number, by=None)


def _keys_besides(
    connection: Connection, transitions: Sequence[Transition], number: int
) -> list[str]:
    """Return the keys in sight that no transition names; ``number`` of them name known ones."""
    if connection.scalar(select(func.count()).select_from(finding)) == number:
        return []
    named = {one.key for one in transitions}
    keys = connection.scalars(select(finding.c.key).where(finding.c.seen_run.is_(None)))
    return [key for key in keys if key not in named]


def _write_sights(connection: Connection, sights: Mapping[str, int | None]) -> None:
    """Note for findings that went out of sight which run last saw them; None lifts it."""
    rows = ({"of_key": key, "seen_run": run} for key, run in sights.items())
    write_many(connection, _update_by_key("seen_run"), rows)


def _write_moved(
    connection: Connection, number: int, at: datetime, moved: Sequence[Transition]
) -> list[Transition]:
    kept = write_states(connection, moved)
    changes = (
        {"of_key": one.key, "last_change": str(one.change), "changed_run": number}
        for one in kept
        if not one.is_quiet
    )
    write_many(connection, _update_by_key("last_change", "changed_run"), changes)
    write_events(connection, kept, at=at, run=number, by=None)
    return kept


def _write_content(connection: Connection, renewed: Sequence[Transition]) -> None:
    found = [(one.key, one.finding) for one in renewed if one.finding is not None]
    statement = _update_by_key("sources", "schools", "fingerprint", "content")
    identities = ({**identity_row(finding), "of_key": key} for key, finding in found)
    write_many(connection, statement, identities)
    details = ({**detail_row(key, finding), "of_key": key} for key, finding in found)
    write_many(connection, _UPDATE_DETAIL, details)


def _update_by_key(*names: str) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(finding).where(finding.c.key == bindparam("of_key")).values(values)


_UPDATE_DETAIL = (
    update(finding_detail)
    .where(finding_detail.c.finding == bindparam("of_key"))
    .values({one.name: bindparam(one.name) for one in finding_detail.c if not one.primary_key})
)


def _opened_row(number: int, one: Transition) -> dict[str, Any]:
    found = one.finding
    if found is None:
        raise ValueError("a finding cannot open without being seen")
    return {
        **identity_row(found),
        "key": one.key,
        "state": str(one.after),
        "last_change": str(one.change),
        "changed_run": number,
        "first_run": number,
        "until": one.until.isoformat() if one.until else None,
    }


def _state_row(one: Transition) -> dict[str, str | None]:
    stays_false = one.change is Change.CLOSED and one.before is State.FALSE_POSITIVE
    return {
        "of_key": one.key,
        "state": str(one.after),
        "until": one.until.isoformat() if one.until else None,
        "verdict": str(State.FALSE_POSITIVE) if stays_false else None,
    }
