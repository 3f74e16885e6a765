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
from connectors.sites.site import ask, is_same_site, read_robots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.robots import Robots
    from connectors.sites.link_list import LinkList
    from connectors.source import Access
    from connectors.web import Answer, WebSession

T = TypeVar("T")

MOST_HANDLES = 10
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

    ``allows`` is the host's robots.txt.  Raises RateLimited.
    """
    asking = _Asking(access, web, base, links, allows)
    asking.read_did()
    remarks = asking.read_node()
    asking.read_handles(is_server=bool(remarks))
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
        answer = self._get("/.well-known/atproto-did")
        if answer is not None and answer.body.startswith(b"did:"):
            did = answer.text().strip()[:200]
            self._links.add(answer.url, f"https://bsky.app/profile/{did}")

    def read_node(self) -> list[str]:
        """Say whether the host is a server of the fediverse itself, with how many accounts."""
        found = _decoded(self._get("/.well-known/nodeinfo"), Links)
        places = [(one.rel, one.href) for one in found.links] if found else []
        newest = max((one for one in places if one[0].startswith(NODEINFO)), default=None)
        node = _decoded(self._get(newest[1]), NodeInfo) if newest else None
        return [_describe(self._name, node)] if node else []

    def read_handles(self, *, is_server: bool) -> None:
        """Ask by WebFinger for known accounts here, then for names an account of ours may have.

        A host that is no server of the fediverse may still answer for one handle, whoever asks: a
        file at the well-known place.  So it is asked once.
        """
        known, likely = self._known_here(), self._likely()
        wanted = dict.fromkeys([*known, *likely])
        most = MOST_HANDLES if is_server else max(len(known), 1)
        for handle in list(wanted)[:most]:
            resource = urlencode({"resource": f"acct:{handle}@{self._name}"})
            answer = self._get(f"/.well-known/webfinger?{resource}")
            found = _decoded(answer, Descriptor)
            if answer is not None and found is not None:
                for place in _places(found):
                    self._links.add(answer.url, place)

    def _known_here(self) -> list[str]:
        accounts = (
            one.key.account.rpartition("@")
            for one in self._access.questions.accounts
            if one.key.platform == PLATFORM
        )
        return [user for user, _, server in accounts if user and server == self._name]

    def _likely(self) -> tuple[str, ...]:
        return tuple(self._access.questions.handles.get(PLATFORM, ()))

    def _get(self, place: str) -> Answer | None:
        """Return the answer with status 200, None for any other and for none."""
        url = join_url(self._base, place)
        if url is None or not self._may_ask(url):
            return None
        try:
            answer = ask(self._web, url, self._may_ask)
        except (AccessRefused, SourceUnavailable, UnexpectedAnswer):
            return None
        return answer if answer.status == 200 else None

    def _may_ask(self, url: str) -> bool:
        if not is_within(host_of(url), self._own):
            return False
        if is_same_site(self._base, url):
            return self._allows(url)
        robots = self._robots_of(url)
        return robots is not None and robots.may(url)

    def _robots_of(self, url: str) -> Robots | None:
        """Return what another host of the district allows; None where its robots.txt is silent."""
        parts = urlsplit(url)
        start = f"{parts.scheme}://{parts.netloc}/"
        if start not in self._robots:
            try:
                self._robots[start] = read_robots(self._web, start)
            except (AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer):
                self._robots[start] = None
        return self._robots[start]


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
