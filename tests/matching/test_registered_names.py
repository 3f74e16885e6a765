from __future__ import annotations

import pytest

from auditor.matching.registered_names import agreement, codes_in, kinds_in_name, kinds_said
from auditor.matching.segmentation import segmenter
from auditor.matching.vocabulary import corrected


def agree(registered: str, beside: str, key: str) -> float:
    words = segmenter().segment(beside, frozenset()).words
    said = kinds_said(tuple((word, int(tag)) for word, tag in words))
    return agreement(kinds_in_name(registered), said, key)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ELMVALE R-III", {"r3"}),
        ("Elmvale Re-1", {"r1"}),
        ("ELMVALE C-6", {"c6"}),
        ("SD U-46", {"u46"}),
        ("Elmvale High", set()),
    ],
)
def test_codes_are_read_from_names(name: str, codes: set[str]) -> None:
    assert codes_in(name) == codes


@pytest.mark.parametrize(
    ("beside", "better", "worse"),
    [
        ("communityschools", "Elm Community Schools", "Elm ISD"),
        ("isd", "Elm ISD", "Elm Community Schools"),
        ("district105", "Elm SD 105", "Elm SD 102"),
        ("rii", "ELM R-II", "ELM R-IV"),
        ("areaschooldistrict", "Elm Area SD", "Elm Unified"),
        ("schooldistrict", "Elm School District", "Elm Academy"),
        ("charterschool", "Elm Charter School", "Elm Elementary"),
    ],
)
def test_the_words_beside_a_name_choose_among_namesakes(
    beside: str, better: str, worse: str
) -> None:
    assert agree(better, beside, "elm") > agree(worse, beside, "elm")


def test_another_number_contradicts_more_than_none() -> None:
    assert agree("Elm SD 102", "district105", "elm") < agree("Elm SD", "district105", "elm")


def test_plain_words_go_without_saying() -> None:
    assert agree("Elm", "schooldistrict", "elm") == 1.0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("highshcool", "highschool"),
        ("elemantary", "elementary"),
        ("schooldistict", "schooldistrict"),
        ("shoe", ""),
        ("florist", ""),
    ],
)
def test_misspelt_words_for_a_school_are_read(text: str, word: str) -> None:
    assert corrected(text) == word
