"""What a rule is, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.findings import Finding
    from auditor.snapshot import Snapshot
    from connectors.source import Capability


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule found, and whole sentences on what it could not or would not list."""

    findings: Sequence[Finding]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, the policy item and sentence it rests on, what it needs, what it does.

    ``needs``: PEOPLE asks that every directory answered in full, anything else that at least one
    source with that capability was read; ``needs_one_of`` that one of several was.
    ``check(snapshot, options)`` takes the rule's own settings.
    """

    id: str
    title: str
    item: str
    sentence: str
    needs: frozenset[Capability]
    check: Callable[[Snapshot, Any], RuleResult]
    manual: str
    needs_one_of: frozenset[Capability] = frozenset()
