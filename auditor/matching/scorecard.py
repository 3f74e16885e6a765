"""The fitted score: small decision trees over FEATURES, kept as a readable file.

``auditor/data/matcher.json`` is written by ``benchmarks/fit_matcher.py``.  Every step down a tree
changes the log-odds by what the step's feature told, so the score is a sum of terms, one a feature.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from auditor.matching.evidence import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """A decision tree as columns, one entry a node; ``feature`` is -1 at a leaf.

    ``low`` is the next node where the value is at most ``limit``, ``high`` else; ``value`` is in
    log-odds.
    """

    feature: tuple[int, ...]
    limit: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The trees, the log-odds before any is asked, and terms for what fitting could not see."""

    base: float
    trees: tuple[Tree, ...]
    set_by_hand: dict[str, float]
    confident: float
    possible: float

    def log_odds(self, values: Sequence[float], unseen: Mapping[str, float]) -> float:
        """Return the log-odds that a reading with these feature values is right."""
        total = self.begin(unseen)
        for tree in self.trees:
            node, feature = 0, tree.feature
            while feature[node] != LEAF:
                side = tree.low if values[feature[node]] <= tree.limit[node] else tree.high
                node = side[node]
            total += tree.value[node]
        return total

    def begin(self, unseen: Mapping[str, float]) -> float:
        """Return the log-odds before any tree is asked."""
        return self.base + sum(self.by_hand(unseen).values())

    def by_hand(self, unseen: Mapping[str, float]) -> dict[str, float]:
        """Return the terms for what fitting could not see."""
        return {name: weight * unseen[name] for name, weight in self.set_by_hand.items()}


def probability(log_odds: float) -> float:
    """Turn log-odds into 0..1."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


@cache
def open_scorecard() -> ScoreCard:
    """Read the packaged score card once."""
    text = (files("auditor") / "data" / "matcher.json").read_text(encoding="utf-8")
    return read_scorecard(json.loads(text))


def read_scorecard(document: dict[str, Any]) -> ScoreCard:
    """Make a ScoreCard of its document, the trees that decide most first.

    ValueError when it was fitted on other features.
    """
    if tuple(document["features"]) != FEATURES:
        raise ValueError("matcher.json was fitted on other features; fit it again.")
    trees = tuple(
        Tree(*(tuple(tree[name]) for name in ("feature", "limit", "low", "high", "value")))
        for tree in document["trees"]
    )
    trees = tuple(sorted(trees, key=lambda tree: min(tree.value) - max(tree.value)))
    return ScoreCard(
        document["base"],
        trees,
        dict(document["set_by_hand"]),
        document["confident"],
        document["possible"],
    )
