"""Findings and readings turned into the report model: order, counts, words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.findings import Change, State
from auditor.lifecycle import OPEN_STATES
from auditor.outcomes import RuleState
from auditor.registry import Registration
from auditor.rules import BY_ID
from auditor.wording import (
    CHANGES,
    DISPUTE,
    GRADES,
    READINGS,
    RULE_STATES,
    STATES,
    count,
    platform_title,
)
from reports.model import (
    AccountLine,
    AppLine,
    EvidenceLine,
    FindingLine,
    Headline,
    Pages,
    Report,
    RuleLine,
    SchoolLine,
    SourceLine,
    TrendPoint,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from auditor.findings import StoredFinding
    from auditor.outcomes import Reading, RuleOutcome
    from auditor.registry import RegisteredAccount
    from auditor.schools import School, SchoolList
    from auditor.settings import Settings
    from auditor.store import SourceHistory
    from connectors.records import App
    from reports.model import CoverageLine

NEW_DAYS = 7
ENDING_DAYS = 30
WEAK = frozenset({"C", "D", "possible"})
ORDER = {"A": 0, "confident": 1, "B": 2, "recorded": 3, "C": 4, "possible": 5, "D": 6}


@dataclass(frozen=True, slots=True)
class Night:
    """Everything a report is made of."""

    run: int
    now: datetime
    settings: Settings
    schools: SchoolList
    findings: Sequence[StoredFinding]
    readings: Sequence[Reading]
    outcomes: Sequence[RuleOutcome]
    history: Mapping[str, SourceHistory]
    registered: Sequence[RegisteredAccount]
    trend: Sequence[tuple[object, int, int]]
    coverage: tuple[CoverageLine, ...]
    changes: Mapping[str, Change] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    apps: Sequence[App] = ()


def school_page(school: School) -> str:
    """Return the file name of a school's page; codes are already plain letters and digits."""
    return f"school-{school.code}.html"


def registry_page(school: School | None) -> str:
    """Return the file name of the list of approved accounts: the district's or a school's own."""
    return f"registry-{school.code}.html" if school else "registry.html"


def build_district(night: Night) -> Report:
    """Build the district's report: every finding, every grade."""
    lines = _lines(night, list(night.findings))
    return _report(night, None, lines, night.notes)


def build_school(night: Night, school: School) -> Report:
    """Build one school's report: its own strong leads, none about the reader of the page."""
    own = [one for one in night.findings if school.code in one.finding.schools]
    shown = [one for one in own if is_shown(one, school.code)]
    weak = sum(1 for one in own if str(one.finding.grade) in WEAK and one.state in OPEN_STATES)
    notes: tuple[str, ...] = ()
    if weak:
        stay = "stays" if weak == 1 else "stay"
        notes = (
            f"{count(weak, 'weaker lead')} about this school {stay} with "
            f"{night.settings.district.responsible} until somebody has looked.",
        )
    return _report(night, school, _lines(night, shown), notes)


def is_shown(one: StoredFinding, code: str) -> bool:
    """Whether a school's page shows a finding: its own, strong, and not about the page's reader."""
    finding = one.finding
    is_own = code in finding.schools and code not in finding.withheld_from
    return is_own and str(finding.grade) not in WEAK


def is_new(one: StoredFinding, now: datetime) -> bool:
    """Whether a finding is open and was first seen, or came back, in the last seven days."""
    came = one.changed_at if one.last_change is Change.REOPENED else None
    return one.state in OPEN_STATES and (came or one.first_seen) > now - timedelta(days=NEW_DAYS)


def headline_of(
    findings: Sequence[StoredFinding], registered: Sequence[RegisteredAccount], now: datetime
) -> Headline:
    """Count the four numbers of the first screen; ``now`` is in the district's zone."""
    soon = (now + timedelta(days=ENDING_DAYS)).date()
    return Headline(
        new=sum(1 for one in findings if is_new(one, now)),
        open=sum(1 for one in findings if one.state in OPEN_STATES),
        waiting=sum(1 for one in registered if one.state is Registration.REQUESTED),
        exemptions_ending=sum(
            1
            for one in findings
            if one.state is State.EXEMPT and one.until is not None and one.until <= soon
        ),
    )


def _report(
    night: Night, school: School | None, lines: tuple[FindingLine, ...], notes: tuple[str, ...]
) -> Report:
    settings, code = night.settings, school.code if school else None
    registered = [one for one in night.registered if code is None or code in one.schools]
    keys = {line.key for line in lines}
    shown = [one for one in night.findings if one.finding.key in keys]
    formats = settings.reports.formats
    stem = f"school-{code}" if code else "findings"
    keep = settings.reports.keep_days
    local = night.now.astimezone(settings.zone)
    return Report(
        district=settings.district.name,
        school=school.name if school else None,
        school_code=code,
        generated_at=local,
        zone=settings.district.time_zone,
        run=night.run,
        version=__version__,
        settings_hash=settings.digest,
        policy=settings.district.policy,
        responsible=settings.district.responsible,
        contact=settings.district.contact,
        dispose_after=(local + timedelta(days=keep)).date() if keep else None,
        headline=headline_of(shown, registered, local),
        pages=Pages(
            school_page(school) if school else "index.html",
            registry_page(school),
            "coverage.html",
            f"{stem}.csv" if "csv" in formats else None,
            f"{stem}.json" if "json" in formats else None,
        ),
        sources=tuple(_source_line(one, night.history) for one in night.readings),
        rules=tuple(_rule_line(one) for one in night.outcomes),
        coverage=night.coverage,
        findings=lines,
        accounts=tuple(_account_line(one, night) for one in registered),
        schools=() if school else tuple(_school_line(one, night) for one in night.schools.schools),
        trend=() if school else tuple(TrendPoint(*point) for point in night.trend),  # type: ignore[arg-type]
        notes=notes,
        apps=() if school else tuple(map(_app_line, sorted(night.apps, key=_app_order))),
    )


def _app_order(app: App) -> tuple[bool, int, str, str]:
    """Order apps by the number of people, those granted for everybody first."""
    return app.users is not None, -(app.users or 0), app.name.casefold(), app.id


def _app_line(app: App) -> AppLine:
    return AppLine(app.source, app.id[:200], app.name[:200] or app.id[:200], app.users)


def _lines(night: Night, findings: list[StoredFinding]) -> tuple[FindingLine, ...]:
    findings.sort(
        key=lambda one: (
            one.state not in OPEN_STATES,
            not is_new(one, night.now),
            ORDER[str(one.finding.grade)],
            one.finding.summary,
        )
    )
    dispute = DISPUTE.format(
        responsible=night.settings.district.contact or night.settings.district.responsible
    )
    return tuple(_finding_line(one, night, dispute) for one in findings)


def _finding_line(one: StoredFinding, night: Night, dispute: str) -> FindingLine:
    finding = one.finding
    rule = BY_ID.get(finding.rule)
    zone = night.settings.zone
    change = night.changes.get(finding.key, one.last_change)
    return FindingLine(
        key=finding.key,
        rule=finding.rule,
        rule_title=rule.title if rule else finding.rule,
        item=rule.item if rule else "",
        schools=finding.schools,
        school_names=tuple(night.schools.name(code) for code in finding.schools) or ("District",),
        platform=finding.platform or "",
        platform_title=platform_title(finding.platform) if finding.platform else "",
        subject=", ".join(finding.subject[1:]),
        url=finding.url,
        grade=str(finding.grade),
        grade_title=GRADES[finding.grade],
        state=str(one.state),
        state_title=STATES[one.state],
        change=str(change),
        change_title=CHANGES[change],
        is_new=is_new(one, night.now),
        first_seen=one.first_seen.astimezone(zone),
        last_seen=one.last_seen.astimezone(zone),
        summary=finding.summary,
        policy_sentence=rule.sentence if rule else "",
        dispute=dispute,
        affiliation=finding.affiliation,
        until=one.until,
        statement=one.statement,
        evidence=tuple(
            EvidenceLine(
                e.what,
                e.ours,
                e.theirs,
                e.source,
                e.url,
                e.seen_at.astimezone(zone) if e.seen_at else None,
            )
            for e in finding.evidence
        ),
        reasons=finding.reasons,
        doubts=finding.doubts,
    )


def _source_line(reading: Reading, history: Mapping[str, SourceHistory]) -> SourceLine:
    past = history.get(reading.source)
    parts = [f"{number:,} {kind}" for kind, number in reading.counts.items()]
    parts += [f"{reason} left out: {number:,}" for reason, number in reading.dropped.items()]
    return SourceLine(
        name=reading.source,
        connector=reading.connector,
        state=str(reading.state),
        state_title=READINGS[reading.state],
        is_complete=reading.is_complete,
        records=reading.records,
        detail=", ".join(parts),
        incomplete_since=past.incomplete_since if past else None,
        last_complete=past.last_complete if past else None,
        problem=_sentence(reading.problem),
        advice=_sentence(reading.advice),
        notes=reading.notes,
    )


def _sentence(text: str | None) -> str | None:
    return text[:1].upper() + text[1:] if text else None


def _rule_line(outcome: RuleOutcome) -> RuleLine:
    rule = BY_ID[outcome.rule]
    return RuleLine(
        rule=rule.id,
        title=rule.title,
        item=rule.item,
        state_title=RULE_STATES[outcome.state],
        ran=outcome.state is RuleState.RAN,
        findings=outcome.findings,
        reason=outcome.reason,
    )


def _school_line(school: School, night: Night) -> SchoolLine:
    own = [one for one in night.findings if is_shown(one, school.code)]
    return SchoolLine(
        code=school.code,
        name=school.name,
        page=school_page(school),
        new=sum(1 for one in own if is_new(one, night.now)),
        open=sum(1 for one in own if one.state in OPEN_STATES),
        exempt=sum(1 for one in own if one.state is State.EXEMPT),
    )


def _account_line(entry: RegisteredAccount, night: Night) -> AccountLine:
    titles = {
        Registration.REQUESTED: "Waiting for approval",
        Registration.APPROVED: "Approved",
        Registration.REVOKED: "Revoked",
    }
    today = night.now.astimezone(night.settings.zone).date()
    return AccountLine(
        platform=entry.key.platform,
        platform_title=platform_title(entry.key.platform),
        account=entry.handle or entry.key.account,
        url=entry.url,
        school_names=tuple(night.schools.name(code) for code in entry.schools) or ("District",),
        state=str(entry.state),
        state_title=titles[entry.state],
        purpose=entry.purpose,
        owner=entry.owner,
        backup=entry.backup,
        requested_on=entry.requested_on,
        approved_on=entry.approved_on,
        approved_by=entry.approved_by,
        review_on=entry.review_on,
        is_review_due=(
            entry.state is Registration.APPROVED
            and entry.review_on is not None
            and entry.review_on <= today
        ),
    )
