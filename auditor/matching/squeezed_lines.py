"""Many texts squeezed as lines of one buffer of bytes, for a first look at all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditor.matching.text import squeeze

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

NEWLINE, LETTERS = ord("\n"), np.zeros(256, bool)
LETTERS[ord("a") : ord("z") + 1] = True
SQUEEZED = np.zeros(256, np.uint8)
for _char in b"abcdefghijklmnopqrstuvwxyz0123456789\n":
    SQUEEZED[_char] = _char
    SQUEEZED[bytes([_char]).upper()[0]] = _char
KEPT_AS = SQUEEZED.tobytes()
DROPPED = bytes(np.flatnonzero(SQUEEZED == 0).astype(np.uint8))
LAST_DIGIT = ord("9")
LEET_SIGNS = np.zeros(256, bool)
LEET_SIGNS[list(b"013457")] = True
LEET = []
for _letters in (b"oieast", b"oleast"):
    LEET.append(np.arange(256, dtype=np.uint8))
    LEET[-1][list(b"013457")] = list(_letters)
FOREIGN, SEVERAL, ODD, UNKNOWN = 1, 2, 3, 255
"""Codes for what no ASCII name holds, several letters, what is read by itself, and not known."""


class SqueezedLines:
    """Folded letters and digits in one buffer, as many lines a row, each ended by a newline."""

    def __init__(self, text: Bytes, lines_a_row: int) -> None:
        self.text = text
        self._low = np.flatnonzero(text <= LAST_DIGIT)
        breaks = self._low[text[self._low] == NEWLINE]
        self._ends = breaks[lines_a_row - 1 :: lines_a_row]

    def rows_of(self, places: Places) -> Places:
        """Return the rows that places of the text lie in."""
        rows: Places = np.searchsorted(self._ends, places)
        return rows

    def row(self, number: int) -> str:
        """Return the lines of one row as text; what is no ASCII name's stays a sign."""
        first = int(self._ends[number - 1]) + 1 if number else 0
        return self.text[first : int(self._ends[number])].tobytes().decode("latin-1")

    def places_in(self, rows: Places) -> Places:
        """Return all places of the text that lie in some rows, in order."""
        asked = np.unique(rows)
        ends = self._ends[asked] + 1
        sizes = ends - np.where(asked > 0, self._ends[asked - 1] + 1, 0)
        before = np.cumsum(sizes) - sizes
        return np.repeat(ends - sizes - before, sizes) + np.arange(int(sizes.sum()))

    def leet_places(self) -> list[Places]:
        """Return where leet signs stand for letters, one or two in a row, as ``unleet`` reads them.

        Where a name may begin behind a digit, as in the path of a URL, a second reading has signs
        before letters whatever stands before them.
        """
        places = self._low[LEET_SIGNS[self.text[self._low]]]
        opens = LETTERS[self.text[places - 1]] | (self.text[places - 1] == NEWLINE)
        closes = LETTERS[self.text[places + 1]]
        goes_on = np.append(np.diff(places) == 1, [False])[: len(places)]
        is_first = goes_on & np.append(closes[1:], [False])[: len(places)]
        is_second = np.append([False], (opens & is_first)[:-1])[: len(places)]
        strict, loose = places[opens & (closes | is_first) | is_second], places[closes | is_first]
        return [strict] if len(strict) == len(loose) else [strict, loose]


def squeeze_ascii(text: bytes) -> Bytes:
    """Squeeze the ASCII lines of a text; what is not ASCII is dropped."""
    return np.frombuffer(text.translate(KEPT_AS, DROPPED), np.uint8)


class _Folding:
    """Code point -> its folded letter or digit, 0 for none; worked out when first met."""

    def __init__(self) -> None:
        self._table = np.full(0x110000, UNKNOWN, np.uint8)
        self.several: dict[int, str] = {}

    def fold(self, codes: NDArray[np.uint32]) -> Bytes:
        """Return the folded characters of code points, one each."""
        found = self._table[codes]
        is_unknown = found == UNKNOWN
        if is_unknown.any():
            for code in np.unique(codes[is_unknown]).tolist():
                self._table[code] = self._read(code)
            found = self._table[codes]
        return found

    def _read(self, code: int) -> int:
        char = chr(code)
        if char == "\n":
            return NEWLINE
        if char == "%" or not char.isprintable():
            return ODD
        folded = squeeze(char)
        if not folded.isascii():
            return FOREIGN if not any(map(str.isascii, folded)) else ODD
        if len(folded) > 1:
            self.several[code] = folded
            return SEVERAL
        return ord(folded) if folded else 0


_FOLDING = _Folding()


def squeeze_codes(text: str) -> tuple[Bytes, Places]:
    """Squeeze the lines of any text as ``squeeze`` does; return them, and where it is odd.

    Letters of no ASCII name become one sign that no name holds.  Odd are escapes and what cannot
    be printed.
    """
    folded = _FOLDING.fold(_codes(text))
    if (folded == SEVERAL).any():
        text = text.translate(_FOLDING.several)
        folded = _FOLDING.fold(_codes(text))
    squeezed = folded[folded != 0]
    return squeezed, np.flatnonzero(squeezed == ODD)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
