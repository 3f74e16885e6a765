"""The week in numbers: what the store knows turned into the summary's model."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from auditor.findings import Change
from auditor.known_schools import all_schools
from auditor.lifecycle import OPEN_STATES
from auditor.mailing import week_of
from auditor.reporting import NEW_DAYS, headline_of, is_new, is_shown
from reports.digest import Digest, DigestCounts, FailedSource, SchoolCount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from auditor.findings import StoredFinding
    from auditor.settings import Settings
    from auditor.store import SourceHistory, Store

AUDIENCE = (
    "This goes to the addresses under [summary] in audit.toml; {responsible} changes who gets it."
)


def build_digest(settings: Settings, store: Store, now: datetime) -> Digest:
    """Count the last seven days: no name, address or account goes in."""
    findings = store.findings()
    local = now.astimezone(settings.zone)
    history = {
        name: past for name, past in store.source_history().items() if name in settings.sources
    }
    failed = {name: past for name, past in history.items() if past.incomplete_since is not None}
    head = headline_of(findings, tuple(store.registered_accounts().values()), local)
    recent = store.runs_since(now - timedelta(days=NEW_DAYS))
    counts = DigestCounts(
        new=head.new,
        open=head.open,
        changed=_count(findings, Change.CHANGED, recent),
        gone=_count(findings, Change.CLOSED, recent),
        waiting=head.waiting,
        exemptions_ending=head.exemptions_ending,
    )
    return Digest(
        district=settings.district.name,
        week=week_of(now, settings.zone),
        generated_at=local,
        zone=settings.district.time_zone,
        scope="Whole district",
        counts=counts,
        sources_complete=len(history) - len(failed),
        sources_total=len(settings.sources),
        failed_sources=tuple(
            FailedSource(name, past.incomplete_since) for name, past in sorted(failed.items())
        ),
        report_link=settings.reports.link or str(settings.reports_folder / "index.html"),
        schools=_schools(settings, store, findings, now),
        next_steps=tuple(_next_steps(counts, failed, bool(recent))),
        audience=AUDIENCE.format(responsible=settings.district.responsible),
    )


def _count(findings: Sequence[StoredFinding], change: Change, runs: frozenset[int]) -> int:
    return sum(1 for one in findings if one.last_change is change and one.changed_run in runs)


def _schools(
    settings: Settings, store: Store, findings: Sequence[StoredFinding], now: datetime
) -> tuple[SchoolCount, ...]:
    """Count what each school's page shows, schools without a lead left out."""
    names = all_schools(settings, store)
    codes = sorted({code for one in findings for code in one.finding.schools}, key=names.name)
    counts = (
        SchoolCount(
            names.name(code),
            sum(1 for one in shown if is_new(one, now)),
            sum(1 for one in shown if one.state in OPEN_STATES),
        )
        for code in codes
        if (shown := [one for one in findings if is_shown(one, code)])
    )
    return tuple(one for one in counts if one.new or one.open)


def _next_steps(counts: DigestCounts, failed: dict[str, SourceHistory], has_run: bool) -> list[str]:
    steps = []
    if not has_run:
        steps.append("No run ended in the last seven days: look at the nightly job.")
    if failed:
        steps.append("Mend the sources that were not read in full; the coverage page says how.")
    if counts.new:
        steps.append("Look at the new leads in the report.")
    if counts.waiting:
        steps.append("Approve or refuse the accounts that wait: audit registry list.")
    if counts.exemptions_ending:
        steps.append("Renew or let end the exemptions that run out within 30 days.")
    return steps
