"""Fused words taken apart: the words of a lexicon a text is made of, and what none explains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from auditor.matching.vocabulary import NOTHING, Tag, lexicon, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    # The cheapest way to have read up to a place: (cost, the step before, text, what it says or
    # None for an unexplained character, whether it asks for an explained neighbour).
    Step = tuple[float, "Step | None", str, Tag | None, bool]
    Ways = dict[bool | None, Step]
    Words = Sequence[tuple[int, str, Tag]]

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
    """A lexicon made ready: which lengths of word begin with which two letters."""

    def __init__(self, lexicon: Mapping[str, Tag]) -> None:
        self._lexicon = lexicon
        lengths: dict[str, set[int]] = {}
        for word in lexicon:
            if 0 < len(word) <= LONGEST_WORD:
                lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths = {opening: tuple(sorted(found)) for opening, found in lengths.items()}
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
        for first, barrier in pairwise(sorted(marks)):
            for begin in range(first, barrier):
                if read[begin]:
                    if words := self._words_at(text, begin):
                        self._extend(read, begin, words, marks, barrier)
                    _leave(read, begin, text[begin], at_mark=begin in marks)
        return _unwind(_cheapest(read[size]))

    def _extend(
        self, read: list[Ways], begin: int, words: Words, marks: set[int], barrier: int
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

    def _words_at(self, text: str, begin: int) -> Words:
        """Return every word and short number that begins at a place: length, word, meaning."""
        opening = text[begin : begin + 2]
        lengths, is_number = self._lengths.get(opening, ()), opening[0].isdecimal()
        if len(opening) == 2 and (alone := self._lengths.get(opening[0])):
            lengths = (*alone, *lengths)
        if not lengths and not is_number:
            return ()
        left, lexicon = len(text) - begin, self._lexicon
        found = []
        for length in lengths:
            if length > left:
                break
            word = text[begin : begin + length]
            tag = lexicon.get(word)
            if tag is not None and not (
                is_number and length <= LONGEST_NUMBER and word.isdecimal()
            ):
                found.append((length, word, tag))
        if is_number:
            for length in range(1, min(LONGEST_NUMBER, left) + 1):
                word = text[begin : begin + length]
                if not word.isdecimal():
                    break
                found.append((length, word, NOTHING))
        return found


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
