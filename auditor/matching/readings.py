"""Every way a brand's name can be read in a profile: the name, words beside it, what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.fields import fields_of
from auditor.matching.naming import NameKind
from auditor.matching.segmentation import Segmentation, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.matching.brand import Brand, Term
    from auditor.matching.fields import Field
    from auditor.matching.vocabulary import Tag
    from connectors.records import Profile

MOST_READINGS = 60
LONGEST_WEAK = 3


@dataclass(frozen=True, slots=True)
class NameReading:
    """One of our names in one field: where it stands and what stands beside it."""

    field: Field
    term: Term
    begin: int
    end: int
    beside: Segmentation

    @property
    def span(self) -> tuple[int, int]:
        """Where the name stands in the squeezed text."""
        return self.begin, self.end


class NameReader:
    """Finds every term of a brand in a profile and takes the rest of the text apart."""

    def __init__(self, brand: Brand, lexicon: Mapping[str, Tag]) -> None:
        self.lexicon = lexicon
        self._terms: dict[str, list[Term]] = {}
        for term in brand.terms:
            self._terms.setdefault(term.key, []).append(term)
        self._keys = list(self._terms)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keys or ["\0"])

    def read(self, profile: Profile) -> Iterator[NameReading]:
        """Yield every reading, of at most 60 places a field."""
        for field in fields_of(profile):
            spans = self._spans(field)
            for key, begin, end in spans[:MOST_READINGS]:
                beside = self.explain_beside(field, begin, end)
                if beside.gap and self._is_weak(key):
                    continue
                for term in self._terms[key]:
                    yield NameReading(field, term, begin, end, beside)

    def _spans(self, field: Field) -> list[tuple[str, int, int]]:
        found = self._automaton.find_matches_as_indexes(field.words.squeezed, overlapping=True)
        spans = [(self._keys[place], begin, end) for place, begin, end in found]
        return [s for s in spans if not self._is_buried(field, *s)]

    def _is_buried(self, field: Field, key: str, begin: int, end: int) -> bool:
        """Whether a name crosses words as no writer would, or initials stand inside a word."""
        if not self.is_apart(field, begin, end):
            return True
        starts = field.words.starts
        return begin not in starts and end not in starts and self._is_weak(key)

    def _is_weak(self, key: str) -> bool:
        """Whether a key is so short that it says something only where all else is explained."""
        kinds = {term.kind for term in self._terms[key]}
        return kinds == {NameKind.INITIALS} or len(key) <= LONGEST_WEAK

    def is_apart(self, field: Field, begin: int, end: int) -> bool:
        """Whether a span lies within one word or begins and ends where words do."""
        starts = field.words.starts
        if begin in starts and end in starts:
            return True
        return not any(begin < start < end for start in starts)

    def explain_beside(
        self, field: Field, begin: int, end: int, lexicon: Mapping[str, Tag] | None = None
    ) -> Segmentation:
        """Take apart what stands before and after a span; in a bio what follows may be anything."""
        words = field.words
        lexicon = self.lexicon if lexicon is None else lexicon
        left = segment(words.squeezed[:begin], words.starts, lexicon)
        after = frozenset(start - end for start in words.starts if start >= end)
        right = segment(words.squeezed[end:], after, lexicon)
        gaps = left.unexplained + right.unexplained
        if field.name == "bio":
            gaps = left.unexplained
        return Segmentation(left.words + right.words, gaps)
