"""Keep the stores of tests in PostgreSQL: the same tests, the same answers as with SQLite.

Use: ``pytest -p tests.realservers.on_postgresql tests/store/test_store_findings.py ...``.  Every
file that a test names as its store becomes a database of its own; an empty file marks its place.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import auditor.store
from tests.realservers.postgresql_server import is_installed, run_postgresql

if TYPE_CHECKING:
    from auditor.store import Store

OPEN = auditor.store.open_store
OF_A_FILE_ALONE = {
    "test_a_first_night_opens_and_writes_every_page",
    "test_listing_imports_nothing_heavy",
    "test_one_that_is_damaged_or_huge_is_refused_in_a_sentence",
}
"""Tests that look into SQLite's file, or at what is imported for it."""
OF_A_FILE = re.compile(r"sqlite:///(.+)")
_running = ExitStack()
_made: dict[str, str] = {}
_numbers = count(1)
_server = ""


def pytest_configure(config: pytest.Config) -> None:
    global _server
    if not is_installed():
        pytest.exit("NOT TESTED: PostgreSQL is not installed", returncode=0)
    _server = _running.enter_context(run_postgresql())
    auditor.store.open_store = _open_instead


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [one for one in items if one.name.partition("[")[0] not in OF_A_FILE_ALONE]


def pytest_unconfigure() -> None:
    print(f"\n{next(_numbers) - 1} databases of PostgreSQL were stores")
    _running.close()


def _open_instead(url: str) -> Store:
    named = OF_A_FILE.fullmatch(url)
    return OPEN(_database(named[1])) if named else OPEN(url)


def _database(file: str) -> str:
    import psycopg

    mark = Path(file)
    if not mark.exists():
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.touch()
        name = f"store_{next(_numbers)}"
        with psycopg.connect(f"postgresql://{_server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        _made[file] = f"postgresql+psycopg://{_server}/{name}"
    return _made[file]
