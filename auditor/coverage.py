"""What could be checked tonight and what could not: platform by question, in plain words."""

from __future__ import annotations

import tomllib
from datetime import UTC
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from auditor.wording import count, platform_title
from connectors.platforms import platforms
from connectors.source import Capability
from reports.model import CoverageLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from auditor.collect import Collected
    from auditor.outcomes import Reading
    from auditor.store import SourceHistory

LISTED = "Accounts on a list: do they show a district address or carry a school's name?"
QUESTIONS = (
    ("address", Capability.PROFILES_BY_ADDRESS, "Search: who uses a district address? (item 10)"),
    (
        "brand",
        Capability.PROFILES_BY_BRAND,
        "Search: which accounts carry a school's name? (item 8)",
    ),
)


def platform_counts(collected: Sequence[Collected]) -> dict[str, dict[str, int]]:
    """Count tonight's profiles by platform and source."""
    counts: dict[str, dict[str, int]] = {}
    for one in collected:
        for profile in one.harvest.profiles:
            by_source = counts.setdefault(profile.platform, {})
            by_source[profile.source] = by_source.get(profile.source, 0) + 1
    return counts


def coverage_lines(
    counts: Mapping[str, Mapping[str, int]],
    collected: Sequence[Collected],
    history: Mapping[str, SourceHistory],
    zone: tzinfo = UTC,
) -> tuple[CoverageLine, ...]:
    """Say for each platform and question whether it was asked, of whom, and what cannot be."""
    shown = [key for key, one in platforms().items() if one.is_named_by_policy or key in counts]
    readings = [one.reading for one in collected]
    broken = sorted(
        one.source
        for one in readings
        if Capability.PROFILES in one.capabilities and not one.is_complete
    )
    since = min(
        (h.incomplete_since for s in broken if (h := history.get(s)) and h.incomplete_since),
        default=None,
    )
    lines = []
    for key in shown:
        by_source = counts.get(key, {})
        lines.append(
            CoverageLine(
                platform=key,
                platform_title=platform_title(key),
                capability=LISTED,
                is_asked=bool(by_source),
                state_title=_listed(by_source),
                sources=tuple(sorted(by_source)),
                since=None,
                remark=_not_read(broken, since.astimezone(zone) if since else None),
            )
        )
        lines += [_search(key, *question, readings) for question in QUESTIONS]
    return tuple(lines)


def _not_read(broken: Sequence[str], since: datetime | None) -> str:
    if not broken:
        return ""
    when = f" since {since:%Y-%m-%d}" if since else ""
    return f"{', '.join(broken)} could not be read in full{when}."


def _listed(by_source: Mapping[str, int]) -> str:
    total = sum(by_source.values())
    if not total:
        return "No list has an account there."
    return f"Checked {count(total, 'listed account')}"


def _search(
    key: str, question: str, need: Capability, words: str, readings: Sequence[Reading]
) -> CoverageLine:
    """Say whether any source could search this platform; none does unless it says so itself."""
    searching = tuple(
        one.source for one in readings if need in one.capabilities and one.connector == key
    )
    return CoverageLine(
        platform=key,
        platform_title=platform_title(key),
        capability=words,
        is_asked=bool(searching),
        state_title="Asked" if searching else _limit(key, question),
        sources=searching,
        since=None,
        remark="",
    )


@cache
def _limits() -> dict[str, dict[str, str]]:
    text = resources.files("auditor").joinpath("data/limits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _limit(key: str, question: str) -> str:
    return _limits().get(key, _limits()["other"])[question]
