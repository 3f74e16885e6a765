"""Discourse: accounts on the forums that the district names.

Documentation https://docs.discourse.org, rules: those of each forum, at its /tos, and its
robots.txt (reviewed 2026-11-23).  No key.  Limits obeyed: one call a second and forum, or slower
where robots.txt says so, far below the 200 a minute that a forum allows visitors; names take turns.

A name is looked for in the forum's directory of users, where visitors may see it, and only an
account that bears the whole name is looked at.  A forum that shows visitors no profile cannot say
that one is gone; a profile that its owner hides is dropped and counted.  Never read: addresses,
which Discourse tells administrators alone, posts, messages, a forum that asks to sign in.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from connectors.account_source import Absence
from connectors.closing import Closing
from connectors.errors import ConnectorError, UnexpectedAnswer
from connectors.fediverse import read_html
from connectors.platforms import Refusal, account_of
from connectors.profile_reading import ProfileReading, shows_name
from connectors.records import Standing
from connectors.robots import read_robots
from connectors.rotation import lookups_a_night, searches_a_night
from connectors.server_round import FAULTS, ServerRound, read_servers, servers_setting
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import Harvest, KnownAccount, Profile
    from connectors.robots import Robots
    from connectors.source import Access
    from connectors.web import Answer

BASE = "https://{server}"
PLATFORM = "discourse"
EXAMPLE = "forum.district.example"
ALWAYS_THERE = "system"
"""The account every forum has: where it is not shown, none is."""
OTHER_NAMES = "accounts found by a name that they do not show"


class Refused(msgspec.Struct):
    """An error of a forum."""

    error_type: str = ""


class Row(msgspec.Struct):
    """What the directory shows of an account."""

    username: str
    name: str | None


class Item(msgspec.Struct):
    """A row of the directory."""

    user: Row


class Directory(msgspec.Struct):
    """A page of /directory_items.json."""

    directory_items: list[Item]


class Named(NamedTuple):
    """A row and the name it was found by."""

    name: str
    row: Row


class Hidden(msgspec.Struct):
    """Whether the owner hides the profile; little else is told of it then."""

    username: str
    profile_hidden: bool = False


class User(msgspec.Struct):
    """What is read of a profile; texts that are empty, or new accounts', are left out."""

    username: str
    name: str | None
    created_at: datetime
    bio_excerpt: str | None = None
    website: str | None = None
    location: str | None = None
    suspended_till: str | None = None


class HiddenAnswer(msgspec.Struct):
    """The answer of /u/NAME.json, as far as everybody's goes."""

    user: Hidden


class UserAnswer(msgspec.Struct):
    """The answer of /u/NAME.json."""

    user: User


class Forum(Closing):
    """A forum by its host name, at its own pace, within its robots.txt."""

    def __init__(self, access: Access, host: str) -> None:
        self._access, self._host = access, host
        self._first = WebSession(access, per_second=1.0)
        self._web: WebSession | None = None

    @property
    def calls(self) -> int:
        """Requests really sent to this forum."""
        return self._first.calls + (self._web.calls if self._web else 0)

    def close(self) -> None:
        """Close its connections."""
        self._first.close()
        if self._web is not None:
            self._web.close()

    def search(self, name: str) -> list[Row] | None:
        """Return who bears a name in the directory; None where visitors may not see it."""
        asked = {"period": "all", "order": "days_visited", "name": name}
        answer = self._get("/directory_items.json", asked)
        if answer is None or answer.status != 200:
            return None
        return [item.user for item in answer.decode(Directory).directory_items]

    def look_up(self, name: str) -> User | Absence:
        """Return a profile, or why there is none to be seen."""
        answer = self._get(f"/u/{quote(name, safe='')}.json", {})
        if answer is None or answer.status == 403:
            return Absence.CLOSED
        if answer.status == 200:
            return self._read(answer, name)
        is_told = answer.status == 404 and _problem(answer) == "not_found"
        return Absence.NOT_FOUND if is_told and self.shows_profiles else Absence.UNCLEAR

    @cached_property
    def shows_profiles(self) -> bool:
        """Whether visitors see the profile that every forum has."""
        answer = self._get(f"/u/{ALWAYS_THERE}.json", {})
        return answer is not None and answer.status == 200

    def check(self) -> Check:
        """Tell whether visitors may see profiles and search for them."""
        name = f"forum {self._host}"
        advice = "Allow it in the forum's settings and robots.txt, or leave the forum out"
        try:
            if not self.shows_profiles:
                return Check(name, CheckState.WARNING, "shows visitors no profile", advice)
            if self.search(ALWAYS_THERE) is None:
                return Check(name, CheckState.WARNING, "shows visitors no directory", advice)
        except ConnectorError as error:
            return Check(name, CheckState.BAD, error.problem, error.advice)
        return Check(name, CheckState.GOOD, "shows profiles and directory")

    def _read(self, answer: Answer, name: str) -> User | Absence:
        shown = answer.decode(HiddenAnswer).user
        if shown.username.casefold() != name.casefold():
            return Absence.UNCLEAR
        return Absence.WITHHELD if shown.profile_hidden else answer.decode(UserAnswer).user

    @cached_property
    def _robots(self) -> Robots:
        return read_robots(self._first, BASE.format(server=self._host) + "/")

    def _get(self, path: str, asked: dict[str, str]) -> Answer | None:
        """Ask as a visitor does; None where robots.txt does not allow it."""
        if not self._robots.may(f"https://{self._host}{path}?{urlencode(asked)}".rstrip("?")):
            return None
        if self._web is None:
            self._web = WebSession(self._access, per_second=1 / self._robots.delay)
        url = BASE.format(server=self._host) + path
        return self._web.get(url, params=asked, accept=(200, 403, 404))


class Discourse:
    """Reads what forums show every visitor; needs no key."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        servers_setting("forums to ask", EXAMPLE),
        searches_a_night(20, ", on each forum"),
        lookups_a_night(60, ", on each forum"),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(PLATFORM,),
        documentation="https://docs.discourse.org",
        rules="https://www.discourse.org/terms",
        reviewed_on=date(2026, 11, 23),
        limits="One call a second and forum, within its robots.txt; names and handles take turns.",
        never="It never reads addresses, posts or messages, asks no forum that is not named, and"
        " drops profiles that their owners hide.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "A forum tells addresses to its administrators alone;"
            " one in the text of a profile that was found is compared."
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for what is no host name."""
        self._access = access
        self._servers = read_servers(access, EXAMPLE)

    def fetch(self) -> Harvest:
        """Return known accounts, likely ones and those found by name.

        Raises AccessRefused, RateLimited, SourceUnavailable or UnexpectedAnswer where no forum
        could be asked.
        """
        reading = ProfileReading(self._access, PLATFORM)
        with ServerRound(reading, self._servers, partial(Forum, self._access)) as forums:
            night = Night(reading, forums, self._servers)
            night.look_again()
            night.look_up(int(self._access.options.get("lookups_a_night") or 0))
            night.search_names(int(self._access.options.get("searches_a_night") or 0))
            return night.harvest()

    def check(self) -> Iterator[Check]:
        """Try each forum: what visitors may see."""
        for host in self._servers:
            with Forum(self._access, host) as forum:
                yield forum.check()


class Night:
    """One reading over several forums."""

    def __init__(
        self, reading: ProfileReading, forums: ServerRound[Forum], hosts: tuple[str, ...]
    ) -> None:
        self._reading, self._forums, self._hosts = reading, forums, hosts

    def look_again(self) -> None:
        """Look at known accounts of the forums that are named."""
        unseen = 0
        for known in self._reading.accounts:
            name, host = self._name(known)
            if host not in self._hosts:
                self._reading.dropped["accounts on forums that are not named"] += 1
                continue
            try:
                found = self._forums.server(host).look_up(name)
            except FAULTS:
                found = Absence.UNCLEAR
            if found is Absence.NOT_FOUND:
                self._reading.lose(known)
            else:
                unseen += found is Absence.UNCLEAR or found is Absence.CLOSED
                self._reading.add(self._profile(host, name, found))
        if unseen:
            self._reading.gaps.append(f"Known accounts that no forum showed: {unseen}.")

    def look_up(self, most: int) -> None:
        """Look at names an account of ours might have, on every forum."""
        handles = self._reading.handles
        for handle in self._reading.take("handles", handles, most, "were looked up"):
            for host, found in self._looked_up(handle):
                self._reading.add(self._profile(host, handle, found))

    def search_names(self, most: int) -> None:
        """Search the directories for names, tonight's turn."""
        self._reading.search(most, self._named, self._read)

    def harvest(self) -> Harvest:
        """Return what was gathered; a refusal where no forum shows visitors anything."""
        closed = [host for host in self._hosts if not self._shows_profiles(host)]
        if closed and len(closed) < len(self._hosts):
            told = f"{len(closed)} of {len(self._hosts)} forums show visitors no profile."
            self._reading.notes.append(told)
        return self._forums.harvest(is_search_needed=len(closed) == len(self._hosts))

    def _shows_profiles(self, host: str) -> bool:
        """Whether a forum shows some; one that failed may well do."""
        shown = self._forums.ask(host, lambda forum: [forum.shows_profiles])
        return shown != [False]

    def _looked_up(self, handle: str) -> list[tuple[str, User | Absence]]:
        return self._forums.each(lambda forum: [forum.look_up(handle)])

    def _named(self, name: str) -> list[tuple[str, Named]]:
        rows = self._forums.each(lambda forum: forum.search(name))
        return [(host, Named(name, row)) for host, row in rows]

    def _read(self, found: tuple[str, Named]) -> Profile | None:
        """Look at an account that bears the whole name."""
        host, (name, row) = found
        if not shows_name(name, f"{row.name or ''} {row.username}"):
            self._reading.leave_out(OTHER_NAMES, f"{row.username}@{host}")
            return None
        account = account_of(PLATFORM, f"{row.username}@{host}", None)
        if isinstance(account, Refusal) or self._reading.has(account.key):
            return None
        seen = self._forums.ask(host, lambda forum: [forum.look_up(row.username)])
        return self._profile(host, row.username, seen[0]) if seen else None

    def _profile(self, host: str, name: str, found: User | Absence) -> Profile | None:
        if isinstance(found, Absence):
            if found is not Absence.NOT_FOUND:
                self._reading.leave_out(str(found), f"{name.casefold()}@{host}")
            return None
        profile = self._reading.profile(f"{found.username}@{host}", None)
        return profile and replace(
            profile,
            display_name=found.name or None,
            bio=read_html(found.bio_excerpt or "") or None,
            website=found.website or None,
            location=found.location or None,
            created_on=found.created_at.date(),
            standing=Standing.SUSPENDED if found.suspended_till else None,
        )

    def _name(self, known: KnownAccount) -> tuple[str, str]:
        """Return name and host of a known account."""
        account = account_of(PLATFORM, known.key.account, None)
        name = "" if isinstance(account, Refusal) else account.id
        return name.rpartition("@")[0], name.rpartition("@")[2]


def _problem(answer: Answer) -> str:
    """Return the kind of error a forum tells, empty for a page of something else."""
    try:
        return answer.decode(Refused).error_type
    except UnexpectedAnswer:
        return ""
