"""Build the gazetteer: ``python -m auditor.matching.build_gazetteer SOURCE.parquet``.

SOURCE has one row a district: district_id, district_name, state, city, county, domains, schools,
school_cities, agency_type (NCES Common Core of Data).  Written are ``gazetteer_districts.parquet``
(with the initials and numbers that show a district), ``gazetteer_schools.parquet``, the folded
names in ``gazetteer_names.parquet`` (key, first bearer) and ``gazetteer_bearers.parquet``
(institution, quality in hundredths, kind), and the given names that schools are named after.
Institutions are numbered districts first, then schools.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.matching.text import split_words
from auditor.matching.vocabulary import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.matching.naming import Name

SEEN_BEFORE_INITIAL = 3
FACTS = ("district_id", "district_name", "state", "city", "county")
COLUMNS = (*FACTS, "domains", "schools", "school_cities", "agency_type")


def main(arguments: Sequence[str]) -> int:
    """Build from the one file named; 2 when it is not named or not there."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        sys.stderr.write("Name one existing Parquet file of districts.\n")
        return 2
    import pyarrow.parquet as pq

    rows = pq.read_table(arguments[0], columns=list(COLUMNS)).to_pylist()
    build(sorted(rows, key=lambda row: row["district_id"]), Path(str(files("auditor") / "data")))
    return 0


def build(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write every file of the gazetteer for ``rows`` into ``folder``."""
    from auditor.matching.naming import given_names

    schools = list(_schools(rows))
    given = find_given_names(name for _, name, _ in schools)
    (folder / "given_names.txt").write_text("\n".join(given) + "\n", encoding="utf-8")
    given_names.cache_clear()
    named = _name_all(rows, schools)
    _write_names(named, folder)
    _write_institutions(rows, schools, named, folder)


def find_given_names(names: Iterable[str]) -> list[str]:
    """Return first words that stand before a middle initial three times ("John F Kennedy")."""
    seen: Counter[str] = Counter()
    for name in names:
        words = split_words(name.lower())
        if len(words) > 2 and len(words[0]) > 2 and len(words[1]) == 1 and len(words[2]) > 3:
            seen[words[0]] += 1
    return sorted(
        word for word, count in seen.items() if count >= SEEN_BEFORE_INITIAL and not tags_of(word)
    )


def _schools(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[int, str, str]]:
    for place, row in enumerate(rows):
        for name, town in zip(row["schools"], row["school_cities"], strict=True):
            yield place, name, town


def _name_all(
    rows: Sequence[dict[str, Any]], schools: Sequence[tuple[int, str, str]]
) -> list[tuple[Name, ...]]:
    """Return the names of every institution, by its number."""
    from auditor.matching.initials import school_initials
    from auditor.matching.naming import (
        Name,
        NameKind,
        district_names,
        school_core,
        school_names,
    )

    named = [
        tuple(district_names(row["district_name"], row["county"], row["domains"])) for row in rows
    ]
    for _, school, _ in schools:
        full = school_names(school)
        initials = school_initials(school_core(school), full[0].tags) if full else ()
        known = {one.key for one in full}
        short = sorted({key for key in initials if len(key) > 2} - known)
        named.append((*full, *(Name(k, NameKind.INITIALS, 0.4, full[0].tags) for k in short)))
    return named


def _write_names(named: Sequence[Sequence[Name]], folder: Path) -> None:
    import pyarrow as pa

    bearers: defaultdict[str, list[tuple[int, Name]]] = defaultdict(list)
    for place, names in enumerate(named):
        for name in names:
            bearers[name.key].append((place, name))
    keys = sorted(bearers)
    flat = [pair for key in keys for pair in bearers[key]]
    counts = [len(bearers[key]) for key in keys]
    firsts = [0]
    for count in counts:
        firsts.append(firsts[-1] + count)
    _write(folder, "names", {"key": keys, "first": pa.array(firsts[:-1], pa.int32())})
    institution = pa.array([place for place, _ in flat], pa.int32())
    quality = pa.array([round(name.quality * 100) for _, name in flat], pa.uint8())
    kind = pa.array([int(name.kind) for _, name in flat], pa.uint8())
    _write(folder, "bearers", {"institution": institution, "quality": quality, "kind": kind})


def _write_institutions(
    rows: Sequence[dict[str, Any]],
    schools: Sequence[tuple[int, str, str]],
    named: Sequence[Sequence[Name]],
    folder: Path,
) -> None:
    import pyarrow as pa

    tags = [int(names[0].tags) if names else 0 for names in named]
    columns: dict[str, Any] = {column: [row[column] or "" for row in rows] for column in FACTS}
    columns["domains"] = [list(row["domains"]) for row in rows]
    columns["agency_type"] = [_type_digit(row["agency_type"]) for row in rows]
    columns["cues"] = [
        " ".join(_cues(row["district_name"], names))
        for row, names in zip(rows, named[: len(rows)], strict=True)
    ]
    columns["tags"] = pa.array(tags[: len(rows)], pa.int32())
    _write(folder, "districts", columns)
    columns = {
        "district": pa.array([place for place, _, _ in schools], pa.int32()),
        "name": [name for _, name, _ in schools],
        "town": [town or "" for _, _, town in schools],
        "tags": pa.array(tags[len(rows) :], pa.int32()),
    }
    _write(folder, "schools", columns)


def _cues(district: str, names: Iterable[Name]) -> Iterable[str]:
    """Return the initials and numbers that show a district beside a school's name."""
    from auditor.matching.naming import CUES, plain_cues

    listed = sorted(name.key for name in names if name.kind in CUES)
    return dict.fromkeys((*listed, *plain_cues(district)))


def _type_digit(text: str | None) -> str:
    return text[0] if text and text[0].isdecimal() else ""


def _write(folder: Path, name: str, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = [column for column in columns if column in {"key", "first", "institution"}]
    pq.write_table(
        pa.table(columns),
        folder / f"gazetteer_{name}.parquet",
        compression="zstd",
        compression_level=19,
        use_dictionary=[column for column in columns if column not in plain],
        write_statistics=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
