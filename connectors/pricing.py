"""What a platform asks money for, and the settings of a source's budget."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.source import Setting

CENT = 10_000
"""Money is counted in millionths of a dollar: prices are fractions of a cent."""


@dataclass(frozen=True, slots=True)
class Price:
    """The documented price in dollars of one ``unit`` ("query"), ``units`` for several."""

    dollars: float
    unit: str
    units: str

    def settings(self, a_night: float | None, a_month: float) -> tuple[Setting, ...]:
        """Return the settings of the budget with their defaults, in dollars."""
        return (
            _dollars("price", f"Dollars a {self.unit}, as the platform documents.", self.dollars),
            _dollars("spend_a_night", "Dollars spent in a day at most; the rest waits.", a_night),
            _dollars("spend_a_month", "Dollars spent in a calendar month at most.", a_month),
        )


def _dollars(name: str, about: str, default: float | None) -> Setting:
    return Setting(name, float, required=False, about=about, default=default)


def micros(dollars: float) -> int:
    """Return dollars as millionths."""
    return round(dollars * 100 * CENT)


def show_dollars(amount: int) -> str:
    """Return millionths as dollars and cents, rounded up: "$0.06"."""
    return f"${-(-amount // CENT) / 100:,.2f}"
