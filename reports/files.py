"""Writing a report file: private, and there in full or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PRIVATE_FOLDER = 0o700


def write_private(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` at one stroke: a reader sees the old file or the new one.

    A page that a power cut spoils is written again by the next run, so the disk is not waited for.
    The file gets mode 0600 and every folder made for it 0700; folders that exist keep theirs.
    Raises ``OSError`` when the folder or the file cannot be written; nothing is left behind then.
    """
    try:
        _write(path, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def sweep_remains(folder: Path) -> None:
    """Take away what a killed writer left in ``folder``; call it while no other one writes."""
    for remains in folder.glob(".*.new"):
        remains.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    _make_folders(path.parent)
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".new"
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _make_folders(folder: Path) -> None:
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    for step in reversed(missing):
        step.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
