from __future__ import annotations

import gc
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from brand_files import HANDLES, write_brands, write_profiles

from auditor.cli import invoke
from auditor.errors import AuditError
from auditor.matching.branding import Verdict, judge
from auditor.matching.gazetteer import open_gazetteer
from auditor.sweep import Sweep, sweep
from auditor.sweep_brands import mail_domains, read_brands
from connectors.profiles.file import read_profiles
from connectors.profiles.tables import read_batches


def flags_of(path: Path) -> list[dict[str, object]]:
    return pq.read_table(path).to_pylist()


@pytest.fixture
def order(tmp_path: Path) -> Sweep:
    brands = write_brands(tmp_path / "brands.parquet")
    profiles = write_profiles(tmp_path / "p.parquet")
    return Sweep(brands, str(profiles), tmp_path / "flags.parquet")


def test_a_sweep_decides_as_the_night_does(order: Sweep, tmp_path: Path) -> None:
    sweep(order)
    profiles = [
        profile
        for batch in read_batches(tmp_path / "p.parquet", "x")
        for profile in read_profiles(batch, "x", Counter(), set())
    ]
    expected = set()
    for brand in read_brands(order.brands):
        for profile in profiles:
            branding = judge(profile, brand, open_gazetteer())
            if branding.verdict is not Verdict.NONE:
                verdict = (str(branding.verdict), branding.score, branding.school)
                expected.add((brand.district_id, profile.row, *verdict))
    assert order.out is not None
    names = ("district_id", "profile_id", "verdict", "score", "school")
    found = {tuple(row[name] for name in names) for row in flags_of(order.out)}
    assert found == expected
    assert {row["profile_id"] for row in flags_of(order.out)} >= {"p0", "p1", "p2", "p3"}


def test_garbage_is_collected_again_after_a_sweep(order: Sweep) -> None:
    assert gc.isenabled()
    sweep(order)
    assert gc.isenabled()


def test_two_workers_give_the_same_rows(order: Sweep, tmp_path: Path) -> None:
    sweep(order)
    both = Sweep(order.brands, order.profiles, tmp_path / "both.parquet", workers=2)
    result = sweep(both)
    assert order.out is not None
    assert both.out is not None
    assert flags_of(both.out) == flags_of(order.out)
    assert (result.profiles, result.districts) == (len(HANDLES), len(read_brands(order.brands)))


def test_a_killed_worker_costs_only_its_part(
    order: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(order)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    both = Sweep(order.brands, order.profiles, tmp_path / "both.parquet", workers=2)
    killed: list[int] = []

    def watch(done: int, total: int, left: float | None) -> None:
        import multiprocessing

        for child in multiprocessing.active_children():
            if not killed and child.pid:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    sweep(both, watch)
    assert killed
    assert order.out is not None
    assert both.out is not None
    assert flags_of(both.out) == flags_of(order.out)


def test_a_corrupt_file_is_named_and_the_rest_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_brands(tmp_path / "brands.parquet")
    write_profiles(tmp_path / "p1.parquet", HANDLES[:4])
    (tmp_path / "p2.parquet").write_bytes(b"PAR1 nothing of the kind PAR1")
    write_profiles(tmp_path / "p3.parquet", HANDLES[4:])
    out = tmp_path / "flags.parquet"
    asked = ["sweep", "--brands", str(tmp_path / "brands.parquet"), "--out", str(out)]
    code = invoke([*asked, "--profiles", str(tmp_path / "p*.parquet")])
    printed = capsys.readouterr()
    assert code == 3
    assert "p2.parquet" in printed.err
    closing = json.loads(printed.out)
    assert closing["profiles"] == len(HANDLES)
    wanted = ["profiles", "districts", "flags", "seconds", "profiles_per_second", "peak_mb"]
    assert list(closing) == wanted
    assert {row["handle"] for row in flags_of(out)} >= {"ameryhighschool"}


def test_finished_parts_are_not_done_again(order: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    import auditor.sweep as module

    real, seen = module.sweep_part, []

    def dies_at_third(job: object, part: object) -> object:
        seen.append(part)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(job, part)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "sweep_part", dies_at_third)
    with pytest.raises(KeyboardInterrupt):
        sweep(order)
    sweep(order)
    assert len(seen) == 3 + len(HANDLES) // 4 - 2


def test_addresses_of_every_district_are_found(order: Sweep, tmp_path: Path) -> None:
    hits = tmp_path / "hits.parquet"
    result = sweep(Sweep(order.brands, order.profiles, None, hits))
    rows = flags_of(hits)
    assert result.hits == len(rows) > 0
    assert rows[0]["address"] == "office0@district.example"
    assert (rows[0]["field"], rows[0]["disguise"]) == ("bio", "plain")
    assert {row["district_id"] for row in rows} == {
        b.district_id for b in read_brands(order.brands)
    }


def test_a_suffix_that_districts_live_under_is_nobodys_own(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(
        "district_id,district_name,domains\n"
        "1,Elm,elm.k12.mo.test\n2,Oak,k12.mo.test|oak.example\n3,Ash,ash.example\n",
        encoding="utf-8",
    )
    domains = mail_domains(tmp_path / "b.csv")
    assert domains == {"elm.k12.mo.test": ["1"], "oak.example": ["2"], "ash.example": ["3"]}


def test_brands_that_say_little_or_twice_are_borne(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(
        "district_id,district_name,state,schools\n"
        "1,Amery,WI,School|Amery High\n2,A,,\n3,,WI,Lost High\n4,Amery,WI,Amery High\n",
        encoding="utf-8",
    )
    profiles = write_profiles(tmp_path / "p.parquet")
    out = tmp_path / "flags.parquet"
    assert sweep(Sweep(tmp_path / "b.csv", str(profiles), out)).districts == 3
    assert {"1", "4"} <= {str(row["district_id"]) for row in flags_of(out)}


@pytest.mark.parametrize("handles", [(), (None,) * 3])
def test_empty_and_null_files_give_no_rows(tmp_path: Path, handles: tuple[None, ...]) -> None:
    columns = {name: pa.array(handles, pa.string()) for name in ("handle", "platform", "url")}
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    brands = write_brands(tmp_path / "b.parquet")
    out = tmp_path / "flags.parquet"
    assert sweep(Sweep(brands, str(tmp_path / "p.parquet"), out)).flags == 0
    assert flags_of(out) == []


def test_hostile_text_is_swept_like_any_other(tmp_path: Path) -> None:
    rows = [
        {"url": "https://www.facebook.com/a", "bio": "amery high school " * 600_000},
        {"url": "https://www.facebook.com/b", "bio": "\u202eamery\u200d\u200d high"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p1.parquet")
    (tmp_path / "p2.csv").write_text("platform,handle\nfacebook,ameryhighschool\n")
    brands = write_brands(tmp_path / "b.parquet")
    result = sweep(Sweep(brands, str(tmp_path / "p*"), tmp_path / "flags.out"))
    assert result.profiles == 3


def test_a_row_that_no_platform_can_read_is_judged_as_written(tmp_path: Path) -> None:
    rows = [
        {"profile_id": "a", "platform": "facebook", "handle": "amery_high-school", "url": None},
        {
            "profile_id": "b", "platform": "facebook", "handle": "lienelementary",
            "url": "https://elsewhere.example/lien",
        },
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    brands = write_brands(tmp_path / "b.parquet")
    out = tmp_path / "flags.parquet"
    sweep(Sweep(brands, str(tmp_path / "p.parquet"), out))
    assert {row["profile_id"] for row in flags_of(out)} == {"a", "b"}


@pytest.mark.parametrize(
    ("brands", "profiles"), [("none.parquet", "p.parquet"), ("b.parquet", "none*.parquet")]
)
def test_a_file_that_is_not_there_is_one_sentence(
    tmp_path: Path, brands: str, profiles: str
) -> None:
    write_brands(tmp_path / "b.parquet")
    with pytest.raises(AuditError, match="check --"):
        sweep(Sweep(tmp_path / brands, str(tmp_path / profiles), tmp_path / "out.parquet"))
