"""Real servers are only read by ``make test-real`` (``pytest -m real tests/realservers``).

With ``--record`` what they answer is written to ``tests/data/recorded``; ``make test`` reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.fakes.recording import file_of, record

Way = Callable[..., AbstractContextManager[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write down what the servers answer")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: reads a real server that the test itself starts")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("markexpr") == "real" else True


@pytest.fixture
def way_to(request: pytest.FixtureRequest) -> Way:
    """``way_to(name, url, hosts=())`` gives the URL to ask a real server at, recorded or not."""

    def give(server: str, url: str, hosts: Iterable[str] = ()) -> AbstractContextManager[str]:
        if not request.config.getoption("--record", default=False):
            return nullcontext(url)
        return record(url, file_of(server, request.node.name), hosts)

    return give
