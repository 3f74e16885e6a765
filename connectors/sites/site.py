"""One web site while it is read: which pages are its own, what is still to be read, how to ask."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from connectors.errors import UnexpectedAnswer
from connectors.robots import UNAVAILABLE, robots_of
from connectors.sites.pages import join_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.robots import Robots
    from connectors.web import Answer, WebSession

DEPTH = 5
EARLY_VARIANTS, MOST_VARIANTS = 5, 60
"""Pages of one path that differ in their query: before all other pages are read, and in all.

Calendars have no end, but some sites, WordPress as it is installed among them, name all their pages
so.
"""
MOST_SEGMENTS = 12
NO_PAGES = (
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".gz", ".jpg", ".jpeg",
    ".png", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".mp3", ".mp4", ".mov", ".avi",
    ".webm", ".ics", ".xml", ".json", ".rss", ".woff", ".woff2",
)  # fmt: skip
DOTS = frozenset({".", ".."})
"""Segments that, hidden in percent signs, would lead past robots.txt."""
MOST_FEEDS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
EACH_NIGHT = timedelta(0)
"""What is kept on disk is asked about every night: has it changed?"""


class Visit(NamedTuple):
    """A page or feed to be read, and how many links lie between it and the first page."""

    url: str
    depth: int
    is_feed: bool = False


@dataclass(slots=True)
class Site:
    """One site: where it starts, what robots.txt says, what waits, what was seen."""

    start: str
    robots: Robots
    queue: deque[Visit] = field(default_factory=deque)
    later: deque[Visit] = field(default_factory=deque)
    left_out: int = 0
    seen: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    variants: Counter[str] = field(default_factory=Counter)
    feeds: int = 0

    @property
    def host(self) -> str:
        """The site's host without "www."."""
        return (urlsplit(self.start).hostname or "").removeprefix("www.")

    def is_own(self, url: str) -> bool:
        """Whether a URL is a page of this very site, with or without www; broken ones are not.

        A host beneath it has a robots.txt of its own (RFC 9309, 2.3) and is a site of its own.
        """
        return is_same_site(self.start, url)

    def may_read(self, url: str) -> bool:
        """Whether robots.txt allows a URL."""
        return self.robots.may(url)

    def enter(self, url: str, depth: int, *, is_redirect: bool = False) -> None:
        """Queue a page that is worth reading and that robots.txt allows.

        The same page under http and https, with and without www, is read once; a redirect from one
        to the other is followed.
        """
        parts = urlsplit(url)
        segments = parts.path.split("/")
        place = f"{parts.netloc.lower().removeprefix('www.')}{parts.path or '/'}?{parts.query}"
        if url in self.asked or (place in self.seen and not is_redirect):
            return
        if depth > DEPTH or len(segments) > MOST_SEGMENTS:
            return
        if any(segments.count(one) > 2 or unquote(one) in DOTS for one in segments if one):
            return
        if not parts.path.lower().endswith(NO_PAGES):
            self._queue(Visit(url, depth), place)

    def enter_feed(self, url: str, depth: int) -> None:
        """Queue a feed, of which a site may have one a page: few say more than the first."""
        if url not in self.seen and self.feeds < MOST_FEEDS:
            self.feeds += 1
            self._queue(Visit(url, depth, is_feed=True), url)

    def _queue(self, visit: Visit, place: str) -> None:
        self.seen.add(place)
        path = place.partition("?")[0].partition(";")[0]
        self.variants[path] += 1
        is_early, has_session = self.variants[path] <= EARLY_VARIANTS, ";" in place
        if not self.may_read(visit.url) or (has_session and not is_early):
            return
        if self.variants[path] > MOST_VARIANTS:
            self.left_out += 1
            return
        (self.queue if is_early else self.later).append(visit)
        self.asked.add(visit.url)

    def take(self) -> Visit | None:
        """Return what is to be read next, None at the end."""
        waiting = self.queue or self.later
        return waiting.popleft() if waiting else None

    @property
    def unread(self) -> int:
        """How many pages are not read: those that wait and those that are too many of a path."""
        return len(self.queue) + len(self.later) + self.left_out

    def leave(self) -> None:
        """Read no more."""
        self.queue.clear()
        self.later.clear()
        self.left_out = 0


def is_same_site(start: str, url: str) -> bool:
    """Whether two URLs are of one host and port, with or without www, over http or https."""
    try:
        ours, parts = urlsplit(start), urlsplit(url)
    except ValueError:
        return False
    same = ours.netloc.lower().removeprefix("www.") == parts.netloc.lower().removeprefix("www.")
    return same and parts.scheme in {"http", "https"}


def redirect_of(answer: Answer) -> str | None:
    """Return where an answer leads on to, None where it does not."""
    place = answer.headers.get("Location") if answer.status in REDIRECTS else None
    if not place:
        return None
    return join_url(answer.url, place.encode("latin-1", "replace").decode("utf-8", "replace"))


def ask(
    web: WebSession, url: str, may_ask: Callable[[str], bool], lifetime: timedelta | None = None
) -> Answer:
    """Return the answer to a GET after redirects to what may be asked; no other is followed.

    Raises as ``WebSession.get`` does, UnexpectedAnswer also where redirects do not end.
    """
    for _ in range(MOST_REDIRECTS + 1):
        answer = web.get(url, accept={200, *REDIRECTS, *UNAVAILABLE}, lifetime=lifetime)
        target = redirect_of(answer)
        is_weaker = url.startswith("https:") and not (target or "").startswith("https:")
        if target is None or is_weaker or not may_ask(target):
            return answer
        url = target
    problem = f"redirected more than {MOST_REDIRECTS} times"
    raise UnexpectedAnswer(answer.source, problem, "Look at the site's redirects in a browser")


def read_robots(web: WebSession, start: str) -> Robots:
    """Return what a site's robots.txt allows.

    UnexpectedAnswer where it leads to another host, which is not asked.
    """
    answer = ask(
        web, urljoin(start, "/robots.txt"), lambda url: is_same_site(start, url), EACH_NIGHT
    )
    if answer.status in REDIRECTS:
        problem = "its robots.txt leads to another host"
        raise UnexpectedAnswer(answer.source, problem, "Name that host among the websites instead")
    return robots_of(answer)
