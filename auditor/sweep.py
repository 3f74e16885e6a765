"""Every brand of a file against profiles of any size, part by part, on one process or many.

A part is a row group of a Parquet file or a whole text file.  What a part gives is written beside
the result under a temporary name and renamed, with a receipt; a later sweep of the same files
takes up where an earlier one ended.  A worker that dies costs only the parts it held.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.sweep_parts import Job, Part, PartDone, SweepError, read_receipt, sweep_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Watch = Callable[[int, int, float | None], None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to sweep: brands against ``profiles`` (a file or a pattern), and where results go.

    ``scheduler`` is the address of a Dask cluster whose workers see the same files; without one
    ``workers`` processes share the work.
    """

    brands: Path
    profiles: str
    out: Path | None
    addresses_out: Path | None = None
    workers: int = 1
    scheduler: str | None = None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep gave; ``problems`` names the parts that could not be read."""

    profiles: int
    districts: int
    flags: int
    hits: int
    seconds: float
    peak_mb: float
    problems: tuple[str, ...]

    @property
    def profiles_per_second(self) -> float:
        """Profiles judged per second of this sweep, finished parts of an earlier one included."""
        return round(self.profiles / self.seconds, 1) if self.seconds else 0.0


def sweep(order: Sweep, watch: Watch | None = None) -> SweepResult:
    """Carry out a sweep and join its parts; SweepError for files that are not there.

    ``watch(parts done, parts, seconds left)`` is called after every part; the estimate goes by the
    rows of this sweep's own parts and is None while there is none.
    """
    from auditor.sweep_brands import count_brands

    started = time.monotonic()
    if order.out is None and order.addresses_out is None:
        raise SweepError("Nothing to write; give --out or --addresses-out.")
    if not order.brands.is_file():
        raise SweepError(f"'{order.brands}' does not exist; check --brands.")
    districts = count_brands(order.brands)
    job = Job(str(order.brands.resolve()), order.out is not None, order.addresses_out is not None)
    target = order.out or order.addresses_out
    assert target is not None  # noqa: S101 - told apart above
    folder = target.resolve().with_name(f".{target.name}.parts")
    folder.mkdir(parents=True, exist_ok=True)
    parts, problems = _find_parts(order, folder)
    earlier, waiting = _finished(parts)
    done = list(earlier)
    begun = time.monotonic()
    for one in _run(job, waiting, order):
        done.append(one)
        if watch is not None:
            fresh = done[len(earlier) :]
            watch(len(done), len(parts), _left(waiting, fresh, time.monotonic() - begun))
    problems += [one.problem for one in done if one.problem]
    _join(order, parts)
    if not problems:
        shutil.rmtree(folder)
    return SweepResult(
        sum(one.profiles for one in done), districts, sum(one.flags for one in done),
        sum(one.hits for one in done), round(time.monotonic() - started, 2),
        max((one.peak_mb for one in done), default=0.0), tuple(problems),
    )  # fmt: skip


def _finished(parts: Sequence[Part]) -> tuple[list[PartDone], list[Part]]:
    """Tell the parts that an earlier sweep finished, by their receipts, from those still to do."""
    receipts = [read_receipt(part.stem) for part in parts]
    waiting = [part for part, known in zip(parts, receipts, strict=True) if known is None]
    return [known for known in receipts if known is not None], waiting


def _left(parts: Sequence[Part], done: Sequence[PartDone], seconds: float) -> float | None:
    """Guess how long the rest takes, from the rows judged so far."""
    rows = sum(one.profiles for one in done)
    if not rows:
        return None
    unknown = rows / len(done)
    total = sum(unknown if part.rows is None else part.rows for part in parts)
    return max(0.0, total / rows - 1) * seconds


def _run(job: Job, waiting: list[Part], order: Sweep) -> Iterator[PartDone]:
    """Yield what each part gave, in the order in which they are finished."""
    if order.scheduler is not None:
        from auditor.sweep_cluster import run_on_cluster

        yield from run_on_cluster(job, waiting, order.scheduler)
    elif order.workers > 1 and len(waiting) > 1:
        from auditor.sweep_pool import run_in_pool

        yield from run_in_pool(job, waiting, order.workers)
    else:
        for part in waiting:
            yield sweep_part(job, part)


def _find_parts(order: Sweep, folder: Path) -> tuple[list[Part], list[str]]:
    """Cut every profile file into parts; files that cannot be opened are named."""
    from connectors.errors import ConnectorError
    from connectors.profiles.tables import row_group_sizes

    files = _find_files(order.profiles)
    parts: list[Part] = []
    problems: list[str] = []
    for file in files:
        try:
            sizes = row_group_sizes(file, "profiles") if file.suffix == ".parquet" else []
        except ConnectorError as error:
            problems.append(str(error))
            continue
        for group, rows in enumerate(sizes) if sizes else ((-1, None),):
            stem = folder / _stamp(order, file, group)
            parts.append(Part(str(file.resolve()), group, str(stem), rows))
    return parts, problems


def _find_files(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_file():
        return [path]
    try:
        start = Path(path.anchor or ".")
        found = sorted(start.glob(str(path.relative_to(path.anchor))))
    except (ValueError, NotImplementedError, IndexError):
        found = []
    files = [file for file in found if file.is_file()]
    if not files:
        raise SweepError(f"No file fits '{pattern}'; check --profiles.")
    return files


def _stamp(order: Sweep, file: Path, group: int) -> str:
    """Name a part by all that decides its content, so that a changed file is judged again."""
    facts: list[Any] = [order.out is not None, order.addresses_out is not None, group]
    for path in (order.brands, file):
        about = path.stat()
        facts += [str(path.resolve()), about.st_size, about.st_mtime_ns]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _join(order: Sweep, parts: Sequence[Part]) -> None:
    from auditor.sweep_parts import flags_schema, hits_schema

    if order.out is not None:
        _join_files([f"{part.stem}.flags.parquet" for part in parts], flags_schema(), order.out)
    if order.addresses_out is not None:
        names = [f"{part.stem}.hits.parquet" for part in parts]
        _join_files(names, hits_schema(), order.addresses_out)


def _join_files(names: Sequence[str], schema: Any, out: Path) -> None:
    """Write the parts' rows into one file, part by part in the order of the input."""
    import pyarrow.parquet as pq

    waiting = out.with_name(f".{out.name}.tmp")
    with pq.ParquetWriter(waiting, schema, compression="zstd") as writer:
        for name in names:
            if Path(name).is_file():
                writer.write_table(pq.read_table(name, schema=schema))
    waiting.replace(out)
