from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.rotation import take_turn, tell_turn

NAMES = st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=12)


@given(NAMES, st.integers(1, 5))
def test_every_name_has_its_turn_within_the_nights_told(names: list[str], most: int) -> None:
    asked: list[str] = []
    last = None
    for _ in range(-(-len(names) // most)):
        taken = take_turn(names, last, most)
        asked += taken
        last = taken[-1] if taken else None
    assert set(asked) == set(names)


def test_a_round_goes_on_where_it_stopped_and_around_the_end() -> None:
    assert take_turn("abcde", "b", 2) == ("c", "d")
    assert take_turn("abcde", "d", 3) == ("e", "a", "b")
    assert take_turn("abcde", "e", 9) == tuple("abcde")


def test_a_name_that_is_gone_begins_the_round_anew() -> None:
    assert take_turn("abc", "x", 1) == ("a",)
    assert take_turn("abc", None, 0) == ()
    assert take_turn("", "x", 3) == ()


def test_what_is_told_names_the_number_of_nights() -> None:
    assert tell_turn("abcde", "ab", 2) == (
        "2 of 5 names were searched for; each has its turn within 3 nights."
    )
    assert tell_turn("ab", "ab", 2) is None
