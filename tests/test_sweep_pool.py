"""How the processes of a sweep begin, and what becomes of one that dies."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from brand_files import write_brands, write_profiles

import auditor.sweep_pool
from auditor.sweep import Sweep, sweep

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


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


DYING = """
import os, signal, sys
from pathlib import Path
import auditor.sweep_pool as pool
from auditor.sweep import Sweep, sweep

brands, profiles, out, log = sys.argv[1:]
judge = pool.sweep_part

def judge_and_note(job, part):
    dies = part.group == 1 and f"{part.group} " not in Path(log).read_text()
    with open(log, "a") as lines:
        lines.write(f"{part.group} {os.getpid()}\\n")
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(job, part)

pool.sweep_part = judge_and_note
Path(log).touch()
sweep(Sweep(Path(brands), profiles, Path(out), workers=2))
"""


def test_a_worker_that_dies_costs_its_part_and_no_other(order: Sweep, tmp_path: Path) -> None:
    sweep(Sweep(order.brands, order.profiles, order.out, order.addresses_out))
    alone, log = rows_of(order), tmp_path / "log"
    files = map(str, (order.brands, order.profiles, order.out, log))
    asked = [sys.executable, "-c", DYING, *files]
    subprocess.run(asked, check=True, capture_output=True, timeout=60)
    judged = [line.split() for line in log.read_text(encoding="ascii").splitlines()]
    assert sorted(group for group, _ in judged) == ["0", "1", "1", "2", "3"]
    assert len({process for _, process in judged}) <= 3
    assert rows_of(order) == alone


FAILING = """
import os, sys
from pathlib import Path
import auditor.sweep_pool as pool
from auditor.cli import invoke
from multiprocessing import active_children

brands, profiles, out, how = sys.argv[1:]

def fail(job, part):
    if how == "dies":
        os._exit(1)
    raise OSError(28, "No space left on device", "flags.parquet")

pool.sweep_part = fail
asked = ["sweep", "--brands", brands, "--profiles", profiles, "--out", out, "--workers", "2"]
code = invoke(asked)
assert not active_children()
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("dies", "fewer --workers or more memory"), ("fails", "No space left on device")],
)
def test_what_goes_wrong_in_workers_is_a_sentence_and_nothing_is_lost(
    order: Sweep, how: str, sentence: str
) -> None:
    files = map(str, (order.brands, order.profiles, order.out, how))
    asked = [sys.executable, "-c", FAILING, *files]
    printed = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=60)
    assert printed.returncode > 0
    assert sentence in printed.stderr
    assert "Traceback" not in printed.stderr
    assert sweep(order).flags
