"""Have I Been Pwned: which addresses of the district's verified domains are in a known breach.

Documentation https://haveibeenpwned.com/API/v3 (reviewed 2026-11); breach data CC BY 4.0, credited
in a note of every reading.  A security notice to the employee and a lead of grade C or D, never
more: a breach shows that somebody once gave the address to a site, perhaps years ago.

Calls for D domains: 4 + D on a night with a new breach and at least once a week, 1 on any other.
Keyed calls are at most 10 in any minute, the smallest subscription's limit.  Needs a key of a
subscription with domain search, and the domains verified in its dashboard; the key can do nothing
but read.  Never asked: single addresses, stealer logs, pastes, anything about another domain.

Never stored by name: sensitive, unverified, fabricated, retired and spam-list breaches.  Breaches
of sites that are no social site are counted.  Between nights it keeps what it found only where
students are told apart by ``student_domains`` or ``student_patterns``; elsewhere a pupil's address
might be among it, and the domains are asked every night.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import msgspec

from connectors.breach.catalogue import SITE, Breach, LatestBreach
from connectors.breach.subscription import check_access
from connectors.clock import check_clock
from connectors.directory.addresses import is_within, normalise_address
from connectors.directory.roles import read_words
from connectors.errors import AccessRefused, NotConfigured
from connectors.records import AddressUse, Grade, Harvest, Way
from connectors.source import Capability, CheckState, Setting
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.source import Access, Check
    from connectors.web import Answer

BASE = "https://haveibeenpwned.com/api/v3"
CREDIT = f"Breach data by Have I Been Pwned, https://{SITE}, under CC BY 4.0."
MEANING = (
    "A breach shows that somebody once gave an address to a site; it is a security notice to the"
    " employee first."
)
KEYED_PER_SECOND, KEYED_BURST = 5 / 60, 5
LONGEST_REST = timedelta(days=7)
BOOKMARK_VERSION = 1

UNNAMED = "entries of breaches that are never stored by name"
ELSEWHERE = "entries of breaches of sites that are no social site"
UNKNOWN = "entries of breaches that the catalogue does not describe"
STUDENTS = "student addresses"
NO_ADDRESS = "entries that are no address"


class KeptUse(msgspec.Struct, frozen=True, array_like=True):
    """An ``AddressUse`` as the bookmark keeps it."""

    address: str
    site: str
    grade: Grade
    url: str
    occurred_on: date
    statement: str


class Bookmark(msgspec.Struct, frozen=True):
    """What the last reading found, what it was asked, and the newest breach then."""

    version: int
    asked: str
    newest: str
    read_at: datetime
    uses: tuple[KeptUse, ...]
    dropped: dict[str, int]


class HaveIBeenPwned:
    """Reads the breaches of the district's verified domains; off unless audit.toml names it."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.ADDRESS_USES})
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "key",
            str,
            required=True,
            secret=True,
            about="The API key of your subscription, from haveibeenpwned.com, Dashboard, API Key.",
        ),
        Setting(
            "student_domains",
            list,
            required=False,
            about="E-mail domains that only students have; they are not asked about.",
            default=[],
        ),
        Setting(
            "student_patterns",
            list,
            required=False,
            about="Glob patterns of the names before the @ that only students have, where they"
            ' share the staff\'s domain, such as "[0-9][0-9]*"; they are counted and dropped.',
            default=[],
        ),
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a key that is none or without staff domains."""
        self._access = access
        self._key = str(access.options.get("key") or "").strip()
        if not re.fullmatch(r"[0-9a-fA-F]{32}", self._key):
            raise NotConfigured(
                access.source,
                "'key' is not an API key of Have I Been Pwned, which is 32 digits and letters a-f",
                f"Copy it again from {SITE}, Dashboard, API Key",
            )
        students = read_words(access, "student_domains")
        self._student_domains = tuple(domain.lstrip("@.") for domain in students)
        self._student_patterns = read_words(access, "student_patterns")
        self._domains = tuple(
            domain
            for domain in dict.fromkeys(domain.casefold() for domain in access.domains)
            if not is_within(f"a@{domain}", self._student_domains)
        )
        if not self._domains:
            raise NotConfigured(
                access.source,
                "the district's e-mail domains are not known",
                "Set district.email_domains in audit.toml",
            )

    def fetch(self) -> Harvest:
        """Return the uses of every staff domain, from the bookmark while no breach was added.

        Raises AccessRefused (key, subscription, a domain that is not verified), RateLimited,
        SourceUnavailable, UnexpectedAnswer.
        """
        with self._open_session() as free, self._keyed_session() as keyed:
            newest = free.get(f"{BASE}/latestbreach").decode(LatestBreach).key()
            kept = self._kept(newest) or self._read(free, keyed, newest)
            calls = free.calls + keyed.calls
        return self._harvest(kept, calls)

    def check(self) -> Iterator[Check]:
        """Try the key, the subscription, every domain, and the clock."""
        with self._keyed_session() as keyed:
            status, listed = self._ask_access(keyed)
        yield from check_access(status, listed, self._domains, self._access.now)
        yield from check_clock(status.headers.get("Date"), self._access.now, "the service's")

    def _open_session(self) -> WebSession:
        return WebSession(self._access, per_second=1, burst=3)

    def _keyed_session(self) -> WebSession:
        return WebSession(
            self._access,
            per_second=KEYED_PER_SECOND,
            burst=KEYED_BURST,
            headers={"hibp-api-key": self._key},
        )

    def _kept(self, newest: str) -> Bookmark | None:
        """Return the bookmark while it is still the answer."""
        try:
            kept = msgspec.json.decode(self._access.bookmark or b"", type=Bookmark)
            age = self._access.now - kept.read_at
        except (msgspec.DecodeError, TypeError, UnicodeError):
            return None
        is_same = (kept.version, kept.asked, kept.newest) == (
            BOOKMARK_VERSION,
            self._asked(),
            newest,
        )
        return kept if is_same and timedelta(0) <= age < LONGEST_REST else None

    def _asked(self) -> str:
        """Return a digest of all that decides what a reading gives."""
        parts = (sorted(self._domains), self._student_domains, self._student_patterns)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _read(self, free: WebSession, keyed: WebSession, newest: str) -> Bookmark:
        """Ask for every domain, after making sure that each may be asked."""
        for check in check_access(*self._ask_access(keyed), self._domains, self._access.now):
            if check.state is CheckState.BAD:
                raise AccessRefused(self._access.source, check.seen, check.advice)
        answer = free.get(f"{BASE}/breaches", lifetime=timedelta(0))
        catalogue = {breach.name: breach for breach in answer.decode(list[Breach])}
        dropped: Counter[str] = Counter()
        uses: set[KeptUse] = set()
        for domain in self._domains:
            for alias, names in self._breached(keyed, domain).items():
                address = self._staff_address(alias, domain, dropped)
                if address:
                    uses.update(_uses(address, names, catalogue, dropped))
        return Bookmark(
            version=BOOKMARK_VERSION,
            asked=self._asked(),
            newest=newest,
            read_at=self._access.now,
            uses=tuple(sorted(uses, key=lambda use: (use.address, use.site, use.statement))),
            dropped=dict(dropped),
        )

    def _ask_access(self, keyed: WebSession) -> tuple[Answer, Answer]:
        status = keyed.get(f"{BASE}/subscription/status", accept=(200, 401, 403))
        listed = keyed.get(f"{BASE}/subscribeddomains", accept=(200, 401, 403, 404))
        return status, listed

    def _breached(self, keyed: WebSession, domain: str) -> dict[str, list[str]]:
        """Return the names before the @ and their breaches; a 404 means there is none."""
        answer = keyed.get(f"{BASE}/breacheddomain/{domain}", accept=(200, 403, 404))
        if answer.status == 403:
            raise AccessRefused(
                self._access.source,
                f"the search of the domain {domain} was refused",
                f"See {SITE}, Dashboard, Domains, whether it is verified and covered",
            )
        return answer.decode(dict[str, list[str]]) if answer.status == 200 else {}

    def _staff_address(self, alias: str, domain: str, dropped: Counter[str]) -> str | None:
        """Return the address, None for a student's or where there is none."""
        address = normalise_address(alias if "@" in alias else f"{alias}@{domain}")
        if address is None or not is_within(address, self._access.domains):
            dropped[NO_ADDRESS] += 1
            return None
        local = address.rpartition("@")[0].casefold()
        is_student = is_within(address, self._student_domains) or any(
            fnmatchcase(local, pattern) for pattern in self._student_patterns
        )
        if is_student:
            dropped[STUDENTS] += 1
        return None if is_student else address

    def _harvest(self, kept: Bookmark, calls: int) -> Harvest:
        uses = tuple(self._use(use, kept.read_at) for use in kept.uses)
        notes = [CREDIT, MEANING]
        if kept.read_at != self._access.now:
            notes.append(f"No breach was added since the domains were read on {kept.read_at:%F}.")
        tells_students_apart = bool(self._student_domains or self._student_patterns)
        return Harvest(
            uses=uses,
            dropped=dict(kept.dropped),
            notes=tuple(notes),
            calls=calls,
            bookmark=msgspec.json.encode(kept) if tells_students_apart else None,
        )

    def _use(self, kept: KeptUse, seen_at: datetime) -> AddressUse:
        return AddressUse(
            source=self._access.source,
            address=kept.address,
            site=kept.site,
            way=Way.BREACH,
            grade=kept.grade,
            url=kept.url,
            occurred_on=kept.occurred_on,
            seen_at=seen_at,
            statement=kept.statement,
        )


def _uses(
    address: str, names: list[str], catalogue: Mapping[str, Breach], dropped: Counter[str]
) -> Iterator[KeptUse]:
    """Yield what may be said of one address; the rest is counted under few wide reasons."""
    for name in dict.fromkeys(names):
        breach = catalogue.get(name)
        if breach is None:
            dropped[UNKNOWN] += 1
        elif not breach.may_be_named:
            dropped[UNNAMED] += 1
        elif (place := breach.place()) is None:
            dropped[ELSEWHERE] += 1
        else:
            url = f"https://{SITE}/Breach/{quote(name, safe='')}"
            yield KeptUse(address, *place, url, breach.breached_on, breach.statement())
