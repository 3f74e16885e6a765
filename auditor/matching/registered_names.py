"""How the words of kind beside a name agree with those of an institution's registered name.

"Atlanta Community Schools" and "Atlanta ISD" share their core; what stands beside tells them apart.
So do the initials a state's districts go by: ISD in Texas, USD in Kansas, SAU in New Hampshire.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from auditor.matching.text import split_words

LEAST_WEIGHT, STEEPNESS, NEUTRAL = 0.12, 2.5, 0.5
WRONG_STATE = 0.12
Said = frozenset[str]
NONE_SAID: Said = frozenset()
PLAIN = frozenset({"school", "district"})


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
    """Return a registered name's words of kind: charter, academy of "Legacy Charter Acad"."""
    said: set[str] = set()
    known = _words()
    for word in split_words(name.lower()):
        said |= known.get(word, NONE_SAID)
    return frozenset(said)


def kinds_said(words: tuple[tuple[str, int], ...]) -> Said:
    """Return the words of kind among those beside a name."""
    said: set[str] = set()
    known = _words()
    for word, _ in words:
        said |= known.get(word, NONE_SAID)
    return frozenset(said)


@lru_cache(maxsize=65_536)
def agreement(registered: Said, said: Said, key: str) -> float:
    """How far the words beside a name are those of the registered name, 0..1; 0.5 for none said."""
    if not said:
        return NEUTRAL
    own = {word for word in registered if word in said or word not in key}
    if not own - PLAIN and not said - PLAIN:
        return 0.8
    return _weight(own & said) / _weight(own | said)


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
