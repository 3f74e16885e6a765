"""Fit the matcher's score card on labelled profiles; scikit-learn is needed only here.

    python -m benchmarks.fit_matcher features BENCH FEATURES.parquet
    python -m benchmarks.fit_matcher fit BENCH FEATURES.parquet auditor/data/matcher.json

BENCH holds districts.parquet, profiles.parquet and labels.parquet.  Only the features of readings
are fitted on, never a handle or a name.  Every figure printed comes from states that the trees it
is measured with have not seen: the states are dealt into eight folds, each judged by trees fitted
on the seven others, with the terms set by hand added.  What is written is fitted on all states,
with the thresholds found that way.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from auditor.matching.evidence import FEATURES

WORKERS, FOLDS = 2, 8
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two fits at a time, one thread each
RISING = {"state", "town", "district", "county", "domain", "our_mascot", "number", "told_length"}
FALLING = {"no_school", "best_other", "second_other", "better", "alike"}
SET_BY_HAND = {"domain": 6.0, "our_mascot": 1.0, "located": 0.8, "only_here": 2.6,
               "misspelt": -1.5}  # fmt: skip
PRECISION, FALSE_FLAGS = 0.952, 24.5
SHAPE = {"max_iter": 400, "learning_rate": 0.04, "max_leaf_nodes": 24, "min_samples_leaf": 30,
         "l2_regularization": 3.0, "max_features": 0.3, "random_state": 0}  # fmt: skip


def collect_part(bench: Path, part: int) -> pd.DataFrame:
    from auditor.matching.branding import is_other
    from auditor.matching.evidence import features_of, is_at_most_possible, unseen_of
    from auditor.matching.gazetteer import open_gazetteer
    from auditor.matching.hypotheses import BrandIndex
    from auditor.sweep_brands import read_brands
    from connectors.profiles.file import read_profiles
    from connectors.profiles.tables import read_batches

    index = BrandIndex(read_brands(bench / "districts.parquet"), open_gazetteer())
    keys, values = [], []
    from collections import Counter

    for batch in read_batches(bench / "profiles.parquet", "bench"):
        profiles = read_profiles(batch, "bench", Counter(), set(), keep_unidentified=True)
        for number, profile in enumerate(profiles):
            if number % WORKERS == part:
                for found in index.read(profile):
                    limits = is_at_most_possible(found), is_other(found)
                    hand = sum(SET_BY_HAND[k] * v for k, v in unseen_of(found).items())
                    keys.append((found.own.brand.district_id, profile.row, *limits, hand))
                    values.append(features_of(found))
    table = pd.DataFrame(np.array(values, dtype="float32"), columns=list(FEATURES))
    columns = ["district_id", "profile_id", "at_most_possible", "never", "by_hand"]
    return pd.concat([pd.DataFrame(keys, columns=columns), table], axis=1)


def collect(bench: Path, out: Path) -> None:
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        parts = list(pool.map(collect_part, [bench] * WORKERS, range(WORKERS)))
    pd.concat(parts).reset_index(drop=True).to_parquet(out)


def deal(states: pd.Series) -> dict[str, int]:
    """Deal the states into folds of about as many readings, the largest first."""
    counts, folds = states.value_counts(), [0] * FOLDS
    dealt: dict[str, int] = {}
    for state in sorted(counts.index, key=lambda state: (-counts[state], state)):
        dealt[state] = int(np.argmin(folds))
        folds[dealt[state]] += counts[state]
    return dealt


def fit(rows: pd.DataFrame):  # type: ignore[no-untyped-def]
    from sklearn.ensemble import HistGradientBoostingClassifier

    signs = [1 if f in RISING else -1 if f in FALLING else 0 for f in FEATURES]
    model = HistGradientBoostingClassifier(monotonic_cst=signs, **SHAPE)
    rows = rows[rows.by_hand == 0]  # what a term set by hand says, the trees should not say again
    return model.fit(rows[list(FEATURES)], rows.right)


def mean_values(nodes) -> list[float]:  # type: ignore[no-untyped-def]
    """Give every inner node the mean of its leaves, so that each step down has a meaning."""
    values = [float(v) for v in nodes["value"]]
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if not node["is_leaf"]:
            low, high = int(node["left"]), int(node["right"])
            counts = float(nodes[low]["count"]), float(nodes[high]["count"])
            values[place] = (values[low] * counts[0] + values[high] * counts[1]) / sum(counts)
    return [round(v, 5) for v in values]


def document_of(model, confident: float, possible: float) -> dict:  # type: ignore[no-untyped-def]
    trees = []
    for (predictor,) in model._predictors:  # noqa: SLF001
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append({
            "feature": np.where(leaf, -1, nodes["feature_idx"]).astype(int).tolist(),
            "limit": [round(float(v), 5) if np.isfinite(v) else 1e30
                      for v in np.where(leaf, 0, nodes["num_threshold"])],
            "low": nodes["left"].astype(int).tolist(),
            "high": nodes["right"].astype(int).tolist(),
            "value": [round(value, 4) for value in mean_values(nodes)],
        })  # fmt: skip
    return {
        "features": list(FEATURES),
        "base": round(float(model._baseline_prediction.ravel()[0]), 5),  # noqa: SLF001
        "set_by_hand": SET_BY_HAND,
        "confident": round(confident, 4),
        "possible": round(possible, 4),
        "trees": trees,
    }


def measure(
    rows: pd.DataFrame, real: pd.DataFrame, pool: int, districts: int
) -> tuple[float, float]:
    """Print the frontier and the calibration; return the two thresholds."""
    ranked = rows[~rows.at_most_possible].sort_values("score", ascending=False)
    ranked = ranked.reset_index(drop=True)
    precision = ranked.right.cumsum() / np.arange(1, len(ranked) + 1)
    resolvable = real[real.resolvable.fillna(False).astype(bool)]
    chosen = {}
    for bar in (0.97, 0.96, 0.955, PRECISION, 0.95, 0.93, 0.90):
        count = int(np.flatnonzero(precision.to_numpy() >= bar).max(initial=-1)) + 1
        hit = set(ranked.profile_id[:count][ranked.right[:count]])
        chosen[bar] = float(ranked.score[max(0, count - 1)])
        print(
            f"precision {bar:.3f} from score {chosen[bar]:.3f}: recall of resolvable "
            f"{resolvable.index.isin(hit).mean():.3f}, of all {real.index.isin(hit).mean():.3f}"
        )
    ranked = rows.sort_values("score", ascending=False).reset_index(drop=True)
    wrong = (~ranked.right).cumsum().to_numpy() / districts / pool * 1e6
    for bar in (15.0, 20.0, FALSE_FLAGS, 25.0, 36.0):
        count = int(np.searchsorted(wrong, bar))
        hit = set(ranked.profile_id[:count][ranked.right[:count]])
        chosen[bar] = float(ranked.score[count - 1])
        print(
            f"{bar:.1f} false flags a district and million from score {chosen[bar]:.3f}: "
            f"recall {real.index.isin(hit).mean():.3f}"
        )
    bins = pd.cut(ranked.score, np.linspace(0, 1, 11))
    print(
        ranked.groupby(bins, observed=True)
        .agg(score=("score", "mean"), right=("right", "mean"), count=("right", "size"))
        .round(3)
    )
    return chosen[PRECISION], chosen[FALSE_FLAGS]


def fit_all(bench: Path, features: Path, out: Path) -> None:
    rows = pd.read_parquet(features)
    labels = pd.read_parquet(bench / "labels.parquet").set_index("profile_id")
    districts = pd.read_parquet(bench / "districts.parquet").set_index("district_id")
    rows["right"] = rows.profile_id.map(labels.label).eq(rows.district_id)
    unscored = rows.profile_id.map(labels.tier).isin(["N", "X"])
    rows = rows[~unscored & ~rows.never].reset_index(drop=True)
    states = rows.district_id.map(districts.state)
    fold = states.map(deal(states))
    rows["score"] = 0.0
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        *others, last = pool.map(fit, [*(rows[fold != part] for part in range(FOLDS)), rows])
    for part, model in enumerate(others):
        unseen = rows.loc[fold == part, list(FEATURES)]
        odds = model.decision_function(unseen) + rows.by_hand[fold == part]
        rows.loc[fold == part, "score"] = 1 / (1 + np.exp(-odds))
    real = labels[labels.tier.isin(["A", "B"])]
    confident, possible = measure(rows, real, len(labels), len(districts))
    document = document_of(last, confident, possible)
    out.write_text(
        json.dumps(document, separators=(",", ":")).replace('{"feature"', '\n{"feature"') + "\n",
        encoding="utf-8",
    )
    rows.to_parquet(features.with_suffix(".scored.parquet"))


def main(arguments: list[str]) -> None:
    paths = [Path(argument) for argument in arguments[1:]]
    {"features": collect, "fit": fit_all}[arguments[0]](*paths)


if __name__ == "__main__":
    main(sys.argv[1:])
