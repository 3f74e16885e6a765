"""One Chromium for all report tests, and pages in it that must stay silent."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, sync_playwright
from report_samples import district_report, look_sheet, quiet_school_report, school_report

from reports import html, leads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = ("file:", "data:", "about:")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail(
            "Report pages are tested in a real browser and there is no `chromium` on PATH: install"
            " it with your system's packages, for example `apt-get install chromium`.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file in a fresh context; at the end nothing may have been said, asked or requested."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def open_file(path: Path, address: str = "", **options: object) -> Page:
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"console: {message.text[:200]}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (trouble.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: _note_request(request.url, trouble))
        page.goto(path.as_uri() + address)
        return page

    yield open_file
    for context in contexts:
        with suppress(Error):
            context.close()
    assert trouble == []


def _note_request(url: str, trouble: list[str]) -> None:
    if not url.startswith(LOCAL):
        trouble.append(f"request: {url[:200]}")


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of page of the sample district."""
    folder = tmp_path_factory.mktemp("pages")
    html.write_district(district_report(), folder / "index.html")
    html.write_school(school_report(), folder / "HLH.html")
    html.write_school(quiet_school_report(), folder / "OAK.html")
    html.write_registry(district_report(), folder / "registry.html")
    html.write_coverage(district_report(), folder / "coverage.html")
    leads.write_page(look_sheet(), folder / "leads.html")
    return folder
