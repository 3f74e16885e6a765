from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.people import merge_people
from connectors.records import Role, Standing
from tests.builders import a_person

ROSTER = a_person(source="roster", id="1", addresses=("ida@d.example",), standing=None)
GOOGLE = a_person(source="google", id="g", addresses=("Ida@d.example", "marsh@d.example"))


def test_the_same_address_in_two_directories_is_one_person_with_both_entries() -> None:
    (merged,), entries = merge_people([ROSTER, GOOGLE])
    assert merged.id == "1"
    assert merged.addresses == ("ida@d.example", "marsh@d.example")
    assert merged.standing is Standing.ACTIVE
    assert entries == {("roster", "1"): (ROSTER, GOOGLE)}


def test_two_entries_of_one_directory_stay_two() -> None:
    other = a_person(source="roster", id="2", addresses=("ida@d.example",))
    people, entries = merge_people([ROSTER, other])
    assert [one.id for one in people] == ["1", "2"]
    assert entries == {}


def test_an_entry_that_fits_two_people_is_left_alone() -> None:
    other = a_person(source="roster", id="2", addresses=("marsh@d.example",))
    assert len(merge_people([ROSTER, other, GOOGLE])[0]) == 3


def test_a_shared_mailbox_is_never_an_employee() -> None:
    shared = a_person(source="google", id="s", addresses=("ida@d.example",), role=Role.SHARED)
    assert len(merge_people([ROSTER, shared])[0]) == 2


def test_nobody_without_an_address_is_anybody_else() -> None:
    nameless = [a_person(source=name, id=name, addresses=()) for name in "ab"]
    assert len(merge_people(nameless)[0]) == 2


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        (Standing.LEFT, Standing.ACTIVE, Standing.ACTIVE),
        (Standing.LEFT, Standing.SUSPENDED, Standing.SUSPENDED),
        (Standing.LEFT, None, Standing.LEFT),
        (None, None, None),
    ],
)
def test_somebody_left_only_when_nobody_says_otherwise(
    first: Standing | None, second: Standing | None, merged: Standing | None
) -> None:
    people = [
        a_person(source="a", standing=first, hired_on=date(2020, 1, 1)),
        a_person(source="b", standing=second, hired_on=date(2019, 1, 1)),
    ]
    (one,), _ = merge_people(people)
    assert one.standing is merged
    assert one.hired_on == date(2019, 1, 1)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("xyz"))), max_size=8))
def test_no_address_is_lost_and_no_directory_merged_with_itself(
    drawn: list[tuple[str, set[str]]],
) -> None:
    given_people = [
        a_person(source=source, id=str(n), addresses=tuple(f"{x}@d.example" for x in sorted(names)))
        for n, (source, names) in enumerate(drawn)
    ]
    people, entries = merge_people(given_people)
    before = {address for one in given_people for address in one.addresses}
    assert {address for one in people for address in one.addresses} == before
    groups = [entries.get((one.source, one.id), (one,)) for one in people]
    assert sorted(one.id for group in groups for one in group) == sorted(p.id for p in given_people)
    assert all(len({one.source for one in group}) == len(group) for group in groups)


def test_who_got_a_leavers_address_is_not_the_leaver() -> None:
    leaver = a_person(
        source="roster", id="1", name="Otto Old", addresses=("o@d.example",), standing=Standing.LEFT
    )
    successor = a_person(source="google", id="2", name="Olga New", addresses=("o@d.example",))
    assert [one.name for one in merge_people([leaver, successor])[0]] == ["Otto Old", "Olga New"]
    turned_round = a_person(source="google", id="2", name="Old, Otto", addresses=("o@d.example",))
    assert len(merge_people([leaver, turned_round])[0]) == 1
