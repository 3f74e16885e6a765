"""Where a profile shows it is: states, location, domains; and what each kind of sign weighs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auditor.matching.naming import domain_keys
from auditor.matching.text import fold, split_words, squeeze
from auditor.matching.vocabulary import STATE_CODES, STATE_OF, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.records import Profile

AMBIGUOUS_CODES = frozenset({"in", "or", "me", "la", "hi", "ms", "sd", "co", "de", "id", "as"})
LONGEST_LOCATION = 100


@dataclass(frozen=True, slots=True)
class Context:
    """What a profile shows of its place.

    ``states`` are two-letter codes; ``location`` is squeezed; ``chunks`` are the words and
    leftovers of its names; ``domains`` are those it links to or publishes an address of.
    """

    states: frozenset[str]
    location: str
    chunks: frozenset[str]
    domains: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """The chunks that may name a district: no common word, three letters or more."""
        return frozenset(c for c in self.chunks if len(c) > 2 and not tags_of(c))


DOMAIN, DISTRICT, TOWN, COUNTY, STATE, OTHER_STATE = 2000.0, 25.0, 25.0, 5.0, 8.0, 0.02
"""How many times likelier an institution is made by a sign of it, and by one of another state."""


def read_context(profile: Profile, chunks: Iterable[str], state_words: Iterable[str]) -> Context:
    """Read location, links, addresses and the leftovers of names into one Context."""
    location = (profile.location or "")[:LONGEST_LOCATION]
    states = set(states_in(location))
    for word in state_words:
        if word not in AMBIGUOUS_CODES:
            states |= {STATE_OF.get(word) or STATE_CODES.get(word, "")} - {""}
    hosts = [*_hosts(profile)]
    return Context(
        frozenset(states), squeeze(location), frozenset(chunks), frozenset(domain_keys(hosts))
    )


def states_in(location: str) -> frozenset[str]:
    """Return the states a location names: "Amery, WI", "Wisconsin", "amery wi"."""
    words = split_words(location)
    found = {STATE_OF[word] for word in words if word in STATE_OF}
    found |= {STATE_OF[a + b] for a, b in pairwise(words) if a + b in STATE_OF}
    for place, word in enumerate(words):
        code = STATE_CODES.get(word)
        is_last = place == len(words) - 1
        if code and is_last and (code in location or word not in AMBIGUOUS_CODES):
            found.add(code)
    if {"west", "virginia"} <= set(words):
        found.discard("VA")
    return frozenset(found)


def _hosts(profile: Profile) -> Iterable[str]:
    for link in (profile.website, profile.url):
        if link:
            host = _host(link)
            if host:
                yield host
    for address in profile.public_addresses:
        yield fold(address.rpartition("@")[2])


def _host(link: str) -> str:
    try:
        return (urlsplit(link if "//" in link else f"//{link}").hostname or "").lower()
    except ValueError:
        return ""
