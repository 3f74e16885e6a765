"""The tables of a new SQLite store, made at once: loading Alembic takes longer than a small night.

``auditor/data/store.sql`` is what the migrations end in, a test holds the two against each other.
After a new migration: ``python -m auditor.store.fresh_tables FILE_OF_A_MIGRATED_STORE``.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

STATEMENTS = files("auditor") / "data" / "store.sql"
MADE_BY_SQLITE = "sqlite_%"
BETWEEN = ";\n\n"


def make_tables(connection: Connection) -> None:
    """Make every table, index and trigger in an empty SQLite database, and note the revision."""
    for statement in STATEMENTS.read_text(encoding="utf-8").split(BETWEEN):
        if statement.strip():
            connection.exec_driver_sql(statement)


def statements_of(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what makes the tables of a store again, in the order in which they were made."""
    made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE ? ORDER BY rowid"
    for (statement,) in connection.execute(made, (MADE_BY_SQLITE,)):
        yield statement.strip()
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    yield f"INSERT INTO alembic_version VALUES ('{revision}')"  # noqa: S608 - our own revision


def main() -> None:
    """Print the statements of a migrated store."""
    with closing(sqlite3.connect(sys.argv[1])) as connection:
        sys.stdout.write("".join(one + BETWEEN for one in statements_of(connection)))


if __name__ == "__main__":
    main()
