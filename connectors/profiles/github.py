"""GitHub: organisations and people by name, account and public e-mail address.

Documentation https://docs.github.com/en/rest, rules
https://docs.github.com/en/site-policy/acceptable-use-policies/github-acceptable-use-policies
(reviewed 2026-11-22).  Limits obeyed: 5,000 calls an hour, 30 searches a minute, 1,000 results a
search, "secondary" limits by their Retry-After.  Needs a fine-grained personal access token with
public read-only access and no permission at all.

An address is looked for by the district's domain among public ones; an account is kept only when
it shows the address of an employee.  One that shows another address of the district may be a
pupil's: it is dropped and counted.  Never read: repositories, commits, followers, private data.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from connectors.errors import NotConfigured, RateLimited
from connectors.profile_reading import FOREIGN, ProfileReading
from connectors.records import AccountKey, ProfileKind, Standing
from connectors.rotation import lookups_a_night, searches_a_night
from connectors.source import Capability, Check, CheckState, Setting, Terms
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.records import Harvest, KnownAccount, Profile
    from connectors.source import Access
    from connectors.web import Answer

T = TypeVar("T")

BASE = "https://api.github.com"
PLATFORM = "github"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
PER_SECOND, BURST = 10, 5
SEARCHES_PER_SECOND, SEARCH_BURST = 0.45, 3
LONGEST_QUERY = 256
RESULTS = 10
PAGE, MOST_RESULTS = 100, 1_000
GONE = 404

UNSEARCHABLE = "names that GitHub cannot search for"
NO_ADDRESS = "accounts found by domain that show no address of an employee"


class User(msgspec.Struct):
    """What is read of the schema ``public-user``."""

    login: str
    id: int
    type: str
    name: str | None
    blog: str | None
    location: str | None
    email: str | None
    bio: str | None
    followers: int
    created_at: datetime


class Organisation(msgspec.Struct):
    """What is read of the schema ``organization-full``."""

    login: str
    id: int
    description: str | None
    followers: int
    created_at: datetime
    archived_at: datetime | None
    name: str | None = None
    blog: str | None = None
    location: str | None = None
    email: str | None = None
    is_verified: bool | None = None


class Row(msgspec.Struct):
    """What is read of the schema ``user-search-result-item``."""

    login: str
    id: int
    type: str


class Found(msgspec.Struct):
    """A page of search results; ``incomplete_results`` when GitHub ran out of time."""

    total_count: int
    incomplete_results: bool
    items: list[Row]


class SocialAccount(msgspec.Struct):
    """A link the owner put on the profile."""

    url: str


class GitHub:
    """Reads public accounts; needs a token without any permission."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.PROFILES,
            Capability.PROFILES_BY_ADDRESS,
            Capability.PROFILES_BY_BRAND,
            Capability.PROFILES_BY_ACCOUNT,
        }
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="A fine-grained token from github.com, Settings, Developer settings, with"
            ' "Public repositories (read-only)" and no permissions.',
        ),
        searches_a_night(30),
        lookups_a_night(100),
    )
    terms: ClassVar[Terms] = Terms(
        platforms=(PLATFORM,),
        documentation="https://docs.github.com/en/rest",
        rules="https://docs.github.com/en/site-policy/acceptable-use-policies/"
        "github-acceptable-use-policies",
        reviewed_on=date(2026, 11, 22),
        limits="5,000 calls an hour, 30 searches a minute; names and handles take turns.",
        never="It never reads repositories, commits, followers or anything private, and keeps no"
        " address that is not an employee's.",
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a token that is none."""
        self._access = access
        self._token = str(access.options.get("token") or "").strip()
        if not re.fullmatch(r"[A-Za-z0-9_]{20,255}", self._token):
            raise NotConfigured(
                access.source,
                "'token' is not a token of GitHub",
                "Make one at github.com, Settings, Developer settings, Personal access tokens",
            )
        self._searches = int(access.options.get("searches_a_night") or 0)
        self._lookups = int(access.options.get("lookups_a_night") or 0)

    def fetch(self) -> Harvest:
        """Return known, likely, searched-for and address-showing accounts.

        Raises AccessRefused (token), RateLimited, SourceUnavailable, UnexpectedAnswer.
        """
        with self._session(PER_SECOND, BURST) as core:
            with self._session(SEARCHES_PER_SECOND, SEARCH_BURST) as search:
                night = Night(ProfileReading(self._access, PLATFORM), core, search)
                night.look_again()
                night.look_up(self._lookups)
                night.search_names(self._searches)
                night.search_addresses()
            return night.harvest()

    def check(self) -> Iterator[Check]:
        """Try the token, and whether it can do more than it needs to."""
        with self._session(PER_SECOND, BURST) as core:
            answer = core.get(f"{BASE}/rate_limit", accept=(200, 401, 403))
        if answer.status != 200:
            advice = "Make a new one at github.com, Settings, Developer settings"
            yield Check("token", CheckState.BAD, "GitHub does not accept the token", advice)
            return
        yield Check("token", CheckState.GOOD, "accepted")
        if scopes := (answer.headers.get("X-OAuth-Scopes") or "").strip():
            advice = "Replace it by a fine-grained token without permissions"
            seen = f"the token may do more than is needed: {scopes[:80]}"
            yield Check("scopes", CheckState.WARNING, seen, advice)

    def _session(self, per_second: float, burst: int) -> WebSession:
        headers = HEADERS | {"Authorization": f"Bearer {self._token}"}
        return WebSession(self._access, per_second=per_second, burst=burst, headers=headers)


class Night:
    """One reading: each account is asked about once."""

    def __init__(self, reading: ProfileReading, core: WebSession, search: WebSession) -> None:
        self._reading, self._core, self._search = reading, core, search
        self._cut_short = 0

    def look_again(self) -> None:
        """Look at known accounts, by id where known: a login may be somebody else's by now."""
        for known in self._reading.accounts:
            user = self._decode(self._core, _url_of(known), User)
            if user is None:
                self._reading.lose(known)
            else:
                self._reading.add(self._profile(user, is_known=True))

    def look_up(self, most: int) -> None:
        """Look at logins an account of ours might have."""
        handles = self._reading.handles
        for handle in self._reading.take("handles", handles, most, "were looked up"):
            user = self._decode(self._core, f"{BASE}/users/{quote(handle, safe='')}", User)
            if user is not None:
                self._reading.add(self._profile(user))

    def search_names(self, most: int) -> None:
        """Search names of organisations and people, tonight's turn."""
        self._reading.search(most, self._named, lambda row: self._read(row, self._profile))

    def search_addresses(self) -> None:
        """Search public addresses by the district's domains; keep those of employees."""
        if not self._reading.access.questions.addresses:
            return
        for domain in self._reading.access.domains:
            for row in self._at_domain(domain):
                self._reading.add(self._read(row, self._showing_address))

    def harvest(self) -> Harvest:
        """Return what was gathered, and say what GitHub cut short."""
        if self._cut_short:
            self._reading.gaps.append(f"Searches that GitHub cut short: {self._cut_short}.")
        return self._reading.harvest(self._core.calls + self._search.calls)

    def _named(self, name: str) -> list[Row]:
        query = f'"{" ".join(name.replace(chr(34), " ").split())}" in:name'
        return self._find(query, RESULTS, 1).items

    def _at_domain(self, domain: str) -> Iterator[Row]:
        for page in range(1, MOST_RESULTS // PAGE + 1):
            found = self._find(f'"{domain}" in:email', PAGE, page)
            yield from found.items
            if len(found.items) < PAGE or page * PAGE >= found.total_count:
                return
        self._cut_short += 1

    def _find(self, query: str, size: int, page: int) -> Found:
        """Search, once more if GitHub ran out of time."""
        nothing = Found(0, False, [])
        if len(query) > LONGEST_QUERY:
            self._reading.dropped[UNSEARCHABLE] += 1
            return nothing
        found = nothing
        for _ in range(2):
            asked: dict[str, str | int] = {"q": query, "per_page": size, "page": page}
            answer = self._search.get(f"{BASE}/search/users", params=asked, accept=(200, 403, 422))
            if answer.status == 422:
                self._reading.dropped[UNSEARCHABLE] += 1
                return nothing
            found = self._good(answer).decode(Found)
            if not found.incomplete_results:
                return found
        self._cut_short += 1
        return found

    def _read(self, row: Row, tell: Callable[[User], Profile | None]) -> Profile | None:
        if self._reading.has(AccountKey(PLATFORM, str(row.id))):
            return None
        user = self._decode(self._core, f"{BASE}/users/{quote(row.login, safe='')}", User)
        return None if user is None else tell(user)

    def _showing_address(self, user: User) -> Profile | None:
        """Return the profile of an account that shows an employee's address; count any other."""
        staff = self._reading.staff
        if staff.find(user.email):
            return self._profile(user)
        is_foreign = user.type != "Organization" and staff.is_of_somebody_else(user.email)
        self._reading.leave_out(FOREIGN if is_foreign else NO_ADDRESS, str(user.id))
        return None

    def _profile(self, user: User, *, is_known: bool = False) -> Profile | None:
        if user.type == "Organization":
            return self._organisation(user.login)
        staff = self._reading.staff
        if not is_known and staff.is_of_somebody_else(user.email):
            self._reading.leave_out(FOREIGN, str(user.id))
            return None
        profile = self._reading.profile(user.login, str(user.id))
        shown = staff.find(user.email)
        return profile and replace(
            profile,
            display_name=user.name,
            bio=user.bio,
            website=user.blog or self._link_home(user.login),
            public_addresses=(shown,) if shown else (),
            location=user.location,
            kind=ProfileKind.PERSON,
            created_on=user.created_at.date(),
            followers=user.followers,
        )

    def _organisation(self, login: str) -> Profile | None:
        found = self._decode(self._core, f"{BASE}/orgs/{quote(login, safe='')}", Organisation)
        if found is None:
            return None
        profile = self._reading.profile(found.login, str(found.id))
        shown = self._reading.staff.find(found.email)
        return profile and replace(
            profile,
            display_name=found.name,
            bio=found.description,
            website=found.blog or None,
            public_addresses=(shown,) if shown else (),
            location=found.location,
            verified=found.is_verified,
            kind=ProfileKind.ORGANISATION,
            created_on=found.created_at.date(),
            followers=found.followers,
            standing=Standing.ARCHIVED if found.archived_at else None,
        )

    def _link_home(self, login: str) -> str | None:
        """Return a link of the profile that leads to the district's own site."""
        url = f"{BASE}/users/{quote(login, safe='')}/social_accounts"
        links = self._decode(self._core, url, list[SocialAccount]) or []
        return next((one.url for one in links if self._reading.is_own_site(one.url)), None)

    def _decode(self, session: WebSession, url: str, kind: type[T]) -> T | None:
        """Return what is there, None for a clean "not found"."""
        answer = session.get(url, accept=(200, 403, GONE))
        return None if answer.status == GONE else self._good(answer).decode(kind)

    def _good(self, answer: Answer) -> Answer:
        """Tell a limit from a refusal: GitHub answers 403 to both."""
        if answer.status != 403:
            return answer
        is_limit = answer.headers.get("X-RateLimit-Remaining") == "0"
        if is_limit or answer.headers.get("Retry-After") or b"rate limit" in answer.body:
            raise RateLimited(
                self._reading.access.source,
                "GitHub asked us to slow down",
                "The next night tries again; if it lasts, lower searches_a_night in audit.toml",
            )
        raise self._core.explain(answer)


def _url_of(known: KnownAccount) -> str:
    if known.native_id and known.native_id.isdecimal():
        return f"{BASE}/user/{known.native_id}"
    return f"{BASE}/users/{quote(known.handle or known.key.account, safe='')}"
