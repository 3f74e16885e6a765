"""What keeps hostile text harmless on a page: printable text, links worth following, the CSP."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

REPLACEMENT = "\ufffd"
LONGEST_LINK = 2048
_LINE_ENDS = re.compile("\r\n?")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_WEB_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f\"<>\\^`{|}]+", re.IGNORECASE)

_PLAIN_LINK = re.compile(r"https?://[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*(?:[/?#][!#-;=?-\[\]_a-z~]*)?")


def printable(text: str) -> str:
    """Replace what a text file or an HTML page may not hold by U+FFFD; line ends become LF.

    Forbidden are controls other than TAB and LF, lone surrogates and noncharacters (HTML Standard,
    "preprocessing the input stream").
    """
    if text.isascii() and text.isprintable():
        return text
    return _FORBIDDEN.sub(REPLACEMENT, _LINE_ENDS.sub("\n", text))


@lru_cache(maxsize=4096)
def safe_link(url: str | None) -> str | None:
    """Return ``url`` if it may become a link, else None: it is then shown as text.

    Allowed are http and https with a host, without user information, spaces, controls or
    characters that RFC 3986 forbids.
    """
    if url is None or len(url) > LONGEST_LINK:
        return None
    if _PLAIN_LINK.fullmatch(url):
        return url
    if not _WEB_LINK.fullmatch(url):
        return None
    if printable(url) != url:
        return None
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return url if has_host and "@" not in parts.netloc else None


def local_page(name: str) -> str:
    """Make the relative address of a file beside this page; never another scheme or host."""
    return quote(printable(name).lstrip("/"), safe="/._-~")


def content_security_policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Return the policy that allows exactly these inline texts (W3C CSP Level 3)."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            _directive("style-src", styles),
            _directive("script-src", scripts),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _directive(name: str, texts: Iterable[str]) -> str:
    hashes = [_source_hash(text) for text in texts]
    return " ".join([name, *(hashes or ["'none'"])])


@cache
def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
