"""Sitemaps (https://www.sitemaps.org/protocol.html): the places they list, packed or not."""

from __future__ import annotations

import zlib
from io import BytesIO

import msgspec

LARGEST = 20_000_000
MOST_PLACES = 50_000
"""What the protocol allows one sitemap to list."""


class Sitemap(msgspec.Struct):
    """The places a sitemap lists; they are sitemaps themselves where it is an index."""

    places: list[str]
    is_index: bool = False


def read_sitemap(body: bytes) -> Sitemap:
    """Return what a sitemap lists; ValueError for one that is broken, hostile or too large."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    found = Sitemap([])
    root = ""
    try:
        for event, element in iterparse(BytesIO(_unpacked(body)), events=("start", "end")):
            name = str(element.tag).rpartition("}")[2]
            root = root or name
            if event == "end":
                if name == "loc" and element.text:
                    found.places.append(element.text.strip()[:2_000])
                element.clear()
            if len(found.places) >= MOST_PLACES:
                break
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError("no sitemap") from error
    found.is_index = root == "sitemapindex"
    return found


def _unpacked(body: bytes) -> bytes:
    """Unpack a gzip file; ValueError where it is damaged or holds more than ``LARGEST`` bytes."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(body, LARGEST)
    except zlib.error as error:
        raise ValueError("a damaged gzip file") from error
    if not unpacking.eof:
        raise ValueError("a gzip file that is cut short or too large")
    return text
