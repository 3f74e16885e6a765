"""What a first look at whole columns leaves out, the matcher would never have flagged."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching import column_sieve
from auditor.matching.addresses import AddressFinder
from auditor.matching.brand import BrandSchool, brand_of
from auditor.matching.branding import Matcher
from auditor.matching.column_sieve import AddressSieve, NameSieve
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.squeezed_lines import LEET, SqueezedLines, squeeze_ascii, squeeze_codes
from auditor.matching.text import squeeze, unleet
from connectors.profiles.file import read_profiles
from connectors.profiles.tables import Batch
from connectors.records import Profile

BRAND = brand_of(
    "Amery School District", "WI", "Amery", "Polk", ["amerysd.k12.wi.us"],
    schools=[BrandSchool("1", "Amery High School", "Amery"), BrandSchool("2", "Lien Elementary")],
)  # fmt: skip
NAMES = (
    "amery", "ameryhighschool", "AHS", "ahs", "Lien Elementary", "asd", "4mery", "44mery", "24mery",
    "AMERY.HS", "am3ry", "Åmery", "аmery", "ａmery", "amery_ps", "lahsa", "Bahst", "ASD1",
)  # fmt: skip
BESIDE = (
    "", " ", "_", "\n", "\t", "\0", "é", "%20", "x", "7", "42", "Q", "/", "@", ".", "'", "&",
    "\u200d", "high", "school", " wi ", "\u202e", "東", "official page of ", "HOME OF ",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from((*NAMES, *BESIDE)), max_size=5).map("".join)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher((BRAND,), open_gazetteer())


def profiles_of(columns: dict[str, list[str | None]]) -> list[Profile]:
    rows = len(columns["url"])
    batch = Batch(columns, rows)  # type: ignore[arg-type]
    return list(read_profiles(batch, "x", Counter(), set(), keep_unidentified=True))


def arrays(columns: dict[str, list[str | None]]) -> dict[str, pa.Array]:
    return {name: pa.array(values, pa.string()) for name, values in columns.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=40))
def test_no_row_that_can_be_read_is_left_out(
    matcher: Matcher, rows: list[tuple[str, str, str, str]]
) -> None:
    handles, paths, names, bios = (list(column) for column in zip(*rows, strict=True))
    columns: dict[str, list[str | None]] = {
        "platform": ["facebook"] * len(rows),
        "handle": [handle or None for handle in handles],
        "url": [f"https://www.facebook.com/{path}" for path in paths],
        "display_name": names,
        "bio": bios,
    }
    sieve, profiles = NameSieve(matcher.index), profiles_of(columns)
    seen = sieve.select_profiles(profiles)
    kept = sieve.select(arrays(columns))
    for profile, is_kept, is_seen in zip(profiles, kept, seen, strict=True):
        assert (is_kept and is_seen) or not matcher.flags(profile)


def test_most_rows_are_left_out(matcher: Matcher) -> None:
    names = ["Sunrise Bakery", "amery high", "Kansas", "東京", "42nd Street", "Ahs"]
    columns = arrays({"display_name": list(names), "url": [None] * 6})
    kept = NameSieve(matcher.index).select(columns)
    assert np.array(names)[kept].tolist() == ["amery high", "Ahs"]


def test_so_many_names_that_looking_saves_nothing_leave_nothing_out(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_sieve, "MOST_NAMES", 3)
    columns: dict[str, list[str | None]] = {
        "platform": ["facebook", "facebook"],
        "handle": ["sunrisebakery", "ameryhigh"],
        "url": ["https://www.facebook.com/sunrisebakery", "https://www.facebook.com/ameryhigh"],
    }
    sieve = NameSieve(matcher.index)
    assert sieve.select(arrays(columns)).all()
    assert sieve.select_profiles(profiles_of(columns)).tolist() == [True, True]


def test_columns_that_are_no_text_leave_nothing_out(matcher: Matcher) -> None:
    columns = {"handle": pa.array([1, 2]), "url": pa.array([None, None], pa.string())}
    assert NameSieve(matcher.index).select(columns).tolist() == [True, True]


@settings(max_examples=200)
@given(st.text(alphabet="abz0134572", max_size=9))
def test_lines_lose_their_leet_signs_as_single_texts_do(text: str) -> None:
    lines = SqueezedLines(squeeze_ascii(f"q\n{text}\n".encode()), 1)
    strict, spelt = lines.leet_places()[0], []
    for letters in LEET:
        line = lines.text.copy()
        line[strict] = letters[line[strict]]
        spelt.append(line.tobytes().decode().split("\n")[1])
    assert {*spelt} == {*unleet(text)} or (not unleet(text) and {*spelt} == {text})


@settings(max_examples=200)
@given(st.lists(st.text(max_size=12), max_size=4))
def test_lines_of_any_script_are_squeezed_as_single_texts_are(texts: list[str]) -> None:
    texts = [text.replace("\n", "") for text in texts]
    squeezed, odd = squeeze_codes("".join(f"{text}\n" for text in texts))
    lines = SqueezedLines(squeezed, 1)
    assert set(lines.rows_of(odd)) == {
        n for n, text in enumerate(texts) if "%" in text or not text.isprintable()
    }
    for text, line in zip(texts, squeezed.tobytes().split(b"\n"), strict=False):
        if text.isprintable() and "%" not in text:
            assert line.replace(b"\1", b"") == squeeze(text).encode("ascii", "ignore")


def test_letters_of_no_name_keep_names_apart(matcher: Matcher) -> None:
    columns = arrays(
        {"display_name": ["am東ery", "amé ry", "amery東", "AMERY™"], "url": [None] * 4}
    )
    assert NameSieve(matcher.index).select(columns).tolist() == [False, True, True, True]


ADDRESS = (
    "jane@maple.example", "jane [at] maple [dot] example", "jane(at)maple.example",
    "jane AT maple DOT example", "jane＠maple.example", "jane&#64;maple.example",
    "jane%40maple.example",
    "j a n e @ m a p l e . e x a m p l e", "janeNOSPAM@maple.example", "jane@NOSPAM.maple.example",
    "jane<b>@</b>maple.example", "jane@maple\u200b.example", "jane at maple dot example",
    "jane\u00a0at\u00a0maple.example", "janeATmapleDOTexample", "jane@mаple.example",
    "jane \\u0040 maple.example", "jane -at- maple -dot- example", "jane ät maple.example",
    "jane {at} maple {punkt} example", "jane @\nmaple.example",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESS)
@pytest.mark.parametrize(
    "field", ["bio", "website", "display_name", "location", "public_addresses"]
)
def test_no_address_is_left_out(address: str, field: str) -> None:
    columns: dict[str, list[str | None]] = {
        "url": ["https://www.facebook.com/j.1"] * 2,
        field: [f"Teacher 🏫 {address}", "Teacher at Maple. Example"],
    }
    kept = AddressSieve().select(arrays(columns))
    finder = AddressFinder(["maple.example"])
    for profile, is_kept in zip(profiles_of(columns), kept, strict=True):
        assert is_kept or not finder.find_in(profile)


def test_rows_without_a_sign_are_left_out() -> None:
    bios = ["Teacher at school. We love it", "follow @maple", "東京 🏫", None, "jane@maple.example"]
    columns = arrays({"bio": bios, "url": ["https://www.youtube.com/@maple"] * 5})
    assert AddressSieve().select(columns).tolist()[1:] == [False, False, False, True]


def test_lists_of_addresses_are_kept() -> None:
    listed = pa.array([["jane@maple.example"], None])
    columns = {"public_addresses": listed, "bio": pa.nulls(2)}
    assert AddressSieve().select(columns).tolist() == [True, False]
