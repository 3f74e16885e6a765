"""The table of platforms and their URL shapes: ``platforms.toml``, checked and compiled once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

import msgspec

from connectors.records import AccountKey, ProfileKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MAX_HOST = 253
PARTS = ("handle", "native", "server")
SERVER = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])"


class Reason(StrEnum):
    """Why a text names no account; the names in lower case are the keys of ``reserved``."""

    NOT_AN_ADDRESS = "no web address"
    MALFORMED = "a malformed web address"
    EMAIL = "an e-mail address, not an account"
    UNKNOWN = "a site that is not in the table of platforms"
    PLATFORM = "a platform that is not in the table"
    PAGE = "a page of the platform itself"
    CONTENT = "a post, photo, video or other content, not an account"
    ACTION = "a share, sign-in or dialog link"
    SEARCH = "a search, hashtag or topic"
    SHORT = "a shortened or redirecting link"
    PERSONAL = "a personal profile, which is never looked at"
    HANDLE = "no possible account name"
    NO_ADDRESS = "an id from which no address can be made"


class Folding(StrEnum):
    """When two spellings of a handle are one account."""

    LOWER = "lower"
    LOWER_NO_DOTS = "lower, dots ignored"
    NONE = "none"


class Account(msgspec.Struct, frozen=True):
    """Canonical identity of one account.

    ``id`` is the folded handle, with its name space where the platform has several
    (``groups/x``), or the native id when no handle is known.  ``handle`` and ``url`` keep the
    spelling that was read.
    """

    platform: str
    id: str
    url: str
    handle: str | None = None
    native_id: str | None = None
    kind: ProfileKind | None = None

    @property
    def key(self) -> AccountKey:
        """The account's identity, by the same rule as ``Profile.key``."""
        return AccountKey(self.platform, self.native_id or self.id)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A text that names no account, and why (a ``Reason``)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: how it is called, when two handles are one, and what its ids look like."""

    key: str
    title: str
    is_named_by_policy: bool
    retired_on: date | None
    folding: Folding
    hosts: tuple[str, ...]
    names: tuple[str, ...]
    native: re.Pattern[str] = field(repr=False)

    def fold(self, handle: str) -> str:
        """Return what two spellings of one handle have in common."""
        if self.folding is Folding.NONE:
            return handle
        folded = handle.lower()
        if not folded.isascii():
            folded = normalize("NFC", folded)
        return folded.replace(".", "") if self.folding is Folding.LOWER_NO_DOTS else folded


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One compiled row: a path of a platform's site and the account it names.

    ``around`` is what stands before and after the handle in an address that holds nothing else.
    """

    platform: Platform
    path: re.Pattern[str]
    identity: re.Pattern[str]
    id: str
    url: str
    kind: ProfileKind | None
    reserved: Mapping[str, Reason]
    has_native: bool
    around: tuple[str, str] | None = None

    def is_filled_by(self, pattern: re.Pattern[str]) -> bool:
        """Tell whether a match of ``pattern`` alone, without a host, gives the whole address."""
        return all(f"{{{name}}}" not in self.url or name in pattern.groupindex for name in PARTS)

    def account(self, found: re.Match[str], server: str) -> Account | Refusal:
        """Build the account from a match of ``path`` or ``identity``."""
        groups = found.groupdict()
        native = groups.get("native")
        handle = groups.get("handle") or (None if native else server)
        if handle and handle.lower() in self.reserved:
            return Refusal(self.reserved[handle.lower()])
        platform, server = self.platform, (groups.get("server") or server).lower()
        folded = platform.fold(handle) if handle else None
        if handle and folded and self.around and self.id == "{handle}":
            before, after = self.around
            url = f"{before}{_quoted(handle)}{after}"
            return Account(platform.key, folded, url, handle, native, self.kind)
        return Account(
            platform.key,
            self.id.format(handle=folded, native=native, server=server),
            self.url.format(handle=_quoted(handle), native=native, server=server),
            handle,
            native,
            self.kind,
        )


class Site(NamedTuple):
    """What is known of one host: the shapes to try there, or why every path is refused.

    ``label`` is what stands before the site's own name and opens the path of such shapes.
    """

    shapes: tuple[Shape, ...]
    label: str = ""
    reserved: Mapping[str, Reason] = MappingProxyType({})
    query: str | None = None
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The compiled table: platforms, names, shapes by platform and sites by host."""

    platforms: Mapping[str, Platform]
    names: Mapping[str, str]
    shapes: Mapping[str, tuple[Shape, ...]]
    exact: Mapping[str, Site]
    wild: Mapping[str, Site]
    prefixes: Mapping[str, re.Pattern[str]]
    refused: Mapping[str, Reason]
    anywhere: Site
    hinted: Mapping[str, Site]

    def site(self, host: str, hint: str | None) -> Site:
        """Find what is known of a host (lower case, without ``www.``)."""
        labels = host.split(".")
        if len(host) > MAX_HOST:
            return Site((), refusal=Reason.MALFORMED)
        for cut in range(len(labels) - 1):
            domain, front = ".".join(labels[cut:]), ".".join(labels[:cut])
            if domain in self.refused:
                return Site((), refusal=self.refused[domain])
            if domain in self.exact and (not front or self.prefixes[domain].fullmatch(front)):
                return self.exact[domain]
            if front and domain in self.wild:
                return self.wild[domain]._replace(label=front)
            if domain in self.exact:
                return Site((), refusal=Reason.PAGE)
        if self._is_look_alike(labels) or not re.fullmatch(SERVER, host):
            return Site((), refusal=Reason.UNKNOWN)
        return self.hinted.get(hint or "", self.anywhere)

    def _is_look_alike(self, labels: list[str]) -> bool:
        """Tell ``facebook.com.evil.example``: a platform's host inside a stranger's."""
        return any(
            ".".join(labels[start:stop]) in self.exact
            for start in range(len(labels) - 2)
            for stop in range(start + 2, min(start + 4, len(labels)))
        )


@cache
def table() -> Table:
    """Read, check and compile ``platforms.toml`` (once; some 10 ms).

    Raises msgspec.ValidationError or re.error when the file itself is wrong.
    """
    from importlib.resources import files

    from connectors.platform_rows import compile_table, read_rows

    return compile_table(read_rows(files("connectors").joinpath("platforms.toml").read_bytes()))


@lru_cache(maxsize=8192)
def site_of(host: str, hint: str | None) -> Site:
    """Find what the table knows of a host, remembering the last few thousand."""
    return table().site(host, hint)


def platform_named(text: str) -> Platform | None:
    """Find a platform by key, title or another usual spelling ("X", "Google+", "insta")."""
    known = table()
    key = text if text in known.platforms else known.names.get(fold_name(text), "")
    return known.platforms.get(key)


def fold_name(text: str) -> str:
    """Reduce a platform's name to what is compared."""
    return " ".join(text.lower().replace("_", " ").split())


def _quoted(handle: str | None) -> str | None:
    """Percent-encode what is not ASCII; no handle holds an ASCII character that needs it."""
    if handle is None or handle.isascii():
        return handle
    from urllib.parse import quote

    return quote(handle, safe="@&'+,!()~.-_")
