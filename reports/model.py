"""The report model: display-ready, frozen, free of decisions; every text is already in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

NOT_OPEN = frozenset({"closed", "resolved", "false_positive", "exempt"})
ENDING_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One comparison: what, the district's value, the value found, source, where and when."""

    what: str
    ours: str
    theirs: str
    source: str
    url: str | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as a reader sees it.

    ``item`` is the policy item ("8" or "10"); ``state`` and ``change`` are keys with ``*_title``
    for people; ``schools`` are codes and ``school_names`` their names ("District" where none).
    ``grade`` is "A".."D", "confident", "possible" or "recorded".  ``policy_sentence`` quotes the
    policy; ``dispute`` says how to contest; ``statement`` is the employee's own, when disputed.
    """

    key: str
    rule: str
    rule_title: str
    item: str
    schools: tuple[str, ...]
    school_names: tuple[str, ...]
    platform: str
    platform_title: str
    subject: str
    url: str | None
    grade: str
    grade_title: str
    state: str
    state_title: str
    change: str
    change_title: str
    is_new: bool
    first_seen: datetime
    last_seen: datetime
    summary: str
    policy_sentence: str
    dispute: str
    affiliation: str | None = None
    until: date | None = None
    statement: str | None = None
    evidence: tuple[EvidenceLine, ...] = ()
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it: not ended and not exempt."""
        return self.state not in NOT_OPEN

    def is_exemption_ending(self, today: date) -> bool:
        """Whether it is exempt and the exemption ends within 30 days of ``today``."""
        if self.state != "exempt" or self.until is None:
            return False
        return self.until <= today + ENDING_SOON


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source tonight: was it read in full, and if not since when and what to do."""

    name: str
    connector: str
    state: str
    state_title: str
    is_complete: bool
    records: int
    detail: str
    incomplete_since: datetime | None = None
    last_complete: datetime | None = None
    problem: str | None = None
    advice: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule tonight: ran, or sat out and why."""

    rule: str
    title: str
    item: str
    state_title: str
    ran: bool
    findings: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One platform and question: was it asked tonight, of whom, and what may no one ask.

    ``terms`` is the page of the platform's terms, last read on ``terms_reviewed_on``.
    """

    platform: str
    platform_title: str
    capability: str
    is_asked: bool
    state_title: str
    sources: tuple[str, ...]
    since: datetime | None
    remark: str
    terms_reviewed_on: date | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class SearchLink:
    """A link for a person to click: where it leads, in words, and its address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class LookLine:
    """One platform to look at for one institution, and the links to do it with."""

    platform: str
    platform_title: str
    links: tuple[SearchLink, ...]


@dataclass(frozen=True, slots=True)
class LookGroup:
    """What to look for on behalf of the district or a school; ``names`` are what to search for."""

    title: str
    names: tuple[str, ...]
    lines: tuple[LookLine, ...]


@dataclass(frozen=True, slots=True)
class LookSheet:
    """Ready searches for people, by institution; nothing of them was ever fetched."""

    district: str
    policy: str
    generated_at: datetime
    version: str
    groups: tuple[LookGroup, ...]


@dataclass(frozen=True, slots=True)
class AppLine:
    """An app that nobody could place, with how many people signed in to it; never who.

    ``users`` is None when it was granted for everybody at once.
    """

    source: str
    id: str
    name: str
    users: int | None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of the registry: who asked, who approved, who owns it, when to look again."""

    platform: str
    platform_title: str
    account: str
    url: str
    school_names: tuple[str, ...]
    state: str
    state_title: str
    purpose: str
    owner: str
    backup: str | None
    requested_on: date | None
    approved_on: date | None
    approved_by: str | None
    review_on: date | None
    is_review_due: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it was asked for and nobody has decided yet."""
        return self.state == "requested"


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school in the district's summary table; ``page`` is a relative file name."""

    code: str
    name: str
    page: str
    new: int
    open: int
    exempt: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Open findings at the end of one week, by policy item."""

    week: date
    item_8: int
    item_10: int


@dataclass(frozen=True, slots=True)
class Headline:
    """The four numbers of the first screen."""

    new: int
    open: int
    waiting: int
    exemptions_ending: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Relative file names of the sibling pages and exports."""

    district: str
    registry: str
    coverage: str
    csv: str | None
    json: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """One page's worth: the district's (``school`` None) or one school's.

    ``generated_at`` is aware and in the district's zone (``zone`` is its name).  Findings that are
    CLOSED, RESOLVED or FALSE_POSITIVE are included so that they can be filtered for; ``open``
    counts leave them out.
    """

    district: str
    school: str | None
    school_code: str | None
    generated_at: datetime
    zone: str
    run: int
    version: str
    settings_hash: str
    policy: str
    responsible: str
    contact: str | None
    dispose_after: date | None
    headline: Headline
    pages: Pages
    sources: tuple[SourceLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    coverage: tuple[CoverageLine, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    accounts: tuple[AccountLine, ...] = ()
    schools: tuple[SchoolLine, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    notes: tuple[str, ...] = ()
    apps: tuple[AppLine, ...] = ()
