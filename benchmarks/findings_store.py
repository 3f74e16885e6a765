"""Time a night's bookkeeping for 100,000 findings: read what is known, compare, write.

Run as ``python -m benchmarks.findings_store [NUMBER]``; prints one JSON line a night.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from auditor.findings import Evidence, Finding
from auditor.lifecycle import Looked, reconcile
from auditor.store import Store, open_store
from connectors.records import Grade

RULE = "district-address-in-use"
STARTED = datetime(2026, 11, 16, 8, 15, tzinfo=UTC)


def make_finding(number: int, wording: str = "") -> Finding:
    address = f"staff{number}@district.example"
    url = f"https://social.example/@user{number}"
    return Finding(
        rule=RULE,
        subject=("mastodon", f"{number}", address),
        sources=frozenset({"roster", "found"}),
        grade=Grade.A,
        summary=f"{address} in use at Mastodon{wording}",
        schools=(f"S{number % 40}",),
        people=(f"person-{number}",),
        platform="mastodon",
        url=url,
        evidence=(Evidence("bio of the account", address, address, "found", url, STARTED),),
        reasons=("The account itself shows the address, in plain text.",),
        doubts=("Anyone can write an address into a profile.",),
    )


def time_night(store: Store, day: int, tonight: list[Finding], label: str) -> None:
    at = STARTED + timedelta(days=day)
    looked = Looked(frozenset({RULE}), frozenset({"roster", "found"}), lambda _: True)
    cpu = time.process_time()
    marks = [time.perf_counter()]
    known = store.known_findings()
    marks.append(time.perf_counter())
    transitions = reconcile(known, tonight, looked, (), date(2026, 11, 16))
    marks.append(time.perf_counter())
    run = store.begin_run(at, "benchmark", "", None)
    store.finish_run(
        run,
        readings=(),
        outcomes=(),
        transitions=transitions,
        finished_at=at,
        outcome="complete",
        exit_code=0,
        item_of={RULE: "10"},
    )
    marks.append(time.perf_counter())
    read, compared, wrote = (round(end - start, 3) for start, end in pairwise(marks))
    total = round(marks[-1] - marks[0], 3)
    figures = {"night": label, "known_s": read, "reconcile_s": compared, "finish_s": wrote}
    spent = round(time.process_time() - cpu, 3)
    print(json.dumps({**figures, "total_s": total, "cpu_s": spent}), flush=True)


def main() -> None:
    gc.set_threshold(500_000, 50, 100)  # as `audit run` does
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    part = number // 100
    first = [make_finding(one) for one in range(number)]
    changed = [make_finding(one, " (again)") for one in range(part)]
    later = changed + [make_finding(one) for one in range(part, number - part)]
    later += [make_finding(one) for one in range(number, number + part)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "audit.sqlite"
        store = open_store(f"sqlite:///{file}")
        time_night(store, 0, first, "first, all new")
        time_night(store, 1, first, "nothing new")
        time_night(store, 2, later, "1 % new, 1 % changed, 1 % gone")
        start = time.perf_counter()
        store.findings()
        print(json.dumps({"findings_s": round(time.perf_counter() - start, 3)}))
        store.close()
        print(json.dumps({"file_mb": round(file.stat().st_size / 1e6, 1)}))


if __name__ == "__main__":
    main()
