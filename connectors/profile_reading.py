"""One night's reading of a platform: whose turn it is, what was found, what is told."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from datetime import date  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING, TypeVar

import msgspec

from connectors.own_sites import is_own_page, own_places
from connectors.platforms import Refusal, account_of
from connectors.records import Harvest, Profile
from connectors.rotation import REST, take_turn
from connectors.staff_addresses import StaffAddresses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from connectors.platforms import Account
    from connectors.records import AccountKey, KnownAccount
    from connectors.rotation import Turn
    from connectors.source import Access

R = TypeVar("R")

BOOKMARK_VERSION = 2
FOREIGN = "accounts that show an address of the district which the directory does not have"
DISTRUSTED = (
    "A search for a name that nobody bears found something: the searches of tonight are not"
    " trusted and nothing of them was kept."
)


class Bookmark(msgspec.Struct, frozen=True):
    """The day of each item's last turn, by its digest, for each kind of question."""

    version: int
    turns: dict[str, dict[str, date]]


class ProfileReading:
    """Gathers the profiles of one platform, each account once, the first to come.

    ``dropped``, ``notes``, ``gaps`` become those of the harvest; ``staff`` are the directory's
    addresses.
    """

    def __init__(self, access: Access, platform: str) -> None:
        self.access, self.platform = access, platform
        self.staff = StaffAddresses(access.questions.addresses, access.domains)
        self.dropped: Counter[str] = Counter()
        self.notes: list[str] = []
        self.gaps: list[str] = []
        self._profiles: dict[AccountKey, Profile] = {}
        self._not_found: dict[AccountKey, None] = {}
        self._left_out: set[tuple[str, str]] = set()
        self._before = _turns(access.bookmark)
        self._tonight: dict[str, Turn] = {}
        self._digests: dict[str, tuple[str, ...]] = {}
        self._did: dict[str, str] = {}

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """The known accounts of this platform, to be looked at again."""
        asked = self.access.questions.accounts
        return tuple(one for one in asked if one.key.platform == self.platform)

    @property
    def handles(self) -> tuple[str, ...]:
        """The names an account of ours might go by here."""
        return tuple(self.access.questions.handles.get(self.platform, ()))

    def profile(self, handle: str | None, native_id: str | None) -> Profile | None:
        """Begin a profile with its canonical identity; None, and counted, where it has none."""
        account = account_of(self.platform, handle, native_id)
        if isinstance(account, Refusal):
            self.dropped[f"accounts with {account.reason}"] += 1
            return None
        return self.begin(account)

    def begin(self, account: Account) -> Profile:
        """Begin the profile of an account: its identity, and nothing else yet."""
        return Profile(
            source=self.access.source,
            platform=account.platform,
            url=account.url,
            handle=account.handle,
            native_id=account.native_id,
            kind=account.kind,
            seen_at=self.access.now,
            account_id=account.id,
        )

    def add(self, profile: Profile | None) -> bool:
        """Keep a profile unless it has been; say whether there is one."""
        if profile is not None:
            self._profiles.setdefault(profile.key, profile)
        return profile is not None

    def has(self, key: AccountKey) -> bool:
        """Whether this account was found already."""
        return key in self._profiles

    def lose(self, known: KnownAccount) -> None:
        """Note that the platform cleanly said: there is no such account."""
        self._not_found[known.key] = None

    def leave_out(self, reason: str, account: str) -> None:
        """Count an account that is not kept, once however often it is met; by id or full name."""
        if (reason, account) not in self._left_out:
            self._left_out.add((reason, account))
            self.dropped[reason] += 1

    def take(
        self, kind: str, items: Sequence[str], most: int, did: str = "were searched for"
    ) -> tuple[str, ...]:
        """Return whose turn it is tonight, and remember it; ``did`` ends the sentence told."""
        if not items or most < 1:
            return ()
        digests = {item: _digest(item) for item in items}
        before = self._before.get(kind, {})
        last = {item: before[key] for item, key in digests.items() if key in before}
        rest = 0 if self.access.questions.asks_anew else REST
        turn = take_turn(items, last, most, self.access.now.date(), rest)
        self._tonight[kind] = turn
        self._digests[kind] = tuple(digests.values())
        self._did[kind] = did
        return turn.taken

    def put_back(self, kind: str, items: Collection[str]) -> None:
        """Note that these did not have their turn after all; the next night asks them first."""
        if turn := self._tonight.get(kind):
            kept = tuple(item for item in turn.taken if item not in items)
            self._tonight[kind] = replace(turn, taken=kept)

    def search(
        self, most: int, ask: Callable[[str], Sequence[R]], read: Callable[[R], Profile | None]
    ) -> None:
        """Search for tonight's names, after the control; distrusted searches are not made.

        ``ask`` gives the rows a search found, ``read`` the profile of a row, None to leave it.
        """
        for name in self.names(most, lambda name: bool(ask(name))):
            for row in ask(name):
                self.add(read(row))

    def names(self, most: int, finds: Callable[[str], bool]) -> tuple[str, ...]:
        """Return tonight's names; none where a search ``finds`` the name that nobody bears."""
        questions = self.access.questions
        taken = self.take("names", questions.names, most)
        if taken and questions.control and finds(questions.control):
            self.distrust("names")
            return ()
        return taken

    def distrust(self, kind: str) -> None:
        """Say that tonight's searches are not trusted; nobody had a turn."""
        self.gaps.append(DISTRUSTED)
        self.put_back(kind, self._tonight[kind].taken)

    def is_own_site(self, url: str | None) -> bool:
        """Whether a link leads to one of the district's own sites or domains."""
        return is_own_page(url, own_places(self.access.domains, self.access.questions.websites))

    def harvest(self, calls: int) -> Harvest:
        """Return what was gathered.

        The bookmark holds in spite of gaps: only what really had its turn stands in it.
        """
        found = self._profiles
        told = (turn.tell(kind, self._did[kind]) for kind, turn in self._tonight.items())
        return Harvest(
            profiles=tuple(found.values()),
            dropped={reason: many for reason, many in self.dropped.items() if many},
            notes=(*told, *self.notes),
            gaps=tuple(self.gaps),
            calls=calls,
            bookmark=msgspec.json.encode(Bookmark(BOOKMARK_VERSION, self._last_turns())),
            holds_despite_gaps=True,
            not_found=tuple(key for key in self._not_found if key not in found),
        )

    def _last_turns(self) -> dict[str, dict[str, date]]:
        """Return the last turn of every item there still is."""
        turns = dict(self._before)
        for kind, turn in self._tonight.items():
            before = self._before.get(kind, {})
            kept = {key: before[key] for key in self._digests[kind] if key in before}
            turns[kind] = kept | dict.fromkeys(map(_digest, turn.taken), self.access.now.date())
        return turns


def shows_name(name: str, shown: str) -> bool:
    """Whether every word of a name stands in what an account shows."""
    return all(word in shown.casefold() for word in re.findall(r"\w+", name.casefold()))


def batches(items: Sequence[str], size: int) -> list[Sequence[str]]:
    """Cut a list into pieces of at most ``size``."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _digest(item: str) -> str:
    return hashlib.sha256(item.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _turns(bookmark: bytes | None) -> dict[str, dict[str, date]]:
    try:
        kept = msgspec.json.decode(bookmark or b"", type=Bookmark)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return dict(kept.turns) if kept.version == BOOKMARK_VERSION else {}
