"""The likeliest institution elsewhere that a reading's field may mean, whatever its name.

A weight alone does not say how it comes about.  What tells a right reading from a wrong one is
also how the best other one fits: by its words, its kinds, or a town that the profile names.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from auditor.matching.namesakes import gap_factor

if TYPE_CHECKING:
    from auditor.matching.hypotheses import Hypothesis
    from auditor.matching.namesakes import Crowd, Group, Weighed
    from auditor.matching.profile_reading import Beside, Borne

MOST_NAMES = 6
LEAST_RATIO = 1e-3
BETTER, ALIKE = 1.01, 0.49


class Other(NamedTuple):
    """An institution elsewhere: its weight, what it bears, and how that stands in the field.

    ``gap`` is what it leaves unexplained, ``told`` what its own words multiply its weight by.
    """

    weight: float
    group: Group
    key: str
    beside: Beside
    gap: int
    told: float


class Others(NamedTuple):
    """The likeliest others, best first, and how many outweigh ours or reach half its weight."""

    best: tuple[Other, ...]
    better: int
    alike: int


def others_of(found: Hypothesis, ours: float) -> Others:
    """Weigh the others in a reading's field against ``ours``, the weight of the reading."""
    best: list[Other] = []
    better = alike = 0
    for borne in found.standing.names[:MOST_NAMES]:
        plain = gap_factor(borne.beside.gap, len(borne.key))
        if borne.weight <= ours * LEAST_RATIO or not plain:
            break
        crowd = found.namesakes.crowd(borne.key)
        weighed = crowd.weights(borne.beside, found.states)
        own = {bearer.place for bearer in found.own.among(crowd)}
        told = _told(borne, crowd, weighed, own)
        apart = [crowd.group_of[place] for place in own.union(b.place for b, _, _ in borne.shown)]
        best += told
        best += _untold(borne, crowd, weighed, apart, plain)
        better += _count_from(ours * BETTER, told, weighed, apart, plain)
        alike += _count_from(ours * ALIKE, told, weighed, apart, plain)
    best.sort(key=attrgetter("weight"), reverse=True)
    return Others(tuple(best[:2]), better, alike)


def _told(borne: Borne, crowd: Crowd, weighed: Weighed, own: set[int]) -> list[Other]:
    """Return those elsewhere whose own town or district the profile names."""
    key, beside = borne.key, borne.beside
    found = []
    for bearer, gap, told in borne.shown:
        if bearer.place not in own:
            group = crowd.group_of[bearer.place]
            weight = weighed.by_group[group] * told * gap_factor(gap, len(key))
            found.append(Other(weight, group, key, beside, gap, told))
    return found


def _untold(
    borne: Borne, crowd: Crowd, weighed: Weighed, apart: list[Group], plain: float
) -> list[Other]:
    """Return the two heaviest of whom the profile says nothing; ``apart`` are not among them."""
    found: list[Other] = []
    taken = Counter(apart)
    for group in weighed.groups:
        left = min(crowd.groups[group] - taken[group], 2 - len(found))
        weight = weighed.by_group[group] * plain
        found += [Other(weight, group, borne.key, borne.beside, borne.beside.gap, 1.0)] * left
        if len(found) == 2:
            break
    return found


def _count_from(
    least: float, told: list[Other], weighed: Weighed, apart: list[Group], plain: float
) -> int:
    """Count the others that weigh ``least`` or more; ``apart`` are ours and those in ``told``."""
    untold = least / plain
    count = weighed.count_from(untold) - sum(weighed.by_group[one] >= untold for one in apart)
    return count + sum(one.weight >= least for one in told)
