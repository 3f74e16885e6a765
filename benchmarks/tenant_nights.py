"""Read a tenant of the tests' fakes twice, and print what it took."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors import build

if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.connection import Connection

    from connectors.source import Access


def time_nights(connectors: Iterable[str], access: Access, pipe: Connection) -> None:
    """Read with each connector on a first night and on one when nothing changed.

    ``pipe`` leads to the process of the fake, which answers True with (calls, what it refused).
    """
    for connector in connectors:
        bookmark = _time_reading(connector, "first", access, pipe)
        later = replace(access, now=access.now + timedelta(days=1), bookmark=bookmark)
        _time_reading(connector, "second, nothing changed", later, pipe)


def _time_reading(connector: str, night: str, access: Access, pipe: Connection) -> bytes | None:
    start = time.perf_counter()
    harvest = build(connector, access).fetch()
    seconds = time.perf_counter() - start
    pipe.send(True)
    calls, wrongs = pipe.recv()
    figures = {
        "connector": connector,
        "night": night,
        "calls": calls,
        "seconds": round(seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "people": len(harvest.people),
        "uses": len(harvest.uses),
        "bookmark_kb": len(harvest.bookmark or b"") // 1000,
        "refused_by_the_fake": len(wrongs),
    }
    print(json.dumps(figures), flush=True)
    return harvest.bookmark
