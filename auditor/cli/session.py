"""What a command that works on the store begins with: settings, open store, and the clock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from auditor.settings import Settings
    from auditor.store import Store


@dataclass(frozen=True, slots=True)
class Session:
    """An open store with its settings; ``today`` is the district's day."""

    settings: Settings
    store: Store
    now: datetime
    today: date


@contextmanager
def open_session(config: Path) -> Iterator[Session]:
    """Load the settings, open the store for a block and close it; AuditError in one sentence."""
    from auditor.settings import load_settings

    settings = load_settings(config)
    from auditor.store import open_store

    store = open_store(settings.store.url)
    try:
        now = datetime.now(UTC)
        yield Session(settings, store, now, now.astimezone(settings.zone).date())
    finally:
        store.close()
