"""What could be checked tonight and what could not: platform by question, in plain words."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from auditor.wording import platform_title
from connectors.platforms import platforms
from connectors.source import Capability
from reports.model import CoverageLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.collect import Collected
    from auditor.store import SourceHistory

QUESTIONS = (
    ("address", "Shows a district address (item 10)"),
    ("brand", "Carries the district's name (item 8)"),
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
) -> tuple[CoverageLine, ...]:
    """Say for each platform and question whether it was asked, of whom, and what cannot be."""
    asked = [p for p in platforms() if platforms()[p].is_named_by_policy or p in counts]
    broken = [
        one.reading.source
        for one in collected
        if Capability.PROFILES in one.reading.capabilities and not one.reading.is_complete
    ]
    since = min(
        (h.incomplete_since for s in broken if (h := history.get(s)) and h.incomplete_since),
        default=None,
    )
    lines = []
    for key in asked:
        by_source = counts.get(key, {})
        for question, words in QUESTIONS:
            lines.append(
                CoverageLine(
                    platform=key,
                    platform_title=platform_title(key),
                    capability=words,
                    is_asked=bool(by_source),
                    state_title=_state(by_source, broken),
                    sources=tuple(sorted(by_source)),
                    since=since,
                    remark=_limit(key, question),
                )
            )
    return tuple(lines)


def _state(by_source: Mapping[str, int], broken: Sequence[str]) -> str:
    total = sum(by_source.values())
    if not total:
        state = "Not checked: no list has an account there"
    else:
        state = f"Checked: {total:,} listed account{'s' if total > 1 else ''}"
    if broken:
        state += f"; {', '.join(sorted(broken))} could not be read"
    return state


@cache
def _limits() -> dict[str, dict[str, str]]:
    text = resources.files("auditor").joinpath("data/limits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _limit(key: str, question: str) -> str:
    return _limits().get(key, _limits()["other"])[question]
