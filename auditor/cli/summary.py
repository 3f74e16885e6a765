"""``audit summary``: look at the weekly summary, or send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import config_option, format_option
from auditor.cli.session import open_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from auditor.settings import Settings
    from auditor.store import Store

COLUMNS = ("recipient", "state", "attempts", "tried_now", "reply")
EXIT_SENT, EXIT_INCOMPLETE = 0, 3


@click.group()
def summary() -> None:
    """Preview or send the weekly summary: counts and a link, no names."""


@summary.command()
@config_option
@click.option("--text", "form", flag_value="text", default="text", help="As plain text (default).")
@click.option("--html", "form", flag_value="html", help="As HTML.")
def preview(config: Path, form: str) -> int:
    """Print this week's summary; nothing is sent and nothing is recorded."""
    from auditor.digesting import build_digest
    from reports.digest import render_html, render_text

    with open_session(config) as session:
        digest = build_digest(session.settings, session.store, session.now)
    click.echo(render_html(digest) if form == "html" else render_text(digest), nl=False)
    return EXIT_SENT


@summary.command()
@config_option
@click.option("-n", "--dry-run", is_flag=True, help="Say who would get what; send nothing.")
@click.option(
    "--week",
    metavar="YYYY-Www",
    help="The week it is sent as; it counts the last seven days all the same.",
)
@click.option(
    "--resend", is_flag=True, help="Send again what failed or whose arrival is not known."
)
@format_option
def send(config: Path, dry_run: bool, week: str | None, resend: bool, format: str) -> int:
    """Send this week's summary to those who have not had it.

    Ends with 3 when somebody did not get it for sure.
    """
    from auditor.digesting import build_digest
    from auditor.mailing import check_week, mail_summary, week_of
    from auditor.store.outbox import LetterState

    if week is not None:
        try:
            week = check_week(week)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--week") from None
    with open_session(config) as session:
        settings, store, now = session.settings, session.store, session.now
        week = week or week_of(now, settings.zone)
        if dry_run:
            return _print_plan(settings, store, week, now, resend, format)
        with store.lock():
            digest = build_digest(settings, store, now)
            outcomes = mail_summary(settings, store.engine, digest, now, week=week, resend=resend)
    rows = [
        {
            "recipient": one.recipient,
            "state": str(one.state),
            "attempts": one.attempts,
            "tried_now": "yes" if one.is_tried else "no",
            "reply": one.reply,
        }
        for one in outcomes
    ]
    _print(rows, COLUMNS, format)
    sent = all(one.state is LetterState.SENT for one in outcomes)
    return EXIT_SENT if sent else EXIT_INCOMPLETE


def _print_plan(
    settings: Settings, store: Store, week: str, now: datetime, resend: bool, format: str
) -> int:
    from auditor.mailing import plan_week

    rows = [
        {"recipient": one.recipient, "week": week, "state": one.state, "plan": one.plan}
        for one in plan_week(settings, store.engine, week, now, resend=resend)
    ]
    _print(rows, ("recipient", "week", "state", "plan"), format)
    return EXIT_SENT


def _print(rows: Sequence[Mapping[str, object]], columns: Sequence[str], format: str) -> None:
    from auditor.cli.output import emit

    emit(rows, columns, format)
