"""``audit demo``: two nights on an invented district."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where it works; an earlier demo there is started anew.",
)
@click.option("--keep", is_flag=True, help="Leave an earlier demo alone: end with 2 instead.")
def demo(folder: Path, keep: bool) -> int:
    """Run two nights on an invented district: no network, no credentials.

    Between them some leads are dealt with, a few are new, and one list goes missing.
    """
    from auditor.cli.output import say
    from auditor.cli.run import closing_lines
    from auditor.demo import run_demo

    done = run_demo(folder, keep=keep, tell=say)
    for title, night, reports in (
        ("First night", done.first, done.first_reports),
        ("Second night", done.second, done.reports),
    ):
        click.echo(f"{title}, {night.started_at:%Y-%m-%d %H:%M %Z}")
        for line in closing_lines(night):
            if not line.startswith("Report: "):
                click.echo(f"  {line}")
        click.echo(f"  Report: {reports / 'index.html'}")
    click.echo(f"Look around: audit findings list -c {done.folder / 'audit.toml'}")
    return 0
