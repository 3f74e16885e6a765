"""What ``audit doctor`` tries at Microsoft Graph: token, permissions, domains, clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from connectors.clock import check_clock
from connectors.errors import AccessRefused
from connectors.graph import GRANT, Page
from connectors.graph_access import PAGE, UPLOAD
from connectors.source import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from connectors.graph import Graph
    from connectors.source import Access

READ_DOMAINS = "Domain.Read.All"
COVERED_BY_DIRECTORY = frozenset({"User.Read.All", "Domain.Read.All", "Application.Read.All"})
"""What Directory.Read.All includes, by the pages of the calls that need them."""
USED_HERE = frozenset(
    {
        "User.Read.All",
        "Domain.Read.All",
        "EduRoster.Read.All",
        "Directory.Read.All",
        "AuditLog.Read.All",
    }
)
"""What this product's connectors ask for: one app registration may serve both."""
CERTIFICATE_ENDS_SOON = timedelta(days=30)


class Domain(msgspec.Struct, rename="camel"):
    """A domain of the tenant."""

    id: str
    is_verified: bool | None = None


def check_access(
    access: Access, graph: Graph, needed: Sequence[str], wanted: Sequence[str] = ()
) -> Iterator[Check]:
    """Yield the checks in order; ``wanted`` permissions are for this check alone.

    Raises as the connector's ``fetch`` when no token can be had.
    """
    graph.tokens.text()
    yield Check("token", CheckState.GOOD, "Microsoft's sign-in service gave one")
    yield from _check_certificate(access, graph)
    yield from _check_permissions(graph.tokens.roles(), needed, wanted)
    yield from _check_domains_and_clock(access, graph)


def _check_certificate(access: Access, graph: Graph) -> Iterator[Check]:
    ends = graph.tokens.credential.expires_at
    if ends is None:
        return
    is_soon = ends - access.now < CERTIFICATE_ENDS_SOON
    state = CheckState.WARNING if is_soon else CheckState.GOOD
    yield Check("certificate", state, f"good until {ends:%Y-%m-%d}", UPLOAD if is_soon else "")


def _check_permissions(
    roles: Collection[str] | None, needed: Sequence[str], wanted: Sequence[str]
) -> Iterator[Check]:
    if roles is None:
        advice = f"{PAGE} > API permissions, compare the list with the setup page"
        yield Check("permissions", CheckState.WARNING, "the token does not tell them", advice)
        return
    held = set(roles) | (COVERED_BY_DIRECTORY if "Directory.Read.All" in roles else set())
    for names, state in ((needed, CheckState.BAD), (wanted, CheckState.WARNING)):
        for name in names:
            if name not in held:
                yield Check(f"permission {name}", state, "not granted", GRANT)
    for name in sorted(set(roles) - USED_HERE - set(needed)):
        advice = f"{PAGE} > API permissions, remove it: nothing here uses it"
        yield Check(f"permission {_show(name)}", CheckState.WARNING, "granted, not needed", advice)
    if held >= set(needed):
        yield Check("permissions", CheckState.GOOD, ", ".join(needed))


def _check_domains_and_clock(access: Access, graph: Graph) -> Iterator[Check]:
    try:
        answer = graph.ask("/domains", READ_DOMAINS, {"$select": "id,isVerified"})
    except AccessRefused as error:
        yield Check("domains", CheckState.WARNING, f"not checked: {error.problem}", error.advice)
        return
    domains = answer.decode(Page[Domain]).value
    verified = {one.id.casefold() for one in domains if one.is_verified}
    missing = [name for name in access.domains if name.casefold() not in verified]
    advice = "Correct district.email_domains, or verify it under Settings > Domain names"
    for name in missing:
        yield Check(f"domain {name}", CheckState.BAD, "not a verified domain of the tenant", advice)
    if not missing:
        yield Check("domains", CheckState.GOOD, f"{len(access.domains)} verified")
    yield from check_clock(answer.headers.get("Date"), access.now, "Microsoft's", CheckState.BAD)


def _show(name: str) -> str:
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c == "."))[:60]
