"""Fedify, a server of the fediverse written by others; run by ``make test-real``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.fediverse_cases import HOST, FediverseCases
from tests.realservers.conftest import Way
from tests.realservers.fediverse_server import is_installed, run_fediverse

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not is_installed(), reason="NOT TESTED: Fedify is not installed"),
]


@pytest.fixture(scope="module")
def fedify() -> Iterator[str]:
    with run_fediverse(HOST) as url:
        yield url


class TestRealFediverse(FediverseCases):
    @pytest.fixture
    def server(self, fedify: str, way_to: Way) -> Iterator[str]:
        with way_to("fediverse", fedify) as url:
            yield url
