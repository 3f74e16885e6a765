"""What a district calls itself: names, short names, initials, mascots, towns, domains, as terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.matching.initials import school_initials
from auditor.matching.naming import (
    Name,
    NameKind,
    district_names,
    school_core,
    school_names,
)
from auditor.matching.text import split_words, squeeze
from auditor.matching.vocabulary import KINDS, LEVELS, NOTHING, Tag, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_INITIALS = 4
TYPES = KINDS | LEVELS | Tag.SCHOOL


@dataclass(frozen=True, slots=True)
class BrandSchool:
    """A school as its district knows it; ``code`` is the district's own."""

    code: str
    name: str
    town: str | None = None
    aliases: tuple[str, ...] = ()
    mascots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One folded name that speaks for the district or (``school`` is a code) one of its schools.

    ``quality`` 0..1 says how fully it names the institution; ``town`` is the school's own, folded.
    """

    key: str
    kind: NameKind
    quality: float
    tags: Tag
    school: str | None = None
    town: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """What a district calls itself; ``brand_of`` derives ``terms``, the fullest names first."""

    district_id: str | None
    name: str
    state: str | None
    city: str | None
    county: str | None
    domains: tuple[str, ...]
    aliases: tuple[str, ...]
    mascots: tuple[str, ...]
    schools: tuple[BrandSchool, ...]
    terms: tuple[Term, ...]


def brand_of(
    name: str,
    state: str | None = None,
    city: str | None = None,
    county: str | None = None,
    domains: Iterable[str] = (),
    aliases: Iterable[str] = (),
    mascots: Iterable[str] = (),
    schools: Iterable[BrandSchool] = (),
    nces_id: str | None = None,
) -> Brand:
    """Build a district's brand from plain facts; ``state`` has two letters, domains are hosts."""
    brand = Brand(
        nces_id, name, state.upper() if state else None, city or None, county or None,
        tuple(domain.lower() for domain in domains), tuple(aliases), tuple(mascots),
        tuple(schools), (),
    )  # fmt: skip
    terms = [*_district_terms(brand)]
    for school in brand.schools:
        terms += _school_terms(school)
    return replace(brand, terms=tuple(_best_first(terms)))


def _district_terms(brand: Brand) -> Iterable[Term]:
    names = list(district_names(brand.name, brand.county or "", brand.domains))
    names += [_as_alias(n) for alias in brand.aliases for n in district_names(alias)]
    names += [
        _whole(alias, Tag.DISTRICT)
        for alias in brand.aliases
        if not _is_spelt_out(alias, district_names(alias))
    ]
    names += [Name(squeeze(m), NameKind.MASCOT, 0.1, NOTHING) for m in brand.mascots]
    return [Term(n.key, n.kind, n.quality, n.tags) for n in names]


def _school_terms(school: BrandSchool) -> Iterable[Term]:
    names = list(school_names(school.name))
    tags = names[0].tags if names else NOTHING
    for alias in school.aliases:
        read = school_names(alias)
        names += map(_as_alias, read)
        if not _is_spelt_out(alias, read):
            names.append(_whole(alias, tags))
    initials = school_initials(school_core(school.name), tags)
    names += [Name(key, NameKind.INITIALS, 0.4, tags) for key in initials]
    names += [Name(squeeze(m), NameKind.MASCOT, 0.1, NOTHING) for m in school.mascots]
    town = squeeze(school.town or "")
    return [Term(n.key, n.kind, n.quality, n.tags, school.code, town) for n in names]


def _as_alias(name: Name) -> Name:
    """An alias was given by people who know: it counts in full unless it is a few initials."""
    if len(name.key) <= LONGEST_INITIALS and name.kind is NameKind.NAME:
        return replace(name, kind=NameKind.INITIALS, quality=0.7)
    return replace(name, kind=NameKind.ALIAS) if name.kind is NameKind.NAME else name


def _whole(alias: str, tags: Tag) -> Name:
    return _as_alias(Name("".join(split_words(alias)), NameKind.NAME, 1.0, tags))


def _is_spelt_out(alias: str, names: Iterable[Name]) -> bool:
    """Whether an alias is one of its names and words for a kind of school: "Lincoln Elementary".

    Its whole would be a name nobody else bears, and hide all who bear "Lincoln".
    """
    words = split_words(alias.lower())
    keys = {name.key for name in names}
    return any(
        "".join(words[:cut]) in keys and all(tags_of(word) & TYPES for word in words[cut:])
        for cut in range(1, len(words) + 1)
    )


def _best_first(terms: Iterable[Term]) -> list[Term]:
    """Keep each key once for the district and once a school, by quality; drop what is too short."""
    kept: dict[tuple[str, str | None], Term] = {}
    for term in terms:
        known = kept.get((term.key, term.school))
        if len(term.key) > 2 and (known is None or known.quality < term.quality):
            kept[term.key, term.school] = term
    return sorted(kept.values(), key=lambda t: (-t.quality, t.school or "", t.key))
