"""``audit exempt``: findings, addresses and accounts left in peace until a day, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import by_option, config_option, format_option

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from auditor.decisions import Exemption, ExemptionSubject
    from auditor.store import Store

COLUMNS = ("id", "state", "subject", "item", "until", "by", "reason")


@click.group()
def exempt() -> None:
    """Exempt a finding, an address or an account; every exemption ends."""


@exempt.command()
@config_option
@click.option("--finding", metavar="KEY", help="A finding's key, or a unique start of it.")
@click.option("--address", help="An address of the district, for item 10.")
@click.option("--platform", help="With --address: on this platform only.")
@click.option("--account", metavar="URL", help="An account.")
@click.option("--reason", required=True, help="Why; printed in the reports.")
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day it holds; two years from today at most.",
)
@click.option("--item", type=click.Choice(["8", "10"]), help="Only this item of the policy.")
@by_option
def add(
    config: Path,
    finding: str | None,
    address: str | None,
    platform: str | None,
    account: str | None,
    reason: str,
    until: datetime,
    item: str | None,
    by: str,
) -> None:
    """Grant an exemption; it holds at once."""
    if sum(one is not None for one in (finding, address, account)) != 1:
        raise click.UsageError("Give exactly one of --finding, --address and --account.")
    if platform is not None and address is None:
        raise click.UsageError("--platform goes with --address.")
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.decisions import grant_exemption

    with open_session(config) as session:
        event = grant_exemption(
            _subject(session.store, finding, address, platform, account),
            reason=reason,
            until=until.date(),
            by=by,
            at=session.now,
            today=session.today,
            item=item,
        )
        changed = session.store.add_decision(event, session.today)
    say(f"Exemption {event.exemption} granted until {until:%Y-%m-%d}; findings exempt: {changed}.")


@exempt.command("list")
@config_option
@format_option
def list_exemptions(config: Path, format: str) -> None:
    """List every exemption, ended and revoked ones too."""
    from auditor.cli.output import emit
    from auditor.cli.session import open_session

    with open_session(config) as session:
        rows = [_row(one, session.today) for one in session.store.exemptions()]
    emit(rows, COLUMNS, format)


@exempt.command()
@config_option
@click.argument("identifier", metavar="ID")
@click.option("--why", required=True, help="The reason.")
@by_option
def revoke(config: Path, identifier: str, why: str, by: str) -> None:
    """End an exemption now; what it covered is open again."""
    from auditor.cli.output import say
    from auditor.cli.session import open_session
    from auditor.decisions import revoke_exemption

    with open_session(config) as session:
        exemptions = session.store.exemptions()
        event = revoke_exemption(exemptions, identifier, by=by, at=session.now, why=why)
        changed = session.store.add_decision(event, session.today)
    say(f"Exemption {event.exemption} revoked; findings open again: {changed}.")


def _subject(
    store: Store,
    finding: str | None,
    address: str | None,
    platform: str | None,
    account: str | None,
) -> ExemptionSubject:
    from auditor.decisions import ExemptionSubject, SubjectKind

    if finding is not None:
        return ExemptionSubject(SubjectKind.FINDING, store.finding(finding).key)
    if address is not None:
        return ExemptionSubject(SubjectKind.ADDRESS, address, _platform(platform))
    from auditor.registry import account_at

    key = account_at(account).key
    return ExemptionSubject(SubjectKind.ACCOUNT, key.account, key.platform)


def _platform(name: str | None) -> str | None:
    if name is None:
        return None
    from auditor.errors import RegistryError
    from connectors.platforms import platform_named

    platform = platform_named(name)
    if platform is None:
        raise RegistryError(f'"{name}" is not a platform the audit knows; try its usual name.')
    return platform.key


def _row(one: Exemption, today: date) -> dict[str, object]:
    if one.revoked_at is not None:
        state = "revoked"
    else:
        state = "active" if one.is_active(today) else "ended"
    return {
        "id": one.id,
        "state": state,
        "subject": str(one.subject),
        "item": one.item,
        "until": one.until,
        "by": one.by,
        "reason": one.reason,
        "granted_at": one.granted_at,
        "revoked_at": one.revoked_at,
    }
