"""LinkedIn: organisation pages that claim the district's domain, and pages by vanity name.

Documentation
https://learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-lookup-api,
rules https://www.linkedin.com/legal/l/api-terms-of-use (reviewed 2026-11-22).  Needs the Community
Management product and a member's token with rw_organization_admin.  Limits obeyed: one call a
second, the app's daily quota; monthly versions live about a year.

Members are never looked at: neither their profiles nor who works where.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

import msgspec

from connectors.account_source import LOOKUPS, AccountSource, Night
from connectors.account_source import Absence as No
from connectors.errors import AccessRefused, NotConfigured, QuotaExhausted, UnexpectedAnswer
from connectors.records import Profile, ProfileKind
from connectors.source import Capability, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.platforms import Account
    from connectors.source import Access

BASE = "https://api.linkedin.com/rest"
PAGE = 50
MOST = 500
HIDDEN = "ADMIN_ONLY"


class Organisation(msgspec.Struct, rename="camel"):
    """What anybody may read of an organisation page."""

    id: int
    localized_name: str
    vanity_name: str
    localized_website: str | None = None
    primary_organization_type: str | None = None


class Found(msgspec.Struct):
    """A page of organisations."""

    elements: list[Organisation]


class Refused(msgspec.Struct, rename="camel"):
    """An error of LinkedIn."""

    message: str
    status: int


class LinkedInOrganisations(AccountSource):
    """Reads organisation pages by e-mail domain and by vanity name."""

    platform = "linkedin"
    probe = "company/linkedin"
    per_second = 1.0
    most_allowed: ClassVar = {"lookups_a_night": 400}
    capabilities = frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT})
    settings = (
        Setting(
            "token",
            str,
            required=True,
            secret=True,
            about="Apply for the Community Management product at developer.linkedin.com, then give"
            " a token with rw_organization_admin.",
        ),
        Setting(
            "version",
            str,
            required=False,
            about="Month of the API, YYYYMM; each lives about a year.",
            default="202611",
        ),
        LOOKUPS,
    )
    terms = Terms(
        platforms=("linkedin",),
        documentation="https://learn.microsoft.com/linkedin/marketing/community-management/"
        "organizations/organization-lookup-api",
        rules="https://www.linkedin.com/legal/l/api-terms-of-use",
        reviewed_on=date(2026, 11, 22),
        limits="One call a second and the app's daily quota; handles take turns.",
        never="It never looks at members: it reads organisation pages alone.",
        missing={
            Capability.PROFILES_BY_ADDRESS: "LinkedIn tells the pages that claim a domain, no"
            " member by address.",
            Capability.PROFILES_BY_BRAND: "LinkedIn's search by name is not granted to districts.",
        },
    )

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured without a token."""
        super().__init__(access)
        if not re.fullmatch(r"20\d{4}", str(self.options["version"])):
            problem = "the setting 'version' is no month"
            raise NotConfigured(access.source, problem, 'Write it as "202611"')

    def headers(self) -> dict[str, str]:
        """Send token and version as LinkedIn asks."""
        return {
            "Authorization": f"Bearer {self.options['token']}",
            "LinkedIn-Version": str(self.options["version"]),
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def look(self, night: Night, accounts: Sequence[Account]) -> list[Profile | No]:
        """Ask for one vanity name; groups and bare numbers have no interface."""
        account = accounts[0]
        if not account.handle or account.id.startswith("groups/"):
            return [No.UNREACHABLE]
        found = self._ask(night, {"q": "vanityName", "vanityName": unquote(account.handle)})
        if found is None:
            return [No.CLOSED]
        return [self._read(night, found[0]) if found else No.NOT_FOUND]

    def search(self, night: Night) -> None:
        """Ask which pages claim one of the district's domains."""
        for domain in self._access.domains:
            for start in range(0, MOST, PAGE):
                asked: dict[str, str | int] = {"q": "emailDomain", "emailDomain": domain}
                page = self._ask(night, asked | {"start": start, "count": PAGE}) or []
                for one in page:
                    self.keep(night, self._read(night, one))
                if len(page) < PAGE:
                    break

    def _ask(self, night: Night, asked: dict[str, str | int]) -> list[Organisation] | None:
        """Return the organisations, None where only their administrators may see them."""
        accepted = (200, 400, 401, 403, 404, 426, 429)
        answer = night.web.get(f"{BASE}/organizations", params=asked, accept=accepted)
        if answer.status == 200:
            return answer.decode(Found).elements
        source, problem = answer.source, answer.decode(Refused)
        if answer.status == 404:
            return []
        if answer.status == 426:
            advice = "Set 'version' to a newer month, as the page of LinkedIn's versions tells"
            raise NotConfigured(source, "LinkedIn has retired this version of its API", advice)
        if answer.status == 429:
            advice = "The next night tries again"
            raise QuotaExhausted(source, "LinkedIn's quota of the day is used up", advice)
        if HIDDEN in problem.message:
            return None
        if answer.status in {401, 403}:
            advice = "See the app's products at developer.linkedin.com and renew the token"
            raise AccessRefused(source, f"LinkedIn refused the access ({answer.status})", advice)
        advice = "Report it with this sentence"
        raise UnexpectedAnswer(source, "LinkedIn did not understand a request of ours", advice)

    def _read(self, night: Night, found: Organisation) -> Profile | No:
        space = "school" if found.primary_organization_type == "SCHOOL" else "company"
        return night.profile(
            f"{space}/{found.vanity_name}",
            str(found.id),
            display_name=found.localized_name,
            website=found.localized_website,
            kind=ProfileKind.ORGANISATION,
        )
