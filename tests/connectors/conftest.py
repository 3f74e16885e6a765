"""What the tests of connectors share: no one waits."""

from __future__ import annotations

import pytest

from connectors import pacing
from tests.fakes.web_server import FakeTimer


@pytest.fixture(autouse=True)
def timer(monkeypatch: pytest.MonkeyPatch) -> FakeTimer:
    """Pacing and retries move a clock of their own."""
    found = FakeTimer()
    monkeypatch.setattr(pacing, "TIMER", found)
    return found
