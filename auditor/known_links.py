"""What is known of the district's links and of those back, kept from night to night."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING

import msgspec

from auditor.link_backs import LinkBacks
from connectors.records import AccountKey, SiteLink

if TYPE_CHECKING:
    from auditor.store import Store

KEY = "site_links"
DAMAGED = (
    "What earlier nights kept of the links from the district's own pages is damaged and was left"
    " out: grades may change tonight where a site or a platform does not answer."
)


class LinkRow(msgspec.Struct, frozen=True, array_like=True):
    """A link as it is kept."""

    page: str
    platform: str
    account: str
    seen_at: datetime | None
    endorsed: bool


class Kept(msgspec.Struct, frozen=True):
    """What is kept, by source; ``returned`` are platform, account and whether it links back."""

    links: dict[str, list[LinkRow]] = {}
    returned: dict[str, list[tuple[str, str, bool]]] = {}


def recall_links(store: Store) -> LinkBacks:
    """Return what was known after the last night of the whole district.

    Nothing, and a note that says so, where what was kept is damaged.  What an older version kept of
    links that nobody vouches for is not taken up.
    """
    try:
        kept = msgspec.json.decode(store.read_meta(KEY) or "{}", type=Kept)
    except (msgspec.DecodeError, RecursionError):
        return LinkBacks(notes=(DAMAGED,))
    return LinkBacks(
        {
            source: links
            for source, rows in kept.links.items()
            if (links := tuple(_link(source, row) for row in rows if row.endorsed))
        },
        {
            source: {AccountKey(platform, account): back for platform, account, back in rows}
            for source, rows in kept.returned.items()
        },
    )


def remember_links(store: Store, known: LinkBacks) -> None:
    """Keep what is known for the nights to come.

    A link that its page does not vouch for is anybody's: it weighs nothing, and whom it leads to is
    nothing to remember.
    """
    kept = Kept(
        {
            source: rows
            for source, links in known.links.items()
            if (rows := [_row(link) for link in links if link.endorsed])
        },
        {
            source: [(*account, back) for account, back in told.items()]
            for source, told in known.returned.items()
        },
    )
    store.write_meta(KEY, msgspec.json.encode(kept).decode())


def _row(link: SiteLink) -> LinkRow:
    return LinkRow(link.page, *link.account, link.seen_at, link.endorsed)


def _link(source: str, row: LinkRow) -> SiteLink:
    account = AccountKey(row.platform, row.account)
    return SiteLink(source, row.page, account, seen_at=row.seen_at, endorsed=row.endorsed)
