"""Registered names written all in capitals, as one would read them aloud."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

INITIALS = frozenset(
    {
        "AECI", "ALC", "ALOP", "BOCES", "CISD", "CSD", "CUSD", "DAEP", "ECHS", "ES", "GISD",
        "HS", "IB", "IS", "ISD", "JHS", "JJAEP", "KIPP", "LISD", "MS", "MSAD", "NYC", "NYS",
        "PS", "PS/IS", "RSU", "SAU", "STEAM", "STEM", "SU", "UFSD", "UHSD", "US", "USA", "USD",
        "YWCA",
    }
)  # fmt: skip
SHORTENED = frozenset(
    {
        "CTR", "DR", "FT", "JR", "MR", "MRS", "MT", "PBLC", "PK", "PRK", "SCH", "SCHL", "SCHS",
        "SR", "ST",
    }
)  # fmt: skip
"""Words without vowels that are no initials."""
NUMBERED = re.compile(r"(?:[A-Z]{1,2}-?)?(?:[IVX]+|\d+[A-Z]?)|[A-Z]-\d+|K-\d+|PRE-?K(?:-\d+)?")


def lower_capitals(name: str) -> str:
    """Write a name that is all capitals with capital initials; any other stays as it is.

    "LANEVILLE ISD" becomes "Laneville ISD", "SCHOOL FOR THE DEAF" "School for the Deaf".
    """
    return _lowered(name) if name.isupper() else name


@cache
def _lowered(name: str) -> str:
    from titlecase import titlecase

    return str(titlecase(name, callback=_keep))


def _keep(word: str, **_: Any) -> str | None:
    """Return initials, numbers and grades as they stand; None for a word like any other."""
    plain = word.strip("().,;:")
    if plain in INITIALS or (len(plain) > 1 and NUMBERED.fullmatch(plain)):
        return word.replace("PRE", "Pre")
    if len(plain) == 1:
        return word
    return word.capitalize() if plain in SHORTENED else None
