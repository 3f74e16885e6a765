"""What a real WordPress and a real Fedify answered, replayed; ``make test-real`` asks anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.fediverse_cases import FediverseCases
from tests.connectors.wordpress_cases import Blog, WordPressCases
from tests.fakes.recording import file_of, replay


class TestRecordedWordPress(WordPressCases):
    @pytest.fixture
    def blog(self, request: pytest.FixtureRequest) -> Blog:
        return lambda state: replay(file_of("wordpress", request.node.name))


class TestRecordedFediverse(FediverseCases):
    @pytest.fixture
    def server(self, request: pytest.FixtureRequest) -> Iterator[str]:
        with replay(file_of("fediverse", request.node.name)) as url:
            yield url
