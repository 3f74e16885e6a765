"""A sweep on a real Dask scheduler with two worker processes, one of which is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from brand_files import write_brands, write_profiles

import auditor.sweep_cluster as module
from auditor.cli import invoke
from auditor.sweep import Sweep, sweep

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def start(*arguments: str) -> subprocess.Popen[str]:
    place = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = [sys.executable, "-m", *arguments]
    return subprocess.Popen(asked, stderr=subprocess.PIPE, text=True, env=place, cwd=ROOT)


def wait_for(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[0]
    raise AssertionError(f"{pattern} never came")


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    started: list[subprocess.Popen[str]] = []
    try:
        dashboard = ("--no-dashboard",)
        started.append(
            start(
                "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *dashboard
            )
        )
        address = wait_for(started[0], r"tcp://127\.0\.0\.1:\d+")
        for _ in range(2):
            started.append(
                start(
                    "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1",
                    "--host", "127.0.0.1", *dashboard,
                )
            )  # fmt: skip
            wait_for(started[-1], "Registered to")
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.communicate()


def test_a_cluster_that_loses_a_worker_gives_the_same_rows(
    cluster: tuple[str, list[subprocess.Popen[str]]], tmp_path: Path
) -> None:
    address, workers = cluster
    brands = write_brands(tmp_path / "brands.parquet")
    profiles = str(write_profiles(tmp_path / "p.parquet", group=1))
    sweep(Sweep(brands, profiles, tmp_path / "alone.parquet"))
    killed: list[int] = []

    def watch(done: int, total: int, left: float | None) -> None:
        if not killed:
            workers[0].send_signal(signal.SIGKILL)
            killed.append(done)

    order = Sweep(brands, profiles, tmp_path / "cluster.parquet", scheduler=address)
    result = sweep(order, watch)
    assert killed == [1]
    assert workers[1].poll() is None
    alone, shared = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("alone", "cluster"))
    assert shared.to_pylist() == alone.to_pylist()
    assert result.flags == len(alone) > 0


def test_no_scheduler_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    brands = write_brands(tmp_path / "brands.parquet")
    asked = ["sweep", "--brands", str(brands), "--out", str(tmp_path / "f.parquet")]
    asked += ["--profiles", str(write_profiles(tmp_path / "p.parquet"))]
    assert invoke([*asked, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in capsys.readouterr().err


def test_without_the_extra_the_way_to_install_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    brands = write_brands(tmp_path / "brands.parquet")
    asked = ["sweep", "--brands", str(brands), "--out", str(tmp_path / "f.parquet")]
    asked += ["--profiles", str(write_profiles(tmp_path / "p.parquet"))]
    assert invoke([*asked, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "[cluster]" in capsys.readouterr().err
