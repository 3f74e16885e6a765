"""Options that several commands share."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("audit.toml"),
    envvar="AUDIT_CONFIG",
    show_default=True,
    help="The settings file.",
)
format_option = click.option(
    "--format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How data is printed on stdout.",
)


def login_name() -> str:
    """Return the name of the account that runs the command, or "unknown"."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def check_name(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return who decides, trimmed; every decision has a name."""
    if not value.strip():
        raise click.BadParameter("name the person who decides.", param_hint="--by")
    return value.strip()


by_option = click.option(
    "--by",
    default=login_name,
    callback=check_name,
    help="Who decides; the login name unless given.",
)
