"""A brand's own words, towns, numbers and initials, and which of them a profile shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.matching.context import COUNTY, DISTRICT, DOMAIN, TOWN
from auditor.matching.namesakes import cue_factor, edges_of
from auditor.matching.naming import (
    CUES,
    NameKind,
    domain_keys,
    domain_labels,
    networks_of,
    numbers_of,
    plain_cues,
)
from auditor.matching.registered_names import Said, kinds_in_name
from auditor.matching.text import squeeze
from auditor.matching.vocabulary import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.matching.brand import Brand, Term
    from auditor.matching.context import Context
    from auditor.matching.gazetteer import Bearer
    from auditor.matching.namesakes import Crowd
    from auditor.matching.profile_reading import Beside

SHORTEST_PLACE = 3
DIGITS = re.compile(r"\d{3,4}")


@dataclass(frozen=True, slots=True)
class Own:
    """A brand made ready: what its own words mean, where its schools are, what it links to."""

    number: int
    brand: Brand
    words: dict[str, str]
    town_of: dict[str | None, frozenset[str]]
    domains: frozenset[str]
    cues: frozenset[str]
    state: str
    registered: dict[str | None, Said]

    def among(self, crowd: Crowd) -> Sequence[Bearer]:
        """Return the brand's own institutions in a crowd: by its id, without one by domains."""
        if self.brand.district_id:
            return crowd.by_district.get(self.brand.district_id, ())
        every = (bearer for group in crowd.by_district.values() for bearer in group)
        return [bearer for bearer in every if not self.domains.isdisjoint(bearer.domains)]


@dataclass(frozen=True, slots=True)
class Told:
    """A word of the brand's own that the profile shows besides the name."""

    what: str
    word: str
    factor: float


FACTORS = {
    "names the district": DISTRICT, "names the town": TOWN, "names the county": COUNTY,
    "names our mascot": 10.0, "names the number": 15.0,
}  # fmt: skip


def own_of(number: int, brand: Brand) -> Own:
    """Make a brand ready for matching."""
    words: dict[str, str] = {}
    for label in (*domain_labels(brand.domains), *_district_keys(brand)):
        words.setdefault(label, "names the district")
    for network in networks_of(school.name for school in brand.schools):
        words.setdefault(network, "names the district")
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
    cues = {t.key for t in brand.terms if t.school is None and t.kind in CUES}
    cues.update(plain_cues(brand.name))
    state, shown = brand.state or "", frozenset(cues)
    return Own(number, brand, kept, town_of, domains, shown, state, registered)


def _district_keys(brand: Brand) -> Iterator[str]:
    kinds = {NameKind.NAME, NameKind.DOMAIN_LABEL, NameKind.SHORT_NAME, NameKind.ALIAS}
    for term in brand.terms:
        if term.school is None and term.kind in kinds and not tags_of(term.key):
            yield term.key


def cues_in(beside: Beside, context: Context | None = None) -> frozenset[str]:
    """Return what may be a district's initials: edges of what is unexplained, and whole words."""
    edges = (edge for chunk in beside.unexplained for edge in edges_of(chunk))
    return frozenset(edges).union(context.chunks if context else ())


def tell(
    own: Own, term: Term, rest: str, cues: frozenset[str], context: Context
) -> tuple[Told, ...]:
    """Return the brand's own words that the profile shows, each kind once, longest first."""
    found: dict[str, str] = {}
    for word, what in own.words.items():
        is_told = word in rest and not tags_of(word)
        is_told = is_told and (word != term.key or word in context.location)
        if is_told and (len(word), word) > (len(found.get(what, "")), found.get(what, "")):
            found[what] = word
    told = [Told(what, word, FACTORS[what]) for what, word in found.items()]
    if "names the district" not in found:
        shown = [cue for cue in own.cues & cues if len(cue) > 2 and cue not in term.key]
        cue = max(shown, key=lambda cue: (len(cue), cue), default="")
        told += [Told("names the district", cue, cue_factor(cue))] if cue else []
    linked = sorted(context.domains & own.domains)[:1]
    told += [Told("links to the domain", domain, DOMAIN) for domain in linked]
    return tuple(sorted(told, key=lambda one: -one.factor))


def told_gap(told: tuple[Told, ...], beside: Beside) -> int:
    """How many unexplained characters are the brand's own words."""
    return max(
        (len(one.word) for one in told if any(one.word in gap for gap in beside.unexplained)),
        default=0,
    )
