"""Apps that staff signed in to with their district account, from Microsoft Entra ID.

https://learn.microsoft.com/graph/api/oauth2permissiongrant-list, /graph/api/serviceprincipal-list
and /graph/api/signin-list.  Grants and apps are read in full the first time and every seventh day,
other nights by delta; sign-ins to social sites since the last night, where the tenant has Entra ID
P1 or P2.  The sign-in log allows 5 requests in 10 s and is asked every 2 s at most.

Application permissions, read-only: Directory.Read.All; AuditLog.Read.All unless
``sign_ins = false``; EduRoster.Read.All with ``education = true``.

Never read: what an app may do (scopes), tokens, IP addresses, devices, places, failed sign-ins'
reasons, mail, files.  Grants of students, parents and guests are counted and dropped.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

import msgspec

from connectors.graph import Graph, LinkExpired, NotLicensed
from connectors.graph_access import GRAPH_SETTINGS, GUID
from connectors.graph_apps import (
    APPS,
    GRANTS,
    READ_DIRECTORY,
    READ_SIGN_INS,
    Grant,
    ServicePrincipal,
    forget_sign_ins,
    gather_sign_ins,
    list_all,
    note_sign_in,
    select_of,
)
from connectors.graph_checks import check_access
from connectors.graph_education import (
    EDUCATION_SETTING,
    READ_EDUCATION,
    has_education,
    list_students,
)
from connectors.graph_grants import VERSION, Kept, is_for_all, list_uses, unpack
from connectors.graph_users import (
    IDS_A_FILTER,
    STUDENT_SETTINGS,
    Sieve,
    User,
    list_named,
    list_users,
)
from connectors.inputs import show
from connectors.records import AddressUse, App, Grade, Harvest, Way
from connectors.site_catalogue import identify_app
from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.site_catalogue import Site
    from connectors.source import Access, Check

FULL_EVERY = timedelta(days=7)
SIGN_INS_KEPT = timedelta(days=30)
"""How long Entra ID P1 and P2 keep sign-ins; one is told for as long."""
OVERLAP = timedelta(hours=24)
REPORTS_PER_SECOND = 0.5
MOST_FILTERS = 10
MICROSOFT = frozenset(
    {"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"}
)
"""Tenants that own Microsoft's own apps."""
NOT_STAFF = "grants and sign-ins of students, guests and others who are no staff"


class MicrosoftAppGrants:
    """Grants and sign-ins of staff at social sites; other apps are told without names."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.ADDRESS_USES})
    settings: ClassVar[tuple[Setting, ...]] = (
        *GRAPH_SETTINGS,
        *STUDENT_SETTINGS,
        EDUCATION_SETTING,
        Setting(
            "sign_ins",
            bool,
            required=False,
            about="Read sign-ins to social sites too; it needs AuditLog.Read.All and Entra ID P1.",
            default=True,
        ),
    )

    def __init__(self, access: Access) -> None:
        """Check the settings that can be checked without asking: NotConfigured."""
        self._access = access
        self._sieve = Sieve(access)
        self._has_education = has_education(access)
        self._reads_sign_ins = access.options.get("sign_ins") is not False
        self._notes: list[str] = []
        self._sites: dict[str, Site | None] = {}
        self._strangers = 0
        self._students: frozenset[str] = frozenset()

    def fetch(self) -> Harvest:
        """Read all grants and apps, or what changed; raises ``ConnectorError`` for less."""
        self._notes, self._sites, self._strangers = [], {}, 0
        with Graph(self._access) as graph:
            self._students = frozenset(list_students(graph) if self._has_education else ())
            before = unpack(self._access.bookmark, self._basis())
            changed = self._update(graph, before) if before and self._is_recent(before) else None
            kept = changed or self._read_all(graph)
            calls = graph.calls
        if self._reads_sign_ins:
            with Graph(self._access, per_second=REPORTS_PER_SECOND) as reports:
                self._read_sign_ins(reports, kept)
                calls += reports.calls
        return replace(self._harvest(kept), calls=calls, bookmark=msgspec.json.encode(kept))

    def check(self) -> Iterable[Check]:
        """Yield what ``audit doctor`` shows; raises as ``fetch``."""
        needed = [READ_DIRECTORY, *([READ_SIGN_INS] if self._reads_sign_ins else [])]
        needed += [READ_EDUCATION] if self._has_education else []
        with Graph(self._access) as graph:
            yield from check_access(self._access, graph, needed)

    def _basis(self) -> str:
        options = self._access.options
        own = (options.get("tenant_id"), options.get("client_id"), options.get("cloud"))
        basis = (own, self._has_education, self._sieve.basis())
        return sha256(repr(basis).encode()).hexdigest()

    def _is_recent(self, kept: Kept | None) -> bool:
        return kept is not None and timedelta(0) <= self._access.now - kept.full_at < FULL_EVERY

    def _read_all(self, graph: Graph) -> Kept:
        """Read grants, then apps, so that every grant's app is there; delta links come first."""
        before = unpack(self._access.bookmark, self._basis())  # for its sign-ins: the log forgets
        grants_link, apps_link = (
            graph.begin_delta(path, READ_DIRECTORY, {"$select": select_of(kind)})
            for path, kind in ((GRANTS, Grant), (APPS, ServicePrincipal))
        )
        grants = {one.id: one for one in list_all(graph, GRANTS, Grant)}
        apps = {one.id: one for one in list_all(graph, APPS, ServicePrincipal) if self._tell(one)}
        kept = Kept(
            version=VERSION,
            basis=self._basis(),
            full_at=self._access.now,
            grants_link=grants_link,
            apps_link=apps_link,
            grants=grants,
            apps=apps,
            addresses={},
            sign_ins=before.sign_ins if before else {},
            signed_until=before.signed_until if before else None,
        )
        self._keep_staff(graph, kept)
        return kept

    def _update(self, graph: Graph, kept: Kept) -> Kept | None:
        """Apply what changed since ``kept``; None when it has to be read in full."""
        try:
            grants, kept.grants_link = graph.changes(kept.grants_link, Grant, READ_DIRECTORY)
            apps, kept.apps_link = graph.changes(kept.apps_link, ServicePrincipal, READ_DIRECTORY)
        except LinkExpired:
            return None
        for grant in grants:
            kept.grants.pop(grant.id, None)
            if grant.removed is None:
                if not grant.client_id:
                    return None
                kept.grants[grant.id] = grant
        for app in apps:
            kept.apps.pop(app.id, None)
            if app.removed is None:
                if not app.app_id:
                    return None
                if self._tell(app):
                    kept.apps[app.id] = app
        self._keep_staff(graph, kept)
        return kept

    def _tell(self, app: ServicePrincipal) -> bool:
        """Whether an app is neither Microsoft's nor the district's own; a social one always is."""
        owner = (app.app_owner_organization_id or "").casefold()
        is_own = owner in MICROSOFT or owner == self._access.options["tenant_id"].casefold()
        return not is_own or self._is_social(app)

    def _site_of(self, app: ServicePrincipal) -> Site | None:
        if app.id not in self._sites:
            self._sites[app.id] = identify_app(app.app_id or "", app.name, app.home_domains)
        return self._sites[app.id]

    def _is_social(self, app: ServicePrincipal) -> bool:
        site = self._site_of(app)
        return site is not None and site.is_social

    def _keep_staff(self, graph: Graph, kept: Kept) -> None:
        """Look up who granted, and let go of whatever is no employee's or no app's of interest."""
        of_interest = {
            key: one for key, one in kept.grants.items() if (one.client_id or "") in kept.apps
        }
        people = {one.principal_id for one in of_interest.values() if one.principal_id}
        for student in self._students & kept.addresses.keys():
            del kept.addresses[student]
        self._look_up(graph, kept, people | kept.sign_ins.keys())
        kept.grants = {
            key: one
            for key, one in of_interest.items()
            if is_for_all(one) or one.principal_id in kept.addresses
        }
        kept.dropped += len(of_interest) - len(kept.grants)
        kept.sign_ins = {u: spans for u, spans in kept.sign_ins.items() if u in kept.addresses}
        present = {one.principal_id for one in kept.grants.values()} | kept.sign_ins.keys()
        kept.addresses = {key: one for key, one in kept.addresses.items() if key in present}

    def _look_up(self, graph: Graph, kept: Kept, people: Iterable[str]) -> None:
        """Learn the addresses of people not known yet; who is gone or no employee has none."""
        unknown = {p for p in people if GUID.fullmatch(p)} - kept.addresses.keys() - self._students
        is_many = len(unknown) > IDS_A_FILTER * MOST_FILTERS
        everybody = partial(list_users, graph, READ_DIRECTORY)
        named = partial(list_named, graph, READ_DIRECTORY, sorted(unknown))
        for user in everybody() if is_many else named():
            if user.id not in unknown:
                continue
            own = self._sieve.own_addresses(user)
            if own and self._sieve.tell(user) is None:
                kept.addresses[user.id] = _login_of(user, own)

    def _read_sign_ins(self, graph: Graph, kept: Kept) -> None:
        """Read the sign-ins to social sites since last time; a note where they are not licensed."""
        oldest = self._access.now - SIGN_INS_KEPT
        since = max(kept.signed_until - OVERLAP, oldest) if kept.signed_until else oldest
        social = {app.app_id or "" for app in kept.apps.values() if self._is_social(app)}
        forget_sign_ins(kept.sign_ins, oldest.date())
        try:
            found = gather_sign_ins(graph, social, since)
        except NotLicensed:
            self._notes.append(
                "Sign-ins are not licensed in this tenant (Entra ID P1 or P2); grants alone tell."
            )
            return
        self._look_up(graph, kept, found)
        for user, spans in found.items():
            if user not in kept.addresses:
                self._strangers += 1
                continue
            for app, span in spans.items():
                for day in (span.first, span.last):
                    note_sign_in(kept.sign_ins.setdefault(user, {}), app, day)
        kept.signed_until = self._access.now

    def _harvest(self, kept: Kept) -> Harvest:
        uses: dict[tuple[str, str], AddressUse] = {}
        for address, app, day in list_uses(kept):
            site = self._site_of(app)
            if site is not None and site.is_social:
                use = self._make_use(address, site, app, day)
                known = uses.setdefault((address.casefold(), site.key), use)
                if day and not known.occurred_on:
                    uses[address.casefold(), site.key] = replace(known, occurred_on=day)
        dropped = kept.dropped + self._strangers
        return Harvest(
            uses=tuple(uses.values()),
            apps=tuple(self._list_unknown(kept)),
            dropped={NOT_STAFF: dropped} if dropped else {},
            notes=(*self._say_tenant_wide(kept), *self._notes),
        )

    def _make_use(
        self, address: str, site: Site, app: ServicePrincipal, day: date | None
    ) -> AddressUse:
        work = " The site is also used for work." if site.may_be_work_tool else ""
        how = "was signed in to with" if day else "holds a grant of"
        return AddressUse(
            source=self._access.source,
            address=address,
            site=site.key,
            way=Way.APP_GRANT,
            grade=Grade.C,
            occurred_on=day,
            seen_at=self._access.now,
            statement=f'The app "{app.name[:80]}" {how} the district account.{work}',
        )

    def _list_unknown(self, kept: Kept) -> Iterator[App]:
        users: dict[str, set[str] | None] = {}
        for grant in kept.grants.values():
            app = kept.apps[grant.client_id or ""]
            if self._site_of(app) is None:
                known = users.setdefault(app.id, set())
                if is_for_all(grant):
                    users[app.id] = None
                elif known is not None and grant.principal_id:
                    known.add(grant.principal_id)
        for key in sorted(users):
            app, count = kept.apps[key], users[key]
            yield App(
                source=self._access.source,
                id=app.app_id or app.id,
                name=app.name[:200],
                users=None if count is None else len(count),
            )

    def _say_tenant_wide(self, kept: Kept) -> Iterator[str]:
        wide = {one.client_id or "" for one in kept.grants.values() if is_for_all(one)}
        social = {show(kept.apps[key].name) for key in wide if self._is_social(kept.apps[key])}
        for name in sorted(social):
            yield f'An administrator let "{name}" in for everybody; a grant of it names nobody.'


def _login_of(user: User, own: tuple[str, ...]) -> str:
    """Return the address a site gets to know: the login where it is the district's."""
    login = (user.user_principal_name or "").casefold()
    return next((one for one in own if one.casefold() == login), own[0])
