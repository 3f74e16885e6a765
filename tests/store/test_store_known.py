"""What is loaded of known findings when it is needed: never less than the night looks at."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from auditor.decisions import Exemption, ExemptionSubject, SubjectKind
from auditor.findings import Finding, KnownFindings, State
from auditor.lifecycle import Looked, reconcile
from auditor.store import known_rows, open_store, schema
from auditor.store.finding_facts import identity_row
from tests.builders import a_finding
from tests.nights import FIRST, ITEM_OF, RULE, SOURCES, TODAY, keep_night

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from auditor.findings import KnownFinding
    from auditor.store import Store

DAYS = st.sampled_from([TODAY + timedelta(days=days) for days in (-1, 0, 1)])
FINDINGS = st.builds(
    a_finding,
    rule=st.sampled_from(sorted(ITEM_OF)),
    subject=st.tuples(st.just("mastodon"), st.sampled_from("abcd")),
    grade=st.sampled_from("AB"),
    sources=st.frozensets(st.sampled_from(sorted(SOURCES))),
    summary=st.sampled_from(["One.", "Two."]),
    schools=st.sampled_from([(), ("MFH",), ("MFE", "MFH")]),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "found": FINDINGS,
            "state": st.sampled_from([State.OPEN, *State]),
            "verdict": st.sampled_from([None, None, State.FALSE_POSITIVE]),
            "seen_run": st.sampled_from([None, None, 1]),
            "until": st.none() | DAYS,
        }
    ),
    max_size=8,
    unique_by=lambda row: row["found"].key,
)
LOOKED = st.builds(
    Looked,
    st.frozensets(st.sampled_from(sorted(ITEM_OF))),
    st.frozensets(st.sampled_from(sorted(SOURCES))),
    st.sampled_from([lambda _: True, lambda codes: "MFE" in codes]),
)
EXEMPTIONS = st.lists(
    st.builds(
        lambda found, until: Exemption(
            "e1", ExemptionSubject(SubjectKind.FINDING, found.key), "agreed", until, "boss", FIRST
        ),
        FINDINGS,
        DAYS,
    ),
    max_size=2,
)


def fill(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    """Put findings into the store as no night need have left them."""
    keep_night(store, [])
    with store.engine.begin() as connection:
        for row in rows:
            found: Finding = row["found"]
            connection.execute(
                insert(schema.finding).values(
                    identity_row(found)
                    | {"key": found.key, "last_change": "opened", "changed_run": 1, "first_run": 1}
                    | {"state": row["state"], "verdict": row["verdict"]}
                    | {"seen_run": row["seen_run"], "until": row["until"] and str(row["until"])}
                )
            )


def load_all(store: Store) -> dict[str, KnownFinding]:
    known = store.known_findings()
    return dict(known.load(known.contents))


@settings(max_examples=60, deadline=None)
@given(
    many=st.sampled_from([0, 1]),
    rows=ROWS,
    tonight=st.lists(FINDINGS, max_size=8),
    looked=LOOKED,
    exemptions=EXEMPTIONS,
)
def test_a_night_does_what_it_would_do_with_every_finding_before_it(
    tmp_path_factory: pytest.TempPathFactory,
    many: int,
    rows: list[dict[str, Any]],
    tonight: list[Finding],
    looked: Looked,
    exemptions: list[Exemption],
) -> None:
    """Whether they are read with the whole table, at 0, or sought by key, at 1."""
    # What is known is seen again as it was more often than by chance.
    tonight += [row["found"] for row in rows[::2]]
    file = tmp_path_factory.mktemp("store") / "audit.sqlite"
    with pytest.MonkeyPatch.context() as patch, closing(open_store(f"sqlite:///{file}")) as store:
        patch.setattr(known_rows, "MANY", many)
        fill(store, rows)
        known, every = store.known_findings(), load_all(store)
        assert set(every) == {row["found"].key for row in rows}
        assert known.contents == KnownFindings.of(every.values()).contents
        whole = KnownFindings(dict.fromkeys(every, ""), KnownFindings.of(every.values()).loader)
        night = (tonight, looked, exemptions, TODAY)
        assert reconcile(known, *night) == reconcile(whole, *night)


@pytest.mark.parametrize("many", [0, 1])
def test_what_is_not_asked_for_or_not_there_is_not_loaded(
    store: Store, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_rows, "MANY", many)
    keep_night(store, [a_finding(), a_finding(subject=("mastodon", "2"))])
    known = store.known_findings()
    assert known.load([]) == known.load(["0" * 16]) == {}
    assert list(known.load([a_finding().key, "0" * 16])) == [a_finding().key]


def test_the_subjects_that_rest_on_a_source(store: Store) -> None:
    subjects = [("mastodon", str(number), "ida@district.example") for number in range(4)]
    on_roster, on_found, gone, of_other_rule = subjects
    first = [
        a_finding(rule=RULE, subject=on_roster, sources=SOURCES),
        a_finding(rule=RULE, subject=on_found, sources=frozenset({"found"})),
        a_finding(rule="unregistered-branded-account", subject=of_other_rule, sources=SOURCES),
    ]
    keep_night(store, [*first, a_finding(rule=RULE, subject=gone, sources=SOURCES)])
    keep_night(store, first, day=1)
    assert store.subjects_resting_on(RULE, {"roster", "other"}) == [on_roster]
    assert sorted(store.subjects_resting_on(RULE, {"found"})) == [on_roster, on_found]
    assert store.subjects_resting_on(RULE, {"other"}) == []
