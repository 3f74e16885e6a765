"""Which web addresses are the district's own: at its sites, its domains, or beneath them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


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


def is_within(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is one of these or beneath one; an empty one is not."""
    return any(host == one or host.endswith(f".{one}") for one in hosts)
