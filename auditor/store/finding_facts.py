"""A finding as columns, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.findings import Certainty, Evidence, Finding
from auditor.store import stamps
from connectors.records import Grade

if TYPE_CHECKING:
    from sqlalchemy import Row

LONGEST_TEXT = 300
LONGEST_URL = 2000
_GRADES: dict[str, Grade | Certainty] = {str(one): one for one in (*Grade, *Certainty)}


def identity_row(finding: Finding) -> dict[str, str]:
    """Return what lifecycle needs of a finding, as columns of ``finding``."""
    return {
        "rule": finding.rule,
        "subject": stamps.json_text(finding.subject),
        "sources": stamps.names_text(tuple(sorted(finding.sources))),
        "schools": stamps.names_text(finding.schools),
        "fingerprint": finding.fingerprint,
        "content": finding.content,
    }


def detail_row(key: str, finding: Finding) -> dict[str, str | None]:
    """Return what readers see of a finding, as columns of ``finding_detail``.

    Texts are cut to 300 characters, addresses of pages to 2,000.
    """
    return {
        "finding": key,
        "grade": str(finding.grade),
        "summary": stamps.storable(finding.summary, LONGEST_TEXT),
        "platform": stamps.optional_storable(finding.platform, LONGEST_TEXT),
        "url": stamps.optional_storable(finding.url, LONGEST_URL),
        "affiliation": stamps.optional_storable(finding.affiliation, LONGEST_TEXT),
        "facts": stamps.json_text(
            {
                "people": finding.people,
                "withheld_from": finding.withheld_from,
                "evidence": [_evidence_row(one) for one in finding.evidence],
                "reasons": [stamps.storable(one, LONGEST_TEXT) for one in finding.reasons],
                "doubts": [stamps.storable(one, LONGEST_TEXT) for one in finding.doubts],
            }
        ),
    }


def rebuild_finding(row: Row[Any]) -> Finding:
    """Return the finding of a row of ``finding`` joined with ``finding_detail``."""
    facts = stamps.read_json(row.facts)
    return Finding(
        rule=row.rule,
        subject=tuple(stamps.read_json(row.subject)),
        sources=stamps.read_name_set(row.sources),
        grade=_GRADES[row.grade],
        summary=row.summary,
        schools=stamps.read_names(row.schools),
        people=tuple(facts["people"]),
        withheld_from=tuple(facts["withheld_from"]),
        platform=row.platform,
        url=row.url,
        affiliation=row.affiliation,
        evidence=tuple(_evidence(one) for one in facts["evidence"]),
        reasons=tuple(facts["reasons"]),
        doubts=tuple(facts["doubts"]),
    )


def _evidence_row(one: Evidence) -> list[str | None]:
    return [
        stamps.storable(one.what, LONGEST_TEXT),
        stamps.storable(one.ours, LONGEST_TEXT),
        stamps.storable(one.theirs, LONGEST_TEXT),
        one.source,
        stamps.optional_storable(one.url, LONGEST_URL),
        None if one.seen_at is None else stamps.time_text(one.seen_at),
    ]


def _evidence(row: list[str]) -> Evidence:
    what, ours, theirs, source, url, seen_at = row
    return Evidence(what, ours, theirs, source, url, stamps.read_optional_time(seen_at))
