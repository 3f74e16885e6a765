"""A first look at whole Arrow columns: which rows may carry a name, or an address, at all?

No Python object is made of a row that is left out.  Every row the matcher could flag is kept:
a row the tables below cannot read (other scripts, escapes, odd types) is looked at by itself.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.matching.fields import CLAIM_RE2, claim_of
from auditor.matching.mailboxes import ADDRESS_RE2
from auditor.matching.text import squeeze_lines, unleet_lines
from auditor.matching.unmasking import DISGUISE_RE2, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from auditor.matching.hypotheses import BrandIndex

    Bytes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

NAMED = ("handle", "url", "display_name")
ADDRESSED = ("bio", "website", "display_name", "location", "handle", "url", "public_addresses")
MOST_NAMES = 20_000
NEWLINE, LETTERS = ord("\n"), np.zeros(256, bool)
LETTERS[ord("a") : ord("z") + 1] = True
SQUEEZED = np.zeros(256, np.uint8)
for _char in b"abcdefghijklmnopqrstuvwxyz0123456789\n":
    SQUEEZED[_char] = _char
    SQUEEZED[bytes([_char]).upper()[0]] = _char
LEET_SIGNS = np.zeros(256, bool)
LEET_SIGNS[list(b"013457")] = True
LEET = []
for _letters in (b"oieast", b"oleast"):
    LEET.append(np.arange(256, dtype=np.uint8))
    LEET[-1][list(b"013457")] = list(_letters)


class NameSieve:
    """Keeps the rows whose handle, URL, display name or claim a name may stand in."""

    def __init__(self, index: BrandIndex) -> None:
        from ahocorasick_rs import BytesAhoCorasick

        self._index = index
        keys = list(index.terms) or ["\0"]
        self._is_weak = np.array([key in index.weak for key in keys])
        self._automaton = BytesAhoCorasick([key.encode("utf-8", "replace") for key in keys])

    def select(self, columns: Mapping[str, pa.Array]) -> Flags:
        """Return which rows of ``columns`` (field -> Arrow array) may be flagged.

        With so many names that some stand in nearly every text, looking saves nothing.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = len(next(iter(columns.values())))
        bio, *texts = (_text(columns.get(name), rows) for name in ("bio", *NAMED))
        is_text = bio is not None and all(text is not None for text in texts)
        if not rows or not is_text or len(self._is_weak) > MOST_NAMES:
            return np.ones(rows, bool)
        joined = _Joined(texts, rows)
        kept = self._in_plain(joined)
        claims = pc.match_substring_regex(bio, CLAIM_RE2, ignore_case=True).fill_null(False)
        alone = np.flatnonzero((~joined.is_plain | np.asarray(claims)) & ~kept)
        bios, *written = (c.take(pa.array(alone)).to_pylist() for c in (bio, *texts))
        rest = [*map(claim_of, bios)], *([text or "" for text in one] for one in written)
        kept[alone] = self._in_rows([*map("\t".join, zip(*rest, strict=True))])
        return kept

    def _in_rows(self, texts: list[str]) -> Flags:
        """Look at rows by their texts, folded as the matcher folds them."""
        odd = [
            row
            for row, text in enumerate(texts)
            if "%" in text or not text.replace("\t", "").isprintable()
        ]
        lines = squeeze_lines("\n".join(["" if "\n" in text else text for text in texts]))
        ends = np.cumsum([len(line) + 1 for line in lines.split("\n")])
        kept = np.zeros(len(texts), bool)
        kept[odd] = True
        for spelt in (lines, *unleet_lines(lines)):
            starts = np.fromiter(self._index.name_starts(spelt), np.intp)
            kept[np.searchsorted(ends, starts, side="right")] = True
        return kept

    def _in_plain(self, joined: _Joined) -> Flags:
        found = [self._match(joined, joined.text, None)]
        leet = joined.leet_places()
        if len(leet):
            part = joined.places_in(joined.rows_of(leet))
            text, signs = joined.text[part], np.searchsorted(part, leet)
            for letters in LEET:
                text[signs] = letters[joined.text[leet]]
                found.append(self._match(joined, text, part))
        kept = np.zeros(joined.rows, bool)
        for places in found:
            kept[joined.rows_of(places)] = True
        return kept

    def _match(self, joined: _Joined, text: Bytes, places: Places | None) -> Places:
        """Return where names begin that are long, or have one end where a word may have its."""
        matches = self._automaton.find_matches_as_indexes(text.tobytes(), overlapping=True)
        table = np.array(matches, dtype=np.intp).reshape(-1, 3)
        number, begin, end = table[:, 0], table[:, 1], table[:, 2] - 1
        if places is not None:
            begin, end = places[begin], places[end]
        stands = ~self._is_weak[number] | joined.begins_word(begin) | joined.begins_word(end + 1)
        return begin[stands]


class _Joined:
    """The texts of every row in one buffer: as written, and squeezed with the way back."""

    def __init__(self, texts: list[pa.Array], rows: int) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        nothing = pa.scalar("", pa.large_string())
        joined = pc.binary_join_element_wise(
            *texts, nothing, pa.scalar("\n", pa.large_string()),
            null_handling="replace", null_replacement="",
        )  # fmt: skip
        offsets = np.frombuffer(joined.buffers()[1], np.int64)[: rows + 1]
        self.rows = rows
        self._written = np.frombuffer(joined.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        starts = offsets[:-1] - offsets[0]
        squeezed = SQUEEZED.take(self._written)
        is_kept = squeezed != 0
        self.text = squeezed[is_kept]
        self._is_kept = is_kept
        self._counts = np.add.reduceat(is_kept, starts, dtype=np.int64)
        self._ends = np.cumsum(self._counts)
        is_odd = self._written >= 128
        self.is_plain = np.ones(rows, bool)
        if is_odd.any():
            self.is_plain = ~np.logical_or.reduceat(is_odd, starts)
        breaks = self._written == NEWLINE
        if np.count_nonzero(breaks) != rows * len(texts):
            self.is_plain &= np.add.reduceat(breaks, starts, dtype=np.int64) == len(texts)
        escapes = self._written == ord("%")
        if escapes.any():
            self.is_plain &= ~np.logical_or.reduceat(escapes, starts)

    @cached_property
    def _place(self) -> Places:
        """Where each character of the squeezed text stands in the written one."""
        return np.flatnonzero(self._is_kept)

    def rows_of(self, places: Places) -> Places:
        """Return the rows that places of the squeezed text lie in."""
        rows: Places = np.searchsorted(self._ends, places, side="right")
        return rows

    def places_in(self, rows: Places) -> Places:
        """Return the places in the squeezed text that lie in some rows."""
        asked = np.zeros(self.rows, bool)
        asked[rows] = True
        return np.flatnonzero(np.repeat(asked, self._counts))

    def leet_places(self) -> Places:
        """Return where leet signs stand between letters, one or two in a row (``unleet``)."""
        text = self.text
        places = np.flatnonzero(LEET_SIGNS[text])
        opens = LETTERS[text[places - 1]] | (text[places - 1] == NEWLINE)
        opens |= ~self._is_kept[self._place[places] - 1]
        closes = LETTERS[text[places + 1]]
        follows = np.diff(places, prepend=-2) == 1
        first = opens & ~follows
        second = follows & np.concatenate([[False], first[:-1]])
        is_run = (first & closes) | (second & closes)
        is_run |= first & np.concatenate([(second & closes)[1:], [False]])
        found: Places = places[is_run]
        return found

    def begins_word(self, places: Places) -> Flags:
        """Whether words may begin at places of the squeezed text.

        There stands a capital or a digit, or before them what is neither letter nor digit.
        """
        at = self._place[places]
        here, before = self._written[at], self._written[at - 1]
        is_first = (at == 0) | (SQUEEZED[before] == 0) | (before == NEWLINE)
        stands: Flags = is_first | ~LETTERS[here]
        return stands


class AddressSieve:
    """Keeps the rows in which an address, plain or disguised, may stand."""

    def select(self, columns: Mapping[str, pa.Array]) -> Flags:
        """Return which rows of ``columns`` (field -> Arrow array) may show an address."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = len(next(iter(columns.values())))
        kept = np.zeros(rows, bool)
        texts = []
        for name in ADDRESSED:
            text = _text(columns.get(name), rows)
            if text is None:
                kept |= np.asarray(columns[name].is_valid())
            elif text.null_count < rows:
                texts.append(text)
        if texts:
            newline = pa.scalar("\n", pa.large_string())
            kept |= _may_show(pc.binary_join_element_wise(*texts, newline, null_handling="replace"))
        return kept


def _may_show(text: pa.Array) -> Flags:
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = _matches(text)
    odd = np.flatnonzero(~np.asarray(pc.string_is_ascii(text).fill_null(True)))
    if len(odd):
        table = readable()
        plain = [one.translate(table) for one in text.take(pa.array(odd)).to_pylist()]
        kept[odd] |= _matches(pa.array(plain, pa.large_string()))
    return kept


def _matches(text: pa.Array) -> Flags:
    import pyarrow.compute as pc

    found = np.zeros(len(text), bool)
    for pattern in (ADDRESS_RE2, DISGUISE_RE2):
        found |= np.asarray(pc.match_substring_regex(text, pattern).fill_null(False))
    return found


def _text(column: Any, rows: int) -> Any:
    """Return a column as text: nulls where there is none, None where it is no text."""
    import pyarrow as pa

    if column is None or pa.types.is_null(column.type):
        return pa.nulls(rows, pa.large_string())
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_string())
    return None
