"""Starts PostgreSQL on loopback, with a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
USER = "postgres"


def is_installed() -> bool:
    """Say whether PostgreSQL is there."""
    return all(_find(program) for program in ("initdb", "postgres"))


@contextmanager
def run_postgresql() -> Iterator[str]:
    """Run PostgreSQL, which does not run as root; yields ``USER@HOST:PORT``."""
    with TemporaryDirectory() as name:
        folder, user = Path(name), _user()
        if user:
            os.chown(folder, int(user["user"]), int(user["group"]))
        data, port = folder / "data", find_port()
        begin = [_find("initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(begin, check=True, capture_output=True, **user)  # type: ignore[call-overload]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        process = launch([_find("postgres"), "-D", str(data), "-p", str(port), *words], **user)
        with stopping(process):
            wait_for(process, port)
            yield f"{USER}@127.0.0.1:{port}"


def _user() -> dict[str, str | int]:
    if os.geteuid() != 0:
        return {}
    person = pwd.getpwnam(USER)
    return {"user": person.pw_uid, "group": person.pw_gid}


def _find(program: str) -> str:
    return shutil.which(program, path=":".join([*PROGRAMS, os.environ["PATH"]])) or ""
