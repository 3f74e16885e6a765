"""WCAG 2.2 AA by axe, in both colour schemes, wide and narrow, and as printed; valid HTML."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
NAMES = ("index.html", "HLH.html", "OAK.html", "registry.html", "coverage.html", "leads.html")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
VIEWS = (
    (1280, "screen", "light"),
    (1280, "screen", "dark"),
    (375, "screen", "light"),
    (375, "screen", "dark"),
    (1280, "print", "light"),
    (1280, "print", "dark"),
)
CHECKER = Path(__file__).parents[2] / ".tools/node_modules/vnu-jar/build/dist/vnu.jar"
# The checker says this of every inline text under any policy; it does not compute hashes.
# That the hashes fit is shown by the pages working in a browser with a silent console.
UNAWARE_OF_HASHES = re.compile(
    r"info warning: Inline (style|script) violates Content Security Policy"
)


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(name: str, pages: Path, open_page: Callable[..., Page]) -> None:
    page = open_page(pages / name)
    for opener in page.locator("button.opener").all()[:2]:
        opener.click()
    for width, media, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, (
            f"{width} {media} {scheme}: {results.generate_report()}"
        )


def test_the_nu_html_checker_is_silent(pages: Path) -> None:
    java = shutil.which("java")
    if java is None or not CHECKER.exists():
        pytest.fail(
            "The HTML checker needs Java on PATH (`apt-get install default-jre-headless`) and"
            " vnu.jar in .tools (`make tools`).",
            pytrace=False,
        )
    files = [str(pages / name) for name in NAMES]
    run = subprocess.run(
        [java, "-Xss4m", "-jar", str(CHECKER), *files], capture_output=True, text=True, check=False
    )
    said = [line for line in run.stderr.splitlines() if not UNAWARE_OF_HASHES.search(line)]
    assert said == []
    assert run.returncode == 0
