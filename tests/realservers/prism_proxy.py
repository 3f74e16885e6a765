"""Starts Prism on loopback: in front of a fake, or answering by a description itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "prism"
TOOLS = Path(__file__).parents[2] / ".tools/prism"
PRISM = TOOLS / "node_modules/.bin/prism"
START_SECONDS = 60.0


def is_installed() -> bool:
    """Say whether Prism and Node are there."""
    return PRISM.exists() and shutil.which("node") is not None


@contextmanager
def run_prism(upstream: str, folder: Path) -> Iterator[str]:
    """Run Prism with Google's own API documents in front of the fake tenant; yields its URL."""
    spec = folder / "spec.json"
    documents = files("googleapiclient").joinpath("discovery_cache", "documents")
    environment = {**os.environ, "NODE_PATH": str(TOOLS / "node_modules")}
    convert = ["node", str(HERE / "convert.js"), str(documents), str(spec)]
    subprocess.run(convert, check=True, env=environment)
    with run_proxy(spec, upstream, folder) as url:
        yield url


@contextmanager
def run_proxy(spec: Path, upstream: str, folder: Path) -> Iterator[str]:
    """Run Prism as a proxy that refuses what a description does not allow; yields its URL."""
    with _serving(["proxy", "--errors"], [str(spec), upstream], folder) as url:
        yield url


@contextmanager
def run_mock(spec: Path, folder: Path) -> Iterator[str]:
    """Run Prism as a server that refuses and answers by a description alone; yields its URL."""
    with _serving(["mock"], [str(spec)], folder) as url:
        yield url


@contextmanager
def _serving(verb: list[str], served: list[str], folder: Path) -> Iterator[str]:
    log, port = folder / "prism.log", _find_port()
    serve = [str(PRISM), *verb, "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen([*serve, *served], stdout=output, stderr=output)
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"Prism did not start: {log.read_text()[-500:]}")
