"""Canonical account identity: any way of writing an account -> (platform, account).

The URL shapes themselves are data (``platforms.toml``); this module reads hostile text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from connectors.platform_table import (
    Account,
    Folding,
    Platform,
    Reason,
    Refusal,
    Shape,
    Site,
    platform_named,
    site_of,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Account",
    "Folding",
    "Platform",
    "Reason",
    "Refusal",
    "account_of",
    "identify",
    "platform_named",
    "platforms",
    "with_native_id",
]

LONGEST = 2048
"""Characters of the longest text that is looked at."""

_SEGMENT = r"[A-Za-z0-9_@+~:-][A-Za-z0-9_@+~:.-]*"
_PLAIN = re.compile(
    r"https?://((?:[A-Za-z0-9-]+\.)+[A-Za-z]+)"
    rf"(?:/((?:{_SEGMENT}(?:/{_SEGMENT})*)?)/?)?(?:\?([!-\"$-~]*))?"
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d+(?:[/?#]|$))", re.IGNORECASE)
_FEDIVERSE = re.compile(r"(?:acct:|@)([\w.-]+)@([^\s@/?#]+)")
_BLUESKY = re.compile(r"@(?=[^@/?#]+\.bsky\.social$)")
_SHOWN_ELSEWHERE = re.compile(r"(?:web/|deck/)?@([\w.-]+)@((?:[a-z0-9-]+\.)+[a-z0-9-]+)", re.I)
_SEPARATOR = re.compile(r"%(?:2f|5c|25|3f|23)", re.IGNORECASE)


class _Parts(NamedTuple):
    """A web address taken apart: host in lower case, decoded path without outer slashes."""

    host: str
    path: str
    query: str


def platforms() -> Mapping[str, Platform]:
    """Return every platform by its key, in the order of the table."""
    return table().platforms


def identify(text: str, platform: str | None = None) -> Account | Refusal:
    """Read a URL, ``@user@server``, a DID or a Bluesky handle as the account it names.

    ``platform`` says which platform the text is about; only with it are own domains understood
    (a blog on its own host).  Never raises, fetches nothing, and gives for its own
    ``Account.url`` the same account again.
    """
    if len(text) <= LONGEST and (plain := _PLAIN.fullmatch(text)):
        host, path, query = plain.groups()
        if "xn--" not in (host := host.lower()):
            return _route(host, path or "", query or "", platform)
    parts = _take_apart(text)
    return Refusal(parts) if isinstance(parts, Reason) else _route(*parts, platform)


def account_of(platform: str, handle: str | None, native_id: str | None) -> Account | Refusal:
    """Make an account of what an API or a table says: a platform's key and handle, id or both.

    ``handle`` may also be an ``Account.id`` ("groups/x") or a URL of that platform.  A native id
    of a form the platform does not use is taken as not known.
    """
    known = platform_named(platform)
    if known is None:
        return Refusal(Reason.PLATFORM)
    native_id = native_id if native_id and known.native.fullmatch(native_id) else None
    if handle and (text := handle.strip().lstrip("@").strip("/")):
        account = _from_handle(known, text)
        return account if isinstance(account, Refusal) else with_native_id(account, native_id)
    return _from_native(known, native_id) if native_id else Refusal(Reason.HANDLE)


def with_native_id(account: Account, native_id: str | None) -> Account:
    """Add a native id to an account that lacks one, if it is of the platform's form."""
    if native_id is None or account.native_id is not None:
        return account
    fits = table().platforms[account.platform].native.fullmatch(native_id)
    return replace(account, native_id=native_id) if fits else account


def _route(host: str, path: str, query: str, hint: str | None) -> Account | Refusal:
    """Find the row that a taken-apart address fits."""
    if path.count("@") > 1 and (elsewhere := _SHOWN_ELSEWHERE.fullmatch(path)):
        host, path = elsewhere[2].lower(), f"@{elsewhere[1]}"
    host = host.removeprefix("www.")
    site = site_of(host, hint)
    if site.refusal:
        return Refusal(site.refusal)
    subject = path
    if site.label:
        subject = f"{site.label}/{path}" if path else site.label
    elif query and site.query and (value := _parameter(query, site.query)):
        subject = f"{path}?{site.query}={value}"
    return _fitting(site.shapes, subject, host) or Refusal(_reason(site, subject, host))


def _reason(site: Site, path: str, host: str) -> Reason:
    """Say why no row fits: a reserved word, something below an account, or no such name."""
    words = path.partition("?")[0].split("/")
    if not site.reserved:
        return Reason.UNKNOWN
    if not words[0]:
        return Reason.PAGE
    reserved = site.reserved.get(words[0].lower())
    if reserved not in {None, Reason.PAGE}:
        return reserved
    above = ("/".join(words[:depth]) for depth in range(1, min(len(words), 4)))
    if any(isinstance(_fitting(site.shapes, path, host), Account) for path in above):
        return Reason.CONTENT
    return reserved or Reason.HANDLE


def _fitting(shapes: tuple[Shape, ...], path: str, host: str) -> Account | Refusal | None:
    for shape in shapes:
        if found := shape.path.fullmatch(path):
            return shape.account(found, host)
    return None


def _from_handle(platform: Platform, text: str) -> Account | Refusal:
    """Try a handle as a URL, as an id, and as the path of an address."""
    if len(text) > LONGEST or not text.isprintable():
        return Refusal(Reason.HANDLE)
    if "." in text or ":" in text:
        account = identify(text, platform.key)
        if isinstance(account, Account) and account.platform == platform.key:
            return account
    decoded = _decoded(_composed(text))
    if not decoded:
        return Refusal(Reason.HANDLE)
    shapes = table().shapes[platform.key]
    for patterns in ((s.identity for s in shapes), (s.path for s in shapes)):
        for shape, pattern in zip(shapes, patterns, strict=True):
            if shape.is_filled_by(pattern) and (found := pattern.fullmatch(decoded)):
                return shape.account(found, "")
    return Refusal(_reason(site_of(platform.hosts[0], None), decoded, ""))


def _from_native(platform: Platform, native_id: str) -> Account | Refusal:
    for shape in table().shapes[platform.key]:
        if shape.has_native and (found := shape.identity.fullmatch(native_id)):
            return shape.account(found, "")
    return Refusal(Reason.NO_ADDRESS)


def _take_apart(text: str) -> _Parts | Reason:
    """Take any text apart as a browser would (WHATWG URL Standard), or say why not."""
    text = text.strip().strip("\0")
    if "\\" in text and "@" in text:  # readers differ on which host that is
        return Reason.MALFORMED
    if not text or len(text) > LONGEST:
        return Reason.MALFORMED if text else Reason.NOT_AN_ADDRESS
    text = _BLUESKY.sub("", text)
    if fediverse := _FEDIVERSE.fullmatch(text):
        text = f"https://{fediverse[2]}/@{fediverse[1]}"
    if text.startswith(("did:", "at://")):
        return _Parts("bsky.app", "profile/" + text.removeprefix("at://").rstrip("/"), "")
    if scheme := _SCHEME.match(text):
        return _parsed(text) if scheme[1].lower() in {"http", "https"} else Reason.NOT_AN_ADDRESS
    host = re.split(r"[/\\?#]", text.lstrip("/\\"), maxsplit=1)[0]
    if "@" in host.lstrip("@"):
        return Reason.EMAIL
    if "." not in host.strip(".") or host.startswith("@") or " " in host:
        return Reason.NOT_AN_ADDRESS
    return _parsed("https://" + text.lstrip("/\\"))


def _parsed(text: str) -> _Parts | Reason:
    from ada_url import URL

    try:
        url = URL(text)
    except ValueError:
        return Reason.MALFORMED
    host, path, query, fragment = url.hostname.removesuffix("."), url.pathname, url.search, url.hash
    if url.port not in {"", "80", "443"} or not host:
        return Reason.MALFORMED
    if path == "/" and fragment.startswith("#!"):
        path, _, query = fragment[2:].partition("?")
    decoded = _decoded(path)
    if decoded is None:
        return Reason.MALFORMED
    return _Parts(host, decoded, query.removeprefix("?"))


def _decoded(path: str) -> str | None:
    """Percent-decode once; None when that would make or hide a separator or is no UTF-8.

    A fragment's path may also hold "." and "..", which a URL's path no longer does: None too.
    """
    if "%" in path:
        from urllib.parse import unquote

        if _SEPARATOR.search(path):
            return None
        try:
            path = _composed(unquote(path, errors="strict"))
        except UnicodeDecodeError:
            return None
        if not path.isprintable():
            return None
    segments = list(filter(None, path.split("/")))
    return None if {".", ".."} & set(segments) else "/".join(segments)


def _parameter(query: str, name: str) -> str | None:
    """Return a query parameter that stands exactly once and needs no decoding."""
    values = [v for k, _, v in (pair.partition("=") for pair in query.split("&")) if k == name]
    return values[0] if len(values) == 1 else None


def _composed(text: str) -> str:
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", text)
