"""The score card's trees asked for many readings at once.

Every leaf of a tree is one bit.  For each feature a table says, for every stretch between two
limits, which leaves a value in it leaves possible; the AND over all features is the leaf reached
(the idea of QuickScorer, Lucchese et al., SIGIR 2015).  The leaves' values are added in the order
in which ``ScoreCard.log_odds`` adds them, so the sums are the same to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditor.matching.scorecard import LEAF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from auditor.matching.scorecard import ScoreCard, Tree

    Masks = NDArray[np.unsignedinteger]
    Leaf = tuple[float, dict[int, tuple[float, float]]]

ROWS_AT_ONCE = 256
MOST_LEAVES = 64
KINDS = ((8, np.uint8), (16, np.uint16), (32, np.uint32), (64, np.uint64))


class Forest:
    """All trees of a score card as tables; ValueError for a tree of more than 64 leaves."""

    def __init__(self, card: ScoreCard, features: int) -> None:
        leaves = [list(_leaves(tree)) for tree in card.trees]
        most = max(map(len, leaves), default=1)
        if most > MOST_LEAVES:
            raise ValueError(f"a tree has {most} leaves; {MOST_LEAVES} are the most")
        self._limits = _limits(card.trees, features)
        self._masks = _masks(leaves, self._limits)
        self._values = np.zeros((len(leaves), most))
        for place, found in enumerate(leaves):
            self._values[place, : len(found)] = [value for value, _ in found]

    def log_odds(
        self, values: Sequence[Sequence[float]], begun: Sequence[float]
    ) -> NDArray[np.float64]:
        """Return the log-odds of every row; ``begun`` is each row's sum before the trees."""
        table = np.asarray(values, dtype=np.float64).reshape(len(begun), len(self._limits))
        total = np.asarray(begun, dtype=np.float64)
        parts = [
            self._add(table[first : first + ROWS_AT_ONCE], total[first : first + ROWS_AT_ONCE])
            for first in range(0, len(begun), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else total

    def _add(self, table: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
        possible: Masks | None = None
        for feature, (limits, masks) in enumerate(zip(self._limits, self._masks, strict=True)):
            if len(limits):
                fits = masks[np.searchsorted(limits, table[:, feature])]
                possible = fits if possible is None else np.bitwise_and(possible, fits, out=fits)
        if possible is None:
            return total
        reached = np.log2(possible.astype(np.float64)).astype(np.intp)
        told = self._values[np.arange(len(self._values)), reached]
        sums: NDArray[np.float64] = np.add.accumulate(np.column_stack([total, told]), axis=1)
        return sums[:, -1]


def _leaves(tree: Tree, node: int = 0) -> Iterator[Leaf]:
    """Yield every leaf: its value, and for each feature asked on the way (above, up to)."""
    waiting: list[tuple[int, dict[int, tuple[float, float]]]] = [(node, {})]
    while waiting:
        node, stretch = waiting.pop()
        asked, limit = tree.feature[node], tree.limit[node]
        if asked == LEAF:
            yield tree.value[node], stretch
            continue
        above, up_to = stretch.get(asked, (-np.inf, np.inf))
        waiting.append((tree.low[node], stretch | {asked: (above, min(up_to, limit))}))
        waiting.append((tree.high[node], stretch | {asked: (max(above, limit), up_to)}))


def _limits(trees: Sequence[Tree], features: int) -> list[NDArray[np.float64]]:
    """Return, by feature, every limit any tree asks for, ascending."""
    found: list[set[float]] = [set() for _ in range(features)]
    for tree in trees:
        for asked, limit in zip(tree.feature, tree.limit, strict=True):
            if asked != LEAF:
                found[asked].add(limit)
    return [np.array(sorted(limits), dtype=np.float64) for limits in found]


def _masks(leaves: Sequence[Sequence[Leaf]], limits: Sequence[NDArray[np.float64]]) -> list[Masks]:
    """Return, by feature, stretch and tree, the leaves that a value in the stretch leaves possible.

    Stretch n holds the values above limit n - 1 and up to limit n.
    """
    most = max(map(len, leaves), default=1)
    kind = next(kind for bits, kind in KINDS if most <= bits)
    full = np.array([(1 << len(found)) - 1 for found in leaves], dtype=kind)
    masks = [np.tile(full, (len(one) + 1, 1)) for one in limits]
    places = [{limit: place for place, limit in enumerate(one.tolist())} for one in limits]
    for tree, found in enumerate(leaves):
        for bit, (_, stretch) in enumerate(found):
            others = full[tree] ^ kind(1 << bit)
            for asked, (above, up_to) in stretch.items():
                first = places[asked][above] + 1 if above > -np.inf else 0
                last = places[asked][up_to] if up_to < np.inf else len(limits[asked])
                masks[asked][:first, tree] &= others
                masks[asked][last + 1 :, tree] &= others
    return masks
