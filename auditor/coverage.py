"""What could be checked tonight and what could not: platform by question, in plain words."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date
from functools import cache
from importlib import resources
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from auditor.outcomes import USED, ReadingState
from auditor.wording import READINGS, count, platform_title
from connectors import connector_type
from connectors.platforms import platforms
from connectors.source import Capability
from reports.model import CoverageLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from auditor.collect import Collected
    from auditor.outcomes import Reading
    from auditor.store import SourceHistory
    from connectors.source import Terms

LISTED = "Listed accounts"
QUESTIONS = (
    ("address", Capability.PROFILES_BY_ADDRESS, "By address (item 10)"),
    ("brand", Capability.PROFILES_BY_BRAND, "By name (item 8)"),
    ("account", Capability.PROFILES_BY_ACCOUNT, "By account (item 8)"),
)
NO_ADDRESSES = "Not asked: there is no complete staff list tonight"


@dataclass(frozen=True, slots=True)
class Asked:
    """A source that is asked about some platforms, with its terms and tonight's reading."""

    reading: Reading
    terms: Terms
    since: datetime | None


_PLACE = attrgetter("platform", "source")


def platform_counts(collected: Sequence[Collected]) -> dict[str, dict[str, int]]:
    """Count tonight's profiles by platform and source."""
    counts: dict[str, dict[str, int]] = {}
    both = Counter(place for one in collected for place in map(_PLACE, one.harvest.profiles))
    for (platform, source), number in both.items():
        counts.setdefault(platform, {})[source] = number
    return counts


def coverage_lines(
    counts: Mapping[str, Mapping[str, int]],
    collected: Sequence[Collected],
    history: Mapping[str, SourceHistory],
    zone: tzinfo = UTC,
    *,
    has_addresses: bool = True,
) -> tuple[CoverageLine, ...]:
    """Say for each platform and question whether it was asked, of whom, and what cannot be.

    Listed are the platforms of the policy, those nobody may ask, and those seen or asked tonight.
    ``has_addresses`` says whether the staff's addresses were known, so that somebody could ask.
    """
    readings = [one.reading for one in collected]
    asked = list(_asked(readings, history))
    lines = []
    remark = _not_read(readings, history, zone)
    for key in _shown(counts, asked):
        lines.append(_listed(key, counts.get(key, {}), remark))
        here = [one for one in asked if key in one.terms.platforms]
        for question, need, words in QUESTIONS:
            able = [one for one in here if need in one.reading.capabilities]
            if not able:
                lines.append(_unasked(key, question, need, words, here))
            elif need is Capability.PROFILES_BY_ADDRESS and not has_addresses:
                lines.append(_line(key, words, NO_ADDRESSES, able, is_asked=False))
            else:
                lines.append(_searched(key, words, able, zone))
    return tuple(lines)


def _shown(counts: Mapping[str, object], asked: Iterable[Asked]) -> list[str]:
    policy = [key for key, one in platforms().items() if one.is_named_by_policy]
    named = [key for key in _limits() if key != "other"]
    told = [key for one in asked for key in one.terms.platforms]
    seen = [key for key in platforms() if key in counts]
    return list(dict.fromkeys((*policy, *seen, *told, *named)))


def _asked(readings: Sequence[Reading], history: Mapping[str, SourceHistory]) -> Iterable[Asked]:
    for reading in readings:
        terms = getattr(connector_type(reading.source, reading.connector), "terms", None)
        if terms is not None:
            known = history.get(reading.source)
            since = known.incomplete_since if known and not reading.is_complete else None
            yield Asked(reading, terms, since)


def _not_read(
    readings: Sequence[Reading], history: Mapping[str, SourceHistory], zone: tzinfo
) -> str:
    """Name the sources of profiles that were not read in full, and since when."""
    broken = sorted(
        one.source
        for one in readings
        if Capability.PROFILES in one.capabilities and not one.is_complete
    )
    if not broken:
        return ""
    known = (history[name].incomplete_since for name in broken if name in history)
    since = min((one for one in known if one), default=None)
    when = f" since {since.astimezone(zone):%Y-%m-%d}" if since else ""
    return f"{', '.join(broken)} could not be read in full{when}."


def _listed(key: str, by_source: Mapping[str, int], remark: str) -> CoverageLine:
    total = sum(by_source.values())
    return CoverageLine(
        platform=key,
        platform_title=title_of(key),
        capability=LISTED,
        is_asked=bool(total),
        state_title=f"Checked {count(total, 'listed account')}"
        if total
        else "No list has an account there.",
        sources=tuple(sorted(by_source)),
        since=None,
        remark=remark,
    )


def _searched(key: str, words: str, able: Sequence[Asked], zone: tzinfo) -> CoverageLine:
    """Tell how a question that sources can ask was answered tonight."""
    used = [one for one in able if one.reading.state in USED]
    states = {one.reading.state for one in used}
    if not used:
        title = READINGS[able[0].reading.state]
    else:
        title = "Asked" if states == {ReadingState.COMPLETE} else "Asked, only in part"
    since = min((one.since for one in able if one.since), default=None)
    problems = [f"{one.reading.problem}." for one in able if one.reading.problem]
    return _line(
        key,
        words,
        title,
        able,
        is_asked=bool(used),
        since=since.astimezone(zone) if since else None,
        remark=" ".join([*problems, *dict.fromkeys(one.terms.limits for one in able)]),
    )


def _unasked(
    key: str, question: str, need: Capability, words: str, here: Sequence[Asked]
) -> CoverageLine:
    """Say why nobody asks: what a source of this platform says itself, else the known limit."""
    reason = next((r for one in here if (r := _switched_off(one, need))), None)
    reason = reason or next((r for one in here if (r := one.terms.missing.get(need))), None)
    limit: str = _limits().get(key, _limits()["other"])[question]
    return _line(key, words, reason or limit, here, is_asked=False, sources=())


def _switched_off(one: Asked, need: Capability) -> str | None:
    """Name the setting without which a source cannot be asked this."""
    kind = connector_type(one.reading.source, one.reading.connector)
    names = [setting.name for setting in kind.settings if need in setting.enables]
    if need not in kind.capabilities or not names:
        return None
    return f"{one.reading.source} could be asked, but {names[0]} is off in audit.toml."


def _line(
    key: str,
    words: str,
    title: str,
    able: Sequence[Asked],
    *,
    is_asked: bool,
    sources: tuple[str, ...] | None = None,
    since: datetime | None = None,
    remark: str = "",
) -> CoverageLine:
    reviewed = max((one.terms.reviewed_on for one in able), default=None)
    return CoverageLine(
        platform=key,
        platform_title=title_of(key),
        capability=words,
        is_asked=is_asked,
        state_title=title,
        sources=tuple(one.reading.source for one in able) if sources is None else sources,
        since=since,
        remark=remark,
        terms_reviewed_on=reviewed or (_reviewed_on() if key in _limits() else None),
        terms=next((one.terms.rules for one in able), None),
    )


def title_of(key: str) -> str:
    """Return a platform's name for people, those without any interface too."""
    title: str = _limits().get(key, {}).get("title") or platform_title(key)
    return title


@cache
def _document() -> dict[str, Any]:
    text = resources.files("auditor").joinpath("data/limits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _limits() -> dict[str, dict[str, str]]:
    return {key: one for key, one in _document().items() if isinstance(one, dict)}


def _reviewed_on() -> date:
    day: date = _document()["reviewed_on"]
    return day
