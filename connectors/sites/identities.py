"""What a host of the district says in the places protocols keep for accounts.

``/.well-known/atproto-did`` (https://atproto.com/specs/handle), NodeInfo
(https://nodeinfo.diaspora.software/protocol) and WebFinger (RFC 7033); reviewed 2026-11-22.
A redirect is followed to another host of the district, where one may run its server of the
fediverse, as far as that host's own robots.txt allows, and to no other.  What is not there, or not
in form, says nothing: no host need have any of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from connectors.errors import AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer
from connectors.fediverse import NODEINFO, Links, Software
from connectors.own_sites import host_of, is_within, own_hosts
from connectors.sites.pages import join_url
from connectors.sites.site import ask, is_same_site, read_robots, redirect_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.robots import Robots
    from connectors.sites.link_list import LinkList
    from connectors.source import Access
    from connectors.web import Answer, WebSession

T = TypeVar("T")

MOST_HANDLES = 10
WELL_KNOWN = "/.well-known/"
GONE = frozenset({404, 410})
PLATFORM = "mastodon"
ABOUT_ACCOUNT = frozenset({"self", "me", "http://webfinger.net/rel/profile-page"})
NAME, VERSION = re.compile(r"[a-z0-9-]{1,40}"), re.compile(r"[\w.+-]{1,40}", re.ASCII)


class Users(msgspec.Struct):
    """How many accounts there are."""

    total: int | None = None


class Usage(msgspec.Struct):
    """What is read of a server's figures."""

    users: Users


class NodeInfo(msgspec.Struct):
    """What is read of NodeInfo 2.0 and 2.1; all of it is required there."""

    software: Software
    openRegistrations: bool  # noqa: N815 - the schema's spelling
    usage: Usage


class AccountLink(msgspec.Struct):
    """A link of a descriptor; a template has no ``href``."""

    rel: str
    href: str | None = None


class Descriptor(msgspec.Struct):
    """What is read of a JRD (RFC 7033, 4.4)."""

    subject: str = ""
    aliases: list[str] = []
    links: list[AccountLink] = []


def ask_host(
    access: Access,
    web: WebSession,
    base: str,
    links: LinkList,
    allows: Callable[[str], bool],
) -> list[str]:
    """Ask the host at ``base`` for its accounts; returns remarks for the coverage page.

    ``allows`` is the host's robots.txt.  A place that is silent is noted in ``links.unanswered``.
    Raises RateLimited.
    """
    asking = _Asking(access, web, base, links, allows)
    asking.read_did()
    silent = len(links.unanswered)
    remarks = asking.read_node()
    is_told = len(links.unanswered) == silent
    asking.read_handles(is_server=bool(remarks), is_told=is_told)
    return remarks


class _Asking:
    def __init__(
        self,
        access: Access,
        web: WebSession,
        base: str,
        links: LinkList,
        allows: Callable[[str], bool],
    ) -> None:
        self._access, self._web, self._links, self._allows = access, web, links, allows
        self._base = base
        self._name = urlsplit(base).netloc.lower().removeprefix("www.")
        sites = map(str, access.options.get("websites") or ())
        self._own = own_hosts(access.domains, (*sites, *access.questions.websites, base))
        self._robots: dict[str, Robots | None] = {}

    def read_did(self) -> None:
        """Note the Bluesky account whose handle is the host's own name."""
        place = self._place("atproto-did")
        answer = self._get(place)
        if answer is not None and answer.body.startswith(b"did:"):
            did = answer.text().strip()[:200]
            self._links.add(place, f"https://bsky.app/profile/{did}")

    def read_node(self) -> list[str]:
        """Say whether the host is a server of the fediverse itself, with how many accounts."""
        found = _decoded(self._get(self._place("nodeinfo")), Links)
        places = [(one.rel, one.href) for one in found.links] if found else []
        newest = max((one for one in places if one[0].startswith(NODEINFO)), default=None)
        place = join_url(self._base, newest[1]) if newest else None
        node = _decoded(self._get(place), NodeInfo) if place else None
        return [_describe(self._name, node)] if node else []

    def read_handles(self, *, is_server: bool, is_told: bool) -> None:
        """Ask by WebFinger for known accounts here, then for names an account of ours may have.

        A host that is no server of the fediverse may still answer for one handle, whoever asks: a
        file at the well-known place.  So it is asked once; where it is not ``is_told`` what the
        host is, the rest is unanswered.  A link is known by the place that was asked: where that
        leads on to may change.
        """
        known, likely = self._known_here(), self._likely()
        wanted = dict.fromkeys([*known, *likely])
        most = MOST_HANDLES if is_server else max(len(known), 1)
        places = [self._place(f"webfinger?{self._resource(handle)}") for handle in wanted]
        for place in places[:most]:
            found = _decoded(self._get(place), Descriptor)
            for account in _places(found) if found is not None else ():
                self._links.add(place, account)
        self._links.unanswered += places[most : len(known)] if is_told else places[most:]

    def _known_here(self) -> list[str]:
        accounts = (
            one.key.account.rpartition("@")
            for one in self._access.questions.accounts
            if one.key.platform == PLATFORM
        )
        return [user for user, _, server in accounts if user and server == self._name]

    def _likely(self) -> tuple[str, ...]:
        return tuple(self._access.questions.handles.get(PLATFORM, ()))

    def _place(self, name: str) -> str:
        return join_url(self._base, f"{WELL_KNOWN}{name}") or ""

    def _resource(self, handle: str) -> str:
        return urlencode({"resource": f"acct:{handle}@{self._name}"})

    def _get(self, url: str) -> Answer | None:
        """Return the answer with status 200, None for any other and for none.

        Only a clean answer says that nothing is there: any other makes the place unanswered.
        """
        try:
            answer = ask(self._web, url, self._may_ask) if self._may_ask(url) else None
        except (AccessRefused, SourceUnavailable, UnexpectedAnswer):
            self._links.unanswered.append(url)
            return None
        if answer is not None and self._is_withheld(answer):
            self._links.unanswered.append(url)
        return answer if answer is not None and answer.status == 200 else None

    def _is_withheld(self, answer: Answer) -> bool:
        """Whether an answer leaves open what is there: refused, or beyond a silent robots.txt."""
        target = redirect_of(answer)
        if target is not None and is_within(host_of(target), self._own):
            start = _start_of(target)
            return start in self._robots and self._robots[start] is None
        return target is None and answer.status not in {200, *GONE}

    def _may_ask(self, url: str) -> bool:
        if not is_within(host_of(url), self._own):
            return False
        if is_same_site(self._base, url):
            return self._allows(url)
        robots = self._robots_of(url)
        return robots is not None and robots.may(url)

    def _robots_of(self, url: str) -> Robots | None:
        """Return what another host of the district allows; None where its robots.txt is silent."""
        start = _start_of(url)
        if start not in self._robots:
            try:
                self._robots[start] = read_robots(self._web, start)
            except (AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer):
                self._robots[start] = None
        return self._robots[start]


def _start_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _decoded(answer: Answer | None, kind: type[T]) -> T | None:
    try:
        return answer.decode(kind) if answer is not None else None
    except UnexpectedAnswer:
        return None


def _places(found: Descriptor) -> Iterator[str]:
    yield from (found.subject, *found.aliases)
    for link in found.links:
        if link.rel in ABOUT_ACCOUNT and link.href:
            yield link.href


def _describe(host: str, node: NodeInfo) -> str:
    software, total = node.software, node.usage.users.total
    name = software.name if NAME.fullmatch(software.name) else "unknown software"
    version = f" {software.version}" if VERSION.fullmatch(software.version) else ""
    many = f" It has {total:,} accounts." if total is not None and total >= 0 else ""
    openness = " Anybody may open an account there." if node.openRegistrations else ""
    return (
        f"{host} is itself a server of the fediverse ({name}{version}): every account on it bears"
        f" the district's name.{many}{openness}"
    )
