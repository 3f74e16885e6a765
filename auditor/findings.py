"""What a rule finds and what becomes of it: Finding, KnownFinding, states and changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import date, datetime

    from connectors.records import Grade


_ENCODE = msgspec.json.Encoder().encode


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
        return _digest((self.rule, *self.subject))

    @property
    def fingerprint(self) -> str:
        """Changes when what a reader would be shown changes; times of sight do not count."""
        evidence = [(e.what, e.ours, e.theirs, e.url) for e in self.evidence]
        grade = str(self.grade)
        return _digest((grade, self.summary, self.schools, self.url, self.affiliation, evidence))

    @property
    def content(self) -> str:
        """Changes when anything of the finding does, times of sight apart."""
        return _digest(
            (
                str(self.grade),  # an enumeration takes the encoder four times as long
                self.summary,
                self.schools,
                self.url,
                self.affiliation,
                [(e.what, e.ours, e.theirs, e.url, e.source) for e in self.evidence],
                sorted(self.sources),
                self.people,
                self.withheld_from,
                self.platform,
                self.reasons,
                self.doubts,
            )
        )


class KnownFinding(msgspec.Struct, frozen=True, gc=False):
    """A finding as the store remembers it before tonight.

    ``subject_text`` is the subject as JSON, since few are looked at.
    ``verdict`` is FALSE_POSITIVE for one that was judged so and has since gone; ``content`` is
    the finding's when it was last written; ``is_out_of_sight`` tells that the last run missed it.
    """

    key: str
    rule: str
    subject_text: str
    sources: frozenset[str]
    schools: tuple[str, ...]
    state: State
    fingerprint: str
    first_seen: datetime
    last_seen: datetime
    until: date | None = None
    verdict: State | None = None
    content: str = ""
    is_out_of_sight: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is open and nothing else is to be said of it: in sight, no date, no verdict.

        Seen again with the same content, under no exemption, such a one stays as it is.
        """
        return (
            self.state is State.OPEN
            and not self.is_out_of_sight
            and self.until is None
            and self.verdict is None
        )

    @property
    def subject(self) -> tuple[str, ...]:
        """The subject's parts."""
        return tuple(json.loads(self.subject_text))


@dataclass(frozen=True, slots=True)
class KnownFindings:
    """The findings as the store remembers them: few of many thousands are looked at as a whole.

    ``contents`` has the key of every finding with its content, empty where that alone does not tell
    what a night does to it: it is not plainly open (see ``KnownFinding.is_plain``).
    ``loader`` returns the whole findings of keys, those that are still there.
    """

    contents: Mapping[str, str]
    loader: Callable[[Collection[str]], Mapping[str, KnownFinding]]

    @classmethod
    def of(cls, findings: Iterable[KnownFinding]) -> KnownFindings:
        """Return findings that are whole already."""
        by_key = {one.key: one for one in findings}
        contents = {key: one.content if one.is_plain else "" for key, one in by_key.items()}
        return cls(contents, lambda keys: {key: by_key[key] for key in keys})

    def load(self, keys: Iterable[str]) -> Mapping[str, KnownFinding]:
        """Return the findings of these keys, by key; those that are not known are left out."""
        known = self.contents.keys() & keys
        return self.loader(known) if known else {}


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding with what has become of it, rebuilt from the store.

    ``last_change`` is the last thing a night did that a reader should hear of, ``changed_run`` the
    run that did it, at ``changed_at``, ``seen_run`` the last run that saw the finding.  Times are
    those runs' starts.
    ``statement`` is the employee's own, printed with the finding.
    """

    finding: Finding
    state: State
    last_change: Change
    changed_run: int
    first_seen: datetime
    last_seen: datetime
    until: date | None
    statement: str | None
    seen_run: int = 0
    changed_at: datetime | None = None

    @property
    def key(self) -> str:
        """The finding's key."""
        return self.finding.key

    def change_in(self, run: int) -> Change:
        """Return what that run, the latest, did to the finding."""
        if self.changed_run == run:
            return self.last_change
        if self.seen_run == run:
            return Change.SEEN_AGAIN
        return Change.CLOSED if self.state is State.CLOSED else Change.NOT_LOOKED


def finding_key(rule: str, subject: tuple[str, ...]) -> str:
    """Hash rule and subject, unambiguously joined, into 16 hex digits."""
    return _digest((rule, *subject))


def _digest(facts: object) -> str:
    try:
        text = _ENCODE(facts)
    except UnicodeEncodeError:
        text = json.dumps(facts).encode()
    return sha256(text).hexdigest()[:16]
