"""What people did, as rows: registry, exemptions, verdicts on findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from auditor.decisions import (
    DecisionEvent,
    Verdict,
    check_reason,
    check_statement,
    judge_state,
)  # fmt: skip
from auditor.errors import RegistryError
from auditor.findings import State
from auditor.registry import RegistryEvent
from auditor.store import stamps
from auditor.store.schema import decision_event, finding, finding_event, registry_event
from connectors.records import AccountKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One line of a finding's life: a change by a run, or a verdict by a person (``by``)."""

    at: datetime
    verb: str
    before: State | None
    after: State
    note: str
    run: int | None
    by: str | None


def load_registry_events(connection: Connection) -> list[RegistryEvent]:
    """Return the registry's events in the order they were written."""
    rows = connection.execute(select(registry_event).order_by(registry_event.c.id))
    return [
        RegistryEvent(
            at=stamps.read_time(row.at),
            by=row.by,
            verb=row.verb,
            account=AccountKey(row.platform, row.account),
            why=row.why,
            facts=stamps.read_json(row.facts),
        )
        for row in rows
    ]


def write_registry_events(connection: Connection, events: Sequence[RegistryEvent]) -> None:
    """Append events to the registry."""
    rows = [
        {
            "at": stamps.time_text(event.at),
            "by": stamps.storable(event.by),
            "verb": event.verb,
            "platform": stamps.storable(event.account.platform),
            "account": stamps.storable(event.account.account),
            "why": stamps.storable(event.why),
            "facts": stamps.json_text(dict(event.facts)),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(registry_event), rows)


def load_decision_events(connection: Connection) -> list[DecisionEvent]:
    """Return the exemptions' events in the order they were written."""
    rows = connection.execute(select(decision_event).order_by(decision_event.c.id))
    return [
        DecisionEvent(
            at=stamps.read_time(row.at),
            by=row.by,
            verb=row.verb,
            exemption=row.exemption,
            why=row.why,
            facts=stamps.read_json(row.facts),
        )
        for row in rows
    ]


def write_decision(connection: Connection, event: DecisionEvent) -> None:
    """Append one event to the log of exemptions."""
    connection.execute(
        insert(decision_event).values(
            at=stamps.time_text(event.at),
            by=stamps.storable(event.by),
            verb=event.verb,
            exemption=event.exemption,
            why=stamps.storable(event.why),
            facts=stamps.json_text(dict(event.facts)),
        )
    )


def write_verdict(
    connection: Connection,
    key: str,
    verdict: Verdict,
    *,
    by: str,
    why: str,
    at: datetime,
    statement: str | None,
) -> State:
    """Write a person's verdict on a finding, with its event; return the new state."""
    why = check_reason(why) if verdict is not Verdict.DISPUTE or why else ""
    values: dict[str, str | None] = {"until": None, "verdict": None}
    if verdict is Verdict.DISPUTE:
        values["statement"] = stamps.storable(check_statement(statement or ""))
    before = connection.scalar(
        select(finding.c.state).where(finding.c.key == key).with_for_update()
    )
    if before is None:
        raise RegistryError(f"There is no finding {key}; see `audit findings list`.")
    after = judge_state(key, State(before), verdict)
    connection.execute(
        update(finding).where(finding.c.key == key).values(state=str(after), **values)
    )
    connection.execute(
        insert(finding_event).values(
            finding=key,
            at=stamps.time_text(at),
            by=stamps.storable(by),
            verb=str(verdict),
            before=before,
            after=str(after),
            note=values.get("statement") or stamps.storable(why),
        )
    )
    return after


def load_finding_history(connection: Connection, key: str) -> list[FindingEvent]:
    """Return a finding's events in the order they were written."""
    rows = connection.execute(
        select(finding_event).where(finding_event.c.finding == key).order_by(finding_event.c.id)
    )
    return [
        FindingEvent(
            at=stamps.read_time(row.at),
            verb=row.verb,
            before=State(row.before) if row.before else None,
            after=State(row.after),
            note=row.note,
            run=row.run,
            by=row.by,
        )
        for row in rows
    ]
