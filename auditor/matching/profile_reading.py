"""What a profile's names say, read once for every brand: words, gaps, and who nationally fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.matching.context import TOWN, Context, read_context
from auditor.matching.fields import fields_of, spelt_right
from auditor.matching.namesakes import OPENING, cue_factor, gap_factor
from auditor.matching.registered_names import NONE_SAID, Said, initials_said, kinds_said
from auditor.matching.segmentation import Segmentation, Segmenter, name_segmenter, segmenter
from auditor.matching.vocabulary import EDUCATION, Tag, corrected, vocabulary, words_of

if TYPE_CHECKING:
    from auditor.matching.fields import Field
    from auditor.matching.gazetteer import Bearer
    from auditor.matching.misspelling import Misspellings
    from auditor.matching.namesakes import Namesakes
    from connectors.records import Profile

    Shown = list[tuple[Bearer, int, float]]

SHORTEST_NAME, LONGEST_NAME = 3, 40
LONGEST_CUT = 6
INSIDE = 0.15
NOTHING_BESIDE = Segmentation()
SCHOOLISH_BITS = int(EDUCATION | Tag.UNIT | Tag.MASCOT)
STATE_BIT, OURS_BIT, PERSON_BIT = int(Tag.STATE), int(Tag.OURS), int(Tag.PERSON)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands before and after a name: words, their tags, and what no word explains.

    ``inside`` is below 1 where the name is only a part of a longer one: Park of "Charlotte Park".
    """

    words: tuple[tuple[str, int], ...]
    left: tuple[str, ...]
    right: tuple[str, ...]
    tags: int
    gap: int
    kinds: Said = NONE_SAID
    initials: Said = NONE_SAID
    inside: float = 1.0

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The runs no word explains, in order."""
        return self.left + self.right


class Borne(NamedTuple):
    """A name in a field: what stands beside it, all its bearers' weight, and who is shown.

    Of those whose town or district the profile names ``shown`` has the gap that is then left and
    what it multiplies their weight by.
    """

    key: str
    beside: Beside
    weight: float
    shown: Shown


@dataclass(frozen=True, slots=True)
class Standing:
    """All that nationally fits one field: everybody's weight, and the names, heaviest first."""

    total: float
    names: tuple[Borne, ...]


class FieldReading:
    """One field of a profile, taken apart around every name."""

    def __init__(self, field: Field, namesakes: Namesakes) -> None:
        self.field, self._namesakes = field, namesakes
        self.text, self.starts = field.words.squeezed, field.words.starts
        self._before: dict[tuple[int, int], Segmentation] = {}
        self._after: dict[int, Segmentation] = {}
        self._beside: dict[tuple[int, int], Beside] = {}
        self._shown: dict[tuple[str, int], Shown] = {}

    def is_apart(self, begin: int, end: int) -> bool:
        """Whether a span lies within one word or begins where one does: "mt.vernonelementary"."""
        starts = self.starts
        if begin in starts and (end in starts or begin + LONGEST_CUT < end):
            return True
        return not any(begin < start < end and not self._is_number(start) for start in starts)

    def _is_number(self, start: int) -> bool:
        """Whether the word that begins at ``start`` is a number: "d202" is one name."""
        return self.text[start].isdecimal()

    def edges(self, begin: int, end: int) -> int:
        """Count the ends of a span that are ends of words too: both of d47 in "d47schools"."""
        if begin not in self.starts:
            return int(end in self.starts)
        return 1 + (end in self.starts or self._ends_number(end))

    def _ends_number(self, end: int) -> bool:
        return self.text[end - 1].isdecimal() and self.text[end : end + 1].isalpha()

    def beside(self, begin: int, end: int) -> Beside:
        """Take apart what stands before and after a span."""
        known = self._beside.get((begin, end))
        if known is None:
            known = self._beside[begin, end] = self._take_apart(begin, end)
        return known

    def _take_apart(self, begin: int, end: int) -> Beside:
        left, right = self._segments(begin, end, name_segmenter())
        told = left.bits
        if told & PERSON_BIT and not (told | right.bits) & SCHOOLISH_BITS:
            left, right = self._segments(begin, end, segmenter())
        left, right = _corrected(left), _corrected(right)
        rest = () if self.field.name == "bio" else right.unexplained
        words = tuple((word, int(tag)) for word, tag in left.words + right.words)
        tags = left.bits | right.bits
        gap = sum(map(len, left.unexplained)) + sum(map(len, rest))
        said, initials = kinds_said(words), initials_said(words)
        inside = INSIDE if self._is_inside(begin, end) else 1.0
        return Beside(words, left.unexplained, rest, tags, gap, said, initials, inside)

    def _is_inside(self, begin: int, end: int) -> bool:
        """Whether a longer borne name holds the span and more than words for a school."""
        school_words, length = words_of(EDUCATION), end - begin
        for first, last in self._longest_spans:
            if last - first <= length:
                return False
            if first <= begin and end <= last:
                more = (self.text[first:begin], self.text[end:last])
                if any(part not in school_words for part in more if part):
                    return True
        return False

    def _segments(
        self, begin: int, end: int, words: Segmenter
    ) -> tuple[Segmentation, Segmentation]:
        left, right = self._before.get((begin, id(words))), self._after.get(end)
        if left is None:
            left = _segment(self.text[:begin], self.starts, words)
            self._before[begin, id(words)] = left
        if right is None:
            after = frozenset(start - end for start in self.starts if start >= end)
            right = self._after[end] = _segment(self.text[end:], after, segmenter())
        return left, right

    @cached_property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """Every nationally borne name in the text that does not cross words."""
        text, keys, size = self.text, self._namesakes.keys, len(self.text)
        lengths = self._namesakes.lengths
        found = []
        for begin in range(size - SHORTEST_NAME + 1):
            most = min(size - begin, LONGEST_NAME)
            for opening in range(SHORTEST_NAME, min(most, OPENING) + 1):
                for length in lengths.get(text[begin : begin + opening], ()):
                    if length > most:
                        break
                    end = begin + length
                    name = text[begin:end]
                    if name in keys and self.is_apart(begin, end):
                        found.append((name, begin, end))
        return tuple(found)

    @cached_property
    def _longest_spans(self) -> list[tuple[int, int]]:
        spans = [(first, last) for _, first, last in self.spans]
        return sorted(spans, key=lambda span: span[0] - span[1])

    def standing(self, context: Context) -> Standing:
        """Weigh everybody in the country whom the text may mean."""
        total, names = 0.0, []
        for key, begin, end in self.spans:
            if len(key) < 4 and not (begin in self.starts and end in self.starts):
                continue
            beside = self.beside(begin, end)
            weight = self.weigh(key, beside, context)
            total += weight
            names.append(Borne(key, beside, weight, self.shown(key, beside, context)))
        names.sort(key=lambda name: -name.weight)
        return Standing(total, tuple(names))

    def weigh(self, key: str, beside: Beside, context: Context) -> float:
        """Weigh all bearers of one name in the text."""
        crowd = self._namesakes.crowd(key)
        factor = gap_factor(beside.gap, len(key))
        weighed = crowd.weights(beside, context.states)
        weight = weighed.total * factor
        for bearer, gap, told in self.shown(key, beside, context):
            base = weighed.by_group[crowd.group_of[bearer.place]]
            weight += base * (told * gap_factor(gap, len(key)) - factor)
        return weight

    def shown(self, key: str, beside: Beside, context: Context) -> Shown:
        """Return the bearers whose town or district the profile names.

        With the gap that is then left, and what it multiplies their weight by.
        """
        known = self._shown.get((key, id(beside)))
        if known is None:
            known = self._shown[key, id(beside)] = self._find_shown(key, beside, context)
        return known

    def _find_shown(self, key: str, beside: Beside, context: Context) -> Shown:
        chunks = [chunk for chunk in beside.unexplained if len(chunk) > 2]
        places = "|".join([*(c for c in chunks if len(c) > 3), context.location])
        if not chunks and len(places) < 5:
            return []
        crowd, gaps = self._namesakes.crowd(key), "|".join(chunks)
        found: dict[Bearer, tuple[int, float]] = {}
        for bearer in crowd.shown_towns(places) if len(places) > 4 else ():
            town = bearer.town_key  # said twice only where it is a place
            if town != key or key in context.location:
                found[bearer] = (len(town) if town in gaps else 0, TOWN)
        for bearer, cue in crowd.shown_districts(chunks):
            length, factor = found.get(bearer, (0, 1.0))
            if factor <= TOWN:
                found[bearer] = (length + len(cue), factor * cue_factor(cue))
        return [(b, max(0, beside.gap - size), told) for b, (size, told) in found.items()]


class ProfileReading:
    """A profile read once; ``context`` is what it shows of its place."""

    def __init__(self, profile: Profile, namesakes: Namesakes) -> None:
        self.profile, self._namesakes = profile, namesakes
        self.fields = [FieldReading(field, namesakes) for field in fields_of(profile)]
        self._standings: dict[int, Standing] = {}

    def put_right(self, misspellings: Misspellings) -> range:
        """Add the fields as they would read without a misspelt name; return their places.

        What the profile shows of its place is what it shows as it is written.
        """
        first = len(self.fields)
        found = [
            (field.field, one)
            for field in self.fields
            if field.field.name != "bio" and not field.field.is_disguised
            for one in misspellings.find(field)
        ]
        if found:
            _ = self.context
            right = (FieldReading(spelt_right(*one), self._namesakes) for one in found)
            self.fields.extend(right)
        return range(first, len(self.fields))

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


def _corrected(part: Segmentation) -> Segmentation:
    """Read a misspelt word for a school as the word: "highshcool"."""
    meant = {run: word for run in part.unexplained if (word := corrected(run))}
    if not meant:
        return part
    known = vocabulary()
    words = (*part.words, *((word, known[word]) for word in meant.values()))
    return Segmentation(words, tuple(run for run in part.unexplained if run not in meant))


def _segment(text: str, starts: frozenset[int], words: Segmenter) -> Segmentation:
    return words.segment(text, starts) if text else NOTHING_BESIDE
