"""The crawl of the district's own sites: what it finds, what it leaves, how it begins and ends."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import dns.rcode
import pytest

from connectors.errors import ConnectorError, NotConfigured, SourceUnavailable
from connectors.records import AccountKey
from connectors.sites.district_sites import DistrictSites
from connectors.source import CheckState, Questions
from tests.builders import an_access
from tests.connectors.contract import HOSTILE, ConnectorContract
from tests.fakes.site import Site, accounts, source
from tests.fakes.web_server import LOOPBACK, FakeTimer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.name_server import NameServer


def test_accounts_a_site_links_to_are_found_and_nothing_else(site: Site) -> None:
    assert {one.platform for one in accounts(site)} == {
        "facebook", "google_plus", "twitter", "instagram",
    }  # fmt: skip
    (facebook,) = [one for one in source(site).fetch().links if one.account.platform == "facebook"]
    assert facebook.page == f"{site.url}/"
    assert facebook.mutual is None


def test_robots_noindex_and_other_hosts_are_obeyed(site: Site, timer: FakeTimer) -> None:
    before = timer.monotonic()
    found = accounts(site)
    assert "/private/x" not in site.paths
    assert "/film.mp4" not in site.paths
    assert AccountKey("twitter", "secret1") not in found
    pages = [path for path in site.paths if path != "/robots.txt"]
    assert timer.monotonic() - before >= 3 * (len(pages) - 1)


def test_a_site_closed_to_robots_is_not_read(site: Site) -> None:
    site.pages["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /\n")
    harvest = source(site).fetch()
    assert harvest.links == ()
    assert site.paths == ["/robots.txt"]
    assert "does not allow" in harvest.notes[0]


def test_a_calendar_without_end_ends(site: Site) -> None:
    for number in range(40):
        page = f'<a href="/calendar?date={number + 1}">next</a>'
        site.pages[f"/calendar?date={number}"] = page
    source(site).fetch()
    assert sum(path.startswith("/calendar") for path in site.paths) <= 5


def test_pages_named_by_a_query_alone_are_read_last_up_to_a_bound(site: Site) -> None:
    names = [f"/?page_id={number}" for number in range(80)]
    site.pages["/"] = "".join(f'<a href="{name}">x</a>' for name in (*names, "/about"))
    site.pages |= dict.fromkeys(names, "<p>page</p>")
    site.pages[names[40]] = '<a href="https://www.youtube.com/@maplefork">y</a>'
    harvest = source(site).fetch()
    assert AccountKey("youtube", "maplefork") in {link.account for link in harvest.links}
    assert site.paths.index("/about") < 15
    assert harvest.notes[-1].endswith("61 pages of 127.0.0.1 were read, 21 were not.")


def test_paths_that_go_in_circles_end(site: Site) -> None:
    site.pages["/about"] = '<a href="deeper/about">x</a>'
    site.answer = lambda asked: (
        site.page(asked)
        if asked.path in site.pages
        else Reply(200, {"Content-Type": "text/html"}, b'<a href="deeper/about">x</a>')
    )
    source(site).fetch()
    assert len(site.paths) < 40


def test_what_was_left_out_is_said(site: Site) -> None:
    links = "".join(f'<a href="/p{number}">x</a>' for number in range(30))
    site.pages["/"] = links
    harvest = source(site, most_pages=4).fetch()
    assert harvest.notes[-1].endswith("4 pages of 127.0.0.1 were read, 27 were not.")


def test_sitemaps_lead_to_pages_nobody_links_to_and_their_circles_end(site: Site) -> None:
    index = f"<sitemapindex><sitemap><loc>{site.url}/sitemap.xml</loc></sitemap>"
    index += f"<sitemap><loc>{site.url}/map.xml</loc></sitemap></sitemapindex>"
    pages = f"<urlset><url><loc>{site.url}/lost</loc></url>"
    pages += "<url><loc>http://elsewhere.example/</loc></url></urlset>"
    site.pages["/sitemap.xml"] = Reply(body=index.encode())
    site.pages["/map.xml"] = Reply(body=pages.encode())
    site.pages["/lost"] = '<a href="https://www.youtube.com/@maplefork">y</a>'
    assert "youtube" in {one.platform for one in accounts(site)}
    assert site.paths.count("/sitemap.xml") == 1


def test_a_broken_address_in_a_sitemap_costs_only_itself(site: Site) -> None:
    site.pages["/robots.txt"] = Reply(body=b"Sitemap: http://[broken\nUser-agent: *\nAllow: /\n")
    places = ("http://[broken", "ftp://127.0.0.1/x", f"{site.url}/about")
    listed = "".join(f"<url><loc>{place}</loc></url>" for place in places)
    site.pages["/sitemap.xml"] = Reply(body=f"<urlset>{listed}</urlset>".encode())
    assert "instagram" in {one.platform for one in accounts(site)}


def test_session_ids_in_a_path_are_variants_of_one_page(site: Site) -> None:
    site.pages["/"] = "".join(f'<a href="/news;jsessionid={n}">x</a>' for n in range(20))
    source(site).fetch()
    assert sum(path.startswith("/news") for path in site.paths) == 5


@pytest.mark.parametrize(
    "body",
    [b"", b"<urlset>", b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>'],
)
def test_a_broken_or_hostile_sitemap_is_none(site: Site, body: bytes) -> None:
    site.pages["/sitemap.xml"] = Reply(body=body)
    assert accounts(site)


def test_the_account_whose_handle_is_the_domain_is_found(site: Site) -> None:
    did = "did:plc:abcdefghijklmnopqrstuvwx"
    site.pages["/.well-known/atproto-did"] = Reply(body=did.encode())
    assert AccountKey("bluesky", did) in accounts(site)


def test_a_page_that_cannot_be_read_is_a_gap_and_the_first_an_error(site: Site) -> None:
    site.pages["/about"] = Reply(500)
    harvest = source(site).fetch()
    assert harvest.gaps == ("1 pages of the district's sites could not be read.",)
    site.pages["/"] = Reply(500)
    with pytest.raises(SourceUnavailable):
        source(site).fetch()


def test_a_page_packed_a_thousandfold_is_a_gap(site: Site) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
    site.pages["/about"] = Reply(200, headers, bomb)
    assert source(site).fetch().gaps


def test_an_account_in_every_footer_is_told_three_times(site: Site) -> None:
    footer = '<a href="https://x.com/maplefork">x</a>'
    site.pages["/"] = footer + "".join(f'<a href="/p{number}">x</a>' for number in range(9))
    site.pages |= {f"/p{number}": footer for number in range(9)}
    assert len(source(site).fetch().links) == 3


@pytest.mark.parametrize(
    "options",
    [{"websites": []}, {"websites": ["://"]}, {"websites": ["http://[x"]}, {"most_pages": 0}],
)
def test_a_source_that_cannot_start_says_what_to_write(site: Site, options: Any) -> None:
    with pytest.raises(NotConfigured):
        source(site, **options).fetch()


def test_the_sites_of_the_district_are_read_where_none_are_named(site: Site) -> None:
    access = an_access(
        {"websites": None, "most_pages": 9}, web=LOOPBACK, domains=(),
        questions=Questions(websites=(site.url,)),
    )  # fmt: skip
    assert DistrictSites(access).fetch().links


def test_one_site_that_is_down_costs_only_itself(site: Site, other: Site) -> None:
    site.pages["/robots.txt"] = Reply(503)
    harvest = source(site, other).fetch()
    assert {link.account for link in harvest.links} == {AccountKey("twitter", "othersite")}
    (gap,) = harvest.gaps
    assert gap.startswith("127.0.0.1 was not read to its end: 127.0.0.1 has trouble of its own")


def test_the_doctor_tells_what_robots_may_read(site: Site, other: Site, names: NameServer) -> None:
    site.pages["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /\n")
    other.pages["/robots.txt"] = Reply(500)
    with Site() as third:
        lines = list(source(site, other, third, access={"domains": ("maple.example",)}).check())
    assert [line.state for line in lines] == [
        CheckState.WARNING, CheckState.BAD, CheckState.GOOD, CheckState.GOOD,
    ]  # fmt: skip
    assert "Allow district-social-auditor" in lines[0].advice
    names.rcode = dns.rcode.SERVFAIL
    lines = list(source(access={"domains": ("maple.example",)}, websites=[third.url]).check())
    assert lines[-1].state is CheckState.WARNING


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self, site: Site) -> DistrictSites:
        return _Fresh(site)  # type: ignore[return-value]

    @pytest.fixture
    def broken(self, site: Site) -> Sequence[DistrictSites]:
        site.pages["/"] = Reply(503)
        return [source(site), source(site, websites=[])]

    @pytest.fixture
    def hostile(self, site: Site) -> Callable[[str], DistrictSites]:
        pytest.fail("no text of a page is kept")

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_values_stay_text(self, site: Site, text: str) -> None:  # type: ignore[override]
        site.pages["/"] = f'<a href="https://x.com/maplefork">{text}</a><a href="{text}">y</a>'
        assert accounts(site) == {AccountKey("twitter", "maplefork")}


class _Fresh:
    """Reads anew with each fetch, as each night builds its sources anew."""

    capabilities, settings = DistrictSites.capabilities, DistrictSites.settings

    def __init__(self, site: Site) -> None:
        self._site = site

    def fetch(self) -> Any:
        return source(self._site).fetch()


def test_every_error_is_a_connectors(site: Site) -> None:
    site.pages["/robots.txt"] = Reply(500)
    with pytest.raises(ConnectorError):
        source(site).fetch()
