"""Atom (RFC 4287) and RSS 2.0 feeds: the links they carry about themselves, none of their posts."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from connectors.sites.pages import Link, join_url, words_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

POSTS = frozenset({"entry", "item"})
RELATIONS = frozenset({"me", "author", "related", "alternate"})
MOST_LINKS = 100


def read_feed(body: bytes, url: str) -> list[Link]:
    """Return the links of a feed's head: ``link``, and ``uri`` of its author.

    ValueError for what is broken or hostile.  Nothing after the first post is looked at.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    found: list[Link] = []
    try:
        for event, element in iterparse(BytesIO(body), events=("start", "end")):
            name = str(element.tag).rpartition("}")[2]
            if name in POSTS or len(found) >= MOST_LINKS:
                break
            if event == "end" and (text := _reference(name, element)):
                place = join_url(url, text)
                if place:
                    found.append(Link(place, is_endorsed=True))
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError("no feed") from error
    return found


def _reference(name: str, element: Element) -> str:
    """Return where an element of a feed's head leads: an Atom ``href``, or the text of RSS."""
    if name == "uri":
        return element.text or ""
    if name != "link":
        return ""
    href = element.get("href")
    if href is None:
        return element.text or ""
    return href if words_of(element.get("rel") or "alternate") & RELATIONS else ""
