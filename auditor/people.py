"""One person out of several directories: the same address in two of them is the same employee."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.records import Person, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

Entries = dict[tuple[str, str], tuple[Person, ...]]
PRESENCE = (Standing.ACTIVE, Standing.SUSPENDED, Standing.ARCHIVED, Standing.LEFT)


def merge_people(people: Iterable[Person]) -> tuple[tuple[Person, ...], Entries]:
    """Merge entries of different directories that share an address; the first seen leads.

    Returns the people, and for each merged one, by (source, id), the entries it was made of.  Two
    entries of one directory are never merged, nor an employee with a shared mailbox or a service
    account, nor somebody who left with somebody of another name who did not: addresses are given
    again; an entry whose addresses lead to several people is left on its own.
    """
    groups: list[list[Person]] = []
    by_address: dict[str, set[int]] = {}
    for person in people:
        addresses = {address.casefold() for address in person.addresses}
        near = {place for address in addresses for place in by_address.get(address, ())}
        fitting = [place for place in near if _fits(groups[place], person)]
        if len(near) == len(fitting) == 1:
            place = fitting[0]
            groups[place].append(person)
        else:
            place = len(groups)
            groups.append([person])
        for address in addresses:
            by_address.setdefault(address, set()).add(place)
    merged = tuple(group[0] if len(group) == 1 else _merge(group) for group in groups)
    entries = {
        (person.source, person.id): tuple(group)
        for person, group in zip(merged, groups, strict=True)
        if len(group) > 1
    }
    return merged, entries


def _fits(group: Sequence[Person], person: Person) -> bool:
    return group[0].role is person.role and all(
        one.source != person.source and not _may_have_followed(one, person) for one in group
    )


def _may_have_followed(one: Person, other: Person) -> bool:
    """Whether one may have got the address of the other, who left under another name."""
    standings = {one.standing, other.standing}
    has_one_left = Standing.LEFT in standings and not standings <= {Standing.LEFT, None}
    return has_one_left and _words(one.name) != _words(other.name)


def _words(name: str) -> frozenset[str]:
    return frozenset(name.casefold().replace(",", " ").split())


def _merge(group: Sequence[Person]) -> Person:
    """Return the first entry with what the others add.

    Somebody left only when every directory that says anything says so; hired on the earliest day.
    """
    standings = {one.standing for one in group}
    return replace(
        group[0],
        addresses=_join(one.addresses for one in group),
        groups=_join(one.groups for one in group),
        standing=next((one for one in PRESENCE if one in standings), None),
        title=next((one.title for one in group if one.title), None),
        hired_on=min(_days(one.hired_on for one in group), default=None),
        left_on=max(_days(one.left_on for one in group), default=None),
    )


def _join(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    by_folded: dict[str, str] = {}
    for text in (text for texts in lists for text in texts):
        by_folded.setdefault(text.casefold(), text)
    return tuple(by_folded.values())


def _days(days: Iterable[date | None]) -> list[date]:
    return [day for day in days if day is not None]
