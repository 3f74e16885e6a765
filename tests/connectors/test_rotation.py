from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.rotation import take_turn

NAMES = st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=40)
TODAY = date(2026, 11, 17)
DAY = timedelta(days=1)


@given(NAMES, st.integers(1, 5))
def test_every_name_has_its_turn_within_the_nights_told(names: list[str], most: int) -> None:
    """From any night on, and the first time within what the first night told."""
    last: dict[str, date] = {}
    told: list[int] = []
    for night in range(60):
        today = TODAY + night * DAY
        turn = take_turn(names, last, most, today)
        assert len(turn.taken) <= most
        for name in turn.taken:
            since = last.get(name, TODAY - DAY)
            allowed = told[(since - TODAY).days] if name in last else turn.nights
            assert (today - since).days <= max(allowed, 7)
            assert name in last or night < turn.nights
        last |= dict.fromkeys(turn.taken, today)
        told.append(turn.nights)
    assert set(last) == set(names)


def test_a_round_goes_on_where_it_stopped() -> None:
    first = take_turn("abcde", {}, 2, TODAY)
    assert first.taken == ("a", "b")
    second = take_turn("abcde", dict.fromkeys("ab", TODAY), 2, TODAY + DAY)
    assert second.taken == ("c", "d")


def test_who_had_a_turn_rests_for_a_week_and_the_longest_ago_comes_first() -> None:
    last = {"a": TODAY - 7 * DAY, "b": TODAY - 6 * DAY, "c": TODAY - 9 * DAY}
    assert take_turn("abc", last, 9, TODAY).taken == ("c", "a")
    assert take_turn("abc", last, 1, TODAY).taken == ("c",)
    assert take_turn("abc", last, 9, TODAY, rest=0).taken == ("c", "a", "b")


def test_a_name_that_is_new_comes_first_and_nobody_is_asked_without_a_budget() -> None:
    last = {"a": TODAY - 30 * DAY}
    assert take_turn("ab", last, 1, TODAY).taken == ("b",)
    assert take_turn("ab", {}, 0, TODAY).taken == ()
    assert take_turn("", {}, 3, TODAY).taken == ()


def test_what_is_told_names_the_number_of_nights() -> None:
    told = take_turn("abcde", {}, 2, TODAY).tell("names", "were searched for")
    assert told == "2 of 5 names were searched for; each has its turn within 3 nights."
    all_at_once = take_turn("ab", {}, 2, TODAY).tell("names", "were searched for")
    assert all_at_once == "2 of 2 names were searched for; each has its turn within 7 nights."


def test_a_turn_in_the_future_was_none() -> None:
    """A clock that was a year ahead for a night would else silence a name for that year."""
    last = {"a": TODAY + 365 * DAY, "b": TODAY - 8 * DAY}
    assert take_turn("ab", last, 9, TODAY).taken == ("a", "b")
