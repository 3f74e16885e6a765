"""The brands a sweep judges by: a Parquet or CSV file with one row a district.

Columns: district_id, district_name, state, city, county, domains, email_domains, short_names,
mascots, schools, school_cities; lists in Parquet, separated by ``|`` in CSV.  Only district_name
is required.  short_names that are only initials derived from the name add nothing and are left.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from auditor.errors import AuditError
from auditor.matching.brand import BrandSchool, brand_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from auditor.matching.brand import Brand

LISTS = ("domains", "email_domains", "short_names", "mascots", "schools", "school_cities")
TEXTS = ("district_id", "district_name", "state", "city", "county")
BATCH = 4096
MAX_FIELD = 4_000_000
LEAST_SHORT_NAME = 7
MOST_ROWS, MOST_SCHOOLS = 60_000, 400_000
Row = dict[str, object]


class BrandsError(AuditError):
    """The brands file cannot be used."""


def read_brands(path: Path) -> list[Brand]:
    """Read every brand; rows without a name are left out.  BrandsError for a file that is none."""
    brands = [brand for row in _rows(path) if (brand := _brand(row)) is not None]
    if not brands:
        raise BrandsError(f"'{path.name}' names no district; give it a column district_name.")
    return brands


def count_brands(path: Path) -> int:
    """Return how many brands ``read_brands`` would read, without deriving their names.

    BrandsError for a file that is none or is too large to be held in memory.
    """
    count = schools = 0
    for rows, row in enumerate(_rows(path, ("district_name", "schools")), 1):
        count += bool(_text(row.get("district_name")))
        schools += len(_texts(row.get("schools")))
        if rows > MOST_ROWS or schools > MOST_SCHOOLS:
            raise BrandsError(
                f"'{path.name}' has more than {MOST_ROWS:,} rows or {MOST_SCHOOLS:,} schools, "
                "several times those of the country; split it and sweep the pieces."
            )
    if not count:
        raise BrandsError(f"'{path.name}' names no district; give it a column district_name.")
    return count


def mail_domains(path: Path) -> dict[str, list[str]]:
    """Return domain -> the ids of the districts that use it for mail, the shared ones left out.

    A domain beneath which other audited districts have their own, such as k12.mo.us, is a public
    suffix and nobody's own.
    """
    owners: dict[str, list[str]] = {}
    for row in _rows(path):
        listed = _texts(row.get("email_domains")) or _texts(row.get("domains"))
        for domain in dict.fromkeys(_host(one) for one in listed):
            if domain:
                owners.setdefault(domain, []).append(_text(row.get("district_id")))
    parents = {parent for domain in owners for parent in _parents(domain)}
    shared = {
        parent
        for parent in parents & set(owners)
        if parent.split(".")[0] == "k12" or _is_shared(parent, owners)
    }
    return {domain: ids for domain, ids in owners.items() if domain not in shared}


def _is_shared(parent: str, owners: Mapping[str, list[str]]) -> bool:
    beneath = {i for d, ids in owners.items() if d.endswith("." + parent) for i in ids}
    return bool(beneath - set(owners[parent]))


def _parents(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    yield from (".".join(labels[first:]) for first in range(1, len(labels) - 1))


def _host(text: str) -> str:
    return text.strip().lower().removeprefix("www.").strip("@.")


def _rows(path: Path, columns: Sequence[str] = (*TEXTS, *LISTS)) -> Iterator[Row]:
    is_parquet = path.suffix.lower() == ".parquet"
    try:
        yield from _parquet_rows(path, columns) if is_parquet else _csv_rows(path)
    except FileNotFoundError:
        raise BrandsError(f"'{path}' does not exist; check --brands.") from None
    except (UnicodeDecodeError, csv.Error):
        raise BrandsError(f"'{path.name}' is no CSV in UTF-8; save it again as one.") from None


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = [name for name in file.schema_arrow.names if name in columns]
            for batch in file.iter_batches(BATCH, columns=wanted, use_threads=False):
                yield from batch.to_pylist()
    except pa.ArrowException:
        raise BrandsError(f"'{path.name}' is no readable Parquet; deliver it again.") from None


def _csv_rows(path: Path) -> Iterator[Row]:
    before = csv.field_size_limit(MAX_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                yield {name: row.get(name) for name in (*TEXTS, *LISTS)}
    finally:
        csv.field_size_limit(before)


def _brand(row: Row) -> Brand | None:
    name, state, city, county = (_text(row.get(column)) for column in TEXTS[1:])
    if not name:
        return None
    names, towns = _texts(row.get("schools")), _texts(row.get("school_cities"), keep_empty=True)
    towns += [""] * (len(names) - len(towns))
    return brand_of(
        name,
        state or None,
        city or None,
        county or None,
        _texts(row.get("domains")),
        _short_names(row),
        _texts(row.get("mascots")),
        [BrandSchool(n, n, town or None) for n, town in zip(names, towns, strict=False)],
        _text(row.get("district_id")) or None,
    )


def _short_names(row: Row) -> list[str]:
    """Keep short names that say more than initials, which are derived from the name anyway."""
    return [name for name in _texts(row.get("short_names")) if len(name) >= LEAST_SHORT_NAME]


def _text(value: object) -> str:
    return " ".join(str(value).split())[:300] if isinstance(value, str | int) else ""


def _texts(value: object, *, keep_empty: bool = False) -> list[str]:
    items: Iterable[object] = value.split("|") if isinstance(value, str) else ()
    if isinstance(value, list | tuple):
        items = value
    texts = [_text(item) for item in items]
    return texts if keep_empty else [text for text in texts if text]
