"""One run at a time: a lock the operating system or the server drops when its holder dies."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text

from auditor.errors import StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from filelock import FileLock
    from sqlalchemy import Engine

ADVISORY_KEY = 0x61756469740A
"""The key of PostgreSQL's advisory lock; one store a database."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Which process holds the lock, and since when."""

    pid: int
    since: datetime


class Lock(Protocol):
    """What the store asks of a lock."""

    def hold(self) -> AbstractContextManager[None]:
        """Hold the lock for a block; StoreLocked at once when somebody else does."""
        ...

    def holder(self) -> Holder | None:
        """Return who holds the lock, None when nobody seems to."""
        ...


class FileStoreLock:
    """A lock beside an SQLite file: the kernel's on ``.lock``, its holder's name in ``.holder``."""

    def __init__(self, database: Path) -> None:
        self._file = f"{database}.lock"
        self._note = Path(f"{database}.holder")

    @cached_property
    def _lock(self) -> FileLock:
        from filelock import FileLock

        return FileLock(self._file, mode=0o600)

    @contextmanager
    def hold(self, timeout: float = 0) -> Iterator[None]:
        """Hold the lock for a block, waiting ``timeout`` seconds for it at most."""
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=timeout)
        except Timeout:
            raise StoreLocked(_locked(self.holder())) from None
        except OSError as error:
            raise StoreError(
                f"{self._lock.lock_file} cannot be locked ({error.strerror}); "
                "give the account that runs the audit the right to write there."
            ) from error
        try:
            self._write_note()
            yield
        finally:
            self._note.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> Holder | None:
        """Return the holder as noted, if that process still lives."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            holder = Holder(int(noted["pid"]), datetime.fromisoformat(noted["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return holder if _is_alive(holder.pid) else None

    def _write_note(self) -> None:
        note = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        with suppress(OSError):
            descriptor = os.open(self._note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(note, file)


class AdvisoryStoreLock:
    """PostgreSQL's session-level advisory lock, held on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for a block; the server drops it when the connection goes."""
        with self._engine.connect() as connection:
            taken = text("SELECT pg_try_advisory_lock(:key)")
            if not connection.scalar(taken, {"key": ADVISORY_KEY}):
                raise StoreLocked(_locked(self.holder()))
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock_all()"))

    def holder(self) -> Holder | None:
        """Return the server process that holds the lock, and since when it is connected."""
        question = text(
            "SELECT a.pid, a.backend_start "
            "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (l.classid::bigint << 32) + l.objid::bigint = :key"
        )
        with self._engine.connect() as connection:
            row = connection.execute(question, {"key": ADVISORY_KEY}).first()
        return None if row is None else Holder(row.pid, row.backend_start.astimezone(UTC))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return pid > 0


def _locked(holder: Holder | None) -> str:
    who = "Another run"
    if holder is not None:
        who += f" (process {holder.pid}, since {holder.since:%Y-%m-%d %H:%M} UTC)"
    return f"{who} is at work on this store; wait until it has ended, then run again."
