"""What words beside a name say: level, kind, who runs the account, or that it is no school."""

from __future__ import annotations

import tomllib
from enum import IntFlag, auto
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 3
SHORTEST_MISSPELT = 6


class Tag(IntFlag):
    """What a word says; a word may say several things."""

    ELEMENTARY = auto()
    MIDDLE = auto()
    HIGH = auto()
    EARLY = auto()
    ACADEMY = auto()
    CHARTER = auto()
    MAGNET = auto()
    CAREER = auto()
    ALTERNATIVE = auto()
    VIRTUAL = auto()
    PREPARATORY = auto()
    MONTESSORI = auto()
    STEM = auto()
    SCHOOL = auto()
    DISTRICT = auto()
    SUPPORT = auto()
    STUDENT = auto()
    UNIT = auto()
    MASCOT = auto()
    OFFICIAL = auto()
    FAKE = auto()
    OTHER = auto()
    PRIVATE = auto()
    PLACE = auto()
    STATE = auto()
    OURS = auto()
    PERSON = auto()


NOTHING = Tag(0)
LEVELS = Tag.ELEMENTARY | Tag.MIDDLE | Tag.HIGH | Tag.EARLY
FORMS = (
    Tag.ACADEMY
    | Tag.CHARTER
    | Tag.MAGNET
    | Tag.CAREER
    | Tag.ALTERNATIVE
    | Tag.VIRTUAL
    | Tag.PREPARATORY
    | Tag.MONTESSORI
    | Tag.STEM
)
KINDS = LEVELS | FORMS | Tag.DISTRICT
EDUCATION = KINDS | Tag.SCHOOL | Tag.SUPPORT | Tag.STUDENT

STATES = {
    "al": "alabama", "ak": "alaska", "az": "arizona", "ar": "arkansas", "ca": "california",
    "co": "colorado", "ct": "connecticut", "de": "delaware", "dc": "districtofcolumbia",
    "fl": "florida", "ga": "georgia", "hi": "hawaii", "id": "idaho", "il": "illinois",
    "in": "indiana", "ia": "iowa", "ks": "kansas", "ky": "kentucky", "la": "louisiana",
    "me": "maine", "md": "maryland", "ma": "massachusetts", "mi": "michigan", "mn": "minnesota",
    "ms": "mississippi", "mo": "missouri", "mt": "montana", "ne": "nebraska", "nv": "nevada",
    "nh": "newhampshire", "nj": "newjersey", "nm": "newmexico", "ny": "newyork",
    "nc": "northcarolina", "nd": "northdakota", "oh": "ohio", "ok": "oklahoma", "or": "oregon",
    "pa": "pennsylvania", "ri": "rhodeisland", "sc": "southcarolina", "sd": "southdakota",
    "tn": "tennessee", "tx": "texas", "ut": "utah", "vt": "vermont", "va": "virginia",
    "wa": "washington", "wv": "westvirginia", "wi": "wisconsin", "wy": "wyoming",
    "pr": "puertorico", "gu": "guam", "vi": "virginislands", "as": "americansamoa",
}  # fmt: skip
ROMANS = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10,
    "xi": 11, "xii": 12, "xiii": 13, "xiv": 14, "xv": 15,
}  # fmt: skip
HIGHEST_CODE = 20
STATE_OF = {name: code.upper() for code, name in STATES.items()}
STATE_CODES = {code: code.upper() for code in STATES}


@cache
def vocabulary() -> dict[str, Tag]:
    """Return every known word and what it says; states' names and codes say STATE."""
    words: dict[str, Tag] = {}
    lists = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    for name, members in lists.items():
        for word in members:
            words[word] = words.get(word, NOTHING) | Tag[name.upper()]
    for word in (*STATE_OF, *STATE_CODES):
        words[word] = words.get(word, NOTHING) | Tag.STATE
    for word in _codes():
        words.setdefault(word, Tag.DISTRICT)
    return words


def _codes() -> Iterator[str]:
    """Yield the codes districts of Missouri and Colorado bear: rii, r2, re2, c2."""
    for number in range(1, HIGHEST_CODE):
        yield from (f"r{number}", f"re{number}", f"c{number}")
    yield from (f"r{roman}" for roman in ROMANS if roman != "i")


@cache
def lexicon() -> dict[str, Tag]:
    """Return ``vocabulary`` and given names, which say PERSON: "Cecil E Gray Middle" is Gray."""
    file = files("auditor") / "data" / "given_names.txt"
    names = file.read_text(encoding="utf-8").split()
    return dict.fromkeys((n for n in names if len(n) > SHORT), Tag.PERSON) | vocabulary()


@lru_cache(maxsize=65_536)
def corrected(text: str) -> str:
    """Return the long word for a school that ``text`` misspells by one letter, else ""."""
    from rapidfuzz.distance import OSA

    if len(text) < SHORTEST_MISSPELT:
        return ""
    near = (
        word for word in _near_in_length(len(text)) if OSA.distance(text, word, score_cutoff=1) < 2
    )
    return next(near, "")


@cache
def _near_in_length(length: int) -> tuple[str, ...]:
    return tuple(word for word in _long_words() if abs(len(word) - length) < 2)


@cache
def _long_words() -> tuple[str, ...]:
    said = LEVELS | Tag.SCHOOL | Tag.DISTRICT | Tag.ACADEMY
    return tuple(w for w, tag in vocabulary().items() if tag & said and len(w) > SHORTEST_MISSPELT)


def name_words(list_name: str) -> frozenset[str]:
    """Return a list of words that end registered names."""
    text = Path(__file__).with_name("name_words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)[list_name])


@cache
def words_of(said: Tag) -> frozenset[str]:
    """Return every known word that says one of ``said``."""
    return frozenset(word for word, tag in vocabulary().items() if tag & said)


def tags_of(word: str) -> Tag:
    """Return what one folded word says, NOTHING when it is not in the vocabulary."""
    return vocabulary().get(word, NOTHING)


def bits_of(word: str) -> int:
    """Return ``tags_of`` as a plain number, with which country-wide loops count thrice as fast."""
    return _bits().get(word, 0)


@cache
def _bits() -> dict[str, int]:
    return {word: int(tag) for word, tag in vocabulary().items()}


@lru_cache(maxsize=16384)
def is_plain_school_word(word: str) -> bool:
    """Whether a word alone makes clear that a school is meant ("elementary", "isd", not "es")."""
    return len(word) >= SHORT and bool(tags_of(word) & (LEVELS | Tag.SCHOOL | Tag.DISTRICT))
