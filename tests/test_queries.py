from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auditor.findings import Change, State, StoredFinding
from auditor.matching.brand import BrandSchool, brand_of
from auditor.queries import FORMS, ask, control_name, handles_for, search_names
from auditor.registry import RegisteredAccount, Registration
from connectors.platforms import Account, identify, platforms
from connectors.records import AccountKey
from tests.builders import a_finding

TODAY = date(2026, 11, 17)
BRAND = brand_of(
    "Marrowick Area School District",
    "WI",
    "Marrowick",
    domains=["marrowick.example"],
    schools=[
        BrandSchool("MHS", "Marrowick High School", "Marrowick", ("Marrowick HS",), ("Otters",)),
        BrandSchool("LIN", "Lincoln Elementary School", "Marrowick"),
        BrandSchool("X", "School", None),
        BrandSchool("N", "", None),
    ],
)


def bearers(name: str) -> int:
    return 800 if name == "lincoln" else 1


def registered(url: str, state: Registration = Registration.APPROVED) -> RegisteredAccount:
    account = identify(url)
    assert isinstance(account, Account)
    return RegisteredAccount(
        key=account.key, url=url, handle=account.handle, schools=(), purpose="news",
        owner="a@marrowick.example", backup=None, state=state, requested_by="a", requested_on=TODAY,
        approved_by="b", approved_on=TODAY, review_on=None,
    )  # fmt: skip


def lead(platform: str, account: str, url: str | None) -> StoredFinding:
    finding = replace(
        a_finding(rule="unregistered-branded-account", subject=(platform, account)),
        platform=platform,
        url=url,
    )
    then = datetime(2026, 11, 16, tzinfo=UTC)
    return StoredFinding(finding, State.OPEN, Change.OPENED, 1, then, then, None, None)


def asked(**changes: object) -> object:
    given: dict[str, object] = {
        "registered": {}, "leads": (), "addresses": (), "websites": (), "today": TODAY,
    }  # fmt: skip
    return ask(BRAND, bearers, **(given | changes))  # type: ignore[arg-type]


def test_a_name_many_bear_is_searched_for_with_its_town() -> None:
    names = search_names(BRAND, bearers)
    assert names[0] == "Marrowick Area School District"
    assert "Lincoln Elementary School Marrowick" in names
    assert "Lincoln Elementary School" not in names
    assert "Marrowick High School" in names
    assert "Marrowick Otters" in names
    assert "" not in names


def test_every_school_has_a_name_before_any_has_two() -> None:
    names = search_names(BRAND, bearers)
    assert names.index("Lincoln Elementary School Marrowick") < names.index("Marrowick HS")


@pytest.mark.parametrize("platform", sorted(FORMS))
def test_handles_are_such_that_the_platform_allows(platform: str) -> None:
    form = FORMS[platform]
    handles = handles_for(BRAND, platform)
    assert platform in platforms()
    assert handles
    assert len(set(handles)) == len(handles)
    for handle in handles:
        bare = handle.removesuffix(form.ending)
        assert form.shortest <= len(bare) <= form.longest
        assert set(bare) <= set("abcdefghijklmnopqrstuvwxyz0123456789") | set(form.marks)


def test_handles_follow_the_conventions_of_schools() -> None:
    handles = handles_for(BRAND, "instagram")
    for one in (
        "marrowickhs",
        "marrowick_hs",
        "marrowickhighschool",
        "marrowickotters",
        "lincolnes",
    ):
        assert one in handles


def test_approved_accounts_come_before_those_of_open_leads_and_revoked_ones_are_not_asked() -> None:
    ours = registered("https://github.com/marrowick")
    gone = registered("https://github.com/marrowick-old", Registration.REVOKED)
    questions = asked(
        registered={one.key: one for one in (ours, gone)},
        leads=[
            lead(
                "bluesky", "did:plc:abcdefghijklmnopqrstuvwx", "https://bsky.app/profile/x.example"
            ),
            lead("github", "marrowick", "https://github.com/marrowick"),
            lead("github", "nameless", None),
        ],
    )
    first, second = questions.accounts
    assert first.key == AccountKey("github", "marrowick")
    assert first.handle == "marrowick"
    assert second.key == AccountKey("bluesky", "did:plc:abcdefghijklmnopqrstuvwx")
    assert second.native_id == "did:plc:abcdefghijklmnopqrstuvwx"
    assert second.handle == "x.example"


def test_the_control_name_is_another_every_night() -> None:
    assert control_name(TODAY) == control_name(TODAY)
    assert control_name(TODAY) != control_name(date(2026, 11, 18))
    assert asked().control == control_name(TODAY)


def test_a_brand_without_schools_or_domains_asks_little_and_does_not_fail() -> None:
    bare = brand_of("X")
    questions = ask(
        bare, bearers, {}, (), ["b@x.example", "b@x.example"], ["https://x.example"], TODAY
    )
    assert questions.names == ("X",)
    assert questions.addresses == ("b@x.example",)
    assert questions.websites == ("https://x.example",)
