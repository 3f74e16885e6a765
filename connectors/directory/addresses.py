"""Which of a person's addresses are the district's, and how an address is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 254
"""RFC 5321 4.5.3.1.3: a path of 256 octets, less its angle brackets."""

SHAPE = re.compile(
    r"[^\s@<>()\[\]:;,\\\"\x00-\x1f\x7f]{1,64}"
    r"@[a-z0-9\-._\u00a1-\uffff]+\.[a-z0-9\-\u00a1-\uffff]{2,}"
)
SEPARATORS = re.compile(r"[\s,;|]+")
ALIAS_DOMAIN = "test-google-a.com"
"""Google gives every domain an alias below it, which nobody may receive mail at by choice."""


def split_addresses(text: str) -> list[str]:
    """Return the addresses of a cell, a capital ``SMTP:`` (Exchange's mark of the primary) first.

    Domains are lower-cased, local parts kept; what is no address is left out.
    """
    found: list[str] = []
    for word in SEPARATORS.split(text):
        is_primary = word.startswith("SMTP:")
        bare = word[5:] if word[:5].casefold() == "smtp:" else word
        address = normalise_address(bare.strip("<>{}'\""))
        if address:
            found.insert(0 if is_primary else len(found), address)
    return found


def normalise_address(text: str) -> str | None:
    """Lower-case the domain of an address; None if the text is not one."""
    local, _, domain = text.strip().rpartition("@")
    address = f"{local}@{domain.casefold().rstrip('.')}"
    return address if len(address) <= MAX_LENGTH and SHAPE.fullmatch(address) else None


def is_within(address: str, domains: Iterable[str]) -> bool:
    """Say whether an address is at one of the domains or a subdomain of one."""
    domain = address.rpartition("@")[2].casefold()
    if domain == ALIAS_DOMAIN or domain.endswith("." + ALIAS_DOMAIN):
        return False
    return any(domain == own or domain.endswith("." + own) for own in domains)


def join_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """Leave out repeats, compared without case; the first spelling stays."""
    kept: dict[str, str] = {}
    for address in addresses:
        kept.setdefault(address.casefold(), address)
    return tuple(kept.values())


def own_addresses(
    texts: Iterable[str], domains: Iterable[str], student_domains: Iterable[str]
) -> tuple[str, ...]:
    """Return the addresses that stand in texts and are the staff's: within ``domains`` only."""
    own, students = tuple(domains), tuple(student_domains)
    found = join_addresses(part for text in texts for part in split_addresses(text))
    return tuple(one for one in found if is_within(one, own) and not is_within(one, students))
