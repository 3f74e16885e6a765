"""Whose turn it is tonight, when a quota allows fewer questions than there are."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

REST = 7
"""Days until a name that had its turn is asked about again: what is new is found within a week."""


def searches_a_night(default: int, note: str = "") -> Setting:
    """Return the setting for the names searched for in a night; ``note`` ends its sentence."""
    about = f"Names searched for each night, in turn{note}."
    enables = frozenset({Capability.PROFILES_BY_BRAND})
    return Setting(
        "searches_a_night", int, required=False, about=about, default=default, enables=enables
    )


def lookups_a_night(default: int, note: str = "") -> Setting:
    """Return the setting for the likely account names looked up in a night."""
    about = f"Likely account names looked up each night, in turn{note}."
    return Setting("lookups_a_night", int, required=False, about=about, default=default)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is tonight; each item has one within ``nights``."""

    taken: tuple[str, ...]
    of: int
    nights: int

    def tell(self, kind: str, did: str) -> str:
        """Say it in a sentence, such as "2 of 5 names were searched for; ..."."""
        whose = f"{len(self.taken)} of {self.of} {kind} {did}"
        return f"{whose}; each has its turn within {self.nights} nights."


def take_turn(
    items: Sequence[str], last: Mapping[str, date], most: int, today: date, rest: int = REST
) -> Turn:
    """Return up to ``most`` items: those that never had a turn, then the longest ago.

    ``last`` is the day of each item's last turn; one in the future, of a clock that went wrong,
    was none.  Who had one rests for ``rest`` days: then a round takes ``rest`` nights, or more
    where the items need more.
    """
    most = max(most, 0)
    last = {item: day for item, day in last.items() if day <= today}
    new = [item for item in items if item not in last]
    old = [item for item in items if item in last and (today - last[item]).days >= rest]
    taken = tuple([*new, *sorted(old, key=last.__getitem__)][:most])
    nights = ceil(len(items) / most) if most else 0
    is_first_round = len(new) > len(taken)
    return Turn(taken, len(items), nights if is_first_round else max(nights, rest, 1))
