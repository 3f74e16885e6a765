"""Entries of Active Directory and of OpenLDAP-like servers, turned into staff entries.

Schemas: MS-ADA1..3 (userAccountControl, accountExpires, proxyAddresses, objectGUID), RFC 2798
inetOrgPerson, RFC 4524, eduPerson.  Values come as bytes; what is not UTF-8 is left out and
counted.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.dn import parse_dn

from connectors.directory.addresses import is_within
from connectors.directory.entries import Entry
from connectors.directory.roles import Group, tell_group
from connectors.records import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.directory.ldap_connection import Raw

BOTH = (
    "cn", "displayName", "givenName", "sn", "mail", "employeeType", "title", "memberOf",
    "physicalDeliveryOfficeName", "ou",
)  # fmt: skip
ACTIVE_DIRECTORY = (
    *BOTH, "objectGUID", "sAMAccountName", "userPrincipalName", "proxyAddresses", "department",
    "userAccountControl", "accountExpires",
)  # fmt: skip
OPEN_LDAP = (
    *BOTH, "entryUUID", "uid", "mailLocalAddress", "mailAlternateAddress", "departmentNumber",
    "eduPersonPrimaryAffiliation", "pwdAccountLockedTime", "nsAccountLock",
)  # fmt: skip
DISABLED = 0x2
"""ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16)."""
NEVER = (0, 0x7FFFFFFFFFFFFFFF)
LOCKED_FOR_EVER = "000001010000Z"
"""pwdAccountLockedTime of an account that only an administrator unlocks (ppolicy)."""
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Schema:
    """Reads entries by one schema; ``unreadable`` counts the values that were no text."""

    def __init__(
        self,
        *,
        is_active_directory: bool,
        domains: Sequence[str],
        school_attributes: Sequence[str],
        now: datetime,
    ) -> None:
        self._is_ad, self._now = is_active_directory, now
        self._domains = tuple(domain.casefold() for domain in domains)
        self._school_attributes = [name.casefold() for name in school_attributes]
        known = ACTIVE_DIRECTORY if is_active_directory else OPEN_LDAP
        self.attributes = tuple(dict.fromkeys([*known, *school_attributes]))
        self.filter = (
            "(&(objectCategory=person)(objectClass=user)(!(isCriticalSystemObject=TRUE)))"
            if is_active_directory
            else "(objectClass=inetOrgPerson)"
        )
        self.unreadable = 0

    def tell_group(self, raw: Raw) -> Group | None:
        """Say whom an entry stands for by its own words; None when it does not say."""
        words = [
            *self._texts(raw, "employeetype"),
            *self._texts(raw, "edupersonprimaryaffiliation"),
        ]
        groups = {tell_group(word) for word in words}
        return next((g for g in (Group.STUDENT, Group.GUARDIAN, Group.STAFF) if g in groups), None)

    def tell_id(self, raw: Raw) -> str:
        """Return the entry's own unchanging id, "" when the server shows none."""
        if self._is_ad:
            found = raw.values.get("objectguid", ())
            return str(uuid.UUID(bytes_le=found[0])) if found and len(found[0]) == 16 else ""
        return self._text(raw, "entryuuid").casefold()

    def read(self, raw: Raw) -> Entry:
        """Turn a member of staff into an entry."""
        return Entry(
            id=self.tell_id(raw),
            given=self._text(raw, "givenname"),
            family=self._text(raw, "sn"),
            addresses=tuple(self._addresses(raw)),
            name=self._text(raw, "displayname") or self._text(raw, "cn"),
            username=self._text(raw, "samaccountname") or self._text(raw, "uid"),
            standing=self._tell_standing(raw),
            schools=self._schools(raw),
            groups=tuple(self._groups(raw)),
            title=self._text(raw, "title"),
        )

    def member_of(self, raw: Raw) -> Iterable[tuple[str, ...]]:
        """Yield the groups an entry is a direct member of, comparable."""
        return (split_dn(dn) for dn in self._texts(raw, "memberof"))

    def _addresses(self, raw: Raw) -> Iterable[str]:
        proxies = self._texts(raw, "proxyaddresses")
        yield from self._texts(raw, "mail")
        yield from (text for text in proxies if text.startswith("SMTP:"))
        yield from (t for t in proxies if t[:5].casefold() == "smtp:" and not t.startswith("SMTP:"))
        yield from self._texts(raw, "maillocaladdress")
        yield from self._texts(raw, "mailalternateaddress")
        login = self._text(raw, "userprincipalname")
        if is_within(login, self._domains):
            yield login

    def _tell_standing(self, raw: Raw) -> Standing | None:
        if self._is_ad:
            control = _number(self._text(raw, "useraccountcontrol"))
            if control is None:
                return None
            expires = _number(self._text(raw, "accountexpires"))
            is_over = expires is not None and expires not in NEVER and self._is_past(expires)
            return Standing.SUSPENDED if control & DISABLED or is_over else Standing.ACTIVE
        is_locked = self._text(raw, "pwdaccountlockedtime") == LOCKED_FOR_EVER
        is_locked |= self._text(raw, "nsaccountlock").casefold() == "true"
        return Standing.SUSPENDED if is_locked else None

    def _is_past(self, hundreds_of_nanoseconds: int) -> bool:
        try:
            return EPOCH + timedelta(microseconds=hundreds_of_nanoseconds // 10) < self._now
        except OverflowError:
            return False

    def _schools(self, raw: Raw) -> tuple[str, ...]:
        for name in self._school_attributes:
            found = self._texts(raw, name)
            if found:
                return tuple(found)
        return ()

    def _groups(self, raw: Raw) -> Iterable[str]:
        yield unit_path(raw.dn)
        yield from self._texts(raw, "department") or self._texts(raw, "departmentnumber")
        for dn in self._texts(raw, "memberof"):
            yield first_name(dn)

    def _text(self, raw: Raw, name: str) -> str:
        return next(iter(self._texts(raw, name)), "")

    def _texts(self, raw: Raw, name: str) -> list[str]:
        found: list[str] = []
        for value in raw.values.get(name, ()):
            try:
                text = value.decode().strip()
            except UnicodeDecodeError:
                self.unreadable += 1
                continue
            if text:
                found.append(text)
        return found


def split_dn(dn: str) -> tuple[str, ...]:
    """Return the steps of a DN, outermost last, comparable; () when it is not one."""
    own, parent = _cut(dn)
    return (*_steps(own), *_parent_steps(parent))


def is_below(steps: Sequence[str], unit: Sequence[str]) -> bool:
    """Say whether an entry stands in or below a unit."""
    return bool(unit) and tuple(steps[-len(unit) :]) == tuple(unit)


def unit_path(dn: str) -> str:
    """Return the units an entry stands in, outermost first: "/Staff/High School"."""
    return _path(_cut(dn)[1])


def first_name(dn: str) -> str:
    """Return the name of a group from its DN, "" when it is not one."""
    steps = _parse(_cut(dn)[0])
    return steps[0][1] if steps else ""


def _cut(dn: str) -> tuple[str, str]:
    found = re.match(r"(?:[^,\\]|\\.)*", dn, re.DOTALL)
    end = found.end() if found else 0
    return dn[:end], dn[end + 1 :]


@lru_cache(maxsize=4096)
def _parent_steps(dn: str) -> tuple[str, ...]:
    return _steps(dn)


def _steps(dn: str) -> tuple[str, ...]:
    return tuple(f"{kind}={value}".casefold() for kind, value in _parse(dn))


@lru_cache(maxsize=4096)
def _path(dn: str) -> str:
    units = [value for kind, value in _parse(dn) if kind.casefold() != "dc"]
    return "/" + "/".join(reversed(units)) if units else ""


def _parse(dn: str) -> list[tuple[str, str]]:
    try:
        return [(kind.strip(), _unescape(value)) for kind, value, _ in parse_dn(dn)] if dn else []
    except (LDAPInvalidDnError, IndexError):
        return []


def _unescape(value: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[1]:
            return bytes.fromhex(found[1].replace("\\", "")).decode("utf-8", "replace")
        return found[2]

    return re.sub(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", plain, value.strip())


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else None
