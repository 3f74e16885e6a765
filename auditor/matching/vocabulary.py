"""What words beside a name say: level, kind, who runs the account, or that it is no school."""

from __future__ import annotations

import tomllib
from enum import IntFlag, auto
from functools import cache, lru_cache
from pathlib import Path

SHORT = 3


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
    return words


def name_words(list_name: str) -> frozenset[str]:
    """Return a list of words that end registered names."""
    text = Path(__file__).with_name("name_words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)[list_name])


def tags_of(word: str) -> Tag:
    """Return what one folded word says, NOTHING when it is not in the vocabulary."""
    return vocabulary().get(word, NOTHING)


@lru_cache(maxsize=16384)
def is_plain_school_word(word: str) -> bool:
    """Whether a word alone makes clear that a school is meant ("elementary", "isd", not "es")."""
    return len(word) >= SHORT and bool(tags_of(word) & (LEVELS | Tag.SCHOOL | Tag.DISTRICT))
