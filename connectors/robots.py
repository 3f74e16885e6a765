"""What a site's robots.txt allows our own user agent (RFC 9309)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from connectors.web import PRODUCT

if TYPE_CHECKING:
    from protego import Protego

    from connectors.web import Answer, WebSession

LONGEST_DELAY = 10.0
UNAVAILABLE = frozenset({*range(400, 500)} - {429})
"""Answers that say there is nothing to be had here (RFC 9309, 2.3.1.3)."""


class Robots:
    """The rules of one site, and the seconds between two calls: one, or more where it says so."""

    def __init__(self, rules: Protego) -> None:
        self._rules = rules
        self.delay = min(max(rules.crawl_delay(PRODUCT) or 1.0, 1.0), LONGEST_DELAY)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps it names."""
        return list(self._rules.sitemaps)

    def may(self, url: str) -> bool:
        """Whether a URL of the site may be read."""
        return bool(self._rules.can_fetch(url, PRODUCT))


def robots_of(answer: Answer) -> Robots:
    """Return what a robots.txt says: any status but 200 allows everything (RFC 9309, 2.3.1.3)."""
    from protego import Protego

    return Robots(Protego.parse(answer.text() if answer.status == 200 else ""))


def read_robots(web: WebSession, site: str) -> Robots:
    """Read a site's robots.txt.

    Raises RateLimited, SourceUnavailable or UnexpectedAnswer where it cannot be read.
    """
    return robots_of(web.get(urljoin(site, "robots.txt"), accept={200, *UNAVAILABLE}))
