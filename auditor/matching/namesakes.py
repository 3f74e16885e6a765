"""Who bears a name nationally, and how much weight all of them together have in a reading."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from operator import neg
from typing import TYPE_CHECKING

from auditor.matching.context import DISTRICT, OTHER_STATE, STATE
from auditor.matching.registered_names import (
    Said,
    agreement_factor,
    convention_factor,
    kinds_in_name,
)
from auditor.matching.vocabulary import KINDS, LEVELS, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.matching.gazetteer import Bearer, Gazetteer
    from auditor.matching.profile_reading import Beside

    Group = tuple[int, float, str, Said]

KIND_BITS, LEVEL_BITS = int(KINDS), int(LEVELS)
SCHOOL_BIT, DISTRICT_BIT = int(Tag.SCHOOL), int(Tag.DISTRICT)
MOST_DECAY = 1.2
SHORTEST_PLACE = 4
OPENING = 5
MOST_CROWDS, MOST_KEPT, MOST_WEIGHTS = 8192, 64, 8192
SHORTEST_CUE, SHORT_CUE, MIDDLING_CUE = 3, 5.0, 10.0
PERSON, PERSON_OF_DISTRICT = 0.3, 0.05
PERSON_BIT = int(Tag.PERSON)


@lru_cache(maxsize=65536)
def fit_of(kinds: int, said: int) -> float:
    """How well an institution's kinds agree with the words beside the name, 0..1."""
    told, own = said & KIND_BITS, kinds & KIND_BITS
    if not told:
        return 0.8 if not said & SCHOOL_BIT or not own & DISTRICT_BIT else 0.4
    if not own:
        return 0.2 if told & LEVEL_BITS else 0.35
    if told & LEVEL_BITS and own & LEVEL_BITS and not told & own & LEVEL_BITS:
        return 0.02
    if told & own:
        return 0.7 if (told ^ own) & LEVEL_BITS else 1.0
    return 0.1 if (told | own) & DISTRICT_BIT else 0.15


@lru_cache(maxsize=4096)
def gap_factor(gap: int, length: int) -> float:
    """How much unexplained characters weaken the reading of a name of ``length`` characters."""
    return math.exp(-gap * min(MOST_DECAY, 6 / length))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A crowd weighed by the words beside its name: by group, in all, and the heaviest first.

    ``falling`` are the weights of ``groups``, ``reached`` how many bearers these are so far.
    """

    by_group: Mapping[Group, float]
    total: float
    falling: tuple[float, ...]
    groups: tuple[Group, ...]
    reached: tuple[int, ...]

    def count_from(self, least: float) -> int:
        """Count the bearers that weigh ``least`` or more."""
        place = bisect_right(self.falling, -least, key=neg)
        return self.reached[place - 1] if place else 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """All bearers of one name: counted by (kinds, quality, state), by district and by town."""

    key: str
    groups: Mapping[Group, int]
    by_district: Mapping[str, tuple[Bearer, ...]]
    towns: Mapping[str, tuple[Bearer, ...]]
    cues: Mapping[str, tuple[Bearer, ...]]
    group_of: Mapping[int, Group]
    in_state: Mapping[str, int]
    size: int
    _weights: dict[object, Weighed] = field(default_factory=dict)

    def weights(self, beside: Beside, states: frozenset[str]) -> Weighed:
        """Weigh all bearers by how the words beside and the states shown fit them.

        Unexplained characters are left to the caller.
        """
        ask = (beside.tags, beside.kinds, beside.initials, beside.inside, states)
        known = self._weights.get(ask)
        if known is None:
            if len(self._weights) >= min(MOST_KEPT, MOST_WEIGHTS // (len(self.groups) + 1)):
                self._weights.clear()
            known = self._weights[ask] = self._weigh_all(beside, states)
        return known

    def _weigh_all(self, beside: Beside, states: frozenset[str]) -> Weighed:
        key = self.key
        by_group = {group: institution_weight(*group, beside, key, states) for group in self.groups}
        total = sum(by_group[group] * count for group, count in self.groups.items())
        groups = sorted(by_group, key=by_group.__getitem__, reverse=True)
        falling = tuple(by_group[group] for group in groups)
        reached = accumulate(self.groups[group] for group in groups)
        return Weighed(by_group, total, falling, tuple(groups), tuple(reached))

    def weigh(self, bearer: Bearer, beside: Beside, states: frozenset[str]) -> float:
        """Weigh one bearer alone."""
        return self.weights(beside, states).by_group[self.group_of[bearer.place]]

    def shown_towns(self, places: str) -> list[Bearer]:
        """Return the bearers whose town stands in ``places``, the words of one profile."""
        if len(places) < SHORTEST_PLACE:
            return []
        return [b for town, group in self.towns.items() if town in places for b in group]

    def shown_districts(self, chunks: Sequence[str]) -> list[tuple[Bearer, str]]:
        """Return the bearers whose district's initials begin or end a chunk, with the initials."""
        edges = _edges_of_all(tuple(chunks))
        if self.cues.keys().isdisjoint(edges):
            return []
        shown = [cue for cue in edges if cue in self.cues and cue != self.key]
        return [(bearer, cue) for cue in shown for bearer in self.cues[cue]]


NOBODY = Crowd("", {}, {}, {}, {}, {}, {}, 0)


def edges_of(chunk: str) -> Iterator[str]:
    """Yield every beginning and ending of three letters or more, the longest first."""
    yield chunk
    for size in range(len(chunk) - 1, SHORTEST_CUE - 1, -1):
        yield chunk[:size]
        yield chunk[-size:]


@lru_cache(maxsize=8192)
def _edges_of_all(chunks: tuple[str, ...]) -> dict[str, None]:
    return dict.fromkeys(cue for chunk in chunks for cue in edges_of(chunk))


def state_factor(state: str, shown: frozenset[str]) -> float:
    """What the states a profile shows say for an institution in ``state``."""
    if not shown or not state:
        return 1.0
    return STATE if state in shown else OTHER_STATE


def institution_weight(
    kinds: int,
    quality: float,
    state: str,
    registered: Said,
    beside: Beside,
    key: str,
    states: frozenset[str],
) -> float:
    """Weigh one institution that bears ``key`` by the words beside it and the states shown."""
    weight = quality * fit_of(kinds, beside.tags) * state_factor(state, states)
    weight *= agreement_factor(registered, beside.kinds, key)
    weight *= beside.inside
    if beside.tags & PERSON_BIT:
        weight *= PERSON_OF_DISTRICT if kinds & DISTRICT_BIT else PERSON
    return weight * convention_factor(beside.initials, state) if beside.initials else weight


def cue_factor(cue: str) -> float:
    """What a district's initials beside a name say."""
    beyond = len(cue) - SHORTEST_CUE
    return DISTRICT if beyond > 1 else MIDDLING_CUE if beyond else SHORT_CUE


class Namesakes:
    """Looks up the crowd that bears a name; each is counted once."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._crowds: dict[str, Crowd] = {}
        self.keys = gazetteer.keys

    @cached_property
    def lengths(self) -> dict[str, tuple[int, ...]]:
        """The lengths of the names that begin with five letters, and of shorter ones, ascending."""
        found: dict[str, set[int]] = {}
        for key in self.keys:
            found.setdefault(key[:OPENING], set()).add(len(key))
        return {opening: tuple(sorted(sizes)) for opening, sizes in found.items()}

    def crowd(self, key: str) -> Crowd:
        """Return everyone in the country who bears ``key``; only so many crowds are kept."""
        known = self._crowds.get(key)
        if known is None:
            if len(self._crowds) >= MOST_CROWDS:
                self._crowds.clear()
            known = self._crowds[key] = self._gather(key) if key in self.keys else NOBODY
        return known

    def _gather(self, key: str) -> Crowd:
        groups: Counter[Group] = Counter()
        group_of: dict[int, Group] = {}
        in_state: Counter[str] = Counter()
        districts: dict[str, list[Bearer]] = {}
        towns: dict[str, list[Bearer]] = {}
        cues: dict[str, list[Bearer]] = {}
        for bearer in self._gazetteer.bearers(key):
            group = (int(bearer.tags), bearer.quality, bearer.state, kinds_in_name(bearer.name))
            groups[group] += 1
            group_of[bearer.place] = group
            in_state[bearer.state] += 1
            districts.setdefault(bearer.district, []).append(bearer)
            if len(bearer.town_key) >= SHORTEST_PLACE:
                towns.setdefault(bearer.town_key, []).append(bearer)
            for cue in bearer.cues:
                cues.setdefault(cue, []).append(bearer)
        return Crowd(
            key, groups, _frozen(districts), _frozen(towns), _frozen(cues), group_of, in_state,
            groups.total(),
        )  # fmt: skip


def _frozen(groups: dict[str, list[Bearer]]) -> dict[str, tuple[Bearer, ...]]:
    return {name: tuple(group) for name, group in groups.items()}
