"""Findings as lifecycle needs them: contents of all of them, a few of them whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from auditor.findings import KnownFinding, State
from auditor.store import stamps
from auditor.store.driver_rows import choose, driver_rows
from auditor.store.run_rows import load_latest_run, load_run_times
from auditor.store.schema import finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection

MANY = 0.5
"""From this share of all findings on, reading every row is quicker than seeking some."""
_STATES = {str(state): state for state in State}
_KNOWN = select(
    finding.c.key,
    finding.c.rule,
    finding.c.subject,
    finding.c.sources,
    finding.c.schools,
    finding.c.state,
    finding.c.fingerprint,
    finding.c.first_run,
    finding.c.seen_run,
    finding.c.until,
    finding.c.verdict,
    finding.c.content,
)
_IS_PLAIN = (
    (finding.c.state == str(State.OPEN))
    & finding.c.seen_run.is_(None)
    & finding.c.until.is_(None)
    & finding.c.verdict.is_(None)
)
"""``KnownFinding.is_plain`` as the database sees it."""
_CONTENTS = select(
    func.aggregate_strings(
        finding.c.key + " " + case((_IS_PLAIN, finding.c.content), else_=""), "\n"
    )
)


def load_contents(connection: Connection) -> dict[str, str]:
    """Return every finding's key with its content, empty for one that is not plainly open.

    One text with a line for each takes half the time of as many rows.
    """
    lines = (connection.scalar(_CONTENTS) or "").splitlines()
    return {key: content for key, _, content in (line.partition(" ") for line in lines)}


def load_known(connection: Connection, keys: Collection[str]) -> dict[str, KnownFinding]:
    """Return the findings of these keys as lifecycle needs them, those that are there.

    The rows hold texts and numbers only, so they are taken as the driver gives them.
    """
    times = load_run_times(connection)
    latest = load_latest_run(connection)
    with _choose_known(connection, keys) as rows:
        return {
            key: KnownFinding(
                key,
                rule,
                subject,
                stamps.read_name_set(sources),
                stamps.read_names(schools),
                _STATES[state],
                fingerprint,
                times[first_run],
                times[seen_run or latest],
                stamps.read_date(until) if until else None,
                _STATES[verdict] if verdict else None,
                content,
                seen_run is not None,
            )
            for (
                key,
                rule,
                subject,
                sources,
                schools,
                state,
                fingerprint,
                first_run,
                seen_run,
                until,
                verdict,
                content,
            ) in rows
        }


def load_subjects(
    connection: Connection, rule: str, sources: Collection[str]
) -> list[tuple[str, ...]]:
    """Return the subjects of a rule's findings that are not gone and rest on one of ``sources``."""
    question = select(finding.c.subject, finding.c.sources).where(
        finding.c.rule == rule, finding.c.state != State.CLOSED
    )
    return [
        tuple(stamps.read_json(subject))
        for subject, of_finding in connection.execute(question)
        if not stamps.read_name_set(of_finding).isdisjoint(sources)
    ]


@contextmanager
def _choose_known(connection: Connection, keys: Collection[str]) -> Iterator[Iterable[Any]]:
    """Yield the rows of some findings for a block."""
    total = connection.scalar(select(func.count()).select_from(finding)) or 0
    if len(keys) > total * MANY:
        wanted = frozenset(keys)
        yield (row for row in driver_rows(connection, _KNOWN) if row[0] in wanted)
    else:
        with choose(connection, keys) as chosen:
            yield driver_rows(connection, _KNOWN.where(finding.c.key.in_(chosen)))
