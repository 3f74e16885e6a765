"""How a mail address may be written: the sign, the dots, the mailbox before and the host after."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_LOCAL = 64
WINDOW = 200
OPEN, CLOSE = r"[\[({<«]{1,2}", r"[\])}>»]{1,2}"
SYMBOL = r"[-_*|~=\"'/]"
DOT = (
    r"(?:\.(?=[a-z0-9])"
    rf"|\s{{0,4}}{OPEN}\s{{0,2}}(?:dot|\.|punkt|punto)\s{{0,2}}{CLOSE}\s{{0,4}}"
    rf"|{SYMBOL}\s?dot\s?{SYMBOL}"
    r"|\s{1,4}dot\s{1,4}"
    r"|\s{0,4}\.\s{0,4})"
)
LABEL = r"[a-z0-9](?:(?!-dot-)-{0,3}[a-z0-9]){0,62}+"
SIGN_AND_HOST = re.compile(
    r"(?P<at>@\s{0,4}"
    rf"|{OPEN}\s{{0,2}}(?:at|@|a|ät)\s{{0,2}}{CLOSE}\s{{0,4}}"
    rf"|(?P<symbol>{SYMBOL})\s?(?:at|@)\s?(?P=symbol)\s{{0,4}}"
    r"|(?<=\s)(?P<word>at)\s{1,4})"
    rf"(?P<host>{LABEL}(?:{DOT}{LABEL}){{1,10}}+)(?![@\u00c0-\u024f]|_{{0,3}}[a-z0-9])",
    re.IGNORECASE,
)
SEPARATOR = re.compile(DOT, re.IGNORECASE)
_SPACE = r"[\s\x0b\x1c-\x1f]"
ADDRESS_RE2 = (
    rf"(?i:(?:@|{OPEN}{_SPACE}*(?:[aä]t|@|a){_SPACE}*{CLOSE}"
    rf"|{SYMBOL}{_SPACE}?(?:at|@){_SPACE}?{SYMBOL}|{_SPACE}at{_SPACE}){_SPACE}*[a-z0-9][a-z0-9-]*"
    rf"(?:{_SPACE}*\.{_SPACE}*[a-z0-9]|{_SPACE}*{OPEN}{_SPACE}*(?:dot|\.|punkt|punto)"
    rf"|{SYMBOL}{_SPACE}?dot{_SPACE}?{SYMBOL}|{_SPACE}dot{_SPACE}))"
)
"""Found in ``readable`` text wherever SIGN_AND_HOST is, for engines without look-around."""

# The mailbox is read backwards from the sign, so that it is matched once and not from every place.
LETTER = r"[a-z0-9_+'\u2019\-\u00c0-\u024f\u0300-\u036f]"
TIED = rf"\.|\s{{0,4}}{CLOSE}\s{{0,2}}(?:tod|\.)\s{{0,2}}{OPEN}\s{{0,4}}"
IN_WORDS = rf"{TIED}|\s{{1,4}}tod\s{{1,4}}|{SYMBOL}tod{SYMBOL}"
SPACED = rf"{TIED}|\s{{1,4}}\.\s{{1,4}}"
WRITTEN_DOT = re.compile(
    rf"\s*{OPEN}\s*(?:dot|\.)\s*{CLOSE}\s*|{SYMBOL}dot{SYMBOL}|\s+dot\s+|\s*\.\s*", re.IGNORECASE
)

BEFORE_A_NOUN = "a an the our my your his her their more further this that"
BEFORE_A_PLACE = """
a about account all am an and any are available based be been blog both buy call check class
classes click coach coaching come connect contact d day details do done donate educator
employed employee enroll event events everyone every everything facebook find follow for
found game games go grade grades he hello her here him hosted i ig in insta instagram is it
join kids know learn learned learner learning link listen live lives located look looking
love made me meet meeting mom more now of on online only or order our out page parent play
played playing please post posted posts practice read register registered registration rep
resources retired school schools season see shop sign site snap snapchat start started stay
stop stream student students study studying sub subscribe substitute talk taught teach teacher
teachers teaches teaching team that the them there they this threads tickets tiktok time to
today tonight tutor twitter up updates us via video videos view visit visiting volunteer watch
we web website welcome what where who work worked worker working works x year years you youtube
"""
HONORIFICS = "mr mrs ms miss mx dr coach"
BEFORE_AN_EMPLOYER = """
administrator assistant athletics band choir coordinator counselor custodian dean director faculty
guidance librarian nurse orchestra president principal registrar secretary specialist staff
superintendent treasurer
"""
DETERMINERS = frozenset(f"{BEFORE_A_NOUN} {HONORIFICS}".split())
PROSE = frozenset(BEFORE_A_PLACE.split())
JOBS = frozenset(BEFORE_AN_EMPLOYER.split())
"""Capitalised before "at" and plain dots these tell a job: "Principal at district.example"."""


def _backwards(separators: str) -> re.Pattern[str]:
    atom = rf"(?:(?![-_]tod[-_]){LETTER}){{1,{LONGEST_LOCAL}}}+"
    return re.compile(
        rf"(?P<gap>\s{{0,4}})(?P<local>{atom}(?:(?:{separators}){atom}){{0,32}}+)(?!{LETTER}|@)",
        re.IGNORECASE,
    )


MAILBOX_TIED, MAILBOX_IN_WORDS, MAILBOX_SPACED = map(_backwards, (TIED, IN_WORDS, SPACED))


@dataclass(frozen=True, slots=True)
class Host:
    """The host of an address: its ``name``, the audited ``domain`` it ends in, where it ends.

    ``ways`` names how its dots were written, plain ones left out.
    """

    name: str
    domain: str
    end: int
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The part before the sign: where it starts, its text, how the sign was written."""

    start: int
    local: str
    ways: tuple[str, ...]


def read_host(match: re.Match[str], domains: frozenset[str]) -> Host | None:
    """Return the longest part of the written host that is audited and may end where it does."""
    written = match["host"]
    dots = list(SEPARATOR.finditer(written))
    starts = [0, *(dot.end() for dot in dots)]
    ends = [*(dot.start() for dot in dots), len(written)]
    labels = [written[a:b].lower() for a, b in zip(starts, ends, strict=True)]
    for count in range(len(labels), 1, -1):
        domain = audited(labels[:count], domains)
        if domain is None:
            continue
        if count < len(labels) and not _may_end(written, dots[count - 1]):
            return None
        ways = tuple(filter(None, (_name_dot(dot[0]) for dot in dots[: count - 1])))
        end = match.start("host") + ends[count - 1]
        return Host(".".join(labels[:count]), domain, end, ways)
    return None


def audited(labels: list[str], domains: frozenset[str]) -> str | None:
    """Return the longest audited domain that the host's labels end in."""
    for first in range(len(labels) - 1):
        if (domain := ".".join(labels[first:])) in domains:
            return domain
    return None


def read_mailbox(match: re.Match[str], host: Host) -> Mailbox | None:
    """Read the mailbox before the sign; None for a handle, a web address or a piece of prose."""
    text, place, sign = match.string, match.start(), match["at"]
    spaced_dots = "spaces around dots" in host.ways
    if sign[0] != "@":
        pattern = MAILBOX_IN_WORDS
    else:
        pattern = MAILBOX_SPACED if spaced_dots else MAILBOX_TIED
    behind = pattern.match(text[max(0, place - WINDOW) : place][::-1])
    if behind is None or behind.end() == WINDOW:
        return None
    written = behind["local"][::-1]
    trimmed = written.lstrip(".'\u2019+-")
    local = WRITTEN_DOT.sub(".", trimmed).replace("\u2019", "'").rstrip("'").lower()
    start = place - len(behind["gap"]) - len(trimmed)
    if not 0 < len(local) <= LONGEST_LOCAL or not any(map(str.isalnum, local)):
        return None
    if _is_web_address(text, start):
        return None
    gap = bool(behind["gap"])
    if gap and sign == "@" and not _looks_like_mailbox(text, start, local):
        return None
    if match["word"] and spaced_dots:
        return None
    if _is_bare(match, gap) and _is_prose(text, start, local, host):
        return None
    return Mailbox(start, local, _name_sign(match, behind["gap"] + sign))


def _is_bare(match: re.Match[str], gap: bool) -> bool:
    """Whether the sign could as well be the preposition "at"."""
    if match["at"][0] == "@":
        return gap and match["at"] != "@"
    return bool(match["word"]) or (match["symbol"] or "") in {"-", "_"}


def _is_prose(text: str, start: int, local: str, host: Host) -> bool:
    before = text[max(0, start - 24) : start]
    words = before.split()
    last = re.split(r"[-_]", local)[-1]
    return (
        last in PROSE
        or (last in JOBS and not host.ways and text[start : start + len(local)].istitle())
        or local.isdigit()
        or host.name.startswith("www.")
        or text[host.end : host.end + 1] == "/"
        or before.endswith(("#", "$"))
        or bool(words and before[-1:].isspace() and words[-1].lower().rstrip(".") in DETERMINERS)
    )


def _is_web_address(text: str, start: int) -> bool:
    """Whether what precedes makes it a URL's user or an account of a fediverse server."""
    before = text[max(0, start - 10) : start].lower()
    return before.endswith("acct:") or (before.endswith("://") and not before.endswith("mailto://"))


def _looks_like_mailbox(text: str, start: int, local: str) -> bool:
    """Tell "jane.doe @district.example" from "follow @district.example", a handle."""
    cue = re.search(r"(?:e-?mail|mail|contact)\s?[:=]\s?\Z", text[max(0, start - 12) : start], re.I)
    return cue is not None or any(char in local for char in "._0123456789")


def _may_end(written: str, dot: re.Match[str]) -> bool:
    """Whether an address may end before this dot: one with space, or a sentence set without any."""
    if dot[0] != ".":
        return dot[0].strip() == "."
    following = written[dot.end() :]
    return bool(re.match(r"[A-Z][a-z]{2,}", following)) and written[: dot.start()].islower()


def _name_dot(written: str) -> str:
    plain = "".join(written.split()).lower()
    if plain == ".":
        return "spaces around dots" if written != "." else ""
    return "the word dot" if plain == "dot" else plain


def _name_sign(match: re.Match[str], written: str) -> tuple[str, ...]:
    plain = "".join(written.split()).lower()
    if match["word"]:
        return ("the word at",)
    if plain != "@":
        return (plain,)
    if "\n" in written:
        return ("line split",)
    return ("spaces around @",) if written != "@" else ()
