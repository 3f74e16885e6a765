"""Starts Fedify on loopback: WebFinger, NodeInfo and actors, and nothing of Mastodon's API."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parent / "fediverse/server.mjs"
TOOLS = Path(__file__).parents[2] / ".tools/fediverse"
NODE = Path(sys.executable).parent / "node"


def is_installed() -> bool:
    """Say whether Fedify and the venv's own Node are there."""
    return (TOOLS / "node_modules/@fedify/fedify").is_dir() and NODE.exists()


@contextmanager
def run_fediverse(host: str) -> Iterator[str]:
    """Run a server whose accounts are called ``@name@host``; yields its URL."""
    port = find_port()
    words = [str(NODE), str(SERVER), str(TOOLS), str(port), host]
    server = launch(words)
    with stopping(server):
        wait_for(server, port)
        yield f"http://127.0.0.1:{port}"
