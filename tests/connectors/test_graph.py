from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec
import pytest

from connectors import graph
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.graph import Graph, LinkExpired, NotLicensed, NotThere
from connectors.graph_access import CLOUDS, SIGN_IN_ERRORS
from tests.builders import NOW
from tests.fakes.graph import SECRET, FakeGraph, guid, make_pem, refusal, sign_in_refusal
from tests.fakes.web_server import HTML, RESET, FakeTimer, Reply, gzip_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PERMISSION = "User.Read.All"
ASK = {"$select": "id"}
BUSY = [
    json_reply({}, 429, Retry_After="7"),
    json_reply({}, 429),
    json_reply({}, 500),
    json_reply({}, 503, Retry_After="3"),
    json_reply({}, 504),
]


class Item(msgspec.Struct):
    id: str


@pytest.fixture
def tenant() -> Iterator[FakeGraph]:
    with FakeGraph() as fake:
        for number in range(30):
            fake.put("/users", id=guid(number))
        fake.page_size = 10
        yield fake
        assert fake.wrongs == []


@pytest.fixture
def open_graph(
    tenant: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Graph]]:
    opened = []

    def make(options: Any = None, **changes: Any) -> Graph:
        opened.append(Graph(tenant.access(monkeypatch, options, **changes)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def read(graph: Graph) -> list[str]:
    pages = graph.pages("/users", Item, PERMISSION, ASK)
    return [item.id for page in pages for item in page.value]


ALL = [guid(number) for number in range(30)]


def test_pages_are_followed_to_the_end(open_graph: Callable[..., Graph]) -> None:
    assert read(open_graph()) == ALL


def test_one_token_serves_all_pages(tenant: FakeGraph, open_graph: Callable[..., Graph]) -> None:
    one = open_graph()
    read(one)
    assert sum(path.endswith("/token") for path in tenant.server.paths) == 1
    assert one.calls == 3 + 2


@pytest.mark.parametrize("fault", [*BUSY, RESET, gzip_reply(b'{"value": []}' * 50, cut=9)])
def test_a_fault_that_passes_costs_nothing(
    tenant: FakeGraph, open_graph: Callable[..., Graph], fault: Reply
) -> None:
    tenant.fail("/users", fault, after=2)
    assert read(open_graph()) == ALL


def test_retry_after_is_obeyed(
    tenant: FakeGraph, open_graph: Callable[..., Graph], timer: FakeTimer
) -> None:
    tenant.fail("/users", json_reply({}, 429, Retry_After="17"))
    read(open_graph())
    assert sum(timer.slept) >= 17


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (BUSY[0], RateLimited),
        (BUSY[1], RateLimited),
        (BUSY[2], SourceUnavailable),
        (RESET, SourceUnavailable),
        (json_reply({}, 429, Retry_After="86400"), RateLimited),
        (gzip_reply(b'{"value": []}' * 50, cut=9), ConnectorError),
        (HTML, UnexpectedAnswer),
        (json_reply({"items": []}), UnexpectedAnswer),
        (json_reply({"value": [{"id": 7}]}), UnexpectedAnswer),
        (refusal(401, "InvalidAuthenticationToken"), AccessRefused),
        (refusal(403, "Authorization_RequestDenied"), AccessRefused),
        (refusal(403, "Forbidden"), AccessRefused),
        (Reply(403, body=b"<html>"), AccessRefused),
        (refusal(400, "Request_BadRequest"), UnexpectedAnswer),
        (refusal(404, "Request_ResourceNotFound"), NotThere),
        (refusal(501, "NotImplemented"), ConnectorError),
    ],
)
def test_a_fault_that_lasts_is_one_clear_sentence(
    tenant: FakeGraph, open_graph: Callable[..., Graph], fault: Reply, kind: type[ConnectorError]
) -> None:
    tenant.fail("/users", fault, after=2, forever=True)
    with pytest.raises(kind) as caught:
        read(open_graph())
    text = str(caught.value)
    assert text.startswith("tested: ")
    assert [x for x in (SECRET, "e30.", "$select", "\n", "@") if x in text] == []


def test_a_403_names_the_missing_permission_and_where_to_click(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    tenant.fail("/users", refusal(403, "Authorization_RequestDenied"))
    with pytest.raises(AccessRefused, match=r"User\.Read\.All.*Grant admin consent"):
        read(open_graph())


def test_a_missing_licence_is_told_apart(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    tenant.fail("/users", refusal(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"))
    with pytest.raises(NotLicensed):
        read(open_graph())


@pytest.mark.parametrize("is_empty", [True, False])
def test_links_that_loop_end(
    tenant: FakeGraph, open_graph: Callable[..., Graph], is_empty: bool
) -> None:
    value = [] if is_empty else [{"id": "a"}]
    page = {"value": value, "@odata.nextLink": f"{tenant.url}/users?$skiptoken=a"}
    tenant.fail("/users", json_reply(page), forever=True)
    with pytest.raises(UnexpectedAnswer, match="circle"):
        read(open_graph())
    assert len(tenant.graph_calls) == 2


def test_empty_pages_without_end_end(
    tenant: FakeGraph, open_graph: Callable[..., Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "MOST_EMPTY_PAGES", 5)
    pages = [
        {"value": [], "@odata.nextLink": f"{tenant.url}/users?$skiptoken={n}"} for n in range(20)
    ]
    tenant.fail("/users", *map(json_reply, pages))
    with pytest.raises(UnexpectedAnswer, match="circle"):
        read(open_graph())
    assert len(tenant.graph_calls) == 6


def test_an_empty_page_with_a_next_link_is_not_the_last(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    link = f"{tenant.url}/users?$select=id&$skiptoken=20"
    tenant.fail("/users", json_reply({"value": [], "@odata.nextLink": link}))
    assert read(open_graph()) == ALL[20:]


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.attacker.example/v1.0/users",
        "http://127.0.0.1/v1.0/users",
        "https://127.0.0.1@attacker.example/v1.0/users",
        "//attacker.example/v1.0/users",
        "https://[::1/v1.0",
        "{url}x/users",
        "{root}/beta/users",
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(
    tenant: FakeGraph, open_graph: Callable[..., Graph], link: str
) -> None:
    there = link.format(url=tenant.url, root=tenant.server.url)
    tenant.fail("/users", json_reply({"value": [], "@odata.nextLink": there}))
    with pytest.raises(UnexpectedAnswer, match="not at Graph"):
        read(open_graph())
    assert len(tenant.graph_calls) == 1


def test_a_delta_link_that_leads_elsewhere_is_not_kept(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    page = {"value": [], "@odata.deltaLink": "https://attacker.example/v1.0/users/delta"}
    tenant.fail("/users/delta", json_reply(page))
    with pytest.raises(UnexpectedAnswer, match="not at Graph"):
        open_graph().begin_delta("/users", PERMISSION, ASK)


def test_a_delta_without_a_delta_link_is_refused(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    tenant.fail("/users/delta", json_reply({"value": []}), json_reply({"value": []}))
    one = open_graph()
    with pytest.raises(UnexpectedAnswer, match="no delta link"):
        one.begin_delta("/users", PERMISSION, ASK)
    with pytest.raises(UnexpectedAnswer, match="no delta link"):
        one.changes(f"{tenant.url}/users/delta?$deltatoken=1", Item, PERMISSION)


def test_changes_of_several_pages(tenant: FakeGraph, open_graph: Callable[..., Graph]) -> None:
    tenant.delta_page_size = 2
    one = open_graph()
    link = one.begin_delta("/users", PERMISSION, ASK)
    for number in (3, 4, 5):
        tenant.put("/users", id=guid(number))
    changed, link = one.changes(link, Item, PERMISSION)
    assert [item.id for item in changed] == [guid(3), guid(4), guid(5)]
    assert one.changes(link, Item, PERMISSION)[0] == []


def test_an_old_delta_link_is_told_apart(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    tenant.fail("/users/delta", refusal(410, "resyncRequired"))
    with pytest.raises(LinkExpired):
        open_graph().changes(f"{tenant.url}/users/delta?$deltatoken=1", Item, PERMISSION)


@pytest.mark.parametrize("code", sorted(SIGN_IN_ERRORS))
def test_the_sign_in_tells_what_to_do(
    tenant: FakeGraph, open_graph: Callable[..., Graph], code: int
) -> None:
    answer = tenant.server.answer
    tenant.server.answer = lambda asked: (
        sign_in_refusal(code) if asked.path.endswith("/token") else answer(asked)
    )
    with pytest.raises(AccessRefused) as caught:
        read(open_graph())
    assert (caught.value.problem, caught.value.advice) == SIGN_IN_ERRORS[code]
    assert tenant.graph_calls == []


def test_an_unknown_refusal_of_the_sign_in_gives_its_code(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    answer = tenant.server.answer
    tenant.server.answer = lambda asked: (
        sign_in_refusal(50999) if asked.path.endswith("/token") else answer(asked)
    )
    with pytest.raises(AccessRefused, match="AADSTS50999"):
        read(open_graph())


def test_a_sign_in_service_that_is_away_for_a_moment(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    answer = tenant.server.answer
    away = sign_in_refusal(90033, 400, "temporarily_unavailable")
    tenant.server.answer = lambda asked: away if asked.path.endswith("/token") else answer(asked)
    with pytest.raises(SourceUnavailable):
        read(open_graph())


def test_a_wrong_secret_is_refused_and_not_shown(open_graph: Callable[..., Graph]) -> None:
    with pytest.raises(AccessRefused, match="secret is not right") as caught:
        read(open_graph({"client_secret": "another-secret"}))
    assert "another-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "reply", "kind"),
    [
        ("/token", HTML, ConnectorError),
        ("/token", json_reply([1]), ConnectorError),
        ("/token", json_reply({}), AccessRefused),
        ("/token", json_reply({"error": "x", "error_codes": 7}, 400), AccessRefused),
        ("/token", json_reply({"error": "x", "error_codes": [None, "1"]}, 400), AccessRefused),
        ("/token", json_reply({}, 500), SourceUnavailable),
        ("/token", json_reply({}, 503), SourceUnavailable),
        ("/token", RESET, SourceUnavailable),
        ("configuration", HTML, ConnectorError),
        ("configuration", json_reply({}), ConnectorError),
        ("configuration", json_reply({}, 503), SourceUnavailable),
        ("configuration", json_reply({"error": "invalid_tenant"}, 400), ConnectorError),
        ("configuration", RESET, SourceUnavailable),
    ],
)
def test_a_sign_in_service_in_trouble_is_one_clear_sentence(
    tenant: FakeGraph,
    open_graph: Callable[..., Graph],
    path: str,
    reply: Reply,
    kind: type[ConnectorError],
) -> None:
    answer = tenant.server.answer
    tenant.server.answer = lambda asked: reply if asked.path.endswith(path) else answer(asked)
    with pytest.raises(kind) as caught:
        read(open_graph())
    assert caught.value.source == "tested"
    assert caught.value.advice


def test_a_certificate_signs_with_its_key(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    pem = make_pem()
    one = open_graph({"client_secret": None, "certificate": pem})
    assert read(one) == ALL
    body = next(a.body for a in tenant.server.asked if a.path.endswith("/token")).decode()
    form = {name: values[0] for name, values in parse_qs(body).items()}
    part = form["client_assertion"].split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (header["alg"], "x5t#S256" in header) == ("PS256", True)
    assert "client_secret" not in form


def test_a_clock_that_is_an_hour_off_is_named(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    answer = tenant.server.answer
    tenant.server.answer = lambda asked: (
        sign_in_refusal(700024) if asked.path.endswith("/token") else answer(asked)
    )
    options = {"client_secret": None, "certificate": make_pem()}
    with pytest.raises(AccessRefused, match="timedatectl"):
        read(open_graph(options, now=NOW + timedelta(hours=1)))


def test_an_hour_off_does_no_harm_to_a_secret(
    tenant: FakeGraph, open_graph: Callable[..., Graph]
) -> None:
    tenant.clock = NOW - timedelta(hours=1)
    assert read(open_graph()) == ALL


def test_roles_of_a_token(tenant: FakeGraph, open_graph: Callable[..., Graph]) -> None:
    tenant.roles = ["A.Read", "B.Read"]
    assert open_graph().tokens.roles() == {"A.Read", "B.Read"}


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "e30.!!!.x", "a.WzFd.c", "a.eyJyb2xlcyI6MX0.c"]
)
def test_roles_of_a_token_that_tells_none(
    tenant: FakeGraph, open_graph: Callable[..., Graph], token: str
) -> None:
    answer = tenant.server.answer
    granted = json_reply({"token_type": "Bearer", "expires_in": 3599, "access_token": token})
    tenant.server.answer = lambda asked: granted if asked.path.endswith("/token") else answer(asked)
    assert open_graph().tokens.roles() is None


def test_nothing_secret_is_logged(
    tenant: FakeGraph, open_graph: Callable[..., Graph], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tenant.fail("/users", json_reply({}, 500), after=1)
    read(open_graph())
    assert [x for x in (SECRET, "e30.", guid(1)) if x in caplog.text] == []


def test_every_cloud_is_https_at_microsoft() -> None:
    own = {"microsoftonline.com", "microsoftonline.us", "microsoft.com", "microsoft.us"}
    for cloud in CLOUDS.values():
        for url in cloud:
            assert url.startswith("https://")
            assert ".".join(url.split(".")[-2:]) in own
