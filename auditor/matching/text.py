"""A name or handle made comparable: look-alikes, accents, leet, case splits, separators."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

LONGEST = 2000
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d{2})")
NUMERIC_TAIL = re.compile(r"[-_.]?\d{9,}$")
LEET_RUN = re.compile(r"(?:(?<=[a-z])|^)[013457@$!]{1,2}(?=[a-z])")
LEET = (str.maketrans("013457@$!", "oieastasi"), str.maketrans("013457@$!", "oleastasl"))
STROKED = {ord(char): letter for char, letter in zip("łŁøØđĐßıæœ", "llooddsiao", strict=True)}
APOSTROPHES = str.maketrans("", "", "'’‘`´")
UNSEEN = frozenset({"Cf", "Mn", "Cc", "Cs"})
SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum()}
LETTERS = {code: None for code in range(128) if not chr(code).isalnum()}


@dataclass(frozen=True, slots=True)
class Words:
    """A text as folded words.

    ``squeezed`` is the words joined; ``starts`` are the positions in it where a word begins, and
    its length as the last.
    """

    words: tuple[str, ...]
    squeezed: str
    starts: frozenset[int]


@cache
def confusables() -> dict[int, str]:
    """Return a translation table of single characters that look like an ASCII letter or digit.

    Source: Unicode confusables (UTS #39), as packaged by confusable-homoglyphs.
    """
    from confusable_homoglyphs.confusables import confusables_data

    table: dict[int, str] = dict(STROKED)
    for char, twins in confusables_data.items():
        if len(char) != 1 or char.isascii() or not unicodedata.category(char).startswith("L"):
            continue
        letters = [t["c"] for t in twins if len(t["c"]) == 1 and "A" <= t["c"] <= "z"]
        same_case = [c for c in letters if c.isalpha() and c.isupper() == char.isupper()]
        for letter in (same_case or [c for c in letters if c.isalpha()])[:1]:
            table[ord(char)] = letter.lower()
            table.setdefault(ord(char.lower()[0]), letter.lower())
    return table


def plain(text: str) -> str:
    """Return ``text`` in comparable characters, case kept: NFKC, no Cf, no accents, no twins.

    ASCII comes back as it is; text beyond 2,000 characters is cut.
    """
    text = text[:LONGEST]
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = unicodedata.normalize("NFD", text)
    kept = [c for c in text if unicodedata.category(c) not in UNSEEN]
    return "".join(kept).translate(confusables())


def fold(text: str) -> str:
    """Return ``plain`` text in lower case."""
    return plain(text).lower()


def squeeze(text: str) -> str:
    """Return the folded letters and digits of ``text`` without anything between them."""
    return squeeze_folded(fold(text))


def squeeze_folded(text: str) -> str:
    """Drop what is neither letter nor digit from folded text."""
    if text.isascii():
        return text.translate(LETTERS)
    return "".join(filter(str.isalnum, text))


def split_words(text: str) -> tuple[str, ...]:
    """Split ``text`` into folded words at separators, case changes and before numbers.

    "AmeryHS" gives amery, hs; "St. Mary's" gives st, marys; "usd303" gives usd, 303.
    """
    cased = CAMEL.sub(" ", plain(text).translate(APOSTROPHES)).replace("&", " and ")
    if cased.isascii():
        return tuple(cased.lower().translate(SEPARATORS).split())
    return tuple("".join(c if c.isalnum() else " " for c in cased.lower()).split())


def read_words(text: str) -> Words:
    """Split ``text`` and keep where each word begins in the squeezed whole."""
    return join_words(split_words(text))


def join_words(words: tuple[str, ...]) -> Words:
    """Join folded words into one ``Words``."""
    starts, place = {0}, 0
    for word in words:
        place += len(word)
        starts.add(place)
    return Words(words, "".join(words), frozenset(starts))


def read_handle(handle: str) -> Words:
    """Read a handle without "@" and without a platform's numeric tail; a bare number is empty."""
    return read_words(NUMERIC_TAIL.sub("", handle.lstrip("@")))


def unleet(squeezed: str) -> tuple[str, ...]:
    """Return the spellings that undo leet signs between letters; empty where there are none.

    "l1nc0lnhigh" gives linco... once with 1 read as i and once as l.
    """
    if squeezed.isalpha() or not LEET_RUN.search(squeezed):
        return ()
    spellings = (
        LEET_RUN.sub(lambda run, table=table: run[0].translate(table), squeezed)  # type: ignore[misc]
        for table in LEET
    )
    return tuple(dict.fromkeys(spellings))
