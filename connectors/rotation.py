"""Whose turn it is tonight, when a quota allows fewer questions than there are."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def take_turn(names: Sequence[str], after: str | None, most: int) -> tuple[str, ...]:
    """Return up to ``most`` names, beginning behind ``after`` and going round; each at most once.

    A name that is no longer in the list begins the round anew.
    """
    start = names.index(after) + 1 if after is not None and after in names else 0
    return tuple([*names[start:], *names[:start]][: max(most, 0)])


def tell_turn(names: Sequence[str], taken: Sequence[str], most: int) -> str | None:
    """Say how many names had their turn, and within how many nights all have; None when all."""
    if len(taken) == len(names) or most < 1:
        return None
    nights = ceil(len(names) / most)
    return (
        f"{len(taken)} of {len(names)} names were searched for; "
        f"each has its turn within {nights} nights."
    )
