"""What SQLite and PostgreSQL refuse, as one sentence each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import exc

from auditor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE = {
    "SQLITE_FULL": "the disk is full; nothing of this was kept. Make room and run it again",
    "SQLITE_BUSY": "another program is writing to it; try again when that has finished",
    "SQLITE_READONLY": "it is read-only; give the account that runs the audit the right to write",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder and the file may be written",
    "SQLITE_NOTADB": "it is not a database; name another file as store.url, or restore a copy",
    "SQLITE_CORRUPT": "the database is damaged; restore the last copy",
    "SQLITE_IOERR": "the disk reported an error; check the disk and its free space",
}
"""By primary result code, see https://www.sqlite.org/rescode.html."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what the database raises into a StoreError that names the store and what to do."""
    try:
        yield
    except exc.DBAPIError as error:
        raise StoreError(f"The store {place}: {_sentence(error)}.") from error


def _sentence(error: exc.DBAPIError) -> str:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        for code, sentence in _SQLITE.items():
            if name.startswith(code):
                return sentence
    cause = str(error.orig).strip().partition("\n")[0].rstrip(".")
    return f"the database refused ({cause}); check it and run again"
