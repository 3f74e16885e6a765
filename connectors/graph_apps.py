"""Apps of a tenant, who granted them what, and who signed in to them, as Graph tells it.

https://learn.microsoft.com/graph/api/serviceprincipal-list, /graph/api/serviceprincipal-delta,
/graph/api/oauth2permissiongrant-list, /graph/api/oauth2permissiongrant-delta and
/graph/api/signin-list.  The ``clientId`` of a grant is the id of a service principal, not the
``appId`` of an app; an ``AllPrincipals`` grant is for everybody and names nobody.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime  # noqa: TC003  (msgspec looks the types up)
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from connectors.graph import PAGE_SIZE, NotLicensed, Removed
from connectors.graph_access import GUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.graph import Graph

READ_DIRECTORY = "Directory.Read.All"
READ_SIGN_INS = "AuditLog.Read.All"
GRANTS, APPS = "/oauth2PermissionGrants", "/servicePrincipals"
APPS_A_FILTER = 10

T = TypeVar("T", bound="Identified")


class Identified(msgspec.Struct, rename="camel", omit_defaults=True):
    """Anything with an id that a delta may call removed."""

    id: str
    removed: Removed | None = msgspec.field(name="@removed", default=None)


class Grant(Identified, rename="camel", omit_defaults=True):
    """What one person, or an administrator for everybody, let an app do."""

    client_id: str | None = None
    consent_type: str | None = None
    principal_id: str | None = None


class ServicePrincipal(Identified, rename="camel", omit_defaults=True):
    """An app as it stands in this tenant."""

    app_id: str | None = None
    app_display_name: str | None = None
    display_name: str | None = None
    homepage: str | None = None
    app_owner_organization_id: str | None = None

    @property
    def name(self) -> str:
        """The publisher's name of the app, else the tenant's, else its client id."""
        return self.app_display_name or self.display_name or self.app_id or self.id

    @property
    def home_domains(self) -> tuple[str, ...]:
        """The host of the app's home page, where it has one."""
        try:
            host = urlsplit(self.homepage or "").hostname
        except ValueError:
            return ()
        return (host,) if host else ()


class SignInStatus(msgspec.Struct, rename="camel"):
    """How a sign-in ended; 0 is well."""

    error_code: int | None = None


class SignIn(msgspec.Struct, rename="camel"):
    """One sign-in: who, to which app, when, and whether it went well."""

    created_date_time: datetime
    app_id: str | None = None
    user_id: str | None = None
    status: SignInStatus | None = None


class Span(msgspec.Struct, array_like=True):
    """First and last day of somebody's sign-ins to an app."""

    first: date
    last: date


def select_of(kind: type[msgspec.Struct]) -> str:
    """Return the ``$select`` of exactly the fields that a type has."""
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    return ",".join(name for name in names if not name.startswith("@"))


def list_all(graph: Graph, path: str, kind: type[T]) -> Iterator[T]:
    """Yield everything of a list once; a repeat of the same id is left out."""
    seen: set[str] = set()
    params: dict[str, str | int] = {"$select": select_of(kind), "$top": PAGE_SIZE}
    for page in graph.pages(path, kind, READ_DIRECTORY, params):
        for one in page.value:
            if one.id not in seen:
                seen.add(one.id)
                yield one


def list_sign_ins(graph: Graph, apps: Iterable[str], since: datetime) -> Iterator[SignIn]:
    """Yield the sign-ins to these apps (client ids) since a moment, newest first.

    Raises NotLicensed where the tenant has no Entra ID P1 or P2.
    """
    ids = sorted(app for app in apps if GUID.fullmatch(app))
    for first in range(0, len(ids), APPS_A_FILTER):
        named = " or ".join(f"appId eq '{app}'" for app in ids[first : first + APPS_A_FILTER])
        params = {"$filter": f"createdDateTime ge {since:%Y-%m-%dT%H:%M:%SZ} and ({named})"}
        for page in graph.pages("/auditLogs/signIns", SignIn, READ_SIGN_INS, params):
            yield from page.value


def note_sign_in(spans: dict[str, Span], app: str, day: date) -> None:
    """Widen the span of an app by a day."""
    span = spans.setdefault(app, Span(day, day))
    span.first, span.last = min(span.first, day), max(span.last, day)


def gather_sign_ins(
    graph: Graph, apps: Iterable[str], since: datetime
) -> dict[str, dict[str, Span]]:
    """Return each user's sign-ins by app since a moment; those that failed are left out.

    Raises NotLicensed when it is answered twice: tenants with a licence are told once in a while
    that they have none.
    """
    try:
        return _gather(graph, apps, since)
    except NotLicensed:
        return _gather(graph, apps, since)


def forget_sign_ins(sign_ins: dict[str, dict[str, Span]], oldest: date) -> None:
    """Take out what was last seen before a day."""
    for user, spans in list(sign_ins.items()):
        sign_ins[user] = {app: span for app, span in spans.items() if span.last >= oldest}
        if not sign_ins[user]:
            del sign_ins[user]


def _gather(graph: Graph, apps: Iterable[str], since: datetime) -> dict[str, dict[str, Span]]:
    found: dict[str, dict[str, Span]] = defaultdict(dict)
    for one in list_sign_ins(graph, apps, since):
        if one.user_id and one.app_id and one.status and one.status.error_code == 0:
            note_sign_in(found[one.user_id], one.app_id, one.created_date_time.date())
    return found
