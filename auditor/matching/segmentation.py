"""Fused words taken apart: the words of a lexicon a text is made of, and what none explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.matching.vocabulary import NOTHING, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WORD = 28
SHORT_WORD = 4
LONGEST_NUMBER = 4
WORD_COST, SHORT_COST, OPENING_COST = 0.3, 0.7, 1.0


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The words found with what they say, in order, and the runs that stay unexplained."""

    words: tuple[tuple[str, Tag], ...] = ()
    unexplained: tuple[str, ...] = ()

    @property
    def tags(self) -> Tag:
        """Everything the words say together."""
        said = NOTHING
        for _, tag in self.words:
            said |= tag
        return said

    @property
    def gap(self) -> int:
        """How many characters no word explains."""
        return sum(map(len, self.unexplained))


@dataclass(frozen=True, slots=True)
class Step:
    """The cheapest way to have read up to a place; ``loose`` asks for an explained neighbour."""

    cost: float
    previous: Step | None
    text: str
    tag: Tag | None
    loose: bool


def segment(text: str, starts: frozenset[int], lexicon: Mapping[str, Tag]) -> Segmentation:
    """Take ``text`` apart into words of ``lexicon`` so that as little as possible is left over.

    ``starts`` are the places where words begin or end for certain (0 and the length count).  No
    word goes across one unless it begins and ends at one.  A word of up to four letters inside a
    longer one needs explained neighbours, so that "shoes" does not end in the "es" of a school.
    Numbers of up to four digits explain themselves.
    """
    size = len(text)
    marks = sorted({0, size, *(start for start in starts if 0 < start < size)})
    read: list[dict[bool | None, Step]] = [{} for _ in range(size + 1)]
    read[0][True] = Step(0.0, None, "", NOTHING, loose=False)
    for begin in range(size):
        if read[begin]:
            _extend(read, begin, text, marks, lexicon)
    last = min(read[size].values(), key=lambda step: step.cost)
    return _unwind(last)


def _extend(
    read: list[dict[bool | None, Step]],
    begin: int,
    text: str,
    marks: list[int],
    lexicon: Mapping[str, Tag],
) -> None:
    """Read on from ``begin`` by every word that may stand there, or past one character."""
    at_mark = begin in marks
    best = min(read[begin].values(), key=lambda step: step.cost)
    told = [step for step in read[begin].values() if step.tag is not None or at_mark]
    best_told = min(told, key=lambda step: step.cost, default=None)
    barrier = next((mark for mark in marks if mark > begin), len(text))
    for end in range(begin + 1, min(len(text), begin + LONGEST_WORD) + 1):
        ends_at_mark = end in marks
        if end > barrier and not (at_mark and ends_at_mark):
            continue
        tag = _meaning(text[begin:end], lexicon)
        if tag is None:
            continue
        if end - begin == 2 and not ends_at_mark and tag & ~Tag.OURS == Tag.STATE:
            continue
        short = end - begin <= SHORT_WORD
        before = best_told if short else best
        if before is None:
            continue
        cost = before.cost + (SHORT_COST if short else WORD_COST)
        loose = short and not ends_at_mark
        _offer(read[end], not loose, Step(cost, before, text[begin:end], tag, loose))
    _leave(read, begin, text, at_mark=at_mark)


def _meaning(word: str, lexicon: Mapping[str, Tag]) -> Tag | None:
    """What a word says; a short number says nothing, and None is no word at all."""
    if word.isdecimal() and len(word) <= LONGEST_NUMBER:
        return NOTHING
    return lexicon.get(word)


def _leave(read: list[dict[bool | None, Step]], begin: int, text: str, *, at_mark: bool) -> None:
    """Pass over one character that no word explains."""
    for step in read[begin].values():
        if step.loose:
            continue
        opening = OPENING_COST if step.tag is not None or at_mark else 0.0
        cost = step.cost + 1.0 + opening
        _offer(read[begin + 1], None, Step(cost, step, text[begin], None, loose=False))


def _offer(ways: dict[bool | None, Step], state: bool | None, step: Step) -> None:
    known = ways.get(state)
    if known is None or step.cost < known.cost:
        ways[state] = step


def _unwind(last: Step) -> Segmentation:
    words: list[tuple[str, Tag]] = []
    gaps: list[str] = []
    step: Step | None = last
    open_gap = ""
    while step is not None and step.previous is not None:
        if step.tag is None:
            open_gap = step.text + open_gap
        else:
            if open_gap:
                gaps.append(open_gap)
            open_gap = ""
            words.append((step.text, step.tag))
        step = step.previous
    if open_gap:
        gaps.append(open_gap)
    return Segmentation(tuple(reversed(words)), tuple(reversed(gaps)))
