"""District addresses in text, in every disguise; and published hashes of directory addresses."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auditor.matching.mailboxes import SIGN_AND_HOST, read_host, read_mailbox
from auditor.matching.unmasking import INSERTION_HINTS, drop_markup, is_masked, unmask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.matching.unmasking import Unmasked
    from connectors.records import Profile

LONGEST_FRAGMENT = 80
FEW = 12
CHUNK, OVERLAP = 65_536, 64
FIELD_END = "\0"
FIELDS = ("public_addresses", "website", "bio", "display_name", "location", "handle", "url")
GROUP = 16
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z0-9-]{2,63}")


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address of an audited domain as it stands in a text.

    ``address`` is lower-case without its disguise, ``domain`` the audited domain it belongs to,
    ``disguise`` "plain" or the ways it was written, joined by commas; ``fragment`` quotes what
    was written for it and nothing around it, for that may be somebody else's address: at most 80
    characters; ``field`` names the profile's field, empty for a bare text.
    """

    address: str
    disguise: str
    fragment: str
    domain: str = ""
    field: str = ""


class AddressFinder:
    """Finds addresses of the audited domains and their sub-domains; safe for hostile text.

    Time is linear in the length of the text, whatever it holds.  ValueError for a domain that is
    none.
    """

    def __init__(self, domains: Iterable[str]) -> None:
        self.domains = frozenset(map(_read_domain, domains))
        self._labels = sorted({_telling_label(domain) for domain in self.domains}, key=len)
        self._automaton = None
        if len(self._labels) > FEW:
            from ahocorasick_rs import AhoCorasick

            self._automaton = AhoCorasick(self._labels)

    def find(self, text: str) -> list[FoundAddress]:
        """Return every address in ``text``, each once, in the order of the text."""
        if not self._may_hold(text):
            return []
        unmasked = unmask(text)
        if not self._names_domain(_squeeze(unmasked.text)):
            return []
        hits = list(self._search(unmasked))
        if "<" in unmasked.text:
            hits = sorted([*hits, *self._search_markup(unmasked, hits)], key=lambda hit: hit[0])
        found: dict[str, FoundAddress] = {}
        for _, hit in hits:
            found.setdefault(hit.address, hit)
        return list(found.values())

    def find_in(self, profile: Profile) -> list[FoundAddress]:
        """Return every address the profile shows, each once for every field it stands in.

        A handle named after the very server the profile lives on, such as an account on a
        district's own Mastodon server, is no mail address and is left out.
        """
        texts = zip(FIELDS, _texts(profile), strict=True)
        filled = [(name, text) for name, text in texts if text]
        if not self._may_hold(FIELD_END.join([text for _, text in filled])):
            return []
        found = [replace(hit, field=name) for name, text in filled for hit in self.find(text)]
        return [hit for hit in found if hit.field != "handle" or not _is_at_home(hit, profile)]

    def find_in_each(self, profiles: Iterable[Profile]) -> Iterator[tuple[Profile, FoundAddress]]:
        """Yield what ``find_in`` finds in each profile; a group that may hold none goes at once."""
        remaining = iter(profiles)
        while group := list(islice(remaining, GROUP)):
            if self._may_hold(FIELD_END.join(filter(None, chain(*map(_texts, group))))):
                yield from (
                    (profile, found) for profile in group for found in self.find_in(profile)
                )

    def _may_hold(self, text: str) -> bool:
        """Whether the text names a domain's telling label or hides something: the cheap gate."""
        squeezed = _squeeze(text)
        return (
            self._names_domain(squeezed)
            or any(hint in squeezed for hint in INSERTION_HINTS)
            or is_masked(text)
        )

    def _names_domain(self, squeezed: str) -> bool:
        if self._automaton is None:
            return any(label in squeezed for label in self._labels)
        if not squeezed.isascii():
            squeezed = squeezed.encode("utf-8", "replace").decode()
        return any(
            self._automaton.find_matches_as_indexes(squeezed[start : start + CHUNK + OVERLAP])
            for start in range(0, len(squeezed), CHUNK)
        )

    def _search(self, unmasked: Unmasked) -> Iterator[tuple[tuple[int, int], FoundAddress]]:
        for match in SIGN_AND_HOST.finditer(unmasked.text):
            host = read_host(match, self.domains)
            mailbox = read_mailbox(match, host) if host else None
            if host is None or mailbox is None:
                continue
            first, last, kinds = unmasked.trace(mailbox.start, host.end)
            disguise = ", ".join(dict.fromkeys((*mailbox.ways, *host.ways, *kinds))) or "plain"
            address = unicodedata.normalize("NFC", f"{mailbox.local}@{host.name}")
            fragment = _quote(unmasked.written, first, last)
            yield (first, last), FoundAddress(address, disguise, fragment, host.domain)

    def _search_markup(
        self, unmasked: Unmasked, known: list[tuple[tuple[int, int], FoundAddress]]
    ) -> Iterator[tuple[tuple[int, int], FoundAddress]]:
        """Search without tags for addresses they split; places already known are not repeated."""
        ends = [end for (_, end), _ in known]
        for (start, end), hit in self._search(drop_markup(unmasked)):
            place = bisect_left(ends, start + 1)
            if place == len(known) or known[place][0][0] >= end:
                yield (start, end), hit


class HashedDirectory:
    """Directory addresses by their MD5 and SHA-256, as services publish them (Gravatar's API)."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses: dict[str, str] = {}
        for address in addresses:
            plain = address.strip().lower()
            if plain:
                self._addresses.update(dict.fromkeys(address_hashes(plain), plain))

    def find(self, hashes: Iterable[str]) -> list[str]:
        """Return the directory addresses whose hash is among ``hashes`` (hex), each once."""
        found = (self._addresses.get(one.strip().lower()) for one in hashes)
        return list(dict.fromkeys(address for address in found if address is not None))

    def find_in(self, profile: Profile) -> list[str]:
        """Return the directory addresses whose hash the profile publishes."""
        return self.find(profile.address_hashes)


def is_domain(text: str) -> bool:
    """Whether ``text`` can be a mail domain."""
    try:
        return bool(_read_domain(text))
    except ValueError:
        return False


def address_hashes(address: str) -> tuple[str, str]:
    """Return (md5, sha256) in hex of the trimmed, lower-case address, as Gravatar defines it."""
    plain = address.strip().lower().encode("utf-8", "surrogatepass")
    return hashlib.md5(plain, usedforsecurity=False).hexdigest(), hashlib.sha256(plain).hexdigest()


def _read_domain(domain: str) -> str:
    plain = domain.strip().lower().lstrip("@").rstrip(".")
    if not plain.isascii():
        try:
            plain = plain.encode("idna").decode("ascii")
        except UnicodeError:
            plain = ""
    if len(plain) > 253 or not DOMAIN.fullmatch(plain):
        raise ValueError(f"{domain[:80]!r} is not a mail domain; write it like district.example.")
    return plain


def _telling_label(domain: str) -> str:
    return max(domain.split(".")[:-1], key=len)


def _squeeze(text: str) -> str:
    return text.lower().replace(" ", "").replace("\n", "")


def _texts(profile: Profile) -> tuple[str | None, ...]:
    """Return what the profile holds in each of ``FIELDS``."""
    return (
        FIELD_END.join(profile.public_addresses),
        profile.website,
        profile.bio,
        profile.display_name,
        profile.location,
        profile.handle,
        profile.url,
    )


def _is_at_home(found: FoundAddress, profile: Profile) -> bool:
    try:
        server = urlsplit(profile.url).hostname or ""
    except ValueError:
        return False
    return server == found.address.rpartition("@")[2]


def _quote(text: str, start: int, end: int) -> str:
    """Quote the text of a place: one line, at most 80 characters, nothing invisible."""
    piece = " ".join(text[start:end].split())
    shown = (char for char in piece if unicodedata.category(char)[0] != "C")
    return "".join(shown)[:LONGEST_FRAGMENT].strip()
