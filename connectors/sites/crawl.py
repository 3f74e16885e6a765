"""One site read page by page: robots.txt, sitemaps, pages and feeds, one request after another."""

from __future__ import annotations

from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.errors import AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer
from connectors.platforms import Refusal, identify
from connectors.robots import UNAVAILABLE
from connectors.sites.feeds import read_feed
from connectors.sites.identities import ask_host
from connectors.sites.pages import Link, join_url, page_text, read_page
from connectors.sites.site import (
    EACH_NIGHT,
    REDIRECTS,
    Site,
    Visit,
    ask,
    read_robots,
    redirect_of,
)
from connectors.sites.sitemaps import Sitemap, read_sitemap
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.sites.link_list import LinkList
    from connectors.source import Access
    from connectors.web import Answer

LARGEST_PAGE = 5_000_000
LARGEST_ROBOTS = 1_000_000
MOST_SITEMAPS = 10
MOST_FAILURES = 5
"""Pages in a row that could not be read: then the site is left alone for the night."""
FAULTS = (AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer)
UNREAD = "pages that could not be read"
BROKEN_SITEMAPS = "sitemaps that could not be read"


class Digest(msgspec.Struct, array_like=True):
    """All that is kept of a page: its own links to follow, accounts it links to, its feeds."""

    NOW: ClassVar[int] = 1
    version: int
    own: list[str] = []
    accounts: list[tuple[str, bool]] = []
    feeds: list[str] = []


class Crawl:
    """Reads one site into a list of links; ``notes`` and ``gaps`` say what was left out."""

    def __init__(self, access: Access, start: str, links: LinkList, most_pages: int) -> None:
        self._access, self._start, self._links = access, start, links
        self._most_pages = most_pages
        self.dropped: Counter[str] = Counter()
        self.notes: list[str] = []
        self.gaps: list[str] = []
        self.calls = self.pages = 0

    def read(self) -> None:
        """Read the site; raises ``FAULTS`` where it cannot be reached at all."""
        with WebSession(self._access, per_second=1, largest=LARGEST_ROBOTS, follows=False) as web:
            try:
                robots = read_robots(web, self._start)
            finally:
                self.calls += web.calls
        site = Site(self._start, robots)
        with WebSession(
            self._access, per_second=1 / robots.delay, largest=LARGEST_PAGE, follows=False
        ) as web:
            try:
                self._read_site(web, site)
            finally:
                self.calls += web.calls

    def _read_site(self, web: WebSession, site: Site) -> None:
        site.enter(self._start, 0)
        is_open = bool(site.queue)
        if not is_open:
            self.notes.append(f"robots.txt of {site.host} does not allow its first page.")
        for url in self._sitemaps(web, site):
            site.enter(url, 1)
        visited = self._visit_all(web, site)
        if site.unread:
            self.notes.append(f"{visited} pages of {site.host} were read, {site.unread} were not.")
        elif is_open and not self.pages:
            self.gaps.append(
                f"No page of {site.host} could be read: its first page is refused, is not there or"
                " leads to another host."
            )
        if not self.gaps:
            self.notes += ask_host(self._access, web, self._start, self._links, site.may_read)

    def _visit_all(self, web: WebSession, site: Site) -> int:
        """Read what waits, as many as allowed; stop where the site wants to be left alone."""
        visited = failures = 0
        while visited < self._most_pages and (visit := site.take()) is not None:
            visited += 1
            try:
                self._visit(web, site, visit)
                failures = 0
            except FAULTS as error:
                if visit.depth == 0 and not self.pages:
                    raise
                failures += 1
                self.dropped[UNREAD] += 1
                if isinstance(error, RateLimited) or failures == MOST_FAILURES:
                    self.gaps.append(f"{site.host} was not read to its end: {error.problem}.")
                    site.leave()
        return visited

    def _visit(self, web: WebSession, site: Site, visit: Visit) -> None:
        answer = self._page(web, site, visit)
        target = redirect_of(answer)
        if target is not None and site.is_own(target):
            site.enter(target, visit.depth + 1, is_redirect=True)
        elif target is not None:
            self._links.add(visit.url, target)
        if answer.status != 200:
            return
        self.pages += 1
        digest = msgspec.json.decode(answer.body, type=Digest)
        for url, is_endorsed in digest.accounts:
            self._links.add(visit.url, url, is_endorsed=is_endorsed)
        for url in digest.own:
            site.enter(url, visit.depth + 1)
        for url in digest.feeds:
            site.enter_feed(url, visit.depth + 1)

    def _page(self, web: WebSession, site: Site, visit: Visit) -> Answer:
        """Ask for a page; what an older release kept of it is not used."""
        accept = {200, *REDIRECTS, *UNAVAILABLE}
        distil = partial(_distil, site, visit)
        answer = web.get(visit.url, accept=accept, lifetime=EACH_NIGHT, distil=distil)
        if answer.is_cached and not _is_readable(answer.body):
            answer = web.get(visit.url, accept=accept, distil=distil)
        return answer

    def _sitemaps(self, web: WebSession, site: Site) -> Iterator[str]:
        """Yield the pages that sitemaps list; an index that leads in circles ends."""
        waiting = deque([*site.robots.sitemaps, "/sitemap.xml"])
        seen: set[str] = set()
        while waiting and len(seen) < MOST_SITEMAPS:
            url = join_url(site.start, waiting.popleft())
            if url is None or url in seen or not site.is_own(url) or not site.may_read(url):
                continue
            seen.add(url)
            sitemap = self._sitemap(web, site, url)
            if sitemap.is_index:
                waiting.extend(sitemap.places)
            else:
                yield from filter(site.is_own, sitemap.places)

    def _sitemap(self, web: WebSession, site: Site, url: str) -> Sitemap:
        """Return what a sitemap lists; nothing, and counted, where it cannot be read."""
        try:
            answer = ask(web, url, lambda to: site.is_own(to) and site.may_read(to), EACH_NIGHT)
            is_page = "html" in (answer.headers.get("Content-Type") or "").lower()
            if answer.status == 200 and not is_page:
                return read_sitemap(answer.body)
        except (AccessRefused, SourceUnavailable, UnexpectedAnswer, ValueError):
            self.dropped[BROKEN_SITEMAPS] += 1
        return Sitemap([])


def _distil(site: Site, visit: Visit, answer: Answer) -> bytes:
    """Return all that is wanted of a page or feed, as JSON of ``Digest``."""
    kind = (answer.headers.get("Content-Type") or "text/html").lower()
    digest = Digest(Digest.NOW)
    links: list[Link] = []
    if visit.is_feed and "xml" in kind and "html" not in kind:
        try:
            links = read_feed(answer.body, answer.url)
        except ValueError:
            links = []
    elif "html" in kind:
        page = read_page(page_text(answer), answer.url, answer.headers.get("X-Robots-Tag") or "")
        if not page.noindex:
            links = [Link(url, ok and not page.nofollow) for url, ok in page.links]
            digest.feeds = [url for url in page.feeds if site.is_own(url)]
    own = (url for url, is_endorsed in links if is_endorsed and site.is_own(url))
    digest.own = [] if visit.is_feed else list(dict.fromkeys(own))
    digest.accounts = list(dict.fromkeys(one for one in links if _is_account(site, one.url)))
    return msgspec.json.encode(digest)


def _is_account(site: Site, url: str) -> bool:
    return not site.is_own(url) and not isinstance(identify(url), Refusal)


def _is_readable(body: bytes) -> bool:
    try:
        return msgspec.json.decode(body, type=Digest).version == Digest.NOW
    except msgspec.DecodeError:
        return False
