"""The names an institution may go by, derived from its registered one: core, short, initials."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from auditor.matching.initials import (
    district_initials,
    names_with_number,
    numbers_named,
    plain_initials,
)
from auditor.matching.respelling import clipped, respelt, untitled
from auditor.matching.text import fold, split_words, squeeze
from auditor.matching.vocabulary import (
    FORMS,
    KINDS,
    LEVELS,
    ROMANS,
    Tag,
    bits_of,
    name_words,
    tags_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARENTHESES = re.compile(r"\([^)]*\)")
COUNTY_CLAUSE = re.compile(r"\bin the county of .*", re.IGNORECASE)
NETWORK = re.compile(r"\s+[-:]\s+|:\s+")
ROMAN = re.compile(r"^[ivx]+$")
DISTRICT_OPENINGS = ("school district of ", "schools of ", "city of ", "town of ")
PLACE_OPENINGS = ("city of ", "town of ")
NUMBERING = re.compile(r"^[a-z]{0,2}\d+[a-z]?$")
TAIL_WORDS = name_words("tail")
DISTRICT_TAIL = TAIL_WORDS | name_words("district_tail")
SOFT_WORDS, SCHOOL_SOFT_WORDS = name_words("district_soft"), name_words("school_soft")
LOW, MIDDLE, HIGH, SCHOOL = map(int, (Tag.ELEMENTARY, Tag.MIDDLE, Tag.HIGH, Tag.SCHOOL))
TAIL_TYPES = {
    "h": HIGH, "s": SCHOOL, "j": MIDDLE, "m": MIDDLE, "e": LOW, "el": LOW, "sh": HIGH, "jh": MIDDLE,
    "int": LOW | MIDDLE, "inter": LOW | MIDDLE, "elemen": LOW, "prim": LOW,
}  # fmt: skip
SAYS_KIND, IS_DISTRICT = int(KINDS | Tag.SCHOOL), int(Tag.DISTRICT)
SAYS_LEVEL, SAYS_TYPE = int(LEVELS | FORMS | Tag.SCHOOL), int(LEVELS | Tag.SCHOOL | Tag.ACADEMY)
SAYS_GENERIC = int(Tag.SCHOOL | Tag.EARLY | FORMS)
REORGANIZED = re.compile(r"\bR[- ]?([IVX]+|\d{1,2})\b")
FORM_WORDS = name_words("form")
NUMBER_FIRST = re.compile(r"^school district no\.? (\S+) (?=\S)", re.IGNORECASE)
NUMBER_WITHIN = re.compile(r"^(.*\S) (\w*sd \d+) ([a-z]+)$", re.IGNORECASE)
SHORTEST_PART, LABEL_LENGTH, UNUSED = 5, 4, 0.4
FEATURE_WORDS = name_words("feature")


class NameKind(IntEnum):
    """Where a name comes from."""

    NAME = 0
    SHORT_NAME = 1
    INITIALS = 2
    NUMBER = 3
    DOMAIN_LABEL = 4
    ALIAS = 5
    MASCOT = 6


CUES = frozenset({NameKind.INITIALS, NameKind.NUMBER, NameKind.DOMAIN_LABEL})


@dataclass(frozen=True, slots=True)
class Name:
    """A folded name without separators; ``quality`` 0..1 is how fully it names the institution."""

    key: str
    kind: NameKind
    quality: float
    tags: Tag


def school_names(name: str) -> tuple[Name, ...]:
    """Return the names a school may go by, the fullest first; none for a name without letters."""
    words = _words(name)
    tail_free = _strip_tail(words, TAIL_WORDS, SAYS_KIND)
    head = school_core(name)
    tags = _kind_tags(words, len(head), len(tail_free))
    if _is_generic(tail_free):
        return _unique([_named(words, NameKind.NAME, 0.4, tags)])
    number, head = _public_school_number(head)
    names = [Name(f"ps{number}", NameKind.NUMBER, 0.9, tags)] if number else []
    names.append(_named(tail_free, NameKind.NAME, 1.0, tags))
    if _is_generic(head):
        return _unique(names)
    if head != tail_free:
        names.append(_named(head, NameKind.NAME, 0.8, tags))
    bare = _strip_tail(head, SCHOOL_SOFT_WORDS, 0)
    if bare != head:
        names.append(_named(bare, NameKind.SHORT_NAME, 0.8, tags))
    no_initials = tuple(word for word in head if len(word) > 1)
    if no_initials != head:
        names.append(_named(no_initials, NameKind.NAME, 0.9, tags))
    names += _doing_business_as(name, tags)
    parts = list(_parts(name))
    names += [_named(part, NameKind.SHORT_NAME, 0.6, tags) for part in parts]
    names += _in_parentheses(name, tags)
    plain = _strip_tail(bare, FORM_WORDS, 0)
    if plain != bare and len("".join(plain)) >= SHORTEST_PART:
        names.append(_named(plain, NameKind.SHORT_NAME, 0.6, tags))
    for part in dict.fromkeys((plain, *parts)):
        person = untitled(part)
        is_person = part != head and _is_personal(person, is_titled=person != part)
        if is_person and not tags_of(person[-1]):
            names.append(_named(person[-1:], NameKind.SHORT_NAME, 0.4, tags))
    respelt_names = dict.fromkeys((*respelt(head), *respelt(tail_free)))
    names += [_named(other, NameKind.NAME, 0.9, tags) for other in respelt_names]
    if (person := untitled(head)) != head:
        names.append(_named(person, NameKind.NAME, 0.9, tags))
        names.append(_named(untitled(bare)[-1:], NameKind.SHORT_NAME, 0.5, tags))
    if _is_personal(head) and head[-1] not in FORM_WORDS:
        fore = "".join(word[0] for word in head[:-1])
        names.append(_named((fore, head[-1]), NameKind.NAME, 0.8, tags))
        names.append(_named(no_initials[-1:], NameKind.SHORT_NAME, 0.4, tags))
    return _unique(names)


def district_names(name: str, county: str = "", domains: Iterable[str] = ()) -> tuple[Name, ...]:
    """Return the names a district may go by: full, short, initials, number, domain label."""
    words = _district_words(name)
    place = split_words(county.lower())
    core = _strip_tail(words, DISTRICT_TAIL, SAYS_KIND)
    tags = _kind_tags(words, len(core), len(core)) | Tag.DISTRICT
    if core == ("school",):
        core = _strip_tail(place, SOFT_WORDS, 0) or words
    bare = _strip_tail(core, SOFT_WORDS, 0)
    names = [_named(core, NameKind.NAME, 1.0, tags)]
    if bare != core:
        names.append(_named(bare, NameKind.SHORT_NAME, 0.5, tags))
    names += _doing_business_as(name, tags)
    names += [_named(part, NameKind.SHORT_NAME, 0.5, tags) for part in _parts(name)]
    names += [_named(other, NameKind.NAME, 0.9, tags) for other in respelt(core)]
    names += [_named(short, NameKind.SHORT_NAME, 0.4, tags) for short in clipped(bare)]
    if len(bare) > 1 and bare[-1] in FEATURE_WORDS and len("".join(bare[:-1])) >= SHORTEST_PART:
        names.append(_named(bare[:-1], NameKind.SHORT_NAME, 0.25, tags))
    stems = dict.fromkeys((core, bare))
    tail = words[len(core) :]
    if place and core == place[: len(core)] and core != place and len(place) == len(core) + 1:
        names.append(_named(place, NameKind.NAME, 0.9, tags))
        core, stems = place, dict.fromkeys((place, core, bare))
    numbers = tuple(numbers_of(name))
    short: dict[str, float] = {}
    for stem in reversed(stems):
        short |= district_initials(stem, tail, tags)
        keys = numbers_named(stem, tail, name, numbers)
        names += [Name(key, NameKind.NUMBER, 0.6, tags) for key in keys]
    names += [Name(key, NameKind.INITIALS, quality, tags) for key, quality in short.items()]
    keys = names_with_number(core, tail, name, numbers)
    names += [Name(key, NameKind.NAME, 1.0, tags) for key in keys]
    for roman in REORGANIZED.findall(name)[:1] if core and len(core[0]) > 2 else ():
        code = f"r{ROMANS.get(roman.lower(), roman)}"
        for stem in dict.fromkeys((core, bare)):
            names.append(_named((*stem, code), NameKind.NAME, 1.0, tags))
    labels = list(domain_labels(domains))
    if any(label in short for label in labels):
        names = [
            replace(name, quality=name.quality * UNUSED) if name.kind is NameKind.INITIALS else name
            for name in names
        ]
    for label in labels:
        is_initials = len(label) <= LABEL_LENGTH
        kind = NameKind.INITIALS if is_initials else NameKind.DOMAIN_LABEL
        names.append(Name(label, kind, 0.9 if label in short or not is_initials else 0.7, tags))
    return _unique(names)


def plain_cues(name: str) -> tuple[str, ...]:
    """Return the usual initials that show a district beside a school's name: eps, esd."""
    core = _strip_tail(_district_words(name), DISTRICT_TAIL, SAYS_KIND)
    return tuple(cue for cue in plain_initials(core) if len(cue) > 2)


def networks_of(names: Iterable[str]) -> Iterator[str]:
    """Yield what stands before a dash in the names of two schools: "Sol Schools - Rio Campus"."""
    heads = (NETWORK.split(name, 1) for name in names)
    seen = Counter("".join(school_core(head)) for head, *rest in heads if rest)
    yield from (key for key, count in seen.items() if count > 1 and len(key) >= LABEL_LENGTH)


def domain_labels(domains: Iterable[str]) -> Iterator[str]:
    """Yield the label that names the district: "amerysd" of amerysd.k12.wi.us, amerysd.org."""
    for domain in domain_keys(domains):
        label = squeeze(domain.partition(".")[0])
        if len(label) > 2 and not tags_of(label):
            yield label


def domain_keys(domains: Iterable[str]) -> Iterator[str]:
    """Yield hosts cut to what is registered: sites.amerysd.k12.wi.us to amerysd.k12.wi.us."""
    for domain in domains:
        labels = [label for label in fold(domain).split(".") if label]
        place = labels.index("k12") - 1 if "k12" in labels else len(labels) - 2
        if place >= 0:
            yield ".".join(labels[place:])


def numbers_of(name: str) -> Iterator[str]:
    """Yield the numbers of two to four digits in a district's name: 196 of ISD 196."""
    for word in _district_words(name)[1:]:
        digits = word.lstrip("0")
        if digits.isdecimal() and 2 <= len(digits) <= 4:
            yield digits
        elif len(digits) > 2 and digits[:-1].isdecimal() and digits[-1].isalpha():
            yield digits[:-1]


@lru_cache(maxsize=1024)
def school_core(name: str) -> tuple[str, ...]:
    """Return the words of a school's name without those for its level and kind."""
    words = _words(name)
    return _strip_tail(words[: _first_type_word(words)], TAIL_WORDS, SAYS_KIND)


@cache
def given_names() -> frozenset[str]:
    """Return given names of persons schools are named after, as found in the national list."""
    file = files("auditor") / "data" / "given_names.txt"
    return frozenset(file.read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def _words(name: str) -> tuple[str, ...]:
    plain = PARENTHESES.sub(" ", name) if PARENTHESES.sub("", name).strip() else name
    words = split_words(plain.lower())
    words = words[1:] if len(words) > 1 and words[0] == "the" else words
    return tuple("county" if word == "co" else word for word in words)


def _district_words(name: str) -> tuple[str, ...]:
    name = NUMBER_FIRST.sub(r"", COUNTY_CLAUSE.sub("", name))
    name = NUMBER_WITHIN.sub(r"\1 \3 \2", REORGANIZED.sub(_plain_code, name))
    text = " ".join(_words(name))
    for opening in DISTRICT_OPENINGS:
        if text.startswith(opening):
            is_numbered = any(char.isdigit() for char in text)
            if opening in PLACE_OPENINGS and is_numbered:
                text = text.removeprefix(opening)
                continue
            text = f"{text.removeprefix(opening)} {opening.removesuffix(' of ')}"
    return tuple(text.removeprefix("the ").split())


def _plain_code(found: re.Match[str]) -> str:
    return f"r{ROMANS.get(found[1].lower(), found[1])}"


def _is_generic(core: tuple[str, ...]) -> bool:
    """Whether nothing is left of a name but words for a kind of school."""
    return all(bits_of(word) & SAYS_GENERIC or word in TAIL_WORDS for word in core)


def _first_type_word(words: tuple[str, ...]) -> int:
    """Place of the first word after the first that plainly says school or level."""
    for place, word in enumerate(words):
        if place and len(word) > 2 and bits_of(word) & SAYS_TYPE:
            return place
    return len(_strip_tail(words, TAIL_WORDS, SAYS_KIND))


def _strip_tail(words: tuple[str, ...], dropped: frozenset[str], bits: int) -> tuple[str, ...]:
    """Drop trailing words that say only what kind of thing this is; the first word always stays."""
    end = len(words)
    while end > 1 and _is_tail(words[end - 1], dropped, bits):
        end -= 1
    return words[:end]


def _is_tail(word: str, dropped: frozenset[str], bits: int) -> bool:
    if word in dropped or bits_of(word) & bits:
        return True
    if not bits:
        return False
    if word in TAIL_TYPES or NUMBERING.match(word):
        return True
    return len(word) > 1 and bool(ROMAN.match(word))


def _kind_tags(words: tuple[str, ...], head: int, tail: int) -> Tag:
    bits = 0
    for word in words[min(head, tail) :]:
        bits |= bits_of(word) & SAYS_KIND | TAIL_TYPES.get(word, 0)
    return Tag(bits & ~IS_DISTRICT if bits & SAYS_LEVEL else bits)


def _parts(name: str) -> Iterator[tuple[str, ...]]:
    """Yield what stands between dashes and slashes: "Dollar Bay-Tamarack City Area Schools"."""
    parts = re.split(r"\s*[-/\u2013]\s*", PARENTHESES.sub(" ", name))
    for part in parts if len(parts) > 1 else ():
        words = _strip_tail(split_words(part.lower()), DISTRICT_TAIL, SAYS_KIND)
        bare = _strip_tail(words, SOFT_WORDS, 0)
        for found in dict.fromkeys((words, bare)):
            if len("".join(found)) >= SHORTEST_PART and not _is_generic(found):
                yield found


def _doing_business_as(name: str, tags: Tag) -> Iterator[Name]:
    """Yield the name after "dba", which is what a charter goes by."""
    _, sign, trade = name.lower().partition(" dba ")
    if sign and not _is_generic(core := school_core(trade)):
        yield _named(core, NameKind.NAME, 1.0, tags)


def _in_parentheses(name: str, tags: Tag) -> Iterator[Name]:
    """Yield a short name that stands in parentheses: "High School for the Arts (ChiArts)"."""
    for inner in PARENTHESES.findall(name):
        words = split_words(inner.lower())
        key = "".join(words)
        if len(words) == 1 and len(key) >= SHORTEST_PART and key.isalpha() and not tags_of(key):
            yield Name(key, NameKind.NAME, 0.8, tags)


def _public_school_number(head: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """New York's "PS 288 Shirley Tanyhill" is ps288 and shirleytanyhill."""
    if len(head) > 1 and head[0] in {"ps", "is", "ms"} and head[1].isdecimal():
        return head[1].lstrip("0") or "0", head[2:]
    return None, head


def _is_personal(head: tuple[str, ...], *, is_titled: bool = False) -> bool:
    """Whether the name reads like a person's: a given name or initial first ("John F Kennedy")."""
    if len(head[-1]) < 4 or (len(head) < 2 and not is_titled):
        return False
    return is_titled or head[0] in given_names() or any(len(word) == 1 for word in head[:-1])


def _named(words: tuple[str, ...], kind: NameKind, quality: float, tags: Tag) -> Name:
    return Name("".join(words), kind, quality, tags)


def _unique(names: Iterable[Name]) -> tuple[Name, ...]:
    kept: dict[str, Name] = {}
    for name in names:
        if len(name.key) > 2:
            known = kept.get(name.key)
            if known is None or known.quality < name.quality:
                kept[name.key] = name
    return tuple(kept.values())
