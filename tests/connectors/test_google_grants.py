from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from connectors.errors import AccessRefused, ConnectorError, NotConfigured
from connectors.google_access import SCOPE
from connectors.google_api import Google
from connectors.google_apps import READ_EVENTS, READ_TOKENS, list_events
from connectors.google_users import READ_DOMAINS
from connectors.records import AddressUse, Grade, Harvest, Way
from connectors.source import CheckState
from connectors.tenant.google_app_grants import GoogleAppGrants
from tests.builders import DOMAIN, NOW
from tests.connectors.contract import ConnectorContract
from tests.fakes.google import FakeGoogle, make_pair, refusal, sign_in_refusal, user_id
from tests.fakes.web_server import HTML, FakeTimer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = "/admin/directory/v1/users"
EVENTS = "/admin/reports/v1/activity"
USAGE = "/admin/reports/v1/usage"
PUPIL = "Pip Reed"
SOCIAL = "Pinterest"
CLIENT = "1060.apps.googleusercontent.com"


@pytest.fixture
def tenant() -> Iterator[FakeGoogle]:
    with make_tenant() as fake:
        yield fake
        assert fake.wrongs == []


def make_tenant() -> FakeGoogle:
    fake = FakeGoogle()
    fake.put_unit("/Staff")
    fake.put_unit("/Students")
    fake.put_report((NOW - timedelta(days=3)).date(), {CLIENT: (SOCIAL, 4)})
    return fake


def make_source(tenant: FakeGoogle, options: Any = None, **changes: Any) -> GoogleAppGrants:
    own = {"student_units": ["/Students"]}
    return GoogleAppGrants(tenant.access({**own, **(options or {})}, **changes))


def fill(tenant: FakeGoogle, staff: int) -> None:
    for number in range(1, staff + 1):
        tenant.put_user(number)


def next_night(tenant: FakeGoogle, harvest: Harvest, nights: int = 1, **changes: Any) -> Harvest:
    """Read once more, ``nights`` days after the first night; only then is ``calls`` counted."""
    tenant.server.asked.clear()
    tenant.clock = NOW + timedelta(days=nights)
    tenant.put_report((tenant.clock - timedelta(days=3)).date(), {CLIENT: (SOCIAL, 4)})
    return make_source(tenant, now=tenant.clock, bookmark=harvest.bookmark, **changes).fetch()


def asked_about(tenant: FakeGoogle) -> list[str]:
    """Return whose grants were asked for."""
    paths = (asked.path for asked in tenant.calls if asked.path.endswith("/tokens"))
    return [path.split("/")[-2] for path in paths]


class TestGoogleAppGrantsContract(ConnectorContract):
    secrets: ClassVar = (make_pair()[0], PUPIL, "private@mail.example")

    @pytest.fixture
    def connector(self, tenant: FakeGoogle) -> GoogleAppGrants:
        fill(tenant, 3)
        tenant.put_user(4, PUPIL, orgUnitPath="/Students")
        for number in (1, 2, 4):
            tenant.put_token(number, CLIENT, SOCIAL)
        return make_source(tenant)

    @pytest.fixture
    def broken(self) -> Iterator[list[GoogleAppGrants]]:
        fakes = [make_tenant() for _ in range(5)]
        html, looping, late, refused, usage = fakes
        for fake in fakes:
            fake.__enter__()
            fill(fake, 12)
        html.fail(f"{USERS}/", HTML, after=3)
        looping.fail(EVENTS, json_reply({"nextPageToken": "a"}), forever=True)
        late.fail(EVENTS, refusal(403, "forbidden"))
        refused.fail("/token", sign_in_refusal("unauthorized_client"), forever=True)
        usage.fail(USAGE, refusal(403, "accessNotConfigured"))
        yield [make_source(fake) for fake in fakes]
        for fake in fakes:
            fake.__exit__()

    @pytest.fixture
    def hostile(self, tenant: FakeGoogle) -> Callable[[str], GoogleAppGrants]:
        def make(text: str) -> GoogleAppGrants:
            fill(tenant, 1)
            tenant.put_token(1, CLIENT, text)
            return make_source(tenant, {"app_sites": {CLIENT: "pinterest.com"}})

        return make


def test_a_grant_at_a_social_site_is_a_use_of_grade_c(tenant: FakeGoogle) -> None:
    fill(tenant, 2)
    tenant.put_token(1, CLIENT, SOCIAL, "openid", "drive.readonly")
    tenant.put_event(1, CLIENT, NOW - timedelta(days=40))
    harvest = make_source(tenant).fetch()
    (use,) = harvest.uses
    assert isinstance(use, AddressUse)
    assert (use.address, use.site) == (f"ida.marsh1@{DOMAIN}", "pinterest")
    assert (use.way, use.grade) == (Way.APP_GRANT, Grade.C)
    assert use.occurred_on == (NOW - timedelta(days=40)).date()
    assert "name and address, files in Drive" in use.statement
    assert harvest.apps == ()
    assert harvest.gaps == ()


def test_an_unknown_app_is_listed_and_accuses_nobody(tenant: FakeGoogle) -> None:
    fill(tenant, 3)
    for number in (1, 2):
        tenant.put_token(number, "77.apps", "Zebra Quilt Planner")
    harvest = make_source(tenant).fetch()
    assert harvest.uses == ()
    (app,) = harvest.apps
    assert (app.id, app.name, app.users) == ("77.apps", "Zebra Quilt Planner", 2)


def test_the_client_id_leads_the_name(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    tenant.put_token(1, "77.apps", "Zebra Quilt Planner")
    harvest = make_source(tenant, {"app_sites": {"77.apps": "pinterest.com"}}).fetch()
    assert [use.site for use in harvest.uses] == ["pinterest"]
    assert harvest.apps == ()
    with pytest.raises(NotConfigured):
        make_source(tenant, {"app_sites": {"77.apps": 7}})


def test_students_are_never_asked_about(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    tenant.put_user(2, PUPIL, orgUnitPath="/Students/Grade 9")
    tenant.put_token(2, CLIENT, SOCIAL)
    tenant.put_event(2, CLIENT, NOW - timedelta(hours=3))
    harvest = make_source(tenant).fetch()
    assert asked_about(tenant) == [user_id(1)]
    assert harvest.dropped == {"students": 1}
    assert user_id(2).encode() not in (harvest.bookmark or b"")


def test_nobody_with_a_refusal_is_clean(tenant: FakeGoogle) -> None:
    fill(tenant, 14)
    tenant.put_token(3, CLIENT, SOCIAL)
    first = make_source(tenant).fetch()
    tenant.put_event(3, CLIENT, NOW + timedelta(hours=2), "revoke")
    tenant.fail(f"{USERS}/{user_id(3)}/tokens", refusal(403, "forbidden"))
    second = next_night(tenant, first)
    assert len(second.uses) == 1
    (gap,) = second.gaps
    assert gap.startswith("The administrator may not read the grants of 1 employee")
    assert "@" not in gap


def test_somebody_refused_is_asked_again(tenant: FakeGoogle) -> None:
    fill(tenant, 14)
    tenant.fail(f"{USERS}/{user_id(9)}/tokens", refusal(403, "forbidden"))
    first = make_source(tenant).fetch()
    assert first.gaps
    second = next_night(tenant, first)
    assert user_id(9) in asked_about(tenant)
    assert second.gaps == ()


def test_all_refused_is_no_gap_but_an_error(tenant: FakeGoogle) -> None:
    fill(tenant, 5)
    for number in range(1, 6):
        tenant.fail(f"{USERS}/{user_id(number)}/tokens", refusal(403, "forbidden"))
    with pytest.raises(AccessRefused):
        make_source(tenant).fetch()


def test_a_scope_that_is_missing_is_no_gap(tenant: FakeGoogle) -> None:
    fill(tenant, 5)
    tenant.granted.discard(SCOPE + READ_TOKENS)
    with pytest.raises(AccessRefused):
        make_source(tenant).fetch()


def test_a_user_deleted_between_two_calls(tenant: FakeGoogle) -> None:
    fill(tenant, 3)
    tenant.put_token(1, CLIENT, SOCIAL)
    tenant.fail(f"{USERS}/{user_id(2)}/tokens", refusal(404, "notFound"))
    harvest = make_source(tenant).fetch()
    assert len(harvest.uses) == 1
    assert harvest.gaps == ()


def test_a_second_night_with_nothing_new(tenant: FakeGoogle) -> None:
    fill(tenant, 700)
    first = make_source(tenant).fetch()
    assert len(asked_about(tenant)) == 700
    second = next_night(tenant, first)
    lists = sum(asked.path == USERS for asked in tenant.calls)
    assert lists == ceil(700 / 500)
    assert len(asked_about(tenant)) == 100
    assert len(tenant.server.asked) - lists - 100 <= 5
    assert second.calls == len(tenant.server.asked)


def test_seven_nights_go_round_all(tenant: FakeGoogle) -> None:
    fill(tenant, 30)
    harvest = make_source(tenant).fetch()
    tenant.put_token(17, CLIENT, SOCIAL)
    seen: list[str] = []
    for night in range(1, 8):
        harvest = next_night(tenant, harvest, night)
        seen += asked_about(tenant)
    assert set(seen) == set(tenant.users)
    assert [use.address for use in harvest.uses] == [f"ida.marsh17@{DOMAIN}"]


def test_a_user_touched_is_asked_once(tenant: FakeGoogle) -> None:
    fill(tenant, 70)
    first = make_source(tenant).fetch()
    tenant.put_token(69, CLIENT, SOCIAL)
    event = tenant.put_event(69, CLIENT, NOW + timedelta(hours=20))
    tenant.activities.append(event)
    second = next_night(tenant, first)
    assert asked_about(tenant).count(user_id(69)) == 1
    assert len(asked_about(tenant)) in {10, 11}
    assert [use.occurred_on for use in second.uses] == [(NOW + timedelta(hours=20)).date()]
    turn = next_night(tenant, second, 2)
    assert turn.uses[0].occurred_on == second.uses[0].occurred_on
    assert len(asked_about(tenant)) == 10


def test_a_late_event_falls_into_the_overlap(tenant: FakeGoogle) -> None:
    fill(tenant, 70)
    first = make_source(tenant).fetch()
    tenant.put_token(69, CLIENT, SOCIAL)
    tenant.put_event(69, CLIENT, NOW - timedelta(hours=23))
    assert len(next_night(tenant, first).uses) == 1


def test_an_event_told_twice_counts_once(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    event = tenant.put_event(1, CLIENT, NOW - timedelta(hours=1))
    tenant.activities.append(event)
    with Google(tenant.access(), [READ_EVENTS], per_second=1e9) as google:
        (only,) = list_events(google, NOW - timedelta(days=1))
    assert (only.user_id, only.client_id) == (user_id(1), CLIENT)


def test_a_revoked_grant_goes(tenant: FakeGoogle) -> None:
    fill(tenant, 70)
    tenant.put_token(69, CLIENT, SOCIAL)
    first = make_source(tenant).fetch()
    tenant.tokens.clear()
    tenant.put_event(69, CLIENT, NOW + timedelta(hours=1), "revoke")
    assert (len(first.uses), len(next_night(tenant, first).uses)) == (1, 0)


@pytest.mark.parametrize(
    "actor", [{}, {"profileId": "105250506097979753968"}, {"email": f"nobody@{DOMAIN}"}]
)
def test_an_event_of_nobody_is_let_go(tenant: FakeGoogle, actor: dict[str, str]) -> None:
    fill(tenant, 1)
    tenant.put_event(1, CLIENT, NOW - timedelta(hours=1), actor=actor)
    assert make_source(tenant).fetch().uses == ()


def test_an_event_without_an_id_is_found_by_address(tenant: FakeGoogle) -> None:
    fill(tenant, 70)
    first = make_source(tenant).fetch()
    tenant.put_token(69, CLIENT, SOCIAL)
    actor = {"email": f"IDA.Marsh69@{DOMAIN}"}
    tenant.put_event(69, CLIENT, NOW + timedelta(hours=1), actor=actor)
    assert len(next_night(tenant, first).uses) == 1


def test_suspended_and_archived_users_stay_in_scope(tenant: FakeGoogle) -> None:
    tenant.put_user(1, suspended=True)
    tenant.put_user(2, archived=True)
    for number in (1, 2):
        tenant.put_token(number, CLIENT, SOCIAL)
    assert len(make_source(tenant).fetch().uses) == 2


def test_the_tenants_own_count_is_compared(tenant: FakeGoogle) -> None:
    fill(tenant, 2)
    tenant.put_token(1, CLIENT, SOCIAL)
    (note,) = make_source(tenant).fetch().notes
    assert "counts 4 grants at social sites" in note
    assert "1 of staff" in note
    tenant.reports.clear()
    (note,) = make_source(tenant).fetch().notes
    assert "not to be had" in note


@pytest.mark.parametrize("bookmark", [b"", b"\x00", b"\xff" * 40, msgspec.msgpack.encode([1])])
def test_a_bookmark_of_another_shape_is_a_first_night(tenant: FakeGoogle, bookmark: bytes) -> None:
    fill(tenant, 14)
    make_source(tenant, bookmark=bookmark).fetch()
    assert len(asked_about(tenant)) == 14


def test_other_settings_make_a_first_night(tenant: FakeGoogle) -> None:
    fill(tenant, 14)
    first = make_source(tenant).fetch()
    tenant.server.asked.clear()
    options = {"student_domains": ["pupils.example"]}
    make_source(tenant, options, bookmark=first.bookmark).fetch()
    assert len(asked_about(tenant)) == 14


def test_quota_is_kept_to(tenant: FakeGoogle, timer: FakeTimer) -> None:
    fill(tenant, 200)
    started = timer.now
    make_source(tenant).fetch()
    assert timer.now - started >= (len(tenant.server.asked) - 1) / 40


def test_an_error_in_the_middle_leaves_no_harvest(tenant: FakeGoogle) -> None:
    fill(tenant, 30)
    tenant.fail(f"{USERS}/{user_id(20)}/tokens", refusal(500, "backendError"), forever=True)
    with pytest.raises(ConnectorError):
        make_source(tenant).fetch()


def test_doctor(tenant: FakeGoogle) -> None:
    tenant.granted.discard(SCOPE + READ_DOMAINS)
    checks = list(make_source(tenant).check())
    assert {one.state for one in checks} == {CheckState.GOOD}
    tenant.granted.discard(SCOPE + READ_TOKENS)
    refused = iter(make_source(tenant).check())
    check = next(refused)
    assert (check.name, check.state) == (f"scope {READ_TOKENS}", CheckState.BAD)
    with pytest.raises(AccessRefused):
        next(refused)


def test_the_same_twice_is_the_same(tenant: FakeGoogle) -> None:
    fill(tenant, 20)
    tenant.put_token(2, CLIENT, SOCIAL)
    one, two = (make_source(tenant).fetch() for _ in range(2))
    assert replace(one, calls=0) == replace(two, calls=0)
