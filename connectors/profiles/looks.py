"""Where somebody looked by hand, and when: from the rows of a list that ``audit leads`` began."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from connectors.platforms import platform_named
from connectors.profiles import columns

if TYPE_CHECKING:
    from datetime import date

    from connectors.profiles.tables import Batch

ELSEWHERE = "other sites"


class Looks:
    """Counts the rows with a ``looked_on`` by platform; nothing else of a row is kept."""

    def __init__(self) -> None:
        self._days: defaultdict[str, list[date]] = defaultdict(list)

    def read(self, batch: Batch) -> None:
        """Add the rows of a batch; a day that cannot be read is none."""
        looked = batch.columns.get("looked_on")
        if looked is None or not any(looked):
            return
        places = batch.columns.get("platform") or [None] * batch.rows
        for value, place in zip(looked, places, strict=True):
            day = columns.read_date(value) if value else None
            if day is not None:
                known = platform_named(place[:100]) if isinstance(place, str) else None
                self._days[known.title if known else ELSEWHERE].append(day)

    def sentences(self) -> tuple[str, ...]:
        """Say for each platform how many rows were looked at by hand, and between which days."""
        return tuple(
            f"Looked at by hand: {title}, {len(days)} searches, {_between(min(days), max(days))}."
            if len(days) > 1
            else f"Looked at by hand: {title}, 1 search, on {days[0]}."
            for title, days in sorted(self._days.items())
        )


def _between(first: date, last: date) -> str:
    return f"on {first}" if first == last else f"from {first} to {last}"
