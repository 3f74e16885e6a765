"""Which of tonight's accounts imitate a registered one: resemblance weighed against namesakes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from auditor.matching.branding import Verdict
from auditor.matching.impersonation import Kind, first_difference
from auditor.matching.reasons import ReasonKind
from auditor.matching.skeletons import Field
from auditor.matching.text import read_handle, read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.matching.brand import Brand
    from auditor.matching.branding import Branding
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.impersonation import OwnNames, Resemblance
    from auditor.matching.text import Words
    from connectors.records import AccountKey, Profile

SHORTEST_NAMESAKE = 5
MOST_DIFFERENCES = 6
TELLING = 2.0
NOTHING_THERE = "nothing"


@dataclass(frozen=True, slots=True)
class Imitation:
    """An account that may imitate a registered one; ``is_sure`` when the letters or the matcher say
    that this district is meant.
    """

    profile: Profile
    resemblance: Resemblance
    branding: Branding | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two names differ: the character's place in ours, from 1, and both in words."""

    place: int
    ours: str
    theirs: str


def find_imitations(
    profiles: Iterable[Profile],
    names: OwnNames,
    judged: Mapping[AccountKey, Branding],
    brand: Brand,
    gazetteer: Gazetteer,
) -> Iterator[Imitation]:
    """Yield the accounts that imitate a registered one, in order."""
    for profile in _worth_comparing(list(profiles), names) if names else ():
        shown = ((Field.HANDLE, profile.handle), (Field.DISPLAY_NAME, profile.display_name))
        for one in names.find(profile.platform, shown):
            branding = judged.get(profile.key)
            if _is_meant(one, branding, brand, gazetteer):
                is_sure = one.has_foreign_letters or _is_confident(branding)
                yield Imitation(profile, one, branding, is_sure)
                break


def _worth_comparing(profiles: Sequence[Profile], names: OwnNames) -> Iterator[Profile]:
    """Yield the profiles of which a name begins or ends as a registered one does."""
    handles = names.glance(Field.HANDLE, [one.handle or "" for one in profiles])
    shown = names.glance(Field.DISPLAY_NAME, [one.display_name or "" for one in profiles])
    for place in sorted({*handles, *shown}):
        yield profiles[place]


def differences(ours: str, theirs: str) -> tuple[Difference, ...]:
    """Name the code points in which two names differ, capitals apart; the first six places.

    "U+0430 CYRILLIC SMALL LETTER A" is such a name (Unicode Character Database).
    """
    first, second = ([c.lower() for c in text] for text in (ours, theirs))
    found: list[Difference] = []
    for what, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if b - a == d - c:
            pairs = zip(ours[a:b], theirs[c:d], strict=True)
            found += [
                Difference(a + n, _in_words(x), _in_words(y)) for n, (x, y) in enumerate(pairs, 1)
            ]
        else:
            found.append(Difference(a + 1, _in_words(ours[a:b]), _in_words(theirs[c:d])))
    return tuple(found[:MOST_DIFFERENCES])


def _is_confident(branding: Branding | None) -> bool:
    return branding is not None and branding.verdict is Verdict.CONFIDENT


def _shows_us(branding: Branding | None) -> bool:
    """Whether the matcher is sure, or the profile names our town, domain or the like."""
    reasons = branding.reasons if branding is not None else ()
    told = [reason.weight for reason in reasons if reason.kind is ReasonKind.CONTEXT]
    return _is_confident(branding) or (max(told, default=0) >= TELLING and min(told) >= 1)


def _is_meant(
    one: Resemblance, branding: Branding | None, brand: Brand, gazetteer: Gazetteer
) -> bool:
    """Whether the registered account is what the name is like, and not a namesake elsewhere.

    A name that others bear too needs a sign of this district: its town, domain or mascot.
    """
    own, name = _read(one.own.text, one.own.field), _read(one.text, one.field)
    if one.has_foreign_letters:
        return branding is not None or not _is_shared(own.squeezed, {0}, 0, brand, gazetteer)
    if _shows_us(branding):
        return True
    place = first_difference(own.squeezed, name.squeezed)
    if one.kind in {Kind.ADDED_WORDS, Kind.SEPARATORS}:
        return not _is_shared(own.squeezed, own.starts, 0, brand, gazetteer)
    return not (
        _is_shared(own.squeezed, {0}, 0, brand, gazetteer)
        or _is_shared(name.squeezed, name.starts, place, brand, gazetteer)
    )


def _read(text: str, field: Field) -> Words:
    return read_handle(text) if field is Field.HANDLE else read_words(text)


def _is_shared(
    squeezed: str, starts: Iterable[int], place: int, brand: Brand, gazetteer: Gazetteer
) -> bool:
    """Whether a part of a name that reaches over ``place`` is an institution's elsewhere."""
    return any(
        bearer.district != brand.district_id
        for start in starts
        if start <= place
        for end in range(max(start + SHORTEST_NAMESAKE, place + 1), len(squeezed) + 1)
        for bearer in gazetteer.bearers(squeezed[start:end])
    )


def _in_words(characters: str) -> str:
    """Name a few characters by code point; a lone surrogate or control has no name."""
    if not characters:
        return NOTHING_THERE
    if characters.isascii() and characters.isalnum() and len(characters) > 1:
        return characters[:40]
    names = [f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}" for c in characters[:3]]
    return ", ".join(names) + (", ..." if len(characters) > 3 else "")
