"""Whether an answer of a fake has the shape its published schema asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def misfits(schema: Mapping[str, Any], value: Mapping[str, Any]) -> list[str]:
    """Return the fields that are missing, unknown to the schema or of another type."""
    properties: Mapping[str, Any] = schema["properties"]
    missing = [name for name in schema.get("required", ()) if name not in value]
    unknown = [name for name in value if name not in properties]
    wrong = [
        name
        for name, one in value.items()
        if name in properties and not _fits(properties[name], one)
    ]
    return missing + unknown + wrong


def _fits(schema: Mapping[str, Any], value: object) -> bool:
    named = schema.get("type", [])
    kinds = [named] if isinstance(named, str) else list(named)
    if value is None:
        return bool(schema.get("nullable")) or "null" in kinds
    if isinstance(value, bool):
        return not kinds or "boolean" in kinds
    return not kinds or isinstance(value, tuple(t for k in kinds for t in KINDS.get(k, ())))
