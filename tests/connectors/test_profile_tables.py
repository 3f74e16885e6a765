"""Profile lists as Parquet, CSV and JSON Lines: what is read and what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from connectors.errors import (
    UnexpectedAnswer,
)
from tests.connectors.profile_lists import (
    LEAST,
    fetch,
    fetch_lines,
    write_csv,
    write_parquet,
)

if TYPE_CHECKING:
    from pathlib import Path


# ------------------------------------------------------------------ Parquet


def test_parquet_columns_of_every_type(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "p.parquet",
        {
            "url": pa.array(["https://x.com/a"]).dictionary_encode(),
            "native_id": pa.array([1001], pa.int64()),
            "display_name": pa.array([Decimal("1.50")]),
            "bio": pa.array([{"a": 1}]),
            "location": pa.array([b"\xff"]),
            "verified": pa.nulls(1),
            "followers": pa.array([12.0]),
            "seen_at": pa.array([1_900_000_000_123_456_789], pa.timestamp("ns")),
            "unknown": pa.array([[1, 2]]),
        },
    )
    [profile] = fetch(path).profiles
    assert (profile.native_id, profile.display_name, profile.followers) == ("1001", "1.50", 12)
    assert (profile.bio, profile.location, profile.verified) == (None, None, None)
    assert profile.seen_at == datetime(2030, 3, 17, 17, 46, 40, 123456, tzinfo=UTC)


def test_parquet_of_many_row_groups_is_read_whole(tmp_path: Path) -> None:
    urls = [f"https://x.com/maple{number}" for number in range(20_000)]
    path = write_parquet(tmp_path / "p.parquet", {"URL": urls}, row_group_size=3000)
    assert [profile.handle for profile in fetch(path).profiles] == [u[14:] for u in urls]


@pytest.mark.parametrize("size", [4, 8, 100, -1])
def test_a_truncated_parquet_file_is_refused(tmp_path: Path, size: int) -> None:
    whole = write_parquet(tmp_path / "w", {"url": [LEAST["url"]] * 50}).read_bytes()
    path = tmp_path / "p.parquet"
    path.write_bytes(whole[:size])
    with pytest.raises(UnexpectedAnswer, match=r"'p\.parquet' is not a whole Parquet file"):
        fetch(path)


def test_a_damaged_parquet_file_is_refused_or_read_but_never_crashes(tmp_path: Path) -> None:
    whole = write_parquet(
        tmp_path / "w", {"url": [f"https://x.com/a{n}" for n in range(99)]}
    ).read_bytes()
    path = tmp_path / "p.parquet"
    for position in range(0, len(whole), 37):
        path.write_bytes(whole[:position] + b"\xff" + whole[position + 1 :])
        with suppress(UnexpectedAnswer):
            fetch(path)


def test_parquet_without_an_identifying_column_names_what_it_has(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "p.parquet", {"platform": ["x"], "colour": ["red"]})
    with pytest.raises(UnexpectedAnswer, match=r"\(it has platform, colour\).*\"url\", or"):
        fetch(path)


# ------------------------------------------------------------------ CSV


@pytest.mark.parametrize(
    "header",
    ["url,display_name", "URL,Display Name", " Profile URL , NAME", "link,full-name", "Url;Name",
     "profile_url\tPage Name", "\ufeffurl,name"],
)  # fmt: skip
def test_headers_are_matched_loosely(tmp_path: Path, header: str) -> None:
    delimiter = next(mark for mark in ";\t," if mark in header)
    path = write_csv(tmp_path / "p.csv", header, f"https://x.com/a{delimiter}Ida")
    [profile] = fetch(path).profiles
    assert (profile.handle, profile.display_name) == ("a", "Ida")


def test_the_best_header_wins(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", "link,url,name", "https://x.com/a,https://x.com/b,Ida")
    assert fetch(path).profiles[0].handle == "b"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings(tmp_path: Path, encoding: str) -> None:
    path = write_csv(tmp_path / "p.csv", "url,name", "https://x.com/a,École", encoding=encoding)
    assert fetch(path).profiles[0].display_name == "École"


def test_quoted_line_breaks_blank_lines_and_short_rows(tmp_path: Path) -> None:
    blank = [""] * 10_000
    path = write_csv(
        tmp_path / "p.csv", "url,name,bio", 'https://x.com/a,"I\nda"', *blank, "https://x.com/b,,x"
    )
    first, second = fetch(path).profiles
    assert (first.display_name, first.bio, second.bio) == ("I\nda", None, "x")


def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    assert fetch(write_csv(tmp_path / "p.csv", "url,name")).profiles == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", r"is empty"),
        (b"colour,shape\nred,round\n", r"no column that names an account \(it has colour, shape\)"),
        (b"handle,name\na,b\n", r"no column that names an account"),
        (b"\n\n", r"no column that names an account \(it has nothing\)"),
        (b"url,url\na,b\n", r"two columns for 'url'"),
        (b"url,bio\nhttps://x.com/a,x\nhttps://x.com/b,\xe9t\xe9\n", r"not valid UTF-8 at line 3"),
        (b"\xff\xfeu\x00r\x00l\x00\n\x00\x00\xdc", r"not valid UTF-16"),
        (b'url,bio\nhttps://x.com/a,"open\nhttps://x.com/b,x\n', r"not valid CSV at line 3"),
        (b"url,bio\nhttps://x.com/a,one,two\n", r"more values than columns .* line 2"),
        (b"url,bio\nhttps://x.com/a,b\nhttps://x.co", r"ends in the middle of a line"),
        (b",".join([b"url"] + [b"c"] * 300) + b"\n", r"more than 300 columns"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    with pytest.raises(UnexpectedAnswer, match=rf"'p\.csv' .*{problem}"):
        fetch(path)


# ------------------------------------------------------------------ JSON Lines


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ('{"url": "https://x.com/a"}\n{"url": \n', "not valid JSON at line 2"),
        ('\n\n{"url": "https://x.com/a"', "not valid JSON at line 3"),
        ("[1, 2]\n", "no JSON object at line 1"),
        ("null\n", "no JSON object at line 1"),
        ("[" * 100_000 + "\n", "not valid JSON at line 1"),
        ('{"followers": ' + "9" * 5000 + "}\n", "not valid JSON at line 1"),
    ],
)
def test_json_lines_that_cannot_be_read(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(content)
    with pytest.raises(UnexpectedAnswer, match=problem):
        fetch(path)


def test_json_keys_are_matched_loosely_and_without_end(tmp_path: Path) -> None:
    rows = [{"Profile URL": f"https://x.com/a{n}", f"key{n}": 1, "Name": "Ida"} for n in range(500)]
    assert {profile.display_name for profile in fetch_lines(tmp_path, *rows).profiles} == {"Ida"}


def test_the_best_json_key_wins(tmp_path: Path) -> None:
    row = {"link": "https://x.com/a", "url": "https://x.com/b", "page url": "https://x.com/c"}
    assert [profile.handle for profile in fetch_lines(tmp_path, row).profiles] == ["b"]
