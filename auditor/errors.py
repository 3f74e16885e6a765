"""The auditor's own errors; each carries the exit code it ends a run with."""

from __future__ import annotations


class AuditError(Exception):
    """Something the user can mend: one sentence of what, where and what to do next."""

    exit_code = 2


class SettingsError(AuditError):
    """A setting is missing, unknown or wrong."""


class StoreError(AuditError):
    """The store cannot be opened or written."""

    exit_code = 3


class StoreLocked(StoreError):
    """Another run holds the store's lock."""

    exit_code = 75


class RegistryError(AuditError):
    """A registry or decision command cannot be carried out as asked."""


class NoSuchSchool(AuditError):
    """``--school`` fits no school, or more than one."""
