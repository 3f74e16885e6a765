"""Long rare names written with one letter wrong: "Marrowik High School" for Marrowick.

A name is looked for by its halves: one edit leaves one of them as it was (Boytsov, "Indexing
methods for approximate dictionary searching", 2011, on partitioning), but for two letters swapped
where they meet, which is looked for as such.  What is a name or made of words of its own is never
a misspelling of another name, nor is a text in which nothing says school.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.fields import Misspelt
from auditor.matching.naming import NameKind
from auditor.matching.segmentation import name_segmenter
from auditor.matching.vocabulary import EDUCATION, is_plain_school_word, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.matching.brand import Term
    from auditor.matching.namesakes import Namesakes
    from auditor.matching.profile_reading import FieldReading

SHORTEST_MISSPELT = 9
MOST_DISTRICTS = 2
AROUND, WHOLE = 3, 2
FULL_KINDS = frozenset({NameKind.NAME, NameKind.ALIAS})


class Misspellings:
    """The long names of some brands; whether one is rare is asked when it is met."""

    def __init__(
        self, terms: Mapping[str, Iterable[tuple[int, Term]]], namesakes: Namesakes
    ) -> None:
        self._namesakes = namesakes
        self._pieces: dict[str, list[tuple[str, int]]] = {}
        for key, owned in terms.items():
            if _is_long(key) and any(term.kind in FULL_KINDS for _, term in owned):
                for piece, offset in pieces_of(key):
                    self._pieces.setdefault(piece, []).append((key, offset))
        self._automaton = ahocorasick_rs.AhoCorasick(list(self._pieces) or ["\0"])
        self._names = list(self._pieces.values()) or [[]]

    @property
    def pieces(self) -> list[str]:
        """What a text must hold, besides a word for a school, to hold a misspelt name."""
        return list(self._pieces)

    @property
    def openings(self) -> list[tuple[str, int]]:
        """The first letter of each piece's name, and how far before the piece about it stands.

        It is never mistaken.  ("", 0) for a piece of several names.
        """
        return [
            (name[0], offset if offset >= 0 else len(name) + offset) if not others else ("", 0)
            for (name, offset), *others in self._pieces.values()
        ]

    def may_stand(self, text: str) -> bool:
        """Whether something one edit away from a name stands in a folded, fused text."""
        return says_school(text) and any(True for _ in self._spans(text))

    def find(self, field: FieldReading) -> Iterator[Misspelt]:
        """Yield every span of a field that is one edit away from a long rare name.

        Whole words leave no other span for their name.
        """
        if not says_school(field.text):
            return
        met, ends = dict.fromkeys(self._spans(field.text)), _school_ends(field.text)
        whole = {one.name for one in met if field.edges(one.begin, one.end) == WHOLE}
        for one in met:
            is_whole = field.edges(one.begin, one.end) == WHOLE
            stands = is_whole or one.name not in whole
            if stands and self._is_rare(one.name) and not _is_meant(field, one, ends):
                yield one

    def _spans(self, text: str) -> Iterator[Misspelt]:
        for number, begin, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for name, offset in self._names[number]:
                if name not in text:
                    yield from _near(text, begin, name, offset)

    def _is_rare(self, name: str) -> bool:
        return len(self._namesakes.crowd(name).by_district) <= MOST_DISTRICTS


def pieces_of(name: str) -> Iterator[tuple[str, int]]:
    """Yield what one edit leaves of a name, and where it begins in it: a half, or a swap between.

    An offset below 0 counts from the end.
    """
    half = len(name) // 2
    yield name[:half], 0
    yield name[half:], half - len(name)
    swapped = name[half - AROUND : half - 1] + name[half] + name[half - 1]
    if name[half] != name[half - 1]:
        yield swapped + name[half + 1 : half + AROUND], half - AROUND


@cache
def school_words() -> tuple[str, ...]:
    """Return the words that make clear that a school is meant."""
    return tuple(sorted(filter(is_plain_school_word, words_of(EDUCATION))))


@cache
def _school_automaton() -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(list(school_words()))


def says_school(text: str) -> bool:
    """Whether a plain word for a school stands in a folded, fused text."""
    return bool(_school_automaton().find_matches_as_indexes(text))


def _school_ends(text: str) -> dict[int, int]:
    """Return where the longest word for a school ends that begins at a place."""
    found = _school_automaton().find_matches_as_indexes(text, overlapping=True)
    return dict(sorted((begin, end) for _, begin, end in found))


def _is_long(key: str) -> bool:
    return len(key) >= SHORTEST_MISSPELT and key.isascii() and key.isalpha()


def _near(text: str, begin: int, name: str, offset: int) -> Iterator[Misspelt]:
    """Yield the spans around a piece that are one edit from its name, the first letter right."""
    from rapidfuzz.distance import OSA

    size = len(name)
    if offset < 0:
        end = begin - offset
        spans = [(end - length, end) for length in (size, size - 1, size + 1)]
    else:
        start = begin - offset
        spans = [(start, start + length) for length in (size, size - 1, size + 1)]
    for first, last in spans:
        if first >= 0 and last <= len(text) and text[first] == name[0]:
            written = text[first:last]
            if OSA.distance(written, name, score_cutoff=1) == 1:
                yield Misspelt(first, last, written, name)


def _is_meant(field: FieldReading, one: Misspelt, ends: Mapping[int, int]) -> bool:
    """Whether what is written is a name, or words, in its own right.

    A name and the word for a school right behind it are one: "amberleyschooll" of a library.
    """
    for name, first, last in field.spans:
        covers = first <= one.begin + 1 and max(last, ends.get(last, 0)) >= one.end - 1
        if covers and name != one.name:
            return True
    return not name_segmenter().segment(one.written, frozenset()).gap
