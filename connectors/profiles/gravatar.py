"""Gravatar: which staff addresses have a public profile there, asked for by their SHA-256.

Documentation https://docs.gravatar.com/rest-api, rules: the Guidelines for Responsible Use named at
https://docs.gravatar.com/rest (reviewed 2026-11-22).  Limits:
100 look-ups an hour without a key, 1,000 with one (free, from the Developer Dashboard); a night
stays below, stops when Gravatar says that none is left, and goes on the next night.  The key can
only read.

Only addresses of the directory are asked about, never guessed ones, and only their hash leaves the
district.  A profile found by a hash is grade B: WordPress.com makes one with every account.  A
contact address that the owner made public and that is a directory address is grade A.  Never read:
the accounts elsewhere that a profile lists, hidden sections, telephone numbers, payments, images.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import msgspec

from connectors.address_looks import AddressLooks, Found
from connectors.errors import NotConfigured, RateLimited
from connectors.records import AddressUse, Grade, Harvest, Way
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.staff_addresses import StaffAddresses, hash_address
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.address_looks import Look
    from connectors.source import Access
    from connectors.web import Answer

BASE = "https://api.gravatar.com/v3"
SITE = "gravatar.com"
CREDIT = "Profile data by Gravatar, https://gravatar.com."
HOURLY, HOURLY_WITH_KEY = 100, 1_000
PER_SECOND = 10
LONGEST_NAME = 80
GONE = 404


class ContactInfo(msgspec.Struct):
    """What the owner made public to be reached by."""

    email: str | None = None


class Visibility(msgspec.Struct):
    """Sections the owner hides."""

    hidden_contact_info: bool = False


class GravatarProfile(msgspec.Struct):
    """The fields of a Gravatar profile that are read."""

    hash: str
    display_name: str
    profile_url: str
    contact_info: ContactInfo | None = None
    section_visibility: Visibility | None = None


class Gravatar:
    """Looks staff addresses up by hash, those looked at longest ago first."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.ADDRESS_USES, Capability.PROFILES_BY_ADDRESS}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "key",
            str,
            required=False,
            secret=True,
            about="An API key from gravatar.com/developers; without one, 100 look-ups an hour.",
        ),
        Setting(
            "lookups_a_night",
            int,
            required=False,
            about="Addresses looked up each night: 90 by default, 900 with a key.",
        ),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(SITE,),
        documentation="https://docs.gravatar.com/rest-api",
        rules="https://docs.gravatar.com/rest",
        reviewed_on=date(2026, 11, 22),
        limits="100 look-ups an hour without a key, 1,000 with one; addresses take turns.",
        never="It asks only about addresses of the directory, sends only their hash, and never"
        " reads the accounts elsewhere that a profile lists, nor a hidden section.",
        missing={
            Capability.PROFILES_BY_BRAND: "Gravatar has no search by name.",
            Capability.PROFILES_BY_ACCOUNT: "A Gravatar profile is not an account of a school.",
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a key that is none or more than is allowed."""
        self._access = access
        self._key = str(access.options.get("key") or "").strip()
        if self._key and not re.fullmatch(r"[!-~]{8,400}", self._key):
            raise NotConfigured(
                access.source,
                "'key' is not an API key of Gravatar",
                "Copy it again from gravatar.com/developers, or leave it out",
            )
        allowed = HOURLY_WITH_KEY if self._key else HOURLY
        most = access.options.get("lookups_a_night")
        self._most = int(most) if most is not None else allowed * 9 // 10
        if not 1 <= self._most <= allowed:
            raise NotConfigured(
                access.source,
                f"'lookups_a_night' is not between 1 and {allowed:,}, which Gravatar allows",
                "Correct it in audit.toml" + ("" if self._key else ", or add a 'key'"),
            )
        self._staff = StaffAddresses(access.questions.addresses, access.domains)

    def fetch(self) -> Harvest:
        """Return the uses known of every staff address; some are asked about tonight.

        Raises AccessRefused (key), RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        looks = AddressLooks(self._access, self._access.bookmark)
        with self._session() as session:
            self._look(session, looks)
            calls = session.calls
        return Harvest(
            uses=tuple(self._use(*found) for found in looks.found()),
            notes=(CREDIT, *looks.tell()),
            calls=calls,
            bookmark=looks.bookmark(),
        )

    def check(self) -> Iterator[Check]:
        """Try the key and say how many look-ups are left; asks about nobody's address."""
        with self._session() as session:
            answer = session.get(_url(hash_address("")), accept=(200, 401, 403, GONE))
        if answer.status in {401, 403}:
            advice = "Make a new key at gravatar.com/developers, My Applications"
            yield Check("key", CheckState.BAD, "Gravatar does not accept the key", advice)
            return
        left = _left(answer)
        seen = "answers" if left is None else f"{left:,} look-ups left this hour"
        yield Check("key" if self._key else "without a key", CheckState.GOOD, seen)

    def _session(self) -> WebSession:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return WebSession(self._access, per_second=PER_SECOND, headers=headers)

    def _look(self, session: WebSession, looks: AddressLooks) -> None:
        """Ask until the turn is over or the hour's allowance is."""
        for number, (key, address) in enumerate(looks.due(self._most)):
            try:
                answer = session.get(_url(key), accept=(200, GONE))
            except RateLimited:
                if number == 0:
                    raise
                return
            looks.note(key, self._read(answer, address))
            if _left(answer) == 0:
                return

    def _read(self, answer: Answer, address: str) -> Found | None:
        if answer.status == GONE:
            if answer.body:
                answer.json()
            return None
        profile = answer.decode(GravatarProfile)
        return Found(
            url=_profile_url(profile.profile_url),
            name=profile.display_name[:LONGEST_NAME],
            is_published=self._staff.find(_shown_address(profile)) == address,
        )

    def _use(self, address: str, look: Look, shown: Found) -> AddressUse:
        named = f'The profile is shown as "{shown.name}".' if shown.name else "It shows no name."
        return AddressUse(
            source=self._access.source,
            address=address,
            site=SITE,
            way=Way.PUBLISHED if shown.is_published else Way.HASH,
            grade=Grade.A if shown.is_published else Grade.B,
            url=shown.url,
            seen_at=look.at,
            statement=named,
        )


def _url(key: str) -> str:
    return f"{BASE}/profiles/{key}"


def _shown_address(profile: GravatarProfile) -> str | None:
    hidden = profile.section_visibility
    if profile.contact_info is None or (hidden is not None and hidden.hidden_contact_info):
        return None
    return profile.contact_info.email


def _left(answer: Answer) -> int | None:
    left = answer.headers.get("X-RateLimit-Remaining") or ""
    return int(left) if left.isascii() and left.isdigit() and len(left) < 10 else None


def _profile_url(url: str) -> str:
    """Return the profile's page if it is one of Gravatar's, else its front page."""
    try:
        parts = urlsplit(url)
        is_theirs = parts.scheme == "https" and f".{parts.hostname}".endswith(f".{SITE}")
    except ValueError:
        is_theirs = False
    return url if is_theirs and url.isprintable() and len(url) < 500 else f"https://{SITE}"
