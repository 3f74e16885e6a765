"""WordPress: blogs of one's own whose authors use a district address.

Documentation https://developer.wordpress.org/rest-api/reference/users and
https://www.rssboard.org/rss-specification; the rules are those of each blog, which the district
names itself in ``sites`` (reviewed 2026-11-22).  No key.  Limits obeyed: one call a second, 100
authors a page.

An author's avatar is called by the MD5 (WordPress before 6.8) or SHA-256 of the address, which is
compared with the hashes of the directory's addresses: no address leaves the district, no other hash
is kept.  An address that an author's name or a feed shows and that is an employee's is grade A.
Blogs without pretty addresses are asked with a query instead of a path, by the same documentation.
Never read: posts, comments, commenters, anything that needs a sign-in.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import msgspec

from connectors.errors import NotConfigured, UnexpectedAnswer
from connectors.records import AddressUse, Grade, Harvest, Way
from connectors.source import Capability, Setting, Terms
from connectors.staff_addresses import HASH, StaffAddresses, hash_address
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.source import Access
    from connectors.web import Answer

    Place = tuple[str, dict[str, str | int]]

PAGE = 100
MOST_PAGES = 50
LONGEST_NAME = 80
LONGEST_TEXT = 500
CLOSED = (401, 403, 404)
SECRETIVE = "blogs that do not tell their authors"
SILENT = "blogs without a feed"
AUTHORS = {"author", "email", "managingeditor", "webmaster", "creator"}
ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
LARGEST_FEED = 5_000_000


class Author(msgspec.Struct):
    """What is read of an author."""

    id: int
    name: str
    link: str
    avatar_urls: dict[str, str] = {}


class WordPress:
    """Reads the authors of the blogs that the district names."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.ADDRESS_USES, Capability.PROFILES_BY_ADDRESS}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "sites",
            list,
            required=True,
            about='The blogs to read, as ["https://blog.example.org"].',
        ),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=("wordpress",),
        documentation="https://developer.wordpress.org/rest-api/reference/users",
        rules="https://wordpress.org/about/privacy",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second; only blogs that the district names.",
        never="It never reads posts, comments or commenters, and sends no address anywhere.",
        missing={
            Capability.PROFILES_BY_BRAND: "Only blogs that the district names are read.",
            Capability.PROFILES_BY_ACCOUNT: "Only blogs that the district names are read.",
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a site that is no web address."""
        self._access = access
        self._staff = StaffAddresses(access.questions.addresses, access.domains)
        self._hashes = {
            one: address for address in access.questions.addresses for one in _hashes_of(address)
        }
        self._sites = [_site(access.source, text) for text in access.options.get("sites") or []]
        if not self._sites:
            advice = 'Write it as sites = ["https://blog.example.org"]'
            raise NotConfigured(access.source, "the setting 'sites' is empty", advice)

    def fetch(self) -> Harvest:
        """Return which staff addresses the authors of the blogs use.

        Raises RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        dropped: Counter[str] = Counter()
        found: dict[tuple[str, str, str | None], AddressUse] = {}
        with WebSession(self._access, per_second=1.0) as web:
            for site in self._sites:
                for use in (*self._by_hash(web, site, dropped), *self._shown(web, site, dropped)):
                    found.setdefault((use.address, use.way, use.url), use)
            calls = web.calls
        return Harvest(uses=tuple(found.values()), dropped=dict(dropped), calls=calls)

    def _by_hash(self, web: WebSession, site: str, dropped: Counter[str]) -> Iterator[AddressUse]:
        for page in range(1, MOST_PAGES + 1):
            answer = self._authors(web, site, page)
            if answer is None:
                dropped[SECRETIVE] += 1
                return
            authors = answer.decode(list[Author])
            for author in authors:
                yield from self._match(site, author)
            if page >= _pages(answer):
                return
        raise UnexpectedAnswer(
            self._access.source,
            f"a blog says it has more than {MOST_PAGES * PAGE:,} authors",
            "Take it out of 'sites', or report it",
        )

    def _authors(self, web: WebSession, site: str, page: int) -> Answer | None:
        asked: dict[str, str | int] = {"per_page": PAGE, "page": page}
        plain = {"rest_route": "/wp/v2/users"} | asked
        return _ask(web, (f"{site}/wp-json/wp/v2/users", asked), (f"{site}/", plain))

    def _match(self, site: str, author: Author) -> Iterator[AddressUse]:
        page = author.link if _host(author.link) == _host(site) else site
        for named in self._find(author.name):
            told = "The author's name shows the address."
            yield self._use(named, site, page, Way.PUBLISHED, told)
        for url in author.avatar_urls.values():
            hashed = HASH.search(url)
            address = self._hashes.get(hashed[1].lower()) if hashed else None
            if address is not None:
                shown = f'The author is shown as "{author.name[:LONGEST_NAME]}".'
                yield self._use(address, site, page, Way.HASH, shown)
                return

    def _shown(self, web: WebSession, site: str, dropped: Counter[str]) -> Iterator[AddressUse]:
        places: tuple[Place, ...] = ((f"{site}/feed/", {}), (f"{site}/", {"feed": "rss2"}))
        answer = _ask(web, *places, largest=LARGEST_FEED)
        if answer is None or _is_page(answer):
            dropped[SILENT] += 1
            return
        page = answer.url if _host(answer.url) == _host(site) else site
        for text in _author_texts(answer):
            for address in self._find(text):
                told = "The blog's feed shows the address."
                yield self._use(address, site, page, Way.PUBLISHED, told)

    def _find(self, text: str) -> Iterator[str]:
        """Yield the employees' addresses that stand in a short text."""
        found = map(self._staff.find, ADDRESS.findall(text[:LONGEST_TEXT]))
        return (address for address in found if address is not None)

    def _use(self, address: str, site: str, url: str, way: Way, told: str) -> AddressUse:
        return AddressUse(
            source=self._access.source,
            address=address,
            site=_host(site),
            way=way,
            grade=Grade.A if way is Way.PUBLISHED else Grade.B,
            url=url,
            seen_at=self._access.now,
            statement=told,
        )


def _ask(web: WebSession, *places: Place, largest: int | None = None) -> Answer | None:
    """Ask at the pretty address, then at that of blogs without; None where neither tells.

    Such a blog has no page at the pretty address, or answers its first page there.
    """
    for url, asked in places:
        answer = web.get(url, params=asked, accept=(200, *CLOSED), largest=largest)
        if answer.status != 404 and not _is_page(answer):
            break
    return answer if answer.status == 200 else None


def _is_page(answer: Answer) -> bool:
    return "html" in (answer.headers.get("Content-Type") or "").lower()


def _hashes_of(address: str) -> tuple[str, str]:
    plain = address.strip().lower().encode("utf-8", "surrogatepass")
    return hash_address(address), hashlib.md5(plain, usedforsecurity=False).hexdigest()


def _site(source: str, text: object) -> str:
    plain = str(text).strip().rstrip("/")
    is_address = plain.startswith(("https://", "http://")) and plain.isprintable()
    if not is_address or not _host(plain) or "?" in plain or "#" in plain:
        problem = "the setting 'sites' holds what is no web address"
        raise NotConfigured(source, problem, 'Write each as "https://blog.example.org"')
    return plain


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _pages(answer: Answer) -> int:
    told = answer.headers.get("X-WP-TotalPages") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else 1


def _author_texts(answer: Answer) -> Iterator[str]:
    """Yield the texts of a feed's elements for authors; RSS 2.0 and Atom (RFC 4287)."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(answer.body)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        advice = "See whether the blog has trouble; if it lasts, take it out of 'sites'"
        problem = "a blog's feed is not well-formed XML"
        raise UnexpectedAnswer(answer.source, problem, advice) from None
    for element in root.iter():
        if str(element.tag).rpartition("}")[2].lower() in AUTHORS and element.text:
            yield element.text
