"""What a profile's names say, read once for every brand: words, gaps, and who nationally fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.matching.context import Context, read_context
from auditor.matching.fields import fields_of
from auditor.matching.namesakes import bearer_weight, gap_factor
from auditor.matching.registered_names import NONE_SAID, Said, initials_said, kinds_said
from auditor.matching.segmentation import Segmentation, segmenter
from auditor.matching.vocabulary import Tag

if TYPE_CHECKING:
    from auditor.matching.fields import Field
    from auditor.matching.gazetteer import Bearer
    from auditor.matching.namesakes import Namesakes
    from connectors.records import Profile

LONGEST_NAME, SHORTEST_NAME = 40, 3
NOTHING_BESIDE = Segmentation()
STATE_BIT, OURS_BIT = int(Tag.STATE), int(Tag.OURS)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands before and after a name: words, their tags, and what no word explains."""

    words: tuple[tuple[str, int], ...]
    left: tuple[str, ...]
    right: tuple[str, ...]
    tags: int
    gap: int
    kinds: Said = NONE_SAID
    initials: Said = NONE_SAID

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The runs no word explains, in order."""
        return self.left + self.right


@dataclass(frozen=True, slots=True)
class Standing:
    """All that nationally fits one field: the weight of everybody, and by name where it stands."""

    total: float
    names: tuple[tuple[str, Beside, float], ...]


class FieldReading:
    """One field of a profile, taken apart around every name."""

    def __init__(self, field: Field, namesakes: Namesakes) -> None:
        self.field, self._namesakes = field, namesakes
        self.text, self.starts = field.words.squeezed, field.words.starts
        self._before: dict[int, Segmentation] = {}
        self._after: dict[int, Segmentation] = {}
        self._beside: dict[tuple[int, int], Beside] = {}

    def is_apart(self, begin: int, end: int) -> bool:
        """Whether a span lies within one word or begins and ends where words do."""
        starts = self.starts
        if begin in starts and end in starts:
            return True
        return not any(begin < start < end for start in starts)

    def edges(self, begin: int, end: int) -> int:
        """Count the ends of a span that are ends of words too."""
        return (begin in self.starts) + (end in self.starts)

    def beside(self, begin: int, end: int) -> Beside:
        """Take apart what stands before and after a span."""
        known = self._beside.get((begin, end))
        if known is None:
            known = self._beside[begin, end] = self._take_apart(begin, end)
        return known

    def _take_apart(self, begin: int, end: int) -> Beside:
        left, right = self._before.get(begin), self._after.get(end)
        if left is None:
            left = self._before[begin] = _segment(self.text[:begin], self.starts)
        if right is None:
            after = frozenset(start - end for start in self.starts if start >= end)
            right = self._after[end] = _segment(self.text[end:], after)
        rest = () if self.field.name == "bio" else right.unexplained
        words = tuple((word, int(tag)) for word, tag in left.words + right.words)
        tags = 0
        for _, tag in words:
            tags |= tag
        gap = sum(map(len, left.unexplained)) + sum(map(len, rest))
        said, initials = kinds_said(words), initials_said(words)
        return Beside(words, left.unexplained, rest, tags, gap, said, initials)

    @cached_property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """Every nationally borne name in the text that does not cross words."""
        text, keys, size = self.text, self._namesakes.keys, len(self.text)
        return tuple(
            (text[begin:end], begin, end)
            for begin in range(size - SHORTEST_NAME + 1)
            for end in range(begin + SHORTEST_NAME, min(size, begin + LONGEST_NAME) + 1)
            if text[begin:end] in keys and self.is_apart(begin, end)
        )

    def standing(self, context: Context) -> Standing:
        """Weigh everybody in the country whom the text may mean."""
        total, names = 0.0, []
        for key, begin, end in self.spans:
            if len(key) < 4 and not (begin in self.starts and end in self.starts):
                continue
            beside = self.beside(begin, end)
            weight = self.weigh(key, beside, context)
            total += weight
            names.append((key, beside, weight))
        names.sort(key=lambda name: -name[2])
        return Standing(total, tuple(names))

    def weigh(self, key: str, beside: Beside, context: Context) -> float:
        """Weigh all bearers of one name in the text."""
        crowd = self._namesakes.crowd(key)
        states = context.states
        factor = gap_factor(beside.gap, len(key))
        weight = crowd.weight(beside, states) * factor
        for bearer, gap in self.in_shown_town(key, beside, context):
            base = bearer_weight(bearer, key, beside, states, in_town=False)
            told = bearer_weight(bearer, key, beside, states, in_town=True)
            weight += told * gap_factor(gap, len(key)) - base * factor
        return weight

    def in_shown_town(self, key: str, beside: Beside, context: Context) -> list[tuple[Bearer, int]]:
        """Return the bearers whose town the profile names, with the gap that is then left."""
        chunks = [chunk for chunk in beside.unexplained if len(chunk) > 3]
        places = "|".join([*chunks, context.location])
        if len(places) < 5:
            return []
        found = self._namesakes.crowd(key).shown_towns(places)
        if key not in context.location:  # a town's name is said twice only where it is a place
            found = [bearer for bearer in found if bearer.town_key != key]
        gaps = "|".join(chunks)
        return [(b, beside.gap - (len(b.town_key) if b.town_key in gaps else 0)) for b in found]


class ProfileReading:
    """A profile read once; ``context`` is what it shows of its place."""

    def __init__(self, profile: Profile, namesakes: Namesakes) -> None:
        self.profile = profile
        self.fields = [FieldReading(field, namesakes) for field in fields_of(profile)]
        self._standings: dict[int, Standing] = {}

    @cached_property
    def context(self) -> Context:
        """States, location, link domains, and the words of the names."""
        chunks: set[str] = set()
        states: set[str] = set()
        for field in self.fields:
            spans = [span for span in field.spans if len(span[0]) > 3]
            best = min(
                (field.beside(begin, end) for _, begin, end in spans[:60]),
                key=lambda beside: beside.gap,
                default=None,
            )
            if best is None:
                best = field.beside(0, 0)
            chunks |= set(best.unexplained) | set(field.field.words.words)
            states |= {word for word, tag in best.words if tag & ~OURS_BIT == STATE_BIT}
        return read_context(self.profile, chunks, states)

    def standing(self, place: int) -> Standing:
        """Return the national standing of the field at ``place``."""
        known = self._standings.get(place)
        if known is None:
            known = self._standings[place] = self.fields[place].standing(self.context)
        return known


def _segment(text: str, starts: frozenset[int]) -> Segmentation:
    return segmenter().segment(text, starts) if text else NOTHING_BESIDE
