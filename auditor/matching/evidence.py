"""What a reading says, as numbers: the features that the score card weighs one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from auditor.matching.affiliation import CLASS_OF
from auditor.matching.likeliest_other import others_of
from auditor.matching.namesakes import fit_of, gap_factor
from auditor.matching.naming import NameKind
from auditor.matching.registered_names import agreement, convention_factor, disagreement
from auditor.matching.vocabulary import Tag, is_plain_school_word

if TYPE_CHECKING:
    from auditor.matching.hypotheses import Hypothesis

FEATURES = (
    "share", "weight", "rival", "name_length", "kind", "quality", "of_school", "gap", "gap_left",
    "gap_right", "gap_part", "fit", "school_word", "level_word", "district_word", "support",
    "student", "unit", "mascot", "official", "no_school", "private", "state", "town", "district",
    "county", "domain", "our_mascot", "bearers", "field", "said_again", "contrary",
    "beside_length", "words", "state_word", "place_name", "digits", "initials_in_state",
    "school_in_name", "exact", "disguised", "numeric", "agreement", "number", "convention",
    "many_rivals", "schools",
    "left_of_word", "tail_words", "own_kinds", "person", "wrong_words", "unsaid_words",
    "wrong_number", "edges", "initials_told", "share_all", "inside",
    "told_length", "rival_told", "gap_over", "longer_name",
    "best_other", "second_other", "better", "alike", "other_gap", "other_told", "other_fit",
    "other_agreement", "other_quality", "other_state", "other_district", "other_length",
    "other_wrong", "other_unsaid", "other_same",
)  # fmt: skip
LEVEL = int(Tag.ELEMENTARY | Tag.MIDDLE | Tag.HIGH | Tag.EARLY | Tag.ACADEMY | Tag.CHARTER)
DISTRICT, SUPPORT, STUDENT, UNIT = map(int, (Tag.DISTRICT, Tag.SUPPORT, Tag.STUDENT, Tag.UNIT))
MASCOT, OFFICIAL, OTHER, PRIVATE = map(int, (Tag.MASCOT, Tag.OFFICIAL, Tag.OTHER, Tag.PRIVATE))
KINDS = int(Tag.SCHOOL | Tag.DISTRICT) | LEVEL
NAME_WORDS = ("school", "academy", "charter", "isd", "unified")
FIELDS = {"display name": 0.0, "handle": 1.0, "bio": 0.0}
FLOOR, AS_MUCH, FAR = 1e-7, 0.999, 20
NOBODY_ELSE = (math.log(FLOOR),) * 2 + (0.0,) * 13
NAMED_BESIDE = frozenset({"names the district", "names the town", "names the number"})
MILD = frozenset({"friends", "college"})
"""Words of private schools that public ones use too."""


def features_of(found: Hypothesis) -> tuple[float, ...]:
    """Return the values of FEATURES, in their order; no handle or name is among them."""
    values = (
        *_standing(found),
        *_words_beside(found),
        *_place_told(found),
        *_spelling(found),
        *_rivals(found),
        *_remains(found),
        *_outdone(found),
        *_elsewhere(found),
    )
    return tuple(map(float, values))


def _standing(found: Hypothesis) -> tuple[float, ...]:
    """From "share" to "fit": how much of the name's weight is ours, and what stands around it."""
    beside, term = found.beside, found.term
    other_names = (one.weight for one in found.standing.names if one.key != term.key)
    best_rival = max(other_names, default=0.0)
    return (
        math.log(max(found.share, FLOOR) / max(1 - found.share, FLOOR)),
        math.log(max(found.weight, FLOOR)),
        math.log(max(best_rival, FLOOR) / max(found.weight, FLOOR)),
        len(term.key),
        int(term.kind),
        term.quality,
        term.school is not None,
        found.gap,
        sum(map(len, beside.left)),
        sum(map(len, beside.right)),
        found.gap / max(1, len(found.field.text)),
        found.fit,
    )


def _words_beside(found: Hypothesis) -> tuple[float, ...]:
    """From "school_word" to "private": what the words beside the name say."""
    tags = found.beside.tags
    return (
        _school_word(found.beside.words),
        bool(tags & LEVEL),
        bool(tags & DISTRICT),
        bool(tags & SUPPORT),
        bool(tags & STUDENT) or bool(CLASS_OF.search(found.field.text)),
        bool(tags & UNIT),
        bool(tags & MASCOT),
        bool(tags & OFFICIAL),
        bool(tags & OTHER),
        bool(tags & PRIVATE),
    )


def _place_told(found: Hypothesis) -> tuple[float, ...]:
    """From "state" to "our_mascot": what else the profile says of where it is."""
    told = {one.what for one in found.told}
    return (
        _state(found),
        "names the town" in told,
        "names the district" in told,
        "names the county" in told,
        "links to the domain" in told,
        "names our mascot" in told,
    )


def _spelling(found: Hypothesis) -> tuple[float, ...]:
    """From "bearers" to "numeric": who bears the name, and how it is written here."""
    field, term, size = found.field, found.term, len(found.field.text)
    return (
        math.log1p(max(1, found.crowd.size)),
        FIELDS[field.field.name],
        found.said_again,
        math.log(max(found.contrary, FLOOR) / max(found.weight, FLOOR)),
        size - len(term.key),
        len(field.starts) - 1,
        bool(found.beside.tags & Tag.STATE),
        term.key in found.own.town_of[None],
        sum(char.isdigit() for char in field.text),
        found.in_state,
        any(word in term.key for word in NAME_WORDS),
        found.begin == 0 and found.end == size,
        field.field.is_disguised,
        field.text.isdigit(),
    )


def _rivals(found: Hypothesis) -> tuple[float, ...]:
    """From "agreement" to "schools": whether the registered name and the rivals agree."""
    everybody = sum(one.weight for one in found.standing.names)
    return (
        found.agreement,
        any(one.what == "names the number" for one in found.told),
        _convention(found),
        math.log(max(everybody, FLOOR) / max(found.weight, FLOOR)),
        math.log1p(len(found.own.brand.schools)),
    )


def _remains(found: Hypothesis) -> tuple[float, ...]:
    """From "left_of_word" to "inside": edges, kinds, and what contradicts the registered name."""
    beside, field, cues = found.beside, found.field, found.own.cues
    return (
        found.begin in field.starts,
        len(beside.kinds),
        len(found.registered),
        bool(beside.tags & Tag.PERSON),
        *disagreement(found.registered, beside.kinds, found.term.key),
        (found.begin in field.starts) + (found.end in field.starts),
        any(one.what == "names the district" and one.word in cues for one in found.told),
        math.log(max(found.own_weight, FLOOR) / max(found.rivals, FLOOR)),
        beside.inside < 1,
    )


def _outdone(found: Hypothesis) -> tuple[float, ...]:
    """From "told_length" to "longer_name": how much better another reading explains the text."""
    beside, key, names = found.beside, found.term.key, found.standing.names
    weighed = found.crowd.weights(beside, found.states)
    plain = weighed.total * gap_factor(beside.gap, len(key))
    whole = next((one.weight for one in names if one.key == key), plain)
    return (
        max((len(one.word) for one in found.told if one.what in NAMED_BESIDE), default=0),
        math.log(max(whole, FLOOR) / max(plain, FLOOR)),
        found.gap - min((one.beside.gap for one in names), default=found.gap),
        len(names[0].key) - len(key) if names else 0,
    )


def _elsewhere(found: Hypothesis) -> tuple[float, ...]:
    """From "best_other" to "other_same": who else is likely, and how the best one differs."""
    ours, term = max(found.weight, FLOOR), found.term
    best, better, alike = others_of(found, ours)
    if not best:
        return NOBODY_ELSE
    other, said = best[0], best[0].beside
    kinds, quality, state, registered = other.group
    wrong, unsaid, numbers = disagreement(registered, said.kinds, other.key)
    return (
        math.log(max(other.weight, FLOOR) / ours),
        math.log(max(best[-1].weight if len(best) > 1 else 0.0, FLOOR) / ours),
        math.log1p(better),
        math.log1p(alike),
        other.gap - found.gap,
        math.log(other.told),
        fit_of(kinds, said.tags) - found.fit,
        agreement(registered, said.kinds, other.key) - found.agreement,
        quality - term.quality,
        state == found.own.state,
        bool(kinds & DISTRICT),
        len(other.key) - len(term.key),
        wrong + numbers,
        unsaid,
        other.key == term.key,
    )


def unseen_of(found: Hypothesis) -> dict[str, float]:
    """Return the evidence the trees are not asked about: 1 where the profile has it.

    ``located``: its location is our town, in our state where it names one; ``only_here``: and
    nobody else comes near, or nobody with a sign of its own.  ``misspelt``: the name is one letter
    away from ours.
    """
    told = {one.what: one.word for one in found.told}
    is_here = told.get("names the town", "-") in found.location and _state(found) >= 0
    return {
        "domain": float("links to the domain" in told),
        "our_mascot": float("names our mascot" in told),
        "located": float(is_here),
        "only_here": float(is_here and _is_alone(found)),
        "misspelt": float(found.field.field.misspelt is not None),
    }


def _is_alone(found: Hypothesis) -> bool:
    """Whether the likeliest other weighs far less than ours, or less and has no sign of its own."""
    best = others_of(found, max(found.weight, FLOOR)).best
    if not best or best[0].weight * FAR < found.weight:
        return True
    return best[0].weight < found.weight and best[0].told <= 1


def _school_word(words: tuple[tuple[str, int], ...]) -> float:
    """2 where a word plainly says school, 1 where only a short form does, else 0."""
    if any(is_plain_school_word(word) for word, _ in words):
        return 2.0
    return 1.0 if any(tag & KINDS for _, tag in words) else 0.0


def _state(found: Hypothesis) -> float:
    """1 where the profile names our state, -1 where it names only others, else 0."""
    if not found.states or not found.own.state:
        return 0.0
    return 1.0 if found.own.state in found.states else -1.0


def _convention(found: Hypothesis) -> float:
    """1 where initials beside the name are of our state's kind, -1 of others', else 0."""
    if not found.beside.initials:
        return 0.0
    return 1.0 if convention_factor(found.beside.initials, found.own.state) == 1 else -1.0


def is_at_most_possible(found: Hypothesis) -> bool:
    """Whether a good score is not enough.

    Initials of a school, a misspelt name, a word for a private school, and a name that somebody
    elsewhere bears and fits as well.
    """
    if found.field.field.misspelt or (is_initials(found) and found.term.school is not None):
        return True
    said = {word for word, tag in found.beside.words if tag & Tag.PRIVATE} - MILD
    own = found.own.brand.name.lower()
    return any(word not in own for word in said) or _is_equalled(found)


def _is_equalled(found: Hypothesis) -> bool:
    """Whether somebody elsewhere weighs as much, and no link to our domain tells us apart."""
    if any(one.what == "links to the domain" for one in found.told):
        return False
    best = others_of(found, max(found.weight, FLOOR)).best
    return bool(best) and best[0].weight >= found.weight * AS_MUCH


def is_initials(found: Hypothesis) -> bool:
    """Whether the name found is only initials or a mascot."""
    return found.term.kind in {NameKind.INITIALS, NameKind.MASCOT}
