"""Excel workbooks (.xlsx) as sheets of text, streamed within caps.

`openpyxl` is asked row by row: `pandas.read_excel` pads every row to the widest one, so that a
file of 5 kB with one cell at XFD1 and one at A1048576 makes it ask for over 100 GB.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from connectors.archives import Limits, check_archive
from connectors.errors import UnexpectedAnswer
from connectors.inputs import check_file, explain, show, show_some
from connectors.tabular import MAX_ROWS, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openpyxl import Workbook

LIMITS = Limits(member=200_000_000, total=300_000_000, files=2_000)
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK"
CELL_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#DIV/0!", "#GETTING_DATA"}
)
# What openpyxl, zlib and the XML parsers (whose errors are SyntaxErrors, lxml's and Python's own)
# were seen to raise on damaged workbooks.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def is_workbook(path: Path, source: str) -> bool:
    """Tell a workbook from text by its first bytes; old Excel files raise UnexpectedAnswer."""
    check_file(path, source)
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise explain(error, source, path.name) from None
    if start == OLD_EXCEL:
        raise UnexpectedAnswer(
            source,
            f"'{show(path.name)}' is an old .xls workbook or one with a password",
            "Save it as .xlsx without a password, or as CSV",
        )
    return start.startswith(ZIP)


def read_workbook(path: Path, source: str, sheet: str | None = None) -> Iterator[Sheet]:
    """Yield the sheets of a workbook in their order, or only the one named ``sheet``.

    The rows of a sheet must be read before the next sheet is asked for.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise explain(error, source, path.name) from None
    with raw:
        check_archive(raw, source, path.name, LIMITS)
        raw.seek(0)
        with _telling(source, path.name):
            import openpyxl

            warnings.filterwarnings("ignore", module="openpyxl")
            book = openpyxl.load_workbook(raw, read_only=True, data_only=True, keep_links=False)
        for name in _choose(book, source, path.name, sheet):
            yield _read_sheet(book, name, source, path.name)


def _choose(book: Workbook, source: str, label: str, sheet: str | None) -> list[str]:
    names = [worksheet.title for worksheet in book.worksheets]
    if sheet is None:
        return names
    if sheet in names:
        return [sheet]
    raise UnexpectedAnswer(
        source,
        f"'{show(label)}' has no sheet named '{show(sheet)}'; it has {show_some(names)}",
        "Correct 'sheet' in audit.toml or leave it out",
    )


def _read_sheet(book: Workbook, name: str, source: str, file: str) -> Sheet:
    label = f"sheet '{show(name)}' of '{show(file)}'"

    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        with _telling(source, file):
            worksheet = book[name]
            worksheet.reset_dimensions()
            for number, cells in enumerate(worksheet.iter_rows(values_only=True), 1):
                if number > MAX_ROWS:
                    raise UnexpectedAnswer(
                        source, f"{label} has more than {MAX_ROWS:,} rows", "Check the file"
                    )
                texts = [_as_text(cell) for cell in cells]
                if any(texts):
                    yield number, texts

    return Sheet(source, label, rows(), is_positional=False)


@contextmanager
def _telling(source: str, label: str) -> Iterator[None]:
    try:
        yield
    except DAMAGE:
        raise UnexpectedAnswer(
            source,
            f"'{show(label)}' is not a workbook that can be read",
            "Open it in a spreadsheet program and save it again as .xlsx",
        ) from None


def _as_text(cell: object) -> str:
    if cell is None or cell in CELL_ERRORS:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
