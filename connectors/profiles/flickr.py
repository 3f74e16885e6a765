"""Flickr: people by account, groups by name and, where the district says so, people by address.

Documentation https://www.flickr.com/services/api, rules
https://www.flickr.com/help/terms/api (reviewed 2026-11-22).  Needs an API key, which Flickr gives
to Pro accounts.  Limits obeyed: 3,600 calls an hour, which
a night stays below.

The look-up by address is documented, and off unless ``by_address = true``: it asks about addresses
of the directory alone, in turns, and members may hide from it, so silence proves nothing.  Never
read: photos, comments, contacts, anything that needs a sign-in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from connectors.account_source import LOOKUPS, AccountSource, Night
from connectors.account_source import Absence as No
from connectors.address_looks import AddressLooks, Found
from connectors.errors import AccessRefused, SourceUnavailable, UnexpectedAnswer
from connectors.platforms import Account, identify
from connectors.profile_reading import ProfileReading
from connectors.records import AddressUse, Grade, Harvest, Profile, ProfileKind, Way
from connectors.rotation import searches_a_night
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.address_looks import Look
    from connectors.source import Access

T = TypeVar("T")

BASE = "https://api.flickr.com/services/rest/"
SITE = "flickr"
RESULTS = 10
MOST_CALLS = 3_500
NOT_THERE = {1, 2, 5}
BAD_KEY, DOWN = 100, {0, 105, 106}
STATEMENT = "Flickr's look-up by address answered with this account."


class Text(msgspec.Struct):
    """How Flickr writes the text of an element."""

    content: str = msgspec.field(name="_content")


class Status(msgspec.Struct):
    """How every answer says whether it is one; failures come with HTTP 200."""

    stat: str
    code: int | None = None


class Bookmarks(msgspec.Struct):
    """What a night leaves: whose turn it was, and the looks at addresses."""

    turns: msgspec.Raw
    looks: msgspec.Raw


class User(msgspec.Struct):
    """Who has an address or a name."""

    nsid: str


class Users(msgspec.Struct):
    """The answer of flickr.people.findByEmail and findByUsername."""

    user: User


class Owner(msgspec.Struct):
    """Whose page it is."""

    id: str


class Owners(msgspec.Struct):
    """The answer of flickr.urls.lookupUser."""

    user: Owner


class Person(msgspec.Struct):
    """What is read of flickr.people.getInfo."""

    nsid: str
    username: Text
    profileurl: Text
    realname: Text | None = None
    location: Text | None = None
    description: Text | None = None


class People(msgspec.Struct):
    """The answer of flickr.people.getInfo."""

    person: Person


class GroupRow(msgspec.Struct):
    """A group found by a search."""

    nsid: str
    name: str


class GroupRows(msgspec.Struct):
    """The rows of a search."""

    group: list[GroupRow]


class Groups(msgspec.Struct):
    """The answer of flickr.groups.search."""

    groups: GroupRows


class Group(msgspec.Struct):
    """What is read of flickr.urls.lookupGroup."""

    id: str
    groupname: Text


class LookedUp(msgspec.Struct):
    """The answer of flickr.urls.lookupGroup."""

    group: Group


class Flickr(AccountSource):
    """Reads people and groups with a key."""

    platform = "flickr"
    probe = "flickr"
    per_second = 5.0
    capabilities = frozenset(
        {
            Capability.PROFILES,
            Capability.PROFILES_BY_ACCOUNT,
            Capability.PROFILES_BY_BRAND,
            Capability.PROFILES_BY_ADDRESS,
            Capability.ADDRESS_USES,
        }
    )
    settings = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="An API key from flickr.com/services/apps/create, which needs a Pro account.",
        ),
        Setting(
            "by_address",
            bool,
            required=False,
            about="Look staff addresses up; ask the district's counsel first.",
            default=False,
            enables=frozenset({Capability.PROFILES_BY_ADDRESS, Capability.ADDRESS_USES}),
        ),
        searches_a_night(60, "; each is two calls"),
        LOOKUPS,
    )
    most_allowed: ClassVar = {"searches_a_night": 300, "lookups_a_night": 500}
    terms = Terms(
        platforms=("flickr",),
        documentation="https://www.flickr.com/services/api",
        rules="https://www.flickr.com/help/terms/api",
        reviewed_on=date(2026, 11, 22),
        limits="3,600 calls an hour; names, handles and addresses take turns.",
        never="It never reads photos, comments or contacts, and asks about addresses only where the"
        " district says so.",
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a key that is none."""
        turns, self._looked = _split(access.bookmark)
        super().__init__(replace(access, bookmark=turns))

    def fetch(self) -> Harvest:
        """Return accounts and, where allowed, whose address has one.

        Raises AccessRefused (key), RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        harvest = super().fetch()
        looks = AddressLooks(self._access, self._looked)
        if self.options["by_address"]:
            with self._session() as web:
                night = Night(web, ProfileReading(self._access, self.platform))
                self._look_up_addresses(night, looks, MOST_CALLS - harvest.calls)
                uses = tuple(self._use(*found) for found in looks.found())
                notes = (*harvest.notes, *looks.tell())
                harvest = replace(harvest, uses=uses, notes=notes, calls=harvest.calls + web.calls)
        kept = Bookmarks(msgspec.Raw(harvest.bookmark or b""), msgspec.Raw(looks.bookmark()))
        return replace(harvest, bookmark=msgspec.json.encode(kept))

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one person or group, by number where known, else by address."""
        account = accounts[0]
        if account.kind is ProfileKind.GROUP:
            return [self._group(night, account.url)]
        if account.native_id:
            return [self._person(night, account.native_id)]
        found = self._ask(night, "urls.lookupUser", Owners, url=account.url)
        return [self._person(night, found.user.id) if found else No.NOT_FOUND]

    def find(self, night: Night, name: str) -> Iterator[Profile | No]:
        """Search groups of a name, and the person of just that name."""
        rows = self._ask(night, "groups.search", Groups, text=name, per_page=RESULTS)
        for row in rows.groups.group if rows else ():
            yield night.profile(
                f"groups/{row.nsid}", row.nsid, display_name=row.name, kind=ProfileKind.GROUP
            )
        found = self._ask(night, "people.findByUsername", Users, username=name)
        if found is not None:
            yield self._person(night, found.user.nsid)

    def _group(self, night: Night, url: str) -> Profile | No:
        found = self._ask(night, "urls.lookupGroup", LookedUp, url=url)
        if found is None:
            return No.NOT_FOUND
        group, name = found.group, found.group.groupname.content
        handle = f"groups/{group.id}"
        return night.profile(handle, group.id, display_name=name, kind=ProfileKind.GROUP)

    def _person(self, night: Night, nsid: str) -> Profile | No:
        found = self._ask(night, "people.getInfo", People, user_id=nsid)
        if found is None:
            return No.NOT_FOUND
        person = found.person
        shown = identify(person.profileurl.content, SITE)
        return night.profile(
            shown.handle if isinstance(shown, Account) else None,
            person.nsid,
            display_name=_text(person.realname) or person.username.content,
            bio=_text(person.description),
            location=_text(person.location),
        )

    def _look_up_addresses(self, night: Night, looks: AddressLooks, most: int) -> None:
        for key, address in looks.due(most):
            found = self._ask(night, "people.findByEmail", Users, find_email=address)
            profile = night.profile(None, found.user.nsid) if found else None
            url = profile.url if isinstance(profile, Profile) else None
            looks.note(key, Found(url) if found else None)

    def _use(self, address: str, look: Look, found: Found) -> AddressUse:
        return AddressUse(
            source=self._access.source,
            address=address,
            site=SITE,
            way=Way.LOOKUP,
            grade=Grade.B,
            url=found.url,
            seen_at=look.at,
            statement=STATEMENT,
        )

    def _ask(self, night: Night, method: str, kind: type[T], **by: Any) -> T | None:
        """Return the answer, None for a clean "not found"; failures come with HTTP 200."""
        asked = {
            "method": f"flickr.{method}",
            "api_key": str(self.options["key"]),
            "format": "json",
            "nojsoncallback": 1,
            **by,
        }
        answer = night.web.get(BASE, params=asked)
        status = answer.decode(Status)
        if status.stat == "ok":
            return answer.decode(kind)
        if status.code in NOT_THERE:
            return None
        if status.code == BAD_KEY:
            advice = "Copy it again from flickr.com/services/apps"
            raise AccessRefused(answer.source, "Flickr does not accept the key", advice)
        if status.code in DOWN:
            advice = "The next night tries again"
            raise SourceUnavailable(answer.source, "Flickr has trouble of its own", advice)
        problem = f"Flickr answered with failure {status.code} (its field `code`)"
        raise UnexpectedAnswer(answer.source, problem, "Report it with this sentence")


def _text(element: Text | None) -> str | None:
    return element.content or None if element else None


def _split(bookmark: bytes | None) -> tuple[bytes | None, bytes | None]:
    try:
        kept = msgspec.json.decode(bookmark or b"", type=Bookmarks)
    except (msgspec.DecodeError, UnicodeError):
        return None, None
    return bytes(kept.turns), bytes(kept.looks)
