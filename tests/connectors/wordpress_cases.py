"""What WordPress answers, and what is read of it: a school's own site and blog.

Run against a real WordPress (``make test-real``) and against what it answered, recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from connectors import pacing
from connectors.profiles import wordpress
from connectors.profiles.wordpress import SECRETIVE, WordPress
from connectors.records import AccountKey, Grade, Harvest, Way
from connectors.sites.district_sites import DistrictSites
from tests.builders import DOMAIN, an_access
from tests.connectors.account_questions import access_for, asking
from tests.fakes.web_server import LOOPBACK, FakeTimer

IDA, OMAR, QUIET = (f"{name}@{DOMAIN}" for name in ("ida.marsh", "omar.reed", "quiet.pine"))
ATHLETICS = AccountKey("bluesky", "athletics.example")
CHESS = AccountKey("instagram", "maplefallschess")
FACEBOOK = AccountKey("facebook", "maplefallshigh")
NEWS = AccountKey("twitter", "maplefallshigh")
YOUTUBE = AccountKey("youtube", "maplefallshigh")
PRIVATE = AccountKey("twitter", "private1")
VISITOR, ANOTHER = AccountKey("instagram", "visitor1"), AccountKey("facebook", "visitor2")
OURS = {ATHLETICS, CHESS, FACEBOOK, NEWS, YOUTUBE}

Blog = Callable[[str], AbstractContextManager[str]]


class WordPressCases:
    """``blog`` is a function of a state's name that gives the URL of the site in that state."""

    @pytest.fixture
    def blog(self) -> Blog:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def timer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pacing, "TIMER", FakeTimer())

    @pytest.mark.parametrize(
        ("state", "ida", "omar", "feed", "calls"),
        [
            ("pretty", "/author/ida/", "/author/omar/", "/feed/", 2),
            ("plain", "/?author=2", "/?author=3", "/?feed=rss2", 5),
        ],
        ids=["pretty", "plain"],
    )
    def test_authors_are_found_by_hash_and_by_name(
        self, blog: Blog, state: str, ida: str, omar: str, feed: str, calls: int
    ) -> None:
        with blog(state) as url:
            harvest = read_authors(url)
        assert told(harvest, url) == {
            (IDA, Way.HASH, Grade.B, ida),
            (OMAR, Way.PUBLISHED, Grade.A, omar),
            (OMAR, Way.PUBLISHED, Grade.A, feed),
        }
        assert (harvest.dropped, harvest.calls) == ({}, calls)

    def test_authors_are_read_page_by_page(
        self, blog: Blog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wordpress, "PAGE", 3)
        with blog("pretty") as url:
            harvest = read_authors(url)
        assert {use.address for use in harvest.uses} == {IDA, OMAR}
        assert harvest.calls == 3

    @pytest.mark.parametrize("state", ["closed", "refused", "hidden"])
    def test_a_blog_that_closed_its_interface_still_has_a_feed(
        self, blog: Blog, state: str
    ) -> None:
        with blog(state) as url:
            harvest = read_authors(url)
        assert told(harvest, url) == {(OMAR, Way.PUBLISHED, Grade.A, "/feed/")}
        assert harvest.dropped == {SECRETIVE: 1}

    def test_a_site_is_read_whole_and_visitors_say_nothing_for_it(self, blog: Blog) -> None:
        with blog("pretty") as url:
            harvest = read_pages(url)
        assert accounts(harvest) == OURS
        assert accounts(harvest, endorsed=False) == {VISITOR, ANOTHER}
        (chess,) = [link.page for link in harvest.links if link.account == CHESS]
        assert chess == f"{url}/club/chess/"
        assert (harvest.gaps, harvest.notes, harvest.dropped) == ((), (), {})
        assert harvest.calls < 30

    def test_a_site_without_pretty_addresses_is_read_whole(self, blog: Blog) -> None:
        with blog("plain") as url:
            harvest = read_pages(url)
        assert accounts(harvest) == (OURS | {PRIVATE}) - {CHESS}

    def test_a_site_that_asks_not_to_be_indexed_is_not_used(self, blog: Blog) -> None:
        with blog("unlisted") as url:
            assert read_pages(url).links == ()


def read_authors(url: str) -> Harvest:
    """Read a blog's authors; the staff are Ida, Omar and Quiet, who never wrote a post."""
    questions = asking("wordpress", addresses=(IDA, OMAR, QUIET))
    return WordPress(access_for(questions, {"sites": [url]})).fetch()


def read_pages(url: str) -> Harvest:
    """Read a site's pages."""
    options = {"websites": [url], "most_pages": 100}
    return DistrictSites(an_access(options, web=LOOPBACK, domains=())).fetch()


def accounts(harvest: Harvest, *, endorsed: bool = True) -> set[AccountKey]:
    """Return the accounts that the site vouches for, or those that it does not."""
    return {link.account for link in harvest.links if link.endorsed is endorsed}


def told(harvest: Harvest, url: str) -> set[tuple[str, Way, Grade, str]]:
    """Return what is told of whom, and where below the blog's own address."""
    return {
        (use.address, use.way, use.grade, str(use.url).removeprefix(url)) for use in harvest.uses
    }
