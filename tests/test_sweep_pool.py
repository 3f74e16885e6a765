"""How the processes of a sweep begin, and what becomes of one that dies."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from brand_files import write_brands, write_profiles

import auditor.sweep_pool
from auditor.sweep import Sweep, sweep
from auditor.sweep_parts import SweepError

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

    from auditor.sweep_parts import Job, Part, PartDone


@pytest.fixture
def order(tmp_path: Path) -> Sweep:
    brands = write_brands(tmp_path / "brands.parquet")
    profiles = write_profiles(tmp_path / "p.parquet")
    out, hits = tmp_path / "flags.parquet", tmp_path / "hits.parquet"
    return Sweep(brands, str(profiles), out, hits, workers=2)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ways in which pools were asked to begin their processes."""
    ways: list[str] = []

    def note(way: str) -> BaseContext:
        ways.append(way)
        return multiprocessing.get_context(way)

    monkeypatch.setattr(auditor.sweep_pool, "get_context", note)
    return ways


ALONE = """
import multiprocessing, sys
from pathlib import Path
import auditor.sweep_pool as pool
from auditor.sweep import Sweep, sweep

ways, make_ready = [], pool.make_ready

def note(way):
    ways.append(way)
    return multiprocessing.get_context(way)

def make_ready_and_spoil(job):
    make_ready(job)
    Path(job.brands).write_bytes(b"nothing")

pool.get_context, pool.make_ready = note, make_ready_and_spoil
brands, profiles, out, hits = sys.argv[1:]
sweep(Sweep(Path(brands), profiles, Path(out), Path(hits), workers=2))
print(*ways)
"""


def rows_of(order: Sweep) -> list[object]:
    return [pq.read_table(path).to_pylist() for path in (order.out, order.addresses_out)]


def test_workers_are_forks_of_a_process_that_is_ready(order: Sweep) -> None:
    """A worker that had to read the brands would fail: the file says nothing by then."""
    sweep(Sweep(order.brands, order.profiles, order.out, order.addresses_out))
    alone = rows_of(order)
    files = (order.brands, order.profiles, order.out, order.addresses_out)
    asked = [sys.executable, "-c", ALONE, *map(str, files)]
    printed = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60)
    assert printed.stdout.split() == ["fork" if sys.platform == "linux" else "spawn"]
    assert printed.stderr == ""
    assert rows_of(order) == alone
    assert all(alone)


def test_a_process_that_has_threads_is_not_forked(order: Sweep, begun: list[str]) -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert sweep(order).flags
    finally:
        done.set()
        other.join()
    assert begun == ["spawn"]


def test_a_worker_that_dies_while_parts_are_handed_out_is_replaced(
    order: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, broken = ProcessPoolExecutor.submit, [BrokenProcessPool("a worker died")]

    def submit_late(pool: ProcessPoolExecutor, *asked: Any) -> Future[Any]:
        if broken:
            raise broken.pop()
        return submit(pool, *asked)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit_late)
    assert sweep(order).flags


def die(job: Job, part: Part) -> PartDone:
    os._exit(1)


def test_workers_that_keep_dying_end_the_sweep_with_advice(
    order: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor.sweep_pool, "sweep_part", die)
    with pytest.raises(SweepError, match="fewer --workers or more memory"):
        sweep(order)
    monkeypatch.undo()
    assert sweep(order).flags
