"""Which brands a profile may carry: every name of every brand found in it, the best a brand."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.context import COUNTY, DISTRICT, DOMAIN, TOWN
from auditor.matching.namesakes import (
    Namesakes,
    bearer_weight,
    fit_of,
    gap_factor,
    institution_weight,
)
from auditor.matching.naming import NameKind, domain_keys, domain_labels, numbers_of
from auditor.matching.profile_reading import ProfileReading
from auditor.matching.registered_names import Said, agreement, kinds_in_name
from auditor.matching.shortlist import Shortlist
from auditor.matching.text import squeeze
from auditor.matching.vocabulary import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.matching.brand import Brand, Term
    from auditor.matching.context import Context
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.namesakes import Crowd
    from auditor.matching.profile_reading import Beside, FieldReading, Standing
    from connectors.records import Profile

LONGEST_WEAK = 3
LEAST_SHARE, LEAST_WEIGHT = 0.018, 1e-6
SHORTEST_PLACE, MOST_NAMES = 3, 6
DIGITS = re.compile(r"\d{3,4}")


@dataclass(frozen=True, slots=True)
class Own:
    """A brand made ready: what its own words mean, where its schools are, what it links to."""

    number: int
    brand: Brand
    words: dict[str, str]
    town_of: dict[str | None, frozenset[str]]
    domains: frozenset[str]
    state: str
    registered: dict[str | None, Said]


@dataclass(frozen=True, slots=True)
class Told:
    """A word of the brand's own that the profile shows besides the name."""

    what: str
    word: str
    factor: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One brand's best reading in one field, with its weight and all others' there."""

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
        found = self.crowd.weights(self.beside, self.states)
        many = sum(count for weight, count in found if weight >= self.bare / 2)
        return max(0, many - len(self.crowd.by_district.get(self.own.brand.district_id or "", ())))

    @property
    def told_factor(self) -> float:
        """What the brand's own words and the gap do to the bare weight."""
        return self.weight / self.bare if self.bare else 0.0

    @property
    def registered(self) -> Said:
        """The words of kind in the institution's registered name."""
        return self.own.registered[self.term.school]

    @property
    def best_other(self) -> float:
        """The weight of the likeliest single institution elsewhere, whatever its name."""
        ident, best = self.own.brand.district_id or "", 0.0
        for key, beside, whole in self.standing.names[:MOST_NAMES]:
            if whole <= best:
                break
            crowd = self.namesakes.crowd(key)
            ours = {crowd.weigh(b, beside, self.states) for b in crowd.by_district.get(ident, ())}
            found = crowd.weights(beside, self.states)
            others = [w for w, n in found if n > 1 or w not in ours]
            factor = gap_factor(beside.gap, len(key))
            best = max(best, max(others, default=0.0) * factor)
        return best

    @property
    def in_state(self) -> float:
        """How many bearers of the very name there are in our state, in logarithms."""
        ours = self.own.state
        return math.log1p(sum(n for (_, _, s, _), n in self.crowd.groups.items() if s == ours))

    @property
    def share(self) -> float:
        """Our part of all the weight the field may carry."""
        return self.weight / (self.weight + self.rivals) if self.weight else 0.0


def _strength(found: Hypothesis) -> tuple[float, float]:
    """Order a brand's readings: by our share in hundredths, then by how well they fit."""
    return round(found.share, 2), found.weight


def _leading(by_field: dict[int, Hypothesis], reading: ProfileReading) -> Hypothesis:
    """Choose a brand's best field; count the others that say it again or say another name."""
    best = max(by_field.values(), key=_strength)
    name = best.field.field.name
    again, contrary = 0, 0.0
    for place, field in enumerate(reading.fields):
        if name == "bio" or field.field.name in {name, "bio"} or len(field.text) < SHORTEST_PLACE:
            continue
        other = by_field.get(place)
        if other is None:
            contrary = max(contrary, reading.standing(place).total)
        else:
            again += 1
    return replace(best, said_again=again, contrary=0.0 if again else contrary)


FACTORS = {
    "names the district": DISTRICT, "names the town": TOWN, "names the county": COUNTY,
    "names our mascot": 10.0, "names the number": 15.0,
}  # fmt: skip


def own_of(number: int, brand: Brand) -> Own:
    """Make a brand ready for matching."""
    words: dict[str, str] = {}
    for label in (*domain_labels(brand.domains), *_district_keys(brand)):
        words.setdefault(label, "names the district")
    labels = " ".join(domain_labels(brand.domains))
    for digits in (*numbers_of(brand.name), *DIGITS.findall(labels)):
        words.setdefault(digits, "names the number")
    if brand.county:
        words[squeeze(brand.county.lower().removesuffix(" county"))] = "names the county"
    for mascot in (*brand.mascots, *(m for s in brand.schools for m in s.mascots)):
        words[squeeze(mascot)] = "names our mascot"
    towns = {squeeze(brand.city)} if brand.city else set()
    town_of: dict[str | None, frozenset[str]] = {}
    for school in brand.schools:
        own = {squeeze(school.town)} if school.town else set(towns)
        town_of[school.code] = frozenset(own)
        towns |= own
    for town in sorted(towns):
        words[town] = "names the town"
    town_of[None] = frozenset(towns)
    kept = {w: what for w, what in words.items() if len(w) >= SHORTEST_PLACE}
    domains = frozenset(domain_keys(brand.domains))
    registered: dict[str | None, Said] = {None: kinds_in_name(brand.name)}
    registered.update((school.code, kinds_in_name(school.name)) for school in brand.schools)
    return Own(number, brand, kept, town_of, domains, brand.state or "", registered)


def _district_keys(brand: Brand) -> Iterator[str]:
    kinds = {NameKind.NAME, NameKind.DOMAIN_LABEL, NameKind.SHORT_NAME, NameKind.ALIAS}
    for term in brand.terms:
        if term.school is None and term.kind in kinds and not tags_of(term.key):
            yield term.key


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
        self._keys = list(self.terms)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keys or ["\0"])

    def may_name(self, text: str) -> bool:
        """Whether a name of any brand stands in a folded, fused text."""
        return bool(self._automaton.find_matches_as_indexes(text))

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
        for place, field in enumerate(reading.fields):
            for brand, found in self._read_field(reading, place, field, with_faint):
                if found.is_faint:
                    if brand not in faint or faint[brand].share < found.share:
                        faint[brand] = found
                    continue
                by_field = best.setdefault(brand, {})
                known = by_field.get(place)
                if known is None or _strength(known) < _strength(found):
                    by_field[place] = found
        leading = {brand: _leading(by_field, reading) for brand, by_field in best.items()}
        return [found for _, found in sorted((faint | leading).items())]

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
            return not beside.gap or bool(self._shortlist.shown(rest, frozenset()))
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
        edges = reading.fields[place].edges(*span)
        shown = self._shortlist.shown(rest, context.domains)
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
            told = _tell(own, term, rest, context) if brand in shown_here else ()
            gap = beside.gap - _told_gap(told, beside) if told else beside.gap
            if _is_weak(term) and edges < 2 and gap > 0:
                continue
            weight = bare * (plain if gap == beside.gap else gap_factor(gap, len(key)))
            for one in told:
                weight *= one.factor
            is_faint = weight < least
            if is_faint and not with_faint:
                continue
            rivals = self._rivals(own, standing, context, reading, place)
            yield brand, Hypothesis(
                own, term, reading.fields[place], place, *span, beside, gap, told, fit, bare,
                agreement(registered, beside.kinds, key), weight,
                standing, rivals, self.namesakes, context.states, context.location, is_faint,
            )  # fmt: skip

    def _rivals(
        self, own: Own, standing: Standing, context: Context, reading: ProfileReading, place: int
    ) -> float:
        """Weigh everybody the field may mean but ourselves."""
        rivals = standing.total
        ident = own.brand.district_id
        field = reading.fields[place]
        for key, beside, _ in standing.names:
            crowd = self.namesakes.crowd(key)
            if ident:
                ours = crowd.by_district.get(ident, ())
            else:
                ours = tuple(
                    b for g in crowd.by_district.values() for b in g if set(b.domains) & own.domains
                )
            if not ours:
                continue
            shown = {b.place: gap for b, gap in field.in_shown_town(key, beside, context)}
            for bearer in ours:
                gap = shown.get(bearer.place, beside.gap)
                in_town = bearer.place in shown
                weight = bearer_weight(bearer, key, beside, context.states, in_town=in_town)
                rivals -= weight * gap_factor(gap, len(key))
        return max(rivals, 0.0)


def _is_weak(term: Term) -> bool:
    """Whether a name is so short that it says something only where all else is explained."""
    return term.kind is NameKind.INITIALS or len(term.key) <= LONGEST_WEAK


def _tell(own: Own, term: Term, rest: str, context: Context) -> tuple[Told, ...]:
    """Return the brand's own words that the profile shows, each kind once, longest first."""
    found: dict[str, str] = {}
    for word, what in own.words.items():
        is_told = word in rest and not tags_of(word)
        is_told = is_told and (word != term.key or word in context.location)
        if is_told and (len(word), word) > (len(found.get(what, "")), found.get(what, "")):
            found[what] = word
    told = [Told(what, word, FACTORS[what]) for what, word in found.items()]
    linked = sorted(context.domains & own.domains)[:1]
    told += [Told("links to the domain", domain, DOMAIN) for domain in linked]
    return tuple(sorted(told, key=lambda one: -one.factor))


def _told_gap(told: tuple[Told, ...], beside: Beside) -> int:
    """How many unexplained characters are the brand's own words."""
    return max(
        (len(one.word) for one in told if any(one.word in gap for gap in beside.unexplained)),
        default=0,
    )
