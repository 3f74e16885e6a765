"""What is read of pages, feeds and sitemaps, whole and hostile."""

from __future__ import annotations

import gzip

import pytest

from connectors.sites.feeds import read_feed
from connectors.sites.pages import Link, page_text, read_page, same_as
from connectors.sites.sitemaps import LARGEST, read_sitemap
from connectors.web import Answer

HERE = "https://maple.example/news/"


def links(html: str, header: str = "") -> list[tuple[str, bool]]:
    return [tuple(link) for link in read_page(html, HERE, header).links]


def urls(html: str) -> list[str]:
    return [url for url, _ in links(html)]


def test_a_base_leads_and_depth_costs_nothing() -> None:
    html = '<base href="/a/">' + "<div>" * 200_000 + '<a href="b#c">x</a>'
    assert urls(html) == ["https://maple.example/a/b"]


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<![", "<a href='", '<a x="', "&#", "<!", "<?"])
def test_what_never_ends_is_read_in_time_and_keeps_what_came_before(piece: str) -> None:
    html = '<a href="/first">x</a>' + piece * (1_000_000 // len(piece))
    assert urls(html)[:1] == ["https://maple.example/first"]


@pytest.mark.parametrize("hostile", ["0" + " " * 1_900, "1." * 900, "url" + " " * 1_900])
def test_a_refresh_that_is_no_url_is_read_in_time(hostile: str) -> None:
    """A pattern that tries every way to part the blanks would take hours."""
    html = f"""<meta http-equiv="refresh" content="{hostile}a'b"><a href="/there">x</a>"""
    assert urls(html)[-1:] == ["https://maple.example/there"]


@pytest.mark.parametrize("text", ["", "\0", "<", "\ud800<a href=x>", "plain"])
def test_what_is_hardly_a_page_is_none(text: str) -> None:
    assert set(urls(text)) <= {f"{HERE}x"}


@pytest.mark.parametrize("rel", ["nofollow", "noopener UGC", "Sponsored", "me nofollow"])
def test_a_link_may_vouch_for_nothing(rel: str) -> None:
    assert links(f'<a href="/x" rel="{rel}">x</a><area href="/y" rel="noopener">') == [
        ("https://maple.example/x", False),
        ("https://maple.example/y", True),
    ]


def test_elements_about_the_site_are_links_and_its_parts_are_not() -> None:
    html = """<link rel=stylesheet href=/s><link rel="https://api.w.org/" href=/wp-json/>
    <link rel=me href="https://social.example/@maple"><link rel="publisher" href="https://g.example/">
    <link rel=canonical href=/c><link rel=alternate hreflang=es href=/es>
    <link rel=alternate type="application/json+oembed" href=/oembed>
    <link rel="alternate home" type="application/rss+xml; charset=utf-8" href=/feed/>
    <link rel=alternate type=application/atom+xml href="javascript:x">"""
    page = read_page(html, HERE)
    assert [link.url for link in page.links] == [
        "https://social.example/@maple", "https://g.example/", "https://maple.example/c",
        "https://maple.example/es",
    ]  # fmt: skip
    assert page.feeds == ["https://maple.example/feed/"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("0; url=/new", ["https://maple.example/new"]),
        ("5;URL='https://x.com/maple'", ["https://x.com/maple"]),
        ("0,/new", ["https://maple.example/new"]),
        ("30", []),
        ("", []),
        ("0; url=javascript:alert(1)", []),
    ],
)
def test_a_redirect_of_the_page_itself_is_a_link(content: str, found: list[str]) -> None:
    assert urls(f'<meta http-equiv="Refresh" content="{content}">') == found


@pytest.mark.parametrize(
    ("html", "header", "noindex", "nofollow"),
    [
        ('<meta name="ROBOTS" content="NoIndex, follow">', "", True, False),
        ('<meta name="district-social-auditor" content="none">', "", True, True),
        ('<meta name="googlebot" content="noindex">', "googlebot: noindex", False, False),
        ("", "district-social-auditor: nofollow", False, True),
        ("", "noindex, nofollow", True, True),
    ],
)
def test_robots_are_told_by_element_and_header(
    html: str, header: str, noindex: bool, nofollow: bool
) -> None:
    page = read_page(html, HERE, header)
    assert (page.noindex, page.nofollow) == (noindex, nofollow)


def test_data_of_a_page_names_accounts_wherever_it_stands() -> None:
    html = """<script type="application/ld+json">{"@graph": [{"a": {"sameAs": "https://x.com/a"}},
    {"sameAs": ["https://x.com/b", 7, "/c"]}]}</script><script>{"sameAs": "https://x.com/d"}</script>"""
    assert set(urls(html)) == {"https://x.com/a", "https://x.com/b", "https://maple.example/c"}


@pytest.mark.parametrize(
    "text", ["{", "[" * 100_000, '{"sameAs": 7}', '{"sameAs": [null, {"a": 1}]}', " " * 300_000]
)
def test_broken_data_of_a_page_names_nobody(text: str) -> None:
    assert same_as(text) == []
    assert urls(f'<script type="application/ld+json">{text}</script>') == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"<a href=/x>\xff</a>"),
        ("text/html; charset=no-such", b"<a href=/x>"),
        ("text/html; charset=rot13", b"<a href=/x>"),
        ("text/html; charset=punycode", b"<a href=/x>" + b"a-" * 500_000),
        ("text/html; charset=utf-7", b"<a href=/x>+2AA-"),
        ("text/html", "<a href=/x>".encode("utf-16")),
        ("text/html; charset=utf-16-le", "<a href=/x>".encode("utf-16-le")),
    ],
)
def test_broken_encodings_cost_letters_not_links(kind: str, body: bytes) -> None:
    text = page_text(Answer(200, HERE, {"Content-Type": kind}, body))
    assert read_page(text, HERE).links == [Link("https://maple.example/x", is_endorsed=True)]


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="/feed"/>
<link rel="me" href="https://x.com/maple"/><link rel="hub" href="https://hub.example/@hub"/>
<author><uri>https://social.example/@maple</uri></author>
<entry><link rel="me" href="https://x.com/pupil"/><author><uri>https://x.com/p2</uri></author></entry>
<link rel="me" href="https://x.com/after"/></feed>"""
RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>/</link>
<atom:link rel="me" href="https://x.com/maple"/><item><link>https://x.com/pupil</link></item></channel></rss>"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (ATOM, ["https://x.com/maple", "https://social.example/@maple"]),
        (RSS, ["https://maple.example/", "https://x.com/maple"]),
    ],
)
def test_a_feed_tells_of_itself_and_nothing_of_its_posts(body: str, found: list[str]) -> None:
    assert [link.url for link in read_feed(body.encode(), HERE)] == found


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><urlset><url><loc>&c;</loc></url></urlset>'
)


@pytest.mark.parametrize("body", [b"", b"<rss>", BOMB.encode(), b"\xff\xfe", b"<html><p></html>"])
def test_a_broken_feed_or_sitemap_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="no feed"):
        read_feed(body, HERE)
    with pytest.raises(ValueError, match="no sitemap"):
        read_sitemap(body)


def test_a_packed_sitemap_is_read_within_bounds() -> None:
    one = b"<urlset><url><loc> https://maple.example/a </loc></url></urlset>"
    assert read_sitemap(gzip.compress(one)).places == ["https://maple.example/a"]
    with pytest.raises(ValueError, match="too large"):
        read_sitemap(gzip.compress(one + b" " * LARGEST))
    with pytest.raises(ValueError, match="cut short"):
        read_sitemap(gzip.compress(one)[:-9])
    with pytest.raises(ValueError, match="damaged"):
        read_sitemap(b"\x1f\x8bnonsense")


def test_an_index_of_sitemaps_is_told_from_a_list() -> None:
    index = (
        b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>x</loc>'
    )
    found = read_sitemap(index + b"</sitemap></sitemapindex>")
    assert (found.places, found.is_index) == (["x"], True)
    many = b"<urlset>" + b"<url><loc>x</loc></url>" * 60_000 + b"</urlset>"
    assert len(read_sitemap(many).places) == 50_000
