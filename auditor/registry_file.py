"""The registry as a CSV table, as ``audit registry`` exports and imports it."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from auditor.errors import RegistryError
from auditor.registry import (
    Fact,
    RegisteredAccount,
    Registration,
    RegistryEvent,
    a_year_from,
    account_at,
    check_address,
    check_purpose,
    check_schools,
)
from connectors.errors import ConnectorError
from connectors.tabular import read_csv, read_date, read_table
from reports.exports import guard_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from connectors.records import AccountKey
    from connectors.tabular import Table

COLUMNS = (
    "url", "platform", "handle", "state", "schools", "purpose", "owner", "backup", "requested_by",
    "requested_on", "approved_by", "approved_on", "review_on", "may_use_district_address",
)  # fmt: skip
LAYOUT = {
    "url": ("url", "link", "account url", "profile url", "web address", "page"),
    "platform": ("platform", "site", "network", "service"),
    "handle": ("handle", "account", "username", "user name", "account name"),
    "state": ("state", "status"),
    "schools": ("schools", "school", "school code", "school codes"),
    "purpose": ("purpose", "use", "description"),
    "owner": ("owner", "owner email", "owner address", "responsible"),
    "backup": ("backup", "backup email", "backup owner", "deputy"),
    "requested_by": ("requested by", "requester"),
    "requested_on": ("requested on", "request date", "requested"),
    "approved_by": ("approved by", "approver"),
    "approved_on": ("approved on", "approval date", "approved"),
    "review_on": ("review on", "review date", "review", "review due"),
    "may_use_district_address": ("may use district address", "district address allowed"),
}
LARGEST_FILE = 10_000_000
_YES, _NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would write: its events, and how many rows were there already as they are."""

    events: tuple[RegistryEvent, ...]
    unchanged: int


def export_rows(accounts: Mapping[AccountKey, RegisteredAccount]) -> list[dict[str, object]]:
    """Return one row an account, by key; ``plan_import`` reads them back to the same accounts."""
    rows = []
    for key, account in sorted(accounts.items()):
        row: dict[str, object] = {name: getattr(account, name, None) for name in COLUMNS}
        row["platform"] = key.platform
        row["may_use_district_address"] = "yes" if account.may_use_district_address else "no"
        rows.append(row)
    return rows


def plan_import(
    path: Path,
    accounts: Mapping[AccountKey, RegisteredAccount],
    *,
    by: str,
    at: datetime,
    today: date,
    approve: bool = False,
) -> ImportPlan:
    """Read a CSV file of accounts and return what is new in it; nothing is written.

    Headers may be spelt loosely; ``url`` (or ``platform`` and ``handle``), ``owner`` and
    ``purpose`` are required, empty cells of accounts already registered keep what is known.  With
    ``approve``, ``by`` approves every row that is not approved yet.  Raises RegistryError naming
    the first row that is wrong: all rows or none.
    """
    events: list[RegistryEvent] = []
    seen: dict[AccountKey, int] = {}
    unchanged = 0
    for line, row in _read(path):
        try:
            account = _read_account(row, accounts, by, today)
            if account.key in seen:
                raise RegistryError(f"It names the same account as line {seen[account.key]}.")
            seen[account.key] = line
            known = accounts.get(account.key)
            if approve:
                account = _approve(account, by, today)
            _check_change(known, account)
        except RegistryError as error:
            raise RegistryError(
                f"{path.name}, line {line}: {error} Nothing was imported."
            ) from None
        if account == known:
            unchanged += 1
        else:
            events.append(_event(account, known, by, at, path.name))
    if not seen:
        raise RegistryError(f"{path.name} has no rows below its header; nothing was imported.")
    return ImportPlan(tuple(events), unchanged)


def _read(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RegistryError(f"{path.name} is larger than 10 MB; it is not a registry.")
        yield from _read_rows(path.name, path.read_bytes())
    except OSError as error:
        cause = error.strerror or "unreadable"
        raise RegistryError(f"{path.name} cannot be read ({cause}); check its name.") from None
    except ConnectorError as error:
        raise RegistryError(f"{error.problem}. {error.advice}.") from None


def _read_rows(file: str, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    line = 0

    def watch(rows: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        nonlocal line
        for number, cells in rows:
            line = number
            yield number, cells

    sheet = read_csv(lambda: _open(content), "registry", file)
    table = read_table(replace(sheet, rows=watch(sheet.rows)), LAYOUT)
    _check_columns(table, file)
    if table is not None:
        for row in table.rows:
            yield line, {name: _unguard(value) for name, value in row.items()}


def _open(content: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(content))


def _check_columns(table: Table | None, file: str) -> None:
    columns = table.columns if table is not None else frozenset()
    if "url" not in columns and not {"platform", "handle"} <= columns:
        found = ", ".join(sorted(columns)) or "none that is known"
        raise RegistryError(
            f'{file} needs a column "url", or "platform" and "handle"; it has {found}.'
        )


def _unguard(value: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from reading a cell as a formula."""
    return value[1:] if value[:1] == "'" and guard_cell(value[1:]) == value else value


def _read_account(
    row: Mapping[str, str],
    accounts: Mapping[AccountKey, RegisteredAccount],
    by: str,
    today: date,
) -> RegisteredAccount:
    found = account_at(row.get("url"), row.get("platform"), row.get("handle"))
    given: dict[str, Any] = {
        name: _READERS[name](name, value)
        for name, value in row.items()
        if value and name in _READERS
    }
    known = accounts.get(found.key)
    if known is not None:
        return replace(known, **given)
    for name in ("owner", "purpose"):
        if name not in given:
            raise RegistryError(f"The {name} is missing.")
    begun: dict[str, Any] = {
        "schools": (),
        "backup": None,
        "state": Registration.REQUESTED,
        "requested_by": by,
        "requested_on": today,
        "approved_by": None,
        "approved_on": None,
        "review_on": None,
        **given,
    }
    return RegisteredAccount(key=found.key, url=found.url, handle=found.handle, **begun)


def _approve(account: RegisteredAccount, by: str, today: date) -> RegisteredAccount:
    is_unsigned = account.approved_by is None or account.approved_on is None
    if account.state is Registration.REVOKED or not (
        account.state is Registration.REQUESTED or is_unsigned
    ):
        return account
    ahead = account.review_on is not None and account.review_on > today
    return replace(
        account,
        state=Registration.APPROVED,
        approved_by=by,
        approved_on=today,
        review_on=account.review_on if ahead else a_year_from(today),
    )


def _check_change(known: RegisteredAccount | None, account: RegisteredAccount) -> None:
    if account.state is Registration.APPROVED and (
        account.approved_by is None or account.approved_on is None
    ):
        raise RegistryError(
            "It is approved, yet approved_by or approved_on is missing; "
            "fill them in, or import it as requested with --approve."
        )
    if known is not None and known.state is Registration.REVOKED is not account.state:
        raise RegistryError(
            f"{account.url} was revoked; ask for it again with `audit registry add`."
        )


def _event(
    account: RegisteredAccount,
    known: RegisteredAccount | None,
    by: str,
    at: datetime,
    file: str,
) -> RegistryEvent:
    names = [one.name for one in fields(RegisteredAccount) if one.name != "key"]
    facts = {
        name: _fact(getattr(account, name))
        for name in names
        if known is None or getattr(account, name) != getattr(known, name)
    }
    verb = "imported" if known is None else "changed"
    return RegistryEvent(at, by, verb, account.key, f"from {file}"[:280], facts)


def _fact(value: Any) -> Fact:
    if isinstance(value, date):
        return value.isoformat()
    fact: Fact = str(value) if isinstance(value, Registration) else value
    return fact


def _text(name: str, value: str) -> str:
    if len(value) > 200:
        raise RegistryError(f"{name} has {len(value)} characters; 200 is the most.")
    return value


def _address(name: str, value: str) -> str:
    return check_address(value, f"The {name}")


def _day(name: str, value: str) -> date:
    day = read_date(value)
    if day is None:
        raise RegistryError(f'{name} "{value[:40]}" is not a date; write it as 2026-11-30.')
    return day


def _state(name: str, value: str) -> Registration:
    try:
        return Registration(value.lower())
    except ValueError:
        raise RegistryError(
            f'{name} "{value[:40]}" is not one of {", ".join(Registration)}.'
        ) from None


def _yes(name: str, value: str) -> bool:
    folded = value.lower()
    if folded not in _YES | _NO:
        raise RegistryError(f'{name} "{value[:40]}" is neither yes nor no.')
    return folded in _YES


def _schools(_name: str, value: str) -> tuple[str, ...]:
    for mark in "|;":
        value = value.replace(mark, ",")
    return check_schools(value.split(","))


def _purpose(_name: str, value: str) -> str:
    return check_purpose(value)


_READERS: dict[str, Callable[[str, str], Any]] = {
    "state": _state,
    "schools": _schools,
    "purpose": _purpose,
    "owner": _address,
    "backup": _address,
    "requested_by": _text,
    "requested_on": _day,
    "approved_by": _text,
    "approved_on": _day,
    "review_on": _day,
    "may_use_district_address": _yes,
}
