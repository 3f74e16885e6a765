"""Sweeps over files that are empty, broken, oddly typed, huge or made to mislead."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from brand_files import HANDLES, write_brands, write_profiles

from auditor import sweep_brands
from auditor.cli import invoke
from auditor.errors import AuditError
from auditor.sweep import Sweep, sweep

AMERY = "ameryhighschool"


@pytest.fixture
def brands(tmp_path: Path) -> Path:
    return write_brands(tmp_path / "brands.parquet")


def write(path: Path, rows: list[dict[str, object]], schema: pa.Schema | None = None) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def flagged(brands: Path, profiles: str) -> list[str]:
    out = brands.with_name("flags.parquet")
    sweep(Sweep(brands, profiles, out))
    return sorted(row["handle"] for row in pq.read_table(out).to_pylist())


def test_files_of_other_schemas_are_swept_together(brands: Path, tmp_path: Path) -> None:
    text = pa.dictionary(pa.int32(), pa.string())
    schemas = [
        pa.schema({"platform": text, "handle": text}),
        pa.schema({"url": pa.large_string(), "handle": pa.null(), "followers": pa.int64()}),
        pa.schema({"platform": pa.string(), "handle": pa.int64(), "display_name": pa.string()}),
    ]
    rows: list[dict[str, object]] = [
        {"platform": "facebook", "handle": AMERY},
        {"url": "https://www.facebook.com/AmeryMiddleSchool", "followers": 3},
        {"platform": "x", "handle": 7, "display_name": "Amery High School"},
    ]
    for number, (schema, row) in enumerate(zip(schemas, rows, strict=True)):
        write(tmp_path / f"p{number}.parquet", [row], schema)
    assert set(flagged(brands, str(tmp_path / "p*.parquet"))) == {"7", "AmeryMiddleSchool", AMERY}


def test_partitions_without_rows_or_values_are_nothing(brands: Path, tmp_path: Path) -> None:
    schema = pa.schema({name: pa.string() for name in ("platform", "handle", "url", "bio")})
    write(tmp_path / "p0.parquet", [], schema)
    write(tmp_path / "p1.parquet", [dict.fromkeys(schema.names)] * 5, schema)
    write(tmp_path / "p2.parquet", [{"platform": "facebook", "handle": AMERY}])
    result = sweep(Sweep(brands, str(tmp_path / "p*.parquet"), tmp_path / "flags.parquet"))
    assert result.profiles == 6
    assert flagged(brands, str(tmp_path / "p*.parquet")) == [AMERY]


def test_a_part_broken_inside_is_named_and_the_rest_done(
    brands: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_profiles(tmp_path / "p1.parquet", (AMERY,) * 9, group=3)
    column = pq.ParquetFile(path).metadata.row_group(1).column(2)
    content = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    out = tmp_path / "flags.parquet"
    asked = ["sweep", "--brands", str(brands), "--profiles", str(path), "--out", str(out)]
    assert invoke(asked) == 3
    printed = capsys.readouterr()
    assert "p1.parquet" in printed.err
    assert json.loads(printed.out)["profiles"] == 6
    assert pq.read_table(out).num_rows == 6


@pytest.mark.parametrize(
    "name",
    [
        "\u202eAmery High School\u202c",
        "Amery\u200d \u200bHigh\u200d School",
        "Amery High School \U0001f3eb\ufe0f",
        "\uff21mery High School",
        "Аmery High School",
        "Amery\0 High School",
        "Amery\nHigh\tSchool",
        "4mery High School",
    ],
)
def test_a_name_is_found_through_what_hides_it(brands: Path, tmp_path: Path, name: str) -> None:
    row = {"platform": "facebook", "handle": "p.1", "display_name": name}
    write(tmp_path / "p.parquet", [row])
    assert flagged(brands, str(tmp_path / "p.parquet")) == ["p.1"]


def test_lone_surrogates_are_text_like_any_other(brands: Path, tmp_path: Path) -> None:
    line = '{"platform": "facebook", "handle": "p.1", "display_name": "Amery High School \\ud800"}'
    (tmp_path / "p.jsonl").write_text(line + "\n", encoding="utf-8")
    assert flagged(brands, str(tmp_path / "p.jsonl")) == ["p.1"]


def test_bytes_that_are_no_text_cost_their_part_at_most(brands: Path, tmp_path: Path) -> None:
    raw = pa.array([b"\xed\xa0\x80 amery high school \xff", AMERY.encode()], pa.binary())
    names = pa.StringArray.from_buffers(2, raw.buffers()[1], raw.buffers()[2])
    table = pa.table({"platform": ["facebook"] * 2, "handle": ["p.1", "p.2"], "bio": names})
    pq.write_table(table, tmp_path / "p1.parquet")
    write(tmp_path / "p2.parquet", [{"platform": "facebook", "handle": AMERY}])
    assert AMERY in flagged(brands, str(tmp_path / "p*.parquet"))


def test_a_bio_of_ten_megabytes_is_read_like_a_short_one(brands: Path, tmp_path: Path) -> None:
    claim = "official page of Amery High School "
    bios = {"front": claim + "x" * 10_000_000, "back": "x " * 5_000_000 + claim}
    rows = [{"platform": "facebook", "handle": h, "bio": bio} for h, bio in bios.items()]
    write(tmp_path / "p.parquet", rows)
    assert flagged(brands, str(tmp_path / "p.parquet")) == ["front"]


def test_brands_that_name_next_to_nothing_flag_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(
        "district_id,district_name,state,short_names,mascots,schools,school_cities\n"
        "1,A,WI,|x|,,School|A|The School,\n2,??,,,|,|,|\n3,High School District,,,,High,Amery|\n",
        encoding="utf-8",
    )
    profiles = write_profiles(tmp_path / "p.parquet", (*HANDLES, "school", "theschool", "a", "x"))
    assert "sunrisebakery" not in flagged(tmp_path / "b.csv", str(profiles))
    assert "jane.doe" not in flagged(tmp_path / "b.csv", str(profiles))


def test_a_brands_file_beyond_the_country_is_refused_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_brands, "_brand", pytest.fail)
    names = pa.array(["Amery"]).take(pa.array([0] * 1_000_000))
    pq.write_table(pa.table({"district_name": names}), tmp_path / "b.parquet")
    profiles = write_profiles(tmp_path / "p.parquet")
    with pytest.raises(AuditError, match=r"more than 60,000 rows .* split it"):
        sweep(Sweep(tmp_path / "b.parquet", str(profiles), tmp_path / "flags.parquet"))


def test_lists_in_csv_are_separated_by_bars(brands: Path, tmp_path: Path) -> None:
    header = "district_id,district_name,state,city,county,domains,short_names,schools,school_cities"
    row = "5500300,Amery School District,WI,Amery,Polk County,district.example,"
    schools = "Amery High|Amery Middle|Lien Elementary,Amery|Amery|Amery"
    (tmp_path / "b.csv").write_text(f"{header}\n{row},{schools}\n", encoding="utf-8")
    profiles = str(write_profiles(tmp_path / "p.parquet"))
    assert {AMERY, "lienelementary"} <= set(flagged(tmp_path / "b.csv", profiles))


def test_the_same_brand_twice_flags_twice(brands: Path, tmp_path: Path) -> None:
    table = pq.read_table(brands)
    pq.write_table(pa.concat_tables([table, table]), tmp_path / "twice.parquet")
    profiles = str(write_profiles(tmp_path / "p.parquet"))
    once = flagged(brands, profiles)
    assert flagged(tmp_path / "twice.parquet", profiles) == sorted(once * 2)
