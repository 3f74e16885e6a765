"""First tables: runs, findings, registry, decisions, outbox; triggers on the event tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EVENT_TABLES = ("finding_event", "registry_event", "decision_event")
SQLITE_GUARD = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'disposing')
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""


def upgrade() -> None:
    _create_runs()
    _create_findings()
    _create_decisions()
    _create_outbox()
    guard = _guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql
    guard()


def downgrade() -> None:
    raise NotImplementedError("Go back by restoring the copy made before the migration.")


def _text(name: str, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _run(name: str = "run", primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        name, sa.Integer, sa.ForeignKey("run.id"), primary_key=primary_key, nullable=False
    )


def _create_runs() -> None:
    op.create_table("meta", _text("key", primary_key=True), _text("value"))
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("started_at"),
        _text("finished_at", nullable=True),
        _text("version"),
        _text("settings_hash"),
        _text("scope", nullable=True),
        _text("outcome", nullable=True),
        _number("exit_code", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reading",
        _run(primary_key=True),
        _text("source", primary_key=True),
        *map(_text, ("connector", "state", "capabilities", "started_at", "finished_at")),
        *map(_number, ("records", "calls")),
        *map(_text, ("counts", "dropped", "notes")),
        _text("problem", nullable=True),
        _text("advice", nullable=True),
    )
    op.create_table(
        "rule_outcome",
        _run(primary_key=True),
        _text("rule", primary_key=True),
        _text("state"),
        _number("findings"),
        _text("reason", nullable=True),
    )
    op.create_table(
        "open_count", _run(primary_key=True), _text("item", primary_key=True), _number("findings")
    )


def _create_findings() -> None:
    op.create_table(
        "finding",
        _text("key", primary_key=True),
        *map(_text, ("rule", "subject", "sources", "schools", "fingerprint", "content", "state")),
        _text("verdict", nullable=True),
        _text("last_change"),
        *map(_run, ("changed_run", "first_run")),
        sa.Column("seen_run", sa.Integer, sa.ForeignKey("run.id")),
        _text("until", nullable=True),
        _text("statement", nullable=True),
        sqlite_with_rowid=False,
    )
    owner = sa.ForeignKey("finding.key", ondelete="CASCADE")
    op.create_table(
        "finding_detail",
        sa.Column("finding", sa.Text, owner, primary_key=True),
        *map(_text, ("grade", "summary")),
        _text("platform", nullable=True),
        _text("url", nullable=True),
        _text("affiliation", nullable=True),
        _text("facts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding_event",
        sa.Column("id", sa.Integer, primary_key=True),
        *map(_text, ("finding", "at")),
        _number("run", nullable=True),
        _text("by", nullable=True),
        _text("verb"),
        _text("before", nullable=True),
        *map(_text, ("after", "note")),
        sqlite_autoincrement=True,
    )
    op.create_index("finding_event_finding", "finding_event", ["finding"])


def _create_decisions() -> None:
    op.create_table(
        "registry_event",
        sa.Column("id", sa.Integer, primary_key=True),
        *map(_text, ("at", "by", "verb", "platform", "account", "why", "facts")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "decision_event",
        sa.Column("id", sa.Integer, primary_key=True),
        *map(_text, ("at", "by", "verb", "exemption", "why", "facts")),
        sqlite_autoincrement=True,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        *map(_text, ("week", "scope", "recipient", "message_id", "sha256", "state")),
        _number("attempts"),
        _text("next_try", nullable=True),
        _text("last_reply", nullable=True),
        *map(_text, ("created_at", "updated_at")),
        sa.UniqueConstraint("week", "scope", "recipient"),
    )


def _guard_sqlite() -> None:
    for table in EVENT_TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.replace("{table}", table).replace("{verb}", verb))


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM meta WHERE key = 'disposing') THEN "
        "RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END IF; "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in EVENT_TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
