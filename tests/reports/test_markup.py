from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.markup import apart, fact, link_or_text, outside

SCRIPT = '<script>alert("1")</script>'


@given(st.text())
def test_text_from_outside_never_opens_a_tag_or_an_attribute(text: str) -> None:
    for made in (outside(text), fact("Name", text), apart(text), link_or_text(text, True)):
        bare = made
        for tag in ("bdi", "div", "dt", "dd", "li"):
            bare = bare.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
        if not bare.startswith("<a href="):
            assert "<" not in bare
            assert '"' not in bare


def test_a_fact_without_a_value_is_nothing() -> None:
    assert fact("Seen", None) == ""
    assert fact("Seen", "") == ""
    assert fact("Found", SCRIPT) == (
        "<div><dt>Found</dt><dd><bdi>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;</bdi></dd></div>"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "https://", "data:,x"])
def test_only_a_web_address_becomes_a_link(url: str) -> None:
    assert "<a" not in link_or_text(url, True)
    assert "<a" not in link_or_text("https://ok.example/", False)


def test_a_link_keeps_its_distance() -> None:
    made = link_or_text("https://ok.example/?a=1&b=2", True)
    assert 'href="https://ok.example/?a=1&amp;b=2"' in made
    assert 'rel="noopener noreferrer nofollow"' in made
