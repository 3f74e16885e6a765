"""Which web addresses are the district's own: at its sites, its domains, or beneath them.

A site may be a path on a host that others share, such as https://sites.google.com/view/NAME; then
its neighbours are not the district's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FIRST_PAGES = frozenset({"home", "index"})


def host_of(url: str | None) -> str:
    """Return the host of a web address without "www.", empty for anything else."""
    try:
        parts = urlsplit(url or "")
        host = (parts.hostname or "") if parts.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
    return host.rstrip(".").removeprefix("www.")


def own_hosts(domains: Iterable[str], websites: Iterable[str]) -> frozenset[str]:
    """Return the hosts of the district's domains and sites; a site may lack its scheme."""
    sites = (host_of(site if "://" in site else f"https://{site}") for site in websites)
    return frozenset({*domains, *sites} - {""})


def own_places(domains: Iterable[str], websites: Iterable[str]) -> frozenset[str]:
    """Return the district's places on the web: a host of its own, or a host and a path ("h/path").

    A host is its own at an e-mail domain, or where a site is named without a path.
    """
    hosts: set[str] = set(domains)
    paths: set[str] = set()
    for site in websites:
        url = site if "://" in site else f"https://{site}"
        host, segments = host_of(url), _segments(url)
        if segments and (segments[-1].lower() in FIRST_PAGES or "." in segments[-1]):
            segments = segments[:-1]
        if host and segments:
            paths.add("/".join((host, *segments)))
        elif host:
            hosts.add(host)
    by_host = {place: place.partition("/")[0] for place in paths}
    own = {host if is_within(host, hosts) else place for place, host in by_host.items()}
    return frozenset(hosts | own)


def is_own_page(url: str | None, places: Collection[str]) -> bool:
    """Whether a web address is at one of these places, or beneath one."""
    host, segments = host_of(url), _segments(url)
    if is_within(host, places):
        return True
    parents = {"/".join((host, *segments[: end + 1])) for end in range(len(segments))}
    return bool(host) and not parents.isdisjoint(places)


def is_within(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is one of these or beneath one; an empty one is not."""
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _segments(url: str | None) -> list[str]:
    """Return the segments of an address's path; none where a browser would read another path."""
    try:
        segments = [unquote(one) for one in urlsplit(url or "").path.strip("/").split("/") if one]
    except ValueError:
        return []
    is_plain = all(one not in {".", ".."} and not set(one) & set("/\\") for one in segments)
    return segments if is_plain else []
