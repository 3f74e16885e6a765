"""Whether this computer's clock agrees with a source's: tokens and signatures depend on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from connectors.source import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_BE_OFF = timedelta(minutes=5)
SET_CLOCK = "Set this computer's clock, best by NTP (timedatectl set-ntp true), and try again"


def check_clock(
    served: str | datetime | None, now: datetime, whose: str, bad: CheckState = CheckState.WARNING
) -> Iterator[Check]:
    """Yield one line; none where the source tells no time.

    ``served`` is a ``Date`` header (RFC 9110, 6.6.1) or an aware moment; ``bad`` is what it is
    called when they are five minutes apart.
    """
    if not isinstance(served, datetime):
        try:
            served = parsedate_to_datetime(served or "")
        except (ValueError, TypeError):
            return
    if served.tzinfo is None:
        served = served.replace(tzinfo=UTC)
    apart = abs(served - now)
    if apart > MAY_BE_OFF:
        minutes = round(apart.total_seconds() / 60)
        yield Check("clock", bad, f"{minutes} minutes off {whose}", SET_CLOCK)
    else:
        yield Check("clock", CheckState.GOOD, "right")
