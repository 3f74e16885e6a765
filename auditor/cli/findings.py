"""``audit findings``: look at the leads and say what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import by_option, config_option, format_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.cli.session import Session
    from auditor.decisions import Verdict
    from auditor.findings import StoredFinding
    from auditor.store import FindingEvent

STATES = (
    "open", "under_review", "acknowledged", "exempt", "disputed", "false_positive", "resolved",
    "closed",
)  # fmt: skip
COLUMNS = ("key", "state", "grade", "rule", "schools", "platform", "summary")
RESOLUTIONS = ("fixed", "not-ours", "wrong-person")
why_option = click.option("--why", required=True, help="The reason, 280 characters at most.")
key_argument = click.argument("key")


@click.group()
def findings() -> None:
    """List the leads, show one, and decide about it."""


@findings.command("list")
@config_option
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Repeatable.")
@click.option("--school", help="Only this school, by code, name, alias or unique prefix.")
@click.option("--rule", help="Only findings of this rule.")
@format_option
def list_findings(
    config: Path, states: tuple[str, ...], school: str | None, rule: str | None, format: str
) -> None:
    """List findings; those that are gone or done only when --state asks for them."""
    from auditor.cli.output import emit
    from auditor.cli.session import open_session
    from auditor.findings import State
    from auditor.lifecycle import OPEN_STATES

    if rule is not None:
        _check_rule(rule)
    wanted = {State(state) for state in states} or {*OPEN_STATES, State.EXEMPT}
    with open_session(config) as session:
        stored = session.store.findings(wanted)
        if school is not None:
            school = _school(session, school)
    rows = [
        _row(one)
        for one in stored
        if rule in {None, one.finding.rule} and (school is None or school in one.finding.schools)
    ]
    emit(rows, COLUMNS, format)


def _check_rule(rule: str) -> None:
    from auditor.rules import BY_ID

    if rule not in BY_ID:
        raise click.BadParameter(f'"{rule}" is none of {", ".join(BY_ID)}.', param_hint="--rule")


def _school(session: Session, text: str) -> str:
    """Return the code of the school meant: one of settings, gazetteer, directory or findings."""
    from auditor.known_schools import all_schools
    from auditor.schools import School, SchoolList

    listed = all_schools(session.settings, session.store).schools
    known = {school.code for school in listed}
    codes = {code for one in session.store.findings() for code in one.finding.schools} - known
    named = [School(code, code.replace("-", " ")) for code in sorted(codes)]
    return SchoolList([*listed, *named]).resolve(text).code


@findings.command()
@config_option
@key_argument
@click.option(
    "--format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How it is printed on stdout.",
)
def show(config: Path, key: str, format: str) -> None:
    """Show a finding: evidence, reasons, doubts, and what has become of it."""
    from auditor.cli.output import emit_document
    from auditor.cli.session import open_session
    from auditor.terminal import clean

    with open_session(config) as session:
        stored = session.store.finding(key)
        history = session.store.finding_history(stored.key)
    if format != "table":
        emit_document({"schema_version": 1, **_document(stored, history)})
        return
    for line in _in_words(stored, history):
        click.echo(clean(line))


@findings.command()
@config_option
@key_argument
@why_option
@by_option
def review(config: Path, key: str, why: str, by: str) -> None:
    """Note that somebody is looking into a finding."""
    from auditor.decisions import Verdict

    _judge(config, key, Verdict.REVIEW, by, why)


@findings.command()
@config_option
@key_argument
@why_option
@by_option
def acknowledge(config: Path, key: str, why: str, by: str) -> None:
    """Note that a finding is known and needs no more."""
    from auditor.decisions import Verdict

    _judge(config, key, Verdict.ACKNOWLEDGE, by, why)


@findings.command()
@config_option
@key_argument
@click.option(
    "--as", "resolution", required=True, type=click.Choice(RESOLUTIONS), help="What it came to."
)
@why_option
@by_option
def resolve(config: Path, key: str, resolution: str, why: str, by: str) -> None:
    """Say what a finding came to: mended, not an account of ours, or the wrong person."""
    from auditor.decisions import Verdict

    _judge(config, key, Verdict(resolution.replace("-", "_")), by, why)


@findings.command()
@config_option
@key_argument
@why_option
@by_option
def reopen(config: Path, key: str, why: str, by: str) -> None:
    """Open a finding again that was judged."""
    from auditor.decisions import Verdict

    _judge(config, key, Verdict.REOPEN, by, why)


@findings.command()
@config_option
@key_argument
@click.option(
    "--statement", required=True, help="The employee's own words, 2,000 characters at most."
)
@by_option
def dispute(config: Path, key: str, statement: str, by: str) -> None:
    """Keep an employee's statement; it is printed with the finding."""
    from auditor.decisions import Verdict

    _judge(config, key, Verdict.DISPUTE, by, "", statement)


def _judge(
    config: Path, key: str, verdict: Verdict, by: str, why: str, statement: str | None = None
) -> None:
    from auditor.cli.output import say
    from auditor.cli.session import open_session

    with open_session(config) as session:
        whole = session.store.finding(key).key
        state = session.store.record_verdict(
            whole, verdict, by=by, why=why, at=session.now, statement=statement
        )
    say(f"Finding {whole} is now {state.replace('_', ' ')}.")


def _row(one: StoredFinding) -> dict[str, object]:
    return {
        "key": one.key,
        "state": str(one.state),
        "grade": str(one.finding.grade),
        "rule": one.finding.rule,
        "schools": one.finding.schools,
        "platform": one.finding.platform,
        "summary": one.finding.summary,
        "url": one.finding.url,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "until": one.until,
    }


def _document(one: StoredFinding, history: list[FindingEvent]) -> dict[str, object]:
    from dataclasses import asdict

    return {
        **_row(one),
        "affiliation": one.finding.affiliation,
        "subject": one.finding.subject,
        "sources": sorted(one.finding.sources),
        "statement": one.statement,
        "evidence": [asdict(item) for item in one.finding.evidence],
        "reasons": one.finding.reasons,
        "doubts": one.finding.doubts,
        "history": [asdict(event) for event in history],
    }


def _in_words(one: StoredFinding, history: list[FindingEvent]) -> Iterator[str]:
    finding = one.finding
    until = f" until {one.until}" if one.until else ""
    yield finding.summary
    yield f"  key        {one.key}"
    yield f"  rule       {finding.rule}, grade {finding.grade}"
    yield f"  state      {one.state.replace('_', ' ')}{until}"
    yield f"  schools    {', '.join(finding.schools) or 'the district'}"
    yield f"  account    {finding.url or 'no address known'}"
    yield f"  seen       {one.first_seen:%Y-%m-%d} to {one.last_seen:%Y-%m-%d}"
    yield "Evidence"
    for item in finding.evidence:
        yield f"  {item.what}: ours {item.ours}; theirs {item.theirs} ({item.source})"
    yield "Why"
    yield from (f"  {reason}" for reason in finding.reasons)
    yield "Why this may be wrong"
    yield from (f"  {doubt}" for doubt in finding.doubts)
    if one.statement:
        yield "The employee's statement"
        yield f"  {one.statement}"
    yield "History"
    for event in history:
        who = event.by or f"run {event.run}"
        note = f": {event.note}" if event.note else ""
        yield f"  {event.at:%Y-%m-%d %H:%M} UTC, {who}, {event.verb.replace('_', ' ')}{note}"
