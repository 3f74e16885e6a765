"""Nothing that a test started is left running."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.realservers.processes import find_port, launch, stopping, wait_for

pytestmark = pytest.mark.real

WRAPPED = (
    "import subprocess, sys; subprocess.run([sys.executable, '-m', 'http.server', *sys.argv[1:]])"
)


def test_what_a_program_started_itself_is_stopped_with_it() -> None:
    port = find_port()
    server = launch([sys.executable, "-c", WRAPPED, "--bind", "127.0.0.1", str(port)])
    with stopping(server):
        wait_for(server, port)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
