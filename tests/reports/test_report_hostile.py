"""Seven thousand strings made to break pages stay what they are: text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hostile_strings import PER_FINDING, SINGLE, hostile_report, hostile_strings

from reports import html
from reports.security import printable, safe_link

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

OPEN_ALL = """() => {
    document.body.hidden = true;  // no need to lay out what is only read
    const clear = document.getElementById('filter-state');
    clear.value = '';
    clear.dispatchEvent(new Event('input', { bubbles: true }));
    new DataTable.Api('#findings-table').page.len(-1).draw();
    document.querySelectorAll('button.opener').forEach((button) => button.click());
}"""
LOOK = """() => {
    const all = [...document.querySelectorAll('*')];
    return {
        tags: [...new Set(all.map((e) => e.localName))],
        attributes: [...new Set(all.flatMap((e) => e.getAttributeNames()))],
        schemes: [...new Set([...document.links].map((a) => a.protocol))],
        scripts: document.scripts.length,
        links: [...document.querySelectorAll('[rel]')].map((a) => a.getAttribute('href')),
        bdis: [...document.querySelectorAll('bdi')].map((e) => e.textContent),
        options: [...document.querySelectorAll('option')].map((e) => e.textContent),
    };
}"""
FACTS = """() => {
    const facts = {};
    for (const term of document.querySelectorAll('.evidence dt'))
        (facts[term.textContent] ??= []).push(term.nextElementSibling.textContent);
    return facts;
}"""


def seen(strings: tuple[str, ...]) -> list[str]:
    return [printable(s) for s in strings if s]


def links(strings: tuple[str, ...]) -> set[str]:
    return {s for s in strings if safe_link(s)}


def check_harmless(look: dict[str, Any], plain: dict[str, Any], strings: tuple[str, ...]) -> None:
    """Compare with the same page of a friendly district: no tag, attribute or script more."""
    assert set(look["tags"]) <= set(plain["tags"])
    assert set(look["attributes"]) <= set(plain["attributes"])
    assert not [name for name in look["attributes"] if name.startswith("on")]
    assert set(look["schemes"]) <= {"file:", "https:", "http:"}
    assert look["scripts"] == plain["scripts"]
    assert set(look["links"]) <= links(strings) | set(plain["links"]) | {
        f"https://www.facebook.com/staff{i}" for i in range(len(strings))
    }


@pytest.mark.parametrize(
    ("write", "friendly"), [(html.write_district, "index.html"), (html.write_school, "HLH.html")]
)
def test_findings(
    write: Callable[..., None],
    friendly: str,
    pages: Path,
    tmp_path: Path,
    open_page: Callable[..., Page],
) -> None:
    strings = hostile_strings()
    plain_page = open_page(pages / friendly)
    plain_page.evaluate(OPEN_ALL)
    write(hostile_report(), tmp_path / "hostile.html")
    page = open_page(tmp_path / "hostile.html")
    page.evaluate(OPEN_ALL)
    look = page.evaluate(LOOK)
    check_harmless(look, plain_page.evaluate(LOOK), strings)
    facts = page.evaluate(FACTS)
    for name in ("The district's records", "Found", "Source", "Where"):
        assert facts[name] == seen(strings)
    words = set(look["bdis"])
    assert set(seen(strings)) <= words
    for place, field in enumerate(SINGLE):
        if field not in {"grade_title", "platform_title", "state_title"}:
            assert set(seen(strings[place::PER_FINDING])) <= words
    if write is html.write_district:
        assert set(map(printable, strings[:-1])) <= set(look["options"])


def test_the_registry(pages: Path, tmp_path: Path, open_page: Callable[..., Page]) -> None:
    strings = hostile_strings()
    html.write_registry(hostile_report(), tmp_path / "hostile.html")
    look = open_page(tmp_path / "hostile.html").evaluate(LOOK)
    check_harmless(look, open_page(pages / "registry.html").evaluate(LOOK), strings)
    assert set(seen(strings)) <= set(look["bdis"])
    assert look["bdis"].count(printable(strings[0])) == 6


def test_the_coverage_page(pages: Path, tmp_path: Path, open_page: Callable[..., Page]) -> None:
    html.write_coverage(hostile_report(), tmp_path / "hostile.html")
    look = open_page(tmp_path / "hostile.html").evaluate(LOOK)
    plain = open_page(pages / "coverage.html").evaluate(LOOK)
    check_harmless(look, plain, hostile_strings())
    assert set(seen(hostile_strings()[:400])) <= set(look["bdis"])
