"""What every test shares: no socket outside loopback, a fixed clock, a private umask."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_socket import socket_allow_hosts

pytest.register_assert_rewrite("tests.connectors")


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture
def now() -> datetime:
    """A Tuesday night."""
    return datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
