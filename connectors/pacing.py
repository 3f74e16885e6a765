"""How fast a source may be asked: an even pace, a pause for all threads, and Retry-After.

The pace is the generic cell rate algorithm (ITU-T I.371, the token bucket in its exact form).  The
rate limiters on PyPI let a whole window through at once and then add a buffer to every denial.
"""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Protocol


class Timer(Protocol):
    """What tells the time and waits; the module ``time`` is one, tests give their own."""

    def monotonic(self) -> float:
        """Return seconds since any fixed moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


TIMER: Timer = time
"""The timer of every session that is not given its own."""


class Pace:
    """At most ``per_second`` turns a second, evenly, after a first ``burst``; None is no limit."""

    def __init__(self, per_second: float | None, burst: int, timer: Timer) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._slack = self._interval * (max(burst, 1) - 1)
        self._timer = timer
        self._due = self._held = float("-inf")
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for this thread's turn."""
        with self._lock:
            now = self._timer.monotonic()
            turn = max(now, self._due - self._slack, self._held)
            self._due = max(turn, self._due) + self._interval
        if turn > now:
            self._timer.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Give no turn to any thread for so long."""
        with self._lock:
            self._held = max(self._held, self._timer.monotonic() + seconds)


def retry_after(value: str | None, date: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` asks for (RFC 9110, 10.2.3), None where it says nothing.

    A date counts from the answer's own ``Date``, so that a wrong clock here does no harm.
    """
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        until = parsedate_to_datetime(value)
        since = parsedate_to_datetime(date or "").timestamp() if date else time.time()
        return max(0.0, until.timestamp() - since)
    except (ValueError, OverflowError, TypeError):
        return None
