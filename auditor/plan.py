"""Which rules may run tonight, and why the others sit out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.outcomes import USED
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.outcomes import Reading
    from auditor.rules.rule import Rule


EXTRAS = frozenset({Capability.PROFILES_BY_ACCOUNT})


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule that may run, or the reason why it sits out.

    ``is_idle``: all it waits for is a source that not every district has, and none is set up.
    """

    rule: Rule
    reason: str | None = None
    is_idle: bool = False


def plan_rules(rules: Sequence[Rule], readings: Sequence[Reading]) -> list[Planned]:
    """Say for each rule whether what it needs was read in full tonight.

    Half a staff list would make the other half look like strangers: a rule about people sits out
    when any directory is incomplete.  Any other need is met by one source that was read, if only
    in part: what it shows is there, and nothing closes on its word.
    """
    given = {capability for reading in readings for capability in reading.capabilities}
    return [
        Planned(rule, _reason(rule, readings), bool((rule.needs & EXTRAS) - given))
        for rule in rules
    ]


def _reason(rule: Rule, readings: Sequence[Reading]) -> str | None:
    lacks = [_lack(need, readings) for need in sorted(rule.needs)]
    if rule.needs_one_of:
        either = [_lack(need, readings) for need in sorted(rule.needs_one_of)]
        lacks.append(None if None in either else _worst(either))
    return next(filter(None, lacks), None)


def _worst(lacks: Sequence[str | None]) -> str | None:
    """Return what is lacking of several needs: a source that failed tells more than none at all."""
    return next((one for one in lacks if one and one.endswith(")")), lacks[-1])


def _lack(need: Capability, readings: Sequence[Reading]) -> str | None:
    having = [reading for reading in readings if need in reading.capabilities]
    complete = [reading for reading in having if reading.is_complete]
    if not having:
        return f"no source that gives {need.value} is configured"
    if need is Capability.PEOPLE and len(complete) < len(having):
        names = ", ".join(sorted(r.source for r in having if not r.is_complete))
        return f"the staff list is not complete tonight ({names})"
    if not any(reading.state in USED for reading in having):
        names = ", ".join(sorted(r.source for r in having))
        return f"no source of {need.value} was read in full tonight ({names})"
    return None
