"""What people decide: exemptions with a reason and an end, and verdicts on single findings."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.errors import RegistryError
from auditor.findings import State
from connectors.platforms import Account, identify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.findings import Finding

LONGEST_REASON = 280
LONGEST_STATEMENT = 2000
LONGEST_EXEMPTION_YEARS = 2
ITEM_10_RULES = frozenset({"district-address-in-use"})
"""The rules of policy item 10; every other rule is of item 8."""


class SubjectKind(StrEnum):
    """What an exemption covers."""

    FINDING = "finding"
    ADDRESS = "address"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class ExemptionSubject:
    """What is exempt: a finding's key, an address (on one platform or any), or an account's id."""

    kind: SubjectKind
    value: str
    platform: str | None = None

    def __str__(self) -> str:
        place = f" on {self.platform}" if self.platform else ""
        return f"{self.kind} {self.value}{place}"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A finding, address or account that is left in peace up to and including ``until``."""

    id: str
    subject: ExemptionSubject
    reason: str
    until: date
    by: str
    granted_at: datetime
    item: str | None = None
    revoked_at: datetime | None = None

    def is_active(self, today: date) -> bool:
        """Whether the exemption holds on a day."""
        return self.revoked_at is None and today <= self.until


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """One line of the append-only log of exemptions; ``verb`` is ``granted`` or ``revoked``."""

    at: datetime
    by: str
    verb: str
    exemption: str
    why: str
    facts: Mapping[str, str | None]


def grant_exemption(
    subject: ExemptionSubject,
    *,
    reason: str,
    until: date,
    by: str,
    at: datetime,
    today: date,
    item: str | None = None,
) -> DecisionEvent:
    """Return the event that grants an exemption; RegistryError when it may not be granted.

    ``until`` is the last day it holds: today at the earliest, two years from today at the latest.
    An address is exempt from item 10 unless ``item`` says otherwise.
    """
    if subject.kind is SubjectKind.ADDRESS:
        subject = replace(subject, value=_fold_address(subject.value))
        item = item or "10"
    if item not in {None, "8", "10"}:
        raise RegistryError(f'Item "{item}" is not audited; give 8 or 10.')
    if until < today:
        raise RegistryError(f"The end date {until} has passed; give one in the future.")
    if until > _latest_end(today):
        raise RegistryError(
            f"An exemption lasts two years at most; give an end date up to {_latest_end(today)}."
        )
    facts = {
        "kind": str(subject.kind),
        "value": _require_text(subject.value, "What is exempt", 500),
        "platform": subject.platform,
        "until": until.isoformat(),
        "item": item,
    }
    seed = json.dumps([facts, by, at.isoformat()], sort_keys=True)
    identifier = hashlib.sha256(seed.encode()).hexdigest()[:8]
    return DecisionEvent(
        at, by, "granted", identifier, _require_text(reason, "The reason", LONGEST_REASON), facts
    )


def revoke_exemption(
    exemptions: Iterable[Exemption], identifier: str, *, by: str, at: datetime, why: str
) -> DecisionEvent:
    """Return the event that revokes an exemption, named by its id or a unique start of it."""
    hits = [one for one in exemptions if identifier and one.id.startswith(identifier.lower())]
    if len(hits) != 1:
        number = "More than one exemption starts" if hits else "No exemption starts"
        raise RegistryError(f'{number} with "{identifier}"; see `audit exempt list`.')
    if hits[0].revoked_at is not None:
        raise RegistryError(
            f"Exemption {hits[0].id} was already revoked on {hits[0].revoked_at:%Y-%m-%d}."
        )
    why = _require_text(why, "The reason", LONGEST_REASON)
    return DecisionEvent(at, by, "revoked", hits[0].id, why, {})


def fold_decisions(events: Iterable[DecisionEvent]) -> tuple[Exemption, ...]:
    """Return every exemption ever granted, in order, as the events left it."""
    folded: dict[str, Exemption] = {}
    for event in events:
        if event.verb == "granted":
            folded[event.exemption] = _exemption(event)
        elif event.verb == "revoked" and event.exemption in folded:
            folded[event.exemption] = replace(folded[event.exemption], revoked_at=event.at)
        else:
            raise RegistryError(
                f'The log of decisions has a "{event.verb}" for exemption {event.exemption} '
                "that does not fit; restore the store from its last copy."
            )
    return tuple(folded.values())


class ActiveExemptions:
    """The exemptions that hold on one day, looked up by finding."""

    def __init__(self, exemptions: Iterable[Exemption], today: date) -> None:
        self._by_value: defaultdict[str, list[Exemption]] = defaultdict(list)
        for one in exemptions:
            if one.is_active(today) and one.subject.value:
                self._by_value[one.subject.value].append(one)

    def covering(self, finding: Finding, key: str) -> Exemption | None:
        """Return the exemption that covers a finding, the one that lasts longest if several do."""
        if not self._by_value:
            return None
        hits = [
            one
            for value in {key, *finding.subject[1:2], _named_by_url(finding), _address(finding)}
            for one in self._by_value.get(value, ())
            if _covers(one, finding, key)
        ]
        return max(hits, key=lambda one: (one.until, one.id), default=None)


def exemption_for(
    finding: Finding, exemptions: Iterable[Exemption], today: date
) -> Exemption | None:
    """Return the exemption that covers a finding today, or None.

    An account is covered by its identity or by the account its URL names, an address only when it
    is part of the finding's identity.  What is not known matches nothing.
    """
    return ActiveExemptions(exemptions, today).covering(finding, finding.key)


class Verdict(StrEnum):
    """What a person says about a finding."""

    REVIEW = "review"
    ACKNOWLEDGE = "acknowledge"
    FIXED = "fixed"
    NOT_OURS = "not_ours"
    WRONG_PERSON = "wrong_person"
    REOPEN = "reopen"
    DISPUTE = "dispute"


_LIVE = frozenset({State.OPEN, State.UNDER_REVIEW, State.ACKNOWLEDGED, State.DISPUTED})
_JUDGED = frozenset({State.RESOLVED, State.FALSE_POSITIVE})
_TRANSITIONS: dict[Verdict, tuple[State, frozenset[State]]] = {
    Verdict.REVIEW: (State.UNDER_REVIEW, _LIVE - {State.UNDER_REVIEW}),
    Verdict.ACKNOWLEDGE: (State.ACKNOWLEDGED, _LIVE - {State.ACKNOWLEDGED}),
    Verdict.FIXED: (State.RESOLVED, _LIVE | {State.EXEMPT}),
    Verdict.NOT_OURS: (State.FALSE_POSITIVE, _LIVE | {State.EXEMPT}),
    Verdict.WRONG_PERSON: (State.FALSE_POSITIVE, _LIVE | {State.EXEMPT}),
    Verdict.REOPEN: (State.OPEN, (_LIVE | _JUDGED) - {State.OPEN}),
    Verdict.DISPUTE: (State.DISPUTED, _LIVE | _JUDGED | {State.EXEMPT}),
}
_INSTEAD = {
    State.EXEMPT: "revoke its exemption first (`audit exempt revoke`)",
    State.CLOSED: "it is gone and opens by itself when it is seen again",
}


def judge_state(key: str, before: State, verdict: Verdict) -> State:
    """Return the state after a verdict; RegistryError when it does not apply to this state."""
    after, allowed = _TRANSITIONS[verdict]
    if before not in allowed:
        hint = _INSTEAD.get(before, "reopen it first, or leave it as it is")
        was = before.replace("_", " ")
        said = verdict.replace("_", " ")
        raise RegistryError(f'Finding {key} is {was}, so "{said}" does not apply; {hint}.')
    return after


def check_reason(why: str) -> str:
    """Return a decision's reason, trimmed; RegistryError when empty or over 280 characters."""
    return _require_text(why, "The reason", LONGEST_REASON)


def check_statement(statement: str) -> str:
    """Return an employee's statement, trimmed; RegistryError when empty or over 2,000."""
    return _require_text(statement, "The statement", LONGEST_STATEMENT)


def _covers(exemption: Exemption, finding: Finding, key: str) -> bool:
    subject = exemption.subject
    if exemption.item is not None:
        item = "10" if finding.rule in ITEM_10_RULES else "8"
        if item != exemption.item:
            return False
    if subject.kind is SubjectKind.FINDING:
        return subject.value == key
    if subject.kind is SubjectKind.ACCOUNT:
        return subject.platform is not None and (
            finding.subject[:2] == (subject.platform, subject.value)
            or (finding.platform == subject.platform and _named_by_url(finding) == subject.value)
        )
    is_there = subject.platform is None or subject.platform == finding.platform
    return is_there and _address(finding) == subject.value


def _named_by_url(finding: Finding) -> str:
    """Return the account that a finding's URL names, which a person knows; its id may be another.

    Empty for a finding that is about no account, or whose URL names none.
    """
    found = identify(finding.url) if finding.url and finding.platform else None
    return found.key.account if isinstance(found, Account) else ""


def _address(finding: Finding) -> str:
    """Return the address a finding is about, case-folded; it ends the subject of those rules."""
    last = finding.subject[-1] if finding.subject else ""
    return last.casefold() if "@" in last[1:] else ""


def _exemption(event: DecisionEvent) -> Exemption:
    facts = event.facts
    kind, value, until = facts.get("kind"), facts.get("value"), facts.get("until")
    if kind is None or value is None or until is None:
        raise RegistryError(
            f"Exemption {event.exemption} lacks its subject or end date; "
            "restore the store from its last copy."
        )
    return Exemption(
        id=event.exemption,
        subject=ExemptionSubject(SubjectKind(kind), value, facts.get("platform")),
        reason=event.why,
        until=date.fromisoformat(until),
        by=event.by,
        granted_at=event.at,
        item=facts.get("item"),
    )


def _fold_address(address: str) -> str:
    folded = address.strip().casefold()
    local, at, domain = folded.partition("@")
    if not (local and at and domain) or any(char.isspace() for char in folded):
        raise RegistryError(f'"{address}" is not an e-mail address; give one such as a@b.example.')
    return folded


def _latest_end(today: date) -> date:
    year = today.year + LONGEST_EXEMPTION_YEARS
    is_leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=year, day=28 if is_leap_day else today.day)


def _require_text(text: str, what: str, limit: int) -> str:
    text = text.strip()
    if not text:
        raise RegistryError(f"{what} is empty; say it in a few words.")
    if len(text) > limit:
        raise RegistryError(f"{what} has {len(text)} characters; {limit} is the most.")
    return text
