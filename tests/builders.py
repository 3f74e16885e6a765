"""Records with sensible defaults: a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.findings import Evidence, Finding
from connectors.records import (
    AccountKey,
    AddressUse,
    Grade,
    Person,
    Profile,
    Role,
    School,
    SiteLink,
    Standing,
    Way,
)
from connectors.source import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2024, 3, 14, 4, 30, tzinfo=UTC)
DOMAIN = "maplefalls.example"


def an_access(options: Mapping[str, Any] | None = None, **changes: Any) -> Access:
    """Build what a connector is made with; ``options`` are its settings."""
    fields: dict[str, Any] = {
        "source": "tested",
        "options": dict(options or {}),
        "folder": Path(),
        "domains": (DOMAIN,),
        "now": NOW,
    }
    return Access(**fields | changes)


def a_person(**changes: Any) -> Person:
    """Build an active teacher with one address."""
    fields: dict[str, Any] = {
        "source": "roster",
        "id": "p1",
        "name": "Ida Marsh",
        "addresses": (f"ida.marsh@{DOMAIN}",),
        "role": Role.STAFF,
        "standing": Standing.ACTIVE,
        "schools": ("MFH",),
    }
    return Person(**fields | changes)


def a_school(**changes: Any) -> School:
    """Build a high school."""
    fields: dict[str, Any] = {
        "source": "roster",
        "id": "MFH",
        "name": "Maple Falls High School",
        "kind": "school",
    }
    return School(**fields | changes)


def a_profile(**changes: Any) -> Profile:
    """Build a public page named after the high school."""
    fields: dict[str, Any] = {
        "source": "found",
        "platform": "mastodon",
        "url": "https://social.example/@maplefallshigh",
        "handle": "MapleFallsHigh",
        "native_id": "1001",
        "display_name": "Maple Falls High School",
        "bio": "News from the home of the Herons.",
        "seen_at": NOW,
        "account_id": "maplefallshigh",
    }
    return Profile(**fields | changes)


def an_address_use(**changes: Any) -> AddressUse:
    """Build a published address on a profile."""
    fields: dict[str, Any] = {
        "source": "found",
        "address": f"ida.marsh@{DOMAIN}",
        "site": "mastodon",
        "way": Way.PUBLISHED,
        "grade": Grade.A,
        "url": "https://social.example/@idamarsh",
        "seen_at": NOW,
    }
    return AddressUse(**fields | changes)


def a_site_link(**changes: Any) -> SiteLink:
    """Build a link from the district's home page to an account."""
    fields: dict[str, Any] = {
        "source": "site",
        "page": f"https://www.{DOMAIN}/",
        "account": AccountKey("mastodon", "1001"),
        "seen_at": NOW,
    }
    return SiteLink(**fields | changes)


def some_evidence(**changes: Any) -> Evidence:
    """Build one comparison of a published address with the directory's."""
    fields: dict[str, Any] = {
        "what": "address in the profile text",
        "ours": f"ida.marsh@{DOMAIN}",
        "theirs": f"ida.marsh@{DOMAIN}",
        "source": "found",
        "url": "https://social.example/@idamarsh",
        "seen_at": NOW,
    }
    return Evidence(**fields | changes)


def a_finding(**changes: Any) -> Finding:
    """Build a lead of grade A about a district address on a social site."""
    fields: dict[str, Any] = {
        "rule": "district-address-in-use",
        "subject": ("mastodon", "1001", f"ida.marsh@{DOMAIN}"),
        "sources": frozenset({"roster", "found"}),
        "grade": Grade.A,
        "summary": "A district address stands in the public profile of a Mastodon account.",
        "schools": ("MFH",),
        "people": ("p1",),
        "platform": "mastodon",
        "url": "https://social.example/@idamarsh",
        "evidence": (some_evidence(),),
        "reasons": ("The profile text holds the address.",),
        "doubts": ("Anyone can write any address in a profile.",),
    }
    return Finding(**fields | changes)
