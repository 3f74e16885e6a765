"""The store as the auditor sees it: one method a question, one transaction a change."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from auditor.decisions import fold_decisions
from auditor.errors import StoreError
from auditor.findings import KnownFindings, State
from auditor.lifecycle import OPEN_STATES, settle_exemptions
from auditor.registry import fold_registry
from auditor.store import bookmarks as bookmark_rows
from auditor.store import decision_rows, finding_rows, known_rows, run_rows, sight_rows
from auditor.store.failures import explained
from auditor.store.schema import DISPOSING, REVISION, meta

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime, tzinfo

    from sqlalchemy import Connection, Engine

    from auditor.decisions import DecisionEvent, Exemption, Verdict
    from auditor.findings import KnownFinding, StoredFinding
    from auditor.lifecycle import Transition
    from auditor.outcomes import Reading, RuleOutcome
    from auditor.registry import RegisteredAccount, RegistryEvent
    from auditor.sightings import Sight, SightKey
    from auditor.store.bookmarks import Bookmark
    from auditor.store.decision_rows import FindingEvent
    from auditor.store.locking import Lock
    from auditor.store.run_rows import RunRecord, SourceHistory
    from connectors.records import AccountKey


class Store:
    """Runs, findings, registry and decisions.  Made by ``open_store``; used by one thread.

    Every method raises StoreError in one sentence when the database refuses.  Times are aware.
    """

    def __init__(self, engine: Engine, url: str, place: str, lock: Lock) -> None:
        self.engine = engine
        self.url = url
        self._place = place
        self._lock = lock

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def lock(self) -> AbstractContextManager[None]:
        """Hold the store for a run; StoreLocked at once, naming the holder, when it is held."""
        return self._lock.hold()

    @property
    def revision(self) -> str:
        """The revision of the tables: opening brought them up to it."""
        return REVISION

    def try_writing(self) -> None:
        """Write something and take it back; StoreError when the database refuses."""
        with self._writing() as connection, connection.begin_nested() as attempt:
            connection.execute(insert(meta).values(key="doctor", value=""))
            attempt.rollback()

    def begin_run(
        self, started_at: datetime, version: str, settings_hash: str, scope: str | None
    ) -> int:
        """Record that a run begins (``scope``: a school's code, None for all); return its id."""
        with self._writing() as connection:
            return run_rows.begin_run(connection, started_at, version, settings_hash, scope)

    def finish_run(
        self,
        run: int,
        *,
        readings: Sequence[Reading],
        outcomes: Sequence[RuleOutcome],
        transitions: Sequence[Transition],
        finished_at: datetime,
        outcome: str,
        exit_code: int,
        item_of: Mapping[str, str],
        bookmarks: Mapping[str, Bookmark | None] | None = None,
        sights: Mapping[SightKey, Sight] | None = None,
    ) -> None:
        """Write a whole run in one transaction: all of it, or nothing.

        ``item_of`` gives each rule's policy item ("8" or "10") for the trend.  ``bookmarks`` are
        those of tonight's complete readings, None for one that left none; without them the kept
        ones stay as they are, and so do the sights of registered accounts without ``sights``.
        """
        with self._writing() as connection:
            previous = run_rows.load_latest_run(connection)
            run_rows.close_run(connection, run, finished_at, outcome, exit_code)
            run_rows.write_readings(connection, run, readings)
            run_rows.write_outcomes(connection, run, outcomes)
            finding_rows.write_transitions(connection, run, finished_at, transitions, previous)
            run_rows.write_open_counts(connection, run, item_of)
            if bookmarks is not None:
                configured = {one.source for one in readings}
                bookmark_rows.write_bookmarks(connection, finished_at, bookmarks, configured)
            if sights is not None:
                sight_rows.write_sights(connection, sights, {one.source for one in readings})

    def bookmarks(self) -> dict[str, Bookmark]:
        """Return where each source's last complete reading ended, by source."""
        with self._reading() as connection:
            return bookmark_rows.load_bookmarks(connection)

    def sights(self) -> dict[SightKey, Sight]:
        """Return what registered accounts looked like to each source."""
        with self._reading() as connection:
            return sight_rows.load_sights(connection)

    def last_run(self) -> RunRecord | None:
        """Return the latest run; one without an end is running while somebody holds the lock."""
        with self._reading() as connection:
            record = run_rows.load_last_run(connection)
        if record is not None and record.finished_at is None and self._is_held():
            return replace(record, outcome="running")
        return record

    def runs_since(self, moment: datetime) -> frozenset[int]:
        """Return the ids of the runs that began at ``moment`` or later and came to an end."""
        with self._reading() as connection:
            return run_rows.load_runs_since(connection, moment)

    def known_findings(self) -> KnownFindings:
        """Return the findings as lifecycle needs them; whole ones are loaded when asked for."""
        with self._reading() as connection:
            return KnownFindings(known_rows.load_contents(connection), self._load_known)

    def subjects_resting_on(self, rule: str, sources: Collection[str]) -> list[tuple[str, ...]]:
        """Return the subjects of a rule's findings, not gone, that rest on one of ``sources``."""
        with self._reading() as connection:
            return known_rows.load_subjects(connection, rule, sources)

    def findings(self, states: Collection[State] | None = None) -> list[StoredFinding]:
        """Return the findings with their details, by key; those in ``states`` if given."""
        with self._reading() as connection:
            return finding_rows.load_stored(connection, states)

    def finding(self, key: str) -> StoredFinding:
        """Return one finding by its key or a unique start of it; RegistryError otherwise."""
        with self._reading() as connection:
            whole = finding_rows.find_key(connection, key)
            return finding_rows.load_stored(connection, key=whole)[0]

    def finding_history(self, key: str) -> list[FindingEvent]:
        """Return what runs and people did to a finding, oldest first."""
        with self._reading() as connection:
            return decision_rows.load_finding_history(connection, key)

    def record_verdict(
        self,
        key: str,
        verb: Verdict,
        *,
        by: str,
        why: str,
        at: datetime,
        statement: str | None = None,
    ) -> State:
        """Record a person's verdict and return the finding's new state.

        ``statement`` is the employee's, for DISPUTE.  RegistryError when the finding is not there
        or its state does not allow the verdict.
        """
        with self._writing() as connection:
            return decision_rows.write_verdict(
                connection, key, verb, by=by, why=why, at=at, statement=statement
            )

    def last_complete_counts(self) -> dict[str, dict[str, int]]:
        """Return per source the records by kind of its last complete reading of all schools."""
        with self._reading() as connection:
            return run_rows.load_last_complete_counts(connection)

    def source_history(self) -> dict[str, SourceHistory]:
        """Return per source when it last answered in full, and since when it has not."""
        with self._reading() as connection:
            return run_rows.load_source_history(connection)

    def trend(self, weeks: int = 26, zone: tzinfo = UTC) -> list[tuple[date, int, int]]:
        """Return (Monday, open of item 8, open of item 10), one for each week with a run."""
        with self._reading() as connection:
            return run_rows.load_trend(connection, weeks, zone)

    def registry_events(self) -> list[RegistryEvent]:
        """Return the registry's events, oldest first."""
        with self._reading() as connection:
            return decision_rows.load_registry_events(connection)

    def add_registry_events(self, events: Sequence[RegistryEvent]) -> None:
        """Append events to the registry, all or none; RegistryError when one does not fit."""
        with self._writing() as connection:
            fold_registry([*decision_rows.load_registry_events(connection), *events])
            decision_rows.write_registry_events(connection, events)

    def registered_accounts(self) -> dict[AccountKey, RegisteredAccount]:
        """Return every account of the registry as it stands, by key."""
        return fold_registry(self.registry_events())

    def decision_events(self) -> list[DecisionEvent]:
        """Return the events of all exemptions, oldest first."""
        with self._reading() as connection:
            return decision_rows.load_decision_events(connection)

    def exemptions(self) -> tuple[Exemption, ...]:
        """Return every exemption ever granted, ended and revoked ones too."""
        return fold_decisions(self.decision_events())

    def add_decision(self, event: DecisionEvent, today: date) -> int:
        """Append an exemption's event, apply it to the findings, return how many changed."""
        with self._writing() as connection:
            decision_rows.write_decision(connection, event)
            exemptions = fold_decisions(decision_rows.load_decision_events(connection))
            findings = finding_rows.load_stored(connection, OPEN_STATES | {State.EXEMPT})
            settled = settle_exemptions(findings, exemptions, today)
            kept = finding_rows.write_states(connection, settled)
            finding_rows.write_events(connection, kept, at=event.at, run=None, by=event.by)
        return len(kept)

    def read_meta(self, key: str) -> str | None:
        """Return a value kept about the store as a whole, such as the district's id."""
        with self._reading() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == key))

    def write_meta(self, key: str, value: str) -> None:
        """Keep a value about the store as a whole."""
        with self._writing() as connection:
            connection.execute(delete(meta).where(meta.c.key == key))
            connection.execute(insert(meta).values(key=key, value=value))

    def change_meta(self, key: str, change: Callable[[str | None], str]) -> None:
        """Replace a value by what ``change`` makes of it, in one transaction; safe from threads.

        Whatever ``change`` raises leaves the value as it was.
        """
        place = meta.c.key == key
        with self._writing() as connection:
            # A row to lock is made first: where none is there, a server would let two pass.
            _make_row(connection, key)
            kept = select(meta.c.value).where(place).with_for_update()
            after = change(connection.scalar(kept) or None)
            connection.execute(update(meta).where(place).values(value=after))

    @contextmanager
    def disposing(self) -> Iterator[Connection]:
        """Yield the connection of one transaction in which events may be deleted."""
        with self._writing() as connection:
            connection.execute(insert(meta).values(key=DISPOSING, value=""))
            yield connection
            connection.execute(delete(meta).where(meta.c.key == DISPOSING))

    def _load_known(self, keys: Collection[str]) -> dict[str, KnownFinding]:
        with self._reading() as connection:
            return known_rows.load_known(connection, keys)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self._place), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        writing = self.engine.execution_options(writes=True)
        with explained(self._place), writing.begin() as connection:
            yield connection

    def _is_held(self) -> bool:
        try:
            return self._lock.holder() is not None
        except StoreError:
            return False


def _make_row(connection: Connection, key: str) -> None:
    """Add an empty row of ``meta`` unless it is there."""
    from sqlalchemy.dialects import postgresql, sqlite

    is_server = connection.dialect.name == "postgresql"
    row = postgresql.insert(meta) if is_server else sqlite.insert(meta)
    connection.execute(row.values(key=key, value="").on_conflict_do_nothing())
