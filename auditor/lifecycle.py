"""What becomes of findings from one night to the next: pure, without clock or store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from auditor.decisions import ActiveExemptions
from auditor.findings import Change, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from auditor.decisions import Exemption
    from auditor.findings import Finding, KnownFinding, KnownFindings, StoredFinding

OPEN_STATES = frozenset({State.OPEN, State.UNDER_REVIEW, State.ACKNOWLEDGED, State.DISPUTED})
"""What counts as open in reports; exempt findings are counted on their own."""

_OPEN, _SEEN_AGAIN = State.OPEN, Change.SEEN_AGAIN
_EXEMPTABLE = frozenset({State.OPEN, State.UNDER_REVIEW, State.ACKNOWLEDGED, State.EXEMPT})
_ENDED = frozenset({State.RESOLVED, State.CLOSED})
_QUIET_ENDINGS = frozenset({State.FALSE_POSITIVE, *_ENDED})


@dataclass(frozen=True, slots=True)
class Looked:
    """What tonight looked at: rules that ran, sources that answered in full, schools in scope.

    ``is_settled`` says whether the answers tell what became of a finding at all: a source that is
    asked about some accounts a night answers in full and says nothing of the others.
    """

    rules: frozenset[str]
    complete_sources: frozenset[str]
    in_scope: Callable[[tuple[str, ...]], bool]
    is_settled: Callable[[KnownFinding], bool] = lambda _: True

    def covers(self, known: KnownFinding) -> bool:
        """Whether a finding that is not there tonight is gone, and not merely unseen.

        A source that is no longer configured did not answer.  A finding that rests on no source
        (the registry alone) needs only its rule.
        """
        return (
            known.rule in self.rules
            and known.sources <= self.complete_sources
            and self.in_scope(known.schools)
            and self.is_settled(known)
        )


class Transition(msgspec.Struct, frozen=True, gc=False):
    """What a night does to one finding; ``finding`` is None when it was not seen.

    ``is_renewed`` marks one that is seen again with a change that is no news: its sources, say;
    ``was_out_of_sight`` one that the run before missed.
    """

    key: str
    change: Change
    before: State | None
    after: State
    finding: Finding | None
    until: date | None
    note: str = ""
    is_renewed: bool = False
    was_out_of_sight: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether nobody needs to hear of it."""
        if self.change is Change.CLOSED:
            return self.before in _QUIET_ENDINGS
        if self.change is Change.REOPENED:
            return self.after is State.FALSE_POSITIVE
        return self.change in {Change.SEEN_AGAIN, Change.NOT_LOOKED}


def reconcile(
    known: KnownFindings,
    tonight: Sequence[Finding],
    looked: Looked,
    exemptions: Iterable[Exemption],
    today: date,
) -> list[Transition]:
    """Compare tonight's findings with the known ones: one transition for each, by key.

    A verdict of a person outlives changed facts: FALSE_POSITIVE, ACKNOWLEDGED, UNDER_REVIEW and
    DISPUTED stay what they are while the finding is seen, and a false positive that went away and
    came back is a false positive still.  What is not seen closes only if ``looked`` covers it; an
    exemption ends on its day all the same.
    """
    active = ActiveExemptions(exemptions, today)
    transitions, others = _see_all(known.contents, tonight, active)
    for key, before in known.load(others).items():
        again = transitions.get(key)
        if again is None or again.finding is None:
            transitions[key] = _miss(before, looked.covers(before), today)
        else:
            exemption = active.covering(again.finding, key)
            transitions[key] = _see(before, again.finding, exemption)
    return sorted(transitions.values(), key=attrgetter("key"))


def keep_subjects(
    tonight: Sequence[Finding],
    known: KnownFindings,
    handles: Mapping[tuple[str, str], str],
) -> list[Finding]:
    """Return the findings, those known by an account's handle under that subject still.

    ``handles`` has the folded handle of each account that also has a native id.  A list that
    begins to give the id must not make a known lead look gone, and its verdict with it.
    """
    older = [_under_handle(one, known, handles) for one in tonight]
    before = known.load(one.key for one in older if one is not None)
    if not before:
        return list(tonight)
    return [
        old
        if old is not None
        and (stored := before.get(old.key)) is not None
        and stored.state is not State.CLOSED
        else one
        for one, old in zip(tonight, older, strict=True)
    ]


def settle_exemptions(
    findings: Iterable[StoredFinding], exemptions: Iterable[Exemption], today: date
) -> list[Transition]:
    """Return what a newly granted or revoked exemption does to the findings at once."""
    active = ActiveExemptions(exemptions, today)
    settled = []
    for stored in findings:
        key = stored.key
        exemption = active.covering(stored.finding, key)
        after, until, note = _exempt(stored.state, stored.until, exemption)
        if note:
            change = Change.EXEMPTION_EXPIRED if exemption is None else Change.CHANGED
            settled.append(
                Transition(key, change, stored.state, after, stored.finding, until, note)
            )
    return settled


def _under_handle(
    finding: Finding, known: KnownFindings, handles: Mapping[tuple[str, str], str]
) -> Finding | None:
    """Return a finding that is not known as it would be under its account's handle, if any."""
    handle = handles.get((finding.subject[0], finding.subject[1] if finding.subject[1:] else ""))
    if not handle or finding.key in known.contents:
        return None
    return replace(finding, subject=(finding.subject[0], handle, *finding.subject[2:]))


def _see_all(
    contents: Mapping[str, str], tonight: Iterable[Finding], active: ActiveExemptions
) -> tuple[dict[str, Transition], set[str]]:
    """Return what becomes of what is seen, and the keys of which contents alone do not tell it.

    Those that are seen are taken as unknown until they are loaded; of two findings with one key the
    better graded wins.  Each finding is looked at once and as a whole: a hundred thousand leave the
    processor's cache.
    """
    seen: dict[str, Transition] = {}
    others: set[str] = set()
    missed = dict(contents)
    for one in tonight:
        finding, key = one, one.key
        before, exemption = missed.pop(key, None), active.covering(finding, key)
        if before and exemption is None and before == finding.content:
            seen[key] = Transition(key, _SEEN_AGAIN, _OPEN, _OPEN, finding, None)
            continue
        if (other := seen.get(key)) is not None and other.finding is not None:
            finding = min(other.finding, finding, key=_rank)
            exemption = active.covering(finding, key)
        seen[key] = _open(key, finding, exemption)
        others.add(key)
    return seen, others.union(missed)


def _rank(finding: Finding) -> tuple[str, str]:
    return str(finding.grade), finding.content


def _open(key: str, finding: Finding, exemption: Exemption | None) -> Transition:
    after, until, note = _exempt(State.OPEN, None, exemption)
    return Transition(key, Change.OPENED, None, after, finding, until, note)


def _see(known: KnownFinding, finding: Finding, exemption: Exemption | None) -> Transition:
    before = known.state
    is_same = finding.content == known.content
    if before in _ENDED:
        stays_false = before is State.CLOSED and known.verdict is State.FALSE_POSITIVE
        start = State.FALSE_POSITIVE if stays_false else State.OPEN
        after, until, note = _exempt(start, None, exemption)
        change = Change.REOPENED
    else:
        after, until, note = _exempt(before, known.until, exemption)
        if before is State.EXEMPT and after is State.OPEN:
            change = Change.EXEMPTION_EXPIRED
        elif note or not (is_same or finding.fingerprint == known.fingerprint):
            change = Change.CHANGED
        else:
            change = Change.SEEN_AGAIN
    is_renewed = change is Change.SEEN_AGAIN and not is_same
    return Transition(
        known.key,
        change,
        before,
        after,
        finding,
        until,
        note,
        is_renewed,
        known.is_out_of_sight,
    )


def _miss(known: KnownFinding, is_gone: bool, today: date) -> Transition:
    change, after, until, note = Change.NOT_LOOKED, known.state, known.until, ""
    if is_gone:
        change, after, until = Change.CLOSED, State.CLOSED, None
    elif known.state is State.EXEMPT and known.until is not None and known.until < today:
        after, until, note = _exempt(known.state, known.until, None)
        change = Change.EXEMPTION_EXPIRED
    return Transition(
        known.key,
        change,
        known.state,
        after,
        None,
        until,
        note,
        was_out_of_sight=known.is_out_of_sight,
    )


def _exempt(
    state: State, until: date | None, exemption: Exemption | None
) -> tuple[State, date | None, str]:
    """Return state, end date and a note on what an exemption or its end changes ("": nothing)."""
    if exemption is None and state is not State.EXEMPT:
        return state, None, ""
    if exemption is not None and state in _EXEMPTABLE:
        is_news = state is not State.EXEMPT or until != exemption.until
        note = f"Exempt until {exemption.until}: {exemption.reason}" if is_news else ""
        return State.EXEMPT, exemption.until, note
    if state is State.EXEMPT:
        return State.OPEN, None, f"No exemption holds any more (it ran until {until})."
    return state, None, ""
