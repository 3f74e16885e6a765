"""Which sites are social: a catalogue of sites with accounts, by domain and by the name of an app.

A site is recognised by its whole domain or one above it, an app by its exact name or the domain of
its home page; never by a part of a word.  What the catalogue does not hold is not known, which is
not the same as not social.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from connectors.platform_table import platform_named
from connectors.platforms import platforms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOCIAL = frozenset(
    ("social", "forum", "discussion", "blog", "photo", "networking", "dating", "geosocial", "links")
)
WORK = frozenset(
    ("education", "coding", "business", "professional", "apps", "documents", "design", "research")
)
WORK_PLATFORMS = frozenset(("github", "gitlab", "linkedin", "vimeo", "wordpress", "youtube"))
FRONTS = ("www.", "open.", "m.")
LONGEST_DOMAIN = 253


@dataclass(frozen=True, slots=True)
class Site:
    """A site with accounts; ``key`` is the platform's key, or the site's domain.

    ``may_be_work_tool`` marks sites that teach, host code or present a business: an account there
    is often part of the job.
    """

    key: str
    name: str
    is_social: bool
    may_be_work_tool: bool


def site_of_domain(domain: str) -> str | None:
    """Return the key of the social site at a domain; None when it is none or not known."""
    site = _find(domain)
    return site.key if site is not None and site.is_social else None


def identify_app(
    client_id: str | None,
    name: str,
    home_domains: Iterable[str] = (),
    known: Mapping[str, str] | None = None,
) -> Site | None:
    """Return the site an app belongs to; None when it cannot be placed.

    ``known`` maps client ids to domains, from the district's settings: they lead.  Then comes the
    exact name, whatever its case and spaces, then the domain of the app's home page.
    """
    if client_id and known and client_id in known:
        return _find(known[client_id])
    platform = platform_named(name)
    if platform is not None:
        return Site(platform.key, platform.title, True, platform.key in WORK_PLATFORMS)
    named = _names().get(_fold(name))
    return named or next((site for one in home_domains if (site := _find(one))), None)


def _find(domain: str) -> Site | None:
    """Look a domain up, then the one above it, down to two labels."""
    host = domain.strip().strip(".").lower()
    if len(host) > LONGEST_DOMAIN:
        return None
    labels = host.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((site for one in above if (site := _domains().get(one))), None)


@cache
def _domains() -> dict[str, Site]:
    found: dict[str, Site] = {}
    titles = platforms()
    for one in titles.values():
        for host in one.hosts:
            found[host] = Site(one.key, one.title, True, one.key in WORK_PLATFORMS)
    for row in _rows("platform_domains.csv"):
        key = row["platform"]
        title = titles[key].title if key in titles else key.capitalize()
        found.setdefault(row["domain"], Site(key, title, True, key in WORK_PLATFORMS))
    for row in _rows("site_catalogue.csv"):
        domain, tags = row["domain"], frozenset(row["tags"].split())
        for front in FRONTS:
            domain = domain.removeprefix(front)
        known = found.get(domain)
        site = Site(domain, row["name"], bool(tags & SOCIAL), bool(tags & WORK))
        found.setdefault(domain, site)
        if known is None and (key := _fold(row["name"])) in titles:
            found[domain] = Site(key, titles[key].title, True, key in WORK_PLATFORMS)
    return found


@cache
def _names() -> dict[str, Site]:
    """Sites by folded name; a name that two sites bear names neither."""
    found: dict[str, Site | None] = {}
    for site in _domains().values():
        folded = _fold(site.name)
        other = found.setdefault(folded, site)
        if other is not None and other.key != site.key:
            found[folded] = None
    for row in _rows("site_catalogue.csv"):
        listed, folded = _domains().get(row["domain"]), _fold(row["name"])
        if listed is not None and folded:
            found.setdefault(folded, listed)
    return {name: site for name, site in found.items() if site is not None}


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("connectors").joinpath("data", name).read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


def _fold(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
