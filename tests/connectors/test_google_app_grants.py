from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
)
from connectors.google_access import SCOPE
from connectors.google_apps import READ_TOKENS, READ_USAGE, describe_scopes
from connectors.records import App, Grade, Way
from connectors.source import CheckState
from connectors.tenant.google_app_grants import NO_ADDRESS, GoogleAppGrants
from tests.builders import DOMAIN, NOW
from tests.connectors.contract import ConnectorContract
from tests.fakes.google import FakeGoogle, make_pair, refusal, user_id
from tests.fakes.web_server import HTML, RESET, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.records import Harvest

USERS = "/admin/directory/v1/users"
EVENTS = "/admin/reports/v1/activity"
REPORT = "/admin/reports/v1/usage"
PINS, VIDEOS, MYSTERY, LESSONS = (
    f"{number}.apps.googleusercontent.com" for number in ("1-pins", "2-vid", "3-what", "4-less")
)
OPTIONS = {"student_units": ["/Students"]}
PUPIL = "Pupil Pine"
DAY = timedelta(days=1)
SETUP = Path(__file__).parents[2] / "docs/setup/google_workspace.md"


@pytest.fixture
def tenant() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        fake.put_unit("/Staff")
        fake.put_unit("/Students")
        for back in range(3, 8):
            fake.put_report((NOW - back * DAY).date(), {PINS: ("Pinterest", 3)})
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def source(tenant: FakeGoogle) -> Callable[..., GoogleAppGrants]:
    def make(options: Any = None, **changes: Any) -> GoogleAppGrants:
        return GoogleAppGrants(tenant.access({**OPTIONS, **(options or {})}, **changes))

    return make


def put_pupil(tenant: FakeGoogle, number: int) -> str:
    return tenant.put_user(number, PUPIL, orgUnitPath="/Students")


def told(harvest: Harvest) -> set[tuple[str, str]]:
    return {(use.address.partition("@")[0], use.site) for use in harvest.uses}


def asked_about(tenant: FakeGoogle) -> list[str]:
    return sorted(path.split("/")[5] for path in tenant.server.paths if path.endswith("/tokens"))


class TestGoogleAppGrantsContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = ("PRIVATE KEY", make_pair()[0][40:80], "ya29.", PUPIL)

    @pytest.fixture
    def connector(self, tenant: FakeGoogle, source: Callable[..., Any]) -> GoogleAppGrants:
        for number in (1, 2):
            tenant.put_user(number)
            tenant.put_token(number, PINS, "Pinterest")
            tenant.put_token(number, MYSTERY, "Mystery")
        put_pupil(tenant, 3)
        tenant.put_token(3, PINS, "Pinterest")
        made: GoogleAppGrants = source()
        return made

    @pytest.fixture
    def broken(self, tenant: FakeGoogle, source: Callable[..., Any]) -> list[GoogleAppGrants]:
        for number in range(30):
            tenant.put_user(number)
        tenant.page_size = 10
        tenant.fail(USERS, HTML, after=2, forever=True)
        return [source(), source({"key": tenant.key(private_key="x")})]

    @pytest.fixture
    def hostile(
        self, tenant: FakeGoogle, source: Callable[..., Any]
    ) -> Callable[[str], GoogleAppGrants]:
        def make(text: str) -> GoogleAppGrants:
            tenant.put_user(1)
            tenant.put_token(1, PINS, text)
            made: GoogleAppGrants = source({"app_sites": {PINS: "pinterest.com"}})
            return made

        return make


def test_a_grant_at_a_social_site_is_a_use_of_grade_c(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest", "userinfo.email", "openid", "drive.readonly")
    tenant.put_event(1, PINS, NOW - 9 * DAY)
    tenant.put_event(1, PINS, NOW - 100 * DAY, qualifier=2)
    (use,) = source().fetch().uses
    assert (use.address, use.site) == (f"ida.marsh1@{DOMAIN}", "pinterest")
    assert (use.way, use.grade) == (Way.APP_GRANT, Grade.C)
    assert use.occurred_on == (NOW - 9 * DAY).date()
    assert use.statement == (
        "Signed in to Pinterest with the district account; the app may see: name and address,"
        " files in Drive."
    )


def test_the_app_is_named_where_it_is_not_the_site(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.put_token(1, VIDEOS, "Thumbnail maker")
    (use,) = source({"app_sites": {VIDEOS: "youtube.com"}}).fetch().uses
    assert 'through the app "Thumbnail maker"' in use.statement
    assert "also used for work" in use.statement
    assert use.occurred_on is None


def test_two_apps_of_one_site_are_one_use(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    tenant.put_token(1, VIDEOS, "Pinterest for telephones")
    tenant.put_event(1, VIDEOS, NOW - DAY)
    (use,) = source({"app_sites": {VIDEOS: "pinterest.com"}}).fetch().uses
    assert use.occurred_on == (NOW - DAY).date()


def test_a_client_id_leads_and_a_name_that_only_contains_a_site_is_not_one(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    tenant.put_token(1, MYSTERY, "Not Pinterest at all")
    harvest = source({"app_sites": {PINS: "our-own-board.example"}}).fetch()
    assert harvest.uses == ()
    assert [app.id for app in harvest.apps] == [MYSTERY]


def test_an_unregistered_app_goes_by_its_domain(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.put_token(1, "www.pinterest.com", "www.pinterest.com")
    assert told(source().fetch()) == {("ida.marsh1", "pinterest")}


def test_unknown_apps_are_counted_and_accuse_nobody(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in (1, 2):
        tenant.put_user(number)
        tenant.put_token(number, MYSTERY, "Mystery")
    put_pupil(tenant, 3)
    tenant.put_token(3, MYSTERY, "Mystery")
    harvest = source().fetch()
    assert harvest.uses == ()
    assert harvest.apps == (App("tested", MYSTERY, "Mystery", 2),)


def test_students_are_never_asked_about_and_leave_nothing(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    put_pupil(tenant, 2)
    tenant.put_token(2, PINS, "Pinterest")
    tenant.put_event(2, PINS, NOW - DAY)
    harvest = source().fetch()
    assert asked_about(tenant) == [user_id(1)]
    assert harvest.dropped == {"students": 1}
    assert harvest.uses == ()
    assert user_id(2) not in repr(harvest)


def test_who_has_no_district_address_is_counted(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    tenant.put_user(2, primaryEmail="x@elsewhere.example")
    assert source().fetch().dropped == {NO_ADDRESS: 1}
    assert asked_about(tenant) == [user_id(1)]


def test_suspended_people_still_own_grants(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1, suspended=True)
    tenant.put_token(1, PINS, "Pinterest")
    assert told(source().fetch()) == {("ida.marsh1", "pinterest")}


def test_one_person_who_may_not_be_read_is_a_gap_and_keeps_what_was_known(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in (1, 2, 3):
        tenant.put_user(number)
        tenant.put_token(number, PINS, "Pinterest")
    first = source().fetch()
    assert first.gaps == ()
    tenant.put_event(2, VIDEOS, NOW + DAY / 2)
    tenant.put_event(3, VIDEOS, NOW + DAY / 2)
    tenant.fail(f"{USERS}/{user_id(2)}", refusal(403, "forbidden"), forever=True)
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    assert told(second) == told(first)
    (gap,) = second.gaps
    assert "1 employee (403)" in gap
    assert "ida" not in gap


def test_when_nobody_may_be_read_the_reading_ends(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in (1, 2, 3):
        tenant.put_user(number)
        tenant.fail(f"{USERS}/{user_id(number)}", refusal(403, "forbidden"), forever=True)
    with pytest.raises(AccessRefused, match=READ_TOKENS.replace(".", r"\.")):
        source().fetch()


def test_a_user_deleted_between_two_calls_is_no_gap(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in (1, 2):
        tenant.put_user(number)
        tenant.put_token(number, PINS, "Pinterest")
    tenant.fail(f"{USERS}/{user_id(2)}", refusal(404, "notFound"), forever=True)
    harvest = source().fetch()
    assert told(harvest) == {("ida.marsh1", "pinterest")}
    assert harvest.gaps == ()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(403, "dailyLimitExceeded"), QuotaExhausted),
        (refusal(403, "insufficientPermissions"), AccessRefused),
        (RESET, ConnectorError),
        (json_reply({"items": [{"clientId": 7}]}), ConnectorError),
    ],
)
@pytest.mark.parametrize("path", [f"{USERS}/{user_id(20)}", EVENTS, REPORT])
def test_any_other_error_ends_the_reading(
    tenant: FakeGoogle, source: Callable[..., Any], path: str, reply: Any, kind: type[Exception]
) -> None:
    for number in range(40):
        tenant.put_user(number)
    if path == REPORT and reply.status == 200 and reply is not RESET:
        reply = json_reply({"usageReports": 7})
    tenant.fail(path, reply, forever=True)
    with pytest.raises(kind):
        source().fetch()


def test_events_touch_people_and_the_rest_has_its_turn(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(70):
        tenant.put_user(number)
    first = source().fetch()
    assert len(asked_about(tenant)) == 70
    tenant.put_token(50, PINS, "Pinterest")
    tenant.put_event(50, PINS, NOW + DAY / 2)
    tenant.put_user(99)
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    turn = [user_id(number) for number in range(10, 10 + ceil(71 / 7))]
    assert asked_about(tenant) == [*turn, user_id(50), user_id(99)]
    (use,) = second.uses
    assert use.occurred_on == (NOW + DAY / 2).date()


def test_everybody_has_a_turn_within_seven_nights(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(23):
        tenant.put_user(number)
    bookmark = source().fetch().bookmark
    tenant.server.asked.clear()
    for night in range(1, 8):
        bookmark = source(bookmark=bookmark, now=NOW + night * DAY).fetch().bookmark
    assert {user_id(number) for number in range(23)} == set(asked_about(tenant))
    assert len(asked_about(tenant)) == 7 * ceil(23 / 7)


def test_a_lost_event_is_healed_within_seven_nights(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(20):
        tenant.put_user(number)
    bookmark = source().fetch().bookmark
    tenant.put_token(13, PINS, "Pinterest")
    for night in range(1, 8):
        harvest = source(bookmark=bookmark, now=NOW + night * DAY).fetch()
        bookmark = harvest.bookmark
    assert told(harvest) == {("ida.marsh13", "pinterest")}


def test_late_events_are_found_by_the_overlap_and_repeats_cost_nothing(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(70):
        tenant.put_user(number)
    tenant.put_event(60, PINS, NOW - DAY / 4)
    first = source().fetch()
    tenant.put_event(61, PINS, NOW - DAY / 2)
    event = tenant.put_event(62, PINS, NOW + DAY / 2)
    tenant.activities.append(event)
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    late = [user_id(61), user_id(62)]
    assert asked_about(tenant) == [user_id(number) for number in range(10, 20)] + late
    tenant.server.asked.clear()
    source(bookmark=second.bookmark, now=NOW + DAY + DAY / 4).fetch()
    assert asked_about(tenant) == [user_id(number) for number in range(20, 30)]


@pytest.mark.parametrize(
    ("actor", "is_told"),
    [
        ({"email": f"IDA.MARSH15@{DOMAIN}"}, True),
        ({"profileId": user_id(15)}, True),
        ({"profileId": "105250506097979753968", "email": f"ida.marsh15@{DOMAIN}"}, True),
        ({"profileId": "105250506097979753968"}, False),
        ({}, False),
        ({"email": "stranger@elsewhere.example", "profileId": "7"}, False),
    ],
)
def test_actors_of_events_may_lack_id_or_address(
    tenant: FakeGoogle, source: Callable[..., Any], actor: Any, is_told: bool
) -> None:
    for number in range(21):
        tenant.put_user(number)
    bookmark = source().fetch().bookmark
    tenant.put_event(15, PINS, NOW + DAY / 2, actor=actor)
    tenant.server.asked.clear()
    source(bookmark=bookmark, now=NOW + DAY).fetch()
    assert (user_id(15) in asked_about(tenant)) is is_told


def test_apps_at_work_touch_nobody(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    for number in range(21):
        tenant.put_user(number)
    bookmark = source().fetch().bookmark
    for qualifier, name in enumerate(("activity", "request", "deny")):
        tenant.put_event(15, PINS, NOW + DAY / 2, name, qualifier=qualifier)
    tenant.server.asked.clear()
    source(bookmark=bookmark, now=NOW + DAY).fetch()
    assert asked_about(tenant) == [user_id(number) for number in range(3, 6)]


def test_a_grant_that_was_withdrawn_is_gone(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    first = source().fetch()
    tenant.tokens.clear()
    tenant.put_event(1, PINS, NOW + DAY / 2, "revoke")
    assert source(bookmark=first.bookmark, now=NOW + DAY).fetch().uses == ()


def test_a_day_once_known_stays_known(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    tenant.put_event(1, PINS, NOW - 9 * DAY)
    first = source().fetch()
    tenant.activities.clear()
    (use,) = source(bookmark=first.bookmark, now=NOW + DAY).fetch().uses
    assert use.occurred_on == (NOW - 9 * DAY).date()


def test_a_renamed_user_keeps_grants_under_the_new_address(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(8):
        tenant.put_user(number)
        tenant.put_token(number, PINS, "Pinterest")
    first = source().fetch()
    tenant.put_user(7, primaryEmail=f"ida.brook@{DOMAIN}")
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    assert user_id(7) not in asked_about(tenant)
    assert ("ida.brook", "pinterest") in told(second)
    assert len(second.uses) == 8


def test_somebody_who_became_a_student_or_left_leaves_nothing_behind(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in (1, 2, 3):
        tenant.put_user(number)
        tenant.put_token(number, PINS, "Pinterest")
    first = source().fetch()
    tenant.put_user(2, orgUnitPath="/Students")
    tenant.users.pop(user_id(3))
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    assert told(second) == {("ida.marsh1", "pinterest")}
    kept = repr(msgspec.msgpack.decode(zlib.decompress(second.bookmark or b"")))
    assert [key for key in (user_id(2), user_id(3)) if key in kept] == []


@pytest.mark.parametrize(
    "bookmark", [None, b"", b"\xff", zlib.compress(b"{}"), zlib.compress(b"\x91" * 9_999)]
)
def test_a_bookmark_of_another_shape_is_ignored(
    tenant: FakeGoogle, source: Callable[..., Any], bookmark: bytes | None
) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    assert len(source(bookmark=bookmark).fetch().uses) == 1


def test_other_settings_mean_a_full_reading(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    for number in range(14):
        tenant.put_user(number)
    bookmark = source().fetch().bookmark
    tenant.server.asked.clear()
    source({"staff_units": ["/Staff"]}, bookmark=bookmark, now=NOW + DAY).fetch()
    assert len(asked_about(tenant)) == 14


def test_the_bookmark_holds_no_address_and_no_secret(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    put_pupil(tenant, 2)
    for number in (1, 2):
        tenant.put_token(number, PINS, "Pinterest")
        tenant.put_event(number, PINS, NOW - DAY)
    bookmark = source().fetch().bookmark or b""
    shown = repr(msgspec.msgpack.decode(zlib.decompress(bookmark)))
    assert user_id(1) in shown
    for word in ("@", "ida", PUPIL, user_id(2), "PRIVATE", "ya29"):
        assert word not in shown


def test_the_first_night_asks_the_log_for_grants_alone_and_later_for_all(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    bookmark = source().fetch().bookmark
    source(bookmark=bookmark, now=NOW + DAY).fetch()
    first, second = (asked.query for asked in tenant.calls if asked.path.startswith(EVENTS))
    assert first["eventName"] == "authorize"
    assert "startTime" not in first
    assert second["startTime"] == "2024-03-13T04:30:00.000Z"
    assert "eventName" not in second


def test_the_log_is_read_page_by_page(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    for number in range(45):
        tenant.put_event(1, PINS, NOW - DAY * (number + 2), qualifier=number)
    tenant.page_size = 10
    (use,) = source().fetch().uses
    assert use.occurred_on == (NOW - 2 * DAY).date()
    assert sum(asked.path.startswith(EVENTS) for asked in tenant.calls) == 5


def test_the_tenants_own_count_is_told(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    tenant.put_token(1, PINS, "Pinterest")
    (note,) = source().fetch().notes
    assert "report of 2024-03-11 counts 3 grants" in note
    assert "; 1 of staff are known here." in note


def test_without_a_report_a_note_says_so(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.reports.clear()
    tenant.put_user(1)
    (note,) = source().fetch().notes
    assert "not to be had" in note


def test_rows_of_the_report_may_be_of_any_shape(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    tenant.put_user(1)
    rows = [{}, {"client_id": 7}, {"client_id": "x", "num_users": "many"}, {"num_users": []}]
    report = {"parameters": [{"name": "accounts:authorized_apps", "msgValue": rows}, {"name": "x"}]}
    tenant.fail(REPORT, json_reply({"usageReports": [report]}))
    assert source().fetch().notes == ()


def test_an_unchanged_second_night_takes_five_calls_beyond_users_and_the_seventh(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(1_050):
        tenant.put_user(number)
    tenant.put_event(5, PINS, NOW - DAY / 2)
    for back in range(-3, 3):
        tenant.put_report((NOW - (back + 3) * DAY).date(), {})
    tenant.reports = {day: {} for day in tenant.reports if day <= "2024-03-12"}
    first = source().fetch()
    tenant.put_report(date(2024, 3, 13), {})
    tenant.server.asked.clear()
    second = source(bookmark=first.bookmark, now=NOW + DAY).fetch()
    assert second.calls == len(tenant.server.asked)
    assert second.calls - ceil(1_050 / 500) - ceil(1_050 / 7) <= 5
    assert len(asked_about(tenant)) == ceil(1_050 / 7)


def test_calls_of_the_first_night_are_as_documented(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(60):
        tenant.put_user(number)
    for number in range(60, 600):
        put_pupil(tenant, number)
    tenant.reports = {"2024-03-12": {}}
    harvest = source().fetch()
    assert harvest.calls == ceil(600 / 500) + 60 + 5


def test_a_missing_scope_stops_this_source_alone(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    from connectors.directory.google_workspace import GoogleWorkspace

    tenant.put_user(1)
    tenant.granted.remove(SCOPE + READ_TOKENS)
    with pytest.raises(AccessRefused, match="scopes"):
        source().fetch()
    assert len(GoogleWorkspace(tenant.access(OPTIONS)).fetch().people) == 1


def test_doctor_names_what_is_missing(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    assert {check.state for check in source().check()} == {CheckState.GOOD}
    tenant.granted -= {SCOPE + READ_TOKENS, SCOPE + READ_USAGE}
    checks = iter(source().check())
    found = [next(checks).name for _ in range(2)]
    assert found == [f"scope {READ_USAGE}", f"scope {READ_TOKENS}"]


@pytest.mark.parametrize("value", [7, ["x"], None])
def test_app_sites_of_a_wrong_form_are_named(source: Callable[..., Any], value: Any) -> None:
    with pytest.raises(NotConfigured, match="app_sites"):
        source({"app_sites": {PINS: value}})


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        ([], ""),
        (["openid", f"{SCOPE}userinfo.profile"], "name and address"),
        ([f"{SCOPE}drive.file", "profile"], "name and address, files in Drive"),
        (["https://mail.google.com/"], "mail"),
        ([f"{SCOPE}classroom.rosters.readonly"], "Classroom"),
        ([f"{SCOPE}youtube.upload", f"{SCOPE}games", "x:y/z\u202e"], "YouTube, other data"),
    ],
)
def test_scopes_in_words(scopes: list[str], words: str) -> None:
    assert describe_scopes(scopes) == words


def test_two_readings_of_the_same_tenant_are_the_same(
    tenant: FakeGoogle, source: Callable[..., Any]
) -> None:
    for number in range(40):
        tenant.put_user(number)
        tenant.put_token(number, PINS, "Pinterest")
    first, second = source().fetch(), source().fetch()
    assert replace(first, calls=0) == replace(second, calls=0)


def test_the_lag_of_the_report_is_learnt(tenant: FakeGoogle, source: Callable[..., Any]) -> None:
    tenant.put_user(1)
    bookmark = source().fetch().bookmark
    assert sum(path.startswith(REPORT) for path in tenant.server.paths) == 3
    tenant.put_report((NOW - 2 * DAY).date(), {})
    tenant.server.asked.clear()
    source(bookmark=bookmark, now=NOW + DAY).fetch()
    assert sum(path.startswith(REPORT) for path in tenant.server.paths) == 2
