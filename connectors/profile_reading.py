"""One night's reading of a platform: whose turn it is, what was found, what is told."""

from __future__ import annotations

import hashlib
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from connectors.platforms import Refusal, account_of
from connectors.records import Harvest, Profile
from connectors.rotation import take_turn, tell_turn
from connectors.staff_addresses import StaffAddresses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.platforms import Account
    from connectors.records import AccountKey, KnownAccount
    from connectors.source import Access

R = TypeVar("R")

BOOKMARK_VERSION = 1
FOREIGN = "accounts that show an address of the district which the directory does not have"
DISTRUSTED = (
    "A search for a name that nobody bears found something: the searches of tonight are not"
    " trusted and nothing of them was kept."
)


class Bookmark(msgspec.Struct, frozen=True):
    """Digest of the last item that had its turn, for each kind of question."""

    version: int
    turns: dict[str, str]


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
        self._turns = dict(self._before)

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

    def leave_out(self, reason: str, native_id: str) -> None:
        """Count an account that is not kept, once however often it is met."""
        if (reason, native_id) not in self._left_out:
            self._left_out.add((reason, native_id))
            self.dropped[reason] += 1

    def take(self, kind: str, items: Sequence[str], most: int, did: str = "") -> tuple[str, ...]:
        """Return whose turn it is tonight, and remember it; ``did`` ends the sentence told."""
        digests = {_digest(item): item for item in items}
        last = digests.get(self._before.get(kind, ""))
        taken = take_turn(items, last, most)
        if taken:
            self._turns[kind] = _digest(taken[-1])
        if (told := _tell(items, taken, most, kind, did)) is not None:
            self.notes.append(told)
        return taken

    def search(
        self, most: int, ask: Callable[[str], Sequence[R]], read: Callable[[R], Profile | None]
    ) -> None:
        """Search for tonight's names, after the control; distrusted searches are not made.

        ``ask`` gives the rows a search found, ``read`` the profile of a row, None to leave it.
        """
        names = self.access.questions.names
        if not names or most < 1:
            return
        control = self.access.questions.control
        if control and ask(control):
            self.gaps.append(DISTRUSTED)
            return
        for name in self.take("names", names, most):
            for row in ask(name):
                self.add(read(row))

    def is_own_site(self, url: str | None) -> bool:
        """Whether a link leads to one of the district's own sites or domains."""
        host = _host(url)
        own = {*self.access.domains, *map(_host, self.access.questions.websites)} - {""}
        return any(host == one or host.endswith(f".{one}") for one in own)

    def harvest(self, calls: int) -> Harvest:
        """Return what was gathered."""
        found = self._profiles
        return Harvest(
            profiles=tuple(found.values()),
            dropped={reason: many for reason, many in self.dropped.items() if many},
            notes=tuple(self.notes),
            gaps=tuple(self.gaps),
            calls=calls,
            bookmark=msgspec.json.encode(Bookmark(BOOKMARK_VERSION, self._turns)),
            not_found=tuple(key for key in self._not_found if key not in found),
        )


def batches(items: Sequence[str], size: int) -> list[Sequence[str]]:
    """Cut a list into pieces of at most ``size``."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _tell(items: Sequence[str], taken: Sequence[str], most: int, kind: str, did: str) -> str | None:
    told = tell_turn(items, taken, most)
    if told is None or not did:
        return told
    nights = ceil(len(items) / most)
    return f"{len(taken)} of {len(items)} {kind} {did}; each has its turn within {nights} nights."


def _host(url: str | None) -> str:
    """Return the host of a web address without "www.", empty for anything else."""
    try:
        parts = urlsplit(url or "")
        host = (parts.hostname or "") if parts.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
    return host.rstrip(".").removeprefix("www.")


def _digest(item: str) -> str:
    return hashlib.sha256(item.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _turns(bookmark: bytes | None) -> dict[str, str]:
    try:
        kept = msgspec.json.decode(bookmark or b"", type=Bookmark)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return dict(kept.turns) if kept.version == BOOKMARK_VERSION else {}
