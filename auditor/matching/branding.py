"""Is this profile branded as ours?  A verdict, a score and the reasons.

The profile's names are read once, with everybody in the country whom they fit; then each brand's
best reading is scored by the fitted score card.  The score is the probability that the account is
the district's, so that of the accounts scored 0.9 nine in ten are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from auditor.matching.affiliation import Affiliation, affiliate
from auditor.matching.evidence import FEATURES, features_of, is_at_most_possible, unseen_of
from auditor.matching.explaining import explain, rivals_of
from auditor.matching.fields import haystack
from auditor.matching.hypotheses import BrandIndex
from auditor.matching.scorecard import open_scorecard, probability
from auditor.matching.sieve import select
from auditor.matching.text import fold
from auditor.matching.vocabulary import EDUCATION, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.matching.brand import Brand
    from auditor.matching.explaining import Rival
    from auditor.matching.forest import Forest
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.hypotheses import Hypothesis
    from auditor.matching.reasons import Reason
    from auditor.matching.tree_paths import TreePaths
    from connectors.records import Profile

PROFILES_AT_ONCE = 256
WORTH_TABLES = 5000
OTHER_BIT, EDUCATION_BITS = int(Tag.OTHER), int(EDUCATION)


class Verdict(StrEnum):
    """Whether a profile is branded as ours."""

    CONFIDENT = "confident"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Branding:
    """The judgement of one profile.

    ``score`` 0..1 is the probability that the account is ours; ``school`` a code, or None for the
    district as a whole; ``rivals`` the best-fitting institutions elsewhere, at most five.
    """

    verdict: Verdict
    score: float
    school: str | None
    affiliation: Affiliation
    reasons: tuple[Reason, ...]
    rivals: tuple[Rival, ...]


class Scored(NamedTuple):
    """A reading of the profile at a place, what the trees were asked, and what they said."""

    place: int
    found: Hypothesis
    values: tuple[float, ...]
    score: float
    verdict: Verdict


UNBRANDED = Branding(Verdict.NONE, 0.0, None, Affiliation.UNRELATED, (), ())


def judge(profile: Profile, brand: Brand, gazetteer: Gazetteer) -> Branding:
    """Judge whether ``profile`` is branded as the district or one of its schools."""
    found = _matcher_of(brand, gazetteer).judge(profile)
    return found[0][1] if found else UNBRANDED


def judge_all(
    profiles: Iterable[Profile], brand: Brand, gazetteer: Gazetteer
) -> Iterator[tuple[Profile, Branding]]:
    """Yield the profiles whose verdict is not NONE, in order, judged as ``judge`` does."""
    matcher = _matcher_of(brand, gazetteer)
    chosen = select(profiles, matcher.index)
    while some := list(islice(chosen, PROFILES_AT_ONCE)):
        for profile, found in matcher.flags_of(some):
            for _, branding in found:
                yield profile, branding


class Matcher:
    """Some brands made ready to judge profiles by: one for a night, all of them for a sweep."""

    def __init__(self, brands: Sequence[Brand], gazetteer: Gazetteer) -> None:
        self.index = BrandIndex(brands, gazetteer)
        self.card = open_scorecard()
        self._asked = 0

    def judge(self, profile: Profile) -> list[tuple[int, Branding]]:
        """Judge a profile for every brand it may carry: (number of the brand, judgement)."""
        if not self.index.may_name(haystack(profile)):
            return []
        readings = self.index.read(profile, with_faint=True)
        scored = self._scored([(0, found) for found in readings])
        told = self._told([profile], scored, with_rivals=True)
        return [(one.found.own.number, branding) for one, branding in told]

    def flags(self, profile: Profile) -> list[tuple[int, Branding]]:
        """Return the judgements that are not NONE."""
        return next(self.flags_of([profile]))[1]

    def flags_of(
        self, profiles: Sequence[Profile], *, with_rivals: bool = True
    ) -> Iterator[tuple[Profile, list[tuple[int, Branding]]]]:
        """Yield each profile with its ``flags``; many profiles at once ask the trees sooner."""
        asked = [(n, found) for n, one in enumerate(profiles) for found in self._readings(one)]
        flagged = [one for one in self._scored(asked) if one.verdict is not Verdict.NONE]
        flags: list[list[tuple[int, Branding]]] = [[] for _ in profiles]
        for one, branding in self._told(profiles, flagged, with_rivals=with_rivals):
            flags[one.place].append((one.found.own.number, branding))
        yield from zip(profiles, flags, strict=True)

    @cached_property
    def _forest(self) -> Forest:
        from auditor.matching.forest import Forest

        return Forest(self.card, len(FEATURES))

    @cached_property
    def _paths(self) -> TreePaths:
        from auditor.matching.tree_paths import TreePaths

        return TreePaths(self.card, len(FEATURES))

    def _readings(self, profile: Profile) -> Iterator[Hypothesis]:
        """Yield the readings that a good score could make a flag."""
        if self.index.may_name(haystack(profile)):
            for found in self.index.read(profile):
                if not is_other(found):
                    yield found

    def _scored(self, asked: Sequence[tuple[int, Hypothesis]]) -> list[Scored]:
        """Score readings: by tables where so many are asked that making them pays."""
        if not asked:
            return []
        self._asked += len(asked)
        values = [features_of(found) for _, found in asked]
        begun = [self.card.begin(unseen_of(found)) for _, found in asked]
        trees = self._forest if self._asked > WORTH_TABLES else self._paths
        scores = map(probability, trees.log_odds(values, begun).tolist())
        return [
            Scored(place, found, told, score, self._verdict(found, score))
            for (place, found), told, score in zip(asked, values, scores, strict=True)
        ]

    def _told(
        self, profiles: Sequence[Profile], scored: Sequence[Scored], *, with_rivals: bool
    ) -> Iterator[tuple[Scored, Branding]]:
        """Yield each scored reading with its judgement and the reasons."""
        if scored:
            told = self._paths.terms([one.values for one in scored], len(scored)).tolist()
            for one, row in zip(scored, told, strict=True):
                by_hand = self.card.by_hand(unseen_of(one.found))
                terms = by_hand | {
                    name: by_hand.get(name, 0.0) + term
                    for name, term in zip(FEATURES, row, strict=True)
                }
                yield one, _conclude(profiles[one.place], one, terms, with_rivals=with_rivals)

    def _verdict(self, found: Hypothesis, score: float) -> Verdict:
        if score < self.card.possible or found.is_faint:
            return Verdict.NONE
        if is_other(found):
            return Verdict.NONE
        if is_at_most_possible(found):
            return Verdict.POSSIBLE
        return Verdict.CONFIDENT if score >= self.card.confident else Verdict.POSSIBLE


def _conclude(
    profile: Profile, one: Scored, terms: Mapping[str, float], *, with_rivals: bool
) -> Branding:
    found, affiliation = one.found, Affiliation.UNRELATED
    if one.verdict is not Verdict.NONE:
        texts = [fold(text) for text in (profile.handle, profile.display_name) if text]
        disguised = found.field.field.is_disguised
        affiliation = affiliate(Tag(found.beside.tags), texts, is_disguised=disguised)
    reasons = tuple(explain(found, terms))
    rivals = tuple(rivals_of(found)) if with_rivals else ()
    return Branding(
        one.verdict, round(one.score, 4), found.term.school, affiliation, reasons, rivals
    )


def is_other(found: Hypothesis) -> bool:
    """Whether a word beside the name says something else and none says school."""
    return bool(found.beside.tags & OTHER_BIT) and not found.beside.tags & EDUCATION_BITS


@lru_cache(maxsize=32)
def _matcher_of(brand: Brand, gazetteer: Gazetteer) -> Matcher:
    return Matcher((brand,), gazetteer)
