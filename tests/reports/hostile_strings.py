"""Strings made to break pages, and a report that carries each of them in every kind of place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from report_samples import NOW, district_report, finding

from reports.model import (
    AccountLine,
    EvidenceLine,
    FindingLine,
    Report,
    SchoolLine,
    SourceLine,
)

FOLDER = Path(__file__).parents[1] / "data" / "hostile"
PER_FINDING = 20
OWN = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\u2028\u2029\u202e\u2066",
    "\x00\x1b]0;title\x07\x9b31m",
    "\ud800 \udfff \ufffe",
    "&lt;img src=x onerror=alert(1)&gt;",
    "{{ 7 * 7 }} {% raw %}",
    "__proto__",
    "constructor",
    '=HYPERLINK("https://evil.example")',
    "a" * 5000,
)
SINGLE = (
    "rule_title",
    "platform_title",
    "subject",
    "url",
    "grade_title",
    "state_title",
    "change_title",
    "summary",
    "policy_sentence",
    "dispute",
    "affiliation",
    "statement",
)


@cache
def hostile_strings() -> tuple[str, ...]:
    """Return the distinct strings of both corpora and a few more."""
    naughty = json.loads((FOLDER / "blns.json").read_text("utf-8"))
    scripts = (FOLDER / "xss-payload-list.txt").read_text("utf-8", "surrogateescape").split("\n")
    return tuple(dict.fromkeys([*OWN, *naughty, *scripts]))


@cache
def hostile_report() -> Report:
    """Make a report with each string as evidence, reason, doubt, school, source, account and link.

    Texts of which a finding has only one take turns: each string is in at least one of them.
    """
    strings = hostile_strings()
    chunks = [strings[i : i + PER_FINDING] for i in range(0, len(strings), PER_FINDING)]
    return replace(
        district_report(),
        findings=tuple(_hostile_finding(i, chunk) for i, chunk in enumerate(chunks)),
        schools=tuple(SchoolLine(f"S{i}", s, s, 0, 0, 0) for i, s in enumerate(strings)),
        accounts=tuple(_hostile_account(s) for s in strings),
        sources=tuple(_hostile_source(s) for s in strings[:400]),
        notes=strings[:400],
    )


def _hostile_finding(number: int, chunk: tuple[str, ...]) -> FindingLine:
    codes = tuple(f"S{number * PER_FINDING + i}" for i in range(len(chunk)))
    turns = dict(zip(SINGLE, chunk, strict=False))
    return replace(
        finding(number),
        schools=codes,
        school_names=chunk,
        evidence=tuple(EvidenceLine(s, s, s, s, s, NOW) for s in chunk),
        reasons=chunk,
        doubts=chunk,
        **turns,
    )


def _hostile_account(text: str) -> AccountLine:
    return AccountLine(
        platform="facebook",
        platform_title="Facebook",
        account=text,
        url=text,
        school_names=(text,),
        state="approved",
        state_title="Approved",
        purpose=text,
        owner=text,
        backup=text,
        requested_on=date(2026, 1, 1),
        approved_on=None,
        approved_by=None,
        review_on=None,
        is_review_due=False,
    )


def _hostile_source(text: str) -> SourceLine:
    return SourceLine(
        text, "file", "failed", "Not read", False, 0, text, NOW, None, text, text, (text,)
    )
