"""Bluesky: accounts by name, by likely handle and by the district's own domains as handles.

Documentation https://docs.bsky.app/docs/category/http-reference and the lexicons app.bsky.actor.*,
rules https://bsky.social/about/support/tos (reviewed 2026-11-22).  No key: the public AppView.
Limits obeyed: 25 accounts a look-up, 5 calls a second, far below the 3,000 in five minutes that are
told in its ratelimit headers; names and handles take turns.

An account that asks not to be shown to visitors without a session (``!no-unauthenticated``) is
dropped and counted, a known one too.  Never read: posts, followers, follows, lists, images.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from connectors.profile_reading import ProfileReading, batches
from connectors.records import AccountKey, Standing
from connectors.rotation import lookups_a_night, searches_a_night
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.records import Harvest, KnownAccount, Profile
    from connectors.source import Access

BASE = "https://public.api.bsky.app/xrpc"
PLATFORM = "bluesky"
PER_SECOND, BURST = 5, 10
BATCH = 25
RESULTS = 25
LONGEST_NAME = 253
LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HANDLE = re.compile(rf"(?:{LABEL}\.)+(?![0-9]){LABEL}")
"""https://atproto.com/specs/handle"""
DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
"""https://atproto.com/specs/did"""
UNPROVEN = "handle.invalid"
HIDDEN_FROM_VISITORS = "!no-unauthenticated"
TAKEN_DOWN = frozenset({"!takedown", "!suspend"})
AWAY = {
    "AccountTakedown": Standing.SUSPENDED,
    "AccountSuspended": Standing.SUSPENDED,
    "AccountDeactivated": Standing.ARCHIVED,
}

ASKS_NOT_TO_BE_SHOWN = "accounts that ask not to be shown to visitors without a session"


class Label(msgspec.Struct):
    """A mark on an account, by itself or by a moderator; ``neg`` takes one back."""

    val: str
    neg: bool = False


class Verification(msgspec.Struct, rename="camel"):
    """Whether the blue check stands."""

    verified_status: str
    trusted_verifier_status: str


class Actor(msgspec.Struct, rename="camel"):
    """What is read of ``profileView`` and ``profileViewDetailed``.

    ``created_at`` is whatever the account's owner wrote.
    """

    did: str
    handle: str
    display_name: str | None = None
    description: str | None = None
    website: str | None = None
    followers_count: int | None = None
    created_at: str | None = None
    labels: list[Label] = []
    verification: Verification | None = None


class Profiles(msgspec.Struct):
    """Answer of getProfiles; accounts it does not know are left out without a word."""

    profiles: list[Actor]


class Actors(msgspec.Struct):
    """A page of searchActors."""

    actors: list[Actor]


class Resolved(msgspec.Struct):
    """Answer of resolveHandle."""

    did: str


class Refused(msgspec.Struct):
    """An error as XRPC tells it."""

    error: str
    message: str = ""


class Bluesky:
    """Reads public accounts of the Bluesky network; needs no key."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PROFILES, Capability.PROFILES_BY_BRAND, Capability.PROFILES_BY_ACCOUNT}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        searches_a_night(100),
        lookups_a_night(1_000, ", 25 a call"),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(PLATFORM,),
        documentation="https://docs.bsky.app/docs/category/http-reference",
        rules="https://bsky.social/about/support/tos",
        reviewed_on=date(2026, 11, 22),
        limits="5 calls a second, 25 accounts a look-up; names and handles take turns.",
        never="It never reads posts, followers or lists, nor accounts that ask not to be shown"
        " without a session.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "Bluesky has no search by address; one in the text"
            " of a profile that was found is compared."
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings."""
        self._access = access
        self._searches = int(access.options.get("searches_a_night") or 0)
        self._lookups = int(access.options.get("lookups_a_night") or 0)

    def fetch(self) -> Harvest:
        """Return known, likely and searched-for accounts.

        Raises AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        with WebSession(self._access, per_second=PER_SECOND, burst=BURST) as web:
            night = Night(ProfileReading(self._access, PLATFORM), web)
            night.look_again()
            night.look_up_domains()
            night.look_up(self._lookups)
            night.search_names(self._searches)
            return night.harvest()

    def check(self) -> Iterator[Check]:
        """Try whether the AppView answers, without asking about anybody."""
        with WebSession(self._access, per_second=PER_SECOND, burst=BURST) as web:
            web.get(f"{BASE}/app.bsky.actor.searchActors", params={"q": "bluesky", "limit": 1})
        yield Check("public AppView", CheckState.GOOD, "answers")


class Night:
    """One reading: identities are DIDs, since handles change hands."""

    def __init__(self, reading: ProfileReading, web: WebSession) -> None:
        self._reading, self._web = reading, web

    def look_again(self) -> None:
        """Look at known accounts; one left out of an answer is asked for alone."""
        accounts = self._reading.accounts
        names = {known.key: _name(known) for known in accounts}
        found = self._profiles(list(dict.fromkeys(names.values())))
        by_name = {name: one for one in found for name in (one.did, one.handle.casefold())}
        for known in accounts:
            actor = by_name.get(names[known.key]) or self._alone(known, names[known.key])
            if actor is not None:
                self._reading.add(self._profile(actor))

    def look_up_domains(self) -> None:
        """Look whether the district's domains are handles, which only their owner can set."""
        for domain in self._reading.access.domains:
            url = f"{BASE}/com.atproto.identity.resolveHandle"
            answer = self._web.get(url, params={"handle": domain}, accept=(200, 400))
            if answer.status == 400:
                answer.decode(Refused)
                continue
            for actor in self._profiles([answer.decode(Resolved).did]):
                if actor.handle.casefold() == domain:
                    self._reading.add(self._profile(actor))

    def look_up(self, most: int) -> None:
        """Look at handles an account of ours might have."""
        handles = self._reading.handles
        taken = self._reading.take("handles", handles, most, "were looked up")
        for actor in self._profiles(taken):
            self._reading.add(self._profile(actor))

    def search_names(self, most: int) -> None:
        """Search names, tonight's turn."""
        self._reading.search(most, self._named, self._read)

    def harvest(self) -> Harvest:
        """Return what was gathered."""
        return self._reading.harvest(self._web.calls)

    def _named(self, name: str) -> list[Actor]:
        asked: dict[str, str | int] = {"q": name, "limit": RESULTS}
        return (
            self._web.get(f"{BASE}/app.bsky.actor.searchActors", params=asked).decode(Actors).actors
        )

    def _read(self, actor: Actor) -> Profile | None:
        is_there = self._reading.has(AccountKey(PLATFORM, actor.did))
        return None if is_there else self._profile(actor)

    def _profiles(self, names: list[str] | tuple[str, ...]) -> list[Actor]:
        found: list[Actor] = []
        for batch in batches([name for name in names if _is_askable(name)], BATCH):
            query = urlencode([("actors", name) for name in batch])
            answer = self._web.get(f"{BASE}/app.bsky.actor.getProfiles?{query}")
            found += answer.decode(Profiles).profiles
        return found

    def _alone(self, known: KnownAccount, name: str) -> Actor | None:
        """Tell an account that is away from one that is not there."""
        url = f"{BASE}/app.bsky.actor.getProfile"
        answer = self._web.get(url, params={"actor": name}, accept=(200, 400))
        if answer.status == 200:
            return answer.decode(Actor)
        refused = answer.decode(Refused)
        if standing := AWAY.get(refused.error):
            handle = known.handle or (None if known.native_id else known.key.account)
            profile = self._reading.profile(handle, known.native_id)
            self._reading.add(profile and replace(profile, standing=standing))
        elif refused.error == "InvalidRequest" and refused.message == "Profile not found":
            self._reading.lose(known)
        else:
            self._reading.gaps.append("Bluesky did not say whether a known account is there.")
        return None

    def _profile(self, actor: Actor) -> Profile | None:
        labels = {label.val for label in actor.labels if not label.neg}
        if HIDDEN_FROM_VISITORS in labels:
            self._reading.leave_out(ASKS_NOT_TO_BE_SHOWN, actor.did)
            return None
        handle = None if actor.handle == UNPROVEN else actor.handle
        profile = self._reading.profile(handle, actor.did)
        return profile and replace(
            profile,
            display_name=actor.display_name or None,
            bio=actor.description or None,
            website=actor.website or None,
            verified=_is_verified(actor.verification),
            created_on=_read_day(actor.created_at),
            followers=actor.followers_count,
            standing=Standing.SUSPENDED if labels & TAKEN_DOWN else None,
        )


def _name(known: KnownAccount) -> str:
    return known.native_id or (known.handle or known.key.account).casefold()


def _is_askable(name: str) -> bool:
    """Whether a name is a DID or a handle: one that is none spoils the whole batch."""
    return len(name) <= LONGEST_NAME and bool(DID.fullmatch(name) or HANDLE.fullmatch(name))


def _read_day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None


def _is_verified(verification: Verification | None) -> bool | None:
    if verification is None:
        return None
    return "valid" in (verification.verified_status, verification.trusted_verifier_status)
