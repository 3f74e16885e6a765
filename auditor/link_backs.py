"""Do the accounts that the district's own pages link to link back to the district?

A link back is what an account shows of itself: its web site, or a web address in its text, at a
place of the district's own, or a handle that is a name of the district's domains where the platform
has such a handle proven.  Both together are hard to forge: a stranger can name the district's site,
but not be linked from it.

A source that fails changes neither: a link is gone when its site, read in full, has it no more; a
link back when the source that told of it has read the account again.  Nor does a place beside the
site, such as a name server, that is silent while the site answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from auditor.outcomes import USED
from auditor.snapshot import account_keys
from connectors.own_sites import is_own_page, is_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from auditor.collect import Collected
    from connectors.records import AccountKey, Profile, SiteLink

PROVEN_HANDLES = frozenset({"bluesky", "mastodon"})
"""Platforms on which nobody has a handle at a domain without its owner's doing."""
URL = re.compile(r"https?://[^\s<>\"'()]{4,300}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkBacks:
    """The district's links by the source of its pages, and what is known of the accounts' own.

    ``returned``: by source of profiles, whether each account, as that source last read it, links
    back (True) or names other places only (False); an account that shows no web site is not there.
    ``notes``: what the night's report says of all this.
    """

    links: Mapping[str, tuple[SiteLink, ...]] = field(default_factory=dict)
    returned: Mapping[str, Mapping[AccountKey, bool]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def tell(self) -> tuple[SiteLink, ...]:
        """Return the links with ``mutual`` filled in: True where any source says so.

        A link that its page does not vouch for is nobody's word and stays None.
        """
        shown: dict[AccountKey, bool] = {}
        for told in self.returned.values():
            for account, is_returned in told.items():
                shown[account] = shown.get(account, False) or is_returned
        return tuple(
            replace(link, mutual=shown.get(link.account)) if link.endorsed else link
            for links in self.links.values()
            for link in links
        )


def follow_links(
    before: LinkBacks,
    collected: Sequence[Collected],
    places: Collection[str],
    asked: Collection[str] = (),
    *,
    is_whole: bool = True,
) -> LinkBacks:
    """Return what is known after tonight, ``before`` it from the nights that were.

    ``places`` are the district's own, as ``own_places`` gives them.  What a source does not say
    tonight it has taken back only if it answered in full, and, where it is one of those ``asked``
    about some accounts, looked at just that one.  A night for one school (``is_whole`` false) asks
    the sites for fewer names, so it takes no link away.
    """
    links = {
        one.reading.source: kept
        for one in collected
        if (kept := _links(one, before.links.get(one.reading.source, ()), is_whole))
    }
    every = [link for kept in links.values() for link in kept]
    wanted = frozenset(link.account for link in every if link.endorsed)
    returned = {
        one.reading.source: told
        for one in collected
        if (told := _returned(one, before, wanted, places, one.reading.source in asked))
    }
    return LinkBacks(links, returned, before.notes)


def links_back(profile: Profile, places: Collection[str]) -> bool | None:
    """Whether an account shows a link to one of these places; None where it shows no web site."""
    shown = [_with_scheme(profile.website)] if profile.website else []
    named: list[str] = []
    if profile.platform in PROVEN_HANDLES:
        names = [text.rpartition("@")[2] for text in (profile.handle or "", profile.account_id)]
        named = [name.casefold() for name in names if "." in name]
    shown += [url.rstrip(".,;:!?") for url in URL.findall(profile.bio or "")]
    if any(is_within(name, places) for name in named) or any(
        is_own_page(url, places) for url in shown
    ):
        return True
    return False if profile.website else None


def _links(one: Collected, before: tuple[SiteLink, ...], is_whole: bool) -> tuple[SiteLink, ...]:
    """Return the links of a site: tonight's, and those that only an answer in full takes away."""
    tonight = one.harvest.links if one.reading.state in USED else ()
    if one.reading.is_complete and is_whole:
        before = tuple(link for link in before if link.page.startswith(one.harvest.unanswered))
    seen = {(link.page, link.account) for link in tonight}
    return (*tonight, *(link for link in before if (link.page, link.account) not in seen))


def _returned(
    one: Collected,
    before: LinkBacks,
    wanted: frozenset[AccountKey],
    places: Collection[str],
    is_asked: bool,
) -> dict[AccountKey, bool]:
    """Return which of the accounts wanted link back, as this source last read them."""
    reading, harvest = one.reading, one.harvest
    known = before.returned.get(reading.source, {})
    if reading.state not in USED:
        return {account: back for account, back in known.items() if account in wanted}
    tonight = _read_tonight(harvest.profiles, wanted, places)
    gone = set(harvest.not_found) if is_asked else wanted
    settled = {*tonight, *(gone if reading.is_complete else ())}
    kept = {key: back for key, back in known.items() if key in wanted and key not in settled}
    return kept | {key: back for key, back in tonight.items() if back is not None}


def _read_tonight(
    profiles: Iterable[Profile], wanted: frozenset[AccountKey], places: Collection[str]
) -> dict[AccountKey, bool | None]:
    """Return what the accounts that were really read show; one row's link back is enough."""
    found: dict[AccountKey, bool | None] = {}
    for profile in profiles:
        for key in wanted.intersection(account_keys(profile)):
            back = links_back(profile, places)
            if back is None and not _is_read(profile):
                continue
            found[key] = back or (back if found.get(key) is None else found[key])
    return found


def _is_read(profile: Profile) -> bool:
    """Whether more is told of an account than that it is there."""
    shown = (profile.display_name, profile.bio, profile.website, profile.created_on)
    return any(one is not None for one in (*shown, profile.followers))


def _with_scheme(website: str) -> str:
    return website if "://" in website else f"https://{website}"
