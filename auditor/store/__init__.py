"""The only SQL: runs, findings, registry and decisions, in SQLite or PostgreSQL."""

from __future__ import annotations

from auditor.store.bookmarks import Bookmark
from auditor.store.decision_rows import FindingEvent
from auditor.store.opening import open_store
from auditor.store.run_rows import RunRecord, SourceHistory
from auditor.store.store import Store

__all__ = ["Bookmark", "FindingEvent", "RunRecord", "SourceHistory", "Store", "open_store"]
