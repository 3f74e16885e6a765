"""Text with encodings and look-alike characters undone, and the way back to what was written."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Replace = Callable[[re.Match[str]], tuple[str, str]]

ROUNDS = 4
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef"
)
FULL_WIDTH = (range(0xFE50, 0xFE70), range(0xFF01, 0xFF5F), range(0xFF61, 0xFF62))
STYLED = (
    range(0x2070, 0x20A0),
    range(0x2100, 0x2150),
    range(0x2460, 0x2500),
    range(0x1D00, 0x1DC0),
    range(0x1D400, 0x1D800),
    range(0x1F130, 0x1F14A),
)
DOTS = {0x3002: ".", 0xFF61: ".", 0x2024: "."}
ESCAPES = (
    r"(?P<entity>(?:&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,30};))++)"
    r"|(?P<percent>(?:%[0-9a-fA-F]{2})++)"
    r"|(?P<escape>\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2})"
)
ESCAPE = re.compile(ESCAPES)
ESCAPE_HINT = re.compile(r"[&%\\][#0-9a-zA-Z]")
WARNING = (
    r"(?:no[-_]?spam(?:me)?|anti[-_]?spam|de[-_]?spam|spam[-_]?free"
    r"|(?:remove|delete)(?:[-_ ]?(?:this|me))?)"
)
INSERTION = re.compile(
    rf"[\[({{<*]\s?{WARNING}\s?[\])}}>*]"
    rf"|(?<![a-z0-9]){WARNING}[-._]{{1,3}}(?=[a-z0-9@])"
    rf"|[-._]{{1,3}}{WARNING}(?=[@\s\[({{<]|\Z)"
    r"|(?-i:NO_?SPAM|(?:REMOVE|DELETE)(?:THIS|ME)?|ANTISPAM|SPAMFREE)",
    re.IGNORECASE,
)
RUN_TOGETHER = re.compile(r"(?<=[a-z0-9])(?:AT|DOT)(?=[a-z0-9])")
SPACED_OUT = re.compile(r"(?<!\S)\S(?: \S(?!\S)){5,}+")
EMOJI_JOINERS = re.compile("(?<![!-~])[\u200d\ufe0f]++")
MARKUP = re.compile(
    r"<!--.{0,300}?-->|</?(?!(?:at|dot)\s?>)([a-z]{1,10})\b[^<>]{0,1000}>", re.I | re.S
)
BLOCKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "h4"})
INSERTION_HINTS = ("spam", "remove", "delete")
DISGUISE_RE2 = (
    r"&(?:#[0-9]|#[xX][0-9a-fA-F]|[a-zA-Z][a-zA-Z0-9]{1,30};)|%[0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|(?i:spam|remove|delete)|<[a-zA-Z/!]"
    r"|[a-z0-9](?:AT|DOT)[a-z0-9]|\S(?: \S){5}"
)
"""Found in ``readable`` text wherever ``unmask`` or ``drop_markup`` changes any of it."""


@dataclass(slots=True)
class Edits:
    """Replacements made in one pass, in order: places before and after, and their kinds."""

    before: list[tuple[int, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def locate(self, place: int) -> tuple[int, int]:
        """Return the span, before the edits, of the character now at ``place``."""
        index = bisect_right(self.starts, place) - 1
        if index < 0:
            return place, place + 1
        first, last = self.before[index]
        if place >= self.ends[index]:
            moved = last + place - self.ends[index]
            return moved, moved + 1
        if last - first == self.ends[index] - self.starts[index]:
            moved = first + place - self.starts[index]
            return moved, moved + 1
        return first, last

    def within(self, start: int, end: int) -> Iterator[str]:
        """Yield the kinds of the edits that touch the characters from ``start`` to ``end``."""
        for index in range(bisect_right(self.ends, start), bisect_left(self.starts, end)):
            yield self.kinds[index]


@dataclass(frozen=True, slots=True)
class Unmasked:
    """A readable ``text``, what was ``written``, and the edits between them, oldest first."""

    written: str
    text: str
    passes: tuple[Edits, ...] = ()

    def edited(self, pattern: re.Pattern[str], replace: Replace) -> Unmasked:
        """Return this text after one more pass of replacements (itself when there is none)."""
        pieces: list[str] = []
        edits, place, length = Edits(), 0, 0
        for match in pattern.finditer(self.text):
            new, kind = replace(match)
            if new == match[0]:
                continue
            start = length + match.start() - place
            pieces += (self.text[place : match.start()], new)
            place, length = match.end(), start + len(new)
            edits.before.append(match.span())
            edits.starts.append(start)
            edits.ends.append(length)
            edits.kinds.append(kind)
        if not edits.kinds:
            return self
        pieces.append(self.text[place:])
        return Unmasked(self.written, "".join(pieces), (*self.passes, edits))

    def trace(self, start: int, end: int) -> tuple[int, int, tuple[str, ...]]:
        """Return where ``text[start:end]`` was written and the kinds of edits in it."""
        kinds: dict[str, None] = {}
        for edits in reversed(self.passes):
            kinds.update(dict.fromkeys(edits.within(start, end)))
            start, end = edits.locate(start)[0], edits.locate(end - 1)[1]
        return start, end, tuple(kinds)


def _homoglyphs() -> dict[int, str]:
    """Return letters of other scripts drawn like a Latin one; Latin letters with accents stay."""
    from confusable_homoglyphs.confusables import confusables_data

    table: dict[int, str] = {}
    for char, entries in confusables_data.items():
        if len(char) != 1 or not 0x250 <= ord(char) <= 0xFFFF or not char.isalpha():
            continue
        plain = [e["c"] for e in entries if len(e["c"]) == 1 and e["c"].isascii()]
        for letter in [c for c in plain if c.isalpha()][:1]:
            table[ord(char)] = letter.lower()
    return table


@cache
def twins() -> dict[int, str]:
    """Return a translation table of characters that stand for one ASCII character.

    Sources: Unicode compatibility decomposition (UAX #15), confusables (UTS #39) and the label
    separators of IDNA (RFC 3490, section 3.1).
    """
    table = {0x131: "i"} | _homoglyphs()
    for block in (*FULL_WIDTH, *STYLED):
        for code in block:
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isascii() and plain.isprintable():
                table[code] = plain
    return table | DOTS


@cache
def readable() -> dict[int, str | None]:
    """Return a translation table: twins undone, invisible characters gone, spaces plain."""
    unseen = re.compile(f"[{INVISIBLE}]")
    table: dict[int, str | None] = {
        code: None for code in (*range(0x80, 0x10000), *range(0xE0000, 0xE01F0))
        if unseen.match(chr(code))
    }  # fmt: skip
    table |= {code: " " for code in range(0x80, 0x10000) if chr(code).isspace()}
    return table | twins() | {ord("\u017f"): "s", ord("\u212a"): "k"}


@cache
def readable_re2() -> str:
    """Return a pattern for any one character that ``readable`` changes."""
    stretches: list[list[int]] = []
    for code in sorted(readable()):
        if stretches and stretches[-1][1] == code - 1:
            stretches[-1][1] = code
        else:
            stretches.append([code, code])
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in stretches) + "]"


@cache
def _letters() -> str:
    """Return the twins as a character class; beyond 0xFFFF only ranges are fast in ``re``."""
    singles = [re.escape(chr(code)) for code in sorted(twins()) if code <= 0xFFFF]
    ranges = [f"{chr(block[0])}-{chr(block[-1])}" for block in STYLED if block[0] > 0xFFFF]
    return "".join(singles + ranges)


@cache
def _disguised() -> re.Pattern[str]:
    return re.compile(rf"{ESCAPES}|(?P<invisible>[{INVISIBLE}]++)|(?P<twin>[{_letters()}]++)")


@cache
def _suspects() -> re.Pattern[str]:
    return re.compile(rf"[{_letters()}{INVISIBLE}]")


def is_masked(text: str) -> bool:
    """Whether ``text`` holds anything that ``unmask`` would decode or fold; fast for plain text.

    The joiners inside an emoji do not count: they hide nothing.
    """
    if any(sign in text for sign in "&%\\") and ESCAPE_HINT.search(text) and ESCAPE.search(text):
        return True
    if text.isascii():
        return False
    if "\ufe0f" in text or "\u200d" in text:
        text = EMOJI_JOINERS.sub("", text)
    return _suspects().search(text) is not None


def unmask(text: str) -> Unmasked:
    """Undo encodings (nested up to four deep), invisible and look-alike characters, insertions."""
    unmasked = Unmasked(text, text)
    for _ in range(ROUNDS):
        if not is_masked(unmasked.text):
            break
        unmasked = unmasked.edited(_disguised(), _decode)
    unmasked = unmasked.edited(SPACED_OUT, _close_up)
    unmasked = unmasked.edited(RUN_TOGETHER, _separate)
    lowered = unmasked.text.lower()
    if any(hint in lowered for hint in INSERTION_HINTS):
        unmasked = unmasked.edited(INSERTION, lambda _: ("", "NOSPAM insertion"))
    return unmasked


def drop_markup(unmasked: Unmasked) -> Unmasked:
    """Return the text without HTML tags and comments; block tags become line breaks."""
    return unmasked.edited(MARKUP, _drop_tag)


def _drop_tag(match: re.Match[str]) -> tuple[str, str]:
    return "\n" if (match[1] or "").lower() in BLOCKS else "", "HTML tags"


def _close_up(match: re.Match[str]) -> tuple[str, str]:
    return match[0].replace(" ", ""), "letters spaced out"


def _separate(match: re.Match[str]) -> tuple[str, str]:
    return ("@" if match[0] == "AT" else "."), "AT and DOT run together"


def _decode(match: re.Match[str]) -> tuple[str, str]:
    run = match[0]
    match match.lastgroup:
        case "entity":
            return unescape(run), "HTML entities"
        case "percent":
            octets = bytes.fromhex(run.replace("%", ""))
            return octets.decode("utf-8", "replace"), "percent-encoding"
        case "escape":
            return chr(int(run[2:], 16)), "escape sequences"
        case "invisible":
            return "", "invisible characters"
        case _:
            return run.translate(twins()), _name_twin(ord(run[0]))


def _name_twin(code: int) -> str:
    if any(code in block for block in FULL_WIDTH):
        return "full-width characters"
    if any(code in block for block in STYLED):
        return "styled letters"
    return "look-alike letters"
