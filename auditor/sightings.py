"""What registered accounts looked like when they were approved and when they were last seen: pure.

Each source has its own sightings, because two of them may word one account differently.  What an
account looked like at its first sight after an approval is what was approved; a renewed approval
takes what was last seen instead.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

import msgspec

from auditor.registry import Registration
from connectors.platforms import Refusal, identify
from connectors.records import AccountKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from auditor.registry import RegisteredAccount, RegistryEvent
    from connectors.records import Profile

LONGEST = 300
ACCEPTING = frozenset({"approved", "imported"})


class Facts(msgspec.Struct, frozen=True):
    """What an account shows of itself; None is not known.  Of a bio only a digest is kept."""

    native_id: str | None = None
    handle: str | None = None
    display_name: str | None = None
    bio_digest: str | None = None
    website: str | None = None
    verified: bool | None = None
    standing: str | None = None

    def filled(self, other: Facts) -> Facts:
        """Return these facts, what is not known of them taken from ``other``."""
        own = msgspec.structs.asdict(self)
        known = {name: value for name, value in own.items() if value is not None}
        return Facts(**(msgspec.structs.asdict(other) | known))


class SightKey(NamedTuple):
    """One registered account as one source sees it."""

    account: AccountKey
    source: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What one source knows of a registered account.

    ``accepted`` is what it looked like when it was approved at ``approved_at``, ``seen`` at
    ``seen_at``, the last time; both None before the first sight.  ``misses`` counts the nights in
    a row in which the platform, asked for it, cleanly said that it is not there; ``missed_on`` is
    the last of them.
    """

    accepted: Facts | None = None
    seen: Facts | None = None
    seen_at: datetime | None = None
    approved_at: datetime | None = None
    misses: int = 0
    missed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """What one source, read in full or in part, says tonight; only a complete one may miss."""

    source: str
    is_complete: bool
    profiles: Sequence[Profile]
    not_found: Collection[AccountKey] = ()


def approvals(events: Iterable[RegistryEvent]) -> dict[AccountKey, datetime]:
    """Return when each account was last approved."""
    return {event.account: event.at for event in events if event.verb in ACCEPTING}


def follow(
    known: Mapping[SightKey, Sight],
    registered: Mapping[AccountKey, RegisteredAccount],
    approved_at: Mapping[AccountKey, datetime],
    tonight: Iterable[Looking],
    now: datetime,
    today: date,
) -> dict[SightKey, Sight]:
    """Return the sights of approved accounts as tonight leaves them.

    An account is found by its native id; by its handle only where the source has none of that id.
    What tonight does not say stays as it was; an account in nobody's answer is not missed.
    """
    approved = {
        key: entry for key, entry in registered.items() if entry.state is Registration.APPROVED
    }
    sights = {
        key: _renewed(sight, approved_at.get(key.account))
        for key, sight in known.items()
        if key.account in approved
    }
    natives, handles = _ways(approved, sights)
    for looking in tonight:
        found = _found(looking, natives, handles)
        missed = set(looking.not_found) if looking.is_complete else set()
        for key in {*found, *(missed & set(approved))}:
            place = SightKey(key, looking.source)
            before = sights.get(place, Sight(approved_at=approved_at.get(key)))
            if key in found:
                sights[place] = _seen(before, found[key], now)
            elif before.missed_on != today:
                sights[place] = replace(before, misses=before.misses + 1, missed_on=today)
    return sights


def _renewed(sight: Sight, approved_at: datetime | None) -> Sight:
    """Take what was last seen as accepted when the account was approved anew."""
    if sight.approved_at == approved_at:
        return sight
    return replace(sight, accepted=sight.seen, approved_at=approved_at)


def _seen(before: Sight, profile: Profile, now: datetime) -> Sight:
    facts = facts_of(profile)
    seen = facts.filled(before.seen) if before.seen else facts
    accepted = seen if before.accepted is None else before.accepted.filled(facts)
    return replace(before, accepted=accepted, seen=seen, seen_at=now, misses=0, missed_on=None)


def facts_of(profile: Profile) -> Facts:
    """Return the facts of a profile that are kept."""
    return Facts(
        native_id=profile.native_id,
        handle=_cut(profile.handle or profile.account_id or None),
        display_name=_cut(profile.display_name),
        bio_digest=_digest(profile.bio),
        website=_cut(profile.website),
        verified=profile.verified,
        standing=str(profile.standing) if profile.standing else None,
    )


def _ways(
    approved: Mapping[AccountKey, RegisteredAccount], sights: Mapping[SightKey, Sight]
) -> tuple[dict[tuple[str, str], AccountKey], dict[tuple[str, str], AccountKey]]:
    """Return the registered account behind each native id and behind each folded handle."""
    handles: dict[tuple[str, str], AccountKey] = {}
    natives: dict[tuple[str, str], AccountKey] = {}
    for place, sight in sights.items():
        if sight.accepted and sight.accepted.native_id:
            natives[AccountKey(place.account.platform, sight.accepted.native_id)] = place.account
    for key, entry in approved.items():
        read = identify(entry.url)
        name = None if isinstance(read, Refusal) or read.platform != key.platform else read.id
        if name is not None:
            handles[AccountKey(key.platform, name)] = key
        if name != key.account:
            natives[key] = key
    return natives, handles


def _found(
    looking: Looking,
    natives: Mapping[tuple[str, str], AccountKey],
    handles: Mapping[tuple[str, str], AccountKey],
) -> dict[AccountKey, Profile]:
    """Return tonight's profile of each registered account; a native id goes before a handle."""
    by_native: dict[AccountKey, Profile] = {}
    by_handle: dict[AccountKey, Profile] = {}
    if natives or handles:
        for profile in looking.profiles:
            platform = profile.platform
            if profile.native_id and (key := natives.get((platform, profile.native_id))):
                by_native[key] = profile
            elif key := handles.get((platform, profile.account_id)):
                by_handle.setdefault(key, profile)
    return by_handle | by_native


def _digest(text: str | None) -> str | None:
    """Hash a text, spaces and forms of letters apart; None stays None."""
    if text is None:
        return None
    plain = " ".join(normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:32]


def _cut(text: str | None) -> str | None:
    """Cut a text, and take out what cannot be stored: NUL and lone surrogates."""
    if text is None:
        return None
    return text[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
