"""What the pages say, read from the files."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from report_samples import (
    branded,
    district_report,
    finding,
    many_findings,
    quiet_school_report,
    school_report,
)

from reports import html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reports.model import Report

WRITERS = {
    "district": html.write_district,
    "school": html.write_school,
    "registry": html.write_registry,
    "coverage": html.write_coverage,
}


class Words(HTMLParser):
    """The visible words of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str, Report], Words]:
    def read_page(kind: str, report: Report) -> Words:
        WRITERS[kind](report, tmp_path / "page.html")
        parser = Words()
        parser.feed((tmp_path / "page.html").read_text("utf-8"))
        return parser

    return read_page


@pytest.fixture(params=WRITERS)
def any_page(request: pytest.FixtureRequest, read: Callable[[str, Report], Words]) -> Words:
    report = school_report() if request.param == "school" else district_report()
    return read(request.param, report)


def test_every_page_says_whose_it_is_and_when_it_was_made(any_page: Words) -> None:
    assert "Heron Lake School District" in any_page.text
    assert "Nov 20, 2026, 2:41 AM (America/Chicago)" in any_page.text.replace(" ) ", ") ")
    assert "Version 1.0.0" in any_page.text
    assert "Settings 9f2c41d07b3e" in any_page.text


def test_every_page_says_it_is_confidential_and_what_it_does_not_restrict(any_page: Words) -> None:
    assert "Confidential (Board policy 529, item 7)" in any_page.text
    assert "nothing here restricts speech that the law protects" in any_page.text
    assert "To be disposed of after Nov 20, 2033" in any_page.text
    assert "Ask the people concerned first" in any_page.text
    assert "questions and disputes go to Technology Coordinator" in any_page.text


def test_a_school_page_sends_its_reader_to_the_people_concerned(
    read: Callable[[str, Report], Words],
) -> None:
    page = read("school", school_report())
    assert "Each is a lead, not a judgement: ask the people concerned first." in page.text


def test_no_page_speaks_of_violations(any_page: Words, tmp_path: Path) -> None:
    assert "violat" not in any_page.text.lower()
    source = (tmp_path / "page.html").read_text("utf-8")
    own = re.sub(r"<(style|script)\b.*?</\1>", "", source, flags=re.DOTALL)
    assert "violat" not in own.lower()


def test_every_page_is_closed_to_crawlers_referrers_and_the_network(any_page: Words) -> None:
    meta = {
        a.get("name") or a.get("http-equiv"): a.get("content")
        for t, a in any_page.tags
        if t == "meta"
    }
    assert meta["robots"] == "noindex, nofollow"
    assert meta["referrer"] == "no-referrer"
    policy = meta["Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [a for t, a in any_page.tags if t in {"link", "img", "iframe", "object", "base"}]
    assert not [a for t, a in any_page.tags if t == "script" and "src" in a]


def test_the_first_screen_holds_four_numbers_that_are_links(
    read: Callable[[str, Report], Words],
) -> None:
    page = read("district", district_report())
    links = [a.get("href") for t, a in page.tags if t == "a"]
    assert {"#state=new", "#state=any-open", "#state=ending", "./registry.html#waiting"} <= set(
        links
    )
    assert "2 new this week" in page.text
    assert "26 open" in page.text
    assert "2 accounts waiting for approval" in page.text
    assert "1 exemptions ending soon" in page.text


def test_what_failed_is_told_with_since_when_and_what_to_do(
    read: Callable[[str, Report], Words],
) -> None:
    text = read("district", district_report()).text
    assert "Complete for 3 of 4 sources." in text
    assert "youtube search : Quota used up since Nov 18, 2026, 2:20 AM" in text
    assert "What to do: Nothing for now" in text


@pytest.mark.parametrize(
    ("complete", "sentence"),
    [(True, "Complete: all 4 sources were read in full."), (None, "No source was read.")],
)
def test_complete_is_only_said_when_something_was_read(
    complete: bool | None, sentence: str, read: Callable[[str, Report], Words]
) -> None:
    report = district_report()
    sources = tuple(replace(s, is_complete=True) for s in report.sources) if complete else ()
    assert sentence in read("district", replace(report, sources=sources)).text


def test_the_trend_has_a_table_with_the_same_numbers(read: Callable[[str, Report], Words]) -> None:
    page = read("district", district_report())
    svg = next(a for t, a in page.tags if t == "svg")
    assert svg["role"] == "img"
    assert svg["aria-labelledby"] == "trend-title trend-text"
    assert "Item 8 went from 14 to 9, item 10 from 21 to 11." in page.text
    assert "Aug 30, 2026 14 21" in page.text
    assert "Nov 15, 2026 9 11" in page.text


def test_one_week_is_told_as_such_and_a_school_without_trend_has_no_section(
    read: Callable[[str, Report], Words],
) -> None:
    report = replace(district_report(), trend=())
    assert "The trend is drawn from the second week on." in read("district", report).text
    assert "Week by week" not in read("school", replace(school_report(), trend=())).text


def test_the_district_page_names_gaps_idle_checks_and_schools(
    read: Callable[[str, Report], Words],
) -> None:
    page = read("district", district_report())
    assert "No lawful interface Facebook, Instagram" in page.text
    assert (
        "Owner of a registered account has left (item 8): Sat out. The roster does not" in page.text
    )
    assert "Riverbend Elementary 0 4 0" in page.text
    assert "./RIV.html" in [a.get("href") for t, a in page.tags if t == "a"]


def test_without_gaps_and_idle_checks_the_page_says_so(
    read: Callable[[str, Report], Words],
) -> None:
    report = replace(district_report(), coverage=(), rules=(), schools=())
    text = read("district", report).text
    assert "Every question that can be asked was asked." in text
    assert "All checks ran." in text
    assert "No schools are set up." in text


def test_a_school_page_holds_the_whole_evidence_in_html(
    read: Callable[[str, Report], Words],
) -> None:
    line = finding(
        7,
        state="disputed",
        state_title="Disputed",
        statement="It is not mine.",
        affiliation="A club",
    )
    text = read("school", school_report((line,))).text
    for words in (
        line.summary,
        "The district's records staff7@heronlake.example",
        "Found ... write to staff7@heronlake.example for ...",
        "https://www.facebook.com/staff7/about",
        "Seen Nov 20, 2026, 2:41 AM",
        *line.reasons,
        *line.doubts,
        line.policy_sentence,
        line.dispute,
        "The employee's statement It is not mine.",
        "Looks like A club",
        "A: the account itself publishes the address",
        line.key,
    ):
        assert words in text


def test_a_quiet_school_says_so(read: Callable[[str, Report], Words]) -> None:
    page = read("school", quiet_school_report())
    assert "Nothing needs a look: this school has no open findings." in page.text
    assert "There are no findings for this school in this run." in page.text
    assert "Not every source was read" not in page.text
    assert not [a for t, a in page.tags if t in {"table", "script", "form"}]


def test_a_quiet_school_with_a_source_missing_does_not_claim_more(
    read: Callable[[str, Report], Words],
) -> None:
    text = read("school", school_report(())).text
    assert "Not every source was read, so there may be some it could not see." in text


def test_a_list_that_is_very_long_stays_plain_and_says_so(
    read: Callable[[str, Report], Words],
) -> None:
    page = read("school", school_report(many_findings(401).findings))
    assert "The list is too long for filters on this page" in page.text
    assert not [a for t, a in page.tags if t == "script"]
    assert sum(t == "details" for t, _ in page.tags) == 401 + 1


def test_an_unsafe_address_is_text_and_a_safe_one_keeps_its_distance(
    read: Callable[[str, Report], Words],
) -> None:
    lines = (finding(1, url="javascript:alert(1)", evidence=()), finding(2, evidence=()))
    page = read("school", school_report(lines))
    links = [
        a for t, a in page.tags if t == "a" and str(a.get("href")).startswith(("http", "java"))
    ]
    assert links == [
        {"href": "https://www.facebook.com/staff2", "rel": "noopener noreferrer nofollow"}
    ]
    assert "javascript:alert(1)" in page.text


def test_a_name_in_markup_stays_a_name(read: Callable[[str, Report], Words]) -> None:
    report = replace(school_report(), school="<b>Oak</b> & Co", policy="<i>529</i>")
    page = read("school", report)
    assert "<b>Oak</b> & Co" in page.text
    assert not [t for t, _ in page.tags if t in {"b", "i"} and t == "i"]


def test_the_registry_puts_what_waits_and_what_is_due_first(
    read: Callable[[str, Report], Words],
) -> None:
    page = read("registry", district_report())
    headings = [a["id"] for t, a in page.tags if t == "h2"]
    assert headings == ["waiting", "review-due", "state-approved", "state-retired"]
    assert "Waiting for approval (2)" in page.text
    assert "no backup" in page.text
    assert "Sep 2, 2025 by District Administrator" in page.text


def test_an_empty_registry_says_so(read: Callable[[str, Report], Words]) -> None:
    text = read("registry", replace(district_report(), accounts=())).text
    assert "No account is registered yet." in text


def test_the_coverage_page_tells_every_source_platform_and_check(
    read: Callable[[str, Report], Words],
) -> None:
    report = district_report()
    text = read("coverage", report).text
    for source in report.sources:
        assert source.name in text
    assert "Quota used up since Nov 18, 2026, 2:20 AM 0 Nov 17, 2026, 2:22 AM" in text
    assert "40 searches are left over." in text
    for line in report.coverage:
        assert line.remark in text
    assert "youtube search Nov 2, 2026 Tomorrow." in text
    assert "The roster does not say who has left." in text


def test_an_empty_coverage_page_says_what_is_missing(read: Callable[[str, Report], Words]) -> None:
    report = replace(district_report(), sources=(), coverage=(), rules=(), notes=())
    text = read("coverage", report).text
    for sentence in ("No source was read.", "No platform was asked.", "No check ran."):
        assert sentence in text


def test_a_page_that_is_not_written_is_not_linked(read: Callable[[str, Report], Words]) -> None:
    report = district_report()
    pages = replace(report.pages, registry="", csv=None, json=None)
    page = read("district", replace(report, pages=pages))
    links = [a.get("href") for t, a in page.tags if t == "a"]
    assert not [link for link in links if link and ("registry" in link or link.endswith("./"))]
    assert "The same as CSV" not in page.text


def test_five_thousand_findings_stay_under_two_and_a_half_megabytes(tmp_path: Path) -> None:
    html.write_district(many_findings(5000), tmp_path / "index.html")
    assert (tmp_path / "index.html").stat().st_size < 2_500_000


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    report = replace(district_report(), findings=(branded(1), finding(2)))
    html.write_district(report, tmp_path / "a.html")
    html.write_district(report, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
