"""The words for each way in which a source can report an address in use at a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.wording import platform_title
from connectors.records import Grade, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.records import AddressUse, Person

STRONG = frozenset({Grade.A, Grade.B})
LEAKED = frozenset({Way.BREACH, Way.STEALER_LOG})
ACCOUNT = "account"
"""Second part of the subject of what proves an account, so that it never shares a lead with what
only hints at one: a school's page shows the first kind and never the second."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How one way is told: what was compared, what was seen (of a site), why it may be wrong."""

    what: str
    seen: str
    reason: str
    doubts: tuple[str, ...]


NOTICE = (
    "Security notice for the employee: change the password there and wherever else it is used. "
    "Being in a breach is nobody's fault."
)
GIVEN = "Somebody else may have given the address to the site, perhaps years ago."
WORDS = {
    Way.PUBLISHED: Wording(
        "address shown at {site}",
        "in use at {site}",
        "A source reports that the site shows the address.",
        ("Anyone can write an address into a profile; the account need not be the employee's.",),
    ),
    Way.HASH: Wording(
        "published hash at {site}",
        "in use at {site}",
        "A hash that the site publishes equals that of the address.",
        ("The hash may stand there because somebody set an avatar by that address.",),
    ),
    Way.LOOKUP: Wording(
        "documented look-up at {site}",
        "in use at {site}",
        "The site's documented look-up by address answered that an account has it.",
        (GIVEN,),
    ),
    Way.APP_GRANT: Wording(
        "sign-in with the district account at {site}",
        "signed in at {site}",
        "The district account was used to sign in at this site.",
        (
            "Signing in once does not show that an account there still exists or is in use.",
            "The sign-in may have been for work, or asked for by the district.",
        ),
    ),
    Way.BREACH: Wording(
        "breach of {site}",
        "in a breach of {site}",
        f"The address is in the data of a breach of this site. {NOTICE}",
        (GIVEN, "The account may be long gone; a breach shows the past."),
    ),
    Way.STEALER_LOG: Wording(
        "password stolen for {site}",
        "in stolen sign-ins for {site}",
        f"The address stands in sign-ins that malicious software stole for this site. {NOTICE}",
        (GIVEN, "Such logs are often old, copied together or made up."),
    ),
}


def subject_of(use: AddressUse) -> tuple[str, ...]:
    """Return the identity of the lead: site and address, what proves an account apart."""
    address = use.address.casefold()
    return (use.site, ACCOUNT, address) if use.grade in STRONG else (use.site, address)


def is_leak(use: AddressUse) -> bool:
    """Whether the use comes from leaked data, in which pupils' addresses stand as well."""
    return use.way in LEAKED


def in_order(uses: Iterable[AddressUse]) -> Sequence[AddressUse]:
    """Return uses so that the best evidence leads, whichever source came first."""
    return sorted(uses, key=lambda one: (one.grade, one.way, one.site, one.source, one.statement))


def what_of(use: AddressUse) -> str:
    """Name what was compared."""
    return WORDS[use.way].what.format(site=platform_title(use.site))


def seen_of(use: AddressUse) -> str:
    """Say what was seen of the address, for the end of a summary."""
    return WORDS[use.way].seen.format(site=platform_title(use.site))


def reason_of(use: AddressUse) -> str:
    """Say why this is a lead, in the way's own words."""
    return WORDS[use.way].reason


def doubts_of(use: AddressUse, owners: Sequence[Person]) -> tuple[str, ...]:
    """Say why this may be wrong, and when it happened before the owner was hired."""
    hired = [person.hired_on for person in owners if person.hired_on is not None]
    if use.occurred_on is None or not hired or use.occurred_on >= min(hired):
        return WORDS[use.way].doubts
    older = (
        f"It is of {use.occurred_on}, before the owner was hired ({min(hired)}): the address may "
        "have been somebody else's then."
    )
    return (older, *WORDS[use.way].doubts)
