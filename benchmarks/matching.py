"""Sweep a labelled folder end to end, score it, and print throughput and memory.

    python -m benchmarks.matching BENCH [--workers N] [--profiles profiles.parquet]

BENCH holds districts.parquet, profiles.parquet, labels.parquet and score.py.  ``plain substring``
is the head-to-head: the longest district or school name that occurs in the fused text wins.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

MEASURES = (
    "confident_precision", "confident_recall_resolvable", "confident_recall_all",
    "possible_recall_all", "false_flags_per_district_per_million", "tier_c_recall",
)  # fmt: skip


def score(bench: Path, flags: Path) -> dict[str, object]:
    asked = [sys.executable, str(bench / "score.py"), "brands", str(flags), "--bench", str(bench)]
    return json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def sweep(bench: Path, profiles: str, workers: int, out: Path) -> dict[str, object]:
    asked = [sys.executable, "-m", "auditor", "sweep", "--brands", str(bench / "districts.parquet")]
    asked += ["--profiles", str(bench / profiles), "--out", str(out), "--workers", str(workers)]
    return json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def plain_substring(bench: Path, profiles: str, out: Path) -> dict[str, object]:
    import ahocorasick_rs

    started = time.perf_counter()
    districts = pd.read_parquet(bench / "districts.parquet")
    owners: dict[str, set[str]] = {}
    for row in districts.itertuples():
        for name in (row.district_name, *row.schools):
            key = "".join(filter(str.isalnum, name.lower()))
            if len(key) > 3:
                owners.setdefault(key, set()).add(row.district_id)
    keys = list(owners)
    automaton = ahocorasick_rs.AhoCorasick(keys)
    rows = []
    table = pd.read_parquet(bench / profiles)
    for row in table.itertuples():
        text = "".join(filter(str.isalnum, f"{row.handle or ''}{row.display_name or ''}".lower()))
        found = {keys[n] for n, _, _ in automaton.find_matches_as_indexes(text, overlapping=True)}
        best = max(found, key=len, default=None)
        named = owners[best] if best else set()
        verdict = "confident" if len(named) == 1 else "possible"
        rows += [(district, row.profile_id, verdict) for district in named]
    columns = ["district_id", "profile_id", "verdict"]
    pd.DataFrame(rows, columns=columns).to_parquet(out)
    seconds = time.perf_counter() - started
    return {"profiles_per_second": round(len(table) / seconds), "seconds": round(seconds, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--profiles", default="profiles.parquet")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "flags.parquet"
        speed = plain_substring(args.bench, args.profiles, out)
        plain = score(args.bench, out)
        ours_speed = sweep(args.bench, args.profiles, args.workers, out)
        ours = score(args.bench, out)
    print(f"{'measure':<40}{'plain substring':>18}{'audit sweep':>14}")
    for measure in MEASURES:
        print(f"{measure:<40}{plain[measure]!s:>18}{ours[measure]!s:>14}")
    for what in ("profiles_per_second", "seconds", "peak_mb"):
        print(f"{what:<40}{speed.get(what, '-')!s:>18}{ours_speed[what]!s:>14}")
    slices = [name for name in ours if name.startswith("possible_recall_by_")]
    print(json.dumps({name: ours[name] for name in slices}, indent=1))


if __name__ == "__main__":
    main()
