"""Answers kept on disk, for as long as a connector says and for conditional requests after that.

One small SQLite file a source, readable by its owner alone.  Keys are hashes: no URL, and so no
key in one, is written.  A file that cannot be read is thrown away; one that cannot be written is
done without.  An own table, because revalidating through requests-cache costs three times the CPU.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from connectors.source import Access

T = TypeVar("T")

log = logging.getLogger(__name__)

LARGEST_FILE = 200_000_000
LARGEST_BODY = 5_000_000
KEPT_FOR = timedelta(days=35)
HEADERS_KEPT = ("content-type", "etag", "last-modified", "link", "date")
TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, checked_at REAL NOT NULL, headers BLOB NOT NULL,
    body BLOB NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID"""


class Kept(NamedTuple):
    """An answer of an earlier night: its headers, its body, and when it was last known right."""

    headers: dict[str, str]
    body: bytes
    checked_at: datetime

    def is_fresh(self, now: datetime, lifetime: timedelta) -> bool:
        """Whether it may be used unasked; never when it comes from the future."""
        return timedelta(0) <= now - self.checked_at < lifetime

    def conditions(self) -> dict[str, str]:
        """Return the headers of a conditional request (RFC 9110, 13)."""
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {names[name]: self.headers[name] for name in names if name in self.headers}


def key_of(url: str, accept: str) -> bytes:
    """Return the key of a GET: a hash of its URL with the query and of what it accepts."""
    return hashlib.sha256(repr((url, accept)).encode()).digest()


class Cache:
    """The kept answers of one source; safe to use from several threads."""

    def __init__(self, access: Access) -> None:
        folder = access.web.cache
        self._now = access.now
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        if folder is not None:
            name = hashlib.sha256(access.source.encode()).hexdigest()[:8]
            readable = re.sub(r"[^\w-]", "_", access.source, flags=re.ASCII)[:40]
            self._path = folder / f"{readable}-{name}.sqlite"
            with suppress(sqlite3.Error, OSError):
                self._database = _open_or_make_anew(self._path, self._now)
            if self._database is None:
                log.warning("The web cache cannot be used; every page is fetched anew")

    def get(self, key: bytes) -> Kept | None:
        """Return what is kept, None where there is nothing or it is damaged."""
        row = self._run(
            lambda database: database.execute(
                "SELECT headers, body, checked_at, digest FROM answers WHERE key = ?", (key,)
            ).fetchone()
        )
        if row is None:
            return None
        headers, body, checked_at, digest = row
        try:
            if hashlib.sha256(headers + body).digest() != digest:
                return None
            at = datetime.fromtimestamp(checked_at, UTC)
            return Kept(msgspec.json.decode(headers, type=dict[str, str]), body, at)
        except (msgspec.DecodeError, TypeError, ValueError, OverflowError):
            return None

    def put(self, key: bytes, headers: Mapping[str, str], body: bytes) -> None:
        """Keep an answer, unless it says "no-store" or is too large."""
        if self._database is None or "no-store" in headers.get("Cache-Control", "").lower():
            return
        if len(body) > LARGEST_BODY:
            return
        wanted = {name: headers[name] for name in HEADERS_KEPT if headers.get(name)}
        packed = msgspec.json.encode(wanted)
        digest = hashlib.sha256(packed + body).digest()
        row = (key, self._now.timestamp(), packed, body, digest)
        self._run(
            lambda database: database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row
            )
        )

    def confirm(self, key: bytes) -> None:
        """Note that the source called what is kept still right (304)."""
        self._run(
            lambda database: database.execute(
                "UPDATE answers SET checked_at = ? WHERE key = ?", (self._now.timestamp(), key)
            )
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do one thing with the file; on any trouble with it go on without."""
        with self._lock:
            if self._database is None:
                return None
            try:
                return work(self._database)
            except sqlite3.Error:
                log.warning("The web cache failed; what is left is fetched anew")
                with suppress(sqlite3.Error):
                    self._database.close()
                self._database = None
                return None


def _open_or_make_anew(path: Path, now: datetime) -> sqlite3.Connection:
    try:
        return _open(path, now)
    except sqlite3.DatabaseError:
        log.warning("The web cache was damaged and is begun anew")
        for end in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return _open(path, now)


def _open(path: Path, now: datetime) -> sqlite3.Connection:
    """Open the file and drop what is old, then the oldest while it is too large."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    database = sqlite3.connect(path, timeout=5, check_same_thread=False, isolation_level=None)
    try:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(TABLE)
        database.execute(
            "DELETE FROM answers WHERE checked_at < ?", ((now - KEPT_FOR).timestamp(),)
        )
        _shrink(database)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _shrink(database: sqlite3.Connection) -> None:
    rows = database.execute(
        "SELECT key, length(body) FROM answers ORDER BY checked_at DESC"
    ).fetchall()
    room = LARGEST_FILE
    for key, size in rows:
        room -= size
        if room < 0:
            database.execute("DELETE FROM answers WHERE key = ?", (key,))
