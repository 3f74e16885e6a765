"""``audit registry``: accounts that represent the district, asked for, approved, revoked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.options import by_option, config_option, format_option

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.cli.session import Session
    from auditor.registry import RegistryEvent

DAY = click.DateTime(["%Y-%m-%d"])
STATES = click.Choice(["requested", "approved", "revoked"])
LISTED = ("platform", "handle", "state", "schools", "owner", "approved_by", "review_on", "url")


@click.group()
def registry() -> None:
    """Keep the list of approved accounts."""


@registry.command()
@config_option
@click.argument("url", required=False)
@click.option("--platform", help="The platform's key, with --handle, instead of a URL.")
@click.option("--handle", help="The account's name on that platform.")
@click.option("--owner", required=True, help="Who answers for it: an address of the directory.")
@click.option("--backup", help="Who stands in for the owner: an address of the directory.")
@click.option("--purpose", required=True, help="What the account is for.")
@click.option("--school", "schools", multiple=True, metavar="CODE", help="May be repeated.")
@click.option(
    "--no-district-address",
    is_flag=True,
    help="The account may not show an address of the district.",
)
@click.option("--why", default="", help="Anything to remember about the request.")
@by_option
def add(
    config: Path,
    url: str | None,
    platform: str | None,
    handle: str | None,
    owner: str,
    backup: str | None,
    purpose: str,
    schools: tuple[str, ...],
    no_district_address: bool,
    why: str,
    by: str,
) -> None:
    """Ask for an account; somebody approves it later."""
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.registry import account_at, request_account

    with open_session(config) as session:
        account = account_at(url, platform, handle)
        event = request_account(
            session.store.registered_accounts(),
            account.key,
            url=account.url,
            handle=account.handle,
            owner=owner,
            backup=backup,
            purpose=purpose,
            schools=tuple(_school_code(session, one) for one in schools),
            may_use_district_address=not no_district_address,
            why=why,
            by=by,
            at=session.now,
            today=session.today,
        )
        session.store.add_registry_events([event])
    say(f"Asked for {account.url}; approve it with `audit registry approve ... --why ...`.")


@registry.command()
@config_option
@click.argument("url")
@click.option("--review-on", type=DAY, metavar="DATE", help="A year from today by default.")
@click.option("--why", required=True, help="The reason for the approval.")
@by_option
def approve(config: Path, url: str, review_on: datetime | None, why: str, by: str) -> None:
    """Approve an account that was asked for, or renew its approval."""
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.registry import account_at, approve_account

    with open_session(config) as session:
        event = approve_account(
            session.store.registered_accounts(),
            account_at(url).key,
            by=by,
            at=session.now,
            today=session.today,
            review_on=review_on.date() if review_on else None,
            why=why,
        )
        session.store.add_registry_events([event])
    say(f"Approved {url} by {by}, review on {event.facts['review_on']}.")


@registry.command()
@config_option
@click.argument("url")
@click.option("--why", required=True, help="The reason.")
@by_option
def revoke(config: Path, url: str, why: str, by: str) -> None:
    """Take back an account's approval or request."""
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.registry import account_at, revoke_account

    with open_session(config) as session:
        accounts = session.store.registered_accounts()
        event = revoke_account(accounts, account_at(url).key, by=by, at=session.now, why=why)
        session.store.add_registry_events([event])
    say(f"Revoked {url}.")


@registry.command("list")
@config_option
@click.option("--state", type=STATES, help="Only accounts that stand so.")
@format_option
def list_accounts(config: Path, state: str | None, format: str) -> None:
    """List the accounts."""
    from auditor.cli.output import emit
    from auditor.cli.session import open_session
    from auditor.registry_file import export_rows

    with open_session(config) as session:
        rows = export_rows(session.store.registered_accounts())
    emit([row for row in rows if state in {None, row["state"]}], LISTED, format)


@registry.command("import")
@config_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--approve", "is_approving", is_flag=True, help="Approve every row not approved yet.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be imported; write nothing.")
@by_option
def import_file(config: Path, file: Path, is_approving: bool, dry_run: bool, by: str) -> None:
    """Import accounts from a CSV file: all rows or none."""
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.registry_file import plan_import

    with open_session(config) as session:
        plan = plan_import(
            file,
            session.store.registered_accounts(),
            by=by,
            at=session.now,
            today=session.today,
            approve=is_approving,
        )
        if not dry_run:
            session.store.add_registry_events(plan.events)
    for event in plan.events:
        say(_in_words(event))
    done = "would be imported" if dry_run else "imported"
    new = sum(1 for event in plan.events if event.verb == "imported")
    say(f"{new} {done}, {len(plan.events) - new} changed, {plan.unchanged} as they were.")


@registry.command()
@config_option
@click.option("--format", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def export(config: Path, format: str) -> None:
    """Print the whole registry; `audit registry import` reads the CSV back."""
    from auditor.cli.output import emit
    from auditor.cli.session import open_session
    from auditor.registry_file import COLUMNS, export_rows

    with open_session(config) as session:
        rows = export_rows(session.store.registered_accounts())
    emit(rows, COLUMNS, format)


def _school_code(session: Session, text: str) -> str:
    """Return the code as the reports write it; one that fits no school is kept and told."""
    from auditor.cli.output import say
    from auditor.errors import NoSuchSchool
    from auditor.known_schools import all_schools

    try:
        return all_schools(session.settings, session.store).resolve(text).code
    except NoSuchSchool as error:
        say(f"{error} It is kept as given.")
        return text


def _in_words(event: RegistryEvent) -> str:
    what = "new" if event.verb == "imported" else f"changes {', '.join(sorted(event.facts))}"
    return f"{event.account.platform} {event.account.account}: {what}"
