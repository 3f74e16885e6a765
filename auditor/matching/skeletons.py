"""A name read for comparison: what it is written as, and what it looks like.

A name is read to a skeleton in which what looks alike is alike (UTS #39, section 4, with the pairs
that deceive in handles: 0 and o; 1, i and l; 5 and s; rn and m; vv and w).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.matching.text import NUMERIC_TAIL, fold, squeeze_folded

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST = 6
LONGEST_NAME = 200
LOOKS = str.maketrans("01i5", "olls")
MOST_LETTERS = 20_000
RUN = re.compile(r"(.)\1+")
BEFORE = ("the", "official", "real")
AFTER = ("official", "real")
HOSTS = (".bsky.social",)


class Field(StrEnum):
    """Which name of an account."""

    HANDLE = "handle"
    DISPLAY_NAME = "display name"


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name read for comparison; every form is without separators.

    ``written``: lower case, styles and accents undone; ``skeleton``: look-alikes made alike too;
    ``bare``: that without "the", "real" and "official" around it; ``key``: that without doubling.
    """

    text: str
    written: str
    skeleton: str
    bare: str
    key: str


def read_name(text: str, field: Field = Field.DISPLAY_NAME) -> ReadName:
    """Read a handle (without "@", server, and numeric tail) or a display name."""
    text = name_in(text, field)
    seen = skeleton_of(text)
    bare = without_added(seen)
    return ReadName(text, _written(text), seen, bare, RUN.sub(r"\1", bare))


class _Looks(dict[int, str]):
    """What each character looks like, in small letters; nothing for what is no letter or digit."""

    def __missing__(self, code: int) -> str:
        look = squeeze_folded(fold(chr(code))).translate(LOOKS)
        if len(self) < MOST_LETTERS:
            self[code] = look
        return look


_LOOKS = _Looks()
_ASCII_LOOKS = {code: _LOOKS[code] or None for code in range(128)} | {10: "\n"}


def skeleton_of(text: str) -> str:
    """Return what a name looks like: its letters and digits, look-alikes made alike."""
    seen = text.translate(_LOOKS)
    if "rn" in seen:
        seen = seen.replace("rn", "m")
    return seen.replace("vv", "w") if "vv" in seen else seen


def skeletons(texts: Sequence[str]) -> list[str]:
    """Return what each text looks like, rn and vv as they are."""
    lines = "\n".join(text if text.isascii() else "" for text in texts)
    seen = lines.translate(_ASCII_LOOKS).split("\n")
    if len(seen) != len(texts):
        return [text.translate(_LOOKS) for text in texts]
    return [
        look if text.isascii() else text.translate(_LOOKS)
        for text, look in zip(texts, seen, strict=True)
    ]


def has_more_than_a_name(handle: str) -> bool:
    """Whether a handle has a server, a path, a host or a numeric tail beside the name."""
    return "@" in handle or "/" in handle or handle[-9:].isdigit() or handle.endswith(HOSTS)


def name_in(text: str, field: Field) -> str:
    """Return what of a handle is the name; a display name is one as it is."""
    if len(text) > LONGEST_NAME:
        text = text[:LONGEST_NAME]
    if field is Field.HANDLE:
        if "@" in text or "/" in text:
            text = text.lstrip("@").partition("@")[0].rpartition("/")[2]
        if text.endswith(HOSTS):
            text = text[: -len(next(host for host in HOSTS if text.endswith(host)))]
        if text[-1:].isdigit():
            text = NUMERIC_TAIL.sub("", text)
    return text


ADDED_BEFORE, ADDED_AFTER = tuple(map(skeleton_of, BEFORE)), tuple(map(skeleton_of, AFTER))


def without_added(skeleton: str) -> str:
    """Drop the added words around a name as long as a name is left."""
    while skeleton.startswith(ADDED_BEFORE):
        word = next(word for word in ADDED_BEFORE if skeleton.startswith(word))
        if len(skeleton) - len(word) < SHORTEST:
            break
        skeleton = skeleton[len(word) :]
    while skeleton.endswith(ADDED_AFTER):
        word = next(word for word in ADDED_AFTER if skeleton.endswith(word))
        if len(skeleton) - len(word) < SHORTEST:
            break
        skeleton = skeleton[: -len(word)]
    return skeleton


def _written(text: str) -> str:
    if text.isascii():
        return squeeze_folded(text.lower())
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).lower())
    return "".join(c for c in text if c.isalnum())


def unseen_in(text: str) -> tuple[str, ...]:
    """Return the format characters between two letters; an emoji's joiner stands between signs."""
    if text.isascii():
        return ()
    return tuple(
        c
        for before, c, after in zip(text, text[1:], text[2:], strict=False)
        if unicodedata.category(c) == "Cf" and before.isalnum() and after.isalnum()
    )
