"""One part of a sweep: a row group of one profile file, judged for every brand and written once."""

from __future__ import annotations

import gc
import json
import os
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from auditor.matching.addresses import AddressFinder
    from auditor.matching.branding import Matcher
    from auditor.matching.column_sieve import NameSieve
    from connectors.profiles.tables import Batch
    from connectors.records import Profile

    Columns = dict[str, list[Any]]

SOURCE = "profiles"
ROWS_AT_ONCE = 512
FLAGS = (
    "district_id", "profile_id", "platform", "handle", "url", "verdict", "score", "school",
    "affiliation", "reasons",
)  # fmt: skip
HITS = ("district_id", "profile_id", "address", "disguise", "field")


class SweepError(AuditError):
    """The sweep cannot be done as asked."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a whole sweep shares: the brands file and what is wanted."""

    brands: str
    wants_flags: bool
    wants_addresses: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Row group ``group`` of ``file`` (-1: the whole file), and the stem of what it becomes.

    ``rows`` is how many it has, None where that is not known before it is read.
    """

    file: str
    group: int
    stem: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class PartDone:
    """What came of a part; ``problem`` is set where it could not be read."""

    stem: str
    profiles: int = 0
    flags: int = 0
    hits: int = 0
    peak_mb: float = 0.0
    problem: str | None = None


def sweep_part(job: Job, part: Part) -> PartDone:
    """Judge a part and write its flags and hits beside its receipt, each whole or not at all."""
    from connectors.errors import ConnectorError

    try:
        flags, hits, profiles = _judge_part(job, part)
    except ConnectorError as error:
        return PartDone(part.stem, problem=str(error))
    if job.wants_flags:
        _write(flags, flags_schema(), Path(f"{part.stem}.flags.parquet"))
    if job.wants_addresses:
        _write(hits, hits_schema(), Path(f"{part.stem}.hits.parquet"))
    done = PartDone(part.stem, profiles, len(flags["url"]), len(hits["address"]), peak_mb())
    receipt = Path(f"{part.stem}.done.json")
    waiting = receipt.with_suffix(f".{os.getpid()}.tmp")
    waiting.write_text(json.dumps(asdict(done)), encoding="utf-8")
    waiting.replace(receipt)
    return done


def make_ready(job: Job) -> None:
    """Read in whatever judging a part needs, so that processes forked from this one share it."""
    import pyarrow as pa

    from connectors.records import Profile

    words = "Example High School Tigers, mail@example.test"
    columns = {"handle": pa.array(["examplehigh"]), "display_name": pa.array([words])}
    _select(job, columns)
    profile = Profile(SOURCE, "web", "https://example.test/", "examplehigh", display_name=words)
    if job.wants_flags:
        _flag([profile], job.brands, {name: [] for name in FLAGS})
    if job.wants_addresses:
        _find([profile], job.brands, {name: [] for name in HITS})
    gc.freeze()


def read_receipt(stem: str) -> PartDone | None:
    """Return what a part of an earlier sweep gave, None when it was not finished."""
    try:
        return PartDone(**json.loads(Path(f"{stem}.done.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def flags_schema() -> Any:
    """Return the Arrow schema of a flags file."""
    import pyarrow as pa

    special = {"score": pa.float64(), "reasons": pa.list_(pa.string())}
    return pa.schema([(name, special.get(name, pa.string())) for name in FLAGS])


def hits_schema() -> Any:
    """Return the Arrow schema of a hits file."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in HITS])


def peak_mb() -> float:
    """Return the most memory this process has held, in megabytes.

    Linux tells it of this program alone (proc(5), VmHWM); ``ru_maxrss`` also counts what the
    process that started it held.
    """
    import resource
    import sys

    with suppress(OSError, IndexError, ValueError):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def _judge_part(job: Job, part: Part) -> tuple[Columns, Columns, int]:
    flags: Columns = {name: [] for name in FLAGS}
    hits: Columns = {name: [] for name in HITS}
    count = 0
    for profiles, rows in _profiles(job, part):
        count += rows
        if job.wants_flags:
            _flag(profiles, job.brands, flags)
        if job.wants_addresses:
            _find(profiles, job.brands, hits)
    return flags, hits, count if part.rows is None else part.rows


def _profiles(job: Job, part: Part) -> Iterator[tuple[list[Profile], int]]:
    """Yield some hundred profiles at a time, and how many rows were read for them."""
    from connectors.profiles.file import read_profiles

    tally: Counter[str] = Counter()
    for batch in _batches(job, part):
        rows = iter(read_profiles(batch, SOURCE, tally, set(), keep_unidentified=True))
        yield [], batch.rows
        while profiles := list(islice(rows, ROWS_AT_ONCE)):
            yield profiles, 0


def _batches(job: Job, part: Part) -> Iterator[Batch]:
    """Read a part: of Parquet only the rows that a first look at the columns keeps."""
    from connectors.profiles.tables import read_batches, read_row_group

    if part.group < 0:
        return read_batches(Path(part.file), SOURCE)
    return read_row_group(Path(part.file), SOURCE, part.group, partial(_select, job))


def _select(job: Job, columns: Mapping[str, pa.Array]) -> pa.Array:
    import pyarrow as pa

    from auditor.matching.column_sieve import AddressSieve

    kept = [_matcher(job.brands)[2].select(columns)] if job.wants_flags else []
    if job.wants_addresses:
        kept.append(AddressSieve().select(columns))
    return pa.array(kept[0] | kept[-1])


def _flag(profiles: Sequence[Profile], brands: str, flags: Columns) -> None:
    from auditor.matching.reasons import reason_in_words

    matcher, ids, _ = _matcher(brands)
    with _uncollected():
        judged = list(matcher.flags_of(profiles, with_rivals=False))
    for profile, found in judged:
        for number, branding in found:
            row = (
                ids[number], _row_id(profile), profile.platform, profile.handle, profile.url,
                str(branding.verdict), branding.score, branding.school, str(branding.affiliation),
                [reason_in_words(reason) for reason in branding.reasons],
            )  # fmt: skip
            for name, value in zip(FLAGS, row, strict=True):
                flags[name].append(value)


def _find(profiles: Sequence[Profile], brands: str, hits: Columns) -> None:
    finder, owners = _finder(brands)
    for profile in profiles:
        for found in finder.find_in(profile):
            for district in owners[found.domain]:
                row = (district, _row_id(profile), found.address, found.disguise, found.field)
                for name, value in zip(HITS, row, strict=True):
                    hits[name].append(value)


def _row_id(profile: Profile) -> str:
    return profile.row or ":".join(profile.key)


@cache
def _matcher(brands: str) -> tuple[Matcher, list[str], NameSieve]:
    """Make all brands ready, once a process."""
    from auditor.matching.branding import Matcher
    from auditor.matching.column_sieve import NameSieve
    from auditor.matching.gazetteer import open_gazetteer
    from auditor.sweep_brands import read_brands

    with _lasting():
        known = read_brands(Path(brands))
        matcher = Matcher(known, open_gazetteer())
        ids = [brand.district_id or brand.name for brand in known]
        return matcher, ids, NameSieve(matcher.index)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off the garbage collector, which would look through what lasts again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _lasting() -> Iterator[None]:
    """Keep the garbage collector from looking, now or later, through millions of lasting things."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@cache
def _finder(brands: str) -> tuple[AddressFinder, dict[str, list[str]]]:
    from auditor.matching.addresses import AddressFinder, is_domain
    from auditor.sweep_brands import mail_domains

    owners = {d: ids for d, ids in mail_domains(Path(brands)).items() if is_domain(d)}
    return AddressFinder(owners), owners


def _write(columns: dict[str, list[Any]], schema: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting = path.with_suffix(f".{os.getpid()}.tmp")
    pq.write_table(pa.table(columns, schema=schema), waiting, compression="zstd")
    waiting.replace(path)
