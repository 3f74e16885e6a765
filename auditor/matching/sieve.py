"""A cheap first look at many profiles: can any of the brands' names stand in them at all?"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from auditor.matching.fields import haystack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.matching.hypotheses import BrandIndex
    from connectors.records import Profile

ROWS_AT_ONCE = 4096


def select(profiles: Iterable[Profile], index: BrandIndex) -> Iterator[Profile]:
    """Yield the profiles a name of ``index`` may stand in, in order.

    Every profile that can be flagged is among them.  One automaton runs over the texts of 4,096.
    """
    rest = iter(profiles)
    while batch := list(islice(rest, ROWS_AT_ONCE)):
        yield from _select(batch, index)


def _select(batch: Sequence[Profile], index: BrandIndex) -> Iterator[Profile]:
    texts = list(map(haystack, batch))
    ends = list(accumulate(map(len, texts)))
    starts = index.name_starts("".join(texts))
    return (batch[row] for row in sorted({bisect_right(ends, start) for start in starts}))
