from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from reports.wording import format_day, format_moment, full_grade, iso_day, short_grade

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)


def test_a_moment_is_told_in_the_districts_zone() -> None:
    assert format_moment(NIGHT, CHICAGO) == "Nov 21, 2026, 10:05 PM"
    assert format_day(NIGHT, CHICAGO) == "Nov 21, 2026"
    assert iso_day(NIGHT, CHICAGO) == "2026-11-21"


def test_a_moment_without_zone_is_told_as_it_is() -> None:
    naive = NIGHT.replace(tzinfo=None)
    assert format_moment(naive, CHICAGO) == "Nov 22, 2026, 4:05 AM"


@pytest.mark.parametrize(
    ("hour", "expected"), [(0, "12:05 AM"), (11, "11:05 AM"), (12, "12:05 PM"), (23, "11:05 PM")]
)
def test_the_half_of_the_day(hour: int, expected: str) -> None:
    assert format_moment(NIGHT.replace(hour=hour)).endswith(expected)


def test_a_plain_day() -> None:
    assert format_day(date(2026, 1, 9)) == "Jan 9, 2026"
    assert iso_day(date(2026, 1, 9), CHICAGO) == "2026-01-09"


@pytest.mark.parametrize(
    ("grade", "title", "short", "full"),
    [
        ("A", "the account says so", "A", "A: the account says so"),
        ("A", "A: the account says so", "A", "A: the account says so"),
        ("confident", "Confident: the name is ours", "Confident", "Confident: the name is ours"),
        ("recorded", "a plain fact", "Recorded", "Recorded: a plain fact"),
    ],
)
def test_grades(grade: str, title: str, short: str, full: str) -> None:
    assert short_grade(grade) == short
    assert full_grade(grade, title) == full
