"""Which rules may run tonight, and why the others sit out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.outcomes import Reading
    from auditor.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule that may run, or the reason why it sits out."""

    rule: Rule
    reason: str | None = None


def plan_rules(rules: Sequence[Rule], readings: Sequence[Reading]) -> list[Planned]:
    """Say for each rule whether what it needs was read in full tonight.

    Half a staff list would make the other half look like strangers: a rule about people sits out
    when any directory is incomplete.  Any other need is met by one complete source.
    """
    return [
        Planned(
            rule, next(filter(None, (_lack(need, readings) for need in sorted(rule.needs))), None)
        )
        for rule in rules
    ]


def _lack(need: Capability, readings: Sequence[Reading]) -> str | None:
    having = [reading for reading in readings if need in reading.capabilities]
    complete = [reading for reading in having if reading.is_complete]
    if not having:
        return f"no source that gives {need.value} is configured"
    if need is Capability.PEOPLE and len(complete) < len(having):
        names = ", ".join(sorted(r.source for r in having if not r.is_complete))
        return f"the staff list is not complete tonight ({names})"
    if not complete:
        names = ", ".join(sorted(r.source for r in having))
        return f"no source of {need.value} was read in full tonight ({names})"
    return None
