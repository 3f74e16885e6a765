"""How a night went: what each source gave (Reading) and what each rule did (RuleOutcome)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.source import Capability


class ReadingState(StrEnum):
    """How a source's reading ended; only COMPLETE may close a finding."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    DENIED = "denied"
    NOT_CONFIGURED = "not_configured"
    NOT_SUPPORTED = "not_supported"
    SHRUNK = "shrunk"


USED = frozenset({ReadingState.COMPLETE, ReadingState.PARTIAL})
"""Readings whose records count; those of any other are not there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source gave tonight; ``counts`` is by kind, ``dropped`` what was left out."""

    source: str
    connector: str
    state: ReadingState
    capabilities: frozenset[Capability]
    started_at: datetime
    finished_at: datetime
    records: int = 0
    calls: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str | None = None
    advice: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the source answered in full."""
        return self.state is ReadingState.COMPLETE


class RuleState(StrEnum):
    """Whether a rule ran; IDLE waits for a source that this district has not set up."""

    RAN = "ran"
    SAT_OUT = "sat_out"
    IDLE = "idle"
    OFF = "off"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule did tonight; ``reason`` says why it did not run."""

    rule: str
    state: RuleState
    findings: int = 0
    reason: str | None = None
