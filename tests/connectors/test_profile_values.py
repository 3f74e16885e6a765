"""Hostile values of profile lists: cut, mended, counted or not known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.records import ProfileKind
from tests.connectors.profile_lists import (
    FULL,
    LEAST,
    fetch,
    fetch_lines,
    fetch_one,
    write_csv,
    write_lines,
)

if TYPE_CHECKING:
    from pathlib import Path


# ------------------------------------------------------------------ hostile values


def test_numbers_become_text_and_nested_values_are_counted(tmp_path: Path) -> None:
    harvest = fetch_lines(
        tmp_path,
        {
            "profile_id": 12,
            "platform": "twitter",
            "handle": 2027.0,
            "display_name": 3.5,
            "bio": {"a": 1},
            "location": ["x"],
            "website": True,
        },
    )
    [profile] = harvest.profiles
    assert (profile.row, profile.handle, profile.display_name) == ("12", "2027", "3.5")
    assert (profile.bio, profile.location, profile.website) == (None, None, None)
    assert harvest.dropped == {"values of a wrong type": 3}


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    harvest = fetch_lines(
        tmp_path,
        LEAST | {"bio": "b" * 10_000_000, "display_name": "n" * 301, "location": "l" * 300},
        {"url": "https://x.com/" + "a" * 10_000_000},
    )
    [profile] = harvest.profiles
    assert profile.bio == "b" * 5000
    assert profile.display_name == "n" * 300
    assert profile.location == "l" * 300
    assert harvest.dropped["texts cut to length"] == 3
    assert harvest.dropped["rows with a malformed web address"] == 1


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_ten_megabytes_in_one_value_are_cut(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"p.{suffix}"
    if suffix == "csv":
        write_csv(path, "url,bio", LEAST["url"] + "," + "b" * 10_000_000)
    else:
        write_lines(path, LEAST | {"bio": "b" * 10_000_000})
    [profile] = fetch(path).profiles
    assert profile.bio == "b" * 5000


def test_nul_and_lone_surrogates_become_replacements(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"url": "https://x.com/a", "bio": "a\\u0000b\\ud800c\\ud83d\\ude00"}\n')
    [profile] = fetch(path).profiles
    assert profile.bio == "a\ufffdb\ufffdc\U0001f600"
    write_csv(tmp_path / "p.csv", "url,bio", "https://x.com/a,a\0b")
    [profile] = fetch(tmp_path / "p.csv").profiles
    assert profile.bio == "a\ufffdb"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (True, True), (False, False), ("Yes", True), ("no", False), ("1", True), (0, False),
        ("maybe", None), ([], None), ("", None), (None, None), (2.5, None),
    ],
)  # fmt: skip
def test_verified(tmp_path: Path, value: object, read: bool | None) -> None:
    assert fetch_one(tmp_path, verified=value).verified is read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (12, 12), ("1,234", 1234), (12.0, 12), ("12.0", 12), (0, 0), (-1, None), (1.5, None),
        ("1.2K", None), (10**30, None), ("9" * 50, None), (True, None), (float("nan"), None),
        (float("inf"), None), ("٣", None), ({}, None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_followers(tmp_path: Path, value: object, read: int | None) -> None:
    assert fetch_one(tmp_path, followers=value).followers == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2019-05-04", date(2019, 5, 4)),
        ("2019-05-04T23:30:00+02:00", date(2019, 5, 4)),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("yesterday", None),
        (20190504, None),
        (["2019-05-04"], None),
        ("", None),
    ],
)
def test_created_on(tmp_path: Path, value: object, read: date | None) -> None:
    assert fetch_one(tmp_path, created_on=value).created_on == read


def test_times_without_a_zone_are_utc(tmp_path: Path) -> None:
    seen = fetch_one(tmp_path, seen_at="2031-03-14 05:06:07").seen_at
    assert seen == datetime(2031, 3, 14, 5, 6, 7, tzinfo=UTC)
    assert fetch_one(tmp_path, seen_at="2031-03-14").seen_at == datetime(2031, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("a@x.example|b@x.example", ("a@x.example", "b@x.example")),
        ("mailto:a@x.example; b@x.example, a@x.example", ("a@x.example", "b@x.example")),
        (["a@x.example", 7, None], ("a@x.example",)),
        ({"a": "b@x.example"}, ()),
        ("", ()),
        (["x@x.example"] * 500, ("x@x.example",)),
        (True, ()),
    ],
)
def test_published_addresses(tmp_path: Path, value: object, read: tuple[str, ...]) -> None:
    assert fetch_one(tmp_path, public_addresses=value).public_addresses == read


def test_published_addresses_that_are_none_are_counted(tmp_path: Path) -> None:
    harvest = fetch_lines(tmp_path, LEAST | {"email": "see our site"})
    assert harvest.profiles[0].public_addresses == ()
    assert harvest.dropped == {"published addresses that are none": 3}


def test_more_published_addresses_than_anybody_has_are_cut(tmp_path: Path) -> None:
    many = "|".join(f"a{number}@x.example" for number in range(50))
    harvest = fetch_lines(tmp_path, LEAST | {"email": many})
    assert len(harvest.profiles[0].public_addresses) == 20
    assert harvest.dropped == {"texts cut to length": 1}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Page", ProfileKind.PAGE),
        ("organization", ProfileKind.ORGANISATION),
        ("x", None),
        (3, None),
    ],
)
def test_kind(tmp_path: Path, value: object, read: ProfileKind | None) -> None:
    assert fetch_one(tmp_path, kind=value).kind is read


def test_the_address_tells_the_kind_where_the_row_does_not(tmp_path: Path) -> None:
    assert fetch_one(tmp_path, url="facebook.com/groups/herons").kind is ProfileKind.GROUP


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(sorted({*FULL, "age", "email"})), JSON))
def test_no_value_crashes(tmp_path: Path, row: dict[str, object]) -> None:
    for profile in fetch_lines(tmp_path, LEAST | row, FULL | row).profiles:
        repr(profile).encode()
        assert profile.url.startswith("https://")
