"""The outbox: what was to be mailed, to whom, and what became of it, so that nothing goes twice."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from auditor.store.failures import explained
from auditor.store.stamps import optional_storable, read_optional_time, read_time, time_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row

metadata = MetaData()
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("week", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Text),
    Column("last_reply", Text),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    UniqueConstraint("week", "scope", "recipient"),
)


class LetterState(StrEnum):
    """Where a letter stands.

    SENDING is committed before the channel is called; a run that dies there leaves it behind.
    UNKNOWN may have arrived and is never sent again by itself.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Letter:
    """One summary to one recipient; times are aware."""

    id: int
    week: str
    scope: str
    recipient: str
    message_id: str
    sha256: str
    state: LetterState
    attempts: int
    created_at: datetime
    next_try: datetime | None = None
    last_reply: str | None = None


class Outbox:
    """The table's queries, each in its own transaction; StoreError when the database refuses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settle_interrupted(self, now: datetime) -> int:
        """Turn letters that a dead run left in SENDING into UNKNOWN; return how many."""
        values = {
            "state": LetterState.UNKNOWN.value,
            "last_reply": "The run ended while this was being sent.",
            "updated_at": time_text(now),
        }
        with self._writing() as connection:
            left = outbox.c.state == LetterState.SENDING.value
            return connection.execute(update(outbox).where(left).values(values)).rowcount

    def enter(
        self, week: str, scope: str, recipient: str, message_id: str, now: datetime
    ) -> Letter:
        """Return the letter of that week, scope and recipient, entered as PENDING if it is new."""
        key = {"week": week, "scope": scope, "recipient": recipient}
        question = select(outbox).filter_by(**key)
        with self._writing() as connection:
            row = connection.execute(question).first()
            if row is None:
                stamp = time_text(now)
                values = {
                    "message_id": message_id,
                    "sha256": "",
                    "state": LetterState.PENDING.value,
                    "attempts": 0,
                    "created_at": stamp,
                    "updated_at": stamp,
                }
                connection.execute(insert(outbox).values(key | values))
                row = connection.execute(question).one()
        return _letter(row)

    def claim(
        self, letter: Letter, states: Collection[LetterState], sha256: str, now: datetime
    ) -> bool:
        """Commit that the letter is being sent now; False when it is no longer in ``states``."""
        claimed = (
            update(outbox)
            .where(outbox.c.id == letter.id, outbox.c.state.in_([one.value for one in states]))
            .where(outbox.c.attempts == letter.attempts)
            .values(
                state=LetterState.SENDING.value,
                attempts=letter.attempts + 1,
                sha256=sha256,
                next_try=None,
                updated_at=time_text(now),
            )
        )
        with self._writing() as connection:
            return connection.execute(claimed).rowcount == 1

    def record(
        self,
        letter: Letter,
        state: LetterState,
        reply: str,
        now: datetime,
        next_try: datetime | None = None,
    ) -> Letter:
        """Write what became of a claimed letter and return it as it now stands."""
        values = {
            "state": state.value,
            "last_reply": optional_storable(reply),
            "next_try": None if next_try is None else time_text(next_try),
            "updated_at": time_text(now),
        }
        mine = outbox.c.id == letter.id
        with self._writing() as connection:
            connection.execute(update(outbox).where(mine).values(values))
            return _letter(connection.execute(select(outbox).where(mine)).one())

    def letters(self, week: str | None = None) -> tuple[Letter, ...]:
        """Return the letters of a week (of all weeks), in the order they were entered."""
        question = select(outbox).order_by(outbox.c.id)
        if week is not None:
            question = question.where(outbox.c.week == week)
        with self._reading() as connection:
            return tuple(map(_letter, connection.execute(question)))

    def backlog(self) -> dict[LetterState, int]:
        """Count the letters that did not go out, by state."""
        question = (
            select(outbox.c.state, func.count())
            .where(outbox.c.state != LetterState.SENT.value)
            .group_by(outbox.c.state)
        )
        with self._reading() as connection:
            return {LetterState(state): count for state, count in connection.execute(question)}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self._place), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        engine = self._engine.execution_options(writes=True)
        with explained(self._place), engine.begin() as connection:
            yield connection

    @property
    def _place(self) -> str:
        return self._engine.url.database or self._engine.url.render_as_string(hide_password=True)


def _letter(row: Row[tuple[object, ...]]) -> Letter:
    return Letter(
        id=row.id,
        week=row.week,
        scope=row.scope,
        recipient=row.recipient,
        message_id=row.message_id,
        sha256=row.sha256,
        state=LetterState(row.state),
        attempts=row.attempts,
        created_at=read_time(row.created_at),
        next_try=read_optional_time(row.next_try),
        last_reply=row.last_reply,
    )
