"""An even pace for all threads of a source."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.pacing import Pace
from tests.fakes.web_server import FakeTimer


def turns(pace: Pace, timer: FakeTimer, count: int) -> list[float]:
    found = []
    for _ in range(count):
        pace.wait()
        found.append(round(timer.now - 1000, 6))
    return found


def test_is_even_from_the_first_turn():
    timer = FakeTimer()
    assert turns(Pace(4, 1, timer), timer, 5) == [0, 0.25, 0.5, 0.75, 1.0]


def test_a_burst_goes_first_and_comes_back_with_time():
    timer = FakeTimer()
    pace = Pace(2, 3, timer)
    assert turns(pace, timer, 5) == [0, 0, 0, 0.5, 1.0]
    timer.now += 100
    assert turns(pace, timer, 4) == [101, 101, 101, 101.5]


def test_no_limit_is_no_wait():
    timer = FakeTimer()
    turns(Pace(None, 1, timer), timer, 100)
    assert timer.slept == []


def test_a_hold_stops_every_thread():
    timer = FakeTimer()
    pace = Pace(None, 1, timer)
    pace.hold(30)
    pace.hold(5)
    assert turns(pace, timer, 2) == [30, 30]


@settings(max_examples=50)
@given(
    st.floats(0.1, 50),
    st.integers(1, 10),
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_its_share(per_second, burst, idle):
    timer = FakeTimer()
    pace = Pace(per_second, burst, timer)
    at = []
    for pause in idle:
        timer.now += pause
        pace.wait()
        at.append(timer.now)
    for first in range(len(at)):
        for last in range(first, len(at)):
            allowed = burst + (at[last] - at[first]) * per_second
            assert last - first + 1 <= allowed + 1e-6


def test_threads_share_one_pace():
    timer = FakeTimer()
    slept: list[float] = []
    timer.sleep = slept.append  # type: ignore[method-assign]
    pace = Pace(10, 1, timer)
    threads = [threading.Thread(target=pace.wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(wait, 6) for wait in slept) == [round(n / 10, 6) for n in range(1, 20)]
