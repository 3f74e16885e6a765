"""A site full of traps: what is asked, how often, and what a crawl leaves on disk."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest

from connectors.errors import RateLimited
from connectors.records import AccountKey
from tests.builders import NOW
from tests.fakes.site import HTML, Site, accounts, source
from tests.fakes.web_server import LOOPBACK, RESET, Asked, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.records import Harvest
    from tests.fakes.web_server import FakeTimer

AGENT = {"Content-Type": HTML}
FIXED = ("/robots.txt", "/sitemap.xml", "/.well-known/atproto-did", "/.well-known/nodeinfo")


class Endless:
    """A body without end, begun anew for each request; each piece takes ``seconds``."""

    def __init__(self, timer: FakeTimer | None = None, seconds: float = 0.0) -> None:
        self._timer, self._seconds = timer, seconds

    def __iter__(self) -> Iterator[bytes]:
        for piece in repeat(b"<p>" * (1 if self._timer else 20_000)):
            if self._timer is not None:
                self._timer.now += self._seconds
            yield piece


def to(place: str, status: int = 302) -> Reply:
    return Reply(status, {"Location": place, "Content-Type": HTML}, b"moved")


def reading(site: Site, folder: Path, night: int = 0) -> Harvest:
    web = replace(LOOPBACK, cache=folder)
    return source(site, access={"web": web, "now": NOW + timedelta(days=night)}).fetch()


@pytest.fixture
def trapped(site: Site, other: Site) -> Site:
    """A district's site on which everything that can go wrong does."""
    site.pages = {
        "/robots.txt": Reply(
            body=b"User-agent: *\nDisallow: /\n\nUser-agent: district-social-auditor\n"
            b"Disallow: /private\nDisallow: /*?print=\n"
            b"Sitemap: /maps/packed.xml.gz\nSitemap: http://[x\n"
        ),
        "/": """<a href=/about>a</a><a href=/private/pupils>p</a><a href=/about?print=1>p</a>
        <a href=/calendar?m=0>c</a><a href=/loop/a>l</a><a href=/deep/x>d</a><a href=/big>b</a>
        <a href=/bomb>z</a><a href=/away>r</a><a href=/inside>i</a><a href=/round/0>e</a>
        <a href=/latin>e</a><a href=/facebook>f</a><a rel=nofollow href=/untrusted>n</a>
        <a href="http://[::1">h</a><a href="//127.0.0.1:1/x">h</a><a href="\0">h</a>
        <a href="https://x.com/maplefork%00">h</a><a href=/%2e%2e/%2e%2e/etc/passwd>h</a>
        <meta http-equiv=refresh content="9;url=/refreshed"><a href=/film.MP4>m</a>""",
        "/about": '<a href="https://www.instagram.com/maplefork">i</a><a href="/">home</a>',
        "/loop/a": "<a href=/loop/b>b</a>",
        "/loop/b": "<a href=/loop/a>a</a><a href=b>b</a>",
        "/big": Reply(200, AGENT, b"x", length=5_000_000_000),
        "/bomb": Reply(
            200, AGENT | {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 30_000_000)
        ),
        "/away": to(f"{other.url}/found"),
        "/inside": to("http://10.0.0.1/admin"),
        "/latin": Reply(
            200, {"Content-Type": "text/html; charset=wrong"},
            b'\xe9\xff<a href="https://www.youtube.com/@maplefork">\xc3</a>',
        ),
        "/facebook": to("https://www.facebook.com/MapleForkSchools/", 301),
        "/refreshed": "x",
    }  # fmt: skip
    site.pages |= {f"/calendar?m={n}": f"<a href=/calendar?m={n + 1}>n</a>" for n in range(50)}
    site.pages |= {f"/round/{n}": to(f"/round/{n + 1}") for n in range(50)}

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/deep/"):
            return Reply(200, AGENT, b'<a href="x/y">d</a><a href="z">z</a>')
        return site.page(asked)

    site.answer = answer
    return site


def test_every_trap_costs_what_it_may_and_no_more(trapped: Site, other: Site) -> None:
    harvest = source(trapped).fetch()
    assert Counter(trapped.targets) == {
        **dict.fromkeys((*FIXED, "/", "/about", "/loop/a", "/loop/b", "/latin", "/facebook"), 1),
        **dict.fromkeys(
            (
                "/maps/packed.xml.gz",
                "/%EF%BF%BD",
                "/away",
                "/inside",
                "/refreshed",
                "/big",
                "/bomb",
            ),
            1,
        ),
        **{f"/calendar?m={n}": 1 for n in range(5)},
        **{f"/round/{n}": 1 for n in range(5)},
        **dict.fromkeys(("/deep/x", "/deep/z", "/deep/x/y", "/deep/x/z"), 1),
        **dict.fromkeys(("/deep/x/x/y", "/deep/x/x/z"), 1),
    }
    assert harvest.calls == len(trapped.asked)
    assert other.asked == []
    assert {link.account for link in harvest.links} == {
        AccountKey("instagram", "maplefork"),
        AccountKey("youtube", "maplefork"),
        AccountKey("facebook", "mapleforkschools"),
    }
    assert harvest.gaps == ("2 pages of the district's sites could not be read.",)


def test_what_has_not_changed_costs_a_304_the_second_night(trapped: Site, tmp_path: Path) -> None:
    first = reading(trapped, tmp_path)
    whole = sum(1 for asked in trapped.asked if trapped.page(asked).status == 200)
    assert trapped.unchanged == 0
    trapped.asked.clear()
    second = reading(trapped, tmp_path, night=1)
    assert trapped.unchanged == whole - 2, "all but the two that cannot be read"
    assert "/robots.txt" in {one.path for one in trapped.asked if "if-none-match" in one.headers}
    assert [replace(one, seen_at=None) for one in second.links] == [
        replace(one, seen_at=None) for one in first.links
    ]
    assert second.calls == first.calls


def test_a_page_that_changed_is_read_anew(site: Site, tmp_path: Path) -> None:
    reading(site, tmp_path)
    site.pages["/about"] = '<a href="https://www.tiktok.com/@maplefork">t</a>'
    found = {link.account.platform for link in reading(site, tmp_path, night=1).links}
    assert "tiktok" in found
    assert "instagram" not in found


def test_nothing_that_a_page_says_is_left_on_disk(site: Site, tmp_path: Path) -> None:
    site.pages["/about"] = "<h1>Honor roll: Pat Quillfeather</h1><a href=/roll>Pat Quillfeather</a>"
    reading(site, tmp_path)
    (file,) = tmp_path.iterdir()
    kept = file.read_bytes()
    assert b"instagram" not in kept
    assert b"/roll" in kept
    assert b"Quillfeather" not in kept


def test_what_an_older_release_kept_is_read_anew(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.sites.crawl import Digest

    first = reading(site, tmp_path)
    monkeypatch.setattr(Digest, "NOW", Digest.NOW + 1)
    second = reading(site, tmp_path, night=1)
    assert len(second.links) == len(first.links)


def test_another_host_is_never_asked_for_robots_or_the_first_page(site: Site, other: Site) -> None:
    other.pages["/robots.txt"] = Reply(body=b"")
    site.pages["/robots.txt"] = to(f"{other.url}/robots.txt")
    with Site() as third:
        third.pages["/"] = to(f"{other.url}/")
        harvest = source(site, third, other).fetch()
    assert [asked.headers["host"] for asked in other.asked] == [f"127.0.0.1:{other.port}"] * len(
        other.asked
    )
    assert other.paths.count("/robots.txt") == other.paths.count("/") == 1
    assert [("robots.txt leads" in gap, "No page" in gap) for gap in harvest.gaps] == [
        (True, False),
        (False, True),
    ]


def test_robots_and_sitemaps_may_move_within_the_site(site: Site) -> None:
    site.pages["/robots.txt"] = to("/moved/robots.txt")
    site.pages["/moved/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /about\n")
    site.pages["/sitemap.xml"] = to("/wp-sitemap.xml")
    listed = f"<urlset><url><loc>{site.url}/lost</loc></url></urlset>"
    site.pages["/wp-sitemap.xml"] = Reply(body=gzip.compress(listed.encode()))
    site.pages["/lost"] = '<a href="https://www.youtube.com/@maplefork">y</a>'
    assert "youtube" in {one.platform for one in accounts(site)}
    assert "/about" not in site.paths


def test_a_sitemap_that_is_a_bomb_is_counted(site: Site) -> None:
    site.pages["/sitemap.xml"] = Reply(body=gzip.compress(b" " * 30_000_000))
    assert source(site).fetch().dropped == {"sitemaps that could not be read": 1}


def test_a_site_that_asks_for_patience_gets_it_and_then_its_rest(
    site: Site, other: Site, timer: FakeTimer
) -> None:
    site.pages["/about"] = Reply(429, {"Retry-After": "20"})
    harvest = source(site, other).fetch()
    assert site.paths.count("/about") == 5
    assert any(pause >= 20 for pause in timer.slept)
    assert site.paths[-1] == "/about", "it is left alone for the night"
    found = {link.account for link in harvest.links}
    assert {AccountKey("twitter", "maplefork"), AccountKey("twitter", "othersite")} <= found
    assert harvest.gaps[0] == (
        "127.0.0.1 was not read to its end: 127.0.0.1 asked us to slow down (429)."
    )


def test_patience_has_bounds(site: Site, timer: FakeTimer) -> None:
    site.pages["/robots.txt"] = Reply(429, {"Retry-After": "86400"})
    with pytest.raises(RateLimited):
        source(site).fetch()
    assert site.paths == ["/robots.txt"]
    assert sum(timer.slept) < 60


@pytest.mark.parametrize("kind", ["drip", "flood", "reset"])
def test_a_site_of_nothing_but_broken_pages_is_left_alone(
    site: Site, timer: FakeTimer, kind: str
) -> None:
    broken: dict[str, Any] = {
        "drip": Reply(200, AGENT, Endless(timer, 100.0)),
        "flood": Reply(200, AGENT, Endless()),
        "reset": RESET,
    }
    site.pages["/"] = "".join(f"<a href=/p{n}>p</a>" for n in range(30))
    site.pages |= {f"/p{n}": broken[kind] for n in range(30)}
    harvest = source(site).fetch()
    assert harvest.gaps[0].startswith("127.0.0.1 was not read to its end")
    assert {path for path in site.paths if path.startswith("/p")} == {f"/p{n}" for n in range(5)}
    assert harvest.dropped == {"pages that could not be read": 5}


@pytest.mark.parametrize("reply", [Reply(403), Reply(404), to("/"), to("/a/a/a/a")])
def test_a_site_whose_first_page_says_nothing_is_a_gap(site: Site, reply: Reply) -> None:
    site.pages = {"/": reply}
    assert source(site).fetch().gaps[0].startswith("No page of 127.0.0.1 could be read")


def test_links_that_a_page_does_not_vouch_for_are_told_apart(site: Site) -> None:
    site.pages = {
        "/": '<a rel="nofollow ugc" href="https://x.com/reader">r</a>'
        '<a rel=nofollow href="https://x.com/maplefork">n</a><a href="https://x.com/maplefork">y</a>'
        "<a href=/all>a</a>",
        "/all": '<meta name=robots content=nofollow><a href="https://x.com/all">x</a>'
        "<a href=/b>b</a>",
    }
    found = {link.account.account: link.endorsed for link in source(site).fetch().links}
    assert found == {"reader": False, "maplefork": True, "all": False}
    assert "/b" not in site.paths


def test_feeds_of_the_site_are_read_a_few_of_them(site: Site) -> None:
    feeds = "".join(
        f'<link rel=alternate type="application/rss+xml" href="/{n}/feed.xml">' for n in range(20)
    )
    site.pages["/"] = (
        feeds + '<link rel=alternate type="application/atom+xml" href="//x.example/f">'
    )
    rss = b'<rss xmlns:a="http://www.w3.org/2005/Atom"><channel><a:link rel="me" href="https://x.com/f"/>'
    site.pages["/0/feed.xml"] = Reply(
        200,
        {"Content-Type": "application/rss+xml"},
        rss + b"<link>/posts</link><item/></channel></rss>",
    )
    site.pages["/1/feed.xml"] = Reply(200, {"Content-Type": "text/xml"}, b"<rss>")
    harvest = source(site).fetch()
    assert [link.page for link in harvest.links] == [f"{site.url}/0/feed.xml"]
    assert sum(path.endswith("feed.xml") for path in site.paths) == 5
    assert "/posts" not in site.paths
    assert harvest.gaps == ()
