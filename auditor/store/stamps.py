"""Values as the tables hold them: times as UTC text, lists as JSON, hostile text made storable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec


@lru_cache(maxsize=4096)
def time_text(at: datetime) -> str:
    """Return an aware time as UTC ISO 8601 text of fixed width; ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@lru_cache(maxsize=4096)
def read_time(text: str) -> datetime:
    """Return stored text as an aware time in UTC."""
    return datetime.fromisoformat(text)


def read_optional_time(text: str | None) -> datetime | None:
    """Return stored text as an aware time, or None."""
    return None if text is None else read_time(text)


def read_date(text: str | None) -> date | None:
    """Return stored text as a date, or None."""
    return None if text is None else date.fromisoformat(text)


def json_text(value: object) -> str:
    """Return compact JSON; lone surrogates and NUL are escaped, so that nothing is refused."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


@lru_cache(maxsize=4096)
def names_text(names: tuple[str, ...]) -> str:
    """Return a tuple of names as JSON; few distinct ones recur a hundred thousand times."""
    return json_text(names)


@lru_cache(maxsize=4096)
def read_names(text: str) -> tuple[str, ...]:
    """Return stored names as a tuple."""
    return tuple(read_json(text))


@lru_cache(maxsize=4096)
def read_name_set(text: str) -> frozenset[str]:
    """Return stored names as a frozenset."""
    return frozenset(read_json(text))


def read_json(text: str) -> Any:
    """Return stored JSON as lists, dicts and texts."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def storable(text: str, limit: int | None = None) -> str:
    """Return text that SQLite and PostgreSQL take: no NUL, no lone surrogate, ``limit`` characters.

    What is cut off is marked by an ellipsis.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if limit is not None and len(text) > limit:
        text = f"{text[: limit - 1]}…"
    return text


def optional_storable(text: str | None, limit: int | None = None) -> str | None:
    """Return ``storable`` text, or None."""
    return None if text is None else storable(text, limit)
