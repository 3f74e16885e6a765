"""What the OneRoster file and REST bindings share: duties, standing, who is staff.

1EdTech OneRoster 1.1 and 1.2, Information Model: in 1.1 a user has one role at each of their
organisations, in 1.2 a list of roles with begin and end dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.directory.entries import Entry, enter
from connectors.directory.roles import Group, tell_group
from connectors.records import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from connectors.directory.roster import Roster

KINDS = frozenset({"school", "department", "district"})
DELETED = "tobedeleted"
USER_ID = re.compile(r"\{[^:{}]*:([^{}]*)\}")
"""userIds: "{type:identifier}", comma-separated (OneRoster 1.1 section 4.13)."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One role of a user at one organisation; ``ended_on`` only where it is over."""

    role: str
    org: str = ""
    is_over: bool = False
    ended_on: date | None = None


def make_duty(role: str, org: str, status: str, end: date | None, today: date) -> Duty:
    """Build a duty of 1.2: over when its end date has passed or it is to be deleted."""
    has_ended = end is not None and end < today
    is_over = has_ended or status.casefold() == DELETED
    return Duty(role, org, is_over, end if has_ended else None)


def enter_user(row: Mapping[str, str], duties: Sequence[Duty], roster: Roster) -> Entry | None:
    """Add a user to the roster if staff, else count who they are; return what was added.

    Keys of ``row``: id, status, enabled, primary_org, username, user_ids, given, family,
    preferred_given, preferred_family, email, aliases.
    """
    current = [duty for duty in duties if not duty.is_over]
    groups = {tell_group(duty.role) for duty in current or duties}
    for group in (Group.STUDENT, Group.STAFF, Group.GUARDIAN):
        if group in groups:
            break
    else:
        roster.drop("people without a role")
        return None
    if group is not Group.STAFF:
        roster.drop(group, row["id"])
    elif not row["id"]:
        roster.drop("rows without an id")
    else:
        entry = _make_entry(row, current, duties)
        enter(roster, entry)
        return entry
    return None


def _make_entry(row: Mapping[str, str], current: Sequence[Duty], duties: Sequence[Duty]) -> Entry:
    ends = [duty.ended_on for duty in duties if duty.ended_on]
    staff = [duty for duty in current or duties if tell_group(duty.role) is Group.STAFF]
    return Entry(
        id=row["id"],
        given=row.get("preferred_given") or row.get("given", ""),
        family=row.get("preferred_family") or row.get("family", ""),
        addresses=tuple(_addresses(row)),
        username=row.get("username", ""),
        standing=_tell_standing(row, has_duty=bool(current)),
        schools=(row.get("primary_org", ""), *(duty.org for duty in staff)),
        title=", ".join(dict.fromkeys(duty.role for duty in staff)),
        left_on=max(ends) if ends and not current else None,
    )


def _addresses(row: Mapping[str, str]) -> Iterable[str]:
    ids = [text for text in USER_ID.findall(row.get("user_ids", "")) if "@" in text]
    return [row["email"], row.get("username", ""), row.get("aliases", ""), *ids]


def _tell_standing(row: Mapping[str, str], *, has_duty: bool) -> Standing | None:
    status, enabled = row.get("status", "").casefold(), row.get("enabled", "").casefold()
    if status == DELETED or not has_duty:
        return Standing.LEFT
    if enabled in {"false", "0", "no"}:
        return Standing.SUSPENDED
    return Standing.ACTIVE if enabled or status == "active" else None
