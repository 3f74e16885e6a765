"""Initials and numbers an institution goes by: "ocps", "ahs", "dps109", "district196", "foxc6"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.matching.vocabulary import FORMS, Tag, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Words = tuple[str, ...]

INITIAL_SUFFIXES = {
    "isd": "isd", "cisd": "cisd", "cusd": "cusd", "unified": "usd", "parish": "psb",
    "public": "ps", "schools": "s", "district": "sd", "sd": "sd", "csd": "csd", "ccsd": "ccsd",
}  # fmt: skip
KNOWN_INITIALS = frozenset(
    {"sd", "isd", "cusd", "ccsd", "chsd", "esd", "hsd", "usd", "csd", "psd", "gsd"}
)
SPELT_INITIALS = frozenset({"cs", "pcs", "hs", "stem", "steam"})
AGENCIES = frozenset({"rop", "roc", "ctc", "avts", "boces", "resa", "esc", "iu", "jpa", "aea"})
UNSAID = frozenset({"of", "and", "the", "for", "a", "in", "inc", "llc", "district"})
LONGEST_INITIALS = 6
NUMBER_PREFIXES = ("sd", "district", "d", "schooldistrict")
NUMBERED = {
    "usd": "usd", "unified": "usd", "isd": "isd", "independent": "isd", "cusd": "cusd",
    "ccsd": "ccsd", "chsd": "chsd", "hsd": "hsd", "esd": "esd", "csd": "csd",
}  # fmt: skip
CODED = re.compile(r"\b(?:(re|r|c|u)[- ]?(\d{1,3})|(\d{1,3})([a-z]))\b")
CODE_PREFIXES = ("schooldistrict", "district", "sd", "usd", "csd")
PLAIN_ENDS = ("sd", "ps")
LONGEST_KIND = 5
SHORTEST = 3
USUAL, GUESSED = 0.5, 0.15


def school_initials(words: Words, tags: Tag) -> Iterator[str]:
    """Yield a school's initials with the letter of its level: ahs for Amery High."""
    letters = "".join(word[0] for word in words)
    for tag, ends in (
        (Tag.HIGH, ("hs",)),
        (Tag.MIDDLE, ("ms",)),
        (Tag.ELEMENTARY, ("es",)),
        (Tag.ACADEMY, ("a",)),
    ):
        if tags & tag:
            yield from (letters + end for end in ends)


def district_initials(core: Words, tail: Words, tags: Tag) -> dict[str, float]:
    """Return a district's initials and how usual each is, 0..1.

    ``tail`` has its words of kind.  Where they give no ending, "sd" and "ps" are guessed.
    """
    letters = letters_of(core)
    is_district = any(tags_of(w) & Tag.DISTRICT and not tags_of(w) & FORMS for w in tail)
    is_charter = bool(tags & (FORMS | Tag.SCHOOL)) and not is_district
    ends = set(_ends(core, tail))
    if "office" in tail:
        ends = {"oe"}
    ends |= {word for word in tail if word in AGENCIES}
    if is_charter and not ends:
        ends = {"a"} if tags & Tag.ACADEMY else {"cs"} if tags & Tag.CHARTER else set()
    elif "office" not in tail:
        ends |= set(type_initials(tail))
    found = {letters + end: USUAL for end in sorted(ends)}
    if not is_charter and "office" not in tail and len(letters) > 1:
        for end in PLAIN_ENDS:
            found.setdefault(letters + end, GUESSED)
    if is_charter:
        found.setdefault(whole_initials(core + tail), USUAL)
    elif len(letters) > 1:
        found |= _with_schools(letters, [key for key in found if found[key] == USUAL])
    return {key: quality for key, quality in found.items() if len(key) >= SHORTEST}


def whole_initials(words: Words) -> str:
    """Return the first letters of all words, initials kept: hla of Hope Leadership Academy."""
    letters = "".join(
        word if word in SPELT_INITIALS else word[0] for word in words if word not in UNSAID
    )
    return letters if len(letters) <= LONGEST_INITIALS else ""


def plain_initials(core: Words) -> Iterator[str]:
    """Yield what stands beside the name of a school, too usual to be a name: lps, lsd."""
    yield from (letters_of(core) + end for end in PLAIN_ENDS)


def _with_schools(letters: str, initials: Iterable[str]) -> dict[str, float]:
    """Return initials that end in the word they stand for: "cbschools", "hcpschools"."""
    stems = {letters, *(key.removesuffix("s") for key in initials if key.endswith("ps"))}
    return {stem + "schools": GUESSED * 2 for stem in sorted(stems)}


def _ends(core: Words, tail: Words) -> Iterator[str]:
    kept = {INITIAL_SUFFIXES[word] for word in tail if word in INITIAL_SUFFIXES}
    if "public" in tail:
        kept.discard("s")
    yield from kept
    if {"public", "schools"} & set(tail) or core[-1:] == ("county",):
        yield "ps"
    if core[-1:] in {("county",), ("city",)}:
        yield "s"
    if "elementary" in tail:
        yield "esd"
    if "union" in tail and "high" in tail:
        yield "uhsd"
    if "union" in tail and not {"free", "high"} & set(tail):
        yield from ("usd", "uesd") if "elementary" in tail else ("usd",)


def numbers_named(core: Words, tail: Words, name: str, numbers: Iterable[str]) -> Iterator[str]:
    """Yield what a numbered district goes by: dps109, ccsd59, district196, sd4j."""
    letters = letters_of(core)
    kinds = [NUMBERED[word] for word in (*core, *tail) if word in NUMBERED]
    ends = dict.fromkeys(("sd", "ps", "s", *type_initials(tail)))
    longer = [end for end in ends if len(end) > 2]
    if "hsd" in tail or "high" in tail:
        ends["hs"] = None
    if len(letters) > 1:
        ends[""] = None
    for number in dict.fromkeys(numbers):
        before = dict.fromkeys((*NUMBER_PREFIXES, *kinds, *longer))
        yield from (prefix + number for prefix in before)
        yield from (letters + end + number for end in ends)
    for number in (word for word in tail if word.isdecimal() and len(word) == 1):
        yield from (letters + end + number for end in ends if len(letters + end) > SHORTEST)
        yield from (end + number for end in longer)
    for found in CODED.findall(name.lower()):
        code = _code(found)
        yield from (prefix + code for prefix in CODE_PREFIXES)
        if len(code) > SHORTEST:
            yield from (letters + end + code for end in ends)


def names_with_number(core: Words, tail: Words, name: str, numbers: Iterable[str]) -> Iterator[str]:
    """Yield the name with a number or the initials of its kind: libertyvilled70, franklinssd."""
    stem = "".join(core)
    yield from (stem + end for end in type_initials(tail) if len(end) > 2 and not tags_of(end))
    yield from (f"{stem}d{number}" for number in dict.fromkeys(numbers))
    for found in CODED.findall(name.lower()):
        if core and len(core[0]) > 2 and found[0]:
            yield stem + _code(found)


def _code(found: tuple[str, ...]) -> str:
    return "".join(part.lstrip("0") for part in found)


def letters_of(core: Words) -> str:
    """Return the first letters of a name's words but "of", "and" and "the"."""
    if len(core) == 1 and len(core[0]) > 1:
        return core[0][0]
    return "".join(word[0] for word in core if word not in {"of", "and", "the"})


def type_initials(tail: Words) -> Iterator[str]:
    """Yield the initials of the words of kind: ccsd of "Comm Cons SD"."""
    letters = "".join(
        word if word in KNOWN_INITIALS else word[0] for word in tail if word.isalpha()
    )
    if letters.endswith(("d", "s")) and 1 < len(letters) <= LONGEST_KIND:
        yield letters
