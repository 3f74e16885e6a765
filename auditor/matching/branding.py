"""Is this profile branded as ours?  A verdict, a score and the reasons.

The score is our share of all that the profile may be: every institution of the gazetteer that its
name fits, weighed by how fully the name says it, by the words beside it and by the places shown,
and the possibility that it is no school at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.matching.affiliation import Affiliation, affiliate
from auditor.matching.brand import lexicon_of
from auditor.matching.context import DOMAIN, Whereabouts, agreements, factor_of, read_context
from auditor.matching.naming import NameKind, domain_keys, domain_labels, numbers_of
from auditor.matching.readings import NameReader
from auditor.matching.reasons import Reason, ReasonKind
from auditor.matching.rivals import fit_of, gap_factor, rivals_of
from auditor.matching.sieve import Sieve
from auditor.matching.text import fold, squeeze
from auditor.matching.vocabulary import EDUCATION, Tag, is_plain_school_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.matching.brand import Brand, Term
    from auditor.matching.context import Agreement, Context
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.readings import NameReading
    from auditor.matching.rivals import Rival
    from connectors.records import Profile

CONFIDENT_SHARE, POSSIBLE_SHARE, POSSIBLE_UNSPOKEN = 0.55, 0.07, 0.15
MOST_RIVALS = 5
NO_SCHOOL_WORD = 0.05
UNLISTED = 0.1
DISTRICT_ENDINGS = ("sd", "ps", "cs")


class Verdict(StrEnum):
    """Whether a profile is branded as ours."""

    CONFIDENT = "confident"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Branding:
    """The judgement of one profile.

    ``score`` 0..1 is our share of what the profile may be; ``school`` a code, or None for the
    district as a whole; ``rivals`` the best-fitting institutions elsewhere, at most five.
    """

    verdict: Verdict
    score: float
    school: str | None
    affiliation: Affiliation
    reasons: tuple[Reason, ...]
    rivals: tuple[Rival, ...]


UNBRANDED = Branding(Verdict.NONE, 0.0, None, Affiliation.UNRELATED, (), ())


def judge(profile: Profile, brand: Brand, gazetteer: Gazetteer) -> Branding:
    """Judge whether ``profile`` is branded as the district or one of its schools."""
    judgement = _judgement_of(brand, gazetteer)
    return judgement.judge(profile) if judgement.sieve.admits(profile) else UNBRANDED


def judge_all(
    profiles: Iterable[Profile], brand: Brand, gazetteer: Gazetteer
) -> Iterator[tuple[Profile, Branding]]:
    """Yield the profiles whose verdict is not NONE, in order, judged as ``judge`` does."""
    judgement = _judgement_of(brand, gazetteer)
    for profile in judgement.sieve.select(profiles):
        branding = judgement.judge(profile)
        if branding.verdict is not Verdict.NONE:
            yield profile, branding


@dataclass(frozen=True, slots=True)
class Weighed:
    """A reading with our weight, the rivals' and that of being no school."""

    reading: NameReading
    ours: float
    rivals: tuple[Rival, ...]
    other: float
    agreements: tuple[Agreement, ...]

    @property
    def share(self) -> float:
        """Our share of all the weights."""
        whole = self.ours + self.other + sum(rival.weight for rival in self.rivals)
        return self.ours / whole if whole else 0.0


class Judgement:
    """A brand made ready to judge profiles by."""

    def __init__(self, brand: Brand, gazetteer: Gazetteer) -> None:
        self.brand, self.gazetteer = brand, gazetteer
        self.sieve = Sieve(brand)
        self.reader = NameReader(brand, lexicon_of(brand))
        self._places = {code: self._place(code) for code in self._codes()}

    def judge(self, profile: Profile) -> Branding:
        """Judge one profile by its best reading."""
        readings = list(self.reader.read(profile))
        if not readings:
            return UNBRANDED
        context = self._context(profile, readings)
        shortlist = sorted(readings, key=lambda r: -self._own_weight(r, context)[0])
        best = max(
            (self._weigh(reading, context) for reading in _distinct(shortlist)[:3]),
            key=lambda weighed: weighed.share,
        )
        return self._conclude(profile, best)

    def _codes(self) -> Iterable[str | None]:
        return (None, *(school.code for school in self.brand.schools))

    def _place(self, code: str | None) -> Whereabouts:
        brand = self.brand
        towns = {squeeze(brand.city or "")} if brand.city else set()
        keys = {
            term.key
            for term in brand.terms
            if term.school is None and term.kind not in {NameKind.SHORT_NAME, NameKind.MASCOT}
        }
        towns |= {squeeze(s.town) for s in brand.schools if s.town and code in {None, s.code}}
        return Whereabouts(
            brand.state or "",
            frozenset(towns),
            squeeze(brand.county or ""),
            frozenset(keys | set(domain_labels(brand.domains)) | set(numbers_of(brand.name))),
            frozenset(domain_keys(brand.domains)),
        )

    def _context(self, profile: Profile, readings: list[NameReading]) -> Context:
        chunks: set[str] = set()
        states: set[str] = set()
        best: dict[str, NameReading] = {}
        for reading in readings:
            known = best.get(reading.field.name)
            if known is None or _explains_more(reading, known):
                best[reading.field.name] = reading
        for reading in best.values():
            chunks |= {word for word, _ in reading.beside.words}
            chunks |= set(reading.beside.unexplained)
            states |= {w for w, tag in reading.beside.words if tag & ~Tag.OURS == Tag.STATE}
        return read_context(profile, chunks, states)

    def _own_weight(
        self, reading: NameReading, context: Context
    ) -> tuple[float, tuple[Agreement, ...]]:
        term, beside = reading.term, reading.beside
        found = agreements(context, self._places[term.school], term.key)
        weight = (
            term.quality * fit_of(term.tags, beside.tags) * gap_factor(beside.gap, len(term.key))
        )
        if beside.tags & Tag.MASCOT and any(
            tag & Tag.MASCOT and tag & Tag.OURS for _, tag in beside.words
        ):
            weight *= 10
        return weight * factor_of(found), tuple(found)

    def _weigh(self, reading: NameReading, context: Context) -> Weighed:
        ours, found = self._own_weight(reading, context)
        rivals = rivals_of(reading, context, self.brand, self.gazetteer, self.reader)
        return Weighed(reading, ours, tuple(rivals), weigh_other(reading), found)

    def _conclude(self, profile: Profile, best: Weighed) -> Branding:
        reading, share = best.reading, best.share
        verdict = _verdict(best)
        texts = [fold(text) for text in (profile.handle, profile.display_name) if text]
        affiliation = affiliate(reading.beside.tags, texts, is_disguised=reading.field.is_disguised)
        if verdict is Verdict.NONE:
            affiliation = Affiliation.UNRELATED
        return Branding(
            verdict,
            round(share, 4),
            reading.term.school,
            affiliation,
            tuple(self._reasons(best)),
            best.rivals[:MOST_RIVALS],
        )

    def _reasons(self, best: Weighed) -> Iterator[Reason]:
        reading, field = best.reading, best.reading.field
        key, beside, where = reading.term.key, reading.beside, reading.field.name
        initials = reading.term.kind is NameKind.INITIALS
        kind = ReasonKind.INITIALS if initials else ReasonKind.NAME
        owner = self._owner(reading.term)
        yield Reason(kind, field.text, where, 1 + reading.term.quality, detail=owner)
        said = " ".join(word for word, tag in beside.words if tag & (EDUCATION | Tag.UNIT))
        if said:
            yield Reason(ReasonKind.WORDS, said, where, 5.0)
        elif not initials:
            yield Reason(ReasonKind.NO_SCHOOL_WORD, key, where, NO_SCHOOL_WORD)
        for found in best.agreements:
            what = found.what
            yield Reason(ReasonKind.CONTEXT, found.shown, "profile", found.factor, detail=what)
        yield from _doubts(best)

    def _owner(self, term: Term) -> str:
        names = {school.code: school.name for school in self.brand.schools}
        return names.get(term.school or "", self.brand.name)


def weigh_other(reading: NameReading) -> float:
    """How likely the profile is no public school at all, on the scale of the institutions' weights.

    Short names are shared with other things; a plain word for a school speaks against that, words
    of towns, businesses or private schools for it.
    """
    tags = reading.beside.tags
    weight = 20 * math.exp(-len(reading.term.key) / 4)
    weight *= _school_word_factor(reading)
    weight = max(weight, UNLISTED)
    if tags & Tag.OTHER:
        weight = max(weight, 1.0) * 50
    if tags & Tag.PRIVATE:
        weight = max(weight, 0.3) * 15
    return weight


def _school_word_factor(reading: NameReading) -> float:
    words = reading.beside.words
    if any(is_plain_school_word(word) for word, _ in words):
        return 0.03
    tags = reading.beside.tags
    if tags & EDUCATION or reading.term.kind is NameKind.DOMAIN_LABEL:
        return 0.08
    if tags & (Tag.UNIT | Tag.MASCOT):
        return 0.4
    return 1.0


def _verdict(best: Weighed) -> Verdict:
    reading = best.reading
    tags = reading.beside.tags
    speaks = bool(tags & (EDUCATION | Tag.UNIT | Tag.MASCOT)) or bool(best.agreements)
    speaks = speaks or reading.term.key.endswith(DISTRICT_ENDINGS)
    if tags & Tag.OTHER and not tags & EDUCATION:
        return Verdict.NONE
    if best.share < (POSSIBLE_SHARE if speaks else POSSIBLE_UNSPOKEN):
        return Verdict.NONE
    if reading.term.kind in {NameKind.INITIALS, NameKind.MASCOT}:
        return Verdict.POSSIBLE if speaks else Verdict.NONE
    is_named = best.share >= CONFIDENT_SHARE and _names_a_school(best)
    return Verdict.CONFIDENT if is_named else Verdict.POSSIBLE


def _names_a_school(best: Weighed) -> bool:
    """Whether a word for a school, in or beside the name, or a link to our domain is there."""
    reading = best.reading
    if reading.beside.tags & EDUCATION or any(a.factor >= DOMAIN for a in best.agreements):
        return True
    return "school" in reading.term.key or "academy" in reading.term.key


def _doubts(best: Weighed) -> Iterator[Reason]:
    reading, where = best.reading, best.reading.field.name
    key = reading.term.key
    for gap in reading.beside.unexplained[:3]:
        yield Reason(ReasonKind.LEFTOVER, gap, where, gap_factor(len(gap), len(key)))
    foreign = [word for word, tag in reading.beside.words if tag & (Tag.OTHER | Tag.PRIVATE)]
    if foreign:
        yield Reason(ReasonKind.NOT_A_SCHOOL, foreign[0], where, 0.02)
    strong = [r for r in best.rivals if r.weight >= best.ours / 4]
    longer = [r for r in strong if r.name_key != key]
    if longer:
        name = longer[0].name_key
        count = sum(r.name_key == name for r in longer)
        yield Reason(ReasonKind.LONGER_NAME, name, where, best.share, count + 1)
    same = len(strong) - len(longer)
    weight = 1 / (1 + same) if same else 2.0
    yield Reason(ReasonKind.SHARED, key, where, weight, same + 1)
    if reading.field.is_disguised:
        yield Reason(ReasonKind.DISGUISE, key, where, 1.0)


def _explains_more(reading: NameReading, known: NameReading) -> bool:
    return (reading.beside.gap, -len(reading.term.key)) < (known.beside.gap, -len(known.term.key))


def _distinct(readings: list[NameReading]) -> list[NameReading]:
    """Keep the best reading of each name in each field."""
    kept = {(r.field.name, r.term.key): r for r in reversed(readings)}
    return [r for r in readings if kept[r.field.name, r.term.key] is r]


@lru_cache(maxsize=32)
def _judgement_of(brand: Brand, gazetteer: Gazetteer) -> Judgement:
    return Judgement(brand, gazetteer)
