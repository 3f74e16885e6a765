"""Findings and coverage as CSV and JSON, field for field the same.

CSV is UTF-8 with a byte order mark and RFC 4180 line ends; a cell that a spreadsheet could take for
a formula starts with an apostrophe (OWASP ASVS 5.0, 1.2.10), and so does one that started with an
apostrophe itself: taking one leading apostrophe away always gives the text back.  A list is a cell
with a line for each entry.  JSON carries ``schema_version``.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING

from reports.files import write_private
from reports.model import CoverageLine, FindingLine
from reports.security import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from reports.model import Report

SCHEMA_VERSION = 1
EVIDENCE_SEPARATOR = " | "
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "\u2212", "'")
_NOT_STRIPPED = "\t\r\0"


def write_csv(report: Report, path: Path) -> None:
    """Write the findings as CSV, one a row.  Raises ``OSError`` when ``path`` cannot be written."""
    _write_csv(path, FindingLine, report.findings)


def write_json(report: Report, path: Path) -> None:
    """Write the findings as JSON.  Raises ``OSError`` when ``path`` cannot be written."""
    _write_json(path, {**_about(report), "findings": [_plain(line) for line in report.findings]})


def write_coverage_csv(report: Report, path: Path) -> None:
    """Write what was asked of each platform as CSV.  Raises ``OSError`` as the others do."""
    _write_csv(path, CoverageLine, report.coverage)


def write_coverage_json(report: Report, path: Path) -> None:
    """Write coverage, sources, rules and unplaced apps as JSON.  Raises ``OSError``."""
    parts = {
        "coverage": [_plain(line) for line in report.coverage],
        "sources": [_plain(line) for line in report.sources],
        "rules": [_plain(line) for line in report.rules],
        "apps": [_plain(line) for line in report.apps],
    }
    _write_json(path, {**_about(report), **parts})


def guard_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could run, or that starts with one.

    Format characters and spaces before it are looked through, and full-width signs count.
    """
    if not text or (text[0].isascii() and text[0].isalnum()):
        return text
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    if visible.startswith(tuple(_NOT_STRIPPED)):
        return f"'{text}"
    folded = unicodedata.normalize("NFKC", visible).lstrip()
    return f"'{text}" if folded.startswith(_STARTS_FORMULA) or text.startswith("'") else text


def _about(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "district": printable(report.district),
        "school": printable(report.school) if report.school is not None else None,
        "school_code": report.school_code,
        "generated_at": report.generated_at.isoformat(),
        "run": report.run,
        "version": report.version,
        "settings_hash": report.settings_hash,
        "policy": printable(report.policy),
    }


def _write_json(path: Path, document: dict[str, Any]) -> None:
    """Write one entry of a list a line: readable, and faster than with ``indent``."""
    parts = []
    for name, value in document.items():
        if isinstance(value, list):
            rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f" {json.dumps(name)}: [\n  {rows}\n ]")
        else:
            parts.append(f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
    write_private(path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def _write_csv(path: Path, kind: type[Any], lines: Iterable[Any]) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(field.name for field in fields(kind))
    for line in lines:
        writer.writerow([guard_cell(_cell(value)) for value in _plain(line).values()])
    write_private(path, sheet.getvalue().encode("utf-8-sig"))


def _plain(line: Any) -> dict[str, Any]:
    return {name: _value(getattr(line, name)) for name in line.__dataclass_fields__}


def _value(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple | list):
        return [_value(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return _plain(value) if is_dataclass(value) else value


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(" ".join(_cell(entry).splitlines()) for entry in value)
    if isinstance(value, dict):
        return EVIDENCE_SEPARATOR.join(_cell(inner) for inner in value.values())
    return "" if value is None else str(value)
