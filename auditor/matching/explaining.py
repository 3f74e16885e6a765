"""The score told as reasons: what was matched, and what each part of it did to the odds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from auditor.matching.evidence import FEATURES, is_initials
from auditor.matching.namesakes import gap_factor
from auditor.matching.reasons import Reason, ReasonKind
from auditor.matching.vocabulary import EDUCATION, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.matching.hypotheses import Hypothesis

MOST_RIVALS = 5
MOST_WEIGHED = 200
SCHOOLISH = int(EDUCATION | Tag.UNIT)
FOREIGN = int(Tag.OTHER | Tag.PRIVATE)
TOLD_BY = {
    "names the town": frozenset({"town", "located", "only_here"}),
    "names the district": frozenset({"district", "initials_told", "told_length"}),
    "names the county": frozenset({"county"}),
    "names the number": frozenset({"number"}),
    "names our mascot": frozenset({"our_mascot"}),
    "links to the domain": frozenset({"domain"}),
}
GROUPS: dict[str, frozenset[str]] = {
    "words": frozenset({
        "fit", "school_word", "level_word", "district_word", "support", "student", "unit",
        "mascot", "agreement", "convention", "words", "official", "person", "wrong_words",
        "unsaid_words", "wrong_number",
    }),
    "leftover": frozenset({
        "gap", "gap_left", "gap_right", "gap_part", "beside_length", "gap_over",
    }),
    "shared": frozenset({
        "share", "weight", "rival", "bearers", "many_rivals", "contrary",
        "share_all", "inside", "rival_told", "longer_name", "best_other", "second_other",
        "better", "alike", "other_gap", "other_told", "other_fit", "other_agreement",
        "other_quality", "other_state", "other_district", "other_length", "other_wrong",
        "other_unsaid", "other_same",
    }),
    "foreign": frozenset({"no_school", "private"}),
    "told": frozenset({"state"}).union(*TOLD_BY.values()),
}  # fmt: skip
MISSPELT = frozenset({"misspelt"})
NAMED = frozenset(FEATURES).difference(*GROUPS.values())


@dataclass(frozen=True, slots=True)
class Rival:
    """Another institution the profile may belong to, and how well it fits."""

    district: str
    name: str
    town: str
    state: str
    weight: float
    name_key: str


def explain(found: Hypothesis, terms: Mapping[str, float]) -> Iterator[Reason]:
    """Yield the reasons; their weights multiply the odds, together they make the score."""
    field, key = found.field.field, found.term.key
    where = field.name
    kind = ReasonKind.INITIALS if is_initials(found) else ReasonKind.NAME
    yield Reason(kind, field.text, where, _factor(terms, NAMED), detail=_owner(found))
    words = _factor(terms, GROUPS["words"])
    said = " ".join(word for word, tag in found.beside.words if tag & SCHOOLISH)
    if said:
        yield Reason(ReasonKind.WORDS, said, where, words)
    else:
        yield Reason(ReasonKind.NO_SCHOOL_WORD, key, where, words)
    context = list(_context(found, terms))
    yield from context
    if found.gap:
        gap = max(found.beside.unexplained, key=len, default="")
        yield Reason(ReasonKind.LEFTOVER, gap, where, _factor(terms, GROUPS["leftover"]))
    foreign = [word for word, tag in found.beside.words if tag & FOREIGN]
    if foreign:
        yield Reason(ReasonKind.NOT_A_SCHOOL, foreign[0], where, _factor(terms, GROUPS["foreign"]))
    points_here = any(reason.weight > 1 for reason in context)
    yield from _shared(found, _factor(terms, GROUPS["shared"]), points_here)
    if field.misspelt:
        factor, (*_, written, name) = _factor(terms, MISSPELT), field.misspelt
        yield Reason(ReasonKind.MISSPELT, written, where, factor, detail=name)
    if field.is_disguised:
        yield Reason(ReasonKind.DISGUISE, key, where, 1.0)


def _context(found: Hypothesis, terms: Mapping[str, float]) -> Iterator[Reason]:
    for told in found.told:
        factor = _factor(terms, TOLD_BY[told.what])
        yield Reason(ReasonKind.CONTEXT, told.word, "profile", factor, detail=told.what)
    if found.states and found.own.state:
        ours = found.own.state in found.states
        what = "names the state" if ours else "names another state"
        factor = _factor(terms, frozenset({"state"}))
        factor = max(1.0, factor) if ours else min(0.5, factor)
        shown = ", ".join(sorted(found.states))
        yield Reason(ReasonKind.CONTEXT, shown, "profile", factor, detail=what)


def _shared(found: Hypothesis, factor: float, points_here: bool) -> Iterator[Reason]:
    """Say who else the text fits: bearers of a longer or other name in it, and of the same.

    Those are counted by name and words alone; ``points_here`` when the rest of the profile tells
    them from ours.
    """
    key, where = found.term.key, found.field.field.name
    others = [
        name
        for name, _, weight, _ in found.standing.names
        if name != key and len(name) > len(key) and weight >= found.weight / 4
    ]
    if others:
        count = sum(found.crowd_of(others[0]).groups.values())
        yield Reason(ReasonKind.LONGER_NAME, others[0], where, min(1.0, factor), count + 1)
    told = "told apart" if points_here else ""
    yield Reason(ReasonKind.SHARED, key, where, factor, round(found.alike) + 1, told)


def rivals_of(found: Hypothesis) -> list[Rival]:
    """Return the best-fitting institution of each other district, the best first, at most five."""
    best: dict[str, Rival] = {}
    for name, beside, *_ in found.standing.names[:3]:
        crowd = found.crowd_of(name)
        by_group = crowd.weights(beside, found.states).by_group
        factor = gap_factor(beside.gap, len(name))
        for district, bearers in islice(crowd.by_district.items(), MOST_WEIGHED):
            if district == found.own.brand.district_id:
                continue
            for bearer in bearers:
                weight = by_group[crowd.group_of[bearer.place]] * factor
                known = best.get(district)
                if known is None or known.weight < weight:
                    best[district] = Rival(
                        district, bearer.name, bearer.town, bearer.state, weight, name
                    )
    ranked = sorted(best.values(), key=lambda rival: (-rival.weight, rival.district))
    return ranked[:MOST_RIVALS]


def _factor(terms: Mapping[str, float], names: frozenset[str]) -> float:
    return round(math.exp(sum(terms[name] for name in names)), 3)


def _owner(found: Hypothesis) -> str:
    names = {school.code: school.name for school in found.own.brand.schools}
    return names.get(found.term.school or "", found.own.brand.name)
