from __future__ import annotations

import base64
import hashlib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.security import content_security_policy, local_page, printable, safe_link

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\r\nlines\rthree\n", "two\nlines\nthree\n"),
        ("tab\tstays", "tab\tstays"),
        ("a\x00b\x1bc\x7fd\x9be", "a\ufffdb\ufffdc\ufffdd\ufffde"),
        ("\ud800", "\ufffd"),
        ("\ufdd0\uffff\U0010fffe", "\ufffd\ufffd\ufffd"),
        ("\u5b66\u6821 \U0001f3eb \u202eabc", "\u5b66\u6821 \U0001f3eb \u202eabc"),
    ],
)
def test_what_a_page_cannot_hold_is_replaced(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(ANY_TEXT)
@settings(max_examples=200)
def test_printable_text_can_be_written_and_is_left_alone_the_second_time(text: str) -> None:
    once = printable(text)
    assert printable(once) == once
    assert once.encode().decode() == once
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in once if c not in "\t\n")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.facebook.com/heronlake",
        "http://heronlake.example:8080/a?b=c#d",
        "HTTPS://HERONLAKE.EXAMPLE/",
        "https://xn--bcher-kva.example/%3Cb%3E",
        "https://b\u00fccher.example/\u5b66",
        "https://[2001:db8::1]/x",
    ],
)
def test_web_addresses_become_links(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " https://heronlake.example",
        "https://heronlake.example/a b",
        "java\nscript:alert(1)",
        "https://heronlake.example/\x01",
        "data:text/html,<b>",
        "file:///etc/passwd",
        "ftp://heronlake.example",
        "//heronlake.example",
        "heronlake.example",
        "https://",
        "https:///path",
        "https://?q",
        "http://facebook.com@evil.example/",
        "http://facebook.com:pw@evil.example/",
        "https://evil.example\\@facebook.com/",
        'https://heronlake.example/"onmouseover="',
        "https://heronlake.example/<script>",
        "https://[::1",
        "https://heronlake.example:99999/",
        "https://heronlake.example:0/",
        "https://heronlake.example/\ud800",
        "https://heronlake.example/" + "a" * 3000,
    ],
)
def test_everything_else_stays_text(url: str | None) -> None:
    assert safe_link(url) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("school-HLH.html", "school-HLH.html"),
        ("schools/a b.html", "schools/a%20b.html"),
        ("//evil.example/x", "evil.example/x"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ('x" onclick="y', "x%22%20onclick%3D%22y"),
    ],
)
def test_a_page_beside_this_one_stays_beside_it(name: str, expected: str) -> None:
    assert local_page(name) == expected


def test_the_policy_names_each_inline_text_by_its_hash_and_nothing_else() -> None:
    policy = content_security_policy(["a{}"], ["x()", "y()"])
    expected = [
        base64.b64encode(hashlib.sha256(t).digest()).decode() for t in (b"a{}", b"x()", b"y()")
    ]
    assert f"style-src 'sha256-{expected[0]}';" in policy
    assert f"script-src 'sha256-{expected[1]}' 'sha256-{expected[2]}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_a_page_without_scripts_allows_none() -> None:
    assert "script-src 'none'" in content_security_policy(["a{}"], [])
