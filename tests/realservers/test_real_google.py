"""The fake tenant through Prism, which knows only Google's own documents; ``make test-real``.

Whatever the connectors ask, and whatever the fake answers, that the documents do not allow is
refused by a program that shares nothing with either.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from connectors import pacing
from connectors.directory.google_workspace import READ_GROUPS, GoogleWorkspace
from connectors.errors import ConnectorError
from connectors.google_access import SCOPE
from connectors.google_users import READ_LICENCES, READ_MEMBERS
from connectors.source import CheckState
from connectors.tenant.google_app_grants import GoogleAppGrants
from tests.builders import DOMAIN, NOW
from tests.fakes import discovery
from tests.fakes.google import FakeGoogle, user_id
from tests.fakes.web_server import FakeTimer
from tests.realservers.prism_proxy import is_installed, run_prism

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.source import Access

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not is_installed(), reason="NOT TESTED: Prism is not installed"),
]

PINS = "1-pins.apps.googleusercontent.com"
DAY = timedelta(days=1)
SCHOOL, PUPILS = f"high@{DOMAIN}", f"pupils@{DOMAIN}"
LICENCE = "101031/1010310003"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeGoogle, str]]:
    with FakeGoogle() as fake, run_prism(fake.server.url, tmp_path_factory.mktemp("p")) as url:
        fill(fake)
        yield fake, url
        assert fake.wrongs == []


@pytest.fixture(autouse=True)
def timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "TIMER", FakeTimer())


def fill(fake: FakeGoogle) -> None:
    fake.granted |= {SCOPE + READ_GROUPS, SCOPE + READ_LICENCES, SCOPE + READ_MEMBERS}
    for path in ("/Staff", "/Staff/High School", "/Students"):
        fake.put_unit(path)
    for number in range(30):
        organizations = [{"title": "Teacher", "department": "Science", "primary": True}]
        fake.put_user(number, orgUnitPath="/Staff/High School", organizations=organizations)
        fake.put_token(number, PINS, "Pinterest", "openid")
        fake.put_event(number, PINS, NOW - number * DAY)
    for number in range(30, 40):
        fake.put_user(number, "Pupil Pine")
    fake.users[user_id(0)] |= {"aliases": [f"i.marsh@{DOMAIN}"], "isGuestUser": False}
    fake.members[PUPILS] = [user_id(number) for number in range(30, 38)]
    fake.licences[LICENCE] = [fake.users[user_id(n)]["primaryEmail"] for n in (38, 39)]
    fake.groups[SCHOOL] = {"id": "g1", "name": "High School"}
    fake.members["g1"] = [user_id(1)]
    fake.put_report((NOW - 3 * DAY).date(), {PINS: ("Pinterest", 31)})
    fake.page_size = 7


def access(proxied: tuple[FakeGoogle, str], **changes: Any) -> Access:
    fake, url = proxied
    options = {
        "api_url": url,
        "student_groups": [PUPILS],
        "student_licences": [LICENCE],
        "staff_units": ["/Staff"],
    }
    return fake.access({**options, **changes.pop("options", {})}, **changes)


def test_people_schools_and_students(proxied: tuple[FakeGoogle, str]) -> None:
    options = {"school_units": ["/Staff/*"], "school_groups": [SCHOOL]}
    harvest = GoogleWorkspace(access(proxied, options=options)).fetch()
    assert len(harvest.people) == 30
    assert harvest.dropped == {"students": 10}
    assert len(harvest.schools) == 2


def test_two_nights_of_app_grants(proxied: tuple[FakeGoogle, str]) -> None:
    first = GoogleAppGrants(access(proxied)).fetch()
    later = access(proxied, bookmark=first.bookmark, now=NOW + DAY)
    second = GoogleAppGrants(later).fetch()
    assert len(first.uses) == len(second.uses) == 30
    assert all(use.occurred_on for use in first.uses)


def test_doctor(proxied: tuple[FakeGoogle, str]) -> None:
    for kind in (GoogleWorkspace, GoogleAppGrants):
        assert {check.state for check in kind(access(proxied)).check()} == {CheckState.GOOD}


def test_a_fake_that_drifts_is_stopped(
    proxied: tuple[FakeGoogle, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, _ = proxied
    monkeypatch.setattr(discovery, "_check", lambda *_: None)
    monkeypatch.setitem(fake.users[user_id(0)], "suspended", "false")
    with pytest.raises(ConnectorError, match="500"):
        GoogleWorkspace(access(proxied)).fetch()
