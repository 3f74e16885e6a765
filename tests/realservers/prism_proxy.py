"""Starts Prism on loopback, with Google's own API documents, in front of the fake tenant."""

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
    """Run Prism as a proxy that refuses what the documents do not allow; yields its URL."""
    spec, log = folder / "spec.json", folder / "prism.log"
    documents = files("googleapiclient").joinpath("discovery_cache", "documents")
    environment = {**os.environ, "NODE_PATH": str(TOOLS / "node_modules")}
    convert = ["node", str(HERE / "convert.js"), str(documents), str(spec)]
    subprocess.run(convert, check=True, env=environment)
    port = find_port()
    serve = [str(PRISM), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = launch([*serve, str(spec), upstream], stdout=output, stderr=output)
        with stopping(process):
            wait_for(process, port)
            yield f"http://127.0.0.1:{port}"
