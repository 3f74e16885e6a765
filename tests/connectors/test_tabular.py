from __future__ import annotations

import codecs
import csv
import io
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import connectors.tabular
from connectors.errors import UnexpectedAnswer
from connectors.tabular import Sheet, fold_header, read_csv, read_date, read_table

LAYOUT = {"name": ("full name", "name"), "email": ("email",)}


def sheet_of(text: str | bytes) -> Sheet:
    data = text.encode() if isinstance(text, str) else text
    return read_csv(lambda: io.BufferedReader(io.BytesIO(data)), "tested", "staff.csv")


def rows_of(text: str | bytes, depth: int = 1) -> list[dict[str, str]]:
    table = read_table(sheet_of(text), LAYOUT, ("email",), depth)
    assert table is not None
    return list(table.rows)


def refusal(text: str | bytes) -> str:
    with pytest.raises(UnexpectedAnswer) as caught:
        rows_of(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace("\r\n", "\r").encode(),
        lambda text: text.replace("\r\n", "\n").encode(),
    ],
)
def test_encodings_and_line_ends(encode) -> None:
    data = encode("Name,Email\r\nZoë Peña,zoe@x.example\r\n")
    assert rows_of(data) == [{"name": "Zoë Peña", "email": "zoe@x.example"}]


def test_windows_1252_is_noted_and_utf_8_is_not() -> None:
    assert sheet_of("Zoë".encode("cp1252")).notes == (
        "staff.csv is not UTF-8; it was read as Windows-1252.",
    )
    assert sheet_of("Zoë").notes == ()


def test_encoding_is_found_beyond_the_first_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.tabular, "CHUNK", 16)
    text = "name,email\n" + "x,y\n" * 20 + "Zoë,z\n"
    assert rows_of(text)[-1]["name"] == "Zoë"
    assert rows_of(text.encode("cp1252"))[-1]["name"] == "Zoë"


@pytest.mark.parametrize(
    "data",
    [
        "name,email\nA\0B,x\n".encode("utf-16-le"),
        b"name,email\nA\0B,x\n",
        b"name,email\n\x81\x8d,x\n",
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="CSV UTF-8"):
        list(sheet_of(data).rows)


def test_truncated_utf_16_is_refused() -> None:
    data = codecs.BOM_UTF16_LE + "name,email\n".encode("utf-16-le") + b"a"
    with pytest.raises(UnexpectedAnswer, match="no encoding"):
        list(sheet_of(data).rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    text = f"Name{delimiter}E-Mail\n007{delimiter}a@x.example\n"
    assert rows_of(text) == [{"name": "007", "email": "a@x.example"}]


@pytest.mark.parametrize(
    "header", ["E-Mail", " e_mail ", "EMAIL", "Email [Required]", "E mail (work)", "﻿Email"]
)
def test_headers_are_matched_loosely(header: str) -> None:
    assert rows_of(f"x,{header}\n1,a\n") == [{"email": "a"}]


def test_best_header_wins_and_exact_beats_remarked() -> None:
    assert rows_of("Name,Full Name,Email\nx,Ida,e\n")[0]["name"] == "Ida"
    assert rows_of("Email (home),Email\nhome,work\n")[0]["email"] == "work"


def test_two_columns_for_one_field_are_refused() -> None:
    assert "two columns for 'email'" in refusal("Email,E-mail\na,b\n")


def test_only_wanted_columns_are_handed_on() -> None:
    rows = rows_of("Name,Password,Email,\nIda,hunter2,e,\n")
    assert rows == [{"name": "Ida", "email": "e"}]


def test_header_below_a_title_and_a_cell_merged_downwards() -> None:
    text = "Staff 2031,,\n,,\nName,Contact,\n,Email,Phone\nIda,e,5\n"
    assert rows_of(text, depth=10) == [{"name": "Ida", "email": "e"}]
    assert read_table(sheet_of(text), LAYOUT, ("email",), depth=2) is None


def test_values_are_stripped_and_blank_rows_left_out() -> None:
    assert rows_of("name,email\n  Ida\u00a0,e \n,\n\n x ,\n") == [
        {"name": "Ida", "email": "e"},
        {"name": "x", "email": ""},
    ]


def test_missing_cells_in_the_middle_are_empty() -> None:
    assert rows_of("email,name\ne\nf,Ida\n")[0] == {"email": "e", "name": ""}


def test_a_cell_too_many_is_refused_since_the_row_is_shifted() -> None:
    assert "more values than columns at line 2" in refusal("email,name\ne,Marsh, Ida\n")
    assert rows_of("email,name\ne,Ida,,\n") == [{"email": "e", "name": "Ida"}]


def test_file_cut_in_the_middle_of_a_row_is_refused() -> None:
    assert "ends in the middle of line 3" in refusal("email,role,name\ne,teacher,Ida\nf,tea")
    assert len(rows_of("email,role,name\ne,teacher,Ida")) == 1


def test_open_quotation_mark_is_refused_with_its_line() -> None:
    text = 'email,name\na,b\nc,"Ida\nd,e\n' + "f,g\n" * 5
    assert "quotation mark is not closed" in refusal(text)


def test_quoted_line_ends_commas_and_marks_are_kept() -> None:
    assert rows_of('email,name\ne,"Marsh, ""Ida""\nJr."\n')[0]["name"] == 'Marsh, "Ida"\nJr.'


def test_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than 300 columns" in refusal("email," + "," * 300 + "\n")
    assert "more than 100,000 characters" in refusal(f"email,name\ne,{'x' * 100_001}\n")
    assert "million characters" in refusal("email\n" + "x" * 1_000_001)
    before = csv.field_size_limit(131_072)
    assert "is too long" in refusal(f"email,name\ne,{'x' * 200_000}\n")
    csv.field_size_limit(2_000_000)
    assert "more than 100,000 characters" in refusal(f"email,name\ne,{'x' * 200_000}\n")
    csv.field_size_limit(before)
    monkeypatch.setattr(connectors.tabular, "MAX_ROWS", 3)
    assert "more than 3 rows" in refusal("email,name\n" + "e,n\n" * 4)
    assert len(rows_of("email,name\n" + "e,n\n" * 3)) == 3


def test_empty_file_has_no_table() -> None:
    assert read_table(sheet_of(""), LAYOUT) is None


def test_rows_can_be_left_unread_without_a_warning() -> None:
    table = read_table(sheet_of("email\na\nb\n"), LAYOUT)
    assert table is not None
    assert next(table.rows) == {"email": "a"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-06-30", "2030-06-30"),
        ("2030-06-30T10:00:00Z", "2030-06-30"),
        ("6/30/2030", "2030-06-30"),
        ("6/30/30", "2030-06-30"),
        ("30.6.2030", None),
        ("", None),
        ("soon", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    found = read_date(text)
    assert (found.isoformat() if found else None) == expected


def test_the_mark_between_cells_is_not_sought_within_them() -> None:
    text = b'"name","email"\r\n"Marsh; Ida; Hill; Oak","ida@maple.example"\r\n'
    assert rows_of(text) == [{"name": "Marsh; Ida; Hill; Oak", "email": "ida@maple.example"}]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), max_size=6))
@example(rows=[(";", ";"), (";", ";")])
def test_whatever_was_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "email"), *rows])
    expected = [{"name": a.strip(), "email": b.strip()} for a, b in rows if a.strip() or b.strip()]
    assert rows_of(text.getvalue().encode()) == expected


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_error(data: bytes) -> None:
    with suppress(UnexpectedAnswer):
        table = read_table(sheet_of(b"email,name\n" + data), LAYOUT)
        assert table is not None
        assert all(row.keys() == {"email", "name"} for row in table.rows)


@given(text=st.text(max_size=20))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_header(fold_header(text)) == fold_header(text)
