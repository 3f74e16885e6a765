"""Where a profile shows it is: states, towns and domains, compared with where an institution is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auditor.matching.naming import domain_keys
from auditor.matching.text import fold, split_words, squeeze
from auditor.matching.vocabulary import STATE_CODES, STATE_OF, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.records import Profile

AMBIGUOUS_CODES = frozenset({"in", "or", "me", "la", "hi", "ms", "sd", "co", "de", "id", "as"})
SHORTEST_PLACE = 4
LONGEST_LOCATION = 100


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an institution is, folded; ``district`` has keys that name its district or sisters."""

    state: str
    towns: frozenset[str]
    county: str
    district: frozenset[str]
    domains: frozenset[str]


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


@dataclass(frozen=True, slots=True)
class Agreement:
    """One way in which a profile's context speaks for or against an institution."""

    what: str
    shown: str
    factor: float


DOMAIN, DISTRICT, TOWN, COUNTY, STATE, OTHER_STATE = 2000.0, 25.0, 25.0, 5.0, 8.0, 0.02


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


def agreements(context: Context, place: Whereabouts, name_key: str) -> list[Agreement]:
    """Return how ``context`` speaks for and against an institution at ``place``.

    What the name itself says (``name_key``) is not counted again.
    """
    found: list[Agreement] = []
    linked = sorted(context.domains & place.domains)[:1]
    found += [Agreement("links to the domain", domain, DOMAIN) for domain in linked]
    own = (place.district & context.chunks) - {name_key} - place.towns
    found += [Agreement("names the district", key, DISTRICT) for key in sorted(own)[:1]]
    town = next((t for t in place.towns if _shows(context, t, name_key)), None)
    if town:
        found.append(Agreement("names the town", town, TOWN))
    if place.county and _shows(context, place.county, name_key):
        found.append(Agreement("names the county", place.county, COUNTY))
    if place.state and context.states:
        if place.state in context.states:
            found.append(Agreement("names the state", place.state, STATE))
        else:
            shown = ", ".join(sorted(context.states))
            found.append(Agreement("names another state", shown, OTHER_STATE))
    return found


def factor_of(found: Sequence[Agreement]) -> float:
    """Multiply what the agreements weigh."""
    factor = 1.0
    for agreement in found:
        factor *= agreement.factor
    return factor


def _shows(context: Context, place: str, name_key: str) -> bool:
    if len(place) < SHORTEST_PLACE:
        return False
    if place in context.location:
        return True
    return place != name_key and any(place in chunk for chunk in context.chunks)


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
