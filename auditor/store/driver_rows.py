"""Many rows at once, as the driver has them: texts and numbers that need no conversion."""

from __future__ import annotations

from contextlib import closing, contextmanager
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, Table, Text, insert, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Insert, Select, Update

BATCH = 20_000
_CHOSEN = Table("chosen", MetaData(), Column("key", Text, primary_key=True), prefixes=["TEMPORARY"])


def driver_rows(connection: Connection, question: Select[Any]) -> Iterator[Any]:
    """Yield the rows of a question without parameters, their values as the driver gives them.

    They are taken through the result: it has read ahead where the driver's cursor is the server's,
    and tells what goes wrong half-way as an error of the store.
    """
    statement = str(question.compile(dialect=connection.dialect))
    result = connection.exec_driver_sql(statement, execution_options={"yield_per": BATCH})
    with closing(result):
        while rows := result.fetchmany(BATCH):
            yield from rows


def write_many(
    connection: Connection, statement: Insert | Update, rows: Iterable[dict[str, Any]]
) -> None:
    """Run a statement for all rows, a batch at a time; no rows, no statement.

    All rows have the same names, and only texts and numbers, which need no conversion: so they go
    to the driver as they are, in a third of the time.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(batch[0]))
        order = compiled.positiontup
        parameters: list[Any] = batch
        if order is not None:
            columns = (map(itemgetter(name), batch) for name in order)
            parameters = list(zip(*columns, strict=True))
        connection.exec_driver_sql(str(compiled), parameters)


@contextmanager
def choose(connection: Connection, keys: Iterable[str]) -> Iterator[Select[tuple[str]]]:
    """Put keys into a temporary table for a block and yield the query that lists them."""
    _CHOSEN.create(connection, checkfirst=False)
    write_many(connection, insert(_CHOSEN), ({"key": key} for key in keys))
    yield select(_CHOSEN.c.key)
    _CHOSEN.drop(connection, checkfirst=False)
