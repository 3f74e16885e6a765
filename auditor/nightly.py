"""One night, as a numbered list of calls; ``run_night`` reads like the design."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from auditor import __version__, collect, lifecycle, plan
from auditor.coverage import coverage_lines, platform_counts
from auditor.errors import SettingsError
from auditor.findings import Change, State
from auditor.gathering import follow_accounts, follow_link_backs, gather, take_snapshot
from auditor.known_links import remember_links
from auditor.known_schools import remember_schools
from auditor.lifecycle import OPEN_STATES
from auditor.outcomes import ReadingState, RuleOutcome, RuleState
from auditor.publishing import publish
from auditor.reporting import Night
from auditor.rules import RULES
from auditor.schools import SchoolList
from auditor.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from auditor.findings import Finding, KnownFindings, StoredFinding
    from auditor.gathering import Gathered
    from auditor.lifecycle import Transition
    from auditor.outcomes import Reading
    from auditor.schools import School
    from auditor.settings import Settings
    from auditor.snapshot import Snapshot
    from auditor.store import Store

log = logging.getLogger(__name__)
EXIT_RAN, EXIT_INCOMPLETE, EXIT_DENIED = 0, 3, 4


@dataclass(frozen=True, slots=True)
class NightResult:
    """How a night went: readings, rules, what changed, what is known now, pages, exit code.

    ``transitions`` and ``findings`` are those of ``school`` when the night was for one.
    """

    run: int
    started_at: datetime
    district: str
    school: str | None
    readings: tuple[Reading, ...]
    outcomes: tuple[RuleOutcome, ...]
    transitions: tuple[Transition, ...]
    findings: tuple[StoredFinding, ...]
    pages: tuple[Path, ...]
    notes: tuple[str, ...]
    exit_code: int
    schools: SchoolList = field(default_factory=lambda: SchoolList(()))

    def changed(self, change: Change) -> int:
        """Count the findings to which tonight did ``change``, those already gone left out."""
        counts_gone = change is Change.REOPENED
        return sum(
            1
            for one in self.transitions
            if one.change is change and (counts_gone or one.before is not State.CLOSED)
        )

    @property
    def open(self) -> int:
        """How many findings are open now."""
        return sum(1 for one in self.findings if one.state in OPEN_STATES)

    @property
    def complete(self) -> int:
        """How many sources answered in full."""
        return sum(1 for one in self.readings if one.is_complete)


def run_night(
    settings: Settings,
    *,
    now: datetime | None = None,
    school: str | None = None,
    accept_smaller: Collection[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> NightResult:
    """Run one night and write its reports; every step of the design's section 5.

    ``now`` (aware) is the run's clock; ``school`` narrows the night to one school;
    ``accept_smaller`` names sources whose shrinking is right; ``tell`` hears what is going on.
    Raises AuditError (settings, store, lock, unknown school).
    """
    now = now or datetime.now(UTC)
    collect.check_sources(settings)  # 1
    _check_names(settings, accept_smaller)
    store = open_store(settings.store.url)  # 2
    try:
        with store.lock():
            return _run_locked(settings, store, now, school, accept_smaller, tell)
    finally:
        store.close()


def _run_locked(
    settings: Settings,
    store: Store,
    now: datetime,
    school: str | None,
    accept_smaller: Collection[str],
    tell: Callable[[str], None],
) -> NightResult:
    began = monotonic()
    tell("Reading the sources")
    gathered = gather(settings, store, now, school, accept_smaller, tell)  # 3, 4
    collected, schools, only = gathered.collected, gathered.schools, gathered.only
    run = store.begin_run(now, __version__, settings.digest, only.code if only else None)
    tell("Comparing")
    sights = follow_accounts(settings, store, gathered, now)
    links = follow_link_backs(settings, store, gathered)
    snapshot = take_snapshot(settings, store, gathered, sights, links, now)  # 7
    readings = [one.reading for one in collected]
    outcomes, found, notes = _judge(settings, snapshot, readings)  # 8, 9
    known = store.known_findings()
    notes = (*links.notes, *notes)
    found = lifecycle.keep_subjects(found, known, snapshot.handles)
    if only is not None:
        found = _in_school(found, only, known)
    transitions = _reconcile(store, known, found, outcomes, gathered, snapshot)  # 10
    exit_code = _exit_code(readings, outcomes)
    store.finish_run(  # 11
        run,
        readings=readings,
        outcomes=outcomes,
        transitions=transitions,
        finished_at=now + timedelta(seconds=monotonic() - began),
        outcome="complete" if exit_code == EXIT_RAN else "incomplete",
        exit_code=exit_code,
        item_of={rule.id: rule.item for rule in RULES},
        # A night for one school keeps only that school's leads: it must not move a watermark on.
        bookmarks=collect.bookmarks_of(settings, collected) if only is None else None,
        sights=sights,
    )
    remember_schools(store, collected)
    if only is None:
        remember_links(store, links)
    tell("Writing the reports")
    night = _night(settings, store, now, run, gathered, outcomes, transitions, notes)
    pages = publish(night, only)  # 12
    shown = [one for one in night.findings if only is None or only.code in one.finding.schools]
    keys = {one.key for one in shown}
    return NightResult(
        run=run,
        started_at=now,
        district=settings.district.name,
        school=only.name if only else None,
        readings=tuple(readings),
        outcomes=tuple(outcomes),
        transitions=tuple(one for one in transitions if one.key in keys),
        findings=tuple(shown),
        pages=pages,
        notes=notes,
        exit_code=exit_code,
        schools=schools,
    )


def _night(
    settings: Settings,
    store: Store,
    now: datetime,
    run: int,
    gathered: Gathered,
    outcomes: Sequence[RuleOutcome],
    transitions: Sequence[Transition],
    notes: tuple[str, ...],
) -> Night:
    """Gather what the reports are made of, as the store knows it after the night."""
    collected, history = gathered.collected, store.source_history()
    return Night(
        run=run,
        now=now,
        settings=settings,
        schools=gathered.schools,
        findings=tuple(store.findings()),
        readings=[one.reading for one in collected],
        outcomes=outcomes,
        history=history,
        registered=tuple(store.registered_accounts().values()),
        trend=store.trend(zone=settings.zone),
        apps=tuple(app for one in collected for app in one.harvest.apps),
        coverage=coverage_lines(
            platform_counts(collected),
            collected,
            history,
            settings.zone,
            has_addresses=bool(gathered.questions.addresses),
        ),
        changes={one.key: one.change for one in transitions},
        notes=notes,
    )


def _check_names(settings: Settings, accept_smaller: Collection[str]) -> None:
    for name in accept_smaller:
        if name not in settings.sources:
            raise SettingsError(
                f'--accept-smaller "{name}" is no source of {settings.path.name}; '
                f"its sources are {', '.join(settings.sources) or 'none'}."
            )


def _judge(
    settings: Settings, snapshot: Snapshot, readings: Sequence[Reading]
) -> tuple[list[RuleOutcome], list[Finding], tuple[str, ...]]:
    """Run every rule that may run; one that fails is recorded and the others go on."""
    outcomes: list[RuleOutcome] = []
    found: list[Finding] = []
    notes: list[str] = []
    for planned in plan.plan_rules(RULES, readings):
        rule, options = planned.rule, settings.rules.options(planned.rule.id)
        if not options.enabled:
            reason = "switched off in audit.toml"
            outcomes.append(RuleOutcome(rule.id, RuleState.OFF, reason=reason))
        elif planned.reason is not None:
            state = RuleState.IDLE if planned.is_idle else RuleState.SAT_OUT
            outcomes.append(RuleOutcome(rule.id, state, reason=planned.reason))
        else:
            try:
                result = rule.check(snapshot, options)
            except Exception as error:
                log.debug("rule %s failed", rule.id, exc_info=True)
                reason = f"an unexpected {type(error).__name__}; run with --debug and report it"
                outcomes.append(RuleOutcome(rule.id, RuleState.FAILED, reason=reason))
                continue
            found += result.findings
            notes += result.notes
            outcomes.append(RuleOutcome(rule.id, RuleState.RAN, len(result.findings)))
    log.info("rules: %s", dict(Counter(str(one.state) for one in outcomes)))
    return outcomes, found, tuple(notes)


def _in_school(found: Sequence[Finding], only: School, known: KnownFindings) -> list[Finding]:
    """Return what concerns one school, or did when it was last seen: that is not gone."""
    elsewhere = known.load(one.key for one in found if only.code not in one.schools)
    did = {key for key, before in elsewhere.items() if only.code in before.schools}
    return [one for one in found if only.code in one.schools or one.key in did]


def _reconcile(
    store: Store,
    known: KnownFindings,
    found: Sequence[Finding],
    outcomes: Sequence[RuleOutcome],
    gathered: Gathered,
    snapshot: Snapshot,
) -> list[Transition]:
    only = gathered.only
    looked = lifecycle.Looked(
        rules=frozenset(one.rule for one in outcomes if one.state is RuleState.RAN),
        complete_sources=frozenset(
            one.reading.source for one in gathered.collected if one.reading.is_complete
        ),
        in_scope=lambda schools: only is None or only.code in schools,
        is_settled=gathered.is_settled,
    )
    return lifecycle.reconcile(known, found, looked, store.exemptions(), snapshot.today)


def _exit_code(readings: Sequence[Reading], outcomes: Sequence[RuleOutcome]) -> int:
    if any(one.state is ReadingState.DENIED for one in readings):
        return EXIT_DENIED
    broken = any(not one.is_complete for one in readings)
    failed = any(one.state is RuleState.FAILED for one in outcomes)
    return EXIT_INCOMPLETE if broken or failed else EXIT_RAN
