from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.errors import RegistryError
from auditor.registry import (
    RegisteredAccount,
    Registration,
    RegistryEvent,
    a_year_from,
    account_at,
    approve_account,
    fold_registry,
    request_account,
    revoke_account,
)
from auditor.registry_file import COLUMNS, export_rows, plan_import
from connectors.records import AccountKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TODAY = date(2026, 11, 17)
AT = datetime(2026, 11, 18, 2, tzinfo=UTC)
KEY = AccountKey("facebook", "maplefalls")
URL = "https://www.facebook.com/MapleFalls"


def request(accounts: Mapping[AccountKey, RegisteredAccount], **changes: object) -> RegistryEvent:
    given: dict[str, object] = {
        "url": URL,
        "handle": "MapleFalls",
        "owner": "Ida.Marsh@maplefalls.example",
        "purpose": "News",
        "by": "ida",
        "at": AT,
        "today": TODAY,
    }
    return request_account(accounts, KEY, **{**given, **changes})


def approve(accounts: Mapping[AccountKey, RegisteredAccount], **changes: object) -> RegistryEvent:
    given: dict[str, object] = {
        "by": "boss", "at": AT, "today": TODAY, "review_on": None, "why": "fine",
    }  # fmt: skip
    return approve_account(accounts, KEY, **{**given, **changes})


def folded(*events: RegistryEvent) -> dict[AccountKey, RegisteredAccount]:
    return fold_registry(events)


def test_a_request_is_approved_and_revoked() -> None:
    asked = request({}, schools=("MFH",), backup="bo@maplefalls.example")
    waiting = folded(asked)
    assert waiting[KEY].state is Registration.REQUESTED
    assert waiting[KEY].owner == "ida.marsh@maplefalls.example"
    assert waiting[KEY].requested_on == TODAY
    approved = approve(waiting)
    account = folded(asked, approved)[KEY]
    assert account.state is Registration.APPROVED
    assert (account.approved_by, account.approved_on) == ("boss", TODAY)
    assert account.review_on == date(2027, 11, 17)
    revoked = revoke_account({KEY: account}, KEY, by="boss", at=AT, why="closed")
    after = folded(asked, approved, revoked)
    assert after[KEY] == replace(account, state=Registration.REVOKED)
    again = folded(asked, approved, revoked, request(after))
    assert again[KEY].state is Registration.REQUESTED
    assert again[KEY].approved_by is None


def test_an_approval_can_be_renewed() -> None:
    asked = request({})
    approved = approve(folded(asked))
    renewed = approve(folded(asked, approved), by="other", review_on=date(2028, 1, 1))
    account = folded(asked, approved, renewed)[KEY]
    assert (account.approved_by, account.review_on) == ("other", date(2028, 1, 1))


def test_a_change_touches_only_its_facts() -> None:
    asked = request({})
    changed = RegistryEvent(AT, "ida", "changed", KEY, "", {"owner": "new@maplefalls.example"})
    before, after = folded(asked)[KEY], folded(asked, changed)[KEY]
    assert after == replace(before, owner="new@maplefalls.example")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"owner": "ida"}, "not an e-mail address"),
        ({"backup": "b c@x.example"}, "not an e-mail address"),
        ({"purpose": " "}, "purpose is empty"),
        ({"purpose": "x" * 501}, "500"),
        ({"schools": ("M FH",)}, "school's code"),
        ({"why": "x" * 281}, "280"),
    ],
)
def test_a_request_that_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        request({}, **changes)


def test_what_is_registered_is_not_asked_for_twice() -> None:
    with pytest.raises(RegistryError, match="already in the registry"):
        request(folded(request({})))


def test_only_what_was_asked_for_is_approved() -> None:
    with pytest.raises(RegistryError, match="not in the registry"):
        approve({})
    asked = request({})
    revoked = revoke_account(folded(asked), KEY, by="b", at=AT, why="w")
    with pytest.raises(RegistryError, match="was revoked"):
        approve(folded(asked, revoked))
    with pytest.raises(RegistryError, match="already revoked"):
        revoke_account(folded(asked, revoked), KEY, by="b", at=AT, why="w")
    with pytest.raises(RegistryError, match="not ahead"):
        approve(folded(asked), review_on=TODAY)
    with pytest.raises(RegistryError, match="reason is empty"):
        approve(folded(asked), why=" ")


@pytest.mark.parametrize("verb", ["approved", "revoked", "changed", "burnt", "requested"])
def test_events_that_do_not_fit_are_refused(verb: str) -> None:
    with pytest.raises(RegistryError, match="does not fit"):
        fold_registry([RegistryEvent(AT, "b", verb, KEY, "", {})])


def test_an_account_is_named_by_url_or_by_platform_and_handle() -> None:
    assert account_at(URL).key == account_at(None, "facebook", "@MapleFalls").key == KEY
    for named in ((None, None, None), ("https://www.facebook.com/sharer.php", None, None)):
        with pytest.raises(RegistryError):
            account_at(*named)


def test_a_year_from_a_leap_day() -> None:
    assert a_year_from(date(2028, 2, 29)) == date(2029, 2, 28)


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def imported(
    path: Path, accounts: Mapping[AccountKey, RegisteredAccount] | None = None, **changes: object
) -> dict[AccountKey, RegisteredAccount]:
    plan = plan_import(path, accounts or {}, by="clerk", at=AT, today=TODAY, **changes)
    return fold_registry([*as_events(accounts or {}), *plan.events])


def as_events(accounts: Mapping[AccountKey, RegisteredAccount]) -> list[RegistryEvent]:
    rows = export_rows(accounts)
    names = [name for name in COLUMNS if name != "platform"]
    return [
        RegistryEvent(AT, "x", "imported", key, "", facts_of(row, names))
        for key, row in zip(sorted(accounts), rows, strict=True)
    ]


def facts_of(row: dict[str, object], names: list[str]) -> dict[str, object]:
    facts = {n: v.isoformat() if isinstance(v := row[n], date) else v for n in names}
    facts["may_use_district_address"] = row["may_use_district_address"] == "yes"
    return facts


def test_headers_are_read_loosely(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        "Profile URL;Owner E-mail;PURPOSE;School Codes;District address allowed",
        f"{URL};Ida@maplefalls.example;News;MFH|MFE;no",
        "https://twitter.com/maplefalls;bo@maplefalls.example;More;;",
        encoding="utf-8-sig",
    )
    accounts = imported(path)
    account = accounts[KEY]
    assert account.schools == ("MFH", "MFE")
    assert account.owner == "ida@maplefalls.example"
    assert account.state is Registration.REQUESTED
    assert (account.requested_by, account.requested_on) == ("clerk", TODAY)
    assert not account.may_use_district_address
    assert accounts[AccountKey("twitter", "maplefalls")].may_use_district_address


def test_approving_an_import_approves_what_is_not_yet(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        "url,owner,purpose,state,approved by,approved on,review on",
        f"{URL},ida@maplefalls.example,News,,,,",
        "https://twitter.com/maplefalls,bo@maplefalls.example,x,approved,boss,3/2/2026,2027-03-02",
        "https://vimeo.com/maplefalls,bo@maplefalls.example,x,revoked,,,",
    )
    accounts = imported(path, approve=True)
    assert accounts[KEY].approved_by == "clerk"
    assert accounts[KEY].review_on == date(2027, 11, 17)
    twitter = accounts[AccountKey("twitter", "maplefalls")]
    assert (twitter.approved_by, twitter.approved_on) == ("boss", date(2026, 3, 2))
    assert accounts[AccountKey("vimeo", "maplefalls")].state is Registration.REVOKED


def test_a_second_import_changes_only_what_differs(tmp_path: Path) -> None:
    first = imported(write(tmp_path / "a.csv", "url,owner,purpose", f"{URL},a@x.example,News"))
    path = write(tmp_path / "b.csv", "url,owner,purpose", f"{URL},b@x.example,")
    plan = plan_import(path, first, by="clerk", at=AT, today=TODAY)
    assert [(one.verb, dict(one.facts)) for one in plan.events] == [
        ("changed", {"owner": "b@x.example"})
    ]
    assert plan_import(tmp_path / "a.csv", first, by="c", at=AT, today=TODAY).unchanged == 1


def test_export_and_import_give_the_same_accounts(tmp_path: Path) -> None:
    import csv

    asked = request({}, schools=("MFH", "MFE"), may_use_district_address=False)
    other = replace(asked, account=AccountKey("youtube", "UCabcdefghijklmnopqrstuv"))
    other = replace(
        other, facts={**asked.facts, "handle": None,
                      "url": "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv"}
    )  # fmt: skip
    accounts = folded(asked, approve(folded(asked)), other)
    path = tmp_path / "r.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in export_rows(accounts):
            cells = (", ".join(v) if isinstance(v := row[n], tuple) else v for n in COLUMNS)
            writer.writerow([guard(str(cell or "")) for cell in cells])
    assert imported(path) == accounts
    assert plan_import(path, accounts, by="c", at=AT, today=TODAY).events == ()


def guard(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@" and cell else cell


def test_a_guarded_cell_is_read_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "url,owner,purpose", f"{URL},a@x.example,'=News")
    assert imported(path)[KEY].purpose == "=News"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("https://www.facebook.com/sharer.php?u=x,a@x.example,News,", "line 3: .*names no account"),
        (",a@x.example,News,", "line 3: Name the account"),
        ("https://vimeo.com/x1234x,,News,", "owner is missing"),
        ("https://vimeo.com/x1234x,nobody,News,", "owner .* not an e-mail address"),
        ("https://vimeo.com/x1234x,a@x.example,,", "purpose is missing"),
        ("https://vimeo.com/x1234x,a@x.example,News,maybe", "not one of requested, approved"),
        ("https://vimeo.com/x1234x,a@x.example,News,approved", "approved_by or approved_on"),
        ("https://facebook.com/maplefalls/,a@x.example,News,", "same account as line 2"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "r.csv", "url,owner,purpose,state", f"{URL},a@x.example,News,", row)
    with pytest.raises(RegistryError, match=message) as caught:
        imported(path)
    assert str(caught.value).endswith("Nothing was imported.")


def test_an_import_never_brings_back_what_was_revoked(tmp_path: Path) -> None:
    asked = request({})
    revoked = revoke_account(folded(asked), KEY, by="b", at=AT, why="w")
    accounts = folded(asked, revoked)
    path = write(tmp_path / "r.csv", "url,state", f"{URL},requested")
    with pytest.raises(RegistryError, match="was revoked"):
        plan_import(path, accounts, by="c", at=AT, today=TODAY)
    path = write(tmp_path / "s.csv", "url,purpose", f"{URL},Other")
    plan = plan_import(path, accounts, by="c", at=AT, today=TODAY, approve=True)
    assert dict(plan.events[0].facts) == {"purpose": "Other"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", 'needs a column "url"'),
        (b"name,mail\nx,y\n", 'needs a column "url"'),
        (b"url,owner,purpose\n", "no rows"),
        (b"url\nhttps://x.example/a\0b\n", "NUL"),
        (b"x" * 10_000_001, "larger than 10 MB"),
    ],
)
def test_a_file_that_is_no_registry(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=message):
        imported(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        imported(tmp_path / "none.csv")
    with pytest.raises(RegistryError, match="cannot be read"):
        imported(tmp_path)
