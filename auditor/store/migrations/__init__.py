"""Alembic's environment for the store; ``opening`` runs it, nobody else."""
