"""The tables; times are UTC in ISO 8601 text, lists and mappings are JSON text."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

REVISION = "0003"
"""The Alembic revision these tables are at; opening a store compares it before anything else."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("version", Text, nullable=False),
    Column("settings_hash", Text, nullable=False),
    Column("scope", Text),
    Column("outcome", Text),
    Column("exit_code", Integer),
    sqlite_autoincrement=True,
)

reading = Table(
    "reading",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("capabilities", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("dropped", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("problem", Text),
    Column("advice", Text),
)

rule_outcome = Table(
    "rule_outcome",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("reason", Text),
)

open_count = Table(
    "open_count",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("item", Text, primary_key=True),
    Column("findings", Integer, nullable=False),
)

# seen_run is NULL while every run sees the finding, and the last run that saw it once one did not:
# a night in which nothing changes then writes nothing.
finding = Table(
    "finding",
    metadata,
    Column("key", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Column("schools", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("verdict", Text),
    Column("last_change", Text, nullable=False),
    Column("changed_run", ForeignKey("run.id"), nullable=False),
    Column("first_run", ForeignKey("run.id"), nullable=False),
    Column("seen_run", ForeignKey("run.id")),
    Column("until", Text),
    Column("statement", Text),
    sqlite_with_rowid=False,
)

finding_detail = Table(
    "finding_detail",
    metadata,
    Column("finding", ForeignKey("finding.key", ondelete="CASCADE"), primary_key=True),
    Column("grade", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("platform", Text),
    Column("url", Text),
    Column("affiliation", Text),
    Column("facts", Text, nullable=False),
    sqlite_with_rowid=False,
)

finding_event = Table(
    "finding_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("finding", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("run", Integer),
    Column("by", Text),
    Column("verb", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("finding_event_finding", "finding"),
    sqlite_autoincrement=True,
)

registry_event = Table(
    "registry_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("facts", Text, nullable=False),
    sqlite_autoincrement=True,
)

decision_event = Table(
    "decision_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("exemption", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("facts", Text, nullable=False),
    sqlite_autoincrement=True,
)

bookmark = Table(
    "bookmark",
    metadata,
    Column("source", Text, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("written_at", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

account_sight = Table(
    "account_sight",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("accepted", Text),
    Column("seen", Text),
    Column("seen_at", Text),
    Column("approved_at", Text),
    Column("misses", Integer, nullable=False),
    Column("missed_on", Text),
    sqlite_with_rowid=False,
)

EVENT_TABLES = ("finding_event", "registry_event", "decision_event")
"""Append-only: triggers refuse UPDATE and DELETE unless ``meta`` says that a disposal is on."""

DISPOSING = "disposing"
"""The key in ``meta`` that lifts the triggers inside a disposal's own transaction."""
