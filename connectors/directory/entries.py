"""Staff entries that a directory connector keeps between nights, so that the next asks less.

What is kept (``Kept``) travels in ``Harvest.bookmark`` as MessagePack.  It holds staff only, and of
their addresses only the district's.  Anything of another shape, version or making is ignored, and
the directory is then read in full.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from connectors.errors import NotConfigured
from connectors.records import Standing  # noqa: TC001 - msgspec reads the annotation
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.directory.roster import Roster
    from connectors.records import Harvest
    from connectors.source import Access

VERSION = 1
MOST_DAYS = 90

FULL_EVERY = Setting(
    "full_every_days",
    int,
    required=False,
    about="After how many days the directory is read in full again, since deleted entries are"
    " only noticed then; 1 reads it in full every night.",
    default=7,
)


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One member of staff as read, in the words of ``Roster.add``."""

    id: str
    given: str
    family: str
    addresses: tuple[str, ...] = ()
    name: str = ""
    username: str = ""
    standing: Standing | None = None
    schools: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    title: str = ""
    left_on: date | None = None


class Kept(msgspec.Struct, frozen=True):
    """What the last complete reading left: entries, and from where to ask for changes.

    ``made_of`` tells the settings, ``server`` the copy of the directory and ``mark`` its position
    then (an update number, a time); ``full_on`` is the day of the last full reading, whose counts
    of what was dropped are ``dropped``.
    """

    version: int
    made_of: str
    server: str
    mark: str
    full_on: date
    entries: tuple[Entry, ...]
    dropped: dict[str, int] = {}


def enter(roster: Roster, entry: Entry) -> None:
    """Add an entry to a roster."""
    roster.add(
        person_id=entry.id,
        given=entry.given,
        family=entry.family,
        addresses=entry.addresses,
        name=entry.name,
        username=entry.username,
        standing=entry.standing,
        schools=entry.schools,
        groups=entry.groups,
        title=entry.title,
        left_on=entry.left_on,
    )


def fingerprint(access: Access, secrets: Iterable[str]) -> str:
    """Hash the settings (but for secrets) and domains that a reading depends on."""
    options = {key: access.options[key] for key in access.options if key not in set(secrets)}
    shown = repr((sorted(options.items()), access.domains))
    return sha256(shown.encode()).hexdigest()


def load_kept(access: Access, made_of: str) -> Kept | None:
    """Return what was kept; None on a first night, after other settings or when it is old.

    Raises NotConfigured for a span of days that is none.
    """
    number = access.options.get("full_every_days", FULL_EVERY.default)
    if not 1 <= number <= MOST_DAYS:
        raise NotConfigured(
            access.source,
            f"the setting 'full_every_days' is not between 1 and {MOST_DAYS}",
            "Set how many days may pass until deleted entries are noticed, such as 7",
        )
    if access.bookmark is None:
        return None
    try:
        kept = msgspec.msgpack.decode(access.bookmark, type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    days = timedelta(days=number)
    is_fresh = timedelta() <= access.now.date() - kept.full_on < days
    return kept if (kept.version, kept.made_of) == (VERSION, made_of) and is_fresh else None


def keep(
    harvest: Harvest,
    entries: Iterable[Entry],
    *,
    made_of: str,
    server: str,
    mark: str,
    full_on: date,
) -> Harvest:
    """Give a harvest its bookmark: the entries that became people, with their kept addresses."""
    people = {person.id: person for person in harvest.people}
    kept = Kept(
        version=VERSION,
        made_of=made_of,
        server=server,
        mark=mark,
        full_on=full_on,
        entries=tuple(
            msgspec.structs.replace(entry, addresses=people[entry.id].addresses)
            for entry in entries
            if entry.id in people
        ),
        dropped=harvest.dropped,
    )
    return replace(harvest, bookmark=msgspec.msgpack.encode(kept))


def tell_increment(kept: Kept, changed: int) -> str:
    """Say in a note what an incremental reading asked for."""
    return (
        f"Only changes were asked for ({changed} entries); the directory was last read in full on"
        f" {kept.full_on.isoformat()}, from when the counts of what was dropped are."
    )
