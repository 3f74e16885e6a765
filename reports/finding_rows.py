"""A finding as a row of a school's page, which opens to its evidence without a script.

Rows stand on a page by the hundred and hold most of its text: made by a template, a page took
three times as long.  The district's page makes the same of packed findings in
``templates/findings.js``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from reports.markup import apart, escaped, fact, link_or_text, recurring_fact
from reports.views import NEW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.views import EvidenceView, FindingView

RECORDS = "The district's records"
STATEMENT = "The employee's statement"


def finding_rows(findings: Iterable[FindingView]) -> Markup:
    """Return the rows of all findings, one after the other."""
    return Markup("".join(map(finding_row, findings)))  # noqa: S704 - every value is escaped


def finding_row(finding: FindingView) -> str:
    """Return the row of a table: what a filter looks at, what is seen, what opens."""
    summary, day = escaped(finding.summary), escaped(finding.first_seen_day)
    subject = f' <bdi class="subject">{escaped(finding.subject)}</bdi>' if finding.subject else ""
    return (
        f"{_marks(finding.item, finding.platform, finding.grade, finding.in_states)}\n"
        f'<td data-order="{summary}">\n<details>'
        f'<summary><bdi class="headline">{summary}</bdi>{subject}</summary>\n'
        f"{_details(finding)}\n</details>\n</td>\n"
        f"{_cells(finding.platform_title, finding.item, finding.grade_short)}"
        f"{_state(finding.state_title, NEW in finding.in_states)}"
        f'<td class="wide-only" data-order="{day}">'
        f'<time datetime="{day}">{escaped(finding.first_seen)}</time></td>\n</tr>\n'
    )


@lru_cache(maxsize=4096)
def _marks(item: str, platform: str, grade: str, in_states: tuple[str, ...]) -> str:
    """Open a row, with what the filters look at."""
    return (
        f'<tr data-item="{escaped(item)}" data-platform="{escaped(platform)}"'
        f' data-grade="{escaped(grade)}" data-state="{escaped(" ".join(in_states))}">'
    )


@lru_cache(maxsize=4096)
def _cells(platform_title: str, item: str, grade: str) -> str:
    return (
        f'<td class="wide-only">{apart(platform_title)}</td>\n'
        f'<td class="wide-only">{escaped(item)}</td>\n'
        f'<td><span class="badge">{escaped(grade)}</span></td>\n'
    )


@lru_cache(maxsize=4096)
def _state(title: str, is_new: bool) -> str:
    new = ' <span class="badge new">New</span>' if is_new else ""
    return f"<td>{escaped(title)}{new}</td>\n"


def _details(finding: FindingView) -> str:
    """Lay out what was compared, why it is listed, why it may be wrong, and how to dispute it."""
    return (
        f'<div class="details">\n{_comparisons(finding.evidence)}'
        f"{_sentences('Why it is listed', finding.reasons)}"
        f"{_sentences('Why this may be wrong', finding.doubts)}"
        f"{_sayings(finding.statement, finding.policy_sentence, finding.dispute)}"
        f"{_about(finding)}</div>"
    )


def _comparisons(lines: tuple[EvidenceView, ...]) -> str:
    if not lines:
        return ""
    listed = "".join(map(_comparison, lines))
    return f'<h3>What was compared</h3>\n<ul class="evidence">\n{listed}</ul>\n'


def _comparison(line: EvidenceView) -> str:
    return (
        f"<li>\n<p>{apart(line.what)}</p>\n<dl>\n"
        f"{fact(RECORDS, line.ours)}{fact('Found', line.theirs)}"
        f"{recurring_fact('Source', line.source)}{_place('Where', line.url, line.is_link)}"
        f"{fact('Seen', line.seen_at)}</dl>\n</li>\n"
    )


def _about(finding: FindingView) -> str:
    platform, change = finding.platform_title, finding.change_title
    return (
        "<h3>About this finding</h3>\n<dl>\n"
        f"{recurring_fact('Check', finding.rule)}{recurring_fact('Grade', finding.grade_full)}"
        f"{recurring_fact('Looks like', finding.affiliation)}"
        f"{_place('Account', finding.url, finding.is_link)}"
        f"{recurring_fact('School', finding.schools)}{recurring_fact('Platform', platform)}"
        f"{recurring_fact('Last change', change)}{recurring_fact('Exempt until', finding.until)}"
        f"{recurring_fact('First seen', finding.first_seen)}"
        f"{recurring_fact('Last seen', finding.last_seen)}{fact('Reference', finding.key)}</dl>\n"
    )


def _place(name: str, url: str | None, is_link: bool) -> str:
    return f"<div><dt>{name}</dt><dd>{link_or_text(url, is_link)}</dd></div>" if url else ""


@lru_cache(maxsize=4096)
def _sentences(title: str, texts: tuple[str, ...]) -> str:
    listed = "".join([f"<li>{apart(text)}</li>\n" for text in texts])
    return f"<h3>{title}</h3>\n<ul>\n{listed}</ul>\n" if listed else ""


@lru_cache(maxsize=4096)
def _sayings(statement: str | None, policy: str | None, dispute: str) -> str:
    """Quote the employee and the policy, and say how to dispute a finding."""
    return (
        f"{_quotation(STATEMENT, statement)}"
        f"{_quotation('What the policy says', policy)}"
        f"<h3>How to dispute this</h3>\n<p>{apart(dispute)}</p>\n"
    )


def _quotation(title: str, text: str | None) -> str:
    return f"<h3>{title}</h3>\n<blockquote>{apart(text)}</blockquote>\n" if text else ""
