"""What registered accounts looked like, as rows: one an account and source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, insert, select

from auditor.sightings import Facts, Sight, SightKey
from auditor.store import stamps
from auditor.store.schema import account_sight
from connectors.records import AccountKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection


def load_sights(connection: Connection) -> dict[SightKey, Sight]:
    """Return every sight; facts that cannot be read are not known."""
    return {
        SightKey(AccountKey(row.platform, row.account), row.source): Sight(
            accepted=_read_facts(row.accepted),
            seen=_read_facts(row.seen),
            seen_at=stamps.read_optional_time(row.seen_at),
            approved_at=stamps.read_optional_time(row.approved_at),
            misses=row.misses,
            missed_on=stamps.read_date(row.missed_on),
        )
        for row in connection.execute(select(account_sight))
    }


def write_sights(
    connection: Connection, sights: Mapping[SightKey, Sight], configured: Collection[str]
) -> None:
    """Replace all sights; those of sources that are no longer configured go."""
    connection.execute(delete(account_sight))
    rows = [_row(key, sight) for key, sight in sights.items() if key.source in configured]
    if rows:
        connection.execute(insert(account_sight), rows)


def _row(key: SightKey, sight: Sight) -> dict[str, str | int | None]:
    return {
        "platform": key.account.platform,
        "account": key.account.account,
        "source": key.source,
        "accepted": stamps.json_text(sight.accepted) if sight.accepted else None,
        "seen": stamps.json_text(sight.seen) if sight.seen else None,
        "seen_at": stamps.time_text(sight.seen_at) if sight.seen_at else None,
        "approved_at": stamps.time_text(sight.approved_at) if sight.approved_at else None,
        "misses": sight.misses,
        "missed_on": sight.missed_on.isoformat() if sight.missed_on else None,
    }


def _read_facts(text: str | None) -> Facts | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Facts)
    except msgspec.DecodeError:
        return None
