"""Do the accounts that the district's own pages link to link back to the district?

A link back is what an account shows of itself tonight: its web site, a web address in its text, or
a handle that is a name of the district's domains where the platform has such a handle proven.  Both
together are hard to forge: a stranger can name the district's site, but not be linked from it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.snapshot import account_keys
from connectors.own_sites import host_of, is_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from connectors.records import AccountKey, Profile, SiteLink

PROVEN_HANDLES = frozenset({"bluesky", "mastodon"})
"""Platforms on which nobody has a handle at a domain without its owner's doing."""
URL = re.compile(r"https?://[^\s<>\"'()]{4,300}", re.IGNORECASE)


def tell_mutual(
    links: Iterable[SiteLink], profiles: Iterable[Profile], hosts: Collection[str]
) -> tuple[SiteLink, ...]:
    """Return the links with ``mutual`` filled in from tonight's profiles.

    ``hosts`` are the district's sites and domains, with those of the linking pages.  True where the
    account links back, False where it was read and names other places only, None where it was not
    read or shows no web site at all.
    A link that its page does not vouch for is nobody's word and stays None.
    """
    found = list(links)
    own = {*hosts, *(host_of(link.page) for link in found)} - {""}
    wanted = {link.account for link in found if link.endorsed}
    shown: dict[AccountKey, bool | None] = {}
    for profile in profiles:
        for key in wanted.intersection(account_keys(profile)):
            shown[key] = links_back(profile, own)
    return tuple(
        replace(link, mutual=shown.get(link.account)) if link.endorsed else link for link in found
    )


def links_back(profile: Profile, hosts: Collection[str]) -> bool | None:
    """Whether an account shows a link to one of these hosts; None where it shows no web site."""
    named = [host_of(_with_scheme(profile.website))] if profile.website else []
    named += [host_of(url) for url in URL.findall(profile.bio or "")]
    if profile.platform in PROVEN_HANDLES:
        names = [text.rpartition("@")[2] for text in (profile.handle or "", profile.account_id)]
        named += [name.casefold() for name in names if "." in name]
    if any(is_within(host, hosts) for host in named):
        return True
    return False if profile.website else None


def _with_scheme(website: str) -> str:
    return website if "://" in website else f"https://{website}"
