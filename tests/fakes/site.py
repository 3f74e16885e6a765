"""A static web site of a district on loopback, with everything a crawl may meet."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from connectors.records import AccountKey
from connectors.sites.district_sites import DistrictSites
from tests.builders import an_access
from tests.fakes.web_server import LOOPBACK, Asked, Reply, WebServer

HTML = "text/html; charset=utf-8"
HOME = """<!doctype html><title>Maple Fork</title>
<a href="https://www.facebook.com/MapleForkSchools/">Facebook</a>
<a href="https://www.facebook.com/sharer/sharer.php?u=x">Share</a>
<a href="https://plus.google.com/+MapleFork" rel="me">Google+</a>
<a href="javascript:alert(1)">x</a> <a href="mailto:a@b.example">mail</a>
<a href="http://[broken">y</a> <a href="/about">About</a> <a href="/private/x">no</a>
<a href="/calendar?date=1">Next</a> <a href="/film.mp4">Film</a>
<a href="http://elsewhere.example/">Elsewhere</a> <a href="/hidden">Hidden</a>
<script type="application/ld+json">{"@type": "School", "sameAs": ["https://x.com/maplefork"]}</script>
"""


class Site(WebServer):
    """What is not in ``pages`` is not there; whole pages have an ETag and answer 304."""

    def __init__(self) -> None:
        super().__init__(self.page)
        self.pages: dict[str, str | Reply] = {
            "/": HOME,
            "/robots.txt": Reply(body=b"User-agent: *\nDisallow: /private\nCrawl-delay: 3\n"),
            "/about": '<a href="https://www.instagram.com/maplefork">i</a><a href="/">home</a>',
            "/hidden": '<meta name="robots" content="noindex"><a href="https://x.com/secret1">x</a>',
        }
        self.unchanged = 0

    def page(self, asked: Asked) -> Reply:
        found = self.pages.get(asked.target) or self.pages.get(asked.path)
        if found is None:
            return Reply(404, {"Content-Type": "text/html"}, b"no")
        if isinstance(found, str):
            found = Reply(200, {"Content-Type": HTML}, found.encode())
        if found.status != 200 or not isinstance(found.body, bytes):
            return found
        etag = f'"{hashlib.sha256(found.body).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            self.unchanged += 1
            return Reply(304, {"ETag": etag})
        return replace(found, headers={"ETag": etag, **found.headers})

    @property
    def targets(self) -> list[str]:
        """What was asked, in order, with queries."""
        return [asked.target for asked in self.asked]


def source(*sites: Site, access: dict[str, Any] | None = None, **options: Any) -> DistrictSites:
    """Build the connector for these sites and no e-mail domain; ``access`` adds to it."""
    given = {"websites": [f"{site.url}/" for site in sites], "most_pages": 300}
    changes = {"web": LOOPBACK, "domains": ()} | (access or {})
    return DistrictSites(an_access(given | options, **changes))


def accounts(*sites: Site, **options: Any) -> set[AccountKey]:
    """Return the accounts that a crawl finds."""
    return {link.account for link in source(*sites, **options).fetch().links}
