"""What links from the district's own pages say of an account, for the rules of item 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.records import SiteLink

MOST_EVIDENCE = 3
MUTUAL = (
    "A page of the district's own links to it and it links back: that is a sign of consent, which"
    " the registry does not know of."
)
ONE_WAY = "A page of the district's own links to it; whether it links back is not known."
UNRETURNED = (
    "A page of the district's own links to it, but it names another web site: the link may be old,"
    " or the account another's by now."
)
UNENDORSED = (
    "A page of the district's own links to it in a way that vouches for nothing (nofollow), as in"
    " readers' comments."
)


def is_mutual(links: Sequence[SiteLink]) -> bool:
    """Whether the district's pages and the account link to each other; unknown is not."""
    return any(link.mutual for link in links)


def link_reasons(links: Sequence[SiteLink]) -> Iterator[str]:
    """Say in a sentence what the district's links to an account are worth."""
    endorsed = [link for link in links if link.endorsed]
    if is_mutual(endorsed):
        yield MUTUAL
    elif any(link.mutual is False for link in endorsed):
        yield UNRETURNED
    elif endorsed:
        yield ONE_WAY
    elif links:
        yield UNENDORSED


def link_evidence(links: Sequence[SiteLink]) -> Iterator[Evidence]:
    """Show the pages that link to an account and vouch for it.

    Readers' links are not kept from night to night: as evidence they would come and go.
    """
    for link in [link for link in links if link.endorsed][:MOST_EVIDENCE]:
        what = "link from a page of the district's own"
        yield Evidence(
            what, link.page[:300], link.account.account[:80], link.source, None, link.seen_at
        )
