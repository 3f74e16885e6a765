"""Apps that staff signed in to with their district account, from Google Workspace.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/tokens/list and
/admin/reports/reference/rest/v1/activities/list.  Each night in this order: how many use which app
(``accounts:authorized_apps``, to compare with), all users, what was let in and out since the last
night with 24 h of overlap, then the grants of those whom that touches, of new employees, and of a
seventh of all in turn, which heals what a lost event hid.  The grants of one user take one call;
2,400 calls a minute are allowed for an administrator and project, 36 a second are made at most.

Scopes: admin.reports.usage.readonly, admin.reports.audit.readonly, admin.directory.user.readonly,
admin.directory.orgunit.readonly, and admin.directory.user.security, which Google has in no
read-only form (only ``tokens.list`` is called); with student groups or licences those of
``google_workspace``.

Never read: tokens' secrets, what apps do, IP addresses, devices, places, passwords, mail, files.
Students' grants are never asked for and their events are let go.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from connectors.errors import NotConfigured
from connectors.google_access import GOOGLE_SETTINGS
from connectors.google_api import Forbidden, Google, NotThere
from connectors.google_apps import (
    READ_EVENTS,
    READ_TOKENS,
    READ_USAGE,
    Counted,
    count_users,
    home_domains_of,
    list_events,
    list_tokens,
)
from connectors.google_checks import check_access
from connectors.google_grants import Kept, choose, join, pack, unpack
from connectors.google_sieve import STUDENT_SETTINGS, Sieve
from connectors.google_users import DIRECTORY, list_units, list_users
from connectors.records import AddressUse, App, Grade, Harvest, Way
from connectors.site_catalogue import identify_app
from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connectors.google_apps import Event, Token
    from connectors.google_grants import Grant
    from connectors.site_catalogue import Site
    from connectors.source import Access, Check

OVERLAP = timedelta(hours=24)
PER_SECOND = 36.0
"""With the 4 of ``google_workspace``, whose quota it shares, 2,400 a minute."""
CONNECTIONS = 8
NO_ADDRESS = "accounts without a district address"


class GoogleAppGrants:
    """Grants of staff at social sites; other apps are told without names."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.ADDRESS_USES})
    settings: ClassVar[tuple[Setting, ...]] = (
        *GOOGLE_SETTINGS,
        *STUDENT_SETTINGS,
        Setting(
            "app_sites",
            dict,
            required=False,
            about="Client ids of apps and the domain of the site that each belongs to, where the"
            " name does not tell.",
            default={},
        ),
    )

    def __init__(self, access: Access) -> None:
        """Check the settings that can be checked without asking: NotConfigured."""
        self._access = access
        self._sieve = Sieve(access)
        self._app_sites: Mapping[str, str] = access.options.get("app_sites") or {}
        if not all(isinstance(domain, str) for domain in self._app_sites.values()):
            raise NotConfigured(
                access.source, "'app_sites' holds something that is not text", "Put it in quotes"
            )

    @property
    def _scopes(self) -> tuple[str, ...]:
        return (*self._sieve.scopes, READ_USAGE, READ_EVENTS, READ_TOKENS)

    def fetch(self) -> Harvest:
        """Read what changed and a seventh of all; raises ``ConnectorError`` for anything less."""
        before = unpack(self._access.bookmark, self._basis())
        dropped: Counter[str] = Counter()
        with self._connect() as google:
            counted, lag = count_users(google, self._access.now.date(), before.lag)
            self._sieve.prepare(google, list_units(google))
            people = dict(self._list_staff(google, dropped))
            events = self._list_events(google, before, people)
            ask, position = choose(people, before, events)
            found, refused = self._ask(google, ask)
            calls = google.calls
        kept = join(before, people, events, found, self._access.now)
        kept.position, kept.lag = position, lag
        harvest = self._harvest(kept, people, counted)
        return replace(
            harvest,
            dropped=dict(sorted(dropped.items())),
            gaps=_say_gaps(refused),
            calls=calls,
            bookmark=pack(kept),
        )

    def check(self) -> Iterable[Check]:
        """Yield what ``audit doctor`` shows; raises as ``fetch``."""
        with self._connect() as google:
            yield from check_access(self._access, google, self._scopes)
            self._sieve.prepare(google, list_units(google))

    def _connect(self) -> Google:
        return Google(self._access, self._scopes, per_second=PER_SECOND, connections=CONNECTIONS)

    def _basis(self) -> str:
        own = (self._access.options.get("subject"), self._access.options.get("api_url"))
        return sha256(repr((own, self._sieve.basis())).encode()).hexdigest()

    def _list_staff(self, google: Google, dropped: Counter[str]) -> Iterator[tuple[str, str]]:
        """Yield id and address of each employee; all others are counted and let go."""
        for user in list_users(google):
            own = self._sieve.own_addresses(user)
            reason = self._sieve.tell(user) or (None if own else NO_ADDRESS)
            if reason:
                dropped[reason] += 1
            else:
                yield user.id, own[0]

    def _list_events(self, google: Google, before: Kept, people: Mapping[str, str]) -> list[Event]:
        """Return what staff let in and out since the last night, with the overlap."""
        ids = {address.casefold(): key for key, address in people.items()}
        since = before.watermark - OVERLAP if before.watermark else None
        found = []
        for event in list_events(google, since):
            user = event.user_id or ids.get(event.email, "")
            if user in people:
                found.append(event._replace(user_id=user, email=""))
        return found

    def _ask(self, google: Google, ask: Sequence[str]) -> tuple[dict[str, list[Token]], int]:
        """Return the grants of these users, and how many of them may not be read.

        Who is gone meanwhile is in neither.  Raises Forbidden when nobody's may be read.
        """
        make = google.service(*DIRECTORY).tokens().list
        found: dict[str, list[Token]] = {}
        refusals: list[Forbidden] = []
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            try:
                answers = threads.map(partial(_ask_one, google, make), ask)
                for user, answer in zip(ask, answers, strict=True):
                    if isinstance(answer, Forbidden):
                        refusals.append(answer)
                    elif answer is not None:
                        found[user] = answer
            finally:
                threads.shutdown(cancel_futures=True)
        if len(refusals) == len(ask) > 1:
            raise refusals[0]
        return found, len(refusals)

    def _harvest(self, kept: Kept, people: Mapping[str, str], counted: Counted | None) -> Harvest:
        sites = {key: self._site_of(key, name) for key, name in kept.names.items()}
        uses: dict[tuple[str, str], AddressUse] = {}
        users: Counter[str] = Counter()
        for user in sorted(kept.grants):
            for grant in kept.grants[user]:
                site = sites.get(grant.client_id)
                users[grant.client_id] += 1
                if site is not None and site.is_social:
                    use = self._make_use(people[user], site, kept.names[grant.client_id], grant)
                    known = uses.setdefault((use.address, site.key), use)
                    if grant.day and not known.occurred_on:
                        uses[use.address, site.key] = use
        unknown = sorted(k for k, site in sites.items() if not site and k not in self._app_sites)
        source = self._access.source
        apps = tuple(App(source, key, kept.names[key][:200], users[key]) for key in unknown)
        return Harvest(uses=tuple(uses.values()), apps=apps, notes=self._compare(counted, users))

    def _site_of(self, client_id: str, name: str) -> Site | None:
        homes = home_domains_of(client_id, name)
        return identify_app(client_id, name, homes, self._app_sites)

    def _make_use(self, address: str, site: Site, app: str, grant: Grant) -> AddressUse:
        sees = f"; the app may see: {grant.sees}" if grant.sees else ""
        work = " The site is also used for work." if site.may_be_work_tool else ""
        through = f' through the app "{app[:80]}"' if app.casefold() != site.name.casefold() else ""
        return AddressUse(
            source=self._access.source,
            address=address,
            site=site.key,
            way=Way.APP_GRANT,
            grade=Grade.C,
            occurred_on=grant.day,
            seen_at=self._access.now,
            statement=f"Signed in to {site.name} with the district account{through}{sees}.{work}",
        )

    def _compare(self, counted: Counted | None, users: Mapping[str, int]) -> tuple[str, ...]:
        """Say how the grants found compare with the tenant's own count, at social sites."""
        if counted is None:
            return ("The tenant's own report of apps was not to be had; nothing to compare with.",)
        social = [
            key
            for key, (name, _) in counted.users.items()
            if (site := self._site_of(key, name)) and site.is_social
        ]
        total = sum(counted.users[key][1] for key in social)
        ours = sum(users.get(key, 0) for key in social)
        if not total:
            return ()
        return (
            f"The tenant's own report of {counted.day} counts {total} grants at social sites,"
            f" students' among them; {ours} of staff are known here.",
        )


def _ask_one(google: Google, make: object, user: str) -> list[Token] | Forbidden | None:
    try:
        return list_tokens(google, make, user)  # type: ignore[arg-type]
    except Forbidden as error:
        return error
    except NotThere:
        return None


def _say_gaps(refused: int) -> tuple[str, ...]:
    if not refused:
        return ()
    who = "1 employee" if refused == 1 else f"{refused} employees"
    return (
        f"The administrator may not read the grants of {who} (403); what was known of them before"
        " still counts.",
    )
