"""Everything a night reads: what the district has, and what is asked in public, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from auditor import collect
from auditor.access import NOTHING
from auditor.findings import State
from auditor.known_links import recall_links
from auditor.known_schools import district_schools, listed_district, name_schools
from auditor.lifecycle import OPEN_STATES
from auditor.link_backs import follow_links
from auditor.outcomes import USED
from auditor.people import merge_people
from auditor.queries import ask
from auditor.rules import district_address_in_use
from auditor.rules.address_uses import ACCOUNT
from auditor.sightings import Looking, approvals, follow
from auditor.snapshot import Snapshot, merge_profiles
from auditor.spending import purse_of
from connectors.own_sites import own_places
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from auditor.collect import Collected
    from auditor.findings import KnownFinding
    from auditor.link_backs import LinkBacks
    from auditor.matching.brand import Brand
    from auditor.matching.gazetteer import District
    from auditor.schools import School, SchoolList
    from auditor.settings import Settings
    from auditor.sightings import Sight, SightKey
    from auditor.store import Store
    from connectors.source import Questions

ASKED_STATES = OPEN_STATES | {State.EXEMPT}
"""Findings whose accounts are looked at again: only then may they be called gone."""


@dataclass(frozen=True)
class Gathered:
    """What was read, in the settings' order, the schools it was read for, and what was asked.

    ``asked`` names the sources that were asked ``questions``; without any, nothing was.
    """

    collected: Sequence[Collected]
    schools: SchoolList
    only: School | None
    brand: Brand
    asked: frozenset[str] = frozenset()
    questions: Questions = NOTHING

    def is_settled(self, known: KnownFinding) -> bool:
        """Whether tonight's answers say what became of what a finding is about.

        A source that is asked tells of what it was asked, not of everything it has: an account
        must have been seen or cleanly missed, an address in use must have been asked about.
        """
        if not known.sources & self.asked or known.subject[:2] in self._settled:
            return True
        is_use = known.rule == district_address_in_use.ID and known.subject[1:-1] in {
            (),
            (ACCOUNT,),
        }
        return is_use and known.subject[-1] in self.questions.addresses

    @cached_property
    def _settled(self) -> frozenset[tuple[str, ...]]:
        """Every account that some source gave or cleanly missed, by native id and by handle."""
        settled: set[tuple[str, ...]] = set()
        for one in self.collected:
            if one.reading.state in USED:
                for profile in one.harvest.profiles:
                    settled.update(
                        (profile.platform, name)
                        for name in (profile.native_id, profile.account_id)
                        if name
                    )
            if one.reading.is_complete:
                settled.update(map(tuple, one.harvest.not_found))
        return frozenset(settled)


def gather(
    settings: Settings,
    store: Store,
    now: datetime,
    school: str | None = None,
    accept_smaller: Collection[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Gathered:
    """Read every source; public profiles are asked about as soon as the directories are known.

    Raises SettingsError for a school nobody knows.
    """
    district = listed_district(settings)
    sources = settings.source_list
    asked = frozenset(one.name for one in sources if collect.is_asked(one))
    second = [one for one in sources if collect.takes_questions(one)]
    told = [one for one in sources if one not in second]
    first = [one for one in told if not second or collect.is_directory(one)]
    counts, bookmarks = store.last_complete_counts(), store.bookmarks()
    with collect.Readers(
        settings, counts, now, accept_smaller, tell, bookmarks,
        lambda source: purse_of(settings, store, source, now),
    ) as readers:  # fmt: skip
        readers.start(told)
        directories = readers.wait(first)
        schools = district_schools(settings, district, name_schools(store, directories))
        only = schools.resolve(school) if school is not None else None
        brand = brand_of_district(settings, district, schools)
        if not second:
            return Gathered(directories, schools, only, brand)
        tell("Asking about public profiles" if asked else "Reading the district's web sites")
        questions = _questions(settings, store, directories, brand, only, now)
        readers.start(second, questions)
        collected = readers.wait(sources)
    return Gathered(collected, schools, only, brand, asked, questions)


def follow_accounts(
    settings: Settings, store: Store, gathered: Gathered, now: datetime
) -> dict[SightKey, Sight]:
    """Return what registered accounts look like tonight beside what was approved."""
    tonight = [
        Looking(
            one.reading.source,
            one.reading.is_complete,
            one.harvest.profiles,
            one.harvest.not_found,
        )
        for one in gathered.collected
        if one.reading.state in USED
    ]
    return follow(
        store.sights(),
        store.registered_accounts(),
        approvals(store.registry_events()),
        tonight,
        now,
        now.astimezone(settings.zone).date(),
    )


def follow_link_backs(settings: Settings, store: Store, gathered: Gathered) -> LinkBacks:
    """Return the district's links, and whether they are returned, as far as it was ever told."""
    places = own_places(settings.domains, settings.websites)
    is_whole = gathered.only is None
    before, collected = recall_links(store), gathered.collected
    return follow_links(before, collected, places, gathered.asked, is_whole=is_whole)


def _questions(
    settings: Settings,
    store: Store,
    collected: Sequence[Collected],
    brand: Brand,
    only: School | None,
    now: datetime,
) -> Questions:
    from auditor.matching.gazetteer import open_gazetteer

    gazetteer = open_gazetteer()
    return ask(
        brand,
        lambda name: len(gazetteer.bearers(name)),
        store.registered_accounts(),
        store.findings(ASKED_STATES),
        staff_addresses(settings, collected),
        settings.district.websites,
        now.astimezone(settings.zone).date(),
        only.code if only else None,
    )


def staff_addresses(settings: Settings, collected: Sequence[Collected]) -> tuple[str, ...]:
    """Return the addresses of everybody in the directories; none unless each answered in full.

    Whoever half a directory leaves out could be a pupil for all we know; so could an address at a
    domain that is not the district's, or at one for students.
    """
    directories = [one for one in collected if Capability.PEOPLE in one.reading.capabilities]
    if not all(one.reading.is_complete for one in directories):
        return ()
    endings = tuple(f"{mark}{domain}" for domain in settings.domains for mark in "@.")
    students = tuple(f"{mark}{domain}" for domain in settings.student_domains for mark in "@.")
    addresses = (
        address.casefold()
        for one in directories
        for person in one.harvest.people
        for address in person.addresses
    )
    return tuple(
        dict.fromkeys(
            address
            for address in addresses
            if address.endswith(endings) and not address.endswith(students)
        )
    )


def take_snapshot(
    settings: Settings,
    store: Store,
    gathered: Gathered,
    sights: Mapping[SightKey, Sight],
    links: LinkBacks,
    now: datetime,
) -> Snapshot:
    """Put together what the rules are shown: the records of every reading that counts."""
    from auditor.matching.gazetteer import open_gazetteer

    read = [one for one in gathered.collected if one.reading.state in USED]
    directories = frozenset(
        one.reading.source
        for one in read
        if one.reading.is_complete and Capability.PEOPLE in one.reading.capabilities
    )
    profiles, also_in = merge_profiles(profile for one in read for profile in one.harvest.profiles)
    people, entries = merge_people(person for one in read for person in one.harvest.people)
    return Snapshot(
        taken_at=now,
        today=now.astimezone(settings.zone).date(),
        domains=settings.domains,
        student_domains=settings.student_domains,
        schools=gathered.schools,
        brand=gathered.brand,
        gazetteer=open_gazetteer(),
        people=people,
        entries=entries,
        profiles=profiles,
        uses=tuple(use for one in read for use in one.harvest.uses),
        links=links.tell(),
        registered=store.registered_accounts(),
        once_listed=_once_listed(store, directories),
        directories=directories,
        also_in=also_in,
        sights=sights,
        seeks_imitations=settings.rules.impersonation_suspected.enabled,
    )


def _once_listed(store: Store, directories: frozenset[str]) -> frozenset[str]:
    """Return the addresses of open leads that somebody in a directory had: no pupil's, then.

    A lead rests on a directory only when its address was found there.
    """
    if not directories:
        return frozenset()
    subjects = store.subjects_resting_on(district_address_in_use.ID, directories)
    return frozenset(subject[-1] for subject in subjects)


def brand_of_district(settings: Settings, district: District | None, schools: SchoolList) -> Brand:
    """Build the brand from settings, gazetteer and the schools known."""
    from auditor.matching.brand import BrandSchool, brand_of

    own = settings.district
    places = sorted(own_places(settings.domains, own.websites) - set(settings.domains))
    return brand_of(
        name=own.name,
        state=own.state or ((district and district.state) or None),
        city=own.city or (district.city if district else None),
        county=own.county or (district.county if district else None),
        domains=(*settings.domains, *(place for place in places if "/" not in place)),
        aliases=own.aliases,
        mascots=own.mascots,
        schools=tuple(
            BrandSchool(one.code, one.name, one.town, one.aliases, one.mascots)
            for one in schools.schools
        ),
        nces_id=own.nces_id,
    )
