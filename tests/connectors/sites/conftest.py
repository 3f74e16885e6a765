"""A district's site and a name server, both on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sites import district_sites, name_records
from tests.fakes.name_server import NameServer
from tests.fakes.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Site]:
    with Site() as running:
        running.pages = {"/": '<a href="https://x.com/othersite">x</a>'}
        yield running


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Name servers are asked on loopback only, and e-mail domains have no web server."""
    with NameServer() as running:
        monkeypatch.setattr(district_sites, "DOMAIN_BASE", "http://127.0.0.1:9")
        monkeypatch.setattr(name_records, "new_resolver", running.resolver)
        yield running
