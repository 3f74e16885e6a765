"""Data on stdout as a table, JSON or CSV; everything else on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from auditor.terminal import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA_VERSION = 1


def say(text: str) -> None:
    """Write one line for people to stderr."""
    click.echo(clean(text), err=True)


def emit(rows: Sequence[Mapping[str, object]], columns: Sequence[str], format: str) -> None:
    """Print rows on stdout as ``table``, ``json`` (with schema_version) or ``csv``."""
    if format == "json":
        emit_document({"schema_version": SCHEMA_VERSION, "rows": [dict(row) for row in rows]})
    elif format == "csv":
        _emit_csv(rows, columns)
    else:
        _emit_table(rows, columns)


def emit_document(document: Mapping[str, object]) -> None:
    """Print one JSON document on stdout; non-ASCII and control characters are escaped."""
    click.echo(json.dumps(document, indent=2, default=str))


def _emit_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    from tabulate import tabulate

    cells = [[clean(_text(row.get(column))) for column in columns] for row in rows]
    click.echo(tabulate(cells, headers=list(columns), disable_numparse=True))


def _emit_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    import csv

    from reports.exports import guard_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guard_cell(_text(row.get(column))) for column in columns])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(str, value))
    return str(value)
