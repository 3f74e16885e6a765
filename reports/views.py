"""A finding as the pages show it: every value already text, the same in table and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from reports.security import printable, safe_link
from reports.wording import format_day, format_moment, full_grade, iso_day, short_grade

if TYPE_CHECKING:
    from datetime import tzinfo

    from reports.model import EvidenceLine, FindingLine, Report

ANY_OPEN, NEW, ENDING, DISTRICT = "any-open", "new", "ending", "district-wide"


class EvidenceView(msgspec.Struct, frozen=True):
    """One comparison in words; ``is_link`` tells whether ``url`` may be followed."""

    what: str
    ours: str
    theirs: str
    source: str
    url: str | None
    is_link: bool
    seen_at: str | None


class FindingView(msgspec.Struct, frozen=True):
    """One finding in words; ``in_schools`` and ``in_states`` are what the filters look at.

    ``in_states`` holds the state's key and the groups it is in: any-open, new, ending.
    """

    key: str
    rule: str
    item: str
    in_schools: tuple[str, ...]
    schools: str
    platform: str
    platform_title: str
    subject: str | None
    url: str | None
    is_link: bool
    grade: str
    grade_short: str
    grade_full: str
    in_states: tuple[str, ...]
    state_title: str
    change_title: str
    first_seen_day: str
    first_seen: str
    last_seen: str
    summary: str
    policy_sentence: str
    dispute: str
    affiliation: str | None
    until: str | None
    statement: str | None
    evidence: tuple[EvidenceView, ...]
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]


def view_findings(report: Report) -> list[FindingView]:
    """Put every finding of the report into words, in the report's order and zone."""
    return [_view_finding(finding, report) for finding in report.findings]


def _view_finding(finding: FindingLine, report: Report) -> FindingView:
    zone = report.generated_at.tzinfo
    return FindingView(
        key=finding.key,
        rule=finding.rule_title,
        item=finding.item,
        in_schools=finding.schools or (DISTRICT,),
        schools=", ".join(finding.school_names),
        platform=finding.platform,
        platform_title=finding.platform_title,
        subject=finding.subject if finding.subject != finding.summary else None,
        url=finding.url,
        is_link=safe_link(finding.url) is not None,
        grade=finding.grade,
        grade_short=short_grade(finding.grade),
        grade_full=full_grade(finding.grade, finding.grade_title),
        in_states=_states(finding, report),
        state_title=finding.state_title,
        change_title=finding.change_title,
        first_seen_day=iso_day(finding.first_seen, zone),
        first_seen=format_day(finding.first_seen, zone),
        last_seen=format_day(finding.last_seen, zone),
        summary=finding.summary,
        policy_sentence=finding.policy_sentence,
        dispute=finding.dispute,
        affiliation=finding.affiliation,
        until=format_day(finding.until) if finding.until else None,
        statement=finding.statement,
        evidence=tuple(_view_evidence(line, zone) for line in finding.evidence),
        reasons=finding.reasons,
        doubts=finding.doubts,
    )


def _view_evidence(line: EvidenceLine, zone: tzinfo | None) -> EvidenceView:
    return EvidenceView(
        what=line.what,
        ours=line.ours,
        theirs=line.theirs,
        source=line.source,
        url=line.url,
        is_link=safe_link(line.url) is not None,
        seen_at=format_moment(line.seen_at, zone) if line.seen_at else None,
    )


def _states(finding: FindingLine, report: Report) -> tuple[str, ...]:
    groups = (
        (finding.state, True),
        (ANY_OPEN, finding.is_open),
        (NEW, finding.is_new),
        (ENDING, finding.is_exemption_ending(report.generated_at.date())),
    )
    return tuple(name for name, applies in groups if applies)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a filter's list."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What each filter offers: only what occurs among the findings, in their order or by name."""

    items: tuple[Choice, ...]
    schools: tuple[Choice, ...]
    platforms: tuple[Choice, ...]
    grades: tuple[Choice, ...]
    states: tuple[Choice, ...]


def offer_choices(report: Report, views: list[FindingView]) -> Choices:
    """Collect the filters' entries from the findings shown."""
    schools = {code: name for finding in report.findings for code, name in _named_schools(finding)}
    return Choices(
        items=_choices({view.item: f"Item {view.item}" for view in views}),
        schools=_choices(schools),
        platforms=_choices({view.platform: view.platform_title for view in views}),
        grades=_choices({view.grade: view.grade_full for view in views}),
        states=_choices({f.state: f.state_title for f in report.findings}),
    )


def _named_schools(finding: FindingLine) -> list[tuple[str, str]]:
    if not finding.schools:
        return [(DISTRICT, "The district as a whole")]
    return list(zip(finding.schools, finding.school_names, strict=False))


def _choices(labels: dict[str, str]) -> tuple[Choice, ...]:
    ordered = sorted(labels.items(), key=lambda entry: (entry[1].casefold(), entry[0]))
    return tuple(Choice(printable(value), label) for value, label in ordered if value)
