"""Staff addresses as profiles may show them: as text, or as the hash behind an avatar."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from connectors.directory.addresses import is_within, normalise_address

if TYPE_CHECKING:
    from collections.abc import Iterable

HASH = re.compile(r"/avatar/([0-9a-fA-F]{64}|[0-9a-fA-F]{32})(?![0-9a-fA-F])")


def hash_address(address: str) -> str:
    """Return the SHA-256 of an address in hex, as Gravatar asks for it.

    https://docs.gravatar.com/rest/api-data-specifications
    """
    return hashlib.sha256(_plain(address)).hexdigest()


class StaffAddresses:
    """The directory's addresses, found again by text or by MD5 or SHA-256."""

    def __init__(self, addresses: Iterable[str], domains: Iterable[str]) -> None:
        self._domains = tuple(domains)
        self._by_text = {address.casefold(): address for address in addresses}
        self._hashes = {
            one
            for address in self._by_text.values()
            for one in (
                hash_address(address),
                hashlib.md5(_plain(address), usedforsecurity=False).hexdigest(),
            )
        }

    def find(self, text: str | None) -> str | None:
        """Return the directory's address that a text is, None for any other text."""
        return self._by_text.get((text or "").strip().casefold())

    def is_of_somebody_else(self, text: str | None) -> bool:
        """Whether a text is an address at the district that no employee has: perhaps a pupil's."""
        address = normalise_address(text or "")
        return address is not None and is_within(address, self._domains) and not self.find(address)

    def hashes_in(self, url: str | None) -> tuple[str, ...]:
        """Return the hash in an avatar's URL if it is one of ours; others' are not kept."""
        found = HASH.search(url or "")
        return (found[1].lower(),) if found and found[1].lower() in self._hashes else ()


def _plain(address: str) -> bytes:
    return address.strip().lower().encode("utf-8", "surrogatepass")
