from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.google_access import ScopeMissing
from connectors.google_api import BadRequest, Forbidden, Google, NotThere
from connectors.google_apps import READ_TOKENS, list_tokens
from connectors.google_users import DIRECTORY, READ_UNITS, READ_USERS, list_units, list_users
from tests.builders import DOMAIN, an_access
from tests.fakes.google import FakeGoogle, make_foreign_key, refusal, sign_in_refusal, user_id
from tests.fakes.web_server import (
    HTML,
    LOOPBACK,
    RESET,
    Asked,
    FakeTimer,
    Reply,
    WebServer,
    gzip_reply,
    json_reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = "/admin/directory/v1/users"
SCOPES = (READ_USERS, READ_UNITS)


@pytest.fixture
def tenant() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def connect(tenant: FakeGoogle) -> Iterator[Callable[..., Google]]:
    made: list[Google] = []

    def make(options: Any = None, scopes: tuple[str, ...] = SCOPES) -> Google:
        made.append(Google(tenant.access(options), scopes, per_second=40.0))
        return made[-1]

    yield make
    for google in made:
        google.close()


def fill(tenant: FakeGoogle, people: int, page_size: int = 10) -> None:
    for number in range(people):
        tenant.put_user(number)
    tenant.page_size = page_size


def ids(google: Google) -> list[str]:
    return [user.id for user in list_users(google)]


def test_a_token_is_asked_for_once_and_for_exactly_the_scopes(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 30)
    google = connect()
    assert len(ids(google)) == 30
    assert [asked.path for asked in tenant.server.asked].count("/token") == 1
    assert google.calls == 4
    assert google.tokens.scopes == (
        "https://www.googleapis.com/auth/admin.directory.user.readonly",
        "https://www.googleapis.com/auth/admin.directory.orgunit.readonly",
    )


@pytest.mark.parametrize(
    "key",
    ["", "{}", "[1]", "not json", "[" * 100_000, '{"type": "authorized_user"}', '{"type": 3}'],
)
def test_a_key_that_is_none_is_told_before_anything_is_asked(key: str) -> None:
    options = {"key": key, "subject": f"admin@{DOMAIN}"}
    with pytest.raises(NotConfigured, match="'key' is not the JSON key"):
        Google(an_access(options), SCOPES, per_second=1)


def test_a_damaged_private_key_is_told(connect: Callable[..., Google], tenant: FakeGoogle) -> None:
    with pytest.raises(NotConfigured, match="'key' is not the JSON key"):
        list_units(connect({"key": tenant.key(private_key="-----BEGIN PRIVATE KEY-----")}))


@pytest.mark.parametrize(("name", "value"), [("subject", "nobody"), ("api_url", "ftp:/x")])
def test_other_wrong_settings_are_named(tenant: FakeGoogle, name: str, value: str) -> None:
    with pytest.raises(NotConfigured, match=f"'{name}'"):
        Google(tenant.access({name: value}), SCOPES, per_second=1)


def test_a_foreign_key_is_told(tenant: FakeGoogle, connect: Callable[..., Google]) -> None:
    foreign = tenant.key(private_key=make_foreign_key())
    with pytest.raises(AccessRefused, match=r"does not know the key.*Service Accounts"):
        list_units(connect({"key": foreign}))


def test_a_subject_that_is_nobody_is_told(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    with pytest.raises(AccessRefused, match="no such 'subject'"):
        list_units(connect({"subject": f"gone@{DOMAIN}"}))


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (sign_in_refusal("invalid_grant", "Invalid JWT: expired key"), AccessRefused, "expired"),
        (
            sign_in_refusal(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable"
                " timeframe. Check your iat and exp values in the JWT claim.",
            ),
            AccessRefused,
            "clock",
        ),
        (sign_in_refusal("invalid_grant", "account not found"), AccessRefused, "was deleted"),
        (sign_in_refusal("invalid_grant", "new words"), AccessRefused, "refused the sign-in"),
        (sign_in_refusal("unauthorized_client", "", 401), ScopeMissing, "Domain Wide Delegation"),
        (sign_in_refusal("invalid_scope"), ScopeMissing, "Domain Wide Delegation"),
        (sign_in_refusal("invalid_client", "", 401), AccessRefused, "service account"),
        (sign_in_refusal("access_denied", "", 403), AccessRefused, "refused"),
        (sign_in_refusal("admin_policy_enforced"), AccessRefused, "policy"),
        (json_reply({}, 503), SourceUnavailable, "trouble of its own"),
        (json_reply({}, 429), RateLimited, "slow down"),
        (HTML, UnexpectedAnswer, "something broken"),
        (json_reply([1]), UnexpectedAnswer, "something broken"),
        (json_reply({"access_token": 7, "expires_in": 5}), UnexpectedAnswer, "something broken"),
        (json_reply({"access_token": ""}), UnexpectedAnswer, "something broken"),
        (json_reply({"error": {"a": 1}}, 400), UnexpectedAnswer, "something broken"),
    ],
)
def test_what_the_sign_in_refuses_is_told_in_words(
    tenant: FakeGoogle,
    connect: Callable[..., Google],
    reply: Reply,
    kind: type[ConnectorError],
    words: str,
) -> None:
    tenant.fail("/token", reply, forever=True)
    with pytest.raises(kind, match=words) as caught:
        list_units(connect())
    assert "@" not in str(caught.value)


def test_a_scope_that_is_missing_is_told(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    tenant.granted.clear()
    with pytest.raises(ScopeMissing, match=r"client ID 104857600000000000001"):
        list_units(connect())


def test_a_token_that_lapsed_is_renewed_once(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 30)
    tenant.fail(USERS, refusal(401, "authError"), after=1)
    assert len(ids(connect())) == 30
    assert tenant.server.paths.count("/token") == 2


def test_a_token_that_is_never_good_is_told(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    tenant.fail(USERS, refusal(401, "authError"), forever=True)
    with pytest.raises(AccessRefused, match="does not accept the token"):
        ids(connect())


SERVICE_DISABLED = refusal(403, "PERMISSION_DENIED", details=[{"reason": "SERVICE_DISABLED"}])
PER_MINUTE = [
    {"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit": "QueriesPerMinutePerUser"}}
]
PER_DAY = [
    {"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit": "defaultPerDayPerProject"}}
]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refusal(403, "forbidden"), Forbidden, "Admin roles"),
        (refusal(403, "notAuthorizedToAccessThisResource"), Forbidden, "may not read"),
        (json_reply({"error": "x"}, 403), Forbidden, "may not read"),
        (Reply(403, body=b"<html>"), Forbidden, "may not read"),
        (refusal(403, "accessNotConfigured"), AccessRefused, "Admin SDK API"),
        (SERVICE_DISABLED, AccessRefused, "Admin SDK API"),
        (refusal(403, "insufficientPermissions"), AccessRefused, READ_USERS),
        (refusal(403, "domainCannotUseApis"), AccessRefused, "API controls"),
        (refusal(403, "dailyLimitExceeded"), QuotaExhausted, "used up"),
        (refusal(429, "RESOURCE_EXHAUSTED", details=PER_DAY), QuotaExhausted, "used up"),
        (refusal(403, "userRateLimitExceeded"), RateLimited, "slow down"),
        (refusal(403, "quotaExceeded"), RateLimited, "slow down"),
        (refusal(403, "RESOURCE_EXHAUSTED", details=PER_MINUTE), RateLimited, "slow down"),
        (refusal(429, "rateLimitExceeded"), RateLimited, "slow down"),
        (refusal(429, "rateLimitExceeded", Retry_After="3"), RateLimited, "slow down"),
        (refusal(500, "backendError"), SourceUnavailable, "trouble"),
        (refusal(503, "backendError"), SourceUnavailable, "trouble"),
        (refusal(404, "notFound"), NotThere, "not found"),
        (refusal(400, "invalid"), BadRequest, "refuses"),
        (HTML, UnexpectedAnswer, "web page"),
        (gzip_reply(b'{"users": []}', cut=6), SourceUnavailable, "damaged"),
        (RESET, SourceUnavailable, "broke off"),
        (json_reply({"users": [{"id": 7}]}), UnexpectedAnswer, "another form"),
        (json_reply({"users": [{"id": "7", "primaryEmail": None}]}), UnexpectedAnswer, "form"),
    ],
)
def test_what_lasts_is_told_in_one_sentence_and_ends_the_reading(
    tenant: FakeGoogle,
    connect: Callable[..., Google],
    reply: Reply,
    kind: type[ConnectorError],
    words: str,
) -> None:
    fill(tenant, 50)
    tenant.fail(USERS, reply, after=2, forever=True)
    with pytest.raises(kind, match=words) as caught:
        ids(connect())
    assert "\n" not in str(caught.value)
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        (refusal(403, "userRateLimitExceeded"), 0.0),
        (refusal(403, "rateLimitExceeded"), 0.0),
        (refusal(403, "quotaExceeded"), 0.0),
        (refusal(429, "rateLimitExceeded"), 5.0),
        (refusal(429, "rateLimitExceeded", Retry_After="17"), 17.0),
        (refusal(500, "backendError"), 0.0),
        (refusal(503, "backendError"), 0.0),
        (RESET, 0.0),
        (gzip_reply(b'{"users": []}', cut=6), 0.0),
    ],
)
def test_what_passes_is_asked_again_and_loses_nobody(
    tenant: FakeGoogle,
    connect: Callable[..., Google],
    timer: FakeTimer,
    reply: Reply,
    pause: float,
) -> None:
    fill(tenant, 50)
    tenant.fail(USERS, reply, after=2)
    assert ids(connect()) == [user_id(number) for number in range(50)]
    assert sum(timer.slept) >= pause


def test_an_empty_page_may_have_another_behind_it(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 15)
    tenant.fail(USERS, json_reply({"nextPageToken": "p0"}))
    assert len(ids(connect())) == 15


def test_people_told_on_two_pages_are_one(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 25)
    again = {"users": [tenant.users[user_id(3)]], "nextPageToken": "p0"}
    tenant.fail(USERS, json_reply(again))
    found = ids(connect())
    assert len(found) == 25
    assert set(found) == {user_id(number) for number in range(25)}


def test_pages_that_lead_round_are_told(tenant: FakeGoogle, connect: Callable[..., Google]) -> None:
    fill(tenant, 25)
    page = {"users": [tenant.users[user_id(3)]], "nextPageToken": "p10"}
    tenant.fail(USERS, json_reply(page), forever=True)
    with pytest.raises(UnexpectedAnswer, match="circle"):
        ids(connect())


def test_pages_that_stay_empty_are_told(tenant: FakeGoogle) -> None:
    tokens = iter(range(10_000))

    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return json_reply({"access_token": "ya29.x", "expires_in": 3599})
        return json_reply({"nextPageToken": f"p{next(tokens)}"})

    with WebServer(answer) as server:
        key = json.dumps({**json.loads(tenant.key()), "token_uri": f"{server.url}/token"})
        options = {"key": key, "subject": f"admin@{DOMAIN}", "api_url": server.url}
        google = Google(an_access(options, web=LOOPBACK), SCOPES, per_second=1e6)
        with google, pytest.raises(UnexpectedAnswer, match="circle"):
            ids(google)


def test_the_mask_asks_for_the_next_page_and_for_nothing_private(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 1)
    ids(connect())
    (asked,) = tenant.calls
    assert asked.query["fields"].startswith("nextPageToken,")
    for word in ("recovery", "phones", "addresses", "emails", "relations", "password", "birth"):
        assert word not in asked.query["fields"]


def test_ten_thousand_org_units_come_in_one_answer(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    for number in range(10_000):
        tenant.put_unit(f"/Staff/Unit {number}")
    assert len(list_units(connect())) == 10_001
    assert len(tenant.calls) == 1


def test_sixteen_threads_never_get_another_persons_answer(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    """One http object shared between threads mixed up 49 of 2,000 answers, without an error."""
    for number in range(2_000):
        tenant.put_user(number)
        tenant.put_token(number, f"client-{number}", "App")
    google = connect(scopes=(READ_TOKENS,))
    make = google.service(*DIRECTORY).tokens().list
    numbers = list(range(2_000))
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda n: list_tokens(google, make, user_id(n)), numbers))
    told = [(token.client_id, token.user_key) for (token,) in found]
    assert told == [(f"client-{number}", user_id(number)) for number in numbers]


def test_an_answer_about_somebody_else_is_refused(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    fill(tenant, 2)
    wrong = {"items": [{"clientId": "c", "userKey": user_id(1)}]}
    tenant.fail(f"{USERS}/{user_id(0)}", json_reply(wrong))
    google = connect(scopes=(READ_TOKENS,))
    with pytest.raises(UnexpectedAnswer, match="another user"):
        list_tokens(google, google.service(*DIRECTORY).tokens().list, user_id(0))


def test_calls_are_paced_below_the_quota(
    tenant: FakeGoogle, connect: Callable[..., Google], timer: FakeTimer
) -> None:
    fill(tenant, 400)
    start = timer.now
    ids(connect())
    assert len(tenant.calls) == 40
    assert timer.now - start >= 39.9 / 40.0


def test_proxies_and_other_settings_of_the_environment_change_nothing(
    tenant: FakeGoogle, connect: Callable[..., Google], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "elsewhere.example")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    fill(tenant, 3)
    assert len(ids(connect())) == 3


def test_the_key_and_tokens_are_in_no_error(
    tenant: FakeGoogle, connect: Callable[..., Google]
) -> None:
    tenant.fail(USERS, refusal(403, "forbidden"), forever=True)
    with pytest.raises(Forbidden) as caught:
        ids(connect())
    text = repr(caught.value)
    assert [word for word in ("PRIVATE KEY", "ya29.", "http") if word in text] == []
