"""What a page of a web site says: where it leads, which accounts it names, what robots may do.

The parser is lxml's, which hands out tags as they come and builds no tree: time grows with the size
of a page alone, however broken or deep it is (the standard library's needs minutes for 200 KB of
unclosed tags).
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from connectors.web import PRODUCT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.web import Answer

MOST_LINKS = 5_000
LONGEST_URL = 2_000
LARGEST_JSON = 200_000
MOST_VALUES = 10_000
UNENDORSED = frozenset({"nofollow", "ugc", "sponsored"})
"""Links the site does not vouch for (HTML Standard, 4.6.7; comments of readers, advertisements)."""
SAID_OF_SITE = frozenset({"me", "author", "publisher", "canonical", "next", "prev"})
# Nothing is given back to be tried again: a long run of blanks would take hours.
REFRESH = re.compile(r"""[\d.\s]*+[;,]?+\s*+(?:url\s*+=\s*+)?+["']?+([^"']+)""", re.IGNORECASE)


class Link(NamedTuple):
    """An absolute URL without its fragment, and whether the page vouches for where it leads."""

    url: str
    is_endorsed: bool


@dataclass(slots=True)
class Page:
    """What one page says, in its order.

    ``links`` are those of anchors, of redirects by ``meta``, of ``link`` elements about the site,
    and those JSON-LD names as the same as it (schema.org, sameAs); ``feeds`` its Atom and RSS
    feeds.  With ``noindex`` nothing of the page may be used, with ``nofollow`` it vouches for none.
    """

    links: list[Link] = field(default_factory=list)
    feeds: list[str] = field(default_factory=list)
    noindex: bool = False
    nofollow: bool = False


def page_text(answer: Answer) -> str:
    """Return a page's text: by its byte order mark, else as its Content-Type says."""
    if answer.body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return answer.body.decode("utf-16", "replace")
    return answer.text()


def read_page(text: str, url: str, robots_header: str = "") -> Page:
    """Return what a page at ``url`` says; ``robots_header`` is its X-Robots-Tag."""
    from lxml import etree

    reader = _Reader(url)
    reader.obey(robots_header)
    parser = etree.HTMLParser(target=reader, encoding="utf-8", huge_tree=True)
    try:
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:
        pass  # what came before the break counts
    return reader.page


class _Reader:
    """Takes a page's tags as lxml's parser meets them (its "target" interface)."""

    def __init__(self, url: str) -> None:
        self.page, self._base = Page(), url
        self._data: list[str] | None = None
        self._size = 0

    def obey(self, directives: str) -> None:
        """Note what a robots directive forbids (Google's robots meta tag, also a header)."""
        words = {word.strip().lower().removeprefix(f"{PRODUCT}:") for word in directives.split(",")}
        words = {word.strip() for word in words}
        self.page.noindex |= bool(words & {"noindex", "none"})
        self.page.nofollow |= bool(words & {"nofollow", "none"})

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take a tag that opens."""
        href = attributes.get("href") or ""
        if tag == "base":
            self._base = join_url(self._base, href) or self._base
        elif tag in {"a", "area"} and href:
            self._add(href, words_of(attributes.get("rel")))
        elif tag == "link" and href:
            self._link(href, words_of(attributes.get("rel")), attributes.get("type") or "")
        elif tag == "meta":
            self._meta(attributes)
        elif tag == "script" and "ld+json" in (attributes.get("type") or "").lower():
            self._data, self._size = [], 0

    def data(self, text: str) -> None:
        """Take text, of which only that of JSON-LD is wanted."""
        if self._data is not None and self._size <= LARGEST_JSON:
            self._data.append(text)
            self._size += len(text)

    def end(self, tag: str) -> None:
        """Take a tag that closes."""
        if tag == "script" and self._data is not None:
            text, self._data = "".join(self._data), None
            for one in same_as(text):
                self._add(one, set())

    def close(self) -> None:
        """Do nothing: the page was filled on the way."""

    def _link(self, href: str, rel: set[str], kind: str) -> None:
        if rel & SAID_OF_SITE or (rel == {"alternate"} and "html" in (kind or "html")):
            self._add(href, rel)
        elif "alternate" in rel and kind.lower().startswith(
            ("application/atom", "application/rss")
        ):
            url = join_url(self._base, href)
            if url and len(self.page.feeds) < MOST_LINKS:
                self.page.feeds.append(url)

    def _meta(self, attributes: Mapping[str, str]) -> None:
        name, content = (attributes.get("name") or "").lower(), attributes.get("content") or ""
        if name in {"robots", PRODUCT}:
            self.obey(content)
        elif (attributes.get("http-equiv") or "").lower() == "refresh":
            found = REFRESH.fullmatch(content[:LONGEST_URL].strip().rstrip("\"'"))
            if found and not found[1].strip().isdigit():
                self._add(found[1], set())

    def _add(self, href: str, rel: set[str]) -> None:
        url = join_url(self._base, href)
        if url and len(self.page.links) < MOST_LINKS:
            self.page.links.append(Link(url, not rel & UNENDORSED))


def words_of(rel: str | None) -> set[str]:
    """Return the words of a ``rel`` in lower case."""
    return set((rel or "").lower().split())


def same_as(text: str) -> list[str]:
    """Return every ``sameAs`` of a JSON-LD text; nothing of one that is broken or huge."""
    if len(text) > LARGEST_JSON:
        return []
    try:
        rest: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return []
    found: list[str] = []
    for _ in range(MOST_VALUES):
        if not rest:
            break
        value = rest.pop()
        if isinstance(value, list):
            rest += value
        elif isinstance(value, dict):
            named = value.get("sameAs")
            found += [one for one in (named if isinstance(named, list) else [named]) if one]
            rest += value.values()
    return [one for one in found if isinstance(one, str)]


def join_url(base: str, href: str) -> str | None:
    """Return where a reference leads, without its fragment; None for what is no web address."""
    try:
        url = urldefrag(urljoin(base, href.strip())).url
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_web = is_web and parts.port != 0
    except ValueError:
        return None
    return url if is_web and len(url) <= LONGEST_URL else None
