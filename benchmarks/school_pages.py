"""Time writing 1,000 school pages of 100 findings each: ``python -m benchmarks.school_pages``."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from benchmarks.report_page import make_report
from reports.html import write_school

PAGES = 1000
FINDINGS = 100


def main() -> None:
    """Write the pages once, each with findings of its own, and print one JSON line."""
    seconds = cpu = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(PAGES):
            report = make_report(FINDINGS, number * FINDINGS)
            began = time.perf_counter(), time.process_time()
            write_school(report, Path(folder) / f"school-{number}.html")
            seconds += time.perf_counter() - began[0]
            cpu += time.process_time() - began[1]
    figures = {"seconds": round(seconds, 2), "cpu_s": round(cpu, 2)}
    print(json.dumps({"pages": PAGES, "findings_a_page": FINDINGS, **figures}))


if __name__ == "__main__":
    main()
