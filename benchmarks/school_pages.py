"""Time writing 1,000 school pages of 100 findings: ``python -m benchmarks.school_pages``."""

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
    """Write the pages once and print one JSON line."""
    report = make_report(FINDINGS)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for number in range(PAGES):
            write_school(report, Path(folder) / f"school-{number}.html")
        seconds = round(time.perf_counter() - start, 2)
    print(json.dumps({"pages": PAGES, "findings_a_page": FINDINGS, "seconds": seconds}))


if __name__ == "__main__":
    main()
