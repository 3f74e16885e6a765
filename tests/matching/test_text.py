from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching.segmentation import segment
from auditor.matching.text import (
    fold,
    read_handle,
    read_words,
    split_words,
    squeeze,
    unleet,
)
from auditor.matching.vocabulary import Tag, tags_of, vocabulary


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AmeryHS", ("amery", "hs")),
        ("amery_high.school", ("amery", "high", "school")),
        ("St. Mary's School", ("st", "marys", "school")),
        ("St. Mary\u2019s", ("st", "marys")),
        ("ISD196", ("isd", "196")),
        ("Art & Science", ("art", "and", "science")),
        ("MCHSBand", ("mchs", "band")),
        ("", ()),
        ("\u200b", ()),
    ],
)
def test_words_are_split_where_a_reader_sees_them(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Amery High",
        "\uff21mery High",
        "\U0001d400mery \U0001d407igh",
        "\u0410m\u0435ry \u041digh",
        "A\u00admery\u200b Hi\u2060gh",
        "\u00c1m\u00ebry High",
        "A m\u202ee\u202cry-High",
    ],
)
def test_disguises_of_letters_are_undone(text: str) -> None:
    assert squeeze(text) == "ameryhigh"


def test_leet_is_undone_only_between_letters() -> None:
    assert "lincolnhigh" in unleet("l1nc0lnhigh")
    assert "lilyhigh" in unleet("li1yhigh") or "lilyhigh" in unleet("l1lyhigh")
    assert unleet("usd303") == ()
    assert unleet("classof2025band") == ()


def test_a_handle_loses_the_platforms_number_but_not_its_own() -> None:
    assert read_handle("central-elementary-1516702661914445").squeezed == "centralelementary"
    assert read_handle("@district196").squeezed == "district196"
    assert read_handle("210578499273280").squeezed == ""


def test_starts_mark_the_ends_of_words() -> None:
    assert read_words("New Amery High").starts == {0, 3, 8, 12}


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_folding_any_text_is_stable_and_never_fails(text: str) -> None:
    words = read_words(text)
    assert "".join(words.words) == words.squeezed
    assert all(words.words)
    assert read_handle(text).squeezed is not None
    assert fold(fold(text)) == fold(text) or not text.isascii()


@given(st.text(alphabet="abcehilmopst1", max_size=24))
@settings(max_examples=150)
def test_segments_account_for_every_letter(text: str) -> None:
    parts = segment(text, frozenset(), vocabulary())
    assert parts.gap + sum(len(word) for word, _ in parts.words) == len(text)


@pytest.mark.parametrize(
    ("text", "words", "unexplained"),
    [
        ("highschoolofficial", ["highschool", "official"], ()),
        ("elempta", ["elem", "pta"], ()),
        ("mspto", ["ms", "pto"], ()),
        ("shoes", [], ("shoes",)),
        ("academyofnc", ["academy", "of", "nc"], ()),
        ("xyzschool", ["school"], ("xyz",)),
    ],
)
def test_fused_words_come_apart(text: str, words: list[str], unexplained: tuple[str]) -> None:
    parts = segment(text, frozenset(), vocabulary())
    assert [word for word, _ in parts.words] == words
    assert parts.unexplained == unexplained


def test_a_word_does_not_cross_the_end_of_another() -> None:
    parts = segment("ahspta", frozenset({3}), {"ahsp": Tag.UNIT, "pta": Tag.SUPPORT})
    assert [word for word, _ in parts.words] == ["pta"]


def test_a_word_may_say_several_things() -> None:
    assert tags_of("jshs") & Tag.HIGH
    assert tags_of("jshs") & Tag.MIDDLE
    assert tags_of("amery") == Tag(0)
