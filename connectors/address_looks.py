"""Addresses looked up one by one: when each was asked about last, and what was there.

Who looks staff addresses up asks about those never asked first, then about those asked the longest
ago, lets what was found rest for a week and what was not for a month, and gives every night all
uses it knows.  Between nights hashes are kept, and no address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

import msgspec

from connectors.staff_addresses import hash_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.source import Access

REST, REST_WHEN_NONE = timedelta(days=6), timedelta(days=27)
BOOKMARK_VERSION = 1


class Found(msgspec.Struct, frozen=True):
    """What is said of an account; ``is_published``: it shows the very address it was found by."""

    url: str | None
    name: str = ""
    is_published: bool = False


class Look(msgspec.Struct, frozen=True):
    """When a hash was last asked about, and what was there."""

    at: datetime
    found: Found | None = None


class Bookmark(msgspec.Struct, frozen=True):
    """The last look at each hash; it holds no address."""

    version: int
    looks: dict[str, Look]


class AddressLooks:
    """The looks at tonight's staff addresses, those of earlier nights from ``bookmark``."""

    def __init__(self, access: Access, bookmark: bytes | None) -> None:
        self._now = access.now
        self._addresses = {hash_address(one): one for one in access.questions.addresses}
        kept = _kept(bookmark, access.now)
        self._looks = {key: look for key, look in kept.items() if key in self._addresses}
        self._due, self._asked = self._sort(), 0

    def due(self, most: int) -> list[tuple[str, str]]:
        """Return up to ``most`` pairs (hash, address) to ask about tonight, the first first."""
        return [(key, self._addresses[key]) for key in self._due[: max(most, 0)]]

    def note(self, key: str, found: Found | None) -> None:
        """Note what was there tonight."""
        self._looks[key] = Look(self._now, found)
        self._asked += 1

    def found(self) -> Iterator[tuple[str, Look, Found]]:
        """Yield each address that is known to have an account, in the directory's order."""
        for key, address in self._addresses.items():
            look = self._looks.get(key)
            if look is not None and look.found is not None:
                yield address, look, look.found

    def tell(self) -> tuple[str, ...]:
        """Say how many had their turn, where not all had."""
        if self._asked == len(self._due):
            return ()
        nights = ceil(len(self._due) / max(self._asked, 1))
        return (
            f"{self._asked} of {len(self._due)} addresses whose turn it was were looked up;"
            f" all have theirs within {nights} nights.",
        )

    def bookmark(self) -> bytes:
        """Return what the next night begins with."""
        return msgspec.json.encode(Bookmark(BOOKMARK_VERSION, self._looks))

    def _sort(self) -> list[str]:
        looks = self._looks
        new = [key for key in self._addresses if key not in looks]
        old = [key for key, look in looks.items() if look.at + _rest(look) <= self._now]
        return new + sorted(old, key=lambda key: looks[key].at)


def _kept(bookmark: bytes | None, now: datetime) -> dict[str, Look]:
    try:
        kept = msgspec.json.decode(bookmark or b"", type=Bookmark)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    is_ours = kept.version == BOOKMARK_VERSION
    aware = {key: look for key, look in kept.looks.items() if look.at.tzinfo}
    return {key: look for key, look in aware.items() if is_ours and look.at <= now}


def _rest(look: Look) -> timedelta:
    return REST if look.found else REST_WHEN_NONE
