"""``audit sweep``: many districts against Parquet or CSV profiles of any size."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.sweep import SweepResult

INCOMPLETE = 3
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="sweep")
@click.option("--brands", required=True, type=FILE, help="Districts: Parquet or CSV.")
@click.option("--profiles", required=True, help="A file or a quoted pattern: 'P*.parquet'.")
@click.option("--out", type=FILE, help="Where the flagged accounts go (Parquet).")
@click.option("--addresses-out", type=FILE, help="Where found addresses go (Parquet).")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that share the work.",
)
@click.option("--scheduler", help="A running Dask cluster instead: tcp://HOST:8786.")
def sweep(
    brands: Path,
    profiles: str,
    out: Path | None,
    addresses_out: Path | None,
    workers: int,
    scheduler: str | None,
) -> int:
    """Judge every profile for every district; run again to take up where it ended.

    \b
    One JSON line on stdout closes it: profiles, districts, flags, seconds,
    profiles_per_second, peak_mb.
    Exit codes: 0 all done; 2 usage; 3 some files could not be read (each is named).
    """
    from auditor.sweep import Sweep
    from auditor.sweep import sweep as carry_out

    order = Sweep(brands, profiles, out, addresses_out, workers, scheduler)
    result = carry_out(order, _progress() if sys.stderr.isatty() else None)
    for problem in result.problems:
        say(problem)
    click.echo(json.dumps(closing(result)))
    return INCOMPLETE if result.problems else 0


def closing(result: SweepResult) -> dict[str, object]:
    """Return what the closing line says."""
    return {
        "profiles": result.profiles,
        "districts": result.districts,
        "flags": result.flags,
        "seconds": result.seconds,
        "profiles_per_second": result.profiles_per_second,
        "peak_mb": result.peak_mb,
    }


def _progress() -> Callable[[int, int, float | None], None]:
    def show(done: int, total: int, left: float | None) -> None:
        guess = "" if left is None else f", about {left:.0f} s left"
        end = "\n" if done == total else ""
        click.echo(f"\r{done} of {total} parts{guess}   {end}", err=True, nl=False)

    return show
