"""Approved accounts: asked for, approved, revoked; the current list is a view over the events."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from auditor.errors import RegistryError
from auditor.terminal import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connectors.platform_table import Account
    from connectors.records import AccountKey

Fact = str | bool | tuple[str, ...] | None
LONGEST_TEXT = 500
LONGEST_REASON = 280
_ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,253}")
_SCHOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class Registration(StrEnum):
    """Where an account of the registry stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class RegisteredAccount:
    """One account of the registry.

    ``schools`` holds codes; empty means the district.  ``owner`` and ``backup`` are addresses of
    the directory.  ``may_use_district_address`` is the one decision on item 10 for this account.
    """

    key: AccountKey
    url: str
    handle: str | None
    schools: tuple[str, ...]
    purpose: str
    owner: str
    backup: str | None
    state: Registration
    requested_by: str
    requested_on: date
    approved_by: str | None
    approved_on: date | None
    review_on: date | None
    may_use_district_address: bool = True


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One line of the append-only registry; ``facts`` are fields of RegisteredAccount as text.

    ``verb`` is ``requested``, ``approved``, ``revoked``, ``changed`` or ``imported``.
    """

    at: datetime
    by: str
    verb: str
    account: AccountKey
    why: str
    facts: Mapping[str, Fact]


_READERS: dict[str, Callable[[Any], Any]] = {
    "state": Registration,
    "schools": tuple,
    "requested_on": date.fromisoformat,
    "approved_on": date.fromisoformat,
    "review_on": date.fromisoformat,
}
_FACTS = frozenset(RegisteredAccount.__slots__) - {"key"}


def fold_registry(events: Iterable[RegistryEvent]) -> dict[AccountKey, RegisteredAccount]:
    """Return every account ever registered, by key, as the events left it.

    Raises RegistryError for an event about an account that was never asked for.
    """
    accounts: dict[AccountKey, RegisteredAccount] = {}
    for event in events:
        before = accounts.get(event.account)
        try:
            accounts[event.account] = _apply(event, before)
        except (TypeError, ValueError):
            raise RegistryError(
                f'The registry has a "{event.verb}" for {event.account.platform} '
                f"{event.account.account} that does not fit what came before; "
                "restore the store from its last copy."
            ) from None
    return accounts


def request_account(
    accounts: Mapping[AccountKey, RegisteredAccount],
    key: AccountKey,
    *,
    url: str,
    handle: str | None,
    owner: str,
    purpose: str,
    by: str,
    at: datetime,
    today: date,
    backup: str | None = None,
    schools: tuple[str, ...] = (),
    may_use_district_address: bool = True,
    why: str = "",
) -> RegistryEvent:
    """Return the event that asks for an account; RegistryError when it is already registered."""
    known = accounts.get(key)
    if known is not None and known.state is not Registration.REVOKED:
        raise RegistryError(
            f"{known.url} is already in the registry ({known.state} since "
            f"{known.approved_on or known.requested_on}); see `audit registry list`."
        )
    facts: dict[str, Fact] = {
        "url": url,
        "handle": handle,
        "schools": check_schools(schools),
        "purpose": check_purpose(purpose),
        "owner": check_address(owner, "The owner"),
        "backup": check_address(backup, "The backup") if backup else None,
        "may_use_district_address": may_use_district_address,
        "requested_on": today.isoformat(),
    }
    return RegistryEvent(at, by, "requested", key, _check_reason(why, may_be_empty=True), facts)


def approve_account(
    accounts: Mapping[AccountKey, RegisteredAccount],
    key: AccountKey,
    *,
    by: str,
    at: datetime,
    today: date,
    review_on: date | None,
    why: str,
) -> RegistryEvent:
    """Return the event that approves an account asked for, or renews an approval.

    ``review_on`` defaults to a year from today and must lie ahead.
    """
    account = _registered(accounts, key)
    if account.state is Registration.REVOKED:
        raise RegistryError(
            f"{account.url} was revoked; ask for it again with `audit registry add`."
        )
    review_on = review_on or a_year_from(today)
    if review_on <= today:
        raise RegistryError(f"The review date {review_on} is not ahead; give a later one.")
    facts: dict[str, Fact] = {
        "approved_on": today.isoformat(),
        "review_on": review_on.isoformat(),
    }
    return RegistryEvent(at, by, "approved", key, _check_reason(why), facts)


def revoke_account(
    accounts: Mapping[AccountKey, RegisteredAccount],
    key: AccountKey,
    *,
    by: str,
    at: datetime,
    why: str,
) -> RegistryEvent:
    """Return the event that revokes an account's approval or request."""
    account = _registered(accounts, key)
    if account.state is Registration.REVOKED:
        raise RegistryError(f"{account.url} is already revoked.")
    return RegistryEvent(at, by, "revoked", key, _check_reason(why), {})


def account_at(url: str | None, platform: str | None = None, handle: str | None = None) -> Account:
    """Return the account that a URL, or a platform and a handle, names; RegistryError if none."""
    from connectors.platforms import Refusal, account_of, identify

    if url:
        found, shown = identify(url), url
    elif platform and handle:
        found, shown = account_of(platform, handle, None), f"{handle} on {platform}"
    else:
        raise RegistryError("Name the account by its URL, or by --platform and --handle.")
    if isinstance(found, Refusal):
        raise RegistryError(f'"{shown[:200]}" names no account: it is {found.reason}.')
    return found


def a_year_from(today: date) -> date:
    """Return the same day next year; 28 February for a leap day."""
    is_leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year + 1, day=28 if is_leap_day else today.day)


def check_address(address: str, whose: str) -> str:
    """Return a directory address in lower case; RegistryError when it is not of that form."""
    address = address.strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise RegistryError(f'{whose} "{address}" is not an e-mail address of the directory.')
    return address


def check_purpose(purpose: str) -> str:
    """Return the purpose, trimmed; RegistryError when it is empty or over 500 characters."""
    purpose = clean(" ".join(purpose.split()))
    if not purpose:
        raise RegistryError("The purpose is empty; say in a few words what the account is for.")
    if len(purpose) > LONGEST_TEXT:
        raise RegistryError(f"The purpose has {len(purpose)} characters; 500 is the most.")
    return purpose


def check_schools(schools: Iterable[str]) -> tuple[str, ...]:
    """Return school codes in order, each once; RegistryError for what cannot be a code."""
    codes = tuple(dict.fromkeys(code.strip() for code in schools if code.strip()))
    for code in codes:
        if not _SCHOOL.fullmatch(code):
            raise RegistryError(f'"{code}" is not a school\'s code; give one such as AHS.')
    return codes


def _check_reason(why: str, *, may_be_empty: bool = False) -> str:
    why = why.strip()
    if not why and not may_be_empty:
        raise RegistryError("The reason is empty; say it in a few words with --why.")
    if len(why) > LONGEST_REASON:
        raise RegistryError(f"The reason has {len(why)} characters; {LONGEST_REASON} is the most.")
    return why


def _registered(
    accounts: Mapping[AccountKey, RegisteredAccount], key: AccountKey
) -> RegisteredAccount:
    try:
        return accounts[key]
    except KeyError:
        raise RegistryError(
            f"{key.platform} {key.account} is not in the registry; "
            "ask for it with `audit registry add`."
        ) from None


def _apply(event: RegistryEvent, before: RegisteredAccount | None) -> RegisteredAccount:
    """Return the account after an event; TypeError or ValueError when the event does not fit."""
    facts: dict[str, Any] = {
        name: value if value is None else _READERS.get(name, lambda same: same)(value)
        for name, value in event.facts.items()
        if name in _FACTS
    }
    match event.verb:
        case "requested" | "imported":
            return _begin(event, facts)
        case "approved" if before is not None:
            approval: dict[str, Any] = {
                "approved_by": event.by,
                "approved_on": event.at.date(),
                **facts,
            }
            return replace(before, state=Registration.APPROVED, **approval)
        case "revoked" if before is not None:
            return replace(before, state=Registration.REVOKED)
        case "changed" if before is not None:
            return replace(before, **facts)
    raise ValueError(event.verb)


def _begin(event: RegistryEvent, facts: dict[str, Any]) -> RegisteredAccount:
    begun: dict[str, Any] = {
        "handle": None,
        "schools": (),
        "backup": None,
        "state": Registration.REQUESTED,
        "requested_by": event.by,
        "requested_on": event.at.date(),
        "approved_by": None,
        "approved_on": None,
        "review_on": None,
        **facts,
    }
    return RegisteredAccount(key=event.account, **begun)
