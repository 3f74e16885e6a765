"""Where each source's last complete reading ended, as rows: opaque bytes, checked on reading."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from auditor.store import stamps
from auditor.store.schema import bookmark

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What a source left; ``digest`` is of the connector and options it was written with.

    ``body`` is None, and ``problem`` says why, when what is kept cannot be used.
    """

    connector: str
    digest: str
    body: bytes | None
    problem: str | None = None


def load_bookmarks(connection: Connection) -> dict[str, Bookmark]:
    """Return every bookmark by source; one that is too large is not even read."""
    columns = bookmark.c
    rows = connection.execute(
        select(columns.source, columns.connector, columns.digest, columns.sha256,
               func.length(columns.body).label("size"))
    ).all()  # fmt: skip
    found = {}
    for row in rows:
        body: bytes | None = None
        problem: str | None = "is larger than 64 MB"
        if isinstance(row.size, int) and row.size <= LARGEST:
            body = connection.scalar(select(columns.body).where(columns.source == row.source))
            is_whole = isinstance(body, bytes) and _hash(body) == row.sha256
            body, problem = (body, None) if is_whole else (None, "is damaged")
        found[row.source] = Bookmark(row.connector, row.digest, body, problem)
    return found


def write_bookmarks(
    connection: Connection,
    written_at: datetime,
    bookmarks: Mapping[str, Bookmark | None],
    configured: Collection[str],
) -> None:
    """Replace the bookmarks of some sources (None takes one away).

    Those of sources that are no longer configured go as well.
    """
    known = connection.scalars(select(bookmark.c.source)).all()
    gone = {source for source in known if source in bookmarks or source not in configured}
    for source in sorted(gone):
        connection.execute(delete(bookmark).where(bookmark.c.source == source))
    rows = [
        {
            "source": source,
            "connector": one.connector,
            "digest": one.digest,
            "written_at": stamps.time_text(written_at),
            "sha256": _hash(one.body),
            "body": one.body,
        }
        for source, one in bookmarks.items()
        if one is not None and one.body is not None
    ]
    if rows:
        connection.execute(insert(bookmark), rows)


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
