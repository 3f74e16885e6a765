"""The parts of a profile a name is read in: handle, display name, and what a bio claims to be."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from auditor.matching.text import (
    Words,
    fold,
    join_words,
    plain,
    read_handle,
    read_words,
    squeeze_folded,
    unleet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.records import Profile

LONGEST_NAME = 100
LONGEST_CLAIM = 80
CLAIM = re.compile(
    r"\b(?:official|home of|welcome to|(?:page|account|news|channel|feed|site) (?:of|for|from))\b"
    r"[\s:]*",
    re.IGNORECASE,
)
CLAIM_SIGNS = (
    "official", "home of", "welcome to", "page", "account", "news", "channel", "feed", "site",
)  # fmt: skip
CLAIM_RE2 = r"official|home of|welcome to|(?:page|account|news|channel|feed|site) (?:of|for|from)"
"""Found wherever CLAIM is, for engines that know no more."""
LATIN_LOOKING = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})


@dataclass(frozen=True, slots=True)
class Field:
    """One text in which a name is read.

    ``name`` is "handle", "display name" or "bio"; ``text`` is as shown, at most 80 characters;
    ``is_disguised`` when it was read with leet signs or look-alike characters undone;
    ``misspelt`` when it was read with one misspelt name put right.
    """

    name: str
    text: str
    words: Words
    is_disguised: bool = False
    misspelt: Misspelt | None = None


class Misspelt(NamedTuple):
    """A span of a squeezed text, what is written there, and the name it is read as."""

    begin: int
    end: int
    written: str
    name: str


def fields_of(profile: Profile) -> Iterator[Field]:
    """Yield the texts of ``profile`` a name is read in, each as shown and with disguises undone."""
    if profile.handle:
        yield from _spellings("handle", profile.handle, read_handle(profile.handle[:LONGEST_NAME]))
    if profile.display_name:
        shown = profile.display_name[:LONGEST_NAME]
        yield from _spellings("display name", shown, read_words(shown))
    claim = claim_of(profile.bio)
    if claim:
        yield Field("bio", claim, read_words(claim))


def claim_of(bio: str | None) -> str:
    """Return the 80 characters after a claim such as "official page of", "" when there is none.

    A bio that only mentions a school ("teacher at Lincoln High") claims nothing.
    """
    if not bio:
        return ""
    lower = bio.lower()
    for sign in CLAIM_SIGNS:
        if sign in lower:
            found = CLAIM.search(bio)
            return bio[found.end() : found.end() + LONGEST_CLAIM] if found else ""
    return ""


def haystack(profile: Profile) -> str:
    """Return the folded, fused texts every name must occur in to be read, one a line."""
    texts = (profile.handle, profile.display_name, claim_of(profile.bio))
    return "\n".join(["", *spellings([text and text[:LONGEST_NAME] for text in texts]), ""])


def spellings(texts: Iterable[str | None]) -> list[str]:
    """Return texts folded and fused, and the same with leet signs undone."""
    lines = []
    for text in texts:
        if text:
            is_fused = text.isascii() and text.isalnum()
            fused = text.lower() if is_fused else squeeze_folded(fold(text))
            lines.append(fused)
            if not fused.isalpha():
                lines += unleet(fused)
    return lines


def _spellings(name: str, text: str, words: Words) -> Iterator[Field]:
    shown = text[:LONGEST_CLAIM]
    yield Field(name, shown, words, is_disguised=_has_look_alikes(text))
    for spelling in unleet(words.squeezed):
        if len(words.words) > 1:
            yield Field(name, shown, _respell(words, spelling), is_disguised=True)
        else:
            yield Field(name, shown, join_words((spelling,)), is_disguised=True)


def spelt_right(field: Field, misspelt: Misspelt) -> Field:
    """Return a field as it would read without the mistake."""
    words, (begin, end, _, name) = field.words, misspelt
    text, more = words.squeezed, len(name) - (end - begin)
    starts = {s if s <= begin else s + more for s in words.starts if not begin < s < end}
    right = Words(words.words, f"{text[:begin]}{name}{text[end:]}", frozenset(starts))
    return Field(field.name, field.text, right, misspelt=misspelt)


def _respell(words: Words, spelling: str) -> Words:
    marks = sorted(words.starts)
    return join_words(tuple(spelling[a:b] for a, b in pairwise(marks) if a < b))


def _has_look_alikes(text: str) -> bool:
    """Whether Latin letters are mixed with letters of another script that only look Latin."""
    if text.isascii():
        return False
    composed = unicodedata.normalize("NFKC", text)
    if not any(char.isascii() and char.isalpha() for char in composed):
        return False
    return any(_script(char) in LATIN_LOOKING for char in composed if plain(char).isascii())


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
