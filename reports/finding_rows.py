"""A finding as a row of a school's page, which opens to its evidence without a script.

Rows stand on a page by the hundred and hold most of its text: made by a template, a page took
three times as long.  The district's page makes the same of packed findings in
``templates/findings.js``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from reports.markup import apart, escaped, fact, link_or_text
from reports.views import NEW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.views import EvidenceView, FindingView


def finding_row(finding: FindingView) -> Markup:
    """Return the row of a table: what a filter looks at, what is seen, what opens."""
    states = " ".join(finding.in_states)
    summary, day = _attribute(finding.summary), _attribute(finding.first_seen_day)
    subject = f' <bdi class="subject">{escaped(finding.subject)}</bdi>' if finding.subject else ""
    new = ' <span class="badge new">New</span>' if NEW in finding.in_states else ""
    parts = (
        f"<tr data-item={_attribute(finding.item)} data-platform={_attribute(finding.platform)}",
        f" data-grade={_attribute(finding.grade)} data-state={_attribute(states)}>\n",
        f"<td data-order={summary}>\n<details>",
        f'<summary><bdi class="headline">{escaped(finding.summary)}</bdi>{subject}</summary>\n',
        f"{_details(finding)}\n</details>\n</td>\n",
        f'<td class="wide-only">{apart(finding.platform_title)}</td>\n',
        f'<td class="wide-only">{escaped(finding.item)}</td>\n',
        f'<td><span class="badge">{escaped(finding.grade_short)}</span></td>\n',
        f"<td>{escaped(finding.state_title)}{new}</td>\n",
        f'<td class="wide-only" data-order={day}>',
        f"<time datetime={day}>{escaped(finding.first_seen)}</time></td>\n</tr>\n",
    )
    return Markup("".join(parts))  # noqa: S704 - every value is escaped


def _attribute(text: str) -> str:
    return f'"{escaped(text)}"'


def _details(finding: FindingView) -> str:
    """Lay out what was compared, why it is listed, why it may be wrong, and how to dispute it."""
    parts = (
        '<div class="details">\n',
        _comparisons(finding.evidence),
        _sentences("Why it is listed", finding.reasons),
        _sentences("Why this may be wrong", finding.doubts),
        _quotation("The employee's statement", finding.statement),
        _quotation("What the policy says", finding.policy_sentence),
        f"<h3>How to dispute this</h3>\n<p>{apart(finding.dispute)}</p>\n",
        _about(finding),
        "</div>",
    )
    return "".join(parts)


def _comparisons(lines: tuple[EvidenceView, ...]) -> str:
    if not lines:
        return ""
    listed = "".join(map(_comparison, lines))
    return f'<h3>What was compared</h3>\n<ul class="evidence">\n{listed}</ul>\n'


def _comparison(line: EvidenceView) -> str:
    facts = _facts(
        fact("The district's records", line.ours),
        fact("Found", line.theirs),
        fact("Source", line.source),
        _place("Where", line.url, line.is_link),
        fact("Seen", line.seen_at),
    )
    return f"<li>\n<p>{apart(line.what)}</p>\n{facts}</li>\n"


def _about(finding: FindingView) -> str:
    facts = _facts(
        fact("Check", finding.rule),
        fact("Grade", finding.grade_full),
        fact("Looks like", finding.affiliation),
        _place("Account", finding.url, finding.is_link),
        fact("School", finding.schools),
        fact("Platform", finding.platform_title),
        fact("Last change", finding.change_title),
        fact("Exempt until", finding.until),
        fact("First seen", finding.first_seen),
        fact("Last seen", finding.last_seen),
        fact("Reference", finding.key),
    )
    return f"<h3>About this finding</h3>\n{facts}"


def _facts(*facts: str) -> str:
    return f"<dl>\n{''.join(facts)}</dl>\n"


def _place(name: str, url: str | None, is_link: bool) -> str:
    return f"<div><dt>{name}</dt><dd>{link_or_text(url, is_link)}</dd></div>" if url else ""


def _sentences(title: str, texts: Iterable[str]) -> str:
    listed = "".join([f"<li>{apart(text)}</li>\n" for text in texts])
    return f"<h3>{title}</h3>\n<ul>\n{listed}</ul>\n" if listed else ""


def _quotation(title: str, text: str | None) -> str:
    return f"<h3>{title}</h3>\n<blockquote>{apart(text)}</blockquote>\n" if text else ""
