"""Sights of registered accounts: as approved, as last seen, and how often missed in a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_sight",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("platform", "account", "source")),
        *(sa.Column(name, sa.Text) for name in ("accepted", "seen", "seen_at", "approved_at")),
        sa.Column("misses", sa.Integer, nullable=False),
        sa.Column("missed_on", sa.Text),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("Go back by restoring the copy made before the migration.")
