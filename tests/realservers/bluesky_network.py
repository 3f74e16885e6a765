"""Starts a Bluesky network on loopback, with PostgreSQL and Redis of its own behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from tests.realservers import postgresql_server
from tests.realservers.postgresql_server import run_postgresql
from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parent / "bluesky/network.mjs"
TOOLS = Path(__file__).parents[2] / ".tools/bluesky"
BUILT = TOOLS / "node_modules/better-sqlite3/build/Release/better_sqlite3.node"
NODE = Path(sys.executable).parent / "node"


class RunningNetwork:
    """An AppView at ``url`` and the DIDs of its accounts by name."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.is_changed = False
        self._read()

    def change(self) -> None:
        """Let accounts be renamed, deactivated, taken down and deleted, if they are not yet."""
        if not self.is_changed:
            pipe = _pipe(self._process.stdin)
            pipe.write(b"changed\n")
            pipe.flush()
            self._read()
            self.is_changed = True

    def _read(self) -> None:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise RuntimeError("the Bluesky network did not start")
        told = json.loads(line)
        self.url: str = told["url"]
        self.dids: dict[str, str] = told["dids"]


def is_installed() -> bool:
    """Say whether the network, PostgreSQL, Redis and the venv's own Node are there."""
    behind = shutil.which("redis-server") is not None and postgresql_server.is_installed()
    return BUILT.exists() and NODE.exists() and behind


@contextmanager
def run_bluesky() -> Iterator[RunningNetwork]:
    """Run the network in a folder that PostgreSQL's user may enter, and take it away after."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        folder.chmod(0o755)
        database = f"postgresql://{stack.enter_context(run_postgresql())}/postgres"
        redis = _run_redis(folder, stack)
        places = {"DB_POSTGRES_URL": database, "DB_POSTGRES_SCHEMA": "test", "REDIS_HOST": redis}
        environment = {**os.environ, **places, "TMPDIR": str(folder), "LOG_ENABLED": "false"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = launch([str(NODE), str(SCRIPT), str(TOOLS)], env=environment, **pipes)
        stack.enter_context(_pipe(process.stdout))
        stack.enter_context(stopping(process))
        yield RunningNetwork(process)


def _run_redis(folder: Path, stack: ExitStack) -> str:
    port = find_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    stack.enter_context(_running(["redis-server", *options], port))
    return f"127.0.0.1:{port}"


@contextmanager
def _running(words: list[str], port: int, **user: str | int) -> Iterator[None]:
    process = launch(words, **user)
    with stopping(process):
        wait_for(process, port)
        yield


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the network has no pipes")
    return pipe
