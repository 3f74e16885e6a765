"""Migrate on the connection that the store hands over, inside its transaction.

After Alembic's cookbook, "Sharing a Connection across one or more programmatic migration commands".
"""

from __future__ import annotations

from alembic import context

from auditor.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
