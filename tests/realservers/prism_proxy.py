"""Starts Prism on loopback: in front of a fake, or answering by a description itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "prism"
TOOLS = Path(__file__).parents[2] / ".tools/prism"
PRISM = TOOLS / "node_modules/.bin/prism"


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
    log, port = folder / "prism.log", find_port()
    serve = [str(PRISM), *verb, "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = launch([*serve, *served], stdout=output, stderr=output)
        with stopping(process):
            wait_for(process, port)
            yield f"http://127.0.0.1:{port}"
