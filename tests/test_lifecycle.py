from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from auditor.decisions import Exemption, ExemptionSubject, SubjectKind
from auditor.findings import (
    Certainty,
    Change,
    Finding,
    KnownFinding,
    KnownFindings,
    State,
    StoredFinding,
)
from auditor.lifecycle import Looked, Transition, keep_subjects, reconcile, settle_exemptions
from connectors.records import Grade
from tests.builders import a_finding, some_evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TODAY = date(2026, 11, 17)
THEN = datetime(2026, 11, 16, 8, 15, tzinfo=UTC)
RULES = ("district-address-in-use", "unregistered-branded-account")
SOURCES = ("roster", "found", "sites")


def known_as(finding: Finding, state: State = State.OPEN, **changes: object) -> KnownFinding:
    return structs.replace(
        KnownFinding(
            key=finding.key,
            rule=finding.rule,
            subject_text=json.dumps(finding.subject),
            sources=finding.sources,
            schools=finding.schools,
            state=state,
            fingerprint=finding.fingerprint,
            first_seen=THEN,
            last_seen=THEN,
            content=finding.content,
        ),
        **changes,
    )


def looked_at(
    rules: tuple[str, ...] = RULES, sources: tuple[str, ...] = SOURCES, *schools: str
) -> Looked:
    return Looked(
        frozenset(rules),
        frozenset(sources),
        lambda codes: not schools or bool(set(codes) & set(schools)),
    )


def an_exemption(finding: Finding, until: date, **changes: object) -> Exemption:
    subject = ExemptionSubject(SubjectKind.FINDING, finding.key)
    return replace(Exemption("e1", subject, "agreed", until, "boss", THEN), **changes)


def one_night(
    known: KnownFinding | None,
    finding: Finding | None,
    looked: Looked | None = None,
    *exemptions: Exemption,
) -> Transition:
    before = KnownFindings.of([known] if known else [])
    tonight = [finding] if finding else []
    (transition,) = reconcile(before, tonight, looked or looked_at(), exemptions, TODAY)
    return transition


@pytest.mark.parametrize(
    ("changes", "digests"),
    [
        ({"grade": Grade.A}, ("7b7be3748cfea49f", "e5e3c7e0c8b3ebec")),
        ({"grade": Grade.C}, ("f1d710d44f2f2002", "33f5f20932c650e6")),
        ({"grade": Certainty.POSSIBLE}, ("30e7482968e62bd2", "346c8ed22f54e8fa")),
        ({"summary": "\ud800 é"}, ("1edbf87674f1ae3c", "36af54987f2bd77d")),
    ],
)
def test_digests_stay_those_that_stores_hold(
    changes: dict[str, object], digests: tuple[str, str]
) -> None:
    finding = a_finding(sources=frozenset({"a", "b"}), **changes)
    assert finding.key == "610459ce50f73852"
    assert (finding.fingerprint, finding.content) == digests


def test_an_unknown_finding_opens() -> None:
    transition = one_night(None, a_finding())
    assert (transition.change, transition.before) == (Change.OPENED, None)
    assert transition.after is State.OPEN
    assert not transition.is_quiet


def test_an_unknown_finding_that_is_exempt_starts_exempt() -> None:
    exemption = an_exemption(a_finding(), TODAY)
    transition = one_night(None, a_finding(), None, exemption)
    assert (transition.change, transition.after) == (Change.OPENED, State.EXEMPT)
    assert transition.until == TODAY
    assert "agreed" in transition.note


@pytest.mark.parametrize("state", [s for s in State if s not in (State.CLOSED, State.RESOLVED)])
def test_the_same_facts_are_seen_again_in_the_same_state(state: State) -> None:
    finding = a_finding()
    exemption = [an_exemption(finding, TODAY)] if state is State.EXEMPT else []
    until = TODAY if state is State.EXEMPT else None
    transition = one_night(known_as(finding, state, until=until), finding, None, *exemption)
    assert (transition.change, transition.after) == (Change.SEEN_AGAIN, state)
    assert transition.is_quiet
    assert not transition.is_renewed


@pytest.mark.parametrize(
    "state",
    [
        State.OPEN, State.UNDER_REVIEW, State.ACKNOWLEDGED, State.DISPUTED, State.FALSE_POSITIVE,
    ],
)  # fmt: skip
def test_other_facts_change_a_finding_and_keep_a_persons_verdict(state: State) -> None:
    known = known_as(a_finding(), state)
    transition = one_night(known, a_finding(summary="Other words."))
    assert (transition.change, transition.after) == (Change.CHANGED, state)


def test_another_time_of_sight_changes_nothing() -> None:
    later = a_finding(evidence=(some_evidence(seen_at=THEN + timedelta(days=9)),))
    transition = one_night(known_as(a_finding()), later)
    assert transition.change is Change.SEEN_AGAIN
    assert not transition.is_renewed


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": frozenset({"roster", "found", "sites"})},
        {"withheld_from": ("MFH",)},
        {"people": ("p1", "p2")},
        {"doubts": ("Another doubt.",)},
    ],
)
def test_what_is_no_news_is_renewed_without_noise(changes: dict[str, object]) -> None:
    transition = one_night(known_as(a_finding()), a_finding(**changes))
    assert transition.change is Change.SEEN_AGAIN
    assert transition.is_renewed
    assert transition.is_quiet


@pytest.mark.parametrize("state", [State.CLOSED, State.RESOLVED])
def test_what_had_ended_and_is_back_is_reopened(state: State) -> None:
    transition = one_night(known_as(a_finding(), state), a_finding())
    assert (transition.change, transition.after) == (Change.REOPENED, State.OPEN)
    assert not transition.is_quiet


def test_what_is_back_under_an_exemption_is_exempt() -> None:
    exemption = an_exemption(a_finding(), TODAY)
    transition = one_night(known_as(a_finding(), State.CLOSED), a_finding(), None, exemption)
    assert (transition.change, transition.after) == (Change.REOPENED, State.EXEMPT)


def test_a_false_positive_that_went_and_came_back_is_one_still() -> None:
    known = known_as(a_finding(), State.CLOSED, verdict=State.FALSE_POSITIVE)
    transition = one_night(known, a_finding())
    assert (transition.change, transition.after) == (Change.REOPENED, State.FALSE_POSITIVE)
    assert transition.is_quiet


@pytest.mark.parametrize("state", [State.FALSE_POSITIVE, State.RESOLVED])
def test_what_was_judged_closes_without_noise(state: State) -> None:
    transition = one_night(known_as(a_finding(), state), None)
    assert (transition.change, transition.after) == (Change.CLOSED, State.CLOSED)
    assert transition.is_quiet


def test_an_exemption_that_ran_out_opens_what_is_still_seen() -> None:
    ended = an_exemption(a_finding(), TODAY - timedelta(days=1))
    known = known_as(a_finding(), State.EXEMPT, until=ended.until)
    transition = one_night(known, a_finding(), None, ended)
    assert (transition.change, transition.after) == (Change.EXEMPTION_EXPIRED, State.OPEN)
    assert transition.until is None
    assert str(ended.until) in transition.note


def test_an_exemption_that_was_revoked_opens_what_is_still_seen() -> None:
    revoked = an_exemption(a_finding(), TODAY + timedelta(days=9), revoked_at=THEN)
    known = known_as(a_finding(), State.EXEMPT, until=revoked.until)
    transition = one_night(known, a_finding(), None, revoked)
    assert transition.change is Change.EXEMPTION_EXPIRED


def test_a_longer_exemption_moves_the_end_date() -> None:
    known = known_as(a_finding(), State.EXEMPT, until=TODAY)
    longer = an_exemption(a_finding(), TODAY + timedelta(days=30))
    transition = one_night(known, a_finding(), None, longer)
    assert (transition.change, transition.until) == (Change.CHANGED, longer.until)


@pytest.mark.parametrize("state", [State.DISPUTED, State.FALSE_POSITIVE])
def test_an_exemption_does_not_take_the_place_of_a_verdict(state: State) -> None:
    exemption = an_exemption(a_finding(), TODAY)
    assert one_night(known_as(a_finding(), state), a_finding(), None, exemption).after is state


@pytest.mark.parametrize(
    ("looked", "is_closed"),
    [
        (looked_at(), True),
        (looked_at(rules=()), False),
        (looked_at(sources=("roster",)), False),
        (looked_at(RULES, SOURCES, "MFH"), True),
        (looked_at(RULES, SOURCES, "MFE"), False),
    ],
)
def test_what_is_not_seen_closes_only_where_tonight_looked(looked: Looked, is_closed: bool) -> None:
    transition = one_night(known_as(a_finding()), None, looked)
    assert transition.change is (Change.CLOSED if is_closed else Change.NOT_LOOKED)
    assert transition.after is (State.CLOSED if is_closed else State.OPEN)


def test_a_finding_of_the_registry_alone_needs_only_its_rule() -> None:
    known = known_as(a_finding(sources=frozenset()))
    assert one_night(known, None, looked_at(sources=())).change is Change.CLOSED


def test_of_two_findings_with_one_key_the_better_graded_wins_in_any_order() -> None:
    better, worse = a_finding(), a_finding(grade="D", summary="Weaker.")
    for tonight in ([better, worse], [worse, better]):
        (transition,) = reconcile(KnownFindings.of([]), tonight, looked_at(), (), TODAY)
        assert transition.finding is better


def test_what_is_as_it_was_is_not_looked_up() -> None:
    same, other, gone = (a_finding(subject=("mastodon", name)) for name in "abc")
    known = KnownFindings.of(map(known_as, (same, other, gone)))
    asked: list[str] = []

    def load(keys: Collection[str]) -> Mapping[str, KnownFinding]:
        asked.extend(keys)
        return known.loader(keys)

    tonight = [same, replace(other, summary="Other words."), a_finding(subject=("x", "new"))]
    reconcile(KnownFindings(known.contents, load), tonight, looked_at(), (), TODAY)
    assert sorted(asked) == sorted([other.key, gone.key])


def test_a_finding_that_is_deleted_while_the_night_is_at_work() -> None:
    seen, gone = a_finding(summary="Other words."), a_finding(subject=("mastodon", "2"))
    known = KnownFindings(dict.fromkeys([seen.key, gone.key], "before"), lambda _: {})
    (transition,) = reconcile(known, [seen], looked_at(), (), TODAY)
    assert (transition.change, transition.key) == (Change.OPENED, seen.key)


@pytest.mark.parametrize(
    ("state", "is_kept"), [(State.OPEN, True), (State.FALSE_POSITIVE, True), (State.CLOSED, False)]
)
def test_a_lead_known_by_its_handle_keeps_that_subject(state: State, is_kept: bool) -> None:
    handles = {("mastodon", "1001"): "mfhigh", ("mastodon", "1002"): "mfband"}
    by_handle = a_finding(subject=("mastodon", "mfhigh", "page"))
    by_id = a_finding(subject=("mastodon", "1001", "page"))
    other = a_finding(subject=("mastodon", "1002", "page"))
    bare = a_finding(subject=("mastodon",))
    tonight = [other, by_id, bare]
    known = KnownFindings.of([known_as(by_handle, state)])
    expected = [other, by_handle, bare] if is_kept else tonight
    assert keep_subjects(tonight, known, handles) == expected
    both = KnownFindings.of([known_as(by_handle, state), known_as(by_id)])
    assert keep_subjects(tonight, both, handles) == tonight


def stored(finding: Finding, state: State, until: date | None = None) -> StoredFinding:
    return StoredFinding(finding, state, Change.OPENED, 1, THEN, THEN, until, None, 1)


def test_an_exemption_is_settled_at_once() -> None:
    exemption = an_exemption(a_finding(), TODAY)
    (granted,) = settle_exemptions([stored(a_finding(), State.OPEN)], [exemption], TODAY)
    assert (granted.before, granted.after, granted.until) == (State.OPEN, State.EXEMPT, TODAY)
    (ended,) = settle_exemptions([stored(a_finding(), State.EXEMPT, TODAY)], [], TODAY)
    assert (ended.change, ended.after) == (Change.EXEMPTION_EXPIRED, State.OPEN)
    same = [stored(a_finding(), State.EXEMPT, TODAY)]
    assert settle_exemptions(same, [exemption], TODAY) == []


FINDINGS = st.builds(
    a_finding,
    rule=st.sampled_from(RULES),
    subject=st.tuples(st.just("mastodon"), st.sampled_from("abcde")),
    sources=st.frozensets(st.sampled_from(SOURCES)),
    summary=st.sampled_from(["One.", "Two."]),
    schools=st.sampled_from([(), ("MFH",), ("MFE", "MFH")]),
)
KNOWN = st.lists(st.builds(known_as, FINDINGS, st.sampled_from(State)), max_size=6).map(
    lambda known: {one.key: one for one in known}
)
LOOKED = st.builds(
    looked_at,
    st.sets(st.sampled_from(RULES)).map(tuple),
    st.sets(st.sampled_from(SOURCES)).map(tuple),
)
EXEMPTIONS = st.lists(
    st.builds(
        an_exemption, FINDINGS, st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2))
    ),
    max_size=3,
)


@settings(max_examples=120, deadline=None)
@given(KNOWN, st.lists(FINDINGS, max_size=6), LOOKED, EXEMPTIONS, st.randoms())
def test_properties_of_a_night(known, tonight, looked, exemptions, random) -> None:
    remembered = KnownFindings.of(known.values())
    transitions = reconcile(remembered, tonight, looked, exemptions, TODAY)
    seen = {finding.key for finding in tonight}
    assert [one.key for one in transitions] == sorted(seen | set(known))
    for one in transitions:
        if one.change is Change.CLOSED:
            before = known[one.key]
            assert one.key not in seen
            assert before.rule in looked.rules
            assert before.sources <= looked.complete_sources
        if one.change is Change.NOT_LOOKED:
            assert one.before is one.after
    shuffled = random.sample(tonight, len(tonight))
    assert reconcile(remembered, shuffled, looked, exemptions, TODAY) == transitions


@settings(max_examples=120, deadline=None)
@given(KNOWN, st.lists(FINDINGS, max_size=6), LOOKED, EXEMPTIONS)
def test_the_same_night_twice_changes_nothing(known, tonight, looked, exemptions) -> None:
    first = reconcile(KnownFindings.of(known.values()), tonight, looked, exemptions, TODAY)
    after = KnownFindings.of(remember(one, known.get(one.key)) for one in first)
    for one in reconcile(after, tonight, looked, exemptions, TODAY):
        assert one.before is one.after
        assert one.is_quiet
        assert not one.is_renewed


def remember(one: Transition, before: KnownFinding | None) -> KnownFinding:
    if one.finding is not None:
        return known_as(one.finding, one.after, until=one.until)
    assert before is not None
    return structs.replace(before, state=one.after, until=one.until)
