"""What the sources of public profiles are asked tonight: accounts, handles and names.

Accounts come first: approved ones, then those of open findings, because only an account that was
looked at again may be called gone.  Names are those people would type into a search box; handles
are what an account of ours would most likely be called in each platform's conventions.  A source
takes as many as its quota allows and goes on the next night where it stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from auditor.matching.naming import domain_labels, school_core
from auditor.matching.text import split_words
from auditor.registry import Registration
from connectors.platforms import Refusal, identify
from connectors.records import AccountKey, KnownAccount
from connectors.source import Questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from auditor.findings import StoredFinding
    from auditor.matching.brand import Brand, BrandSchool
    from auditor.registry import RegisteredAccount

MANY_BEARERS = 5
MOST_HANDLES = 12
LEVELS = {
    "elementary": "es", "primary": "es", "intermediate": "is", "middle": "ms",
    "junior": "jhs", "high": "hs", "academy": "academy", "preschool": "preschool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HandleForm:
    """How a platform lets an account be called: marks between words, lengths, what follows."""

    marks: str
    longest: int
    shortest: int = 3
    ending: str = ""


FORMS = {
    "facebook": HandleForm(".", 50, 5),
    "twitter": HandleForm("_", 15, 4),
    "instagram": HandleForm("_.", 30),
    "threads": HandleForm("_.", 30),
    "tiktok": HandleForm("_.", 24),
    "snapchat": HandleForm("-_.", 15),
    "youtube": HandleForm("-_.", 30),
    "pinterest": HandleForm("", 30),
    "tumblr": HandleForm("-", 32),
    "flickr": HandleForm("-_", 32),
    "linkedin": HandleForm("-", 100),
    "reddit": HandleForm("_-", 20),
    "github": HandleForm("-", 39),
    "gitlab": HandleForm("-_", 100),
    "mastodon": HandleForm("_", 30),
    "discourse": HandleForm("_-.", 20),
    "bluesky": HandleForm("-", 18, 3, ".bsky.social"),
    "wordpress": HandleForm("", 50, 4),
    "blogger": HandleForm("-", 37),
    "medium": HandleForm("-_.", 30),
    "vimeo": HandleForm("", 32),
    "twitch": HandleForm("_", 25, 4),
}


def ask(
    brand: Brand,
    bearers: Callable[[str], int],
    registered: Mapping[AccountKey, RegisteredAccount],
    leads: Iterable[StoredFinding],
    addresses: Iterable[str],
    websites: Iterable[str],
    today: date,
    school: str | None = None,
) -> Questions:
    """Return tonight's questions; ``bearers`` counts who bears a folded name nationwide.

    ``school``, a code, narrows names and handles to that school's.
    """
    return Questions(
        accounts=tuple(_accounts(registered, leads)),
        handles={platform: handles_for(brand, platform, school) for platform in FORMS},
        names=search_names(brand, bearers, school),
        addresses=tuple(dict.fromkeys(addresses)),
        control=control_name(today),
        websites=tuple(websites),
        asks_anew=school is not None,
    )


def search_names(
    brand: Brand, bearers: Callable[[str], int], only: str | None = None
) -> tuple[str, ...]:
    """Return the names to search for: the district's, then one of each school in turn.

    ``only``, a code, leaves out the district and every other school.

    A name that more than five institutions bear is searched for with its town, else with its
    state: the rest would be other towns'.
    """
    state = brand.state or ""
    district = [] if only else [brand.name, *brand.aliases]
    schools = [
        [_with_place(name, school.town or brand.city or state, bearers) for name in _names(school)]
        for school in _schools(brand, only)
    ]
    named = [_with_place(name, brand.city or state, bearers) for name in district]
    turns = chain.from_iterable(zip_longest(*schools))
    return tuple(dict.fromkeys(name for name in chain(named, turns) if name))


def handles_for(brand: Brand, platform: str, only: str | None = None) -> tuple[str, ...]:
    """Return what accounts of the district and its schools, or ``only`` one, may be called."""
    form = FORMS[platform]
    district = [] if only else [_district_handles(brand)]
    institutions = [*district, *map(_school_handles, _schools(brand, only))]
    spelt = [
        list(dict.fromkeys(chain.from_iterable(_spell(words, form) for words in kinds)))
        for kinds in institutions
    ]
    turns = chain.from_iterable(zip_longest(*(one[:MOST_HANDLES] for one in spelt)))
    return tuple(dict.fromkeys(handle for handle in turns if handle))


def control_name(today: date) -> str:
    """Return a name nobody bears, another every night, the same all night."""
    digits = hashlib.sha256(f"control {today.isoformat()}".encode()).hexdigest()
    letters = digits.translate(str.maketrans("0123456789", "ghjkmnpqrs"))
    return f"Zq{letters[:9]} Xv{letters[9:18]} School"


def _schools(brand: Brand, only: str | None) -> list[BrandSchool]:
    return [one for one in brand.schools if only is None or one.code == only]


def _accounts(
    registered: Mapping[AccountKey, RegisteredAccount], leads: Iterable[StoredFinding]
) -> Iterator[KnownAccount]:
    seen = set()
    for key, account in registered.items():
        if account.state in (Registration.APPROVED, Registration.REQUESTED):
            seen.add(key)
            yield _known(*key, account.url)
    for lead in leads:
        finding = lead.finding
        if finding.platform and finding.url and len(finding.subject) > 1:
            known = _known(finding.platform, finding.subject[1], finding.url)
            if known.key not in seen:
                seen.add(known.key)
                yield known


def _known(platform: str, account: str, url: str) -> KnownAccount:
    read = identify(url)
    if isinstance(read, Refusal) or read.platform != platform:
        return KnownAccount(AccountKey(platform, account), None, url)
    native = read.native_id or (account if account != read.id else None)
    return KnownAccount(AccountKey(platform, account), read.handle or read.id, url, native)


def _with_place(name: str | None, place: str, bearers: Callable[[str], int]) -> str:
    if not name:
        return ""
    core = "".join(school_core(name)) or "".join(split_words(name.casefold()))
    is_common = bearers(core) > MANY_BEARERS
    return f"{name} {place}".strip() if is_common and place not in name else name


def _names(school: BrandSchool) -> list[str]:
    mascots = [f"{school.town} {mascot}" for mascot in school.mascots if school.town]
    return [name for name in (school.name, *school.aliases, *mascots) if len(name) > 1]


def _school_handles(school: BrandSchool) -> list[tuple[str, ...]]:
    """Return what a school's handle may be made of, as words: amery hs, amery high school."""
    whole = tuple(split_words(school.name.casefold()))
    core = school_core(school.name)
    level = next((LEVELS[word] for word in whole if word in LEVELS), None)
    kinds = [whole]
    if level and core:
        kinds.insert(0, (*core, level))
    kinds += [tuple(split_words(alias.casefold())) for alias in school.aliases]
    kinds += [(*core, *split_words(mascot.casefold())) for mascot in school.mascots if core]
    return kinds


def _district_handles(brand: Brand) -> list[tuple[str, ...]]:
    kinds: list[tuple[str, ...]] = [(label,) for label in domain_labels(brand.domains)]
    kinds += [tuple(split_words(name.casefold())) for name in (brand.name, *brand.aliases)]
    kinds += [tuple(split_words(f"{brand.city} schools".casefold()))] if brand.city else []
    return kinds


def _spell(words: Iterable[str], form: HandleForm) -> Iterator[str]:
    """Yield a handle without marks, then with each mark the platform allows."""
    plain = ["".join(c for c in word if c.isascii() and c.isalnum()) for word in words]
    parts = [word for word in plain if word]
    for mark in ("", *form.marks):
        handle = mark.join(parts)
        if form.shortest <= len(handle) <= form.longest:
            yield handle + form.ending
