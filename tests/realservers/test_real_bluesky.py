"""The connector against a real network: directory, server of accounts, AppView; ``make test-real``.

With ``--record`` what it answers becomes what ``make test`` replays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.connectors.bluesky_cases import BlueskyCases, Network
from tests.fakes.recording import file_of
from tests.realservers.bluesky_network import RunningNetwork, is_installed, run_bluesky

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.realservers.conftest import Way

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not is_installed(),
        reason="NOT TESTED: the Bluesky network, PostgreSQL or Redis is not installed",
    ),
]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningNetwork]:
    with run_bluesky() as network:
        yield network


class TestRealBluesky(BlueskyCases):
    @pytest.fixture
    def before(self, running: RunningNetwork, way_to: Way) -> Iterator[Network]:
        assert not running.is_changed
        with way_to("bluesky", running.url) as url:
            yield Network(url, running.dids)

    @pytest.fixture
    def after(self, running: RunningNetwork, way_to: Way) -> Iterator[Network]:
        running.change()
        with way_to("bluesky", running.url) as url:
            yield Network(url, running.dids)


def test_what_is_recorded_has_its_accounts(
    running: RunningNetwork, request: pytest.FixtureRequest
) -> None:
    """Keep the DIDs, which the directory gives out anew each time it starts."""
    assert running.is_changed
    if request.config.getoption("--record"):
        file = file_of("bluesky", "accounts")
        file.write_text(json.dumps(running.dids, indent=1) + "\n")
