"""A cheap first look at many profiles: can any of the brands' names stand in them at all?"""

from __future__ import annotations

from itertools import compress, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.matching.hypotheses import BrandIndex
    from connectors.records import Profile

ROWS_AT_ONCE = 16_384


def select(profiles: Iterable[Profile], index: BrandIndex) -> Iterator[Profile]:
    """Yield the profiles a name of ``index`` may stand in, in order, by ``NameSieve``.

    Every profile that can be flagged is among them.
    """
    from auditor.matching.column_sieve import NameSieve

    sieve, rest = NameSieve(index), iter(profiles)
    while batch := list(islice(rest, ROWS_AT_ONCE)):
        yield from compress(batch, sieve.select_profiles(batch).tolist())
