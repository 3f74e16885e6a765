"""Is this profile branded as ours?  A verdict, a score and the reasons.

The profile's names are read once, with everybody in the country whom they fit; then each brand's
best reading is scored by the fitted score card.  The score is the probability that the account is
the district's, so that of the accounts scored 0.9 nine in ten are right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

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
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.matching.brand import Brand
    from auditor.matching.explaining import Rival
    from auditor.matching.forest import Forest
    from auditor.matching.gazetteer import Gazetteer
    from auditor.matching.hypotheses import Hypothesis
    from auditor.matching.reasons import Reason
    from connectors.records import Profile

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
    for profile in select(profiles, matcher.index):
        for _, branding in matcher.flags(profile):
            yield profile, branding


class Matcher:
    """Some brands made ready to judge profiles by: one for a night, all of them for a sweep."""

    def __init__(self, brands: Sequence[Brand], gazetteer: Gazetteer) -> None:
        self.index = BrandIndex(brands, gazetteer)
        self.card = open_scorecard()
        self._floor = math.log(self.card.possible / (1 - self.card.possible)) - 0.01

    def judge(self, profile: Profile) -> list[tuple[int, Branding]]:
        """Judge a profile for every brand it may carry: (number of the brand, judgement)."""
        if not self.index.may_name(haystack(profile)):
            return []
        judged = []
        for found in self.index.read(profile, with_faint=True):
            values = features_of(found)
            score = probability(self.card.log_odds(values, unseen_of(found)))
            branding = self._conclude(profile, found, values, score, self._verdict(found, score))
            judged.append((found.own.number, branding))
        return judged

    def flags(self, profile: Profile) -> list[tuple[int, Branding]]:
        """Return the judgements that are not NONE."""
        told = [(found, features_of(found)) for found in self._readings(profile)]
        odds = [self.card.log_odds(v, unseen_of(f), self._floor) for f, v in told]
        return list(self._flagged(profile, told, odds))

    def flags_of(
        self, profiles: Sequence[Profile]
    ) -> Iterator[tuple[Profile, list[tuple[int, Branding]]]]:
        """Yield each profile with its ``flags``; many profiles at once ask the trees sooner."""
        told = [
            [(found, features_of(found)) for found in self._readings(profile)]
            for profile in profiles
        ]
        rows = [(values, self.card.begin(unseen_of(f))) for group in told for f, values in group]
        odds = iter(self._forest.log_odds(*zip(*rows, strict=True)).tolist() if rows else ())
        for profile, group in zip(profiles, told, strict=True):
            yield profile, list(self._flagged(profile, group, list(islice(odds, len(group)))))

    @cached_property
    def _forest(self) -> Forest:
        from auditor.matching.forest import Forest

        return Forest(self.card, len(FEATURES))

    def _readings(self, profile: Profile) -> Iterator[Hypothesis]:
        """Yield the readings that a good score could make a flag."""
        if self.index.may_name(haystack(profile)):
            for found in self.index.read(profile):
                if not is_other(found):
                    yield found

    def _flagged(
        self,
        profile: Profile,
        told: Sequence[tuple[Hypothesis, tuple[float, ...]]],
        odds: Sequence[float],
    ) -> Iterator[tuple[int, Branding]]:
        for (found, values), log_odds in zip(told, odds, strict=True):
            score = probability(log_odds)
            verdict = self._verdict(found, score)
            if verdict is not Verdict.NONE:
                yield found.own.number, self._conclude(profile, found, values, score, verdict)

    def _conclude(
        self,
        profile: Profile,
        found: Hypothesis,
        values: tuple[float, ...],
        score: float,
        verdict: Verdict,
    ) -> Branding:
        affiliation = Affiliation.UNRELATED
        if verdict is not Verdict.NONE:
            texts = [fold(text) for text in (profile.handle, profile.display_name) if text]
            disguised = found.field.field.is_disguised
            affiliation = affiliate(Tag(found.beside.tags), texts, is_disguised=disguised)
        reasons = tuple(explain(found, self.card.terms(values, unseen_of(found))))
        rivals = tuple(rivals_of(found))
        return Branding(verdict, round(score, 4), found.term.school, affiliation, reasons, rivals)

    def _verdict(self, found: Hypothesis, score: float) -> Verdict:
        if score < self.card.possible or found.is_faint:
            return Verdict.NONE
        if is_other(found):
            return Verdict.NONE
        if is_at_most_possible(found):
            return Verdict.POSSIBLE
        return Verdict.CONFIDENT if score >= self.card.confident else Verdict.POSSIBLE


def is_other(found: Hypothesis) -> bool:
    """Whether a word beside the name says something else and none says school."""
    return bool(found.beside.tags & OTHER_BIT) and not found.beside.tags & EDUCATION_BITS


@lru_cache(maxsize=32)
def _matcher_of(brand: Brand, gazetteer: Gazetteer) -> Matcher:
    return Matcher((brand,), gazetteer)
