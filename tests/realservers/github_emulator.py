"""Starts the GitHub emulator on loopback, filled with invented people and one organisation."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.connectors.github_cases import ORGANISATION, TOKEN, USERS
from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(__file__).parents[2] / ".tools/github"
EMULATOR = TOOLS / "node_modules/emulate/dist/index.js"
NODE = Path(sys.executable).parent / "node"


def is_installed() -> bool:
    """Say whether the emulator and the venv's own Node are there."""
    return EMULATOR.exists() and NODE.exists()


@contextmanager
def run_github(folder: Path) -> Iterator[str]:
    """Run the emulator with the people of the cases; yields its URL."""
    seed, port = folder / "seed.json", find_port()
    tokens = {TOKEN: {"login": USERS[0]["login"], "scopes": []}}
    people = {"users": USERS, "orgs": [ORGANISATION]}
    seed.write_text(json.dumps({"tokens": tokens, "github": people}))
    options = ["--service", "github", "--port", str(port), "--seed", str(seed)]
    process = launch([str(NODE), str(EMULATOR), "start", *options], cwd=folder)
    with stopping(process):
        wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
