"""What a rule finds and what becomes of it: Finding, KnownFinding, their states and changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from connectors.records import Grade


class Certainty(StrEnum):
    """How sure a finding of item 8 is; RECORDED is a plain fact of the registry."""

    CONFIDENT = "confident"
    POSSIBLE = "possible"
    RECORDED = "recorded"


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    ACKNOWLEDGED = "acknowledged"
    EXEMPT = "exempt"
    DISPUTED = "disputed"
    FALSE_POSITIVE = "false_positive"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Change(StrEnum):
    """What a night did to a finding."""

    OPENED = "opened"
    SEEN_AGAIN = "seen_again"
    CHANGED = "changed"
    CLOSED = "closed"
    REOPENED = "reopened"
    NOT_LOOKED = "not_looked"
    EXEMPTION_EXPIRED = "exemption_expired"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was compared: what, the district's value, the other's, where and when."""

    what: str
    ours: str
    theirs: str
    source: str
    url: str | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A lead: what was seen, how sure it is, why, and why it may be wrong.

    ``subject`` is identity (platform and native id, or site and address), never wording.
    ``sources`` are the sources it rests on: it may close only when each answered in full.
    ``schools`` holds the codes of the schools it concerns; empty means the district as a whole.
    ``people`` holds directory ids of those it is about; ``withheld_from`` the codes of schools
    whose page must not show it, because it concerns the reader of that page.
    """

    rule: str
    subject: tuple[str, ...]
    sources: frozenset[str]
    grade: Grade | Certainty
    summary: str
    schools: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    withheld_from: tuple[str, ...] = ()
    platform: str | None = None
    url: str | None = None
    affiliation: str | None = None
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Stable name of the finding: 16 hex digits of SHA-256 over rule and subject."""
        return finding_key(self.rule, self.subject)

    @property
    def fingerprint(self) -> str:
        """Changes when what a reader would be shown changes; times of sight do not count."""
        facts = [str(self.grade), self.summary, self.schools, self.url, self.affiliation]
        facts += [[e.what, e.ours, e.theirs, e.url] for e in self.evidence]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding as the store remembers it before tonight."""

    key: str
    rule: str
    subject: tuple[str, ...]
    sources: frozenset[str]
    schools: tuple[str, ...]
    state: State
    fingerprint: str
    first_seen: datetime
    last_seen: datetime
    until: date | None = None


def finding_key(rule: str, subject: tuple[str, ...]) -> str:
    """Hash rule and subject, unambiguously joined, into 16 hex digits."""
    return hashlib.sha256(json.dumps([rule, *subject]).encode()).hexdigest()[:16]
