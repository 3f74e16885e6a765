"""Score a labelled folder, and time the sweep against what one would use instead.

    python -m benchmarks.matching BENCH [--profiles profiles.parquet]
    python -m benchmarks.matching BENCH --pool PROFILES [--brands ALL] [--rows N] [--hard-rows N]

BENCH holds districts.parquet, profiles.parquet, labels.parquet and score.py.  Printed are the
measures and slices of ``audit sweep`` beside those of plain substrings (the longest name in the
fused text wins), and the rates of pandas str.contains, a rapidfuzz loop and grep -F -f on the same
profiles in the same run.  With ``--pool`` instead, its profiles repeated up to N rows are swept for
one district and for all addresses of ALL (else BENCH), and fewer (hard) rows for all districts: by
one worker, by two, and by two of which one is killed, all three writing the same rows.

Splink is not among them: it weighs agreement over several fields that both sides have, and a
profile shares one with an institution, its name, fused and shortened.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

MEASURES = (
    "confident_precision", "confident_recall_resolvable", "confident_recall_all",
    "possible_recall_all", "false_flags_per_district_per_million", "tier_c_recall",
)  # fmt: skip
BRANDS_TRIED, NAMES_TRIED = 40, 300
ROWS_A_GROUP, FEWEST_GROUPS = 50_000, 20


def score(bench: Path, flags: Path) -> dict[str, object]:
    asked = [sys.executable, str(bench / "score.py"), "brands", str(flags), "--bench", str(bench)]
    return json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def sweep(
    brands: Path, profiles: str, out: Path, *more: str, flag: str = "--out", kill: bool = False
) -> dict[str, float]:
    asked = [sys.executable, "-m", "auditor", "sweep", "--brands", str(brands)]
    asked += ["--profiles", profiles, flag, str(out), *more]
    killed: list[int] = []
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:
        if kill:
            told = (process.pid, out.with_name(f".{out.name}.parts"), killed)
            threading.Thread(target=kill_one, args=told, daemon=True).start()
        printed, _ = process.communicate()
    if kill and not killed:
        raise SystemExit("No worker was killed: the sweep was over before; take more --rows.")
    return json.loads(printed)


def kill_one(parent: int, folder: Path, killed: list[int]) -> None:
    """Kill one worker as soon as two parts are finished; ``killed`` gets its number."""
    while len(list(folder.glob("*.done.json"))) < 2:
        time.sleep(0.05)
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    workers = [int(child) for child in children if is_worker(child)]
    os.kill(workers[0], signal.SIGKILL)
    killed.append(workers[0])


def is_worker(child: str) -> bool:
    """Whether a process judges parts; the tracker of resources, where there is one, does not."""
    return b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()


def fuse(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def owners_of(districts: pd.DataFrame) -> dict[str, set[str]]:
    """Return each fused name of a district or school with the districts that have it."""
    owners: dict[str, set[str]] = {}
    for row in districts.itertuples():
        for name in (row.district_name, *row.schools):
            if len(key := fuse(name)) > 3:
                owners.setdefault(key, set()).add(row.district_id)
    return owners


def plain_substring(bench: Path, profiles: str, out: Path) -> float:
    import ahocorasick_rs

    started = time.perf_counter()
    owners = owners_of(pd.read_parquet(bench / "districts.parquet"))
    keys = list(owners)
    automaton = ahocorasick_rs.AhoCorasick(keys)
    rows = []
    table = pd.read_parquet(bench / profiles)
    for row in table.itertuples():
        text = fuse(f"{row.handle or ''}{row.display_name or ''}")
        found = {keys[n] for n, _, _ in automaton.find_matches_as_indexes(text, overlapping=True)}
        best = max(found, key=len, default=None)
        named = owners[best] if best else set()
        verdict = "confident" if len(named) == 1 else "possible"
        rows += [(district, row.profile_id, verdict) for district in named]
    columns = ["district_id", "profile_id", "verdict"]
    pd.DataFrame(rows, columns=columns).to_parquet(out)
    return len(table) / (time.perf_counter() - started)


def pandas_contains(names: list[str], texts: pd.Series) -> float:
    """Return profiles a second for all names, from a few that were tried."""
    tried = random.Random(1).sample(names, BRANDS_TRIED)
    started = time.perf_counter()
    for name in tried:
        texts.str.contains(name, regex=False)
    seconds = (time.perf_counter() - started) * len(names) / BRANDS_TRIED
    return len(texts) / seconds


def rapidfuzz_loop(names: list[str], texts: pd.Series) -> float:
    from rapidfuzz import fuzz, process

    tried = random.Random(1).sample([text for text in texts if text], NAMES_TRIED)
    started = time.perf_counter()
    for text in tried:
        process.extractOne(text, names, scorer=fuzz.ratio, score_cutoff=85)
    return NAMES_TRIED / (time.perf_counter() - started)


def grep(names: list[str], texts: pd.Series, folder: Path) -> float:
    (folder / "names").write_text("\n".join(names), encoding="utf-8")
    (folder / "texts").write_text("\n".join(texts), encoding="utf-8")
    started = time.perf_counter()
    asked = ["grep", "-c", "-F", "-f", str(folder / "names"), str(folder / "texts")]
    subprocess.run(asked, check=False, capture_output=True, env={**os.environ, "LC_ALL": "C"})
    return len(texts) / (time.perf_counter() - started)


def make_pool(source: Path, rows: int, out: Path) -> None:
    """Repeat a file's rows, in another order each time, under ids of their own."""
    table = pq.read_table(source)
    rng = np.random.default_rng(1)
    wanted = [name for name in table.column_names if name != "verified"]
    table = table.select(wanted).cast(pa.schema([(name, pa.string()) for name in wanted]))
    group = min(ROWS_A_GROUP, max(1, rows // FEWEST_GROUPS))
    with pq.ParquetWriter(out, table.schema, compression="lz4", use_dictionary=False) as writer:
        for first in range(0, rows, group):
            count = min(group, rows - first)
            part = table.take(rng.integers(len(table), size=count))
            ids = pa.array([f"{n}" for n in range(first, first + count)])
            writer.write_table(part.set_column(wanted.index("profile_id"), "profile_id", ids))


def show_rate(label: str, rate: float, ours: float | None = None) -> None:
    ratio = f"{ours / rate:>12,.3g}" if ours else ""
    print(f"{label:<44}{rate:>14,.0f}{ratio}", flush=True)


def measure_quality(bench: Path, profiles: str, folder: Path) -> float:
    """Print the measures; return the profiles a second of ``audit sweep``."""
    out = folder / "flags.parquet"
    plain_rate = plain_substring(bench, profiles, out)
    plain = score(bench, out)
    speed = sweep(bench / "districts.parquet", str(bench / profiles), out)
    ours = score(bench, out)
    print(f"{'measure':<44}{'substring':>14}{'audit sweep':>14}")
    for measure in MEASURES:
        print(f"{measure:<44}{plain[measure]!s:>14}{ours[measure]!s:>14}")
    slices = {name: value for name, value in ours.items() if name.startswith("possible_recall_by_")}
    print(json.dumps(slices, indent=1))
    show_rate("plain substring, profiles/s", plain_rate)
    print(f"audit sweep, peak MB {speed['peak_mb']}, seconds {speed['seconds']}")
    return speed["profiles_per_second"]


def measure_rivals(bench: Path, profiles: str, ours: float, folder: Path) -> None:
    names = sorted(owners_of(pd.read_parquet(bench / "districts.parquet")))
    table = pd.read_parquet(bench / profiles).fillna("")
    texts = (table.handle + " " + table.display_name).map(fuse)
    print(f"{'the same profiles, all districts':<44}{'profiles/s':>14}{'ours / it':>12}")
    show_rate("audit sweep", ours, ours)
    show_rate("grep -F -f", grep(names, texts, folder), ours)
    show_rate("rapidfuzz extractOne", rapidfuzz_loop(names, texts), ours)
    show_rate("pandas str.contains", pandas_contains(names, texts), ours)


def measure_pool(one: Path, every: Path, source: Path, rows: int, hard: int, folder: Path) -> None:
    pool, hard_pool = folder / "pool.parquet", folder / "hard.parquet"
    make_pool(source, rows, pool)
    make_pool(source, hard, hard_pool)
    started = time.process_time()
    for _ in pq.ParquetFile(pool).iter_batches(16_384, use_threads=False):
        pass
    show_rate("reading the Parquet alone", rows / (time.process_time() - started))
    columns = ("profiles", "seconds", "CPU s", "profiles/s", "peak MB", "rows")
    print(f"{'what, workers':<36}" + "".join(f"{name:>12}" for name in columns))
    measure_cases("one district", one, pool, "--out", folder)
    measure_cases("every address", every, pool, "--addresses-out", folder)
    measure_cases("every district", every, hard_pool, "--out", folder)


def measure_cases(label: str, brands: Path, pool: Path, flag: str, folder: Path) -> None:
    """Sweep with one worker, two, and one of two killed; what they write must be the same."""
    written = []
    for told, workers, kill in (
        (", 1", "1", False),
        (", 2", "2", False),
        (", 1 of 2 killed", "2", True),
    ):
        out = folder / f"swept{len(written)}.parquet"
        before = os.times()
        found = sweep(brands, str(pool), out, "--workers", workers, flag=flag, kill=kill)
        after = os.times()
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        written.append(pq.read_table(out))
        print(
            f"{label + told:<36}{found['profiles']:>12,}{found['seconds']:>12,.1f}{cpu:>12,.1f}"
            f"{found['profiles_per_second']:>12,.0f}{found['peak_mb']:>12,.0f}"
            f"{written[-1].num_rows:>12,}",
            flush=True,
        )
    if not all(one.equals(written[0]) for one in written):
        raise SystemExit(f"{label}: the rows differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--profiles", default="profiles.parquet")
    parser.add_argument("--pool", type=Path, help="ordinary profiles to repeat for the rates")
    parser.add_argument("--brands", type=Path, help="every district, for the rates")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--hard-rows", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.pool:
            one, every = folder / "one.parquet", args.bench / "districts.parquet"
            table = pq.read_table(every)
            first = [len(schools) > 5 for schools in table["schools"].to_pylist()].index(True)
            pq.write_table(table.slice(first, 1), one)
            every = args.brands or every
            measure_pool(one, every, args.pool, args.rows, args.hard_rows, folder)
            return
        ours = measure_quality(args.bench, args.profiles, folder)
        measure_rivals(args.bench, args.profiles, ours, folder)


if __name__ == "__main__":
    main()
