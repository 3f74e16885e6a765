"""Time the district's page with many findings in Chromium, beside a plain table of the same.

Run as ``python -m benchmarks.report_page [NUMBER]``; prints one JSON line a page: size, seconds to
write, to open until a filter works, and to filter; then the ratio.  Medians of five.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from reports.html import write_district
from reports.model import EvidenceLine, FindingLine, Headline, Pages, Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FILTER = """() => {
    const start = performance.now();
    const school = document.getElementById('filter-school');
    school.value = 'S7';
    school.dispatchEvent(new Event('input', { bubbles: true }));
    document.body.offsetHeight;
    return performance.now() - start;
}"""


def make_finding(number: int) -> FindingLine:
    address, school = f"staff{number}@district.example", number % 40
    url = f"https://social.example/@user{number}"
    seen = NOW - timedelta(hours=7 * number % 20_000)
    return FindingLine(
        key=f"{number * 2654435761 % 2**64:016x}",
        rule="district-address-in-use",
        rule_title="District address in use",
        item="10" if number % 3 else "8",
        schools=(f"S{school}",),
        school_names=(f"School number {school}",),
        platform="mastodon",
        platform_title="Mastodon",
        subject=f"@user{number}@social.example",
        url=url,
        grade="ABC"[number % 3],
        grade_title="the account itself publishes the address",
        state="open",
        state_title="Open",
        change="seen_again",
        change_title="Seen again",
        is_new=number % 50 == 0,
        first_seen=seen,
        last_seen=NOW,
        summary=f"{address} in use at Mastodon",
        policy_sentence="Staff do not use their district address on social networking sites.",
        dispute="Tell the Technology Coordinator.",
        evidence=(
            EvidenceLine("bio", address, f"... reach me at {address} ...", "found", url, seen),
            EvidenceLine("web site", "district.example", f"district.example/{number}", "found"),
        ),
        reasons=("The account itself shows the address, in plain text.",),
        doubts=("Anyone can write an address into a profile.", "It may be older than the policy."),
    )


def make_report(number: int, first: int = 0) -> Report:
    findings = tuple(make_finding(one) for one in range(first, first + number))
    return Report(
        district="Benchmark School District",
        school=None,
        school_code=None,
        generated_at=NOW,
        zone="UTC",
        run=1,
        version="0",
        settings_hash="0",
        policy="Board policy",
        responsible="Technology Coordinator",
        contact=None,
        dispose_after=None,
        headline=Headline(sum(f.is_new for f in findings), number, 0, 0),
        pages=Pages("index.html", "registry.html", "coverage.html", None, None),
        findings=findings,
    )


def write_plain(report: Report, path: Path) -> None:
    """Write the same findings and evidence as one table without any script."""
    rows = []
    for f in report.findings:
        words = [w for e in f.evidence for w in (e.what, e.ours, e.theirs, e.source, e.url or "")]
        cells = [f.summary, f.subject, *f.school_names, f.platform_title, f.item, f.grade]
        cells += [f.state_title, f.first_seen.date().isoformat(), " ".join(words)]
        cells.append(" ".join((*f.reasons, *f.doubts, f.policy_sentence, f.dispute)))
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Plain</title><table>'
    path.write_text(head + "\n".join(rows) + "</table>", "utf-8")


def time_page(browser: Browser, path: Path, ready: str) -> tuple[float, float | None]:
    opened, filtered = [], []
    for _ in range(ROUNDS):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector(ready)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        opened.append(time.perf_counter() - start)
        if page.locator("#filters").count():
            filtered.append(page.evaluate(FILTER) / 1000)
        page.close()
    return statistics.median(opened), statistics.median(filtered) if filtered else None


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    report = make_report(number)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        ours, plain = Path(folder) / "index.html", Path(folder) / "plain.html"
        write_district(replace(report, findings=()), ours)
        start = time.perf_counter()
        write_district(report, ours)
        wrote = time.perf_counter() - start
        write_plain(report, plain)
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        opened, filtered = time_page(browser, ours, "button.opener")
        plain_opened, _ = time_page(browser, plain, "td")
        browser.close()
        figures = {
            "page": "district",
            "findings": number,
            "mb": round(ours.stat().st_size / 1e6, 2),
        }
        figures |= {"write_s": round(wrote, 3), "open_s": round(opened, 3)}
        print(json.dumps({**figures, "filter_s": round(filtered or 0, 3)}), flush=True)
        size = round(plain.stat().st_size / 1e6, 2)
        print(json.dumps({"page": "plain table", "mb": size, "open_s": round(plain_opened, 3)}))
        print(json.dumps({"open_ratio": round(opened / plain_opened, 2)}))


if __name__ == "__main__":
    main()
