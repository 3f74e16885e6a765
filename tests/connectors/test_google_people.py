from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from connectors.clock import SET_CLOCK
from connectors.directory.google_workspace import GoogleWorkspace
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.google_access import DELEGATION, SCOPE
from connectors.google_api import Google
from connectors.google_apps import READ_TOKENS, list_tokens
from connectors.google_users import DIRECTORY, FIELDS, READ_DOMAINS, READ_MEMBERS
from connectors.records import Role, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN, NOW
from tests.connectors.contract import ConnectorContract
from tests.fakes.google import (
    FakeGoogle,
    make_foreign_key,
    make_pair,
    refusal,
    sign_in_refusal,
    user_id,
)
from tests.fakes.web_server import HTML, RESET, Reply, gzip_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = "/admin/directory/v1/users"
PUPIL = "Pip Reed"
TELLS = {"student_units": ["/Students"]}
QUOTA_METADATA = [
    {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "metadata": {"quota_limit": "defaultPerDayPerProject"},
    }
]


@pytest.fixture
def tenant() -> Iterator[FakeGoogle]:
    with make_tenant() as fake:
        yield fake
        assert fake.wrongs == []


def make_tenant() -> FakeGoogle:
    fake = FakeGoogle()
    fake.put_unit("/Staff")
    fake.put_unit("/Staff/High School")
    fake.put_unit("/Students")
    return fake


def make_source(tenant: FakeGoogle, options: Any = None, **changes: Any) -> GoogleWorkspace:
    return GoogleWorkspace(tenant.access({**TELLS, **(options or {})}, **changes))


def fill(tenant: FakeGoogle, staff: int, pupils: int = 0) -> None:
    for number in range(1, staff + 1):
        tenant.put_user(number)
    for number in range(staff + 1, staff + pupils + 1):
        tenant.put_user(number, PUPIL, orgUnitPath="/Students/Grade 9")


class TestGoogleWorkspaceContract(ConnectorContract):
    secrets: ClassVar = (make_pair()[0], PUPIL, "private@mail.example", "+15550100")

    @pytest.fixture
    def connector(self, tenant: FakeGoogle) -> GoogleWorkspace:
        fill(tenant, 3, 2)
        tenant.put_user(9, "Otto Elm", orgUnitPath="/Staff/High School")
        return make_source(tenant, {"school_units": ["/Staff/*"]})

    @pytest.fixture
    def broken(self) -> Iterator[list[GoogleWorkspace]]:
        fakes = [make_tenant() for _ in range(5)]
        html, looping, late, foreign, empty = fakes
        for fake in fakes:
            fake.__enter__()
            fill(fake, 30)
            fake.page_size = 10
        html.fail(USERS, HTML)
        looping.fail(USERS, json_reply({"nextPageToken": "a"}), forever=True)
        late.fail(USERS, refusal(403, "forbidden"), after=2)
        foreign.fail("/token", sign_in_refusal("invalid_grant", "Invalid JWT Signature."))
        empty.users.clear()
        yield [make_source(fake) for fake in fakes]
        for fake in fakes:
            fake.__exit__()

    @pytest.fixture
    def hostile(self, tenant: FakeGoogle) -> Callable[[str], GoogleWorkspace]:
        def make(text: str) -> GoogleWorkspace:
            name = {"givenName": "Ida", "familyName": "Marsh", "fullName": text}
            tenant.put_user(1)
            tenant.users[user_id(1)]["name"] = name
            return make_source(tenant)

        return make


def test_names_addresses_and_standing(tenant: FakeGoogle) -> None:
    tenant.put_user(
        1,
        primaryEmail=f"Ida.Marsh@{DOMAIN}",
        aliases=[f"old@{DOMAIN}", "ida@elsewhere.example"],
        nonEditableAliases=[f"ida.marsh@{DOMAIN}.test-google-a.com"],
        organizations=[{"title": "Coach"}, {"title": "Teacher", "primary": True}],
    )
    tenant.put_user(2, "Otto Elm", suspended=True)
    tenant.put_user(3, "Una Oak", suspended=True, archived=True)
    harvest = make_source(tenant).fetch()
    ida, otto, una = harvest.people
    assert ida.addresses == (f"Ida.Marsh@{DOMAIN}", f"old@{DOMAIN}")
    assert (ida.id, ida.name, ida.title) == (user_id(1), "Ida Marsh", "Teacher")
    assert "/Staff" in ida.groups
    assert [one.standing for one in (ida, otto, una)] == [
        Standing.ACTIVE,
        Standing.SUSPENDED,
        Standing.ARCHIVED,
    ]
    assert harvest.dropped == {"addresses outside the district": 2}


@pytest.mark.parametrize("fields", [{"organizations": "Teacher"}, {"organizations": [7, None]}])
def test_fields_of_any_shape_are_not_trusted(tenant: FakeGoogle, fields: dict[str, Any]) -> None:
    tenant.put_user(1, **fields)
    assert [one.title for one in make_source(tenant).fetch().people] == [None]


def test_students_are_counted_and_leave_nothing(tenant: FakeGoogle) -> None:
    fill(tenant, 2, 3)
    tenant.put_user(11, PUPIL, primaryEmail=f"pip@pupils.{DOMAIN}")
    tenant.put_user(12, PUPIL, orgUnitPath="/Staff", organizations=[{"title": "Student"}])
    tenant.put_user(13, PUPIL, isGuestUser=True)
    harvest = make_source(tenant, {"student_domains": [f"pupils.{DOMAIN}"]}).fetch()
    assert len(harvest.people) == 2
    assert harvest.dropped["students"] == 5
    assert harvest.dropped["guests"] == 1
    assert PUPIL not in repr(harvest)


def test_a_student_in_a_staff_unit_stays_a_student(tenant: FakeGoogle) -> None:
    fill(tenant, 2)
    tenant.granted.add(SCOPE + READ_MEMBERS)
    tenant.members[f"pupils@{DOMAIN}"] = [user_id(2)]
    options = {
        "student_units": [],
        "staff_units": ["/Staff"],
        "student_groups": [f"pupils@{DOMAIN}"],
    }
    harvest = make_source(tenant, options).fetch()
    assert [one.id for one in harvest.people] == [user_id(1)]
    assert harvest.dropped == {"students": 1}


def test_only_staff_units_enter_and_service_units_are_service(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    tenant.put_unit("/Robots")
    tenant.put_unit("/Other")
    tenant.put_user(2, "Una Oak", orgUnitPath="/Robots/Sync")
    tenant.put_user(3, "Ned Fir", orgUnitPath="/Other")
    options = {"staff_units": ["/Staff", "/Robots"], "service_units": ["/Robots"]}
    harvest = make_source(tenant, options).fetch()
    assert [one.role for one in harvest.people] == [Role.STAFF, Role.SERVICE]
    assert sum(harvest.dropped.values()) == 1


def test_schools_are_org_units(tenant: FakeGoogle) -> None:
    tenant.put_user(1, orgUnitPath="/Staff/High School/Science")
    tenant.put_user(2, "Otto Elm", orgUnitPath="/Staff")
    harvest = make_source(tenant, {"school_units": ["/Staff/*"]}).fetch()
    assert [one.name for one in harvest.schools] == ["High School"]
    assert [one.schools for one in harvest.people] == [(harvest.schools[0].id,), ()]


def test_nothing_private_is_asked_for(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    make_source(tenant).fetch()
    (call,) = [asked for asked in tenant.calls if asked.path == USERS]
    assert call.query["fields"] == FIELDS
    assert call.query["customer"] == "my_customer"
    assert call.query["maxResults"] == "500"
    assert FIELDS.startswith("nextPageToken,")
    for word in ("recovery", "phones", "addresses", "relations", "externalIds"):
        assert word not in FIELDS


@pytest.mark.parametrize("options", [{"student_units": []}, {"student_units": ["Students"]}])
def test_settings_that_tell_no_student_are_refused(tenant: FakeGoogle, options: Any) -> None:
    with pytest.raises(NotConfigured):
        make_source(tenant, options)


def test_a_misspelt_unit_stops_the_reading(tenant: FakeGoogle) -> None:
    fill(tenant, 1, 1)
    with pytest.raises(NotConfigured, match="/studnets"):
        make_source(tenant, {"student_units": ["/Studnets"]}).fetch()


def test_pages_repeats_and_an_empty_page_in_between(tenant: FakeGoogle) -> None:
    fill(tenant, 25)
    tenant.page_size = 10
    tenant.fail(USERS, json_reply({"nextPageToken": "p5"}), after=1)
    harvest = make_source(tenant).fetch()
    assert len(harvest.people) == 25
    assert len({one.id for one in harvest.people}) == 25


def test_full_pages_that_lead_round_in_a_circle(tenant: FakeGoogle) -> None:
    fill(tenant, 25)
    page = json_reply({"users": list(tenant.users.values())[:5], "nextPageToken": "p5"})
    tenant.fail(USERS, *[page] * 4)
    with pytest.raises(UnexpectedAnswer, match="circle"):
        make_source(tenant).fetch()


def test_a_renamed_user_keeps_the_id(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    before = make_source(tenant).fetch().people[0]
    tenant.users[user_id(1)]["primaryEmail"] = f"ida.elm@{DOMAIN}"
    after = make_source(tenant).fetch().people[0]
    assert (before.id, after.addresses[0]) == (after.id, f"ida.elm@{DOMAIN}")


def test_ten_thousand_units(tenant: FakeGoogle) -> None:
    fill(tenant, 1)
    for number in range(10_000):
        tenant.put_unit(f"/Staff/Room {number}")
    assert len(make_source(tenant).fetch().people) == 1


@pytest.mark.parametrize("users", [500, 501, 20_000])
def test_calls_are_as_the_page_says(tenant: FakeGoogle, users: int) -> None:
    fill(tenant, 1)
    first = tenant.users[user_id(1)]
    tenant.users.update(
        {
            user_id(n): {**first, "id": user_id(n), "primaryEmail": f"n{n}@{DOMAIN}"}
            for n in range(2, users + 1)
        }
    )
    harvest = make_source(tenant).fetch()
    assert len(harvest.people) == users
    assert sum(asked.path == USERS for asked in tenant.calls) == ceil(users / 500)
    assert len(tenant.calls) == ceil(users / 500) + 2
    assert harvest.calls == len(tenant.calls) + 1


REFUSALS = [
    (refusal(403, "accessNotConfigured"), AccessRefused, "Library"),
    (refusal(403, "forbidden"), AccessRefused, "Admin roles"),
    (refusal(403, "notAuthorizedToAccessThisResource"), AccessRefused, "Admin roles"),
    (refusal(403, "insufficientPermissions"), AccessRefused, DELEGATION),
    (refusal(403, "domainPolicy"), AccessRefused, "API controls"),
    (refusal(403, "dailyLimitExceeded"), QuotaExhausted, "Quotas"),
    (refusal(403, "RESOURCE_EXHAUSTED", details=QUOTA_METADATA), QuotaExhausted, "Quotas"),
    (refusal(403, "userRateLimitExceeded"), RateLimited, "night"),
    (refusal(403, "rateLimitExceeded"), RateLimited, "night"),
    (refusal(403, "quotaExceeded"), RateLimited, "night"),
    (refusal(429, "rateLimitExceeded"), RateLimited, "night"),
    (refusal(401, "authError"), AccessRefused, DELEGATION),
    (refusal(500, "backendError"), SourceUnavailable, "night"),
    (HTML, UnexpectedAnswer, "report"),
    (RESET, SourceUnavailable, "night"),
    (gzip_reply(b'{"users": []}' * 99, cut=12), ConnectorError, "night"),
]


@pytest.mark.parametrize(("reply", "kind", "advice"), REFUSALS)
def test_refusals_say_what_to_do(
    tenant: FakeGoogle, reply: Reply, kind: type[ConnectorError], advice: str
) -> None:
    fill(tenant, 25)
    tenant.page_size = 10
    tenant.fail(USERS, reply, after=2, forever=True)
    with pytest.raises(kind) as caught:
        make_source(tenant).fetch()
    assert isinstance(caught.value, ConnectorError)
    if kind is not ConnectorError:
        assert advice in caught.value.advice


@pytest.mark.parametrize(
    "reply",
    [
        refusal(403, "quotaExceeded"),
        refusal(403, "userRateLimitExceeded"),
        refusal(429, "rateLimitExceeded", Retry_After="3"),
        refusal(500, "backendError"),
        refusal(401, "authError"),
        RESET,
    ],
)
def test_what_passes_is_tried_again(tenant: FakeGoogle, reply: Reply) -> None:
    fill(tenant, 25)
    tenant.page_size = 10
    tenant.fail(USERS, reply, after=2)
    assert len(make_source(tenant).fetch().people) == 25


SIGN_IN = [
    ("invalid_grant", "Invalid JWT Signature.", "Keys"),
    ("invalid_grant", "Invalid JWT: Token must be a short-lived token: iat and exp", SET_CLOCK),
    ("invalid_grant", "Invalid email or User ID", "subject"),
    ("invalid_grant", "Account not found", "Service Accounts"),
    ("unauthorized_client", "Client is unauthorized to retrieve access tokens", DELEGATION),
    ("access_denied", "Requested client not authorized.", DELEGATION),
]


@pytest.mark.parametrize(("error", "words", "advice"), SIGN_IN)
def test_sign_in_refusals_name_the_page(
    tenant: FakeGoogle, error: str, words: str, advice: str
) -> None:
    tenant.fail("/token", sign_in_refusal(error, words), forever=True)
    with pytest.raises(AccessRefused) as caught:
        make_source(tenant).fetch()
    assert advice in caught.value.advice


def test_a_foreign_key_and_a_key_that_is_none(tenant: FakeGoogle) -> None:
    foreign = tenant.key(private_key=make_foreign_key())
    with pytest.raises(AccessRefused):
        make_source(tenant, {"key": foreign}).fetch()
    for text in ("{}", "no json", json.dumps({"type": "authorized_user"})):
        with pytest.raises(NotConfigured):
            make_source(tenant, {"key": text}).fetch()


def test_doctor_names_a_scope_that_is_missing(tenant: FakeGoogle) -> None:
    tenant.granted.discard(SCOPE + READ_DOMAINS)
    checks = iter(make_source(tenant).check())
    check = next(checks)
    assert (check.name, check.state) == (f"scope {READ_DOMAINS}", CheckState.BAD)
    assert DELEGATION in check.advice
    with pytest.raises(AccessRefused):
        next(checks)


def test_doctor_warns_of_a_scope_too_many_a_domain_and_the_clock(tenant: FakeGoogle) -> None:
    tenant.granted.add(SCOPE + "admin.directory.user")
    tenant.domains = [{"domainName": "other.example", "verified": True}]
    tenant.clock = NOW + timedelta(hours=1)
    found = {one.name: one.state for one in make_source(tenant).check()}
    assert found["scope admin.directory.user"] is CheckState.WARNING
    assert found[f"domain {DOMAIN}"] is CheckState.BAD
    assert found["clock"] is CheckState.BAD
    assert found["token"] is CheckState.GOOD


def test_doctor_is_content(tenant: FakeGoogle) -> None:
    assert {one.state for one in make_source(tenant).check()} == {CheckState.GOOD}


def test_sixteen_threads_never_get_another_persons_answer(tenant: FakeGoogle) -> None:
    for number in range(2_000):
        tenant.put_user(number)
        tenant.put_token(number, f"app-{number}", f"App {number}")
    asked = [user_id(number) for number in range(2_000)]
    with Google(tenant.access(), [READ_TOKENS], per_second=1e9, connections=16) as google:
        make = google.service(*DIRECTORY).tokens().list
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(lambda user: list_tokens(google, make, user), asked))
    assert [[one.client_id for one in each] for each in found] == [
        [f"app-{number}"] for number in range(2_000)
    ]


def test_the_grants_of_somebody_else_are_refused(tenant: FakeGoogle) -> None:
    tenant.put_user(1)
    items = [{"clientId": "app", "userKey": user_id(2)}]
    tenant.fail(USERS, json_reply({"items": items}))
    with Google(tenant.access(), [READ_TOKENS], per_second=1e9) as google:
        make = google.service(*DIRECTORY).tokens().list
        with pytest.raises(UnexpectedAnswer, match="another user"):
            list_tokens(google, make, user_id(1))
