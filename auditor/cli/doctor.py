"""``audit doctor``: try everything a night needs, and say what to do where something fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import config_option

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("part", "check", "state", "seen", "what to do")


@click.command()
@config_option
@click.option("--source", metavar="NAME", help="Only this source.")
@click.option(
    "--format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How the result is printed on stdout.",
)
@click.pass_context
def doctor(ctx: click.Context, config: Path, source: str | None, format: str) -> int:
    """Try settings, store, reports, mail and each source; read no one's records, send nothing.

    Ends with 0 when all is good (warnings too), 2 for settings, 3 when something else is bad, 4
    when a source refuses access.
    """
    import logging
    import sys

    from auditor.cli.output import SCHEMA_VERSION, emit, emit_document
    from auditor.doctor import examine, exit_code
    from auditor.errors import SettingsError
    from auditor.settings import load_settings

    is_debugging = (ctx.find_root().obj or {}).get("debug", False)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("auditor").setLevel(logging.DEBUG if is_debugging else logging.NOTSET)
    settings = load_settings(config)
    if source is not None and source not in settings.sources:
        raise SettingsError(
            f'--source "{source}" is no source of {settings.path.name}; '
            f"its sources are {', '.join(settings.sources) or 'none'}."
        )
    lines = list(examine(settings, source))
    code = exit_code(lines)
    rows = [
        {
            "part": line.part,
            "check": line.check.name,
            "state": str(line.check.state),
            "seen": line.check.seen,
            "what to do": line.check.advice,
        }
        for line in lines
    ]
    if format == "json":
        keyed = [{key.replace("what to do", "advice"): row[key] for key in row} for row in rows]
        emit_document({"schema_version": SCHEMA_VERSION, "checks": keyed, "exit": code})
    else:
        emit(rows, COLUMNS, "table")
    return code
