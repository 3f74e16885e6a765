"""Why a profile was judged as it was: each reason as data, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_QUOTE = 80


class ReasonKind(StrEnum):
    """What a reason is about."""

    NAME = "name"
    INITIALS = "initials"
    WORDS = "words"
    CONTEXT = "context"
    LEFTOVER = "leftover"
    SHARED = "shared"
    LONGER_NAME = "longer_name"
    NOT_A_SCHOOL = "not_a_school"
    NO_SCHOOL_WORD = "no_school_word"
    DISGUISE = "disguise"
    MISSPELT = "misspelt"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for (``weight`` above 1) or against (below 1) the profile being ours.

    ``matched`` is what was read, ``where`` the field; ``shared_by`` counts the institutions
    nationally, ours included, that the same text fits.  Odds are multiplied by ``weight``.
    """

    kind: ReasonKind
    matched: str
    where: str
    weight: float
    shared_by: int = 1
    detail: str = ""

    @property
    def speaks_for(self) -> bool:
        """Whether the reason speaks for the profile being ours."""
        return self.weight >= 1


def quote(text: str) -> str:
    """Quote at most 80 characters of a foreign text."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def reason_in_words(reason: Reason) -> str:
    """Say a reason in one sentence."""
    matched, where = quote(reason.matched), reason.where
    others = reason.shared_by - 1
    sentences = {
        ReasonKind.NAME: f'The {where} "{matched}" carries the name{_owner(reason)}.',
        ReasonKind.INITIALS: f'The {where} "{matched}" carries the initials{_owner(reason)}.',
        ReasonKind.WORDS: f'Beside the name stands "{matched}", {_words(matched)} schools use.',
        ReasonKind.CONTEXT: f'The profile {reason.detail}: "{matched}".',
        ReasonKind.LEFTOVER: f'"{matched}" in the {where} is explained by nothing we know.',
        ReasonKind.SHARED: _shared(matched, others, bool(reason.detail)),
        ReasonKind.LONGER_NAME: f'The {where} also reads as "{matched}", which '
        f"{_institutions(others)} elsewhere {'bears' if others == 1 else 'bear'}.",
        ReasonKind.NOT_A_SCHOOL: f'"{matched}" speaks of something that is not a public school.',
        ReasonKind.NO_SCHOOL_WORD: f'No word for a school stands beside "{matched}".',
        ReasonKind.DISGUISE: f'The {where} spells "{matched}" with look-alike characters.',
        ReasonKind.MISSPELT: f'The {where} writes "{matched}", which is read as a misspelling of '
        f'"{quote(reason.detail)}".',
    }
    return sentences[reason.kind]


def _owner(reason: Reason) -> str:
    return f" of {quote(reason.detail).removesuffix('.')}" if reason.detail else ""


def _words(matched: str) -> str:
    return "words" if " " in matched else "a word"


def _shared(matched: str, others: int, told_apart: bool) -> str:
    if others < 1:
        return f'No other US public school or district we know of fits "{matched}" as well.'
    verb, who = "fits" if others == 1 else "fit", _institutions(others)
    if told_apart:
        rest = "what else the profile says points to this one"
        return f'By name alone {who} elsewhere in the US also {verb} "{matched}"; {rest}.'
    return f'{who.capitalize()} elsewhere in the US also {verb} "{matched}".'


def _institutions(count: int) -> str:
    return "one institution" if count == 1 else f"{count} institutions"
