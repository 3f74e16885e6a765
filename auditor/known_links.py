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
    """Return what was known after the last night of the whole district."""
    kept = msgspec.json.decode(store.read_meta(KEY) or "{}", type=Kept)
    return LinkBacks(
        {source: tuple(_link(source, row) for row in rows) for source, rows in kept.links.items()},
        {
            source: {AccountKey(platform, account): back for platform, account, back in rows}
            for source, rows in kept.returned.items()
        },
    )


def remember_links(store: Store, known: LinkBacks) -> None:
    """Keep what is known for the nights to come."""
    kept = Kept(
        {source: [_row(link) for link in links] for source, links in known.links.items()},
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
