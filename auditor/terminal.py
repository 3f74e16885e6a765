"""Text made safe for a terminal or a log line."""

from __future__ import annotations

import unicodedata

_ALLOWED_FORMAT = frozenset("\u200d\u200c")


def clean(text: str) -> str:
    """Replace control, format, surrogate and line-separator characters by U+FFFD.

    An escape sequence, a bidirectional override or a line break from outside then shows as a mark
    and does nothing.  Categories after Unicode Standard Annex 44.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd"
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and char not in _ALLOWED_FORMAT
        else char
        for char in text
    )
