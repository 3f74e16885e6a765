"""Findings as compact JSON inside the district page.

A text that occurs more than once stands once in ``texts`` and is named by its place there; a
finding is a list in the order of ``fields``.  ``templates/findings.js`` is the only reader.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from markupsafe import Markup

from reports.security import printable
from reports.views import EvidenceView, FindingView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Packed: TypeAlias = "str | int | bool | list[Packed] | None"

_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def pack_findings(views: Sequence[FindingView]) -> Markup:
    """Return the findings as JSON that is safe between ``<script>`` tags."""
    rows = [_values(view) for view in views]
    counts = Counter(text for row in rows for text in _texts(row))
    places = {text: place for place, text in enumerate(t for t, n in counts.items() if n > 1)}
    document = {
        "fields": list(FindingView.__struct_fields__),
        "evidence": list(EvidenceView.__struct_fields__),
        "texts": list(places),
        "findings": [_pack(row, places) for row in rows],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704


def _values(view: FindingView | EvidenceView) -> list[Packed]:
    return [_value(getattr(view, name)) for name in view.__struct_fields__]


def _value(value: object) -> Packed:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if isinstance(value, EvidenceView):
        return _values(value)
    return bool(value) if value is not None else None


def _texts(row: Packed) -> Iterator[str]:
    if isinstance(row, str):
        yield row
    elif isinstance(row, list):
        for value in row:
            yield from _texts(value)


def _pack(row: Packed, places: dict[str, int]) -> Packed:
    if isinstance(row, list):
        return [_pack(value, places) for value in row]
    return places.get(row, row) if isinstance(row, str) else row
