"""What connectors hand over: frozen records in which ``None`` always means "not known"."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from datetime import date, datetime


class Role(StrEnum):
    """What a directory entry is; students are dropped before a record exists."""

    STAFF = "staff"
    SERVICE = "service"
    SHARED = "shared"


class Standing(StrEnum):
    """Where an employee or an account stands; absent when the source does not say."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"
    LEFT = "left"


class ProfileKind(StrEnum):
    """What sort of account a profile is."""

    PERSON = "person"
    PAGE = "page"
    ORGANISATION = "organisation"
    GROUP = "group"
    CHANNEL = "channel"
    BLOG = "blog"


class Way(StrEnum):
    """How the use of an address came to be known."""

    PUBLISHED = "published"
    HASH = "hash"
    LOOKUP = "lookup"
    APP_GRANT = "app_grant"
    BREACH = "breach"
    STEALER_LOG = "stealer_log"


class Grade(StrEnum):
    """How strong the evidence of an address in use is.

    A: the account itself publishes the address.  B: a public hash equals the hash of a directory
    address, or a documented look-up by address answered.  C: an app grant or sign-in, or a breach
    of a site where an account was needed.  D: breach lists that prove no account.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class AccountKey(NamedTuple):
    """Identity of an account: the platform's key and its stable id there, never lower-cased."""

    platform: str
    account: str


@dataclass(frozen=True, slots=True)
class Person:
    """An employee or a service or shared mailbox; ``addresses`` has the primary one first."""

    source: str
    id: str
    name: str
    addresses: tuple[str, ...]
    role: Role
    standing: Standing | None = None
    schools: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    title: str | None = None
    hired_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class School:
    """A school or office as the directory names it; ``id`` is the directory's own."""

    source: str
    id: str
    name: str
    kind: str | None = None
    town: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that was seen before and is looked at again; ``key`` as it was then."""

    key: AccountKey
    handle: str | None = None
    url: str | None = None
    native_id: str | None = None


class Profile(msgspec.Struct, frozen=True):
    """Public metadata of one account; ``key`` is its identity.  A night makes one of each.

    ``handle`` keeps the platform's spelling; ``url`` is canonical.  ``fields()`` yields the texts
    in which a name or an address may stand.
    """

    source: str
    platform: str
    url: str
    handle: str | None = None
    native_id: str | None = None
    display_name: str | None = None
    bio: str | None = None
    website: str | None = None
    public_addresses: tuple[str, ...] = ()
    address_hashes: tuple[str, ...] = ()
    location: str | None = None
    verified: bool | None = None
    kind: ProfileKind | None = None
    created_on: date | None = None
    followers: int | None = None
    standing: Standing | None = None
    seen_at: datetime | None = None
    row: str | None = None
    account_id: str = ""

    @property
    def key(self) -> AccountKey:
        """The account's identity: its native id where known, else the folded handle."""
        return AccountKey(self.platform, self.native_id or self.account_id)


@dataclass(frozen=True, slots=True)
class AddressUse:
    """One sign that an address is in use at a site (a platform's key or a domain)."""

    source: str
    address: str
    site: str
    way: Way
    grade: Grade
    url: str | None = None
    occurred_on: date | None = None
    seen_at: datetime | None = None
    statement: str = ""


@dataclass(frozen=True, slots=True)
class SiteLink:
    """A link from one of the district's own pages to an account.

    ``mutual``: whether the account links back; the auditor fills it in.  ``endorsed`` is false for
    a link that the page does not vouch for (``rel`` nofollow, ugc or sponsored).
    """

    source: str
    page: str
    account: AccountKey
    mutual: bool | None = None
    seen_at: datetime | None = None
    endorsed: bool = True


@dataclass(frozen=True, slots=True)
class App:
    """An app that staff signed in to and that no catalogue can place; nobody is named.

    ``id`` is the client id, ``users`` how many employees granted it something, None when the grant
    is for the whole tenant.
    """

    source: str
    id: str
    name: str
    users: int | None = None


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one source gave: records of any kind, what was dropped and why, and remarks.

    ``dropped`` counts by a short reason ("students", "rows without a name"); ``notes`` are whole
    sentences for the coverage page.  A source that could not read everything raises instead, or,
    where one employee of many could not be asked, says so in ``gaps`` (whole sentences that name
    nobody): the reading is then partial and closes nothing.  ``bookmark`` is kept, with the run,
    until the next night (a watermark, a delta link with what it was built on); it holds nothing of
    a student and no secret; that of a partial reading only where it ``holds_despite_gaps``, as
    whose turn it was does and a watermark does not.  ``not_found`` are the keys of known accounts
    that the platform, asked for just that account, cleanly said are not there: no error, no limit,
    no login wall.  ``unanswered`` are what the ``page`` of a link begins with where a place that
    need not be there did not answer: its silence makes no gap and takes no link away.
    """

    people: tuple[Person, ...] = ()
    schools: tuple[School, ...] = ()
    profiles: tuple[Profile, ...] = ()
    uses: tuple[AddressUse, ...] = ()
    links: tuple[SiteLink, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    calls: int = 0
    apps: tuple[App, ...] = ()
    gaps: tuple[str, ...] = ()
    bookmark: bytes | None = None
    not_found: tuple[AccountKey, ...] = ()
    holds_despite_gaps: bool = False
    unanswered: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, (self.people, self.schools, self.profiles, self.uses, self.links)))
