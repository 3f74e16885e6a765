from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts import BOTTOM, LABEL_HEIGHT, LEFT, RIGHT, TOP, draw_trend
from reports.model import TrendPoint


def trend(*values: tuple[int, int]) -> list[TrendPoint]:
    start = date(2026, 1, 4)
    return [TrendPoint(start + timedelta(weeks=i), a, b) for i, (a, b) in enumerate(values)]


def test_one_week_is_no_trend() -> None:
    assert draw_trend([]) is None
    assert draw_trend(trend((3, 4))) is None


def test_lines_run_from_the_first_to_the_last_week() -> None:
    chart = draw_trend(trend((0, 10), (5, 4), (10, 0)))
    assert chart is not None
    eight, ten = chart.lines
    assert (eight.item, eight.points) == ("8", ((LEFT, BOTTOM), (192.0, 88.0), (RIGHT, TOP)))
    assert (ten.item, ten.points) == ("10", ((LEFT, TOP), (192.0, 102.8), (RIGHT, BOTTOM)))
    assert (eight.last, ten.last) == (10, 0)
    assert [tick.label for tick in chart.values] == ["0", "5", "10"]
    assert chart.description == (
        "Open findings at the end of each of 3 weeks. "
        "Item 8 went from 0 to 10, item 10 from 10 to 0."
    )


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=60))
@settings(max_examples=100)
def test_everything_stays_inside_and_labels_apart(values: list[tuple[int, int]]) -> None:
    chart = draw_trend(trend(*values))
    assert chart is not None
    for line in chart.lines:
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in line.points)
    first, second = (line.label_at for line in chart.lines)
    assert abs(first - second) >= LABEL_HEIGHT - 0.2
    bottom, middle, top = (int(tick.label) for tick in chart.values)
    assert bottom == 0
    assert top == 2 * middle >= max(max(pair) for pair in values)
    assert 2 <= len(chart.weeks) <= 6
    assert chart.weeks[-1].at == RIGHT
