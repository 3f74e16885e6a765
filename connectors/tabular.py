"""Tables of text read safely: encodings, caps, and headers spelt loosely.

Only the wanted columns of a row are ever handed on, so that a password, a birth date or a
telephone number in the same file goes no further than the parser.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from connectors.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    Opener = Callable[[], io.BufferedReader]
    Layout = Mapping[str, Sequence[str]]

MAX_ROWS = 2_000_000
MAX_COLUMNS = 300
MAX_FIELD = 100_000
MAX_LINE = 1_000_000
HEADER_DEPTH = 10
CHUNK = 1 << 20
DELIMITERS = ",;\t|"
FALLBACK = "cp1252"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
REMARK = re.compile(r"\s*(\[[^\]]*\]|\([^)]*\))\s*$")  # "E-mail [Required]", "Phone (home)"
RESAVE = 'Save it as "CSV UTF-8" and deliver it again'
QUOTED = re.compile(r'"[^"]*(?:"|\Z)')


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of cells as read, with their row numbers; ``label`` names the place in an error.

    ``is_positional``: a cell too many means that the cells of the row are shifted (CSV).
    """

    source: str
    label: str
    rows: Iterator[tuple[int, Sequence[str]]]
    is_positional: bool = True
    notes: tuple[str, ...] = ()

    def refuse(self, problem: str, advice: str) -> UnexpectedAnswer:
        """Return the error to raise about this sheet."""
        return UnexpectedAnswer(self.source, f"{self.label} {problem}", advice)


@dataclass(frozen=True, slots=True)
class Table:
    """The wanted columns of a sheet: ``rows`` maps field to stripped text, "" where empty."""

    columns: frozenset[str]
    rows: Iterator[dict[str, str]] = field(repr=False)


def fold_header(text: str) -> str:
    """Reduce a header to what is compared: letters and digits only, without case."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def read_csv(opener: Opener, source: str, label: str) -> Sheet:
    """Return the sheet of a CSV file; ``opener`` is called twice: to find the encoding, to read.

    UTF-8, or UTF-16 with a byte order mark; what is neither is read as Windows-1252, with a note.
    The rows raise UnexpectedAnswer for what no encoding or no CSV reader can make sense of.
    """
    encoding = find_encoding(opener)
    notes = () if encoding != FALLBACK else (f"{label} is not UTF-8; it was read as Windows-1252.",)

    def rows() -> Iterator[tuple[int, list[str]]]:
        with opener() as stream:
            yield from _split(_read_lines(stream, encoding, sheet), sheet)

    sheet = Sheet(source, label, rows(), notes=notes)
    return sheet


def find_encoding(opener: Opener) -> str:
    """Name the codec of a text file by its byte order mark, else by trying UTF-8 on all of it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opener() as stream:
        chunk = stream.read(CHUNK)
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if chunk.startswith(mark):
                return encoding
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return FALLBACK
    return "utf-8"


def read_table(
    sheet: Sheet, layout: Layout, required: Iterable[str] = (), depth: int = 1
) -> Table | None:
    """Find the header within the first ``depth`` rows and pick the layout's columns.

    ``layout`` maps a field to the headers it may have, best first.  Returns None if no row has
    all ``required`` fields.  The rows raise UnexpectedAnswer as they are read.
    """
    above: Sequence[str] = ()
    for _, cells in islice(sheet.rows, depth):
        header = _complete(cells, above)
        columns = _match(header, layout, sheet)
        if all(name in columns for name in required):
            if len(header) > MAX_COLUMNS:
                raise sheet.refuse(
                    f"has more than {MAX_COLUMNS} columns", "Export only the columns needed"
                )
            return Table(frozenset(columns), _pick(sheet, columns, len(header)))
        above = cells
    return None


def read_date(text: str) -> date | None:
    """Read an ISO date, with or without a time, or a US one (month/day/year); else None."""
    if not text:
        return None
    for form, length in (("%Y-%m-%d", 10), ("%m/%d/%Y", None), ("%m/%d/%y", None)):
        try:
            return datetime.strptime(text[:length], form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _read_lines(stream: io.BufferedReader, encoding: str, sheet: Sheet) -> Iterator[str]:
    text = io.TextIOWrapper(stream, encoding, newline="")
    try:
        while line := text.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise sheet.refuse("has a line of more than a million characters", RESAVE)
            if "\0" in line:
                raise sheet.refuse("holds NUL characters, so it is not a table of text", RESAVE)
            yield line
    except UnicodeError:
        raise sheet.refuse("is in no encoding that could be recognised", RESAVE) from None


def _split(lines: Iterator[str], sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    first = list(islice(lines, HEADER_DEPTH))
    delimiter = max(DELIMITERS, key=QUOTED.sub("", "".join(first)).count)
    ended = True

    def watch() -> Iterator[str]:
        nonlocal ended
        for line in chain(first, lines):
            ended = line.endswith(("\n", "\r"))
            yield line

    reader = csv.reader(watch(), delimiter=delimiter, strict=True, skipinitialspace=True)
    width = 0
    try:
        for cells in reader:
            width = max(width, len(cells))
            if not ended and len(cells) < width:
                raise sheet.refuse(
                    f"ends in the middle of line {reader.line_num}", "Export or deliver it again"
                )
            if any(cells):
                yield reader.line_num, cells
    except csv.Error:
        raise sheet.refuse(
            f"is not valid CSV at line {reader.line_num} (a quotation mark is not closed,"
            " or a value is too long)",
            "Correct that line or export it again",
        ) from None


def _complete(cells: Sequence[str], above: Sequence[str]) -> list[str]:
    """Fill empty headers from the row above: a cell merged downwards keeps its text there."""
    padded = [*cells, *[""] * (len(above) - len(cells))]
    return [
        cell.strip() or (above[position].strip() if position < len(above) else "")
        for position, cell in enumerate(padded)
    ]


def _match(header: Sequence[str], layout: Layout, sheet: Sheet) -> dict[str, int]:
    exact = _places(header)
    loose = _places([REMARK.sub("", text) for text in header])
    columns: dict[str, int] = {}
    for name, headers in layout.items():
        heads = [fold_header(head) for head in headers]
        found = next((p[head] for head in heads for p in (exact, loose) if head in p), [])
        if len(found) > 1:
            raise sheet.refuse(f"has two columns for '{name}'", "Remove or rename one of them")
        if found:
            columns[name] = found[0]
    return columns


def _places(header: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for position, text in enumerate(header):
        places.setdefault(fold_header(text), []).append(position)
    places.pop("", None)
    return places


def _pick(sheet: Sheet, columns: Mapping[str, int], width: int) -> Iterator[dict[str, str]]:
    for count, (number, cells) in enumerate(sheet.rows, 1):
        if count > MAX_ROWS:
            raise sheet.refuse(
                f"has more than {MAX_ROWS:,} rows", "Check that it is the right file"
            )
        if sheet.is_positional and any(cell.strip() for cell in cells[width:]):
            raise sheet.refuse(
                f"has more values than columns at line {number}",
                "Put values that hold a comma in quotation marks and deliver it again",
            )
        row = {
            name: cells[position].strip() if position < len(cells) else ""
            for name, position in columns.items()
        }
        if any(len(value) > MAX_FIELD for value in row.values()):
            raise sheet.refuse(
                f"has a value of more than {MAX_FIELD:,} characters at line {number}",
                "Check that it is the right file",
            )
        if any(row.values()):
            yield row
