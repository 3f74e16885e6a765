"""The pages as people use them, in Chromium, offline, under their own security policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from report_samples import district_report, finding, many_findings, school_report

from reports import html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
NAMES = ("index.html", "HLH.html", "OAK.html", "registry.html", "coverage.html")


def shown(page: Page) -> list[str]:
    """Return the headlines of the findings on the screen."""
    return page.locator("#findings-table .headline:visible").all_text_contents()


def count(page: Page) -> int:
    """Return how many findings the table says fit the filters."""
    text = page.locator(".dt-info").text_content() or ""
    if "no findings" in text:
        return 0
    found = re.search(r"of ([\d,]+) finding", text)
    assert found, text
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_without_a_word_to_the_console(
    name: str, pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / name)
    assert page.locator("h1").count() == 1
    assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways(
    name: str, width: int, pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / name, viewport={"width": width, "height": 800})
    for opener in page.locator("button.opener").all()[:2]:
        opener.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_open_is_shown_first_in_the_reports_order(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    report = district_report()
    page = open_page(pages / "index.html")
    assert count(page) == report.headline.open
    assert shown(page) == [f.summary for f in report.findings if f.is_open][:25]


@pytest.mark.parametrize(
    ("label", "select", "value"),
    [
        ("new this week", "new", "is_new"),
        ("open", "any-open", "is_open"),
    ],
)
def test_a_number_sets_the_filter(
    label: str, select: str, value: str, pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "index.html", "#state=closed")
    page.locator(".numbers a", has=page.get_by_text(label, exact=True)).click()
    assert page.locator("#filter-state").input_value() == select
    assert count(page) == sum(getattr(f, value) for f in district_report().findings)
    assert page.evaluate("document.activeElement.id") == "findings"


def test_the_number_of_ending_exemptions_sets_the_filter(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "index.html")
    page.get_by_text("exemptions ending soon").click()
    assert shown(page) == ["District address in use at Facebook by account staff5"]


def test_filters_work_together_and_stand_in_the_address(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "index.html")
    page.locator("#filter-school").select_option(label="Riverbend Elementary")
    page.locator("#filter-item").select_option("10")
    page.locator("#filter-state").select_option("")
    expected = [f for f in district_report().findings if "RIV" in f.schools and f.item == "10"]
    assert count(page) == len(expected) > 0
    assert page.url.endswith("#state=&item=10&school=RIV")
    page.reload()
    assert page.locator("#filter-school").input_value() == "RIV"
    assert count(page) == len(expected)
    page.get_by_role("button", name="Show all open").click()
    assert count(page) == district_report().headline.open
    assert page.url.endswith("#")


def test_words_are_looked_for_in_the_evidence_too(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    for name in ("index.html", "HLH.html"):
        page = open_page(pages / name)
        page.locator("#filter-text").fill("WRITE to staff3@")
        assert shown(page) == ["District address in use at Facebook by account staff3"]
        page.locator("#filter-text").fill("nobody has this")
        assert count(page) == 0
        assert page.get_by_text("No finding fits these filters.").is_visible()


def test_the_district_as_a_whole_can_be_chosen(pages: Path, open_page: Callable[..., Page]) -> None:
    page = open_page(pages / "index.html")
    page.locator("#filter-school").select_option(label="The district as a whole")
    assert count(page) == 1


def test_an_address_made_by_somebody_else_cannot_set_what_is_not_offered(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "index.html", "#state=%3Cscript%3E&platform=none&__proto__=x&item=8")
    assert page.locator("#filter-state").input_value() == "any-open"
    assert page.locator("#filter-platform").input_value() == ""
    assert page.locator("#filter-item").input_value() == "8"


def test_a_narrow_screen_keeps_three_columns_and_the_details_fit(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    for name, columns in (("index.html", 7), ("HLH.html", 6)):
        page = open_page(pages / name, viewport={"width": 375, "height": 800})
        heads = page.locator("#findings-table thead th")
        assert heads.all_inner_texts() == ["Finding", "Grade", "State"]
        page.locator("button.opener").first.click()
        wide = page.locator(".details, #findings-table").evaluate_all(
            "all => all.map((e) => e.getBoundingClientRect().right)"
        )
        assert max(wide) <= 375
        page.set_viewport_size({"width": 1280, "height": 800})
        assert heads.count() == columns
        assert page.locator(".details-row > td").get_attribute("colspan") == str(columns)


def test_sorting_by_the_day_goes_by_the_calendar(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    for name in ("index.html", "HLH.html"):
        page = open_page(pages / name)
        page.get_by_role("columnheader", name="First seen").click()
        days = page.locator("#findings-table time:visible").evaluate_all(
            "all => all.map(t => t.dateTime)"
        )
        assert days == sorted(days)
        assert len(set(days)) > 5


def test_both_pages_show_the_same_details(pages: Path, open_page: Callable[..., Page]) -> None:
    texts = {}
    for name in ("index.html", "HLH.html"):
        page = open_page(pages / name, "#text=never+opened")
        page.locator("button.opener").click()
        texts[name] = page.locator(".details").inner_text()
        page.locator("button.opener").click()
        assert page.locator(".details").count() == 0
    assert texts["index.html"] == texts["HLH.html"]
    assert "I never opened this account." in texts["index.html"]


@pytest.mark.parametrize("name", ["index.html", "HLH.html"])
def test_the_keyboard_reaches_filters_and_evidence(
    name: str, pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / name)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
        if "opener" in reached[-1]:
            break
    wanted = [
        "skip",
        "filter-state",
        "filter-item",
        "filter-platform",
        "filter-grade",
        "filter-text",
        "opener",
    ]
    assert [stop for stop in reached if stop in wanted] == wanted
    for key, state in (("Enter", "true"), ("Space", "false"), ("Space", "true")):
        page.keyboard.press(key)
        assert page.locator(":focus").get_attribute("aria-expanded") == state
        assert page.locator(".details").count() == (state == "true")


def test_the_skip_link_leads_to_the_content(pages: Path, open_page: Callable[..., Page]) -> None:
    page = open_page(pages / "index.html", "#item=8")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    assert page.locator("#filter-item").input_value() == "8"


def test_a_schools_page_works_without_javascript(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "HLH.html", java_script_enabled=False)
    report = school_report()
    assert shown(page) == [f.summary for f in report.findings]
    assert not page.locator("#filters").is_visible()
    summary = page.locator("#findings-table summary").nth(1)
    evidence = page.locator("#findings-table .details").nth(1)
    assert not evidence.is_visible()
    summary.click()
    assert evidence.is_visible()
    assert report.findings[1].doubts[0] in evidence.inner_text()


def test_the_district_page_without_javascript_shows_the_way(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "index.html", java_script_enabled=False)
    assert page.get_by_text("The list of findings needs JavaScript.").is_visible()
    assert page.get_by_role("link", name="Heron Lake High School").is_visible()


def test_print_takes_what_fits_the_filters_up_to_a_limit(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    html.write_district(many_findings(900), tmp_path / "many.html")
    page = open_page(tmp_path / "many.html", "#state=")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert len(shown(page)) == 400
    assert page.get_by_text("The first 400 of 900 findings that fit the filters").is_visible()
    assert not page.locator("#filters").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert len(shown(page)) == 25


def test_a_printed_page_is_tagged_and_says_confidential(
    pages: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pages / "HLH.html")
    pdf = page.pdf(format="Letter", tagged=True, outline=True)
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf


def test_a_finding_of_no_school_or_platform_does_not_break_the_filters(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    bare = finding(
        1, item="", platform="", platform_title="", schools=(), school_names=("District",),
        policy_sentence="", evidence=(), reasons=(), doubts=(),
    )  # fmt: skip
    for write, report in (
        (html.write_district, many_findings(0)),
        (html.write_school, school_report(())),
    ):
        one = type(report)(
            **{f: getattr(report, f) for f in report.__slots__} | {"findings": (bare,)}
        )
        write(one, tmp_path / "bare.html")
        page = open_page(tmp_path / "bare.html")
        assert count(page) == 1
        page.locator("button.opener").click()
        assert page.locator(".details h3").all_text_contents() == [
            "How to dispute this",
            "About this finding",
        ]
