"""Grants and sign-ins of a Microsoft tenant as they are kept from one night to the next."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from connectors.graph_apps import (  # noqa: TC001 - msgspec reads the annotations
    Grant,
    ServicePrincipal,
    Span,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1


class Kept(msgspec.Struct):
    """What one night leaves for the next: apps, and of employees who uses which."""

    version: int
    basis: str
    full_at: datetime
    grants_link: str
    apps_link: str
    grants: dict[str, Grant]
    apps: dict[str, ServicePrincipal]
    addresses: dict[str, str]
    sign_ins: dict[str, dict[str, Span]]
    signed_until: datetime | None
    dropped: int = 0


def unpack(bookmark: bytes | None, basis: str) -> Kept | None:
    """Return what an earlier night left under the same settings, however old; None for none."""
    try:
        kept = msgspec.json.decode(bookmark or b"", type=Kept)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    is_ours = (kept.version, kept.basis) == (VERSION, basis)
    return kept if is_ours and kept.full_at.tzinfo is not None else None


def is_for_all(grant: Grant) -> bool:
    """Whether an administrator gave it for the whole tenant."""
    return (grant.consent_type or "").casefold() == "allprincipals"


def list_uses(kept: Kept) -> list[tuple[str, ServicePrincipal, date | None]]:
    """Return who uses which app since when, grants without a day, always in the same order."""
    return sorted(_uses(kept), key=_order)


def _uses(kept: Kept) -> Iterator[tuple[str, ServicePrincipal, date | None]]:
    for grant in kept.grants.values():
        address = kept.addresses.get(grant.principal_id or "")
        if address and not is_for_all(grant):
            yield address, kept.apps[grant.client_id or ""], None
    by_id = {app.app_id: app for app in kept.apps.values()}
    for user, spans in kept.sign_ins.items():
        for app_id, span in spans.items():
            if user in kept.addresses and app_id in by_id:
                yield kept.addresses[user], by_id[app_id], span.first


def _order(one: tuple[str, ServicePrincipal, date | None]) -> tuple[str, str, bool, date]:
    address, app, day = one
    return address.casefold(), app.id, day is not None, day or date.min
