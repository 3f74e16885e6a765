"""What escaping cannot catch: unquoted attributes, raw addresses, texts marked as safe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reports

FOLDER = Path(reports.__file__).parent
PAGES = (
    "completeness",
    "coverage",
    "district",
    "layout",
    "leads",
    "overview",
    "parts",
    "registry",
    "school",
)
TAG = re.compile(r"<[a-z][^<>]*>")
EXPRESSION = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


@pytest.fixture(params=PAGES)
def template(request: pytest.FixtureRequest) -> str:
    return (FOLDER / "templates" / f"{request.param}.html").read_text("utf-8")


def test_every_attribute_is_quoted(template: str) -> None:
    for tag in TAG.findall(EXPRESSION.sub("x", template)):
        assert "=" not in re.sub(r'="[^"]*"', "", tag), tag


def test_every_address_passes_a_filter(template: str) -> None:
    for address in re.findall(r'(?:href|src|action)="([^"]*(?:{{.*?}})[^"]*)"', template):
        assert re.search(r"\|(link|page) ?}}", address) or address == "{{ href }}", address


def test_a_computed_address_is_made_of_ours(template: str) -> None:
    for call in re.findall(r"number\((.*)\) }}", template):
        assert "|page" in call or '"#state="' in call, call


def test_nothing_is_marked_as_safe(template: str) -> None:
    assert "safe" not in "".join(EXPRESSION.findall(template))
    assert "autoescape" not in template


def test_no_inline_style_and_no_handler(template: str) -> None:
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=", template)


def test_links_out_keep_their_distance(template: str) -> None:
    for tag in re.findall(r"<a [^>]*\|link[^>]*>", template):
        assert 'rel="noopener noreferrer nofollow"' in tag


@pytest.mark.parametrize("name", ["html.py", "packing.py"])
def test_only_our_own_files_and_escaped_json_become_markup(name: str) -> None:
    uses = re.findall(r"Markup\((.*)\)", (FOLDER / name).read_text("utf-8"))
    allowed = {
        "html.py": [
            '"\\n").join(_text(name) for name in STYLES',
            '(HERE / name).read_text("utf-8")',
        ],
        "packing.py": ["text.translate(_ESCAPES)"],
    }
    assert uses == allowed[name]


def test_no_other_module_makes_markup() -> None:
    users = {p.name for p in FOLDER.glob("*.py") if "Markup(" in p.read_text("utf-8")}
    assert users - {"digest.py"} == {"finding_rows.py", "html.py", "markup.py", "packing.py"}


def test_the_script_never_parses_text_as_html() -> None:
    script = (FOLDER / "templates" / "findings.js").read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script
    )
    assert not re.search(r"setTimeout\(\s*[\"'`]", script)
