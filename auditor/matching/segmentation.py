"""Fused words taken apart: the words of a lexicon a text is made of, and what none explains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import ahocorasick_rs

from auditor.matching.vocabulary import NOTHING, Tag, lexicon, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    # The cheapest way to have read up to a place: (cost, the step before, text, what it says or
    # None for an unexplained character, whether it asks for an explained neighbour).
    Step = tuple[float, "Step | None", str, Tag | None, bool]
    Ways = dict[bool | None, Step]
    Word = tuple[int, str, Tag]

LONGEST_WORD = 28
SHORT_WORD = 4
LONGEST_NUMBER = 4
MOST_KEPT = 8192
WORD_COST, SHORT_COST, OPENING_COST = 0.3, 0.7, 1.0
COST: Final = 0
BEFORE: Final = 1
TEXT: Final = 2
TAG: Final = 3
LOOSE: Final = 4


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The words found with what they say, in order, and the runs that stay unexplained."""

    words: tuple[tuple[str, Tag], ...] = ()
    unexplained: tuple[str, ...] = ()

    @property
    def tags(self) -> Tag:
        """Everything the words say together."""
        return Tag(self.bits)

    @property
    def bits(self) -> int:
        """``tags`` as a plain number, which is much sooner added up."""
        said = 0
        for _, tag in self.words:
            said = int.__or__(said, tag)
        return said

    @property
    def gap(self) -> int:
        """How many characters no word explains."""
        return sum(map(len, self.unexplained))


def segment(text: str, starts: frozenset[int], lexicon: Mapping[str, Tag]) -> Segmentation:
    """Take ``text`` apart into words of ``lexicon``; see ``Segmenter``."""
    return Segmenter(lexicon).segment(text, starts)


class Segmenter:
    """A lexicon made ready: its words in one automaton."""

    def __init__(self, lexicon: Mapping[str, Tag]) -> None:
        known = [one for one in lexicon.items() if 0 < len(one[0]) <= LONGEST_WORD]
        self._known = [(len(w), w, tag) for w, tag in known if not _is_short_number(w)]
        words = [word for _, word, _ in self._known]
        self._automaton = ahocorasick_rs.AhoCorasick(words or ["\0"])
        self.segment = lru_cache(maxsize=MOST_KEPT)(self._segment)
        self._state_codes = frozenset(
            word for word, tag in lexicon.items() if len(word) == 2 and tag & ~Tag.OURS == Tag.STATE
        )

    def _segment(self, text: str, starts: frozenset[int]) -> Segmentation:
        """Take ``text`` apart into words so that as little as possible is left over.

        ``starts`` are the places where words begin or end for certain (0 and the length count).  No
        word goes across one unless it begins and ends at one.  A word of up to four letters inside
        a longer one needs explained neighbours, so that "shoes" does not end in the "es" of a
        school.  Numbers of up to four digits explain themselves.
        """
        size = len(text)
        marks = {0, size, *(start for start in starts if 0 < start < size)}
        read: list[Ways] = [{} for _ in range(size + 1)]
        read[0][True] = (0.0, None, "", NOTHING, False)
        found = self._find_words(text)
        for first, barrier in pairwise(sorted(marks)):
            for begin in range(first, barrier):
                if read[begin]:
                    if begin in found:
                        self._extend(read, begin, found[begin], marks, barrier)
                    _leave(read, begin, text[begin], at_mark=begin in marks)
        return _unwind(_cheapest(read[size]))

    def _extend(
        self, read: list[Ways], begin: int, words: Sequence[Word], marks: set[int], barrier: int
    ) -> None:
        """Read on from ``begin`` by every word that may stand there."""
        at_mark = begin in marks
        ways = read[begin]
        best = _cheapest(ways)
        best_told = None
        for step in ways.values():
            if (step[TAG] is not None or at_mark) and (
                best_told is None or step[COST] < best_told[COST]
            ):
                best_told = step
        for length, word, tag in words:
            end = begin + length
            ends_at_mark = end in marks
            if end > barrier and not (at_mark and ends_at_mark):
                continue
            if length == 2 and not ends_at_mark and word in self._state_codes:
                continue
            short = length <= SHORT_WORD
            before = best_told if short else best
            if before is None:
                continue
            cost = before[COST] + (SHORT_COST if short else WORD_COST)
            loose = short and not ends_at_mark
            known = read[end].get(not loose)
            if known is None or cost < known[COST]:
                read[end][not loose] = (cost, before, word, tag, loose)

    def _find_words(self, text: str) -> dict[int, list[Word]]:
        """Return the words and short numbers that begin at each place: length, word, meaning."""
        found: dict[int, list[Word]] = {}
        for number, begin, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            found.setdefault(begin, []).append(self._known[number])
        if not text.isalpha():
            for begin, char in enumerate(text):
                if char.isdecimal():
                    found.setdefault(begin, []).extend(_numbers_at(text, begin))
        return found


def _is_short_number(word: str) -> bool:
    return len(word) <= LONGEST_NUMBER and word.isdecimal()


def _numbers_at(text: str, begin: int) -> Iterator[Word]:
    for length in range(1, min(LONGEST_NUMBER, len(text) - begin) + 1):
        word = text[begin : begin + length]
        if not word.isdecimal():
            return
        yield length, word, NOTHING


@cache
def segmenter() -> Segmenter:
    """Return the segmenter of the packaged vocabulary."""
    return Segmenter(vocabulary())


@cache
def name_segmenter() -> Segmenter:
    """Return the segmenter that knows given names too."""
    return Segmenter(lexicon())


def _cheapest(ways: Ways) -> Step:
    """Return the cheapest step, the first of equals."""
    steps = iter(ways.values())
    best = next(steps)
    for step in steps:
        if step[COST] < best[COST]:
            best = step
    return best


def _leave(read: list[Ways], begin: int, char: str, *, at_mark: bool) -> None:
    """Pass over one character that no word explains."""
    ahead = read[begin + 1]
    for step in read[begin].values():
        if step[LOOSE]:
            continue
        opening = OPENING_COST if step[TAG] is not None or at_mark else 0.0
        cost = step[COST] + 1.0 + opening
        known = ahead.get(None)
        if known is None or cost < known[COST]:
            ahead[None] = (cost, step, char, None, False)


def _unwind(last: Step) -> Segmentation:
    words: list[tuple[str, Tag]] = []
    gaps: list[str] = []
    step: Step | None = last
    open_gap = ""
    while step is not None and step[BEFORE] is not None:
        tag = step[TAG]
        if tag is None:
            open_gap = step[TEXT] + open_gap
        else:
            if open_gap:
                gaps.append(open_gap)
            open_gap = ""
            words.append((step[TEXT], tag))
        step = step[BEFORE]
    if open_gap:
        gaps.append(open_gap)
    return Segmentation(tuple(reversed(words)), tuple(reversed(gaps)))
