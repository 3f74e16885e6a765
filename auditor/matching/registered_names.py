"""How the words of kind beside a name agree with those of an institution's registered name.

"Atlanta Community Schools" and "Atlanta ISD" share their core; what stands beside tells them apart.
So do the initials a state's districts go by: ISD in Texas, USD in Kansas, SAU in New Hampshire.
"""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from auditor.matching.text import split_words
from auditor.matching.vocabulary import ROMANS, Tag

LEAST_WEIGHT, STEEPNESS, NEUTRAL = 0.12, 2.5, 0.5
START, UNSAID, UNSAID_BY_PLAIN = 0.3, 0.8, 0.3
WRONG_NUMBER, STRAY_NUMBER = 2.0, 0.3
WRONG_STATE = 0.12
Said = frozenset[str]
NONE_SAID: Said = frozenset()
PLAIN = frozenset({"school", "district"})
NUMBER = "#"
CODE = re.compile(r"\b(re|r|c|u|j)[- ]?(\d{1,3}|[ivx]+)(?=j?t?\b|[^a-z0-9])")
LONGEST_NUMBER = 3


@cache
def _words() -> dict[str, Said]:
    lists = _table()["words"]
    return {word: frozenset(meaning.split()) for word, meaning in lists.items()}


@cache
def _states_of() -> dict[str, frozenset[str]]:
    return {word: frozenset(states.split()) for word, states in _table()["states"].items()}


@cache
def _table() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("registered_names.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=262_144)
def kinds_in_name(name: str) -> Said:
    """Return a registered name's words of kind and its numbers: "Legacy Charter Acad", "R-III".

    Numbers are "#196", codes such as Missouri's R-III "#r3".
    """
    said = {NUMBER + code for code in codes_in(name)}
    known = _words()
    for word in split_words(name.lower()):
        said |= known.get(word, NONE_SAID)
        digits = word.rstrip("abcdefghijklmnopqrstuvwxyz").lstrip("0")
        if digits.isdecimal() and len(digits) <= LONGEST_NUMBER and len(word) - len(digits) < 3:
            said.add(NUMBER + digits)
    return frozenset(said)


def codes_in(name: str) -> frozenset[str]:
    """Return a name's codes of a letter and a number: r3 of "Winona R-III", c6 of "Fox C-6"."""
    found = CODE.findall(name.lower())
    return frozenset(
        f"{letters[0]}{ROMANS.get(number, number)}"
        for letters, number in found
        if number.isdecimal() or (letters == "r" and number in ROMANS)
    )


def kinds_said(words: tuple[tuple[str, int], ...]) -> Said:
    """Return the words of kind among those beside a name, and the numbers that may be its own."""
    said: set[str] = set()
    known = _words()
    after_kind = False
    for word, tag in words:
        said |= known.get(word, NONE_SAID)
        if word.isdecimal():
            digits = word.lstrip("0")
            if digits and len(digits) <= LONGEST_NUMBER and (len(digits) > 1 or after_kind):
                said.add(NUMBER + digits)
        elif tag & int(Tag.DISTRICT):
            said |= {NUMBER + code for code in codes_in(word)}
        after_kind = bool(tag & int(Tag.DISTRICT))
    return frozenset(said)


@lru_cache(maxsize=65_536)
def agreement(registered: Said, said: Said, key: str) -> float:
    """How far the words beside a name are those of the registered name, 0..1; 0.5 for none said.

    "School" and "district" go without saying; another number contradicts.
    """
    if not said:
        return NEUTRAL
    wrong, unsaid, numbers = disagreement(registered, said, key)
    shared = START + _weight(registered & said) + LEAST_WEIGHT * len(said & PLAIN - registered)
    missing = unsaid * (UNSAID if said - PLAIN else UNSAID_BY_PLAIN)
    return shared / (shared + wrong + numbers + missing)


def disagreement(registered: Said, said: Said, key: str) -> tuple[int, int, float]:
    """Count words said that are not in the registered name, those not said, and wrong numbers."""
    own = {word for word in registered if word in said or word not in key}
    wrong = sum(word[0] != NUMBER for word in said - own - PLAIN)
    unsaid = sum(word[0] != NUMBER for word in own - said - PLAIN)
    return wrong, unsaid, _wrong_numbers(own, said)


def _wrong_numbers(own: set[str], said: Said) -> float:
    told = {word for word in said if word[0] == NUMBER}
    registered = {word for word in own if word[0] == NUMBER}
    if not told or told & registered:
        return 0.0
    return WRONG_NUMBER if registered else STRAY_NUMBER


@lru_cache(maxsize=65_536)
def agreement_factor(registered: Said, said: Said, key: str) -> float:
    """What the agreement multiplies a reading's weight by."""
    return math.exp(STEEPNESS * (agreement(registered, said, key) - NEUTRAL))


def initials_said(words: tuple[tuple[str, int], ...]) -> Said:
    """Return the words beside a name that only some states' districts go by."""
    return frozenset(word for word, _ in words if word in _states_of())


@lru_cache(maxsize=65_536)
def convention_factor(initials: Said, state: str) -> float:
    """What initials such as "isd" beside a name say for a district of ``state``."""
    known = _states_of()
    wrong = any(state not in known[word] for word in initials)
    return WRONG_STATE if wrong and state else 1.0


def _weight(words: frozenset[str] | set[str]) -> float:
    """Count words, the plain ones little; no sum of fractions, so that order cannot matter."""
    plain = len(words & PLAIN)
    return len(words) - plain + LEAST_WEIGHT * plain
