"""Days, moments and grades in a reader's words; independent of the machine's locale."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return an aware moment in ``zone``; a naive one, or no zone, is left as it is."""
    return moment.astimezone(zone) if moment.tzinfo and zone else moment


def format_day(when: date | datetime, zone: tzinfo | None = None) -> str:
    """Write a day as "Nov 22, 2026"; a moment is first taken to ``zone``."""
    day = local(when, zone) if isinstance(when, datetime) else when
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def format_moment(when: datetime, zone: tzinfo | None = None) -> str:
    """Write a moment as "Nov 22, 2026, 2:15 AM" in ``zone``."""
    moment = local(when, zone)
    half = "AM" if moment.hour < 12 else "PM"
    return f"{format_day(moment)}, {moment.hour % 12 or 12}:{moment.minute:02} {half}"


def iso_day(when: date | datetime, zone: tzinfo | None = None) -> str:
    """Write a day as "2026-11-22", for sorting and for ``<time datetime>``."""
    return (local(when, zone).date() if isinstance(when, datetime) else when).isoformat()


def short_grade(grade: str) -> str:
    """Name a grade in one word for a table's cell: "A", "Confident", "Possible", "Recorded"."""
    return grade[:1].upper() + grade[1:]


def full_grade(grade: str, title: str) -> str:
    """Name a grade with its meaning, without saying it twice: "A: the account publishes ..."."""
    short = short_grade(grade)
    return title if title.casefold().startswith(grade.casefold()) else f"{short}: {title}"
