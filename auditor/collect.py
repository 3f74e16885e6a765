"""Read every source side by side; a source that fails costs only itself."""

from __future__ import annotations

import logging
from concurrent import futures
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from auditor.access import check_source, digest_of, grant_access, surprises_told, web_options
from auditor.outcomes import Reading, ReadingState
from auditor.store.bookmarks import LARGEST, Bookmark
from auditor.terminal import clean
from auditor.wording import count
from connectors import build, capabilities_with, connector_type
from connectors.closing import Closing
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
)
from connectors.records import Harvest
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from auditor.settings import Settings, SourceSettings
    from auditor.spending import Purse
    from connectors.source import Questions

log = logging.getLogger(__name__)
STATES = {
    AccessRefused: ReadingState.DENIED,
    RateLimited: ReadingState.RATE_LIMITED,
    QuotaExhausted: ReadingState.QUOTA_EXHAUSTED,
    NotConfigured: ReadingState.NOT_CONFIGURED,
}
KINDS = ("people", "schools", "profiles", "uses", "links")
SMALLEST_GUARDED = 10
MOST_THREADS = 64


@dataclass(frozen=True, slots=True)
class Collected:
    """What one source gave, and how the reading ended; a failed one gives an empty harvest."""

    reading: Reading
    harvest: Harvest


def check_sources(settings: Settings) -> None:
    """Raise SettingsError for the first source whose connector or settings are wrong."""
    for source in settings.source_list:
        check_source(settings, source)
    web_options(settings)


class Readers(Closing):
    """Reads sources side by side, each in a thread of its own: a slow one holds no other up.

    ``tell`` hears of each that is done; ``lend`` gives the purse of one that costs money.  How many
    profiles an asked source gives depends on what it is asked, so it never counts as shrunk.
    """

    def __init__(
        self,
        settings: Settings,
        last_counts: Mapping[str, Mapping[str, int]],
        now: datetime,
        accept_smaller: Collection[str] = (),
        tell: Callable[[str], None] = lambda _: None,
        bookmarks: Mapping[str, Bookmark] | None = None,
        lend: Callable[[SourceSettings], Purse | None] = lambda _: None,
    ) -> None:
        self._settings, self._last_counts, self._now = settings, last_counts, now
        self._accept_smaller, self._tell, self._kept = accept_smaller, tell, bookmarks or {}
        self._lend = lend
        threads = min(MOST_THREADS, max(1, len(settings.source_list)))
        self._pool = futures.ThreadPoolExecutor(threads)
        self._started: dict[futures.Future[Collected], str] = {}
        self._done: dict[str, Collected] = {}

    def start(self, sources: Iterable[SourceSettings], questions: Questions | None = None) -> None:
        """Begin to read sources; with ``questions`` those that are asked them."""
        for source in sources:
            self._started[self._pool.submit(self._read, source, questions)] = source.name

    def wait(self, sources: Iterable[SourceSettings]) -> list[Collected]:
        """Return what some of the sources gave, in their order, once all of them are done."""
        names = [source.name for source in sources]
        while not all(name in self._done for name in names):
            done, _ = futures.wait(self._started, return_when=futures.FIRST_COMPLETED)
            for future in done:
                name = self._started.pop(future)
                self._done[name] = future.result()
                self._tell(f"read {clean(name)}")
        return [self._done[name] for name in names]

    def close(self) -> None:
        """Start nothing more, and wait for what was begun."""
        self._pool.shutdown(cancel_futures=True)

    def _read(self, source: SourceSettings, questions: Questions | None) -> Collected:
        settings, name = self._settings, source.name
        kept = self._kept.get(name)
        collected = read_one(source, settings, self._now, kept, questions, self._lend)
        if name in self._accept_smaller or is_asked(source):
            return collected
        return guard(collected, self._last_counts.get(name, {}), settings.run.shrink_below)


def is_asked(source: SourceSettings) -> bool:
    """Whether a source answers questions about public profiles, by terms it is bound to."""
    return hasattr(connector_type(source.name, source.connector), "terms")


def takes_questions(source: SourceSettings) -> bool:
    """Whether a source is read in the second phase: it is asked, or is given questions as well."""
    kind = connector_type(source.name, source.connector)
    return is_asked(source) or getattr(kind, "takes_questions", False) is True


def is_directory(source: SourceSettings) -> bool:
    """Whether a source tells of people or schools, which the questions are made of."""
    kind = connector_type(source.name, source.connector)
    return bool(kind.capabilities & {Capability.PEOPLE, Capability.SCHOOLS})


def read_one(
    source: SourceSettings,
    settings: Settings,
    now: datetime,
    kept: Bookmark | None = None,
    questions: Questions | None = None,
    lend: Callable[[SourceSettings], Purse | None] = lambda _: None,
) -> Collected:
    """Read one source to the end, or say why not; never half a list.

    A harvest with gaps makes the reading PARTIAL: its records count, and nothing closes.
    """
    kind = connector_type(source.name, source.connector)
    began = monotonic()
    harvest, purse = Harvest(), None
    hide: Callable[[str], str] = str
    body, notes = _open_bookmark(source, settings, kept)
    try:
        with surprises_told(f"source {source.name}", source.name):
            purse = lend(source)
            granted = grant_access(settings, source, now, body, questions, purse)
            hide = granted.hide
            harvest = _tidy(build(source.connector, granted.access).fetch(), hide)
            state, problem, advice = _outcome(harvest)
    except ConnectorError as error:
        state = _state_of(error)
        problem, advice = hide(error.problem), hide(error.advice)
    counts = {name: len(getattr(harvest, name)) for name in KINDS if getattr(harvest, name)}
    log.info("source %s: %s, %d records", source.name, state, len(harvest))
    reading = Reading(
        source=source.name,
        connector=source.connector,
        state=state,
        capabilities=capabilities_with(kind, source.options),
        started_at=now,
        finished_at=now + timedelta(seconds=monotonic() - began),
        records=len(harvest),
        calls=harvest.calls,
        counts=counts,
        dropped=dict(harvest.dropped),
        notes=(*harvest.notes, *harvest.gaps[1:], *notes, *(purse.tell() if purse else ())),
        problem=problem,
        advice=advice,
    )
    return Collected(reading, harvest)


def _state_of(error: ConnectorError) -> ReadingState:
    states = (state for kind, state in STATES.items() if isinstance(error, kind))
    return next(states, ReadingState.FAILED)


def bookmarks_of(settings: Settings, collected: Iterable[Collected]) -> dict[str, Bookmark | None]:
    """Return where each complete reading ended, and each in part whose bookmark holds."""
    sources = {source.name: source for source in settings.source_list}
    return {
        name: Bookmark(
            one.reading.connector, digest_of(settings, sources[name]), one.harvest.bookmark
        )
        if one.harvest.bookmark is not None
        else None
        for one in collected
        if _moves_on(one) and (name := one.reading.source) in sources
    }


def _moves_on(one: Collected) -> bool:
    is_partial = one.reading.state is ReadingState.PARTIAL
    return one.reading.is_complete or (is_partial and one.harvest.holds_despite_gaps)


def _open_bookmark(
    source: SourceSettings, settings: Settings, kept: Bookmark | None
) -> tuple[bytes | None, tuple[str, ...]]:
    """Return what the last complete night left, or None and the reason why it cannot be used."""
    if kept is None:
        return None, ()
    if kept.body is None:
        why = kept.problem or "is not there"
    elif (kept.connector, kept.digest) != (source.connector, digest_of(settings, source)):
        why = "was made with other settings"
    else:
        return kept.body, ()
    return None, (f"What an earlier night left for this source {why}; it was read anew, in full.",)


def _tidy(harvest: Harvest, hide: Callable[[str], str]) -> Harvest:
    """Blank secrets in what the source says in words, and refuse a bookmark of over 64 MB."""
    notes, body = tuple(map(hide, harvest.notes)), harvest.bookmark
    if body is not None and len(body) > LARGEST:
        body = None
        notes = (*notes, "What it left for the next night is larger than 64 MB and was not kept; "
                 "the next night reads this source anew, in full.")  # fmt: skip
    return replace(harvest, notes=notes, gaps=tuple(map(hide, harvest.gaps)), bookmark=body)


def _outcome(harvest: Harvest) -> tuple[ReadingState, str | None, str | None]:
    """Return state, problem and advice of a harvest: complete unless it tells of gaps."""
    if not harvest.gaps:
        return ReadingState.COMPLETE, None, None
    more = len(harvest.gaps) - 1
    others = f" ({count(more, 'more gap')} on the coverage page)" if more else ""
    return (
        ReadingState.PARTIAL,
        f"{harvest.gaps[0].rstrip('.')}{others}",
        "What was read counts, nothing is closed on its word; the next night asks again",
    )


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
