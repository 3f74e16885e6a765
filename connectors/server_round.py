"""Several servers of one kind that a district names: each asked, none of them spoiling a night."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from connectors.closing import Closing
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.profile_reading import ProfileReading
    from connectors.records import Harvest
    from connectors.source import Access

HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+")
MOST_SERVERS = 10
FAULTS = (AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer)
"""What one server may do without the others being left out."""


class Served(Protocol):
    """A server by its host name."""

    @property
    def calls(self) -> int:
        """Requests really sent to it."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


R = TypeVar("R")
S = TypeVar("S", bound=Served)


def servers_setting(what: str, example: str) -> Setting:
    """Return the setting that names the servers, ``what`` they are for."""
    about = f'Host names of the {what}, at most {MOST_SERVERS}, such as "{example}".'
    return Setting("servers", list, required=True, about=about)


def read_servers(access: Access, example: str) -> tuple[str, ...]:
    """Return the host names of the setting ``servers``; NotConfigured for what is none."""
    given = [str(one).strip().casefold() for one in access.options.get("servers") or ()]
    servers = tuple(dict.fromkeys(given))
    if not servers or not all(map(HOST.fullmatch, servers)):
        problem = "'servers' holds something that is no host name, or nothing"
        advice = f'Name servers as servers = ["{example}"] in audit.toml'
        raise NotConfigured(access.source, problem, advice)
    if len(servers) > MOST_SERVERS:
        problem = f"'servers' names more than {MOST_SERVERS}"
        raise NotConfigured(access.source, problem, "Keep those that people near the district use")
    return servers


class ServerRound(Closing, Generic[S]):
    """The servers of one night; one that fails leaves a gap, all failing an error."""

    def __init__(
        self, reading: ProfileReading, hosts: tuple[str, ...], make: Callable[[str], S]
    ) -> None:
        self._reading, self._hosts, self._make = reading, hosts, make
        self._servers: dict[str, S] = {}
        self._failed: dict[str, ConnectorError] = {}
        self._closed: set[str] = set()

    def close(self) -> None:
        """Let go of every server."""
        for server in self._servers.values():
            server.close()

    def server(self, host: str) -> S:
        """Return a server, made when it is first needed."""
        if host not in self._servers:
            self._servers[host] = self._make(host)
        return self._servers[host]

    def each(self, ask: Callable[[S], Sequence[R] | None]) -> list[tuple[str, R]]:
        """Ask every server; return the rows with their hosts.

        A server that gives None lets no visitor ask, one that fails is left out; neither is asked
        again tonight.
        """
        asked = [host for host in self._hosts if host not in self._closed]
        return [(host, row) for host in asked for row in self.ask(host, ask)]

    def ask(self, host: str, ask: Callable[[S], Sequence[R] | None]) -> Sequence[R]:
        """Ask one server that has not failed tonight."""
        if host in self._failed:
            return ()
        try:
            found = ask(self.server(host))
        except FAULTS as error:
            self._failed[host] = error
            return ()
        if found is None:
            self._closed.add(host)
        return found or ()

    def harvest(self, *, is_search_needed: bool = True) -> Harvest:
        """Return what was gathered, and say which servers could not be asked.

        Where a server failed, nobody had a turn.  Raises what the first server raised where none
        could be asked, and AccessRefused where none may be searched although ``is_search_needed``.
        """
        failed, closed, all_of = len(self._failed), len(self._closed), len(self._hosts)
        if failed and failed + closed == all_of:
            raise next(iter(self._failed.values()))
        if closed == all_of and is_search_needed:
            problem = "none of the servers lets visitors search"
            advice = "Name other servers in audit.toml"
            raise AccessRefused(self._reading.access.source, problem, advice)
        if closed:
            self._reading.notes.append(f"{closed} of {all_of} servers let no visitor search.")
        if failed:
            self._reading.gaps.append(f"{failed} of {all_of} servers could not be searched.")
            self._reading.put_back("names", self._reading.access.questions.names)
            self._reading.put_back("handles", self._reading.handles)
        return self._reading.harvest(sum(server.calls for server in self._servers.values()))
