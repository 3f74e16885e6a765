"""GitLab.com: groups and people by name, account and public e-mail address.

Documentation https://docs.gitlab.com/api/users/ and https://docs.gitlab.com/api/groups/, rules
https://about.gitlab.com/terms/ (reviewed 2026-11-22).  Limits obeyed: 2,000 calls a minute, 300
looks at single users in ten minutes.  Needs a personal access token with the scope ``read_api`` and
no other.

GitLab's search also matches addresses that people keep private.  So a row that an address found is
kept only if it publishes that very address or its avatar is the hash of one of ours, and a row that
a name found only if the name is seen in it; the rest is dropped unread and counted.  Never read:
projects, commits, members, followers, private groups that the token's owner may see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from connectors.errors import NotConfigured
from connectors.profile_reading import FOREIGN, ProfileReading, shows_name
from connectors.records import AccountKey, ProfileKind, Standing
from connectors.rotation import lookups_a_night, searches_a_night
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import Harvest, KnownAccount, Profile
    from connectors.source import Access

T = TypeVar("T")

BASE = "https://gitlab.com/api/v4"
PLATFORM = "gitlab"
PER_SECOND, BURST = 5, 10
LOOKS_PER_SECOND, LOOKS_BURST = 0.4, 50
RESULTS = 20
GONE = 404
NEEDED_SCOPES = frozenset({"read_api", "read_user"})

UNSEEN = "accounts found by an address that they do not show"
OTHER_NAMES = "accounts found by a name that they do not show"
NOT_PUBLIC = "groups that are not public"

STANDINGS = {
    "active": Standing.ACTIVE,
    "blocked": Standing.SUSPENDED,
    "banned": Standing.SUSPENDED,
    "deactivated": Standing.ARCHIVED,
}


class Row(msgspec.Struct):
    """What a list of users shows of one."""

    id: int
    username: str
    name: str
    state: str
    avatar_url: str | None
    public_email: str | None = None


class User(Row):
    """What is read of a single user; a private profile shows no more than a row."""

    bio: str | None = None
    location: str | None = None
    website_url: str | None = None
    created_at: datetime | None = None
    followers: int | None = None


class Group(msgspec.Struct):
    """What is read of a group."""

    id: int
    name: str
    full_path: str
    visibility: str
    description: str | None
    created_at: datetime | None = None


class Token(msgspec.Struct):
    """What the token may do."""

    scopes: list[str]


@dataclass(frozen=True, slots=True)
class Named:
    """A row and the name it was found by."""

    name: str
    row: Row | Group


class GitLab:
    """Reads public accounts of GitLab.com."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.PROFILES,
            Capability.PROFILES_BY_ADDRESS,
            Capability.PROFILES_BY_BRAND,
            Capability.PROFILES_BY_ACCOUNT,
        }
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="A token from gitlab.com, User settings, Access tokens, with the scope read_api.",
        ),
        searches_a_night(30),
        lookups_a_night(60),
        Setting(
            "addresses_a_night",
            int,
            required=False,
            about="Staff addresses searched for a night; 0 for none.",
            default=100,
            enables=frozenset({Capability.PROFILES_BY_ADDRESS}),
        ),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(PLATFORM,),
        documentation="https://docs.gitlab.com/api/users/",
        rules="https://about.gitlab.com/terms/",
        reviewed_on=date(2026, 11, 22),
        limits="300 looks at users in ten minutes; addresses, names and handles take turns.",
        never="It never keeps what does not itself show the address or name asked for, and never"
        " reads projects, commits, members or private groups.",
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a token that is none."""
        self._access = access
        self._token = str(access.options.get("token") or "").strip()
        if not re.fullmatch(r"[A-Za-z0-9_.-]{20,255}", self._token):
            raise NotConfigured(
                access.source,
                "'token' is not a token of GitLab",
                "Make one at gitlab.com, User settings, Access tokens, with the scope read_api",
            )

    def fetch(self) -> Harvest:
        """Return known, likely, searched-for and address-showing accounts.

        Raises AccessRefused (token), RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        with (
            self._session(PER_SECOND, BURST) as lists,
            self._session(LOOKS_PER_SECOND, LOOKS_BURST) as looks,
        ):
            night = Night(ProfileReading(self._access, PLATFORM), lists, looks)
            night.look_again()
            night.look_up(self._most("lookups_a_night"))
            night.search_names(self._most("searches_a_night"))
            night.search_addresses(self._most("addresses_a_night"))
            return night.harvest()

    def check(self) -> Iterator[Check]:
        """Try the token, and whether it can do more than it needs to."""
        with self._session(PER_SECOND, BURST) as session:
            answer = session.get(f"{BASE}/personal_access_tokens/self", accept=(200, 401, 403))
        if answer.status != 200:
            advice = "Make a new one at gitlab.com, User settings, Access tokens"
            yield Check("token", CheckState.BAD, "GitLab does not accept the token", advice)
            return
        scopes = set(answer.decode(Token).scopes)
        if "read_api" not in scopes:
            advice = "Make a token with the scope read_api"
            yield Check("token", CheckState.BAD, "the scope read_api is missing", advice)
        elif more := sorted(scopes - NEEDED_SCOPES):
            seen = f"the token may do more than is needed: {', '.join(more)[:80]}"
            advice = "Replace it by one that has only read_api"
            yield Check("token", CheckState.WARNING, seen, advice)
        else:
            yield Check("token", CheckState.GOOD, "accepted, it can only read")

    def _most(self, setting: str) -> int:
        return int(self._access.options.get(setting) or 0)

    def _session(self, per_second: float, burst: int) -> WebSession:
        headers = {"Authorization": f"Bearer {self._token}"}
        return WebSession(self._access, per_second=per_second, burst=burst, headers=headers)


class Night:
    """One reading: lists at one pace, looks at single users at a slower one."""

    def __init__(self, reading: ProfileReading, lists: WebSession, looks: WebSession) -> None:
        self._reading, self._lists, self._looks = reading, lists, looks

    def look_again(self) -> None:
        """Look at known accounts, by id where known: a name may be somebody else's by now."""
        for known in self._reading.accounts:
            found = self._known(known)
            if found is None:
                self._reading.lose(known)
            else:
                self._reading.add(self._profile(found, is_known=True))

    def look_up(self, most: int) -> None:
        """Look at names an account of ours might have."""
        handles = self._reading.handles
        for handle in self._reading.take("handles", handles, most, "were looked up"):
            if (found := self._at(handle)) is not None:
                self._reading.add(self._profile(found))

    def search_names(self, most: int) -> None:
        """Search names of groups and people, tonight's turn."""
        self._reading.search(most, self._named, self._read)

    def search_addresses(self, most: int) -> None:
        """Search addresses, tonight's turn; keep only what shows them."""
        addresses = self._reading.access.questions.addresses
        for address in self._reading.take("addresses", addresses, most, "were searched for"):
            for row in self._users(search=address):
                if self._shows(row, address):
                    self._reading.add(self._whole(row))
                else:
                    self._reading.leave_out(UNSEEN, row.username)

    def harvest(self) -> Harvest:
        """Return what was gathered."""
        return self._reading.harvest(self._lists.calls + self._looks.calls)

    def _known(self, known: KnownAccount) -> User | Group | None:
        if known.native_id and known.native_id.isdecimal():
            return self._decode(self._looks, f"{BASE}/users/{known.native_id}", User)
        return self._at(known.handle or known.key.account)

    def _at(self, handle: str) -> User | Group | None:
        """Return the user or group of exactly this name."""
        for row in self._users(username=handle):
            if row.username.casefold() == handle.casefold():
                return self._decode(self._looks, f"{BASE}/users/{row.id}", User)
        url = f"{BASE}/groups/{quote(handle, safe='')}?with_projects=false"
        return self._decode(self._lists, url, Group)

    def _named(self, name: str) -> list[Named]:
        asked: dict[str, str | int] = {"search": name, "per_page": RESULTS}
        asked |= {"visibility": "public", "top_level_only": "true"}
        groups = self._lists.get(f"{BASE}/groups", params=asked).decode(list[Group])
        rows: list[Row | Group] = [*self._users(search=name), *groups]
        return [Named(name, row) for row in rows]

    def _read(self, named: Named) -> Profile | None:
        row = named.row
        path = row.username if isinstance(row, Row) else row.full_path
        if not shows_name(named.name, f"{row.name} {path}"):
            self._reading.leave_out(OTHER_NAMES, path)
            return None
        return self._whole(row) if isinstance(row, Row) else self._profile(row)

    def _users(self, **asked: str) -> list[Row]:
        params: dict[str, str | int] = {**asked, "per_page": RESULTS}
        return self._lists.get(f"{BASE}/users", params=params).decode(list[Row])

    def _shows(self, row: Row, address: str) -> bool:
        is_published = self._reading.staff.find(row.public_email) == address
        return is_published or bool(self._reading.staff.hashes_in(row.avatar_url))

    def _whole(self, row: Row) -> Profile | None:
        """Return the profile behind a row, unless it is there already."""
        if self._reading.has(AccountKey(PLATFORM, str(row.id))):
            return None
        user = self._decode(self._looks, f"{BASE}/users/{row.id}", User)
        return None if user is None else self._profile(user)

    def _profile(self, found: User | Group, *, is_known: bool = False) -> Profile | None:
        return self._group(found) if isinstance(found, Group) else self._user(found, is_known)

    def _group(self, group: Group) -> Profile | None:
        """Make a group's profile; its id is another name space than users', so its path is it."""
        if group.visibility != "public":
            self._reading.leave_out(NOT_PUBLIC, group.full_path)
            return None
        profile = self._reading.profile(group.full_path, None)
        return profile and replace(
            profile,
            display_name=group.name,
            bio=group.description or None,
            kind=ProfileKind.GROUP,
            created_on=group.created_at.date() if group.created_at else None,
        )

    def _user(self, user: User, is_known: bool) -> Profile | None:
        staff = self._reading.staff
        if not is_known and staff.is_of_somebody_else(user.public_email):
            self._reading.leave_out(FOREIGN, user.username)
            return None
        profile = self._reading.profile(user.username, str(user.id))
        shown = staff.find(user.public_email)
        return profile and replace(
            profile,
            display_name=user.name,
            bio=user.bio or None,
            website=user.website_url or None,
            public_addresses=(shown,) if shown else (),
            address_hashes=staff.hashes_in(user.avatar_url),
            location=user.location or None,
            kind=ProfileKind.PERSON,
            created_on=user.created_at.date() if user.created_at else None,
            followers=user.followers,
            standing=STANDINGS.get(user.state),
        )

    def _decode(self, session: WebSession, url: str, kind: type[T]) -> T | None:
        """Return what is there, None for a clean "not found"."""
        answer = session.get(url, accept=(200, GONE))
        return None if answer.status == GONE else answer.decode(kind)
