"""The district's own web sites: a polite reading of their pages for links to accounts.

Documentation: RFC 9309 (robots.txt), https://www.sitemaps.org/protocol.html, and for
``/.well-known/atproto-did`` https://atproto.com/specs/handle (reviewed 2026-11-22).  Limits obeyed:
robots.txt and its crawl delay, one request a second, ``most_pages`` pages a site, five links deep,
noindex and nofollow.  Only the configured sites are read, no page behind a login; what another host
answers to a redirect is thrown away.
Never kept: anything a page says besides the accounts it links to.

A link from the district's own site is a sign of approval, not an approval.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urljoin, urlsplit

from connectors.errors import AccessRefused, NotConfigured, SourceUnavailable, UnexpectedAnswer
from connectors.platforms import Refusal, identify
from connectors.records import Harvest, SiteLink
from connectors.robots import read_robots
from connectors.sites.pages import read_page
from connectors.source import Capability, Setting
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.robots import Robots
    from connectors.source import Access
    from connectors.web import Answer

LARGEST_PAGE = 5_000_000
LARGEST_ROBOTS = 500_000
DEPTH = 5
MOST_VARIANTS = 5
"""Pages of one path that differ in their query alone: calendars have no end."""
MOST_SEGMENTS = 12
PAGES_AN_ACCOUNT = 3
MOST_SITEMAPS = 10
NO_PAGES = (
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".gz", ".jpg", ".jpeg",
    ".png", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".mp3", ".mp4", ".mov", ".avi",
    ".webm", ".ics", ".xml", ".json", ".rss", ".woff", ".woff2",
)  # fmt: skip
GONE = (200, 401, 403, 404, 410)
UNREAD = "pages that could not be read"


@dataclass(slots=True)
class _Site:
    """One site while it is read: its host, what robots.txt says, what is still to be read."""

    start: str
    host: str
    robots: Robots
    queue: deque[tuple[str, int]] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)
    variants: Counter[str] = field(default_factory=Counter)

    def is_own(self, url: str) -> bool:
        """Whether a URL is a page of this very site, with or without www; broken ones are not.

        A host beneath it has a robots.txt of its own (RFC 9309, 2.3) and is a site of its own.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        ours = urlsplit(self.start).netloc.lower().removeprefix("www.")
        is_web = parts.scheme in {"http", "https"}
        return is_web and parts.netloc.lower().removeprefix("www.") == ours

    def enter(self, url: str, depth: int) -> None:
        """Queue a page that is worth reading and that robots.txt allows."""
        parts = urlsplit(url)
        segments = parts.path.split("/")
        if url in self.seen or depth > DEPTH or len(segments) > MOST_SEGMENTS:
            return
        if any(segments.count(one) > 2 for one in segments if one):
            return
        if parts.path.lower().endswith(NO_PAGES):
            return
        self.seen.add(url)
        place = f"{parts.hostname}{parts.path.partition(';')[0]}"
        self.variants[place] += 1
        if self.variants[place] <= MOST_VARIANTS and self.robots.may(url):
            self.queue.append((url, depth))


class DistrictSites:
    """Accounts that the district's own sites link to, page by page."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.SITE_LINKS})
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "websites",
            list,
            required=True,
            about='The sites to read, such as ["https://www.district.example"].',
        ),
        Setting("most_pages", int, required=False, about="Pages read of one site.", default=300),
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._links: dict[tuple[str, object], SiteLink] = {}
        self._pages_of: Counter[object] = Counter()
        self._dropped: Counter[str] = Counter()
        self._notes: list[str] = []
        self._calls = 0

    def fetch(self) -> Harvest:
        """Read every site; raises ``ConnectorError`` where a site cannot be reached at all."""
        for start in self._websites():
            self._read_site(start)
        unread = self._dropped[UNREAD]
        gaps = (f"{unread} pages of the district's sites could not be read.",) if unread else ()
        return Harvest(
            links=tuple(self._links.values()),
            dropped=dict(self._dropped),
            notes=tuple(self._notes),
            gaps=gaps,
            calls=self._calls,
        )

    def _websites(self) -> list[str]:
        given = self._access.options["websites"]
        sites = [site if "://" in str(site) else f"https://{site}" for site in given]
        if not sites or not all(urlsplit(site).hostname for site in sites):
            advice = 'Give them as websites = ["https://www.yourdistrict.org"] for this source'
            raise NotConfigured(self._access.source, "no web site is named", advice)
        if not 1 <= self._access.options["most_pages"] <= 10_000:
            advice = "Give a number from 1 to 10000"
            raise NotConfigured(self._access.source, "most_pages is out of range", advice)
        return sites

    def _read_site(self, start: str) -> None:
        with WebSession(self._access, per_second=1, largest=LARGEST_ROBOTS) as web:
            robots = read_robots(web, urljoin(start, "/"))
            self._calls += web.calls
        host = (urlsplit(start).hostname or "").removeprefix("www.")
        site = _Site(start, host, robots)
        with WebSession(self._access, per_second=1 / robots.delay, largest=LARGEST_PAGE) as web:
            self._read_identity(web, site)
            site.enter(start, 0)
            if not site.queue:
                self._notes.append(f"robots.txt of {host} does not allow its first page.")
            for url in self._sitemaps(web, site):
                site.enter(url, 1)
            read = 0
            while site.queue and read < self._access.options["most_pages"]:
                self._read_page(web, site, *site.queue.popleft())
                read += 1
            self._calls += web.calls
        if site.queue:
            self._notes.append(f"{read} pages of {host} were read, {len(site.queue)} were not.")

    def _read_identity(self, web: WebSession, site: _Site) -> None:
        """Note the Bluesky account whose handle is the site's own domain."""
        url = urljoin(site.start, "/.well-known/atproto-did")
        if not site.robots.may(url):
            return
        answer = self._ask(web, url)
        if answer is not None and answer.status == 200 and answer.body.startswith(b"did:"):
            self._add(url, f"https://bsky.app/profile/{answer.text().strip()[:200]}")

    def _sitemaps(self, web: WebSession, site: _Site) -> Iterator[str]:
        """Yield the pages that sitemaps list; an index that leads in circles ends."""
        waiting = deque([*site.robots.sitemaps, urljoin(site.start, "/sitemap.xml")])
        seen: set[str] = set()
        while waiting and len(seen) < MOST_SITEMAPS:
            url = waiting.popleft()
            if url in seen or not site.is_own(url) or not site.robots.may(url):
                continue
            seen.add(url)
            answer = self._ask(web, url)
            if answer is None or answer.status != 200:
                continue
            for is_index, place in _locations(answer.body):
                if is_index:
                    waiting.append(place)
                elif site.is_own(place):
                    yield place

    def _ask(self, web: WebSession, url: str) -> Answer | None:
        """Return an answer that matters little; None where there is none."""
        try:
            return web.get(url, accept=(*GONE, 400, 405, 406, 451))
        except (AccessRefused, SourceUnavailable, UnexpectedAnswer):
            return None

    def _read_page(self, web: WebSession, site: _Site, url: str, depth: int) -> None:
        try:
            answer = web.get(url, accept=GONE)
        except (SourceUnavailable, UnexpectedAnswer):
            if depth == 0:
                raise
            self._dropped[UNREAD] += 1
            return
        kind = answer.headers.get("Content-Type") or "text/html"
        if answer.status != 200 or "html" not in kind.lower() or not site.is_own(answer.url):
            return
        page = read_page(answer.text(), answer.url, answer.headers.get("X-Robots-Tag") or "")
        if page.noindex:
            return
        for link in [*page.links, *page.others]:
            if not site.is_own(link):
                self._add(answer.url, link)
            elif not page.nofollow:
                site.enter(link, depth + 1)

    def _add(self, page: str, link: str) -> None:
        """Keep a link that leads to an account, from three pages at most."""
        account = identify(link)
        if isinstance(account, Refusal) or (page, account.key) in self._links:
            return
        self._pages_of[account.key] += 1
        if self._pages_of[account.key] <= PAGES_AN_ACCOUNT:
            self._links[page, account.key] = SiteLink(
                self._access.source, page, account.key, None, self._access.now
            )


def _locations(body: bytes) -> Iterator[tuple[bool, str]]:
    """Yield the places a sitemap names, and whether each is a sitemap; none of a broken one."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return
    is_index = root.tag.endswith("sitemapindex")
    for place in root.iterfind(".//{*}loc"):
        yield is_index, (place.text or "").strip()[:2_000]
