"""Who else a name fits: national bearers of the same name, or of a longer one around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.matching.context import DISTRICT, Whereabouts, agreements, factor_of
from auditor.matching.naming import NameKind
from auditor.matching.segmentation import segment
from auditor.matching.vocabulary import KINDS, LEVELS, Tag, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.matching.brand import Brand
    from auditor.matching.context import Context
    from auditor.matching.gazetteer import Bearer, Gazetteer
    from auditor.matching.readings import NameReader, NameReading
    from auditor.matching.segmentation import Segmentation

MOST_DECAY = 1.2
LONGER_NAME_FACTOR = 3.0
LONGEST_NAME = 40
SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Rival:
    """Another institution the profile may belong to, and how well it fits."""

    district: str
    name: str
    town: str
    state: str
    weight: float
    name_key: str


def fit_of(kinds: Tag, said: Tag) -> float:
    """How well an institution's kinds agree with the words beside the name, 0..1."""
    told = said & KINDS
    own = kinds & KINDS
    if not told:
        return 0.8 if not said & Tag.SCHOOL or not own & Tag.DISTRICT else 0.4
    if not own:
        return 0.2 if told & LEVELS else 0.35
    if told & LEVELS and own & LEVELS and not told & own & LEVELS:
        return 0.02
    if told & own:
        return 1.0 if not (told ^ own) & LEVELS else 0.7
    if told & Tag.DISTRICT or own & Tag.DISTRICT:
        return 0.1
    return 0.15


def gap_factor(gap: int, length: int) -> float:
    """How much unexplained characters weaken the reading of a name of ``length`` characters."""
    return math.exp(-gap * min(MOST_DECAY, 6 / length))


def rivals_of(
    reading: NameReading,
    context: Context,
    brand: Brand,
    gazetteer: Gazetteer,
    reader: NameReader,
) -> list[Rival]:
    """Return the best-fitting institution of every other district, the best first."""
    best: dict[str, Rival] = {}
    named = {b.district: chunk for chunk in context.names for b in gazetteer.bearers(chunk)}
    for key, beside, stretch in _names_around(reading, gazetteer, reader):
        for bearer in gazetteer.bearers(key):
            if is_ours(bearer, brand):
                continue
            gap = beside.gap - _told_by(bearer, beside, named.get(bearer.district, ""))
            weight = (
                stretch
                * bearer.quality
                * fit_of(bearer.tags, beside.tags)
                * gap_factor(gap, len(key))
            )
            weight *= factor_of(agreements(context, _whereabouts(bearer), key))
            weight *= DISTRICT if bearer.district in named else 1.0
            known = best.get(bearer.district)
            if known is None or known.weight < weight:
                best[bearer.district] = Rival(
                    bearer.district, bearer.name, bearer.town, bearer.state, weight, key
                )
    return sorted(best.values(), key=lambda rival: (-rival.weight, rival.district))


def is_ours(bearer: Bearer, brand: Brand) -> bool:
    """Whether a bearer belongs to the brand's district; by place and domain where no id is set."""
    if brand.district_id:
        return bearer.district == brand.district_id
    return bool(set(brand.domains) & set(bearer.domains))


def _names_around(
    reading: NameReading, gazetteer: Gazetteer, reader: NameReader
) -> Iterator[tuple[str, Segmentation, float]]:
    """Yield names borne nationally that share letters with ours, what stands beside, a factor.

    A domain's label is no name, so names inside it count too; else only those that contain ours.
    """
    text, keys = reading.field.words.squeezed, gazetteer.keys
    words = vocabulary()
    beside = reader.explain_beside(reading.field, reading.begin, reading.end, words)
    yield reading.term.key, beside, 1.0
    is_label = reading.term.kind is NameKind.DOMAIN_LABEL
    for begin in range(reading.end - SHORTEST_NAME + 1):
        for end in range(begin + SHORTEST_NAME, min(len(text), begin + LONGEST_NAME) + 1):
            key = text[begin:end]
            if end <= reading.begin or key not in keys or (begin, end) == reading.span:
                continue
            if not reader.is_apart(reading.field, begin, end):
                continue
            contains = begin <= reading.begin and end >= reading.end
            if contains or is_label or _cuts_across(reading, begin, end):
                other = reader.explain_beside(reading.field, begin, end, words)
                yield key, other, LONGER_NAME_FACTOR if contains else 1.0


def _cuts_across(reading: NameReading, begin: int, end: int) -> bool:
    """Whether a shorter name ends inside ours so that a word takes up our last letters.

    "algonacsd" reads as algonac, sd and as algona, csd.
    """
    text = reading.field.words.squeezed
    if begin != reading.begin or not begin < end < reading.end:
        return False
    ours, whole = text[end : reading.end], text[end:]
    words = vocabulary()
    return (
        bool(segment(ours, frozenset(), words).gap) and not segment(whole, frozenset(), words).gap
    )


def _told_by(bearer: Bearer, beside: Segmentation, district: str) -> int:
    """How many unexplained characters are the bearer's own town or a name of its district."""
    places = [place for place in (district, bearer.town_key) if place]
    found = (len(place) for place in places if any(place in gap for gap in beside.unexplained))
    return max(found, default=0)


def _whereabouts(bearer: Bearer) -> Whereabouts:
    return Whereabouts(
        bearer.state,
        frozenset((bearer.town_key,)),
        bearer.county_key,
        frozenset(),
        frozenset(bearer.domains),
    )
