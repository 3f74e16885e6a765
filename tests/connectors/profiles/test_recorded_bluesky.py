"""The connector reads what a real Bluesky network answered (``tests/data/recorded/bluesky``)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.connectors.bluesky_cases import BlueskyCases, Network
from tests.fakes.recording import file_of, replay

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestRecordedBluesky(BlueskyCases):
    @pytest.fixture
    def before(self, request: pytest.FixtureRequest) -> Iterator[Network]:
        dids = json.loads(file_of("bluesky", "accounts").read_text())
        with replay(file_of("bluesky", request.node.name)) as url:
            yield Network(url, dids)

    @pytest.fixture
    def after(self, before: Network) -> Network:
        return before
