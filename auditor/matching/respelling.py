"""A name as it is also written: abbreviated, spelt out, without titles, its long word cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLES = frozenset({
    "dr", "doctor", "mr", "mrs", "gov", "governor", "rev", "reverend", "pres",
    "president", "sgt", "sergeant", "gen", "general", "capt", "captain", "maj", "major", "col",
    "colonel", "lt", "lieutenant", "cpl", "corporal", "pfc", "spc", "pvt", "officer", "adm",
    "admiral", "commodore", "judge", "justice", "senator", "sen", "congressman", "mayor",
    "sister", "father", "1st",
})  # fmt: skip
SPELLINGS = {
    "mt": "mount", "mount": "mt", "st": "saint", "saint": "st", "ft": "fort", "fort": "ft",
    "mtn": "mountain", "n": "north", "s": "south", "e": "east", "w": "west", "jr": "junior",
    "north": "n", "south": "s", "east": "e", "west": "w",
    "martin": "ml", "washington": "wash", "hts": "heights", "heights": "hts", "pt": "point",
    "mountain": "mtn", "valley": "vly", "springs": "spgs", "spgs": "springs", "spg": "spring",
    "junction": "jct", "jct": "junction", "point": "pt", "vly": "valley", "crk": "creek",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "ne": "northeast",
    "nw": "northwest", "se": "southeast", "sw": "southwest", "sch": "school",
    "phila": "philadelphia", "county": "co",
}  # fmt: skip
LONG_WORD, CLIP = 8, 4


def respelt(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the name with one word as it is also written: mt and mount."""
    for place, word in enumerate(words):
        if len(words) > 1 and word in SPELLINGS:
            yield (*words[:place], SPELLINGS[word], *words[place + 1 :])


def untitled(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name without the titles before it: "1st Sgt Kim Lee" is Kim Lee."""
    begin = 0
    while begin < len(words) - 1 and words[begin] in TITLES:
        begin += 1
    return words[begin:]


def clipped(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the name with its long first word cut: "perkvalley" of Perkiomen Valley."""
    rest = sum(map(len, words[1:]))
    if len(words) > 1 and len(words[0]) >= LONG_WORD and rest >= CLIP:
        yield (words[0][:CLIP], *words[1:])
