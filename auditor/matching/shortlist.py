"""Of all brands that bear a name, those whose reading can reach a given weight in one profile.

A national sweep meets names that thousands bear.  Bearers that agree in kinds, quality, state and
registered words weigh the same unless the profile shows a word of their own, so that they are
weighed once together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.namesakes import institution_weight
from auditor.matching.vocabulary import tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.matching.brand import Term
    from auditor.matching.own_words import Own
    from auditor.matching.profile_reading import Beside
    from auditor.matching.registered_names import Said

    Group = tuple[int, float, str, Said]
    Bearers = Sequence[tuple[int, Term]]
    Shown = list[frozenset[int]]

FEW = 8
MOST_KEPT, MOST_WEIGHED = 1024, 32
ROUNDING = 1 - 1e-9
NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Crowd:
    """The bearers of one name by what they weigh, and where each brand stands among them."""

    key: str
    groups: dict[Group, list[int]]
    places: dict[int, list[int]]
    brands: frozenset[int]
    _weighed: dict[object, list[tuple[float, list[int]]]] = field(default_factory=dict)

    def weigh(self, beside: Beside, states: frozenset[str]) -> list[tuple[float, list[int]]]:
        """Return (weight, places), the heaviest first, when the profile shows nothing of theirs."""
        ask = (beside.tags, beside.kinds, beside.initials, beside.inside, states)
        known = self._weighed.get(ask)
        if known is None:
            known = [
                (institution_weight(tags, quality, state, own, beside, self.key, states), places)
                for (tags, quality, state, own), places in self.groups.items()
            ]
            known.sort(key=itemgetter(0), reverse=True)
            if len(self._weighed) >= MOST_WEIGHED:
                self._weighed.clear()
            self._weighed[ask] = known
        return known


class Shortlist:
    """The brands' own words and domains the other way round: who has this word?"""

    def __init__(self, owns: Sequence[Own]) -> None:
        self._owns = owns
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        by_domain: defaultdict[str, list[int]] = defaultdict(list)
        by_cue: defaultdict[str, list[int]] = defaultdict(list)
        for own in owns:
            for word in own.words:
                if not tags_of(word):
                    by_word[word].append(own.number)
            for cue in own.cues:
                by_cue[cue].append(own.number)
            for domain in own.domains:
                by_domain[domain].append(own.number)
        self._by_word = list(map(frozenset, by_word.values()))
        self._by_cue = {cue: frozenset(one) for cue, one in by_cue.items()}
        self._by_domain = {domain: frozenset(one) for domain, one in by_domain.items()}
        self._automaton = ahocorasick_rs.AhoCorasick(list(by_word) or ["\0"])
        self._crowds: dict[str, _Crowd] = {}
        self._shown: dict[tuple[str, frozenset[str]], Shown] = {}

    def shown(self, rest: str, domains: frozenset[str]) -> Shown:
        """Return, a word in ``rest`` or a domain each, the brands whose own it is."""
        known = self._shown.get((rest, domains))
        if known is None:
            found = self._automaton.find_matches_as_indexes(rest, overlapping=True)
            known = [self._by_word[number] for number in {number for number, _, _ in found}]
            known += [self._by_domain[domain] for domain in domains if domain in self._by_domain]
            if len(self._shown) >= MOST_KEPT:
                self._shown.clear()
            self._shown[rest, domains] = known
        return known

    def cued(self, cues: frozenset[str]) -> Shown:
        """Return, a cue each, the brands whose initials or numbers it is."""
        return [self._by_cue[cue] for cue in sorted(cues) if cue in self._by_cue]

    def select(
        self,
        key: str,
        bearers: Bearers,
        beside: Beside,
        states: frozenset[str],
        shown: Shown,
        least: float,
    ) -> tuple[Bearers, frozenset[int]]:
        """Return the bearers of ``key`` that weigh ``least`` or are shown, and which are shown.

        ``least`` is what the words beside and the states alone must give; a bearer left out has
        neither that nor a word of its own in the profile.  0 leaves nobody out.
        """
        crowd = self._crowds.get(key)
        if crowd is None:
            crowd = self._crowds[key] = self._gather(key, bearers)
        here = NOBODY.union(*(one & crowd.brands for one in shown)) if shown else NOBODY
        if len(bearers) <= FEW:
            return bearers, here
        kept: list[int] = []
        for weight, places in crowd.weigh(beside, states):
            if weight < least * ROUNDING:
                break
            kept += places
        if len(kept) < len(bearers):
            for brand in here:
                kept += crowd.places[brand]
            bearers = [bearers[place] for place in sorted(set(kept))]
        return bearers, here

    def _gather(self, key: str, bearers: Bearers) -> _Crowd:
        groups: defaultdict[Group, list[int]] = defaultdict(list)
        places_of: defaultdict[int, list[int]] = defaultdict(list)
        for place, (brand, term) in enumerate(bearers):
            own = self._owns[brand]
            registered = own.registered[term.school]
            groups[int(term.tags), term.quality, own.state, registered].append(place)
            places_of[brand].append(place)
        return _Crowd(key, dict(groups), dict(places_of), frozenset(places_of))
