from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from connectors import pacing
from connectors.errors import AccessRefused, ConnectorError
from connectors.graph_apps import APPS, GRANTS, READ_DIRECTORY, READ_SIGN_INS
from connectors.graph_users import STUDENT_LICENCES
from connectors.records import App, Grade, Way
from connectors.source import CheckState
from connectors.tenant import microsoft_app_grants
from connectors.tenant.microsoft_app_grants import MICROSOFT, NOT_STAFF, MicrosoftAppGrants
from tests.builders import DOMAIN, NOW
from tests.connectors.contract import ConnectorContract
from tests.fakes.graph import SECRET, TENANT, FakeGraph, guid, refusal, sign_in_refusal
from tests.fakes.web_server import HTML, FakeTimer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from connectors.records import Harvest

PUPIL = f"pupil.pine@{DOMAIN}"
USER, APP, CLIENT_ID = 0, 1, 2
PINS, WORDS, LESSONS, OFFICE = 1, 2, 3, 4


@dataclass(frozen=True)
class FakeSite:
    key: str
    name: str
    is_social: bool
    may_be_work_tool: bool = False


SITES = {
    "pins.example": FakeSite("pins", "Pins", is_social=True),
    "words.example": FakeSite("words", "Words", is_social=True, may_be_work_tool=True),
    "lessons.example": FakeSite("lessons", "Lessons", is_social=False),
}


def identify(client_id: str, name: str, home_domains: Iterable[str]) -> FakeSite | None:
    return next((SITES[one] for one in home_domains if one in SITES), None)


@pytest.fixture(autouse=True)
def timer(monkeypatch: pytest.MonkeyPatch) -> FakeTimer:
    timer = FakeTimer()
    monkeypatch.setattr(pacing, "TIMER", timer)
    monkeypatch.setattr(microsoft_app_grants, "identify_app", identify)
    return timer


@pytest.fixture
def tenant() -> Iterator[FakeGraph]:
    with FakeGraph() as fake:
        fake.roles = ["Directory.Read.All", "AuditLog.Read.All"]
        for number, home in ((PINS, "pins"), (WORDS, "words"), (LESSONS, "lessons")):
            put_app(fake, number, home.title(), f"https://{home}.example/home")
        put_app(fake, OFFICE, "Office", None, appOwnerOrganizationId=min(MICROSOFT))
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def source(tenant: FakeGraph, monkeypatch: pytest.MonkeyPatch) -> Callable[..., MicrosoftAppGrants]:
    def make(options: Any = None, **changes: Any) -> MicrosoftAppGrants:
        return MicrosoftAppGrants(tenant.access(monkeypatch, options, **changes))

    return make


def put_app(tenant: FakeGraph, number: int, name: str, homepage: str | None, **fields: Any) -> None:
    own = {"appId": guid(number, CLIENT_ID), "appDisplayName": name, "homepage": homepage}
    tenant.put("/servicePrincipals", id=guid(number, APP), **own, **fields)


def put_user(tenant: FakeGraph, number: int, **fields: Any) -> None:
    login = f"user{number}@{DOMAIN}"
    own = {"id": guid(number), "userPrincipalName": login, "proxyAddresses": [f"SMTP:{login}"]}
    tenant.put("/users", **{**own, **fields})


def put_pupil(tenant: FakeGraph, number: int) -> None:
    licence = [{"skuId": STUDENT_LICENCES[0]}]
    put_user(tenant, number, userPrincipalName=PUPIL, mail=PUPIL, assignedLicenses=licence)


def put_grant(tenant: FakeGraph, key: str, app: int, user: int | None) -> None:
    tenant.put(
        "/oauth2PermissionGrants",
        id=key,
        clientId=guid(app, APP),
        consentType="Principal" if user is not None else "AllPrincipals",
        principalId=guid(user) if user is not None else None,
    )


def put_sign_in(
    tenant: FakeGraph, key: str, app: int, user: int, at: datetime, code: int = 0
) -> None:
    tenant.put(
        "/auditLogs/signIns",
        id=key,
        appId=guid(app, CLIENT_ID),
        userId=guid(user),
        createdDateTime=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        status={"errorCode": code},
    )


def told(harvest: Harvest) -> set[tuple[str, str]]:
    return {(use.address, use.site) for use in harvest.uses}


def test_students_of_school_data_sync_leave_nothing(
    tenant: FakeGraph, source: Callable[..., MicrosoftAppGrants]
) -> None:
    tenant.put("/education/schools", id="s1", displayName="High")
    tenant.members["s1"] = [{"id": guid(2), "primaryRole": "student"}]
    for user in (1, 2, 3):
        put_user(tenant, user)
        put_grant(tenant, f"g{user}", PINS, user)
        put_sign_in(tenant, f"s{user}", PINS, user, NOW - timedelta(days=1))
    first = source({"education": True}).fetch()
    assert told(first) == {(f"user{user}@{DOMAIN}", "pins") for user in (1, 3)}
    assert f"user2@{DOMAIN}".encode() not in (first.bookmark or b"")
    tenant.members["s1"].append({"id": guid(3), "primaryRole": "student"})
    second = source({"education": True}, bookmark=first.bookmark).fetch()
    assert told(second) == {(f"user1@{DOMAIN}", "pins")}
    assert f"user3@{DOMAIN}".encode() not in (second.bookmark or b"")


def test_doctor_asks_for_the_permission_that_tells_students(
    tenant: FakeGraph, source: Callable[..., MicrosoftAppGrants]
) -> None:
    checks = {one.name: one for one in source({"education": True}).check()}
    bad = [name for name, one in checks.items() if one.state is CheckState.BAD]
    assert any("EduRoster.Read.All" in name for name in bad)


class TestMicrosoftAppGrantsContract(ConnectorContract):
    secrets: ClassVar = (SECRET, PUPIL)

    @pytest.fixture
    def connector(
        self, tenant: FakeGraph, source: Callable[..., MicrosoftAppGrants]
    ) -> MicrosoftAppGrants:
        put_user(tenant, 1)
        put_pupil(tenant, 2)
        put_grant(tenant, "a", PINS, 1)
        put_grant(tenant, "b", WORDS, 1)
        put_grant(tenant, "c", PINS, 2)
        put_grant(tenant, "d", PINS, None)
        put_app(tenant, 9, "ida@mail.example", "https://pins.example")
        put_grant(tenant, "e", 9, None)
        return source()

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MicrosoftAppGrants]]:
        fakes = [FakeGraph() for _ in range(5)]
        html, looping, refused, users, log = fakes
        for fake in fakes:
            fake.__enter__()
            put_app(fake, PINS, "Pins", "https://pins.example")
            put_user(fake, 1)
            put_grant(fake, "a", PINS, 1)
        html.fail("/oauth2PermissionGrants", HTML, after=1)
        link = {"value": [], "@odata.nextLink": f"{looping.url}/servicePrincipals?$skiptoken=a"}
        looping.fail("/servicePrincipals", json_reply(link), after=1, forever=True)
        refused.server.queue(sign_in_refusal(7000215))
        refused.fail("/oauth2", refusal(403, "Authorization_RequestDenied"))
        users.fail("/users", json_reply({"value": [{"id": None}]}))
        log.fail("/auditLogs", refusal(403, "Authorization_RequestDenied"))
        yield [_Bound(fake, monkeypatch) for fake in fakes]
        for fake in fakes:
            fake.__exit__()

    @pytest.fixture
    def hostile(
        self, tenant: FakeGraph, source: Callable[..., MicrosoftAppGrants]
    ) -> Callable[[str], MicrosoftAppGrants]:
        def make(text: str) -> MicrosoftAppGrants:
            put_user(tenant, 1)
            put_app(tenant, PINS, text, "https://pins.example")
            put_grant(tenant, "a", PINS, 1)
            return source()

        return make


class _Bound:
    def __init__(self, fake: FakeGraph, patch: pytest.MonkeyPatch) -> None:
        self._fake, self._patch = fake, patch

    def fetch(self) -> Harvest:
        return MicrosoftAppGrants(self._fake.access(self._patch)).fetch()


def test_a_grant_at_a_social_site_is_a_use_of_grade_c(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    put_grant(tenant, "b", WORDS, 1)
    pins, words = source().fetch().uses
    assert (pins.address, pins.site, pins.way, pins.grade) == (
        f"user1@{DOMAIN}",
        "pins",
        Way.APP_GRANT,
        Grade.C,
    )
    assert pins.statement == 'The app "Pins" holds a grant of the district account.'
    assert "also used for work" in words.statement
    assert pins.occurred_on is None


def test_two_grants_at_one_site_are_one_use(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    put_user(tenant, 1)
    put_app(tenant, 8, "Pins for telephones", "https://pins.example")
    put_grant(tenant, "a", PINS, 1)
    put_grant(tenant, "b", 8, 1)
    assert len(source().fetch().uses) == 1


def test_apps_at_other_known_sites_and_microsofts_own_are_not_told(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_app(tenant, 8, "Our bus list", None, appOwnerOrganizationId=TENANT)
    for key, app in (("a", LESSONS), ("b", OFFICE), ("c", 8)):
        put_grant(tenant, key, app, 1)
    harvest = source().fetch()
    assert (harvest.uses, harvest.apps) == ((), ())


def test_a_social_app_of_microsofts_is_told(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    put_user(tenant, 1)
    owner = max(MICROSOFT)
    put_app(tenant, 8, "P", "https://pins.example", appOwnerOrganizationId=owner)
    put_grant(tenant, "a", 8, 1)
    assert told(source().fetch()) == {(f"user1@{DOMAIN}", "pins")}


def test_unknown_apps_are_counted_and_accuse_nobody(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    for number in (1, 2, 3):
        put_user(tenant, number)
    put_pupil(tenant, 4)
    put_app(tenant, 8, "Mystery", "https://[broken")
    put_app(tenant, 9, "For everybody", None)
    for number in (1, 2, 4):
        put_grant(tenant, f"u{number}", 8, number)
    put_grant(tenant, "v1", 9, 1)
    put_grant(tenant, "v", 9, None)
    put_grant(tenant, "v2", 9, 2)
    harvest = source().fetch()
    assert harvest.uses == ()
    assert harvest.apps == (
        App("tested", guid(8, CLIENT_ID), "Mystery", 2),
        App("tested", guid(9, CLIENT_ID), "For everybody", None),
    )


def test_a_tenant_wide_grant_is_told_once_and_names_nobody(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    for number in range(1, 20):
        put_user(tenant, number)
    put_grant(tenant, "a", PINS, None)
    harvest = source().fetch()
    assert harvest.uses == ()
    assert [note for note in harvest.notes if "Pins" in note] == [
        'An administrator let "Pins" in for everybody; a grant of it names nobody.'
    ]


def test_students_guests_and_strangers_are_counted_and_leave_nothing(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_pupil(tenant, 2)
    put_user(tenant, 3, userType="Guest")
    put_user(tenant, 4, userPrincipalName="x@elsewhere.example", proxyAddresses=[])
    for number in (1, 2, 3, 4):
        put_grant(tenant, f"g{number}", PINS, number)
        put_sign_in(tenant, f"s{number}", PINS, number, NOW - timedelta(hours=3))
    harvest = source().fetch()
    assert told(harvest) == {(f"user1@{DOMAIN}", "pins")}
    assert harvest.dropped == {NOT_STAFF: 6}
    assert [x for x in (PUPIL, guid(2), guid(3), guid(4)) if x in repr(harvest)] == []


def test_a_user_deleted_between_two_calls_has_no_use(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    put_grant(tenant, "b", PINS, 77)
    assert told(source().fetch()) == {(f"user1@{DOMAIN}", "pins")}


def test_a_suspended_user_still_holds_a_grant(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1, accountEnabled=False)
    put_grant(tenant, "a", PINS, 1)
    assert len(source().fetch().uses) == 1


@pytest.mark.parametrize("people", [15, 16, 150, 151])
def test_many_people_are_looked_up_in_few_calls(
    tenant: FakeGraph, source: Callable[..., Any], people: int
) -> None:
    for number in range(people):
        put_user(tenant, number)
        put_grant(tenant, f"g{number}", PINS, number)
    assert len(source().fetch().uses) == people
    asked = [one for one in tenant.graph_calls if one.path == "/v1.0/users"]
    assert len(asked) == (-(-people // 15) if people <= 150 else 1)


def test_sign_ins_tell_who_uses_what_everybody_may(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_user(tenant, 2)
    put_grant(tenant, "a", PINS, None)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=3))
    put_sign_in(tenant, "s2", PINS, 1, NOW - timedelta(days=9))
    put_sign_in(tenant, "s3", PINS, 2, NOW - timedelta(days=3), code=50126)
    put_sign_in(tenant, "s4", PINS, 2, NOW - timedelta(days=31))
    put_sign_in(tenant, "s5", LESSONS, 2, NOW - timedelta(days=3))
    (use,) = source().fetch().uses
    assert (use.address, use.occurred_on) == (f"user1@{DOMAIN}", date(2024, 3, 5))
    assert use.statement == 'The app "Pins" was signed in to with the district account.'


def test_a_grant_with_a_sign_in_is_one_use_with_its_day(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=1))
    (use,) = source().fetch().uses
    assert use.occurred_on == date(2024, 3, 13)


def test_a_sign_in_is_told_for_thirty_days_and_read_once(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=1))
    bookmark = source().fetch().bookmark
    tenant.lists["/auditLogs/signIns"].clear()
    days = {}
    for day in (1, 8, 16, 24, 28, 30):
        now = NOW + timedelta(days=day)
        harvest = source(bookmark=bookmark, now=now).fetch()
        bookmark, days[day] = harvest.bookmark, [use.occurred_on for use in harvest.uses]
    assert days == {**{day: [date(2024, 3, 13)] for day in (1, 8, 16, 24, 28)}, 30: []}


def test_late_sign_ins_are_found_by_the_overlap(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    bookmark = source().fetch().bookmark
    put_sign_in(tenant, "late", PINS, 1, NOW - timedelta(hours=20))
    put_sign_in(tenant, "old", WORDS, 1, NOW - timedelta(hours=30))
    harvest = source(bookmark=bookmark, now=NOW + timedelta(days=1)).fetch()
    assert told(harvest) == {(f"user1@{DOMAIN}", "pins")}


def test_a_tenant_without_the_licence_is_told_so_and_keeps_its_grants(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    tenant.fail("/auditLogs", refusal(403, code), forever=True)
    harvest = source().fetch()
    assert len(harvest.uses) == 1
    assert any("not licensed" in note for note in harvest.notes)


def test_sign_ins_are_forgotten_in_time_though_the_licence_ran_out(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=1))
    bookmark = source().fetch().bookmark
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    tenant.fail("/auditLogs", refusal(403, code), forever=True)
    harvest = source(bookmark=bookmark, now=NOW + timedelta(days=40)).fetch()
    assert harvest.uses == ()


def test_a_licence_that_is_missing_once_is_asked_for_again(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=1))
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    tenant.fail("/auditLogs", refusal(403, code))
    harvest = source().fetch()
    assert len(harvest.uses) == 1
    assert harvest.notes == ()


def test_a_missing_permission_for_sign_ins_is_named(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.fail("/auditLogs", refusal(403, "Authorization_RequestDenied"))
    with pytest.raises(AccessRefused, match=r"AuditLog\.Read\.All"):
        source().fetch()
    source({"sign_ins": False}).fetch()


def test_the_sign_in_log_is_asked_five_times_in_ten_seconds_at_most(
    tenant: FakeGraph, source: Callable[..., Any], timer: FakeTimer
) -> None:
    put_user(tenant, 1)
    for number in range(40):
        put_sign_in(tenant, f"s{number}", PINS, 1, NOW - timedelta(days=1, minutes=number))
    tenant.page_size = 10
    source().fetch()
    calls = [one for one in tenant.graph_calls if "signIns" in one.path]
    assert len(calls) == 4
    assert sum(timer.slept) >= 2 * (len(calls) - 1)


def test_an_unchanged_second_night_takes_three_calls_and_tells_the_same(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    for number in range(40):
        put_user(tenant, number)
        put_grant(tenant, f"g{number}", PINS, number)
        put_sign_in(tenant, f"s{number}", WORDS, number, NOW - timedelta(hours=30))
    put_pupil(tenant, 50)
    put_grant(tenant, "p", PINS, 50)
    first = source().fetch()
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + timedelta(days=1)).fetch()
    assert len(tenant.graph_calls) == 3
    assert told(second) == told(first)
    assert len(told(first)) == 80
    assert second.dropped == first.dropped


def test_calls_of_a_full_reading_are_as_documented(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    page = (Path(__file__).parents[2] / "docs/setup/microsoft_app_grants.md").read_text()
    assert "`ceil(G / 999) + ceil(A / 999) + 2` calls" in page
    put_user(tenant, 1)
    for number in range(1_000):
        put_grant(tenant, f"g{number}", PINS, 1)
    for number in range(10, 1_010):
        put_app(tenant, number, f"App {number}", None)
    grants, apps = (len(tenant.lists[path]) for path in (GRANTS, APPS))
    source({"sign_ins": False}).fetch()
    assert len(tenant.graph_calls) == -(-grants // 999) + -(-apps // 999) + 2 + 1


def test_the_setup_page_names_every_permission() -> None:
    page = (Path(__file__).parents[2] / "docs/setup/microsoft_app_grants.md").read_text()
    for permission in (READ_DIRECTORY, READ_SIGN_INS):
        assert f"`{permission}`" in page


def test_changes_of_a_night(tenant: FakeGraph, source: Callable[..., Any]) -> None:
    for number in (1, 2, 3):
        put_user(tenant, number)
    put_grant(tenant, "a", PINS, 1)
    put_grant(tenant, "b", PINS, 2)
    put_grant(tenant, "c", WORDS, 2)
    bookmark = source().fetch().bookmark
    tenant.delete("/oauth2PermissionGrants", "a")
    put_app(tenant, 8, "Pins two", "https://pins.example")
    put_grant(tenant, "d", 8, 3)
    tenant.delete("/servicePrincipals", guid(WORDS, APP))
    put_pupil(tenant, 4)
    put_grant(tenant, "e", PINS, 4)
    harvest = source(bookmark=bookmark).fetch()
    assert told(harvest) == {(f"user2@{DOMAIN}", "pins"), (f"user3@{DOMAIN}", "pins")}
    assert guid(4) not in repr(harvest)


def test_somebody_who_became_a_student_leaves_nothing_behind(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(days=1))
    bookmark = source().fetch().bookmark
    put_pupil(tenant, 1)
    harvest = source(bookmark=bookmark, now=NOW + timedelta(days=8)).fetch()
    assert harvest.uses == ()
    assert guid(1) not in repr(harvest)


def test_students_seen_again_by_the_overlap_are_not_counted_twice(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_pupil(tenant, 1)
    put_sign_in(tenant, "s1", PINS, 1, NOW - timedelta(hours=2))
    first = source().fetch()
    second = source(bookmark=first.bookmark, now=NOW + timedelta(hours=20)).fetch()
    assert first.dropped == second.dropped == {NOT_STAFF: 1}


def test_a_renamed_user_is_the_same_one_after_a_full_reading(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    bookmark = source().fetch().bookmark
    put_user(tenant, 1, userPrincipalName=f"new@{DOMAIN}", proxyAddresses=[f"SMTP:new@{DOMAIN}"])
    harvest = source(bookmark=bookmark, now=NOW + timedelta(days=8)).fetch()
    assert told(harvest) == {(f"new@{DOMAIN}", "pins")}


@pytest.mark.parametrize("path", ["/oauth2PermissionGrants/delta", "/servicePrincipals/delta"])
def test_an_expired_delta_link_means_a_full_reading(
    tenant: FakeGraph, source: Callable[..., Any], path: str
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    bookmark = source().fetch().bookmark
    put_grant(tenant, "b", WORDS, 1)
    tenant.fail(path, refusal(410, "syncStateNotFound"))
    assert len(source(bookmark=bookmark).fetch().uses) == 2


@pytest.mark.parametrize("path", ["/oauth2PermissionGrants", "/servicePrincipals"])
def test_a_change_that_is_not_whole_means_a_full_reading(
    tenant: FakeGraph, source: Callable[..., Any], path: str
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    bookmark = source().fetch().bookmark
    key = next(iter(tenant.lists[path]))
    page = {"value": [{"id": key}], "@odata.deltaLink": f"{tenant.url}{path}/delta?$deltatoken=0"}
    tenant.fail(f"{path}/delta", json_reply(page))
    assert len(source(bookmark=bookmark).fetch().uses) == 1


@pytest.mark.parametrize("bookmark", [b"", b"\xff", b"{}", b"[" * 100_000])
def test_a_bookmark_of_another_shape_is_ignored(
    tenant: FakeGraph, source: Callable[..., Any], bookmark: bytes
) -> None:
    put_user(tenant, 1)
    put_grant(tenant, "a", PINS, 1)
    assert len(source(bookmark=bookmark).fetch().uses) == 1


def test_the_bookmark_holds_no_student_and_no_secret(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    put_pupil(tenant, 2)
    for number in (1, 2):
        put_grant(tenant, f"g{number}", PINS, number)
        put_sign_in(tenant, f"s{number}", PINS, number, NOW - timedelta(days=1))
    bookmark = source().fetch().bookmark or b""
    assert [x for x in (PUPIL, guid(2), SECRET, "e30.") if x in bookmark.decode()] == []
    assert set(msgspec.json.decode(bookmark)["addresses"]) == {guid(1)}


def test_an_error_in_the_middle_leaves_no_half_list(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    put_user(tenant, 1)
    for number in range(30):
        put_grant(tenant, f"g{number}", PINS, 1)
    tenant.page_size = 10
    tenant.fail("/oauth2PermissionGrants", json_reply({}, 500), after=3, forever=True)
    with pytest.raises(ConnectorError):
        source().fetch()


def test_doctor_wants_exactly_the_permissions_needed(
    tenant: FakeGraph, source: Callable[..., Any]
) -> None:
    tenant.put("/domains", id=DOMAIN, isVerified=True)
    assert {check.state for check in source().check()} == {CheckState.GOOD}
    tenant.roles = ["Application.ReadWrite.All", "User.Read.All"]
    states = {check.name: check.state for check in source().check()}
    assert states["permission Directory.Read.All"] is CheckState.BAD
    assert states["permission AuditLog.Read.All"] is CheckState.BAD
    assert states["permission Application.ReadWrite.All"] is CheckState.WARNING
    names = [check.name for check in source({"sign_ins": False}).check()]
    assert "permission AuditLog.Read.All" not in names
