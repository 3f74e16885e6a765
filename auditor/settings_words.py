"""What is wrong with audit.toml, in one sentence that names the key."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from auditor.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = frozenset({"password"})
"""Keys of settings whose value is a reference to a secret."""


def refuse_unknown_keys(section: Any, data: Any, where: str, path: Path) -> None:
    """Raise for the first key no table of this kind has, naming the nearest that it has."""
    origin, arguments = get_origin(section), get_args(section)
    if origin is tuple:
        for number, item in enumerate(data if isinstance(data, list) else (), 1):
            refuse_unknown_keys(arguments[0], item, f"{where}[{number}]", path)
    elif arguments:
        for choice in arguments:
            refuse_unknown_keys(choice, data, where, path)
    elif isinstance(section, type) and issubclass(section, Struct) and isinstance(data, dict):
        known = {one.encode_name: one.type for one in msgspec.structs.fields(section)}
        for key, value in data.items():
            if key not in known:
                near = get_close_matches(key, known, 1, 0.6)
                hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}."
                place = f"in [{where}]" if where else "at the top"
                raise SettingsError(f'{path}: unknown setting "{key}" {place}; {hint}')
            refuse_unknown_keys(known[key], value, f"{where}.{key}" if where else key, path)


def in_words(message: str, root: type[Struct]) -> str:
    """Turn msgspec's message about a value of ``root`` into "KEY: what is wrong"."""
    text, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".").replace("[...]", "") or "the file"
    if "object" in text and key.rpartition(".")[2] in SECRETS:
        return (
            f'{key}: a secret is never written here; use {{ env = "NAME" }} or {{ file = "PATH" }}'
        )
    if "invalid enum value" in text.lower():
        return f"{key}: {text.rpartition(' ')[2]} is none of {', '.join(_choices(key, root))}"
    if "matching regex" in text:
        return f"{key}: is not of the form it must have (see config/audit.example.toml)"
    text = text.replace(" | null`", "`")
    for name, word in (
        ("`str`", "text"),
        ("`int`", "a number"),
        ("`array`", "a list"),
        ("`object`", "a table"),
    ):
        text = text.replace(name, word)
    text = text.replace("Object missing required field", "needs the setting").replace("`", "")
    return f"{key}: {text[:1].lower()}{text[1:]}"


def _choices(key: str, root: type[Struct]) -> tuple[str, ...]:
    """Return the values that a setting may have, by its dotted name."""
    section: Any = root
    for part in re.sub(r"\[\d+\]", "", key).split("."):
        section = _table_of(section)
        section = next(
            one.type for one in msgspec.structs.fields(section) if one.encode_name == part
        )
    while get_origin(section) is not Literal:
        section = get_args(section)[0]
    return get_args(section)


def _table_of(section: Any) -> Any:
    while not (isinstance(section, type) and issubclass(section, Struct)):
        section = get_args(section)[0]
    return section
