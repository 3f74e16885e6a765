"""Every US public school district and school: who they are, and who bears a name nationally."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.matching.capitals import lower_capitals
from auditor.matching.naming import NameKind, district_names, domain_keys
from auditor.matching.text import fold, split_words, squeeze
from auditor.matching.vocabulary import STATE_CODES, STATE_OF, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

AGENCY_TYPES = {
    "1": "regular district",
    "2": "district in a supervisory union",
    "3": "supervisory union",
    "4": "regional service agency",
    "5": "state agency",
    "6": "federal agency",
    "7": "independent charter district",
    "8": "other agency",
}
MOST_FOUND = 50
LEAST_LIKENESS = 75


@dataclass(frozen=True, slots=True)
class ListedSchool:
    """A school as registered, capitals apart: its name and town ("" when not known)."""

    name: str
    town: str


@dataclass(frozen=True, slots=True)
class District:
    """A district as registered with NCES (Common Core of Data), capitals apart; "" is not known."""

    nces_id: str
    name: str
    state: str
    city: str
    county: str
    domains: tuple[str, ...]
    schools: tuple[ListedSchool, ...]
    agency_type: str
    tags: Tag


class Bearer(NamedTuple):
    """An institution that bears a name: where it is, and how fully the name says it (0..1).

    ``place`` is its number in the gazetteer; ``district`` is the NCES id.  ``town_key`` is folded
    for comparison; ``domains`` as registered; ``cues`` are initials and numbers of the district.
    """

    place: int
    district: str
    name: str
    state: str
    town: str
    town_key: str
    domains: tuple[str, ...]
    cues: tuple[str, ...]
    tags: Tag
    quality: float
    kind: NameKind


class Gazetteer:
    """The national list; each of its four files is read once, when it is first asked for.

    ``folder`` holds what ``build_gazetteer`` wrote: the package's own data unless told otherwise.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder or files("auditor") / "data"
        self.bearers = lru_cache(maxsize=8192)(self._find_bearers)
        self._place_of = lru_cache(maxsize=65536)(self._describe)
        self._cues_of = lru_cache(maxsize=32768)(self._find_cues)

    @cached_property
    def _names(self) -> pa.Table:
        return _read(self._folder, "names")

    @cached_property
    def _bearers(self) -> pa.Table:
        return _read(self._folder, "bearers")

    @cached_property
    def _first(self) -> list[int]:
        """Where each name's bearers begin, and where the last one's end."""
        return [*self._names["first"].to_pylist(), self._bearers.num_rows]

    @cached_property
    def keys(self) -> dict[str, int]:
        """Every folded name anybody bears, and its row."""
        names = self._names["key"].to_pylist()
        return dict(zip(names, range(len(names)), strict=True))

    @cached_property
    def _districts(self) -> dict[str, list[Any]]:
        table = _read(self._folder, "districts")
        return {name: table[name].to_pylist() for name in table.column_names}

    @cached_property
    def _schools(self) -> dict[str, list[Any]]:
        table = _read(self._folder, "schools")
        return {name: table[name].to_pylist() for name in table.column_names}

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {nces_id: row for row, nces_id in enumerate(self._districts["district_id"])}

    def __len__(self) -> int:
        return len(self._row_of)

    def district(self, nces_id: str) -> District | None:
        """Return the district with this NCES id (7 digits), or None."""
        row = self._row_of.get(nces_id)
        return None if row is None else self._district(row)

    def find(self, text: str) -> list[District]:
        """Return the districts meant by an id, a name or a town; a state may follow a comma.

        "Amery, WI", "amery", "5500300".  Where names fit exactly only those are given, else the
        town's districts, then names that begin with the text; at most 50, none when nothing fits.
        """
        if text.strip() in self._row_of:
            return [self._district(self._row_of[text.strip()])]
        wanted, state = _split_state(text)
        if not wanted:
            return []
        found: list[tuple[int, int]] = []
        for row, name in enumerate(self._districts["district_name"]):
            if state in {"", self._districts["state"][row]}:
                rank = self._rank(row, name, wanted)
                if rank < 3:
                    found.append((rank, row))
        best = min((rank for rank, _ in found), default=0)
        kept = sorted(found if best else [pair for pair in found if pair[0] == 0])
        return [self._district(row) for _, row in kept[:MOST_FOUND]]

    def suggest(self, text: str, limit: int = 5) -> list[District]:
        """Return the districts whose name or town looks most like ``text``, nearest first."""
        from rapidfuzz import fuzz

        wanted, state = _split_state(text)
        columns, near = self._districts, []
        for row, name in enumerate(columns["district_name"]):
            if wanted and state in {"", columns["state"][row]}:
                start = squeeze(name)[: len(wanted) + 1]
                town = squeeze(columns["city"][row])
                score = max(fuzz.ratio(wanted, start), fuzz.ratio(wanted, town))
                if score >= LEAST_LIKENESS:
                    near.append((-score, row))
        return [self._district(row) for _, row in sorted(near)[:limit]]

    def _rank(self, row: int, name: str, wanted: str) -> int:
        """0 same name, 1 same town, 2 begins with the text, 3 nothing."""
        folded = squeeze(name)
        if folded == wanted:
            return 0
        if wanted in folded and any(
            n.key == wanted for n in district_names(name) if n.kind is NameKind.NAME
        ):
            return 0
        if squeeze(self._districts["city"][row]) == wanted:
            return 1
        return 2 if folded.startswith(wanted) else 3

    def _district(self, row: int) -> District:
        columns, owners = self._districts, self._schools["district"]
        # schools are stored in the order of districts
        first, last = bisect_left(owners, row), bisect_left(owners, row + 1)
        names, towns = self._schools["name"][first:last], self._schools["town"][first:last]
        return District(
            columns["district_id"][row],
            lower_capitals(columns["district_name"][row]),
            columns["state"][row],
            columns["city"][row],
            columns["county"][row],
            tuple(columns["domains"][row]),
            tuple(map(ListedSchool, map(lower_capitals, names), towns)),
            AGENCY_TYPES.get(columns["agency_type"][row], "not stated"),
            Tag(columns["tags"][row]),
        )

    def _find_bearers(self, key: str) -> Sequence[Bearer]:
        """Return everyone who bears a folded name, districts first; empty when nobody does."""
        row = self.keys.get(key)
        if row is None:
            return ()
        first, last = self._first[row], self._first[row + 1]
        columns = (column[first:last].tolist() for column in self._bearer_columns)
        return tuple(self._bearer(*cells) for cells in zip(*columns, strict=True))

    @cached_property
    def _bearer_columns(self) -> tuple[NDArray[Any], ...]:
        """The bearers' institutions, qualities and kinds; slicing Arrow is slow."""
        import numpy as np

        kinds = (("institution", np.int32), ("quality", np.uint8), ("kind", np.uint8))
        return tuple(_numbers(self._bearers[name], kind) for name, kind in kinds)

    def _bearer(self, place: int, quality: int, kind: int) -> Bearer:
        facts = (place, *self._place_of(place), quality / 100, NameKind(kind))
        return Bearer(*facts)

    def _describe(self, place: int) -> tuple[Any, ...]:
        """Where the institution of a number is; the fields of Bearer between place and quality."""
        columns, schools, school = self._districts, self._schools, place - len(self)
        row = place if school < 0 else schools["district"][school]
        name, town, tags = columns["district_name"][row], columns["city"][row], columns["tags"][row]
        if school >= 0:
            name, tags = schools["name"][school], schools["tags"][school]
            town = schools["town"][school] or town
        facts = (columns["district_id"][row], name, columns["state"][row], town, _town_key(town))
        return (*facts, *self._cues_of(row), _tag(tags))

    def _find_cues(self, row: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return a district's domains, and its initials and numbers."""
        domains = tuple(domain_keys(self._districts["domains"][row]))
        return domains, tuple(self._districts["cues"][row].split())


@lru_cache(maxsize=32768)
def _town_key(town: str) -> str:
    return squeeze(town)


@lru_cache(maxsize=4096)
def _tag(bits: int) -> Tag:
    return Tag(bits)


@cache
def open_gazetteer() -> Gazetteer:
    """Open the packaged gazetteer; the same object every time."""
    return Gazetteer()


def _split_state(text: str) -> tuple[str, str]:
    """Split "Amery, WI" or "Amery, Wisconsin" into the squeezed name and the state's code or ""."""
    name, comma, tail = fold(text).rpartition(",")
    word = squeeze(tail)
    state = STATE_CODES.get(word) or STATE_OF.get(word) or ""
    if comma and state:
        return squeeze(name), state
    words = split_words(text.lower())
    if len(words) > 1 and re.search(r"\b[A-Z]{2}\s*$", text) and words[-1] in STATE_CODES:
        return "".join(words[:-1]), STATE_CODES[words[-1]]
    return squeeze(text), ""


def _numbers(column: pa.ChunkedArray, kind: type[np.generic]) -> NDArray[Any]:
    """Return a column without nulls as numbers; to_numpy would import pandas."""
    import numpy as np

    chunks = [
        np.frombuffer(one.buffers()[1], kind)[one.offset :][: len(one)] for one in column.chunks
    ]
    return np.concatenate(chunks) if chunks else np.empty(0, kind)


def _read(folder: Traversable, name: str) -> pa.Table:
    import pyarrow.parquet as pq

    # ParquetFile, for read_table imports pyarrow.dataset, which takes a quarter of a second.
    with (folder / f"gazetteer_{name}.parquet").open("rb") as file:
        return pq.ParquetFile(file).read(use_threads=False)
