"""The table of platforms: what it holds, and that a slip in it is an error."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

import msgspec
import pytest

from connectors.platform_rows import compile_table, read_rows
from connectors.platforms import (
    Account,
    Folding,
    platform_named,
    platforms,
)

# ------------------------------------------------------------------ the table itself


def test_the_policy_names_nine_platforms() -> None:
    assert {key for key, platform in platforms().items() if platform.is_named_by_policy} == {
        "facebook", "twitter", "linkedin", "google_plus", "flickr", "tumblr", "instagram",
        "snapchat", "youtube",
    }  # fmt: skip
    assert platforms()["twitter"].title == "X (Twitter)"
    retired = {key: p.retired_on for key, p in platforms().items() if p.retired_on}
    assert retired == {"google_plus": date(2019, 4, 2)}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Facebook", "facebook"),
        ("X", "twitter"),
        (" x (twitter) ", "twitter"),
        ("Google+", "google_plus"),
        ("GOOGLE PLUS", "google_plus"),
        ("google_plus", "google_plus"),
        ("insta", "instagram"),
        ("YouTube", "youtube"),
        ("wordpress.com", "wordpress"),
    ],
)
def test_platforms_are_found_by_their_usual_names(text: str, key: str) -> None:
    platform = platform_named(text)
    assert platform is not None
    assert platform.key == key


def test_unknown_platforms_are_not_found() -> None:
    assert platform_named("myspace") is None
    assert platform_named("") is None


def test_folding_follows_the_platform() -> None:
    known = platforms()
    assert known["facebook"].fold("Maple.Falls") == "maplefalls"
    assert known["instagram"].fold("Maple.Falls") == "maple.falls"
    assert known["discord"].fold("AbC") == "AbC"
    assert known["discord"].folding is Folding.NONE


def test_no_name_or_reserved_word_stands_twice() -> None:
    text = files("connectors").joinpath("platforms.toml").read_text("utf-8")
    rows = tomllib.loads(text)["platform"]
    names = [
        n.lower() for key, row in rows.items() for n in {key, row["title"], *row.get("names", [])}
    ]
    folded = {n.replace("_", " ") for n in names}
    assert len(folded) >= len(rows)
    for key, row in rows.items():
        words = [w.lower() for ws in row.get("reserved", {}).values() for w in ws.split()]
        assert sorted(words) == sorted(set(words)), key


ROW = b"""
[platform.falls]
title = "Falls"
hosts = ["falls.example"]
handle = '[a-z]+'
[platform.falls.reserved]
page = "about"
[[platform.falls.shape]]
path = 'at/{handle}'
url = "https://falls.example/at/{handle}"
"""


def test_a_new_platform_is_one_block_of_the_table() -> None:
    table = compile_table(read_rows(ROW))
    site = table.site("falls.example", None)
    found = site.shapes[0].path.fullmatch("AT/ida")
    assert found
    assert site.shapes[0].account(found, "falls.example") == Account(
        "falls", "ida", "https://falls.example/at/ida", "ida"
    )


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"url =", b"adress =", msgspec.ValidationError),
        (b"hosts =", b"host =", msgspec.ValidationError),
        (b"page =", b"pages =", KeyError),
    ],
)
def test_a_slip_in_the_table_is_an_error(old: bytes, new: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        compile_table(read_rows(ROW.replace(old, new)))
