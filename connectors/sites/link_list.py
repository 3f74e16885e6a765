"""The links from the district's own places to accounts, each account from a few places only."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.platforms import Refusal, identify
from connectors.records import SiteLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import AccountKey
    from connectors.source import Access

PAGES_AN_ACCOUNT = 3


class LinkList:
    """Gathers links; of an account in every footer three are kept, those vouched for first.

    ``unanswered`` are places that were silent, as ``Harvest`` has them.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self.unanswered: list[str] = []
        self._links: dict[tuple[str, AccountKey], SiteLink] = {}
        self._pages: Counter[tuple[AccountKey, bool]] = Counter()

    def __iter__(self) -> Iterator[SiteLink]:
        return iter(self._links.values())

    def add(self, page: str, link: str, *, is_endorsed: bool = True) -> None:
        """Keep a link, seen at ``page``, if it leads to an account."""
        account = identify(link)
        if isinstance(account, Refusal):
            return
        place = page, account.key
        known = self._links.get(place)
        if known is not None:
            if is_endorsed and not known.endorsed:
                self._links[place] = replace(known, endorsed=True)
            return
        self._pages[account.key, is_endorsed] += 1
        if self._pages[account.key, is_endorsed] <= PAGES_AN_ACCOUNT:
            self._links[place] = SiteLink(
                self._access.source, page, account.key, None, self._access.now, is_endorsed
            )
