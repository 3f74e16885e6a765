"""Starts and stops the programs that listen on loopback, and finds them ports.

A program is stopped with all it started: the Node of the venv, for one, is a script that starts it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_SECONDS = 180.0
STOP_SECONDS = 20.0
GONE_SECONDS = 5.0


def find_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def launch(words: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program that says nothing, as the leader of all it starts itself."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, start_new_session=True, **silent | options)


def wait_for(server: subprocess.Popen[bytes], place: int | str) -> None:
    """Wait until a program listens at its port, or at its socket's path."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            _connect(place)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server at {place} did not start")


@contextmanager
def stopping(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a launched program and all it started when the block ends."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        _wait_for_end(server.pid)
        if server.stdin is not None:
            server.stdin.close()


def _wait_for_end(group: int) -> None:
    """Wait until nobody of a killed group is left; what is killed may listen for a moment yet."""
    until = time.monotonic() + GONE_SECONDS
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.02)


def _connect(place: int | str) -> None:
    if isinstance(place, int):
        socket.create_connection(("127.0.0.1", place), timeout=1).close()
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(place)
