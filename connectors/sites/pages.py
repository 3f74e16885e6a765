"""What a page of a web site says: where it leads, which accounts it names, what robots may do.

The parser is the standard library's: it builds no tree, so depth costs nothing, and it never fails
on broken HTML.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

MOST_LINKS = 5_000
LONGEST_URL = 2_000
LARGEST_JSON = 200_000
MOST_VALUES = 10_000


@dataclass(slots=True)
class Page:
    """Links of one page, absolute and without fragments, in their order.

    ``others`` are those JSON-LD names as the same as this site (schema.org, sameAs).  With
    ``noindex`` nothing of the page may be used, with ``nofollow`` none of its links be followed.
    """

    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    noindex: bool = False
    nofollow: bool = False


def read_page(text: str, url: str, robots_header: str = "") -> Page:
    """Return what a page at ``url`` says; ``robots_header`` is its X-Robots-Tag."""
    reader = _Reader(url)
    reader.obey(robots_header)
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self._base = Page(), url
        self._data: list[str] | None = None

    def obey(self, directives: str) -> None:
        """Note what a robots directive forbids (Google's robots meta tag, also a header)."""
        words = {word.strip().lower() for word in directives.split(",")}
        self.page.noindex |= bool(words & {"noindex", "none"})
        self.page.nofollow |= bool(words & {"nofollow", "none"})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            self._base = _join(self._base, values["href"]) or self._base
        elif tag in {"a", "area", "link"} and values.get("href"):
            self._add(values["href"], self.page.links)
        elif tag == "meta" and values.get("name", "").lower() == "robots":
            self.obey(values.get("content", ""))
        elif tag == "script" and "ld+json" in values.get("type", "").lower():
            self._data = []

    def handle_data(self, data: str) -> None:
        if self._data is not None:
            self._data.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._data is not None:
            text, self._data = "".join(self._data), None
            for one in same_as(text):
                self._add(one, self.page.others)

    def _add(self, href: str, to: list[str]) -> None:
        url = _join(self._base, href)
        if url and len(to) < MOST_LINKS:
            to.append(url)


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


def _join(base: str, href: str) -> str | None:
    try:
        url = urldefrag(urljoin(base, href.strip())).url
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if is_web and len(url) <= LONGEST_URL else None
