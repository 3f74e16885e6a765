"""Which brands a profile may carry: every name of every brand found in it, the best a brand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.misspelling import FULL_KINDS, Misspellings
from auditor.matching.namesakes import (
    Namesakes,
    fit_of,
    gap_factor,
    institution_weight,
)
from auditor.matching.naming import NameKind
from auditor.matching.own_words import SHORTEST_PLACE, Own, Told, cues_in, own_of, tell, told_gap
from auditor.matching.profile_reading import ProfileReading
from auditor.matching.registered_names import Said, agreement
from auditor.matching.shortlist import Shortlist

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.matching.brand import Brand, Term
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.namesakes import Crowd
    from auditor.matching.profile_reading import Beside, FieldReading, Standing
    from connectors.records import Profile

LONGEST_WEAK = 3
LEAST_SHARE, LEAST_WEIGHT = 0.018, 1e-6
WEAK_KINDS = frozenset({NameKind.INITIALS, NameKind.MASCOT})
WEAKER = 0.5


@dataclass(slots=True, eq=False)
class Hypothesis:
    """One brand's best reading in one field, with its weight and all others' there.

    Not frozen: a sweep makes ten a profile, and a frozen one takes several times as long to make.
    """

    own: Own
    term: Term
    field: FieldReading
    place: int
    begin: int
    end: int
    beside: Beside
    gap: int
    told: tuple[Told, ...]
    fit: float
    bare: float
    agreement: float
    weight: float
    standing: Standing
    rivals: float
    namesakes: Namesakes
    states: frozenset[str]
    location: str
    is_faint: bool = False
    said_again: int = 0
    contrary: float = 0.0

    def crowd_of(self, key: str) -> Crowd:
        """Return everybody in the country who bears ``key``."""
        return self.namesakes.crowd(key)

    @property
    def crowd(self) -> Crowd:
        """Return everybody in the country who bears the name found."""
        return self.namesakes.crowd(self.term.key)

    @property
    def alike(self) -> float:
        """How many others bear the very name and fit the words beside it half as well or better."""
        many = self.crowd.weights(self.beside, self.states).count_from(self.bare / 2)
        return max(0, many - len(self.crowd.by_district.get(self.own.brand.district_id or "", ())))

    @property
    def registered(self) -> Said:
        """The words of kind in the institution's registered name."""
        return self.own.registered[self.term.school]

    @property
    def own_weight(self) -> float:
        """The weight of all the brand's institutions that the field may mean."""
        return max(self.weight, self.standing.total - self.rivals)

    @property
    def in_state(self) -> float:
        """How many bearers of the very name there are in our state, in logarithms."""
        ours = self.own.state
        if not self.crowd.groups:  # our own name, which the gazetteer does not have
            return math.log1p(1)
        return math.log1p(self.crowd.in_state.get(ours, 0))

    @property
    def share(self) -> float:
        """Our part of all the weight the field may carry."""
        return self.weight / (self.weight + self.rivals) if self.weight else 0.0


def _strength(found: Hypothesis) -> tuple[float, float]:
    """Order a brand's readings: by our share in hundredths, initials after names, then by fit."""
    factor = WEAKER if found.term.kind in WEAK_KINDS else 1.0
    return round(found.share * factor, 2), found.weight


def _is_read_as_written(by_field: dict[int, Hypothesis]) -> bool:
    """Whether a brand is found without putting anything right; then no mistake is looked for."""
    return any(found.field.field.misspelt is None for found in by_field.values())


def _leading(by_field: dict[int, Hypothesis], reading: ProfileReading) -> Hypothesis:
    """Choose a brand's best field; count the others that say it again or say another name."""
    best = max(by_field.values(), key=_strength)
    name = best.field.field.name
    again, contrary = 0, 0.0
    for place, field in enumerate(reading.fields):
        if name == "bio" or field.field.name in {name, "bio"} or len(field.text) < SHORTEST_PLACE:
            continue
        if field.field.misspelt:
            continue
        other = by_field.get(place)
        if other is None:
            contrary = max(contrary, reading.standing(place).total)
        else:
            again += 1
    if not again and not contrary:
        return best
    return replace(best, said_again=again, contrary=0.0 if again else contrary)


class BrandIndex:
    """All names of some brands in one automaton: reads a profile once for all of them."""

    def __init__(self, brands: Sequence[Brand], gazetteer: Gazetteer) -> None:
        self.owns = [own_of(number, brand) for number, brand in enumerate(brands)]
        self.namesakes = Namesakes(gazetteer)
        self.terms: dict[str, list[tuple[int, Term]]] = {}
        for place, brand in enumerate(brands):
            for term in brand.terms:
                self.terms.setdefault(term.key, []).append((place, term))
        self.weak = {key for key, own in self.terms.items() if all(_is_weak(t) for _, t in own)}
        self._shortlist = Shortlist(self.owns)
        self.misspellings = Misspellings(self.terms, self.namesakes)
        self._keys = list(self.terms)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keys or ["\0"])

    def may_name(self, text: str) -> bool:
        """Whether a name of any brand may stand in a folded, fused text, misspelt or not."""
        is_there = bool(self._automaton.find_matches_as_indexes(text))
        return is_there or self.misspellings.may_stand(text)

    def name_starts(self, text: str) -> Iterator[int]:
        """Yield where names stand in a folded text, of names that overlap the first alone."""
        return (start for _, start, _ in self._automaton.find_matches_as_indexes(text))

    def read(self, profile: Profile, *, with_faint: bool = False) -> list[Hypothesis]:
        """Return the best reading of every brand the profile may carry.

        ``with_faint`` adds those so far below the rest of the country that they are never flagged.
        """
        reading = ProfileReading(profile, self.namesakes)
        best: dict[int, dict[int, Hypothesis]] = {}
        faint: dict[int, Hypothesis] = {}
        for brand, found in self._read_fields(reading, with_faint=with_faint):
            place = found.place
            if found.is_faint:
                if brand not in faint or faint[brand].share < found.share:
                    faint[brand] = found
                continue
            by_field = best.setdefault(brand, {})
            if found.field.field.misspelt and _is_read_as_written(by_field):
                continue
            known = by_field.get(place)
            if known is None or _strength(known) < _strength(found):
                by_field[place] = found
        leading = {brand: _leading(by_field, reading) for brand, by_field in best.items()}
        return [found for _, found in sorted((faint | leading).items())]

    def _read_fields(
        self, reading: ProfileReading, *, with_faint: bool
    ) -> Iterator[tuple[int, Hypothesis]]:
        for place, field in enumerate(reading.fields):
            yield from self._read_field(reading, place, field, with_faint)
        for place in reading.put_right(self.misspellings):
            yield from self._read_misspelt(reading, place, reading.fields[place], with_faint)

    def _read_misspelt(
        self, reading: ProfileReading, place: int, field: FieldReading, with_faint: bool
    ) -> Iterator[tuple[int, Hypothesis]]:
        """Read the name that was put right, and no other there."""
        misspelt = field.field.misspelt
        if misspelt is None:
            return
        begin, key = misspelt.begin, misspelt.name
        span = begin, begin + len(key)
        if field.is_apart(*span):
            beside = field.beside(*span)
            for one in self._weigh_span(reading, place, key, span, beside, with_faint):
                if one[1].term.kind in FULL_KINDS:
                    yield one

    def _read_field(
        self, reading: ProfileReading, place: int, field: FieldReading, with_faint: bool
    ) -> Iterator[tuple[int, Hypothesis]]:
        found = self._automaton.find_matches_as_indexes(field.text, overlapping=True)
        for number, begin, end in found:
            if not field.is_apart(begin, end):
                continue
            key = self._keys[number]
            if key in self.weak and not self._may_stand(field, begin, end):
                continue
            beside = field.beside(begin, end)
            yield from self._weigh_span(reading, place, key, (begin, end), beside, with_faint)

    def _may_stand(self, field: FieldReading, begin: int, end: int) -> bool:
        """Whether a weak name may be read there: all beside it explained, or two ends of words."""
        edges = field.edges(begin, end)
        if edges == 1:
            beside = field.beside(begin, end)
            rest = "|".join(beside.unexplained)
            if not beside.gap or self._shortlist.shown(rest, frozenset()):
                return True
            return bool(self._shortlist.cued(cues_in(beside)))
        return edges == 2

    def _weigh_span(
        self,
        reading: ProfileReading,
        place: int,
        key: str,
        span: tuple[int, int],
        beside: Beside,
        with_faint: bool,
    ) -> Iterator[tuple[int, Hypothesis]]:
        """Weigh every brand that has ``key``; those far below the others are left out early."""
        context = reading.context
        standing = reading.standing(place)
        chunks = [c for c in context.chunks if len(c) >= SHORTEST_PLACE and c not in key]
        rest = "|".join({*beside.unexplained, *chunks}) + "|" + context.location
        plain = gap_factor(beside.gap, len(key))
        least = max(standing.total * LEAST_SHARE, LEAST_WEIGHT)
        cues = cues_in(beside, context)
        edges = reading.fields[place].edges(*span)
        shown = self._shortlist.shown(rest, context.domains) + self._shortlist.cued(cues)
        bearers, shown_here = self._shortlist.select(
            key, self.terms[key], beside, context.states, shown, 0 if with_faint else least / plain
        )
        for brand, term in bearers:
            if not edges and _is_weak(term):
                continue
            own = self.owns[brand]
            fit = fit_of(int(term.tags), beside.tags)
            registered = own.registered[term.school]
            bare = institution_weight(
                int(term.tags), term.quality, own.state, registered, beside, key, context.states
            )
            told = tell(own, term, rest, cues, context) if brand in shown_here else ()
            gap = beside.gap - told_gap(told, beside) if told else beside.gap
            if _is_weak(term) and edges < 2 and gap > 0:
                continue
            weight = bare * (plain if gap == beside.gap else gap_factor(gap, len(key)))
            for one in told:
                weight *= one.factor
            is_faint = weight < least
            if is_faint and not with_faint:
                continue
            rivals = self._rivals(own, standing, context.states)
            yield brand, Hypothesis(
                own, term, reading.fields[place], place, *span, beside, gap, told, fit, bare,
                agreement(registered, beside.kinds, key), weight,
                standing, rivals, self.namesakes, context.states, context.location, is_faint,
            )  # fmt: skip

    def _rivals(self, own: Own, standing: Standing, states: frozenset[str]) -> float:
        """Weigh everybody the field may mean but ourselves."""
        rivals = standing.total
        for key, beside, _, found in standing.names:
            crowd = self.namesakes.crowd(key)
            ours = own.among(crowd)
            if not ours:
                continue
            weights = crowd.weights(beside, states).by_group
            shown = {bearer.place: told for bearer, *told in found}
            for bearer in ours:
                gap, factor = shown.get(bearer.place, (beside.gap, 1.0))
                weight = weights[crowd.group_of[bearer.place]]
                rivals -= weight * factor * gap_factor(int(gap), len(key))
        return max(rivals, 0.0)


def _is_weak(term: Term) -> bool:
    """Whether a name is so short that it says something only where all else is explained."""
    return term.kind is NameKind.INITIALS or len(term.key) <= LONGEST_WEAK
