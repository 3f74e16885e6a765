"""The connector against an emulator of GitHub that others wrote; ``make test-real``.

What the emulator does otherwise than GitHub stands in ``tests/connectors/github_cases.py``.  With
``--record`` what it answers becomes what ``make test`` replays.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from connectors import pacing
from tests.connectors.github_cases import SPENT_TOKEN, GitHubCases
from tests.fakes.web_server import FakeTimer
from tests.realservers.github_emulator import is_installed, run_github

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.realservers.conftest import Way

LIMIT = 5_000
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not is_installed(), reason="NOT TESTED: the GitHub emulator is not installed"
    ),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_github(tmp_path_factory.mktemp("github")) as url:
        yield url


@pytest.fixture(autouse=True)
def timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "TIMER", FakeTimer())


class TestRealGitHub(GitHubCases):
    @pytest.fixture
    def server(self, url: str, way_to: Way) -> Iterator[str]:
        own_name = urlsplit(url).netloc.replace("127.0.0.1", "localhost")
        with way_to("github", url, [own_name]) as asked:
            yield asked

    @pytest.fixture
    def spent(self, url: str) -> str:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        for _ in range(LIMIT):
            headers = {"Authorization": f"Bearer {SPENT_TOKEN}"}
            connection.request("GET", "/rate_limit", headers=headers)
            answer = connection.getresponse()
            answer.read()
        connection.close()
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        return SPENT_TOKEN
