"""The district's own web sites: a polite reading of their pages for links to accounts.

Documentation: RFC 9309 (robots.txt), https://www.sitemaps.org/protocol.html; NodeInfo, WebFinger
and handles of Bluesky see ``identities`` and ``name_records`` (reviewed 2026-11-22).  Limits
obeyed: robots.txt and its crawl delay, one request a second, ``most_pages`` pages a site, five
links deep, noindex and nofollow, Retry-After.  Only the configured sites are read, no page behind a
login; a redirect to another host is noted, not followed.  Of the district's e-mail domains only the
well-known places and the DNS record for handles are asked.
Never kept: anything a page says besides where it leads, on disk either.

A link from the district's own site is a sign of approval, not an approval.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from connectors.errors import NotConfigured, SourceUnavailable
from connectors.own_sites import host_of
from connectors.records import Harvest
from connectors.sites import name_records
from connectors.sites.crawl import FAULTS, LARGEST_ROBOTS, UNREAD, Crawl
from connectors.sites.identities import WELL_KNOWN, ask_host
from connectors.sites.link_list import LinkList
from connectors.sites.site import read_robots
from connectors.source import Capability, Check, CheckState, Setting
from connectors.web import PRODUCT, WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.errors import ConnectorError
    from connectors.source import Access

DOMAIN_BASE = "https://{domain}"


class DistrictSites:
    """Accounts that the district's own sites and domains name."""

    takes_questions: ClassVar[bool] = True
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.SITE_LINKS})
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "websites",
            list,
            required=False,
            about='The sites to read, such as ["https://www.district.example"]; those of'
            " [district] where it is left out.",
        ),
        Setting("most_pages", int, required=False, about="Pages read of one site.", default=300),
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._links = LinkList(access)
        self._dropped: Counter[str] = Counter()
        self._notes: list[str] = []
        self._gaps: list[str] = []
        self._calls = self._pages = 0

    def fetch(self) -> Harvest:
        """Read every site; one that cannot be reached leaves a gap.

        Raises the first site's ``ConnectorError`` where no page of any site could be read.
        """
        sites = self._websites()
        failed = [error for start in sites if (error := self._read_site(start)) is not None]
        if failed and not self._pages:
            raise failed[0]
        self._ask_domains({host_of(site) for site in sites})
        self._ask_names({host_of(site) for site in sites})
        if unread := self._dropped[UNREAD]:
            self._gaps.append(f"{unread} pages of the district's sites could not be read.")
        return Harvest(
            links=tuple(self._links),
            dropped={reason: many for reason, many in self._dropped.items() if many},
            notes=tuple(self._notes),
            gaps=tuple(self._gaps),
            calls=self._calls,
            unanswered=tuple(self._links.unanswered),
        )

    def check(self) -> Iterator[Check]:
        """Tell for each site whether robots.txt can be read and allows its first page."""
        for start in self._websites():
            name = f"site {host_of(start)}"[:80]
            try:
                with self._session() as web:
                    is_open = read_robots(web, start).may(start)
            except FAULTS as error:
                yield Check(name, CheckState.BAD, error.problem, error.advice)
                continue
            if is_open:
                yield Check(name, CheckState.GOOD, "robots.txt lets it be read")
            else:
                advice = f"Allow {PRODUCT} in its robots.txt, or take the site away"
                yield Check(name, CheckState.WARNING, "robots.txt forbids its first page", advice)
        yield self._check_names()

    def _websites(self) -> list[str]:
        given = self._access.options.get("websites")
        given = self._access.questions.websites if given is None else given
        sites = [site if "://" in str(site) else f"https://{site}" for site in given]
        if not sites or not all(map(_is_site, sites)):
            advice = (
                'Give them as websites = ["https://www.yourdistrict.org"] under [district] or for'
                " this source"
            )
            raise NotConfigured(self._access.source, "no web site is named", advice)
        if not 1 <= self._access.options["most_pages"] <= 10_000:
            advice = "Give a number from 1 to 10000"
            raise NotConfigured(self._access.source, "most_pages is out of range", advice)
        return list(dict.fromkeys(sites))

    def _read_site(self, start: str) -> ConnectorError | None:
        """Read a site; returns why it could not be."""
        crawl = Crawl(self._access, start, self._links, self._access.options["most_pages"])
        failure = None
        try:
            crawl.read()
        except FAULTS as error:
            failure = error
            self._gaps.append(f"{host_of(start)} was not read to its end: {error.problem}.")
        self._dropped += crawl.dropped
        self._notes += crawl.notes
        self._gaps += crawl.gaps
        self._calls += crawl.calls
        self._pages += crawl.pages
        return failure

    def _ask_domains(self, done: set[str]) -> None:
        """Ask the web servers at the e-mail domains, where there are any, for accounts."""
        for domain in self._access.domains:
            if domain in done:
                continue
            base = DOMAIN_BASE.format(domain=domain)
            with self._session() as web:
                try:
                    robots = read_robots(web, f"{base}/")
                    self._notes += ask_host(self._access, web, base, self._links, robots.may)
                except FAULTS:
                    self._links.unanswered.append(f"{base}{WELL_KNOWN}")
                    self._dropped["e-mail domains without a web server that answers"] += 1
                self._calls += web.calls

    def _ask_names(self, hosts: set[str]) -> None:
        """Look up which accounts the names of sites and domains prove by DNS."""
        silent = 0
        resolver = name_records.new_resolver()
        for name in dict.fromkeys((*sorted(hosts), *self._access.domains)):
            if not name_records.is_domain(name):
                continue
            page = f"dns:_atproto.{name}?type=TXT"
            try:
                did = name_records.read_did(self._access.source, resolver, name)
            except SourceUnavailable:
                silent += 1
                self._links.unanswered.append(page)
                continue
            if did is not None:
                self._links.add(page, f"https://bsky.app/profile/{did}")
        if silent:
            self._notes.append(
                f"No name server answered for {silent} of the district's domains: of accounts that"
                " only their records name, those that were known before are known tonight."
            )

    def _check_names(self) -> Check:
        names = [name for name in self._access.domains if name_records.is_domain(name)]
        try:
            for name in names[:1]:
                name_records.read_did(self._access.source, name_records.new_resolver(), name)
        except SourceUnavailable as error:
            return Check("name servers", CheckState.WARNING, error.problem, error.advice)
        return Check("name servers", CheckState.GOOD, "answer")

    def _session(self) -> WebSession:
        return WebSession(self._access, per_second=1, largest=LARGEST_ROBOTS, follows=False)


def _is_site(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
