"""Small files of brands and profiles for sweeps."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.matching.gazetteer import open_gazetteer

DISTRICTS = ("5500300", "0508940", "4811840", "3904348", "0622710")
HANDLES = (
    "ameryhighschool", "AmeryHS", "amerymiddlepto", "lienelementary", "amerypolice",
    "lincolnhighschool", "lincolnelementary", "lincolnconsolidated", "northlincolnhs", "ahs",
    "centralhighschool", "sunrisebakery", "jane.doe", "amery", "4m3ryhighschool", "lincolnar",
)  # fmt: skip


def write_brands(path: Path, ids: tuple[str, ...] = DISTRICTS) -> Path:
    found = [d for i in ids if (d := open_gazetteer().district(i)) is not None]
    rows = [
        {
            "district_id": d.nces_id, "district_name": d.name, "state": d.state, "city": d.city,
            "county": d.county, "domains": ["district.example"], "short_names": [],
            "mascots": [], "schools": [s.name for s in d.schools],
            "school_cities": [s.town for s in d.schools],
        }
        for d in found
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_profiles(path: Path, handles: tuple[str, ...] = HANDLES, *, group: int = 4) -> Path:
    rows = [
        {
            "profile_id": f"p{n}", "platform": "facebook", "handle": handle, "display_name": None,
            "bio": f"write to office{n}@district.example" if n % 3 == 0 else None,
            "url": f"https://www.facebook.com/{handle}", "location": None, "verified": None,
        }
        for n, handle in enumerate(handles)
    ]  # fmt: skip
    schema = pa.schema([(name, pa.string()) for name in rows[0]])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, row_group_size=group)
    return path
