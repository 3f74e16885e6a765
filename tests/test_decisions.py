from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from auditor.decisions import (
    ITEM_10_RULES,
    DecisionEvent,
    ExemptionSubject,
    SubjectKind,
    Verdict,
    check_reason,
    check_statement,
    exemption_for,
    fold_decisions,
    grant_exemption,
    judge_state,
    revoke_exemption,
)
from auditor.errors import RegistryError
from auditor.findings import State
from auditor.rules import RULES
from tests.builders import a_finding

TODAY = date(2026, 11, 17)
AT = datetime(2026, 11, 17, 15, tzinfo=UTC)
ADDRESS = "ida.marsh@maplefalls.example"


def grant(exempt: ExemptionSubject | None = None, **changes: object) -> DecisionEvent:
    given = {"reason": "agreed", "until": TODAY, "by": "boss", "at": AT, "today": TODAY}
    exempt = exempt or ExemptionSubject(SubjectKind.ADDRESS, ADDRESS)
    return grant_exemption(exempt, **{**given, **changes})


def is_covered(exempt: ExemptionSubject, item: str | None = None, **changes: object) -> bool:
    exemptions = fold_decisions([grant(exempt, item=item)])
    return exemption_for(a_finding(**changes), exemptions, TODAY) is not None


def test_the_items_of_the_rules_are_those_of_the_rules_themselves() -> None:
    assert {rule.id for rule in RULES if rule.item == "10"} == ITEM_10_RULES


def test_a_finding_is_covered_by_its_key() -> None:
    assert is_covered(ExemptionSubject(SubjectKind.FINDING, a_finding().key))
    assert not is_covered(ExemptionSubject(SubjectKind.FINDING, a_finding().key[:8]))


def test_an_address_is_covered_in_any_spelling_of_its_case() -> None:
    assert is_covered(ExemptionSubject(SubjectKind.ADDRESS, f" {ADDRESS.upper()} "))
    assert not is_covered(ExemptionSubject(SubjectKind.ADDRESS, f"x{ADDRESS}"))


def test_an_address_may_be_exempt_on_one_platform() -> None:
    assert is_covered(ExemptionSubject(SubjectKind.ADDRESS, ADDRESS, "mastodon"))
    assert not is_covered(ExemptionSubject(SubjectKind.ADDRESS, ADDRESS, "facebook"))


def test_an_address_is_exempt_from_item_10_only_unless_said_otherwise() -> None:
    owner_left = {"rule": "registered-owner-left", "subject": ("mastodon", "1001", ADDRESS)}
    subject = ExemptionSubject(SubjectKind.ADDRESS, ADDRESS)
    assert not is_covered(subject, **owner_left)
    assert is_covered(subject, item="8", **owner_left)


def test_an_account_is_covered_by_platform_and_id_together() -> None:
    assert is_covered(ExemptionSubject(SubjectKind.ACCOUNT, "1001", "mastodon"))
    assert not is_covered(ExemptionSubject(SubjectKind.ACCOUNT, "1001", "facebook"))
    assert not is_covered(ExemptionSubject(SubjectKind.ACCOUNT, "1001"))
    assert not is_covered(ExemptionSubject(SubjectKind.ACCOUNT, "1001", "mastodon"), item="8")


def test_what_is_not_known_matches_nothing() -> None:
    address = ExemptionSubject(SubjectKind.ADDRESS, ADDRESS, "mastodon")
    assert not is_covered(address, platform=None)
    assert not is_covered(address, subject=())
    account = ExemptionSubject(SubjectKind.ACCOUNT, "1001", "mastodon")
    assert not is_covered(account, subject=("mastodon",))
    assert not is_covered(account, subject=())


def test_an_account_that_looks_like_an_address_is_none() -> None:
    branded = {"rule": "unregistered-branded-account", "subject": ("mastodon", ADDRESS)}
    assert not is_covered(ExemptionSubject(SubjectKind.ADDRESS, ADDRESS), **branded)


def test_an_exemption_holds_through_its_last_day() -> None:
    exemptions = fold_decisions([grant()])
    assert exemption_for(a_finding(), exemptions, TODAY) is not None
    assert exemption_for(a_finding(), exemptions, TODAY + timedelta(days=1)) is None


def test_of_several_exemptions_the_longest_holds() -> None:
    longer = grant(until=TODAY + timedelta(days=5))
    found = exemption_for(a_finding(), fold_decisions([grant(), longer, grant(by="x")]), TODAY)
    assert found is not None
    assert found.id == longer.exemption


def test_a_revoked_exemption_covers_nothing_and_stays_on_record() -> None:
    granted = grant()
    exemptions = fold_decisions([granted])
    revoked = revoke_exemption(exemptions, granted.exemption[:4], by="boss", at=AT, why="done")
    folded = fold_decisions([granted, revoked])
    assert folded[0].revoked_at == AT
    assert exemption_for(a_finding(), folded, TODAY) is None
    with pytest.raises(RegistryError, match="already revoked"):
        revoke_exemption(folded, granted.exemption, by="boss", at=AT, why="again")


@pytest.mark.parametrize("identifier", ["", "zz", "0123456789"])
def test_revoking_what_is_not_there_is_one_sentence(identifier: str) -> None:
    with pytest.raises(RegistryError, match="audit exempt list"):
        revoke_exemption(fold_decisions([grant()]), identifier, by="b", at=AT, why="w")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reason": "  "}, "empty"),
        ({"reason": "x" * 281}, "280"),
        ({"until": TODAY - timedelta(days=1)}, "has passed"),
        ({"until": date(2028, 11, 18)}, "two years"),
        ({"item": "9"}, "8 or 10"),
        ({"exempt": ExemptionSubject(SubjectKind.ADDRESS, "@ida")}, "e-mail address"),
        ({"exempt": ExemptionSubject(SubjectKind.FINDING, "")}, "empty"),
    ],
)
def test_an_exemption_that_may_not_be_granted(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        grant(**changes)


def test_the_latest_end_from_a_leap_day_is_the_28th() -> None:
    leap = date(2028, 2, 29)
    assert grant(today=leap, until=date(2030, 2, 28)).facts["until"] == "2030-02-28"


@pytest.mark.parametrize("verb", ["revoked", "renamed"])
def test_a_log_that_does_not_fit_is_refused(verb: str) -> None:
    with pytest.raises(RegistryError, match="does not fit"):
        fold_decisions([replace(grant(), verb=verb)])


def test_a_grant_without_its_facts_is_refused() -> None:
    with pytest.raises(RegistryError, match="lacks"):
        fold_decisions([replace(grant(), facts={})])


@pytest.mark.parametrize(
    ("verdict", "before", "after"),
    [
        (Verdict.REVIEW, State.OPEN, State.UNDER_REVIEW),
        (Verdict.ACKNOWLEDGE, State.UNDER_REVIEW, State.ACKNOWLEDGED),
        (Verdict.FIXED, State.ACKNOWLEDGED, State.RESOLVED),
        (Verdict.NOT_OURS, State.OPEN, State.FALSE_POSITIVE),
        (Verdict.WRONG_PERSON, State.DISPUTED, State.FALSE_POSITIVE),
        (Verdict.REOPEN, State.FALSE_POSITIVE, State.OPEN),
        (Verdict.DISPUTE, State.EXEMPT, State.DISPUTED),
    ],
)
def test_verdicts(verdict: Verdict, before: State, after: State) -> None:
    assert judge_state("k", before, verdict) is after


@pytest.mark.parametrize(
    ("verdict", "before", "hint"),
    [
        (Verdict.ACKNOWLEDGE, State.CLOSED, "opens by itself"),
        (Verdict.REOPEN, State.CLOSED, "opens by itself"),
        (Verdict.REOPEN, State.EXEMPT, "revoke its exemption"),
        (Verdict.REOPEN, State.OPEN, "leave it"),
        (Verdict.FIXED, State.FALSE_POSITIVE, "reopen it first"),
        (Verdict.ACKNOWLEDGE, State.ACKNOWLEDGED, "leave it"),
    ],
)
def test_verdicts_that_do_not_apply(verdict: Verdict, before: State, hint: str) -> None:
    with pytest.raises(RegistryError, match=hint):
        judge_state("k", before, verdict)


def test_reasons_and_statements_have_an_end() -> None:
    assert check_reason(" so ") == "so"
    assert check_statement("x" * 2000)
    with pytest.raises(RegistryError, match="2000"):
        check_statement("x" * 2001)
    with pytest.raises(RegistryError, match="empty"):
        check_statement("\n")
