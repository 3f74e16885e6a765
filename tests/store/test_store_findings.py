from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from auditor.decisions import ExemptionSubject, SubjectKind, Verdict, grant_exemption
from auditor.errors import RegistryError, StoreError
from auditor.findings import Change, Evidence, KnownFindings, State
from auditor.store import open_store, schema
from tests.builders import a_finding, some_evidence
from tests.nights import FIRST, SOURCES, TODAY, keep_night

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.findings import KnownFinding
    from auditor.store import Store


def states(store: Store) -> dict[str, State]:
    return {one.finding.summary: one.state for one in store.findings()}


def known(store: Store) -> Mapping[str, KnownFinding]:
    remembered = store.known_findings()
    return remembered.load(remembered.contents)


def judge(store: Store, verdict: Verdict, **changes: object) -> State:
    given = {"by": "boss", "why": "looked", "at": FIRST + timedelta(hours=3), "statement": None}
    return store.record_verdict(a_finding().key, verdict, **{**given, **changes})


def test_a_finding_comes_back_as_it_went_in(store: Store) -> None:
    finding = a_finding(
        withheld_from=("MFH",),
        affiliation="looks official",
        evidence=(some_evidence(), some_evidence(url=None, seen_at=None)),
    )
    keep_night(store, [finding])
    (stored,) = store.findings()
    assert stored.finding == finding
    assert (stored.state, stored.last_change) == (State.OPEN, Change.OPENED)
    assert stored.first_seen == stored.last_seen == FIRST
    assert stored.first_seen.utcoffset() == timedelta(0)
    assert known(store)[finding.key].fingerprint == finding.fingerprint


HOSTILE = st.text(max_size=12) | st.sampled_from(["\0", "\ud800", "'; DROP TABLE finding;--", ""])


@settings(max_examples=25, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=3), HOSTILE, HOSTILE)
def test_hostile_text_is_kept_and_its_key_stays(
    tmp_path_factory: pytest.TempPathFactory, subject: list[str], shown: str, source: str
) -> None:
    finding = a_finding(
        subject=tuple(subject),
        summary=shown,
        url=shown,
        sources=frozenset({source}),
        evidence=(Evidence(shown, shown, shown, source),),
        reasons=(shown,),
    )
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/audit.sqlite")
    try:
        keep_night(store, [finding], sources=frozenset({source}))
        (stored,) = store.findings()
        assert stored.key == finding.key
        assert stored.finding.subject == finding.subject
        stored.finding.summary.encode()
        (again,) = keep_night(store, [finding], day=1, sources=frozenset({source}))
        assert again.change is Change.SEEN_AGAIN
        assert not again.is_renewed
    finally:
        store.close()


def test_long_texts_are_cut(store: Store) -> None:
    long = "x" * 5000
    keep_night(store, [a_finding(summary=long, evidence=(some_evidence(theirs=long),), url=long)])
    (stored,) = store.findings()
    assert len(stored.finding.summary) == len(stored.finding.evidence[0].theirs) == 300
    assert stored.finding.summary.endswith("…")
    assert len(stored.finding.url or "") == 2000


def test_a_life_from_open_to_gone_and_back(store: Store) -> None:
    finding = a_finding()
    keep_night(store, [finding])
    keep_night(store, [finding], day=1)
    keep_night(store, [replace(finding, summary="Other words.")], day=2)
    keep_night(store, [], day=3, sources=frozenset({"roster"}))
    (stored,) = store.findings()
    assert stored.finding.summary == "Other words."
    assert (stored.last_change, stored.changed_run, stored.seen_run) == (Change.CHANGED, 3, 3)
    assert stored.last_seen == FIRST + timedelta(days=2)
    assert stored.change_in(4) is Change.NOT_LOOKED
    keep_night(store, [], day=4)
    (stored,) = store.findings()
    assert (stored.state, stored.change_in(5)) == (State.CLOSED, Change.CLOSED)
    keep_night(store, [], day=5)
    (stored,) = store.findings()
    assert (stored.changed_run, stored.change_in(6)) == (5, Change.CLOSED)
    keep_night(store, [finding], day=6)
    (stored,) = store.findings()
    assert (stored.state, stored.change_in(7)) == (State.OPEN, Change.REOPENED)
    assert stored.last_seen == FIRST + timedelta(days=6)
    assert stored.first_seen == FIRST
    assert stored.finding.summary == finding.summary
    verbs = [(one.verb, one.run) for one in store.finding_history(finding.key)]
    assert verbs == [("opened", 1), ("changed", 3), ("closed", 5), ("reopened", 7)]


def test_what_is_seen_again_writes_no_event_and_moves_its_last_sight(store: Store) -> None:
    keep_night(store, [a_finding()])
    keep_night(store, [a_finding()], day=1)
    (stored,) = store.findings()
    assert stored.last_seen == FIRST + timedelta(days=1)
    assert stored.change_in(2) is Change.SEEN_AGAIN
    assert known(store)[stored.key].last_seen == FIRST + timedelta(days=1)
    assert len(store.finding_history(stored.key)) == 1


def test_what_is_no_news_is_written_without_an_event(store: Store) -> None:
    keep_night(store, [a_finding()])
    wider = a_finding(sources=SOURCES | {"sites"}, withheld_from=("MFH",))
    keep_night(store, [wider], day=1, sources=SOURCES | {"sites"})
    (stored,) = store.findings()
    assert stored.finding == wider
    assert stored.change_in(2) is Change.SEEN_AGAIN
    assert len(store.finding_history(stored.key)) == 1
    (missed,) = keep_night(store, [], day=2)
    assert missed.change is Change.NOT_LOOKED


def test_a_night_that_leaves_findings_out_never_calls_them_seen(store: Store) -> None:
    keep_night(store, [a_finding()])
    run = store.begin_run(FIRST + timedelta(days=1), "1.0", "abc", None)
    store.finish_run(
        run, readings=(), outcomes=(), transitions=(), finished_at=FIRST + timedelta(days=1),
        outcome="failed", exit_code=3, item_of={},
    )  # fmt: skip
    (stored,) = store.findings()
    assert (stored.last_seen, stored.seen_run) == (FIRST, 1)


def test_a_false_positive_is_remembered_through_its_absence(store: Store) -> None:
    keep_night(store, [a_finding()])
    judge(store, Verdict.NOT_OURS)
    keep_night(store, [], day=1)
    (stored,) = store.findings()
    assert stored.state is State.CLOSED
    assert (stored.last_change, stored.changed_run) == (Change.OPENED, 1)
    (back,) = keep_night(store, [a_finding()], day=2)
    assert back.is_quiet
    assert states(store) == {a_finding().summary: State.FALSE_POSITIVE}
    judge(store, Verdict.REOPEN)
    keep_night(store, [], day=3)
    keep_night(store, [a_finding()], day=4)
    assert states(store) == {a_finding().summary: State.OPEN}


def test_findings_can_be_asked_for_by_state(store: Store) -> None:
    other = a_finding(subject=("mastodon", "2"), summary="Second.")
    keep_night(store, [a_finding(), other])
    judge(store, Verdict.FIXED)
    assert [one.finding.summary for one in store.findings([State.OPEN])] == ["Second."]
    assert len(store.findings([State.OPEN, State.RESOLVED])) == 2
    assert store.findings([]) == []


def test_a_verdict_given_while_a_run_is_at_work_is_kept(store: Store) -> None:
    keep_night(store, [a_finding()])
    before = known(store)
    judge(store, Verdict.ACKNOWLEDGE)

    class Stale:
        """The store as the run read it, before the verdict."""

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def known_findings(self) -> object:
            return KnownFindings.of(before.values())

    changed = a_finding(summary="Other words.")
    keep_night(Stale(), [changed], day=1)
    (stored,) = store.findings()
    assert (stored.state, stored.finding) == (State.ACKNOWLEDGED, a_finding())
    assert stored.last_seen == FIRST + timedelta(days=1)
    keep_night(store, [changed], day=2)
    (stored,) = store.findings()
    assert (stored.state, stored.finding.summary) == (State.ACKNOWLEDGED, "Other words.")


def test_a_finding_is_found_by_the_start_of_its_key(store: Store) -> None:
    findings = [a_finding(subject=("mastodon", str(n))) for n in range(40)]
    keep_night(store, findings)
    key = findings[0].key
    assert store.finding(key).key == store.finding(f" {key[:12].upper()} ").key == key
    for wrong in ("", "%", "zz", "_" * 16, "f" * 17):
        with pytest.raises(RegistryError, match="No finding's key"):
            store.finding(wrong)
    shared = next(k.key[0] for k in findings if sum(f.key[0] == k.key[0] for f in findings) > 1)
    with pytest.raises(RegistryError, match="More than one"):
        store.finding(shared)


def test_verdicts_are_recorded_with_who_and_why(store: Store) -> None:
    keep_night(store, [a_finding()])
    assert judge(store, Verdict.ACKNOWLEDGE) is State.ACKNOWLEDGED
    assert judge(store, Verdict.DISPUTE, why="", statement=" Not mine. ") is State.DISPUTED
    (stored,) = store.findings()
    assert (stored.state, stored.statement) == (State.DISPUTED, "Not mine.")
    events = store.finding_history(stored.key)
    assert [(e.verb, e.by, e.note, e.before, e.after) for e in events[1:]] == [
        ("acknowledge", "boss", "looked", State.OPEN, State.ACKNOWLEDGED),
        ("dispute", "boss", "Not mine.", State.ACKNOWLEDGED, State.DISPUTED),
    ]
    assert events[1].at == FIRST + timedelta(hours=3)


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        (Verdict.REOPEN, {}),
        (Verdict.ACKNOWLEDGE, {"why": " "}),
        (Verdict.DISPUTE, {"statement": "x" * 2001}),
        (Verdict.DISPUTE, {}),
    ],
)
def test_a_verdict_that_is_refused_changes_nothing(
    store: Store, verdict: Verdict, changes: dict[str, object]
) -> None:
    keep_night(store, [a_finding()])
    with pytest.raises(RegistryError):
        judge(store, verdict, **changes)
    (stored,) = store.findings()
    assert stored.state is State.OPEN
    assert len(store.finding_history(stored.key)) == 1


def test_a_verdict_on_what_is_not_there(store: Store) -> None:
    with pytest.raises(RegistryError, match="no finding"):
        judge(store, Verdict.REVIEW)


def test_an_exemption_works_at_once_and_its_end_by_night(store: Store) -> None:
    keep_night(store, [a_finding()])
    subject = ExemptionSubject(SubjectKind.FINDING, a_finding().key)
    event = grant_exemption(subject, reason="agreed", until=TODAY, by="boss", at=FIRST, today=TODAY)
    assert store.add_decision(event, TODAY) == 1
    (stored,) = store.findings()
    assert (stored.state, stored.until) == (State.EXEMPT, TODAY)
    assert known(store)[stored.key].until == TODAY
    (same,) = keep_night(store, [a_finding()])
    assert same.change is Change.SEEN_AGAIN
    (ended,) = keep_night(store, [a_finding()], day=1)
    assert ended.change is Change.EXEMPTION_EXPIRED
    (stored,) = store.findings()
    assert (stored.state, stored.until) == (State.OPEN, None)
    notes = [(one.by, one.note) for one in store.finding_history(stored.key)]
    assert notes[1][0] == "boss"
    assert "agreed" in notes[1][1]


def test_a_finding_that_opens_exempt_says_why(store: Store) -> None:
    subject = ExemptionSubject(SubjectKind.FINDING, a_finding().key)
    event = grant_exemption(subject, reason="agreed", until=TODAY, by="b", at=FIRST, today=TODAY)
    store.add_decision(event, TODAY)
    keep_night(store, [a_finding()])
    (opened,) = store.finding_history(a_finding().key)
    assert (opened.verb, opened.after) == ("opened", State.EXEMPT)
    assert "agreed" in opened.note


@pytest.mark.parametrize("table", schema.EVENT_TABLES)
def test_events_are_append_only(store: Store, table: str) -> None:
    keep_night(store, [a_finding()])
    events = schema.metadata.tables[table]
    fill(store)
    for statement in (delete(events), update(events).values(at="")):
        with pytest.raises(IntegrityError, match="append-only"), store.engine.begin() as one:
            one.execute(statement)
    with store.disposing() as connection:
        connection.execute(delete(events))
    assert store.read_meta(schema.DISPOSING) is None
    fill(store)
    with pytest.raises(IntegrityError, match="append-only"), store.engine.begin() as one:
        one.execute(delete(events))


def fill(store: Store) -> None:
    keep = "INSERT INTO {} (at, {}) VALUES ('', {})"
    with store.engine.begin() as one:
        for table in schema.EVENT_TABLES:
            columns = schema.metadata.tables[table].columns
            names = [c.name for c in columns if not c.nullable and c.name not in ("id", "at")]
            values = ", ".join("''" for _ in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            one.execute(text(keep.format(table, quoted, values)))


def test_an_opened_finding_must_have_been_seen(store: Store) -> None:
    (transition,) = keep_night(store, [a_finding()])
    run = store.begin_run(FIRST, "1.0", "abc", None)
    with pytest.raises(ValueError, match="without being seen"):
        store.finish_run(
            run, readings=(), outcomes=(), transitions=[structs.replace(transition, finding=None)],
            finished_at=FIRST, outcome="x", exit_code=0, item_of={},
        )  # fmt: skip


def test_a_run_ends_once(store: Store) -> None:
    keep_night(store, [a_finding()])
    with pytest.raises(StoreError, match="Run 1 has not begun or has ended"):
        store.finish_run(
            1, readings=(), outcomes=(), transitions=(), finished_at=FIRST, outcome="x",
            exit_code=0, item_of={},
        )  # fmt: skip


def test_many_findings_are_written_in_batches(store: Store, monkeypatch) -> None:
    monkeypatch.setattr("auditor.store.driver_rows.BATCH", 7)
    findings = [a_finding(subject=("mastodon", str(n))) for n in range(20)]
    keep_night(store, findings)
    keep_night(store, findings[:3], day=1)
    counts = [one.state for one in store.findings()]
    assert counts.count(State.OPEN) == 3
    assert counts.count(State.CLOSED) == 17
