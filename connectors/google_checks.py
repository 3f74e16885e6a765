"""What ``audit doctor`` tries at Google: token, each scope, clock, domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.clock import check_clock
from connectors.google_access import DELEGATION, ScopeMissing
from connectors.google_users import CUSTOMER, DIRECTORY, READ_UNITS
from connectors.source import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from connectors.google_api import Google
    from connectors.source import Access

TOO_MUCH = (
    "admin.directory.user",
    "admin.directory.orgunit",
    "admin.directory.group",
    "admin.directory.domain",
)
"""Scopes that allow changes; Google does not list what is granted, each has to be tried."""


def check_access(access: Access, google: Google, scopes: Sequence[str]) -> Iterator[Check]:
    """Yield the checks in order; raises as the connector's ``fetch`` when no token can be had."""
    try:
        google.tokens.text()
    except ScopeMissing:
        missing = [scope for scope in scopes if not google.tokens.is_granted(scope)]
        for scope in missing:
            advice = f"{DELEGATION}, add it to client ID {google.tokens.client_id}"
            yield Check(f"scope {scope}", CheckState.BAD, "not granted", advice)
        if missing:
            raise
        google.tokens.text()
    yield Check("token", CheckState.GOOD, "Google's sign-in service gave one")
    yield Check("scopes", CheckState.GOOD, ", ".join(scopes))
    for scope in TOO_MUCH:
        if scope not in scopes and google.tokens.is_granted(scope):
            advice = f"{DELEGATION}, remove it: nothing here uses it"
            yield Check(f"scope {scope}", CheckState.WARNING, "granted, not needed", advice)
    yield from _check_clock(google, access.now)


def check_domains(wanted: Iterable[str], verified: Collection[str]) -> Iterator[Check]:
    """Yield whether the district's e-mail domains are domains of the tenant, or below one."""
    advice = (
        "Correct district.email_domains, or verify it in the Admin console under Account >"
        " Domains > Manage domains"
    )
    missing = [
        name
        for name in wanted
        if not any(name == own or name.endswith(f".{own}") for own in verified)
    ]
    for name in missing:
        yield Check(f"domain {name}", CheckState.BAD, "not a verified domain of the tenant", advice)
    if not missing:
        yield Check("domains", CheckState.GOOD, "all verified")


def _check_clock(google: Google, now: datetime) -> Iterator[Check]:
    request = (
        google.service(*DIRECTORY)
        .orgunits()
        .list(customerId=CUSTOMER, type="children", fields="organizationUnits(orgUnitId)")
    )
    date = google.ask(request, READ_UNITS).headers.get("Date")
    yield from check_clock(date, now, "Google's", CheckState.BAD)
