"""The connector reads what an emulator of GitHub answered (``tests/data/recorded/github``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.connectors.github_cases import SPENT_TOKEN, GitHubCases
from tests.fakes.recording import file_of, replay

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestRecordedGitHub(GitHubCases):
    @pytest.fixture
    def server(self, request: pytest.FixtureRequest) -> Iterator[str]:
        with replay(file_of("github", request.node.name)) as url:
            yield url

    @pytest.fixture
    def spent(self) -> str:
        return SPENT_TOKEN
