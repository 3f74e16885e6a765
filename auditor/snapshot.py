"""Tonight's records from complete readings, read-only, with the look-ups the rules need."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.registry import Registration
from connectors.platforms import platforms
from connectors.records import AccountKey, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from auditor.matching.addresses import FoundAddress
    from auditor.matching.brand import Brand
    from auditor.matching.branding import Branding
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.imitations import Imitation
    from auditor.matching.impersonation import OwnName
    from auditor.registry import RegisteredAccount
    from auditor.schools import SchoolList
    from auditor.sightings import Sight, SightKey
    from connectors.records import AddressUse, Person, Profile, SiteLink


@dataclass(frozen=True)
class Snapshot:
    """What is known tonight.

    ``also_in`` names every source of an account seen in several; ``once_listed`` are addresses of
    open leads that were somebody's in the staff directory; ``entries`` are those of each directory
    that a person found in several was made of, by that person's source and id.  ``sights`` say what
    approved accounts looked like, those nobody saw tonight too.  Without ``seeks_imitations`` no
    account is held to imitate a registered one.
    """

    taken_at: datetime
    today: date
    domains: tuple[str, ...]
    student_domains: tuple[str, ...]
    schools: SchoolList
    brand: Brand
    gazetteer: Gazetteer
    people: tuple[Person, ...] = ()
    profiles: tuple[Profile, ...] = ()
    uses: tuple[AddressUse, ...] = ()
    links: tuple[SiteLink, ...] = ()
    registered: Mapping[AccountKey, RegisteredAccount] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()
    once_listed: frozenset[str] = frozenset()
    also_in: Mapping[AccountKey, frozenset[str]] = field(default_factory=dict)
    seeks_imitations: bool = True
    entries: Mapping[tuple[str, str], tuple[Person, ...]] = field(default_factory=dict)
    sights: Mapping[SightKey, Sight] = field(default_factory=dict)

    @cached_property
    def _owners(self) -> dict[str, tuple[Person, ...]]:
        owners: defaultdict[str, list[Person]] = defaultdict(list)
        for person in self.people:
            for address in person.addresses:
                owners[address.casefold()].append(person)
        return {address: tuple(people) for address, people in owners.items()}

    @cached_property
    def _sights(self) -> dict[AccountKey, list[tuple[str, Sight]]]:
        sights: defaultdict[AccountKey, list[tuple[str, Sight]]] = defaultdict(list)
        for place in sorted(self.sights):
            sights[place.account].append((place.source, self.sights[place]))
        return dict(sights)

    @cached_property
    def _links(self) -> dict[AccountKey, list[SiteLink]]:
        links: defaultdict[AccountKey, list[SiteLink]] = defaultdict(list)
        for link in self.links:
            links[link.account].append(link)
        return dict(links)

    @cached_property
    def handles(self) -> dict[tuple[str, str], str]:
        """The folded handle of every account that also has a native id, by platform and id."""
        return {
            (one.platform, one.native_id): one.account_id
            for one in self.profiles
            if one.native_id and one.account_id
        }

    @cached_property
    def addresses(self) -> tuple[tuple[Profile, FoundAddress], ...]:
        """Every district address that a profile itself shows, with where and in which disguise."""
        from auditor.matching.addresses import AddressFinder

        return tuple(AddressFinder(self.domains).find_in_each(self.profiles))

    @cached_property
    def hashed_addresses(self) -> tuple[tuple[Profile, str], ...]:
        """Every directory address whose hash a profile publishes."""
        from auditor.matching.addresses import HashedDirectory

        hashing = [profile for profile in self.profiles if profile.address_hashes]
        if not hashing:
            return ()
        directory = HashedDirectory(self._owners)
        return tuple((profile, one) for profile in hashing for one in directory.find_in(profile))

    @cached_property
    def branded(self) -> tuple[tuple[Profile, Branding], ...]:
        """Every profile that may carry the district's brand, with the matcher's verdict."""
        from auditor.matching.branding import judge_all

        return tuple(judge_all(self.profiles, self.brand, self.gazetteer))

    @cached_property
    def imitations(self) -> dict[AccountKey, Imitation]:
        """Every account without an entry in the registry that may imitate a registered one.

        What two rules share: such an account is one lead, not two.
        """
        from auditor.matching.imitations import find_imitations
        from auditor.matching.impersonation import OwnNames

        names = OwnNames(self._own_names()) if self.seeks_imitations else None
        if not names:
            return {}
        vouched = {link.account for link in self.links if link.mutual}
        judged = {profile.key: branding for profile, branding in self.branded}
        found = find_imitations(self.profiles, names, judged, self.brand, self.gazetteer)
        return {
            one.profile.key: one
            for one in found
            if self.registration(one.profile) is None
            and vouched.isdisjoint(account_keys(one.profile))
            and not is_retired(one.profile.platform)
        }

    def _own_names(self) -> Iterator[OwnName]:
        """Yield the handles of approved accounts, and the names they show tonight."""
        from auditor.matching.impersonation import OwnName
        from auditor.matching.skeletons import Field

        approved = {
            key: entry
            for key, entry in self.registered.items()
            if entry.state is Registration.APPROVED
        }
        for key, entry in approved.items():
            if entry.handle:
                yield OwnName(key, Field.HANDLE, entry.handle)
        for profile in self.profiles:
            for key in account_keys(profile):
                if key in approved and profile.display_name:
                    sources = self.sources_of(profile)
                    yield OwnName(key, Field.DISPLAY_NAME, profile.display_name, sources)
                    break

    def owners(self, address: str) -> tuple[Person, ...]:
        """Return who has an address; empty for an unknown or an empty one."""
        return self._owners.get(address.casefold(), ()) if address else ()

    def entries_of(self, person: Person) -> tuple[Person, ...]:
        """Return the entries of every directory that somebody was made of."""
        return self.entries.get((person.source, person.id), (person,))

    def codes_of(self, person: Person) -> tuple[str, ...]:
        """Return the codes of somebody's schools in whichever directory names them, sorted."""
        codes = {code for entry in self.entries_of(person) for code in self.schools.codes_of(entry)}
        return tuple(sorted(codes))

    def is_student_address(self, address: str) -> bool:
        """Whether an address is at one of the domains kept for students."""
        domain = address.rpartition("@")[2].casefold()
        return any(domain == one or domain.endswith(f".{one}") for one in self.student_domains)

    def registration(self, profile: Profile) -> RegisteredAccount | None:
        """Return the registry's entry for an account, by native id or by handle."""
        entry = self.registered.get(profile.key)
        if entry is None and profile.account_id:
            entry = self.registered.get(AccountKey(profile.platform, profile.account_id))
        return entry

    def links_to(self, profile: Profile) -> tuple[SiteLink, ...]:
        """Return the links from the district's own pages to an account, by whichever identity."""
        return tuple(
            link
            for key in dict.fromkeys(account_keys(profile))
            for link in self._links.get(key, ())
        )

    def sights_of(self, account: AccountKey) -> list[tuple[str, Sight]]:
        """Return what each source knows of a registered account, by the source's name."""
        return self._sights.get(account, [])

    def sources_of(self, profile: Profile) -> frozenset[str]:
        """Return the names of all sources in which an account was seen."""
        return self.also_in.get(profile.key, frozenset({profile.source}))

    def has_left(self, person: Person) -> bool:
        """Whether the directory says that somebody left; unknown is not "left"."""
        return person.standing is Standing.LEFT


def account_keys(profile: Profile) -> tuple[AccountKey, ...]:
    """Return every identity an account may be known by: its native id and its folded handle."""
    by_handle = AccountKey(profile.platform, profile.account_id)
    return (profile.key, by_handle) if profile.account_id else (profile.key,)


def is_retired(platform: str) -> bool:
    """Whether a platform is gone; an unknown one is not."""
    known = platforms().get(platform)
    return known is not None and known.retired_on is not None


def merge_profiles(
    profiles: Iterable[Profile],
) -> tuple[tuple[Profile, ...], dict[AccountKey, frozenset[str]]]:
    """Merge the same account from several sources; the first seen leads, gaps are filled.

    Two entries are one account when their native ids are equal, or when their handles are and at
    most one of them has a native id: a missing id never matches another missing id.
    """
    merged: list[Profile] = []
    by_key: dict[tuple[str, str], int] = {}
    by_handle: dict[tuple[str, str], int] = {}
    seen_in: dict[int, set[str]] = {}
    for profile in profiles:
        handle = (profile.platform, profile.account_id)
        key = (profile.platform, profile.native_id) if profile.native_id else handle
        place = by_key.get(key)
        if place is None and profile.account_id:
            place = by_handle.get(handle)
            if place is not None and profile.native_id and merged[place].native_id:
                place = None
        if place is None:
            place = len(merged)
            merged.append(profile)
            by_handle.setdefault(handle, place)
        else:
            seen_in.setdefault(place, {merged[place].source}).add(profile.source)
            merged[place] = _fill(merged[place], profile)
        by_key[key] = place
    also_in = {merged[place].key: frozenset(names) for place, names in seen_in.items()}
    return tuple(merged), also_in


_FILLED = (
    "native_id", "display_name", "bio", "website", "location", "verified", "kind",
    "created_on", "followers", "standing", "seen_at",
)  # fmt: skip


def _fill(known: Profile, other: Profile) -> Profile:
    """Return ``known`` with what it lacks taken from ``other``."""
    gaps = {
        name: getattr(other, name)
        for name in _FILLED
        if getattr(known, name) is None and getattr(other, name) is not None
    }
    for name in ("public_addresses", "address_hashes"):
        both = tuple(dict.fromkeys((*getattr(known, name), *getattr(other, name))))
        if both != getattr(known, name):
            gaps[name] = both
    return replace(known, **gaps) if gaps else known
