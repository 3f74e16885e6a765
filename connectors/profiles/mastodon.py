"""Mastodon and servers that speak its API: accounts by name on chosen servers, and known accounts.

Documentation https://docs.joinmastodon.org/methods/search/ and /methods/accounts/#lookup, WebFinger
RFC 7033, NodeInfo https://nodeinfo.diaspora.software; rules: those of each server, at its /about
(reviewed 2026-11-22).  No key.  Limits obeyed: 300 calls in five minutes and server; names take
turns.  A server knows only the accounts it has met, so name those that people near you use.

A known account is looked at on its own server, by look-up, else by WebFinger.  An account that asks
not to be indexed, or found by search not to be discovered, is dropped and counted.  Never read:
posts, followers, directories, whatever needs a session.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from connectors.fediverse import Account, Server, account_name, account_profile
from connectors.platforms import Refusal, account_of
from connectors.profile_reading import ProfileReading
from connectors.records import Standing
from connectors.rotation import searches_a_night
from connectors.server_round import FAULTS, ServerRound, read_servers, servers_setting
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import Harvest, KnownAccount, Profile
    from connectors.source import Access, Check

PLATFORM = "mastodon"
EXAMPLE = "mastodon.social"

NOT_INDEXED = "accounts that ask not to be indexed"
NOT_DISCOVERED = "accounts that ask not to be discovered"


class Mastodon:
    """Reads public accounts of the servers audit.toml names; needs no key."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        servers_setting("servers to search", EXAMPLE),
        searches_a_night(30, ", on each server"),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(PLATFORM,),
        documentation="https://docs.joinmastodon.org/methods/search/",
        rules="https://docs.joinmastodon.org/api/guidelines/",
        reviewed_on=date(2026, 11, 22),
        limits="300 calls in five minutes and server; names take turns.",
        never="It never reads posts or followers, asks no server that is not named except the own"
        " one of a known account, and drops accounts that ask not to be indexed or discovered.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Mastodon has no search by address; one in the text"
            " of a profile that was found is compared."
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for what is no host name."""
        self._access = access
        self._servers = read_servers(access, EXAMPLE)

    def fetch(self) -> Harvest:
        """Return known accounts and those found by name.

        Raises AccessRefused, RateLimited, SourceUnavailable or UnexpectedAnswer where no server
        could be searched.
        """
        reading = ProfileReading(self._access, PLATFORM)
        with ServerRound(reading, self._servers, partial(Server, self._access)) as servers:
            night = Night(reading, servers)
            night.look_again()
            night.search_names(int(self._access.options.get("searches_a_night") or 0))
            return night.harvest()

    def check(self) -> Iterator[Check]:
        """Try each server: what it runs, and whether visitors may search."""
        for host in self._servers:
            with Server(self._access, host) as server:
                yield server.check()


class Night:
    """One reading over several servers."""

    def __init__(self, reading: ProfileReading, servers: ServerRound[Server]) -> None:
        self._reading, self._servers = reading, servers
        self._unseen = 0

    def look_again(self) -> None:
        """Look at known accounts, each on its own server."""
        for known in self._reading.accounts:
            try:
                self._look_at(known)
            except FAULTS:
                self._unseen += 1

    def search_names(self, most: int) -> None:
        """Search names on every server, tonight's turn."""
        self._reading.search(most, self._named, self._read)

    def harvest(self) -> Harvest:
        """Return what was gathered, and say which servers could not be asked."""
        if self._unseen:
            told = "Known accounts that could not be looked at on their own servers"
            self._reading.gaps.append(f"{told}: {self._unseen}.")
        return self._servers.harvest()

    def _look_at(self, known: KnownAccount) -> None:
        account = account_of(PLATFORM, known.key.account, None)
        if isinstance(account, Refusal):
            self._unseen += 1
            return
        user, _, host = account.id.rpartition("@")
        answer = self._servers.server(host).look_up(user)
        if answer is None:
            self._reading.lose(known)
        elif isinstance(answer, Account):
            self._reading.add(self._profile(answer, host))
            if answer.moved is not None:
                self._reading.add(self._profile(answer.moved, host))
        else:
            self._reading.add(self._bare(account.id, answer))

    def _bare(self, account: str, standing: Standing) -> Profile | None:
        """Make a profile of an account of which no more is told than that it is there."""
        profile = self._reading.profile(account, None)
        return profile and replace(
            profile, standing=None if standing is Standing.ACTIVE else standing
        )

    def _named(self, name: str) -> list[tuple[str, Account]]:
        return self._servers.each(lambda server: server.search(name))

    def _read(self, row: tuple[str, Account]) -> Profile | None:
        host, account = row
        if account.discoverable is False:
            self._reading.leave_out(NOT_DISCOVERED, account_name(account, host))
            return None
        return self._profile(account, host)

    def _profile(self, account: Account, host: str) -> Profile | None:
        if account.noindex:
            self._reading.leave_out(NOT_INDEXED, account_name(account, host))
            return None
        return account_profile(self._reading, account, host)
