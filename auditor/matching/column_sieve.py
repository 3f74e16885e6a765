"""A first look at whole Arrow columns: which rows may carry a name, or an address, at all?

No Python object is made of a row that is left out.  Every row the matcher could flag is kept:
a row that cannot be read in one piece with the others (escapes, controls, odd types) is kept too.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.matching.fields import CLAIM_RE2, claim_of
from auditor.matching.mailboxes import ADDRESS_RE2
from auditor.matching.misspelling import school_words
from auditor.matching.squeezed_lines import (
    LEET,
    LETTERS,
    NEWLINE,
    SQUEEZED,
    SqueezedLines,
    squeeze_ascii,
    squeeze_codes,
)
from auditor.matching.unmasking import DISGUISE_RE2, readable, readable_re2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from auditor.matching.hypotheses import BrandIndex
    from auditor.matching.squeezed_lines import Bytes, Flags, Places

    Found = NDArray[np.intp]
    from connectors.records import Profile

NAMED = ("handle", "url", "display_name")
ADDRESSED = ("bio", "website", "display_name", "location", "handle", "url", "public_addresses")
MOST_NAMES = 20_000
MOST_IN_TABLE = 2_000
"""Up to so many names and pieces, the automaton as a whole table is small, and thrice as fast."""
ESCAPE = ord("%")
SHOWN_RE2 = f"{ADDRESS_RE2}|{DISGUISE_RE2}"


class NameSieve:
    """Keeps the rows whose handle, URL, display name or claim a name may stand in."""

    def __init__(self, index: BrandIndex) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation

        keys = list(index.terms) or ["\0"]
        self._is_weak = np.array([key in index.weak for key in keys])
        self._is_ascii = all(map(str.isascii, keys))
        self._misspellings = index.misspellings
        openings = self._misspellings.openings
        self._opening = np.array([ord(letter or "\0") for letter, _ in openings], np.uint8)
        self._before = np.array([before for _, before in openings], np.intp)
        if len(keys) > MOST_NAMES:
            return
        looked_for = [*keys, *self._misspellings.pieces]
        kind = Implementation.DFA if len(looked_for) <= MOST_IN_TABLE else None
        written = [one.encode("utf-8", "replace") for one in looked_for]
        self._automaton = BytesAhoCorasick(written, implementation=kind)
        self._schools = BytesAhoCorasick([word.encode() for word in school_words()])

    def select(self, columns: Mapping[str, pa.Array]) -> Flags:
        """Return which rows of ``columns`` (field -> Arrow array) may be flagged.

        With so many names that some stand in nearly every text, looking saves nothing.
        """
        import pyarrow.compute as pc

        rows = len(next(iter(columns.values())))
        bio, *texts = (_text(columns.get(name), rows) for name in ("bio", *NAMED))
        is_text = bio is not None and all(text is not None for text in texts)
        if not rows or not is_text or len(self._is_weak) > MOST_NAMES:
            return np.ones(rows, bool)
        joined, is_broken = _join_rows(texts)
        data = joined.buffers()[2]
        ends = np.frombuffer(joined.buffers()[1], np.int64)[1 : rows + 1]
        kept = is_broken | self._in_rows(_Written(data.to_pybytes() if data else b"", ends))
        claims = pc.match_substring_regex(bio, CLAIM_RE2, ignore_case=True).fill_null(False)
        claiming = np.flatnonzero(np.asarray(claims) & ~kept)
        claimed = [claim_of(text).replace("\n", " ") for text in bio.take(claiming).to_pylist()]
        kept[claiming[self._in_lines("\n".join([*claimed, ""]), 1)]] = True
        return kept

    def select_profiles(self, profiles: Sequence[Profile]) -> Flags:
        """Return which profiles may be flagged, by handle, display name and what the bio claims."""
        if len(self._is_weak) > MOST_NAMES:
            return np.ones(len(profiles), bool)
        lines = []
        for one in profiles:
            texts = f"{one.handle or ''}\0{one.display_name or ''}\0{claim_of(one.bio)}"
            lines.append(texts.replace("\n", " ").replace("\0", "\n") + "\n")
            if lines[-1].count("\n") != len(NAMED):
                lines[-1] = "%\n\n\n"
        rows = [line.encode("utf-8", "surrogatepass") for line in lines]
        ends = np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)))
        return self._in_rows(_Written(b"".join(rows), ends))

    def _in_rows(self, written: _Written) -> Flags:
        """Return which rows hold a name, or what is to be read by itself."""
        kept = written.is_escaped.copy()
        kept[self._in_plain(written)] = True
        kept &= written.is_escaped | ~written.is_odd
        odd = np.flatnonzero(written.is_odd)
        kept[odd[self._in_lines(written.text_of(odd), len(NAMED))]] = True
        return kept

    def _in_plain(self, written: _Written) -> Places:
        """Return the rows of ASCII in which names stand that are long, or end where words may."""
        lines = written.lines
        names, pieces = self._parted(self._match(lines.text))
        found = [written.rows_of(names, None, self._is_weak), self._misspelt(lines, pieces)]
        for leet in filter(len, lines.leet_places()):
            part = lines.places_in(lines.rows_of(leet))
            text, signs = lines.text[part], np.searchsorted(part, leet)
            for letters in LEET:
                text[signs] = letters[lines.text[leet]]
                names, _ = self._parted(self._match(text))
                found.append(written.rows_of(names, part, self._is_weak))
        return np.concatenate(found)

    def _in_lines(self, text: str, lines_a_row: int) -> Places:
        """Return the rows of a text in which a name stands, or what is to be read by itself."""
        if not self._is_ascii and not text.isascii():
            return np.arange(text.count("\n") // lines_a_row)
        codes, odd = squeeze_codes(text)
        lines = SqueezedLines(codes, lines_a_row)
        names, pieces = self._parted(self._match(codes))
        found = [lines.rows_of(odd), lines.rows_of(names[:, 1]), self._misspelt(lines, pieces)]
        for leet, letters in product(filter(len, lines.leet_places()), LEET):
            spelt = codes.copy()
            spelt[leet] = letters[codes[leet]]
            names, _ = self._parted(self._match(spelt))
            found.append(lines.rows_of(names[:, 1]))
        return np.unique(np.concatenate(found))

    def _misspelt(self, lines: SqueezedLines, pieces: Found) -> Places:
        """Return the rows in which a long name may be misspelt.

        They hold a piece of one and a word for a school; only those few are looked at one by one.
        """
        pieces = pieces[self._are_opened(lines.text, pieces)]
        if not len(pieces):
            return np.empty(0, np.intp)
        part = lines.places_in(lines.rows_of(pieces[:, 1]))
        text = lines.text[part].tobytes()
        told = np.array(self._schools.find_matches_as_indexes(text), np.intp).reshape(-1, 3)
        rows = np.unique(lines.rows_of(part[told[:, 1]]))
        return rows[[self._misspellings.may_stand(lines.row(row)) for row in rows.tolist()]]

    def _are_opened(self, text: Bytes, pieces: Found) -> Flags:
        """Whether the first letter of its name stands before each piece, give or take an edit."""
        number = pieces[:, 0] - len(self._is_weak)
        letter, place = self._opening[number], pieces[:, 1] - self._before[number]
        opened: Flags = letter == 0
        for shift in (-1, 0, 1):
            opened |= text[np.maximum(place + shift, 0)] == letter
        return opened

    def _parted(self, found: Found) -> tuple[Found, Found]:
        """Part what was found into names and the pieces of names that may be misspelt."""
        is_name = found[:, 0] < len(self._is_weak)
        return found[is_name], found[~is_name]

    def _match(self, text: Bytes) -> Found:
        """Return every name and piece in a text: its number, and where it begins and ends."""
        matches = self._automaton.find_matches_as_indexes(text.tobytes(), overlapping=True)
        return np.array(matches, dtype=np.intp).reshape(-1, 3)


class _Written:
    """The three lines of every row as written in one buffer, and squeezed.

    ``is_odd`` tells the rows that are not ASCII, whose squeezed text means nothing;
    ``is_escaped`` those that hold an escape.
    """

    def __init__(self, text: bytes, ends: NDArray[np.int64]) -> None:
        self._text, self._ends = text, ends
        self._bytes = np.frombuffer(text, np.uint8)
        self.is_odd = self._rows_where(self._bytes >= 128)
        self.is_escaped = np.zeros(len(ends), bool)
        if ESCAPE in text:
            self.is_escaped = self._rows_where(self._bytes == ESCAPE)
        self.lines = SqueezedLines(squeeze_ascii(text), len(NAMED))

    def _rows_where(self, is_so: Flags) -> Flags:
        flags = np.zeros(len(self._ends), bool)
        flags[np.searchsorted(self._ends, np.flatnonzero(is_so), side="right")] = True
        return flags

    def text_of(self, rows: Places) -> str:
        """Return the lines of some rows as text."""
        lasts = self._ends[rows]
        firsts = np.where(rows > 0, self._ends[rows - 1], 0)
        spans = zip(firsts.tolist(), lasts.tolist(), strict=True)
        text = b"".join([self._text[first:last] for first, last in spans])
        return text.decode("utf-8", "surrogatepass")

    def rows_of(
        self, found: NDArray[np.intp], places: Places | None, is_weak: Flags
    ) -> NDArray[np.intp]:
        """Return the rows of the names found but for weak ones within words.

        ``places`` are those of the searched text in ``lines``, None where it is the whole.
        """
        number, begin, end = found[:, 0], found[:, 1], found[:, 2] - 1
        if places is not None:
            begin, end = places[begin], places[end]
        stands = ~is_weak[number]
        if not stands.all():
            weak = np.flatnonzero(~stands)
            stands[weak] = self._begins_word(begin[weak]) | self._begins_word(end[weak] + 1)
        return self.lines.rows_of(begin[stands])

    @cached_property
    def _place(self) -> Places:
        """Where each character of the squeezed text stands in the written one."""
        return np.flatnonzero(SQUEEZED.take(self._bytes))

    def _begins_word(self, places: Places) -> Flags:
        """Whether words may begin at places of the squeezed text.

        There stands a capital or a digit, or before them what is neither letter nor digit.
        """
        at = self._place[places]
        here, before = self._bytes[at], self._bytes[at - 1]
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
    """Tell the texts in which an address may stand, as written or with disguises undone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = _matches(text, SHOWN_RE2)
    foreign = np.flatnonzero(~np.asarray(pc.string_is_ascii(text).fill_null(True)))
    if len(foreign):
        odd = foreign[_matches(text.take(pa.array(foreign)), readable_re2())]
        table = readable()
        plain = [one.translate(table) for one in text.take(pa.array(odd)).to_pylist()]
        kept[odd] |= _matches(pa.array(plain, pa.large_string()), SHOWN_RE2)
    return kept


def _matches(text: pa.Array, pattern: str) -> Flags:
    import pyarrow.compute as pc

    found: Flags = np.asarray(pc.match_substring_regex(text, pattern).fill_null(False))
    return found


def _join_rows(texts: list[pa.Array]) -> tuple[pa.Array, Flags]:
    """Join the columns of each row as lines; and tell the rows that hold a newline, now empty."""
    import pyarrow.compute as pc

    broken = np.zeros(len(texts[0]), bool)
    joined = _join(texts)
    data = joined.buffers()[2]
    if data and data.to_pybytes().count(b"\n") != len(joined) * len(texts):
        breaks = [pc.match_substring(text, "\n").fill_null(False) for text in texts]
        broken = np.logical_or.reduce([np.asarray(one) for one in breaks])
        joined = _join([pc.if_else(b, "", t) for b, t in zip(breaks, texts, strict=True)])
    return joined, broken


def _join(texts: list[pa.Array]) -> pa.Array:
    """Join the columns of each row, every text ended by a newline."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing, newline = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
    return pc.binary_join_element_wise(
        *texts, nothing, newline, null_handling="replace", null_replacement=""
    )


def _text(column: Any, rows: int) -> Any:
    """Return a column as text: nulls where there is none, None where it is no text."""
    import pyarrow as pa

    if column is None or pa.types.is_null(column.type):
        return pa.nulls(rows, pa.large_string())
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_string())
    return None
