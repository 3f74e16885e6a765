"""What of a Google tenant's app grants is kept from night to night, and whose turn it is."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from datetime import date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

import msgspec

from connectors.google_apps import AUTHORIZE, describe_scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.google_apps import Event, Token

VERSION = 1
EVENTS_KEPT = timedelta(days=2)
NIGHTS = 7
LARGEST = 500_000_000
"""What a bookmark may unpack to, in bytes."""


class Grant(msgspec.Struct, array_like=True):
    """An app that somebody let in: client id, what it may see in words, and the day if known."""

    client_id: str
    sees: str = ""
    day: date | None = None


class Kept(msgspec.Struct):
    """What one night leaves for the next; of users, employees' ids only.

    ``position`` is the id with which the last seventh ended, ``names`` are of apps by client id,
    ``events`` the keys of those whose users were asked already, ``lag`` where to look for the
    report of use.
    """

    version: int
    basis: str
    watermark: datetime | None = None
    position: str = ""
    lag: int = 1
    names: dict[str, str] = {}
    grants: dict[str, list[Grant]] = {}
    events: list[str] = []


def pack(kept: Kept) -> bytes:
    """Return a bookmark: MessagePack, compressed since apps come up again and again."""
    return zlib.compress(msgspec.msgpack.encode(kept))


def unpack(bookmark: bytes | None, basis: str) -> Kept:
    """Return what an earlier night left; an empty one for another basis, version or shape."""
    empty = Kept(VERSION, basis)
    try:
        body = zlib.decompressobj().decompress(bookmark or b"", LARGEST)
        kept = msgspec.msgpack.decode(body, type=Kept)
    except (zlib.error, msgspec.MsgspecError, UnicodeError, RecursionError):
        return empty
    is_ours = (kept.version, kept.basis) == (VERSION, basis)
    return kept if is_ours and kept.watermark and kept.watermark.tzinfo else empty


def choose(
    people: Mapping[str, str], before: Kept, events: Iterable[Event]
) -> tuple[list[str], str]:
    """Return whom to ask about, and where tonight's seventh ends.

    Whom events touched that are not known yet, who was never asked, and the next seventh by id.
    """
    ids = sorted(people)
    known = set(before.events)
    touched = {event.user_id for event in events if event.key not in known}
    start = bisect_right(ids, before.position)
    turn = [*ids[start:], *ids[:start]][: ceil(len(ids) / NIGHTS)]
    ask = sorted(touched | set(turn) | {key for key in ids if key not in before.grants})
    return ask, turn[-1] if turn else ""


def join(
    before: Kept,
    people: Iterable[str],
    events: Iterable[Event],
    found: Mapping[str, list[Token]],
    now: datetime,
) -> Kept:
    """Put tonight's grants in the place of those known; of who was not asked they stay."""
    recent = {event.key for event in events if event.day >= (now - EVENTS_KEPT).date()}
    days: dict[tuple[str, str], date] = {}
    for event in events:
        if event.name == AUTHORIZE:
            days.setdefault((event.user_id, event.client_id), event.day)
    kept = Kept(VERSION, before.basis, now, events=sorted(recent))
    for user in sorted(people):
        known = before.grants.get(user)
        if user in found:
            kept.grants[user] = _grants_of(user, found[user], days, known or [])
        elif known is not None:
            kept.grants[user] = known
    new = {one.client_id: one.display_text for tokens in found.values() for one in tokens}
    alive = {one.client_id for grants in kept.grants.values() for one in grants}
    names = before.names | new
    kept.names = {key: name for key, name in sorted(names.items()) if key in alive}
    return kept


def _grants_of(
    user: str,
    tokens: Iterable[Token],
    days: Mapping[tuple[str, str], date],
    known: Iterable[Grant],
) -> list[Grant]:
    """Return a user's grants in the order of apps; a day once known stays known."""
    before = {grant.client_id: grant.day for grant in known}
    found = {
        one.client_id: Grant(
            one.client_id,
            describe_scopes(one.scopes),
            days.get((user, one.client_id)) or before.get(one.client_id),
        )
        for one in tokens
    }
    return [found[key] for key in sorted(found)]
