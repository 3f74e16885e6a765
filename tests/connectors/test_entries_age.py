"""How long a directory's entries may be kept without a full reading."""

from __future__ import annotations

import pytest

from connectors.directory.entries import load_kept
from connectors.errors import NotConfigured
from tests.builders import an_access


@pytest.mark.parametrize("days", [-1, 0, 91, 10**10])
def test_a_span_of_days_that_is_none_is_refused(days: int) -> None:
    with pytest.raises(NotConfigured, match="full_every_days"):
        load_kept(an_access({"full_every_days": days}), "made")
