"""Whether an address names a function of the district (office@) and so cannot be a pupil's."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from connectors.directory.roles import NOT_NAMES, SERVICE_PATTERNS, SHARED_PATTERNS

FUNCTIONS = (*SHARED_PATTERNS, *SERVICE_PATTERNS)
QUALIFIERS = NOT_NAMES | {"hs", "ms", "es", "elem", "jh", "jhs", "sd", "isd", "usd", "academy"}


def is_function_address(address: str) -> bool:
    """Whether the part before @ is a function word, alone or with words such as "high" or "hs".

    "office", "hs-office" and "news2" are; "band.jones" is not: a person may bear the rest.
    """
    local = address.partition("@")[0].casefold()
    words = [word for part in re.split(r"[-._+]+", local) if (word := part.rstrip("0123456789"))]
    return any(map(_is_function, words)) and all(
        _is_function(word) or word in QUALIFIERS for word in words
    )


def _is_function(word: str) -> bool:
    return any(fnmatchcase(word, pattern) for pattern in FUNCTIONS)
