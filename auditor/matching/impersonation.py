"""Is one account's name made to be taken for another's?  Two names compared, many looked up.

Names that are the same in plain letters are no imitation: the same name elsewhere is most often the
same owner's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.matching.skeletons import (
    ADDED_AFTER,
    ADDED_BEFORE,
    LONGEST_NAME,
    RUN,
    SHORTEST,
    Field,
    ReadName,
    has_more_than_a_name,
    name_in,
    read_name,
    skeleton_of,
    skeletons,
    unseen_in,
    without_added,
)
from auditor.matching.text import confusables, fold
from auditor.matching.vocabulary import EDUCATION, NOTHING, Tag, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.records import AccountKey

SHORTEST_MISTYPED = 10
END = 4
KIND_WORDS = EDUCATION | Tag.MASCOT | Tag.UNIT


class Kind(StrEnum):
    """How a name imitates another, the strongest first."""

    LOOK_ALIKE = "look_alike"
    ADDED_WORDS = "added_words"
    SEPARATORS = "separators"
    DOUBLED_LETTERS = "doubled_letters"
    MISTYPED = "mistyped"


STRENGTH = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class OwnName:
    """A name of a registered account; ``sources`` are those that told it, if not the registry."""

    account: AccountKey
    field: Field
    text: str
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resemblance:
    """One name of an account beside the registered name it imitates."""

    kind: Kind
    own: OwnName
    field: Field
    text: str

    @property
    def has_foreign_letters(self) -> bool:
        """Whether characters of another script, or unseen ones, make it: no slip writes them."""
        if self.kind is not Kind.LOOK_ALIKE or self.text.isascii():
            return False
        return any(ord(c) in confusables() for c in self.text) or bool(unseen_in(self.text))


def compare(one: ReadName, other: ReadName) -> Kind | None:
    """Say how two names imitate each other, None when they do not; the order does not matter.

    Never for the same name, short names, or names that differ in digits alone: a year, a grade or a
    school's number is what tells two rightful accounts apart.
    """
    if min(len(one.bare), len(other.bare)) < SHORTEST:
        return None
    if one.written == other.written:
        if unseen_in(one.text) != unseen_in(other.text):
            return Kind.LOOK_ALIKE
        return Kind.SEPARATORS if fold(one.text) != fold(other.text) else None
    if _letters(one.written) == _letters(other.written):
        return None
    if one.skeleton == other.skeleton:
        return Kind.LOOK_ALIKE
    if one.bare == other.bare:
        return Kind.ADDED_WORDS
    if _digits(one.written) != _digits(other.written):
        return None
    if one.key == other.key:
        return Kind.DOUBLED_LETTERS
    return Kind.MISTYPED if _is_mistyped(one, other) else None


class OwnNames:
    """The names of all registered accounts, so kept that a stranger's finds its like at once.

    Most names are like none: a glance at their ends tells, and only the others are read in full.
    """

    def __init__(self, names: Iterable[OwnName]) -> None:
        self._by_key: defaultdict[str, list[tuple[OwnName, ReadName]]] = defaultdict(list)
        self._by_end: defaultdict[tuple[str, bool], list[tuple[OwnName, ReadName]]]
        self._by_end = defaultdict(list)
        self._outer: set[tuple[str, str]] = set()
        self._heads = {word[:2] for word in ADDED_BEFORE}
        self._tails = {word[-2:] for word in ADDED_AFTER}
        self._written: set[str] = set()
        for own in dict.fromkeys(names):
            read = read_name(own.text, own.field)
            if len(read.bare) < SHORTEST:
                continue
            self._by_key[read.key].append((own, read))
            self._outer.add((read.key[0], read.key[-1]))
            for name in (read.bare, read.key):
                self._heads |= _first_two(name)
                self._tails |= {pair[::-1] for pair in _first_two(name[::-1])}
            if own.field is Field.HANDLE:
                self._written.add(read.written)
            # One slip changes two neighbouring letters at most, so one end stays as it is.
            if len(read.bare) >= SHORTEST_MISTYPED:
                for is_last, end in ((False, read.bare[:END]), (True, read.bare[-END:])):
                    self._by_end[end, is_last].append((own, read))

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def glance(self, field: Field, texts: Sequence[str]) -> list[int]:
        """Return the places of the texts that begin or end as an own name may; all others are none.

        ASCII texts are read in one piece, which is several times as fast as one by one.
        """
        heads, tails, trimmed = self._heads, self._tails, field is Field.HANDLE
        seen = skeletons(texts)
        return [
            place
            for place, (text, look) in enumerate(zip(texts, seen, strict=True))
            if look[:2] in heads
            or look[-2:] in tails
            or len(text) > LONGEST_NAME
            or (trimmed and has_more_than_a_name(text))
        ]

    def find(
        self, platform: str, names: Sequence[tuple[Field, str | None]]
    ) -> tuple[Resemblance, ...]:
        """Return what an account's names imitate, the strongest first.

        An account whose handle is a registered one, letter for letter, imitates by letters that
        only look alike or not at all.  Other separators count between handles of one platform.
        """
        found, is_namesake = [], False
        for field, text in names:
            near = self._near(text, field) if text else None
            if not near or not text:
                continue
            read = read_name(text, field)
            is_namesake |= field is Field.HANDLE and read.written in self._written
            for own, known in near:
                kind = compare(known, read)
                if kind is not None and _counts(kind, own, known, platform, field, read):
                    found.append(Resemblance(kind, own, field, text[:LONGEST_NAME]))
        if is_namesake:
            found = [one for one in found if one.has_foreign_letters or one.kind is Kind.SEPARATORS]
        return tuple(sorted(found, key=lambda one: _rank(one, platform)))

    def _near(self, text: str, field: Field) -> Iterable[tuple[OwnName, ReadName]]:
        """Return the own names with the same key or the same end; every like name is among them."""
        bare = without_added(skeleton_of(name_in(text, field)))
        if len(bare) < SHORTEST:
            return ()
        near: Iterable[tuple[OwnName, ReadName]] = ()
        if (bare[0], bare[-1]) in self._outer:
            near = self._by_key.get(RUN.sub(r"\1", bare), ())
        first = self._by_end.get((bare[:END], False), ())
        last = self._by_end.get((bare[-END:], True), ())
        return dict.fromkeys((*near, *first, *last)) if first or last else near


def first_difference(one: str, other: str) -> int:
    """Return how many characters two texts have in common from the start."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _first_two(name: str) -> set[str]:
    """Return the two letters a name may begin with, doubled or with rn for m and vv for w."""
    first, second = name[0], name[1:2]
    pairs = {first + second, first + first}
    split = {"m": ("rn", "nr"), "w": ("vv", "vv")}
    pairs |= {first + pair[0] for pair in split.get(second, ())}
    return pairs | set(split.get(first, ()))


def _counts(
    kind: Kind, own: OwnName, known: ReadName, platform: str, field: Field, read: ReadName
) -> bool:
    if kind is Kind.SEPARATORS:
        return own.account.platform == platform and own.field is field is Field.HANDLE
    if kind is Kind.ADDED_WORDS:
        return len(read.skeleton) > len(known.skeleton)
    return True


def _rank(one: Resemblance, platform: str) -> tuple[object, ...]:
    own = one.own
    elsewhere = own.account.platform != platform
    return STRENGTH[one.kind], elsewhere, own.field is not one.field, own.account, own.text


def _letters(written: str) -> str:
    return "".join(c for c in written if not c.isdigit())


def _digits(written: str) -> str:
    return "".join(c for c in written if c.isdigit())


def _is_mistyped(one: ReadName, other: ReadName) -> bool:
    """Whether one letter is wrong, missing, too many, or two are swapped, and that says nothing."""
    from rapidfuzz.distance import OSA

    if min(len(one.bare), len(other.bare)) < SHORTEST_MISTYPED:
        return False
    # Reading rn as m makes two slips of one: either form will do.
    pairs = ((one.bare, other.bare), (one.written, other.written))
    if all(OSA.distance(a, b, score_cutoff=1) != 1 for a, b in pairs):
        return False
    return not _is_plural(one.written, other.written) and not _is_other_kind(
        one.written, other.written
    )


def _is_plural(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if longer == f"{shorter}s":
        return True
    return longer.replace("schools", "school") == shorter.replace("schools", "school")


def _is_other_kind(one: str, other: str) -> bool:
    """Whether the difference is one short word for another: hs and ms, wi and mn at the end."""
    begin = first_difference(one, other)
    end = first_difference(one[begin:][::-1], other[begin:][::-1])
    for left in range(min(begin, END) + 1):
        for right in range(min(end, END) + 1):
            first = one[begin - left : len(one) - end + right]
            second = other[begin - left : len(other) - end + right]
            wanted = KIND_WORDS | (Tag.STATE if right == end else NOTHING)
            if _says(first, wanted) and _says(second, wanted):
                return True
    return False


def _says(word: str, wanted: Tag) -> bool:
    return len(word) <= END and bool(tags_of(word) & wanted)
