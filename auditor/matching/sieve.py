"""A cheap first look: can any of a brand's names stand in this profile at all?"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, islice
from typing import TYPE_CHECKING

import ahocorasick_rs

from auditor.matching.fields import haystack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.matching.brand import Brand
    from connectors.records import Profile

BATCH = 4096


class Sieve:
    """An Aho-Corasick automaton over a brand's names, run over many profiles' texts at once.

    It admits every profile that could be read as ours, and some that could not.
    """

    def __init__(self, brand: Brand) -> None:
        keys = sorted({term.key for term in brand.terms})
        self._automaton = ahocorasick_rs.AhoCorasick(keys or ["\0"])

    def admits(self, profile: Profile) -> bool:
        """Whether a name may stand in the profile."""
        return bool(self._automaton.find_matches_as_indexes(haystack(profile)))

    def select(self, profiles: Iterable[Profile]) -> Iterator[Profile]:
        """Yield the profiles a name may stand in, in order; only 4,096 are held at a time."""
        rest = iter(profiles)
        while batch := list(islice(rest, BATCH)):
            yield from self._select_batch(batch)

    def _select_batch(self, batch: Sequence[Profile]) -> Iterator[Profile]:
        texts = list(map(haystack, batch))
        ends = list(accumulate(map(len, texts)))
        matches = self._automaton.find_matches_as_indexes("".join(texts))
        rows = {bisect_right(ends, start) for _, start, _ in matches}
        return (batch[row] for row in sorted(rows))
