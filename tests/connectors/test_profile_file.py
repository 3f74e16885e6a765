"""Profiles from files: what is kept, dropped and merged, and which files are read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from pyarrow import parquet

from connectors.errors import (
    AccessRefused,
    NotConfigured,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import tables
from connectors.profiles.file import MINORS, NAMELESS, SEEN_TWICE
from connectors.records import Profile, ProfileKind
from tests.connectors.contract import ConnectorContract
from tests.connectors.profile_lists import (
    FULL,
    LEAST,
    fetch,
    fetch_lines,
    fetch_one,
    source_of,
    write_csv,
    write_lines,
    write_parquet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connectors.source import Source


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self, tmp_path: Path) -> Source:
        return source_of(write_lines(tmp_path / "p.jsonl", FULL, LEAST, FULL, {"bio": "x"}))

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Sequence[Source]:
        whole = write_parquet(tmp_path / "whole.parquet", {"url": [LEAST["url"]] * 99})
        cut = tmp_path / "cut.parquet"
        cut.write_bytes(whole.read_bytes()[:-40])
        return [
            source_of(cut),
            source_of(write_csv(tmp_path / "a.csv", "url,bio", '"https://x.com/a,b')),
            source_of(write_csv(tmp_path / "ida@maplefalls.example.csv", "colour", "red")),
            source_of(write_lines(tmp_path / "b.jsonl", FULL, ["a list"])),
            source_of(tmp_path / "absent.csv"),
        ]

    @pytest.fixture
    def hostile(self, tmp_path: Path) -> Callable[[str], Source]:
        return lambda text: source_of(
            write_lines(tmp_path / "h.jsonl", LEAST | {"display_name": text})
        )


EXPECTED = Profile(
    source="tested",
    platform="facebook",
    url="https://www.facebook.com/maplefallshs",
    handle="MapleFallsHS",
    native_id="100064000000001",
    display_name="Maple Falls High School",
    bio="Home of the Herons",
    website="https://maplefalls.example",
    public_addresses=("office@maplefalls.example",),
    location="Maple Falls",
    verified=True,
    kind=ProfileKind.PAGE,
    created_on=date(2019, 5, 4),
    followers=1234,
    seen_at=datetime(2031, 3, 13, 22, tzinfo=UTC),
    row="7",
    account_id="maplefallshs",
)


def test_every_field_is_read_from_json_lines(tmp_path: Path) -> None:
    assert fetch_lines(tmp_path, FULL).profiles == (EXPECTED,)


def test_every_field_is_read_from_parquet(tmp_path: Path) -> None:
    typed = FULL | {
        "created_on": date(2019, 5, 4),
        "public_address": ["office@maplefalls.example"],
        "seen_at": datetime(2031, 3, 13, 22, tzinfo=UTC),
    }
    path = write_parquet(tmp_path / "p.parquet", {key: [value] for key, value in typed.items()})
    assert fetch(path).profiles == (EXPECTED,)


def test_every_field_is_read_from_csv(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", ",".join(FULL), ",".join(map(str, FULL.values())))
    assert fetch(path).profiles == (EXPECTED,)


def test_a_url_or_a_platform_and_a_handle_are_enough(tmp_path: Path) -> None:
    harvest = fetch_lines(
        tmp_path,
        LEAST,
        {"platform": "Instagram", "handle": "@maplefallshs"},
        {"platform": "youtube", "native_id": "UCabcdefghijklmnopqrsTUV"},
        {"platform": "facebook", "handle": "groups/maplefalls", "url": ""},
    )
    assert [profile.url for profile in harvest.profiles] == [
        "https://x.com/maplefallshs",
        "https://www.instagram.com/maplefallshs",
        "https://www.youtube.com/channel/UCabcdefghijklmnopqrsTUV",
        "https://www.facebook.com/groups/maplefalls",
    ]
    assert harvest.dropped == {}
    assert harvest.profiles[0].bio is None
    assert harvest.profiles[0].verified is None


def test_rows_that_name_no_account_are_dropped_by_reason(tmp_path: Path) -> None:
    harvest = fetch_lines(
        tmp_path,
        LEAST,
        {"bio": "x"},
        {"platform": "twitter"},
        {"handle": "maplefallshs"},
        {"url": "https://www.linkedin.com/in/ida-marsh"},
        {"url": "https://x.com/maplefallshs/status/1"},
        {"url": "https://maplefalls.example/", "platform": "facebook"},
        {"platform": "myspace", "handle": "maplefalls"},
    )
    assert len(harvest.profiles) == 1
    assert harvest.dropped == {
        NAMELESS: 3,
        "rows with a personal profile, which is never looked at": 1,
        "rows with a post, photo, video or other content, not an account": 1,
        "rows with a site that is not in the table of platforms": 1,
        "rows with a platform that is not in the table": 1,
    }


def test_a_blog_on_its_own_domain_needs_its_platform(tmp_path: Path) -> None:
    row = {"url": "https://blog.maplefalls.example", "platform": "WordPress"}
    [profile] = fetch_lines(tmp_path, row).profiles
    assert (profile.platform, profile.account_id) == ("wordpress", "blog.maplefalls.example")


def test_profiles_of_minors_are_dropped(tmp_path: Path) -> None:
    rows = [{"url": f"https://x.com/a{n}", "age": age} for n, age in enumerate([17, "12", 17.5])]
    adults = [
        {"url": f"https://x.com/b{n}", "age": age}
        for n, age in enumerate([18, "", None, "200", True, [3]])
    ]
    harvest = fetch_lines(tmp_path, *rows, *adults)
    assert [profile.handle for profile in harvest.profiles] == ["b0", "b1", "b2", "b3", "b4", "b5"]
    assert harvest.dropped == {MINORS: 3}


# ------------------------------------------------------------------ one account, several rows


@pytest.mark.parametrize("order", [1, -1])
def test_a_minors_account_enters_by_no_other_row(tmp_path: Path, order: int) -> None:
    url = "https://www.instagram.com/kid.one"
    rows = [{"url": url, "bio": "x"}, {"url": url, "native_id": "12345", "age": 15}, LEAST]
    harvest = fetch_lines(tmp_path, *rows[::order])
    assert [one.url for one in harvest.profiles] == [LEAST["url"]]
    assert harvest.dropped[MINORS] == 1


def test_the_first_row_leads_and_later_ones_fill_its_gaps(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", {"url": "https://x.com/MapleFalls", "bio": "first"})
    write_csv(
        tmp_path / "b.csv",
        "link,description,name,e-mail",
        "twitter.com/maplefalls,second,Maple Falls,office@maplefalls.example",
    )
    harvest = fetch(tmp_path / "x", "*.*")
    [profile] = harvest.profiles
    assert (profile.bio, profile.display_name) == ("first", "Maple Falls")
    assert profile.handle == "MapleFalls"
    assert profile.public_addresses == ("office@maplefalls.example",)
    assert harvest.dropped == {SEEN_TWICE: 1}
    assert harvest.calls == 2


def test_a_known_id_tells_accounts_of_one_handle_apart(tmp_path: Path) -> None:
    rows = [LEAST | {"native_id": native} for native in ("1001", "1002", 1001, None)]
    harvest = fetch_lines(tmp_path, *rows)
    assert [profile.native_id for profile in harvest.profiles] == ["1001", "1002", None]
    assert harvest.dropped == {SEEN_TWICE: 1}


def test_a_native_id_spoilt_by_a_spreadsheet_is_not_known(tmp_path: Path) -> None:
    assert fetch_one(tmp_path, native_id="1.00064E+14").native_id is None


@pytest.mark.parametrize(
    ("url", "given", "handle"),
    [
        ("https://x.com/maplefalls", "MapleFalls", "MapleFalls"),
        ("https://x.com/maplefalls", "@MapleFalls", "MapleFalls"),
        ("https://x.com/maplefalls", "other", "maplefalls"),
        ("https://x.com/maplefalls", None, "maplefalls"),
        ("https://x.com/maplefalls", "https://x.com/MapleFalls", "maplefalls"),
        ("https://x.com/i/user/1001", "MapleFalls", "MapleFalls"),
        ("https://x.com/i/user/1001", "1001", None),
    ],
)
def test_the_spelling_of_the_handle(
    tmp_path: Path, url: str, given: str | None, handle: str | None
) -> None:
    assert fetch_one(tmp_path, url=url, handle=given).handle == handle


# ------------------------------------------------------------------ which files


def test_all_kinds_of_files_of_a_pattern_are_read(tmp_path: Path) -> None:
    deep = tmp_path / "profiles" / "deep"
    deep.mkdir(parents=True)
    write_csv(deep / "a.csv", "url", "https://x.com/a")
    write_lines(deep / "b.ndjson", {"url": "https://x.com/b"})
    write_parquet(deep.parent / "c.parquet", {"url": ["https://x.com/c"]})
    harvest = fetch(tmp_path / "x", "profiles/**/*.*")
    assert sorted(profile.url[-1] for profile in harvest.profiles) == ["a", "b", "c"]


def test_a_name_with_brackets_and_an_absolute_pattern(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "found [1].jsonl", LEAST)
    assert len(fetch(path).profiles) == 1
    assert len(fetch(tmp_path / "other" / "x", str(tmp_path / "*.jsonl")).profiles) == 1


def test_links_to_files_outside_the_folder_are_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write_lines(outside / "p.jsonl", LEAST)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "p.jsonl").symlink_to(outside / "p.jsonl")
    assert len(fetch(inside / "p.jsonl", "*.jsonl").profiles) == 1


@pytest.mark.parametrize("pattern", ["absent.csv", "absent/*.csv", "*.csv", "folder"])
def test_no_file_is_an_unavailable_source(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceUnavailable, match="no file fits"):
        fetch(tmp_path / "x", pattern)


def test_a_pattern_too_long_for_the_file_system_is_an_unavailable_source(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable):
        fetch(tmp_path / "x", "x" * 5000)


@pytest.mark.parametrize("pattern", ["a**b/x", "."])
def test_a_pattern_that_fits_no_file_is_one_clear_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises((NotConfigured, SourceUnavailable)):
        fetch(tmp_path / "x", pattern)


@pytest.mark.parametrize("pattern", [" ", "\0"])
def test_a_path_that_names_nothing_is_a_setting_to_mend(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(NotConfigured):
        fetch(tmp_path / "x", pattern)


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.docx"
    path.write_bytes(b"x")
    with pytest.raises(UnexpectedAnswer, match=r"no kind of list that is known.*\.parquet"):
        fetch(path)


def test_a_file_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_TEXT", 10)
    monkeypatch.setattr(tables, "MAX_PARQUET", 10)
    for path in (
        write_lines(tmp_path / "p.jsonl", FULL),
        write_parquet(tmp_path / "p.parquet", {"url": ["x"]}),
    ):
        with pytest.raises(UnexpectedAnswer, match="larger than"):
            fetch(path)


def test_a_file_that_vanishes_is_unavailable(tmp_path: Path) -> None:
    link = tmp_path / "p.jsonl"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(SourceUnavailable):
        list(tables.read_batches(link, "tested"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"p.{suffix}"
    path.write_text("url\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    monkeypatch.setattr(parquet, "ParquetFile", refuse)
    with pytest.raises(AccessRefused, match="may not be read"):
        fetch(path)
