"""Profile lists as columns: Parquet by row groups, CSV and JSON Lines by the thousand rows."""

from __future__ import annotations

import csv
import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import contextmanager
from itertools import islice, zip_longest
from os import SEEK_END
from typing import TYPE_CHECKING, NamedTuple, TextIO

from connectors.errors import UnexpectedAnswer
from connectors.inputs import check_file, explain, show, show_some
from connectors.profiles.columns import HEADERS, find_field, identifies_accounts, match_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq

    Select = Callable[[Mapping[str, pa.Array]], pa.BooleanArray]

MAX_PARQUET = 2_000_000_000
MAX_TEXT = 500_000_000
MAX_COLUMNS = 300
MAX_FIELD = 32 * 2**20
MAX_HEADER = 100_000
ROWS, ROWS_TO_SELECT = 8192, 16_384
NEEDED = 'Give it a column "url", or "platform" and "handle"'
RESAVE = "Save it as UTF-8 and deliver it again"


class Batch(NamedTuple):
    """Some rows of a file, by column: field -> as many values as ``rows``."""

    columns: dict[str, Sequence[object]]
    rows: int


class Place(NamedTuple):
    """Where an error happened: which source and which file."""

    source: str
    path: Path

    def refuse(self, problem: str, advice: str) -> UnexpectedAnswer:
        """Return the error to raise about this file."""
        return UnexpectedAnswer(self.source, f"'{show(self.path.name)}' {problem}", advice)


def read_batches(path: Path, source: str) -> Iterator[Batch]:
    """Read a list of profiles; the name's ending says how.

    Raises UnexpectedAnswer for a file that is not what its name says, is empty or over a cap
    (2 GB of Parquet, 500 MB of text), SourceUnavailable when it cannot be read.
    """
    place = Place(source, path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise place.refuse(
            "is no kind of list that is known", f"Name it with one of {', '.join(READERS)}"
        )
    check_file(path, source, MAX_PARQUET if reader is read_parquet else MAX_TEXT)
    return reader(place)


def read_parquet(place: Place) -> Iterator[Batch]:
    """Read the known columns of a Parquet file, batch by batch."""
    yield from _parquet_batches(place, None)


def read_row_group(
    path: Path, source: str, group: int, select: Select | None = None
) -> Iterator[Batch]:
    """Read one row group of a Parquet file of any size; raises as ``read_batches`` does.

    ``select`` is shown the columns (field -> Arrow array) and says which rows are wanted; no
    Python value is made of the others, and the rows of a Batch are the wanted ones.
    """
    yield from _parquet_batches(Place(source, path), [group], select)


def row_group_sizes(path: Path, source: str) -> list[int]:
    """Return the rows of each row group of a Parquet file; raises as ``read_batches`` does."""
    place = Place(source, path)
    with _open_parquet(place) as file:
        _find_columns(place, file.schema_arrow.names)
        groups = range(file.num_row_groups)
        return [int(file.metadata.row_group(group).num_rows) for group in groups]


@contextmanager
def _open_parquet(place: Place) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; what pyarrow raises within becomes our own error."""
    from pyarrow import parquet

    with _explained(place), parquet.ParquetFile(place.path) as file:
        yield file


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except OSError as error:
        if error.errno is None:  # pyarrow's own, about the content
            raise _broken_parquet(place) from None
        raise explain(error, place.source, place.path.name) from None
    except (pa.ArrowException, ValueError, OverflowError, LookupError):
        raise _broken_parquet(place) from None


def _parquet_batches(
    place: Place, groups: list[int] | None, select: Select | None = None
) -> Iterator[Batch]:
    for columns in _arrow_batches(place, groups, ROWS if select is None else ROWS_TO_SELECT):
        kept = None if select is None else select(columns)  # its own errors are not the file's
        with _explained(place):
            chosen = (
                columns.values() if kept is None else (c.filter(kept) for c in columns.values())
            )
            values: dict[str, Sequence[object]] = {
                name: _values(column) for name, column in zip(columns, chosen, strict=True)
            }
        yield Batch(values, len(next(iter(values.values()))))


def _arrow_batches(
    place: Place, groups: list[int] | None, rows: int
) -> Iterator[dict[str, pa.Array]]:
    with _open_parquet(place) as file:
        columns = _find_columns(place, file.schema_arrow.names)
        wanted = list(columns.values())
        for batch in file.iter_batches(rows, row_groups=groups, columns=wanted, use_threads=False):
            yield {field: batch.column(name) for field, name in columns.items()}


def read_csv(place: Place) -> Iterator[Batch]:
    """Read the known columns of a CSV file; the delimiter is the header's most frequent one."""
    if csv.field_size_limit() < MAX_FIELD:
        csv.field_size_limit(MAX_FIELD)
    with _text(place, newline="") as stream:
        header = stream.readline(MAX_HEADER)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=max(",;\t|", key=header.count), strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            positions = {f: names.index(name) for f, name in _find_columns(place, names).items()}
            filled = (row for row in reader if row)
            while rows := list(islice(filled, ROWS)):
                if any(len(row) != len(names) for row in rows):
                    _check_widths(place, rows, len(names), reader.line_num)
                cells = list(zip_longest(*rows, fillvalue=""))
                yield Batch({field: cells[at] for field, at in positions.items()}, len(rows))
        except csv.Error:
            raise place.refuse(
                f"is not valid CSV at line {reader.line_num}"
                " (a quotation mark is not closed, or a value is too long)",
                "Correct that line or export it again",
            ) from None


def read_json_lines(place: Place) -> Iterator[Batch]:
    """Read JSON Lines: one object a line, nested values as they are."""
    with _text(place) as stream:
        lines = ((n, line) for n, line in enumerate(stream, 1) if not line.isspace())
        while rows := [_known_values(place, n, line) for n, line in islice(lines, ROWS)]:
            yield Batch({field: [row.get(field) for row in rows] for field in HEADERS}, len(rows))


READERS: dict[str, Callable[[Place], Iterator[Batch]]] = {
    ".parquet": read_parquet,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json_lines,
}
"""What reads which ending."""


def _find_columns(place: Place, names: Sequence[str]) -> dict[str, str]:
    """Find our fields among a file's columns, or say which columns it has and which it needs."""
    if len(names) > MAX_COLUMNS:
        raise place.refuse(
            f"has more than {MAX_COLUMNS} columns", "Check that it is the right file"
        )
    found = match_headers(names)
    for field, headers in found.items():
        if len(headers) > 1:
            raise place.refuse(f"has two columns for '{field}'", "Remove or rename one of them")
    if not identifies_accounts(found):
        columns = show_some(filter(None, names))
        raise place.refuse(f"has no column that names an account (it has {columns})", NEEDED)
    return {field: headers[0] for field, headers in found.items()}


def _check_widths(place: Place, rows: list[list[str]], width: int, line: int) -> None:
    """Refuse rows that are shifted or cut off; rows that only lack empty ends are filled up."""
    if len(rows[-1]) < width and not _ends_a_line(place.path):
        raise place.refuse("ends in the middle of a line", "Export or deliver it again")
    for row in rows:
        if any(cell.strip() for cell in row[width:]):
            raise place.refuse(
                f"has more values than columns at or before line {line}",
                "Put values that hold a comma in quotation marks and deliver it again",
            )
        if len(row) < width:
            row.extend([""] * (width - len(row)))


def _known_values(place: Place, number: int, line: str) -> dict[str, object]:
    """Pick our fields of one line; of two keys for one field the better name wins."""
    row: dict[str, object] = {}
    ranks: dict[str, int] = {}
    for key, value in _object(place, number, line).items():
        if value is not None and (found := find_field(key)):
            field, rank = found
            if rank < ranks.get(field, len(HEADERS[field])):
                row[field], ranks[field] = value, rank
    return row


def _object(place: Place, number: int, line: str) -> dict[str, object]:
    """Read one line of JSON Lines."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise place.refuse(
            f"is not valid JSON at line {number}", "Write one JSON object on each line"
        ) from None
    if not isinstance(value, dict):
        raise place.refuse(
            f"has no JSON object at line {number}", "Write one JSON object on each line"
        )
    return value


def _values(column: pa.Array) -> list[object]:
    """Turn a Parquet column into Python values; times at microseconds, as datetime has them."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    values: list[object] = column.to_pylist()
    return values


def _broken_parquet(place: Place) -> UnexpectedAnswer:
    return place.refuse(
        "is not a whole Parquet file (cut short or damaged)", "Export or deliver it again"
    )


@contextmanager
def _text(place: Place, newline: str | None = None) -> Iterator[TextIO]:
    """Open a text file as UTF-8, or UTF-16 by its mark; errors come out as the connector's."""
    encoding = "utf-8-sig"
    try:
        with place.path.open("rb") as start:
            if start.read(2) in {BOM_UTF16_BE, BOM_UTF16_LE}:
                encoding = "utf-16"
        with place.path.open(encoding=encoding, newline=newline) as stream:
            yield stream
    except UnicodeError:
        where = "" if encoding == "utf-16" else f" at line {_undecodable_line(place.path)}"
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise place.refuse(f"is not valid {name}{where}", RESAVE) from None
    except OSError as error:
        raise explain(error, place.source, place.path.name) from None


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as stream:
        return next(number for number, line in enumerate(stream, 1) if not _is_utf8(line))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-2, SEEK_END)
        return stream.read().rstrip(b"\0").endswith((b"\n", b"\r"))
