"""One server of the fediverse: Mastodon's public API, WebFinger (RFC 7033) and NodeInfo."""

from __future__ import annotations

import html
import re
from datetime import datetime  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from connectors.closing import Closing
from connectors.errors import ConnectorError, UnexpectedAnswer
from connectors.records import ProfileKind, Standing
from connectors.source import Check, CheckState
from connectors.web import WebSession

if TYPE_CHECKING:
    from connectors.profile_reading import ProfileReading
    from connectors.records import Profile
    from connectors.source import Access
    from connectors.web import Answer

BASE = "https://{server}"
PER_SECOND, BURST = 0.8, 30
RESULTS = 40
CLOSED = frozenset({401, 403, 422})
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema/"

BREAK = re.compile(r"<(?:br\b|/p\b)[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
LINK = re.compile(r'href="(https?://[^"\s<>]+)"')


class Field(msgspec.Struct):
    """A row of a profile's table; ``verified_at`` when the page it names links back (rel=me)."""

    name: str
    value: str
    verified_at: datetime | None = None


class Account(msgspec.Struct):
    """What is read of the entity ``Account``."""

    username: str
    acct: str
    display_name: str
    note: str
    created_at: datetime
    followers_count: int
    fields: list[Field]
    group: bool = False
    discoverable: bool | None = None
    noindex: bool | None = None
    suspended: bool | None = None
    moved: Account | None = None


class Found(msgspec.Struct):
    """What is read of the entity ``Search``."""

    accounts: list[Account]


class Problem(msgspec.Struct):
    """An error as Mastodon tells it."""

    error: str


class Descriptor(msgspec.Struct):
    """A JRD, of which only the subject is read (RFC 7033, 4.4.1)."""

    subject: str = ""


class Link(msgspec.Struct):
    """Where a NodeInfo document is."""

    rel: str
    href: str


class Links(msgspec.Struct):
    """Which NodeInfo documents there are."""

    links: list[Link]


class Software(msgspec.Struct):
    """What a server runs."""

    name: str
    version: str


class NodeInfo(msgspec.Struct):
    """What is read of NodeInfo 2.x."""

    software: Software


class Server(Closing):
    """A server by its host name, at its own pace."""

    def __init__(self, access: Access, host: str) -> None:
        self._access, self._host = access, host
        self._web = WebSession(access, per_second=PER_SECOND, burst=BURST)

    @property
    def calls(self) -> int:
        """Requests really sent to this server."""
        return self._web.calls

    def close(self) -> None:
        """Close its connections."""
        self._web.close()

    def search(self, name: str) -> list[Account] | None:
        """Return the accounts a search finds, None where visitors may not search."""
        asked: dict[str, str | int] = {"q": name, "type": "accounts", "limit": RESULTS}
        answer = self._get("/api/v2/search", asked, accept=(200, 404, *CLOSED))
        if answer.status == 404:
            advice = "Take it out of 'servers': known accounts there are looked at all the same"
            problem = f"{self._host} has no search as Mastodon has it"
            raise UnexpectedAnswer(self._access.source, problem, advice)
        return None if answer.status in CLOSED else answer.decode(Found).accounts

    def look_up(self, user: str) -> Account | Standing | None:
        """Return an account here; its standing where no more is told; None for "not found"."""
        accept = (200, 400, 404, 410, *CLOSED)
        answer = self._get("/api/v1/accounts/lookup", {"acct": user}, accept=accept)
        if answer.status == 200 and not _is_page(answer):
            return answer.decode(Account)
        if answer.status == 404 and _is_told(answer):
            return None
        return self._finger(user)

    def check(self) -> Check:
        """Tell what the server runs and whether visitors may search."""
        name, runs = f"server {self._host}", ""
        try:
            runs = self._runs()
            found = self.search("mastodon")
        except ConnectorError as error:
            seen = "; ".join(filter(None, (runs, error.problem)))
            return Check(name, CheckState.BAD, seen, error.advice)
        if found is None:
            advice = "Name another server, or keep it for the known accounts that are there"
            return Check(name, CheckState.WARNING, f"{runs}, lets no visitor search", advice)
        return Check(name, CheckState.GOOD, runs)

    def _finger(self, user: str) -> Standing | None:
        """Ask by WebFinger, which every server answers to anybody."""
        asked: dict[str, str | int] = {"resource": f"acct:{user}@{self._host}"}
        answer = self._get("/.well-known/webfinger", asked, accept=(200, 404, 410))
        if answer.status == 404:
            return None
        if answer.status == 410:
            return Standing.SUSPENDED
        subject = answer.decode(Descriptor).subject
        if not subject.casefold().startswith(f"acct:{user.casefold()}@"):
            advice = "Look at the account in a browser and correct the registry"
            problem = "a server answered about another account than was asked for"
            raise UnexpectedAnswer(self._access.source, problem, advice)
        return Standing.ACTIVE

    def _runs(self) -> str:
        links = self._get("/.well-known/nodeinfo", {}).decode(Links).links
        here = urlsplit(BASE.format(server=self._host)).netloc
        for link in links:
            if link.rel.startswith(NODEINFO) and urlsplit(link.href).netloc == here:
                software = self._web.get(link.href).decode(NodeInfo).software
                return f"{software.name} {software.version}"[:60]
        return "software not told"

    def _get(
        self, path: str, asked: dict[str, str | int], accept: tuple[int, ...] = (200,)
    ) -> Answer:
        url = BASE.format(server=self._host) + path
        return self._web.get(url, params=asked, accept=accept)


def account_name(account: Account, host: str) -> str:
    """Return the name of an account with its server; one that lacks it is the asked ``host``'s."""
    return account.acct if "@" in account.acct else f"{account.acct}@{host}"


def account_profile(reading: ProfileReading, account: Account, host: str) -> Profile | None:
    """Make a profile of what a server shows of an account."""
    profile = reading.profile(account_name(account, host), None)
    site, is_proven = _site(reading, account.fields)
    rows = (f"{read_html(one.name)}: {read_html(one.value)}" for one in account.fields)
    return profile and replace(
        profile,
        display_name=account.display_name or None,
        bio="\n".join(filter(None, (read_html(account.note), *rows))) or None,
        website=site,
        verified=True if is_proven else None,
        kind=ProfileKind.GROUP if account.group else None,
        created_on=account.created_at.date(),
        followers=account.followers_count,
        standing=_standing(account),
    )


def read_html(text: str) -> str:
    """Return the text of a small piece of HTML, a line for each paragraph."""
    return html.unescape(TAG.sub("", BREAK.sub("\n", text))).strip()


def _site(reading: ProfileReading, fields: list[Field]) -> tuple[str | None, bool]:
    """Return the best link: to the district and proven, to the district, proven, or none."""
    links = [
        (reading.is_own_site(found[1]), one.verified_at is not None, html.unescape(found[1]))
        for one in fields
        if (found := LINK.search(one.value))
    ]
    if not links:
        return None, False
    is_own, is_proven, url = max(links, key=lambda link: link[:2])
    return url, is_own and is_proven


def _standing(account: Account) -> Standing | None:
    if account.suspended:
        return Standing.SUSPENDED
    return Standing.LEFT if account.moved is not None else None


def _is_page(answer: Answer) -> bool:
    """Whether a web site answered: some answer their first page to whatever is asked."""
    return "html" in (answer.headers.get("Content-Type") or "").lower()


def _is_told(answer: Answer) -> bool:
    """Whether a 404 is the API's own word and not a page of a server without that API."""
    try:
        return bool(answer.decode(Problem).error)
    except UnexpectedAnswer:
        return False
