"""Read every source side by side; a source that fails costs only itself."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from auditor.errors import SettingsError
from auditor.outcomes import Reading, ReadingState
from auditor.terminal import clean
from connectors import build, check_options, connector_type
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
)
from connectors.records import Harvest
from connectors.source import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from auditor.settings import Settings, SourceSettings

log = logging.getLogger(__name__)
STATES = {
    AccessRefused: ReadingState.DENIED,
    RateLimited: ReadingState.RATE_LIMITED,
    NotConfigured: ReadingState.NOT_CONFIGURED,
}
KINDS = ("people", "schools", "profiles", "uses", "links")
SMALLEST_GUARDED = 10
MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Collected:
    """What one source gave, and how the reading ended; a failed one gives an empty harvest."""

    reading: Reading
    harvest: Harvest


def check_sources(settings: Settings) -> None:
    """Raise SettingsError for the first source whose connector or settings are wrong."""
    for source in settings.source_list:
        try:
            check_options(
                source.name, connector_type(source.name, source.connector), source.options
            )
        except NotConfigured as error:
            raise SettingsError(
                f"{settings.path}: sources.{source.name}: {error.problem}. {error.advice}"
                f"{'' if error.advice.endswith('?') else '.'}"
            ) from None


def read_all(
    settings: Settings,
    last_counts: Mapping[str, Mapping[str, int]],
    now: datetime,
    accept_smaller: Collection[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> list[Collected]:
    """Read all sources in threads, in the settings' order; ``tell`` hears of each that is done."""
    sources = settings.source_list

    def read(source: SourceSettings) -> Collected:
        collected = read_one(source, settings, now)
        if source.name not in accept_smaller:
            collected = guard(
                collected, last_counts.get(source.name, {}), settings.run.shrink_below
            )
        return collected

    if not sources:
        return []
    with ThreadPoolExecutor(min(MOST_THREADS, len(sources))) as pool:
        done = []
        for collected in pool.map(read, sources):
            tell(f"read {clean(collected.reading.source)}")
            done.append(collected)
        return done


def read_one(source: SourceSettings, settings: Settings, now: datetime) -> Collected:
    """Read one source to the end, or say why not; never half a list."""
    kind = connector_type(source.name, source.connector)
    began = monotonic()
    options = dict(source.options)
    if any(setting.name == "student_domains" for setting in kind.settings):
        options["student_domains"] = list(settings.student_domains)
    local = now.astimezone(settings.zone)
    access = Access(source.name, options, settings.folder, settings.domains, local)
    state, problem, advice, harvest = ReadingState.COMPLETE, None, None, Harvest()
    try:
        harvest = build(source.connector, access).fetch()
    except ConnectorError as error:
        state = next(
            (state for kind_, state in STATES.items() if isinstance(error, kind_)),
            ReadingState.FAILED,
        )
        problem, advice = error.problem, error.advice
    except Exception as error:
        log.debug("source %s failed", source.name, exc_info=True)
        state, problem = ReadingState.FAILED, f"an unexpected {type(error).__name__}"
        advice = "Run again with --debug and report it"
    counts = {name: len(getattr(harvest, name)) for name in KINDS if getattr(harvest, name)}
    log.info("source %s: %s, %d records", source.name, state, len(harvest))
    reading = Reading(
        source=source.name,
        connector=source.connector,
        state=state,
        capabilities=kind.capabilities,
        started_at=now,
        finished_at=now + timedelta(seconds=monotonic() - began),
        records=len(harvest),
        calls=harvest.calls,
        counts=counts,
        dropped=dict(harvest.dropped),
        notes=harvest.notes,
        problem=problem,
        advice=advice,
    )
    return Collected(reading, harvest)


def guard(collected: Collected, last: Mapping[str, int], share: float) -> Collected:
    """Mark a complete reading as SHRUNK when a kind fell under its share of the last count.

    Counts under 10 are not guarded: a list of that size may well halve in a night.
    """
    reading = collected.reading
    if not reading.is_complete:
        return collected
    for kind, before in last.items():
        tonight = reading.counts.get(kind, 0)
        if before >= SMALLEST_GUARDED and tonight < before * share:
            shrunk = replace(
                reading,
                state=ReadingState.SHRUNK,
                problem=f"{tonight:,} {kind} where its last complete reading had {before:,}",
                advice="If that is right, run once with --accept-smaller "
                f"{reading.source}; else mend the export",
            )
            return Collected(shrunk, Harvest())
    return collected
