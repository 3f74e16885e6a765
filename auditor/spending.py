"""What sources cost: a budget of dollars a day and month, written down before it is spent.

A source whose class has a ``price`` gets a purse.  Every request is paid from it before it is sent,
in a transaction of its own, so that neither an error nor a night that is killed makes the district
spend more than it allowed.  What was spent is kept by connector: a source under a new name has the
same money, and sources of one connector count what the others spent.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.errors import StoreError
from connectors import connector_type
from connectors.errors import NotConfigured, QuotaExhausted, SourceUnavailable
from connectors.pricing import Price, micros, show_dollars

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from auditor.settings import Settings, SourceSettings
    from auditor.store import Store

DAYS_KEPT = 100
MOST = 1_000_000.0


class Purse:
    """A source's money: ``a_night`` and ``a_month`` in millionths of a dollar, None for any."""

    def __init__(
        self, store: Store, source: SourceSettings, today: date, price: Price, each: int,
        a_night: int | None, a_month: int,
    ) -> None:  # fmt: skip
        self._store, self._source, self._today = store, source.name, today.isoformat()
        self._price, self._each = price, each
        self._a_night, self._a_month = a_night, a_month
        self._key = f"spent by {source.connector}"
        self._paid = 0

    @property
    def units(self) -> int:
        """How many units can still be paid today."""
        return self._left(self._read()) // self._each

    def pay(self, units: int) -> None:
        """Write down that units are paid; QuotaExhausted, and nothing written, over the budget."""
        cost = units * self._each

        def spend(kept: str | None) -> str:
            days = _days(kept)
            if cost > self._left(days):
                advice = "The rest waits; see spend_a_night and spend_a_month in audit.toml"
                problem = "the money for this source is spent"
                raise QuotaExhausted(self._source, problem, advice)
            days[self._today] = days.get(self._today, 0) + cost
            newest = sorted(days)[-DAYS_KEPT:]
            return msgspec.json.encode({day: days[day] for day in newest}).decode()

        with self._explained("what it costs could not be written down, so nothing was asked"):
            self._store.change_meta(self._key, spend)
        self._paid += units

    def tell(self) -> tuple[str, ...]:
        """Say what tonight cost, what the month has cost, and whether something waits.

        Nothing where what was spent cannot be read: the reading has said so, and ends in any case.
        """
        try:
            days = self._read()
        except SourceUnavailable:
            return ()
        named = self._price.unit if self._paid == 1 else self._price.units
        cost = f"{self._paid:,} {named} cost at most {show_dollars(self._paid * self._each)}"
        month = f"{show_dollars(self._in_month(days))} of {show_dollars(self._a_month)}"
        waits = "; the budget is spent and the rest waits" if self._is_spent(days) else ""
        return (f"{cost}; {month} are spent this month{waits}.",)

    def _read(self) -> dict[str, int]:
        with self._explained("what it has cost cannot be read, so nothing was asked"):
            return _days(self._store.read_meta(self._key))

    @contextmanager
    def _explained(self, problem: str) -> Iterator[None]:
        """Turn what the store refuses, and a record that is damaged, into one source's failure."""
        try:
            yield
        except (StoreError, msgspec.DecodeError):
            advice = "audit doctor tries the store"
            raise SourceUnavailable(self._source, problem, advice) from None

    def _is_spent(self, days: dict[str, int]) -> bool:
        return self._left(days) < self._each

    def _in_month(self, days: dict[str, int]) -> int:
        return sum(spent for day, spent in days.items() if day[:7] == self._today[:7])

    def _left(self, days: dict[str, int]) -> int:
        left = self._a_month - self._in_month(days)
        if self._a_night is not None:
            left = min(left, self._a_night - days.get(self._today, 0))
        return max(left, 0)


def purse_of(
    settings: Settings, store: Store, source: SourceSettings, now: datetime
) -> Purse | None:
    """Return the purse of a source that costs money, None for all others.

    Raises NotConfigured for an amount that is none.
    """
    kind = connector_type(source.name, source.connector)
    price: Price | None = getattr(kind, "price", None)
    if price is None:
        return None
    given: dict[str, Any] = {one.name: one.default for one in kind.settings} | dict(source.options)
    amounts = [given[name] for name in ("price", "spend_a_night", "spend_a_month")]
    if not all(one is None or 0 <= one <= MOST for one in amounts) or micros(amounts[0]) < 1:
        problem = "price, spend_a_night or spend_a_month is no amount of dollars"
        raise NotConfigured(source.name, problem, "Correct it in audit.toml")
    each, a_night, a_month = (None if one is None else micros(one) for one in amounts)
    today = now.astimezone(settings.zone).date()
    return Purse(store, source, today, price, each or 1, a_night, a_month or 0)


@contextmanager
def open_purse(settings: Settings, source: SourceSettings, now: datetime) -> Iterator[Purse | None]:
    """Give a source's purse outside a night; the store is opened only for one that costs money."""
    if not hasattr(connector_type(source.name, source.connector), "price"):
        yield None
        return
    from auditor.store import open_store

    store = open_store(settings.store.url)
    try:
        yield purse_of(settings, store, source, now)
    finally:
        store.close()


def _days(kept: str | None) -> dict[str, int]:
    return msgspec.json.decode(kept or "{}", type=dict[str, int])
