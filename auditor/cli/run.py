"""``audit run``: one night."""

from __future__ import annotations

import gc
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from auditor.cli.options import config_option, format_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from auditor.findings import StoredFinding
    from auditor.nightly import NightResult
    from auditor.outcomes import Reading

FAIL_ON = ("A", "B", "C", "D", "confident", "possible", "recorded")
RANK = {"A": 3, "confident": 3, "B": 2, "recorded": 2, "C": 1, "possible": 1, "D": 0}
EXIT_FINDINGS = 1
STEPS = 3
COLUMNS = ("change", "state", "grade", "rule", "school", "platform", "summary")


@click.command()
@config_option
@click.option("--school", help="Only this school, by code, name, alias or unique prefix.")
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="End with 1 when a finding of this grade or a stronger one is open.",
)
@click.option(
    "--accept-smaller",
    multiple=True,
    metavar="SOURCE",
    help="Take a source's far smaller answer as right, once.",
)
@format_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Log one line a source and rule.")
def run(
    config: Path,
    school: str | None,
    fail_on: str | None,
    accept_smaller: tuple[str, ...],
    format: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run one night: read the sources, judge, keep the findings, write the reports."""
    from auditor.settings import load_settings

    # Nearly everything a night makes lives to its end: collecting in between costs a tenth of it.
    gc.set_threshold(500_000, 50, 100)
    is_debugging = (click.get_current_context().find_root().obj or {}).get("debug", False)
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("auditor").setLevel(logging.DEBUG if is_debugging else logging.NOTSET)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = load_settings(config)
    from auditor.nightly import run_night

    with _progress(len(settings.sources) + STEPS, quiet) as tell:
        result = run_night(settings, school=school, accept_smaller=accept_smaller, tell=tell)
    if format == "table":
        if not quiet:
            for line in closing_lines(result):
                click.echo(line)
    else:
        _print_data(result, format)
    if result.exit_code == 0 and fail_on is not None and _fails(result, fail_on):
        return EXIT_FINDINGS
    return result.exit_code


def closing_lines(result: NightResult) -> list[str]:
    """Return the lines a run ends with: what changed, what was complete, where the report is."""
    from auditor.findings import Change
    from auditor.outcomes import RuleState
    from auditor.terminal import clean
    from auditor.wording import RULE_STATES

    scope = f"{result.district}, {result.school}" if result.school else result.district
    new = result.changed(Change.OPENED) + result.changed(Change.REOPENED)
    lines = [
        f"{scope}: {new} new, {result.open} open, {result.changed(Change.CHANGED)} changed, "
        f"{result.changed(Change.CLOSED)} gone, {result.changed(Change.NOT_LOOKED)} not looked at",
        f"Complete for {result.complete} of {len(result.readings)} sources",
    ]
    lines += [
        f"  {one.source}: {one.problem}. {one.advice}."
        for one in result.readings
        if not one.is_complete
    ]
    lines += [
        f"  rule {one.rule} {RULE_STATES[one.state].lower()}: {one.reason}"
        for one in result.outcomes
        if one.reason and one.state is not RuleState.IDLE
    ]
    if result.pages:
        lines.append(f"Report: {result.pages[0]}")
    return [clean(line) for line in lines]


def document(result: NightResult) -> dict[str, object]:
    """Return the run as the JSON document other programs rely on (schema_version 1)."""
    changes = {one.key: str(one.change) for one in result.transitions}
    return {
        "schema_version": 1,
        "run": {
            "id": result.run,
            "started_at": result.started_at.isoformat(),
            "district": result.district,
            "school": result.school,
            "rules": [
                {"rule": one.rule, "state": str(one.state), "reason": one.reason}
                for one in result.outcomes
            ],
            "notes": list(result.notes),
            "pages": [str(page) for page in result.pages],
        },
        "sources": [_source(one) for one in result.readings],
        "findings": [_finding(one, changes) for one in result.findings],
        "exit": result.exit_code,
    }


def _source(one: Reading) -> dict[str, object]:
    return {
        "name": one.source,
        "connector": one.connector,
        "state": str(one.state),
        "records": one.records,
        "dropped": one.dropped,
        "calls": one.calls,
        "problem": one.problem,
        "advice": one.advice,
        "notes": list(one.notes),
    }


def _finding(one: StoredFinding, changes: Mapping[str, str]) -> dict[str, object]:
    finding = one.finding
    return {
        "key": finding.key,
        "rule": finding.rule,
        "state": str(one.state),
        "change": changes.get(finding.key, str(one.last_change)),
        "grade": str(finding.grade),
        "school": list(finding.schools),
        "subject": list(finding.subject),
        "platform": finding.platform,
        "url": finding.url,
        "affiliation": finding.affiliation,
        "summary": finding.summary,
        "first_seen": one.first_seen.isoformat(),
        "last_seen": one.last_seen.isoformat(),
        "evidence": [
            {
                "what": e.what,
                "ours": e.ours,
                "theirs": e.theirs,
                "source": e.source,
                "url": e.url,
                "seen_at": e.seen_at.isoformat() if e.seen_at else None,
            }
            for e in finding.evidence
        ],
        "reasons": list(finding.reasons),
        "doubts": list(finding.doubts),
    }


def _print_data(result: NightResult, format: str) -> None:
    from auditor.cli.output import emit, emit_document

    if format == "json":
        emit_document(document(result))
        return
    changes = {one.key: str(one.change) for one in result.transitions}
    rows = [_finding(one, changes) for one in result.findings]
    emit(rows, COLUMNS, format)


def _fails(result: NightResult, fail_on: str) -> bool:
    from auditor.lifecycle import OPEN_STATES

    least = RANK[fail_on]
    return any(
        one.state in OPEN_STATES and RANK[str(one.finding.grade)] >= least
        for one in result.findings
    )


@contextmanager
def _progress(steps: int, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give what hears of progress: a bar on stderr, on a terminal only."""
    with click.progressbar(
        length=steps,
        file=sys.stderr,
        hidden=quiet or not sys.stderr.isatty(),
        item_show_func=lambda text: text,
    ) as bar:
        yield lambda text: bar.update(1, text)
