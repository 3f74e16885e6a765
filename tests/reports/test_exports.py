from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest
from hostile_strings import hostile_report, hostile_strings
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import district_report, finding, quiet_school_report

from reports.exports import (
    guard_cell,
    write_coverage_csv,
    write_coverage_json,
    write_csv,
    write_json,
)
from reports.model import CoverageLine, FindingLine
from reports.security import printable

if TYPE_CHECKING:
    from pathlib import Path

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a file as a spreadsheet would, and take the guards away."""
    text = path.read_bytes().decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\x00=1",
        "  =1",
        "\n=1",
        "\u00a0=1",
        "\uff1d1",
        "\uff0b1",
        "\uff20SUM",
        "\u22121",
        "\u200b=1",
        "\u202e=1",
        "\ufeff=1",
        "\u200b\t1",
        "'=1",
        "'",
    ],
)
def test_a_cell_that_could_run_is_guarded(text: str) -> None:
    assert guard_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Heron Lake", "a=b", "10 - 12", "\u5b66\u6821", "O'Neill"])
def test_plain_cells_are_left_alone(text: str) -> None:
    assert guard_cell(text) == text


@given(ANY_TEXT)
@settings(max_examples=300)
def test_taking_one_apostrophe_away_gives_the_text_back(text: str) -> None:
    guarded = guard_cell(text)
    assert guarded.removeprefix("'") == text
    assert guarded[:1] not in {"=", "+", "-", "@", "\t", "\r", "\0"}


def test_csv_and_json_have_the_same_fields_in_the_same_order(tmp_path: Path) -> None:
    report = district_report()
    write_csv(report, tmp_path / "f.csv")
    write_json(report, tmp_path / "f.json")
    rows = read_csv(tmp_path / "f.csv")
    document = json.loads((tmp_path / "f.json").read_bytes())
    names = [field.name for field in fields(FindingLine)]
    assert list(rows[0]) == names
    assert list(document["findings"][0]) == names
    assert len(rows) == len(document["findings"]) == len(report.findings)
    for row, entry in zip(rows, document["findings"], strict=True):
        assert row["key"] == entry["key"]
        assert row["schools"] == "\n".join(entry["schools"])
        assert row["is_new"] == ("yes" if entry["is_new"] else "no")
        assert row["until"] == (entry["until"] or "")
        assert row["first_seen"] == entry["first_seen"]


def test_json_says_what_it_is(tmp_path: Path) -> None:
    write_json(quiet_school_report(), tmp_path / "f.json")
    document = json.loads((tmp_path / "f.json").read_bytes())
    assert document["schema_version"] == 1
    assert document["school"] == "Heron Lake High School"
    assert document["generated_at"] == "2026-11-20T02:41:00-06:00"
    assert document["findings"] == []


def test_evidence_is_one_line_for_each_comparison(tmp_path: Path) -> None:
    line = finding(1)
    two = replace(
        line, evidence=(line.evidence[0], replace(line.evidence[0], theirs="a\nb", url=None))
    )
    write_csv(replace(district_report(), findings=(two,)), tmp_path / "f.csv")
    first, second = read_csv(tmp_path / "f.csv")[0]["evidence"].split("\n")
    assert first.startswith("E-mail address in the profile's bio | staff1@heronlake.example | ")
    assert " | a b | found profiles |  | " in second


def test_every_hostile_string_comes_back_from_both(tmp_path: Path) -> None:
    lines = tuple(finding(i, subject=s, reasons=(s,)) for i, s in enumerate(hostile_strings()))
    report = replace(district_report(), findings=lines)
    write_csv(report, tmp_path / "f.csv")
    write_json(report, tmp_path / "f.json")
    expected = [printable(s) for s in hostile_strings()]
    assert [row["subject"] for row in read_csv(tmp_path / "f.csv")] == expected
    entries = json.loads((tmp_path / "f.json").read_bytes())["findings"]
    assert [entry["subject"] for entry in entries] == expected
    assert [entry["reasons"] for entry in entries] == [[text] for text in expected]


def test_no_cell_of_a_hostile_report_starts_like_a_formula(tmp_path: Path) -> None:
    write_csv(hostile_report(), tmp_path / "f.csv")
    text = (tmp_path / "f.csv").read_bytes().decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_coverage_has_the_same_fields_in_both(tmp_path: Path) -> None:
    report = district_report()
    write_coverage_csv(report, tmp_path / "c.csv")
    write_coverage_json(report, tmp_path / "c.json")
    rows = read_csv(tmp_path / "c.csv")
    document = json.loads((tmp_path / "c.json").read_bytes())
    names = [field.name for field in fields(CoverageLine)]
    assert list(rows[0]) == list(document["coverage"][0]) == names
    assert [row["remark"] for row in rows] == [line.remark for line in report.coverage]
    assert [source["is_complete"] for source in document["sources"]] == [True, True, True, False]
    assert [rule["ran"] for rule in document["rules"]] == [True, True, False]
    assert document["schema_version"] == 1


def test_csv_opens_in_a_spreadsheet_with_its_letters(tmp_path: Path) -> None:
    write_csv(
        replace(district_report(), findings=(finding(1, summary="\u5b66\u6821"),)),
        tmp_path / "f.csv",
    )
    data = (tmp_path / "f.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert "\u5b66\u6821".encode() in data
    assert data.count(b"\r\n") == 2
