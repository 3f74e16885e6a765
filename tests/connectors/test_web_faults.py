"""What the web does wrong: what is tried again, how often, how much is read and for how long."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from connectors import pacing, web_connections, web_transport
from connectors.errors import (
    ConnectorError,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.source import WebOptions
from connectors.web import WebSession
from tests.builders import an_access
from tests.fakes.web_server import (
    LOOPBACK,
    RESET,
    FakeTimer,
    Reply,
    WebServer,
    gzip_reply,
    json_reply,
)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


def a_session(timer: FakeTimer, web: WebOptions = LOOPBACK, **options: Any) -> WebSession:
    return WebSession(an_access(web=web), timer=timer, **options)


# What is tried again


@pytest.mark.parametrize(
    "fault",
    [
        Reply(429),
        Reply(500),
        Reply(502),
        Reply(503),
        Reply(504),
        RESET,
        Reply(is_reset=True, length=5),
        Reply(body=b"short", length=50, is_reset=False, headers={"Connection": "close"}),
        gzip_reply(b"x" * 1000, cut=6),
        gzip_reply(b"y" * 1000, cut=12),
        Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip at all"),
    ],
)
def test_a_passing_fault_is_got_over(server, timer, fault):
    server.queue(fault, fault)
    with a_session(timer) as session:
        assert session.get(f"{server.url}/a").json() == {"path": "/a"}
        assert session.calls == 3
    assert len(timer.slept) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Reply(429), RateLimited),
        (Reply(500), SourceUnavailable),
        (RESET, SourceUnavailable),
        (gzip_reply(b"x" * 1000, cut=6), SourceUnavailable),
    ],
)
def test_a_lasting_fault_ends_after_five_attempts(server, timer, fault, error):
    server.answer = lambda asked: fault
    with a_session(timer) as session, pytest.raises(error):
        session.get(server.url)
    assert len(server.asked) == 5
    assert sum(timer.slept) < 60


def test_retries_end_by_total_time_too(server, timer, monkeypatch):
    monkeypatch.setattr(web_transport, "TOTAL_SECONDS", 100.0)
    server.answer = lambda asked: json_reply({}, 503, Retry_After="45")
    with a_session(timer) as session, pytest.raises(SourceUnavailable):
        session.get(server.url)
    assert len(server.asked) == 3


def test_retries_are_not_in_step(server):
    waits = []
    for _ in range(3):
        timer = FakeTimer()
        server.queue(Reply(500))
        with a_session(timer) as session:
            session.get(server.url)
        waits.append(timer.slept[0])
    assert len(set(waits)) == 3


def test_waits_as_long_as_asked_in_seconds(server, timer):
    server.queue(json_reply({}, 429, Retry_After="17"))
    with a_session(timer) as session:
        session.get(server.url)
    assert 17 <= sum(timer.slept) < 18


def test_waits_until_the_date_asked_for_whatever_our_own_clock_says(server, timer):
    theirs = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    until = format_datetime(theirs + timedelta(seconds=9), usegmt=True)

    server.queue(Reply(503, {"Date": format_datetime(theirs, usegmt=True), "Retry-After": until}))
    with a_session(timer) as session:
        session.get(server.url)
    assert 9 <= sum(timer.slept) < 10


@pytest.mark.parametrize("value", ["61", "3600", "99999999999999999999"])
def test_a_long_retry_after_is_not_slept(server, timer, value):
    server.answer = lambda asked: json_reply({}, 429, Retry_After=value)
    with a_session(timer) as session, pytest.raises(RateLimited):
        session.get(server.url)
    assert timer.slept == []
    assert len(server.asked) == 1


def test_one_busy_answer_holds_every_request_of_the_source(server, timer):
    server.queue(json_reply({}, 429, Retry_After="30"))
    with a_session(timer) as session:
        with pytest.raises(RateLimited):
            session.post(server.url)
        session.requests_session().get(server.url)
    assert timer.slept == [30]


def test_every_request_keeps_the_pace_retries_too(server, timer):
    with a_session(timer, per_second=0.1) as session:
        server.queue(Reply(500))
        session.get(server.url)
        session.requests_session().get(server.url)
    assert timer.now == 1020


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e3", "Wed, 99 Foo 2024", "\u0663"])
def test_a_senseless_retry_after_says_nothing(value):
    assert pacing.retry_after(value, None) is None


def test_a_retry_after_in_the_past_is_no_wait():
    assert pacing.retry_after("Wed, 21 Oct 2015 07:28:00 GMT", None) == 0


@pytest.mark.parametrize("fault", [Reply(500), Reply(429), RESET])
def test_a_post_is_sent_again_only_when_it_may_be(server, timer, fault):
    server.queue(fault)
    with a_session(timer) as session:
        with pytest.raises(ConnectorError):
            session.post(server.url)
        assert len(server.asked) == 1
        server.queue(fault)
        assert session.post(server.url, is_idempotent=True).status == 200


def test_a_request_that_is_sent_again_is_signed_anew(server, timer):
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        signatures.append(f"OAuth number{len(signatures)}")
        request.headers["Authorization"] = signatures[-1]
        return request

    signatures: list[str] = []
    server.faults += [Reply(503), Reply(503)]
    with a_session(timer, auth=sign) as session:
        session.get(server.url)
    sent = [one.headers["authorization"] for one in server.asked]
    assert len(set(sent)) == 3


def test_what_was_never_sent_is_tried_again_even_a_post(timer):
    with WebServer() as gone:
        url = gone.url
    with a_session(timer) as session, pytest.raises(SourceUnavailable, match="cannot be reached"):
        session.post(url)
    assert len(timer.slept) == 4


def test_a_name_that_does_not_resolve_is_named(timer, monkeypatch):
    monkeypatch.setattr("connectors.web_guard.resolve", _no_such_name)
    with (
        a_session(timer) as session,
        pytest.raises(SourceUnavailable, match=r"social\.example cannot"),
    ):
        session.get("http://social.example/a?key=1")


def _no_such_name(host: str, port: int) -> list[str]:
    raise socket.gaierror


# How large, how long


def _endless(piece: bytes = b"x" * 65536) -> Iterator[bytes]:
    for _ in range(80_000):
        yield piece


def test_a_page_of_five_gigabytes_is_left_after_the_cap(server, timer):
    server.queue(Reply(body=_endless()))
    with (
        a_session(timer, largest=200_000) as session,
        pytest.raises(UnexpectedAnswer, match="more than 200,000 bytes"),
    ):
        session.get(server.url)
    assert len(server.asked) == 1


def test_a_declared_size_over_the_cap_is_not_read(server, timer):
    server.queue(Reply(body=b"", length=5_000_000_000, headers={"Connection": "close"}))
    with a_session(timer) as session, pytest.raises(UnexpectedAnswer, match="more than"):
        session.get(server.url)


def test_a_gzip_bomb_is_not_unpacked(server, timer):
    server.queue(gzip_reply(bytes(50_000_000)))
    with a_session(timer) as session, pytest.raises(UnexpectedAnswer, match="more than 1,000,000"):
        session.get(server.url, largest=1_000_000)


def test_empty_gzip_members_without_end_are_counted_on_the_wire(server, timer):
    empty = gzip.compress(b"") * 1000
    server.queue(Reply(headers={"Content-Encoding": "gzip"}, body=_endless(empty)))
    with (
        a_session(timer, largest=100_000) as session,
        pytest.raises(UnexpectedAnswer, match="more"),
    ):
        session.get(server.url)


def test_a_compression_nobody_asked_for_is_refused(server, timer):
    server.queue(Reply(headers={"Content-Encoding": "br"}, body=b"?"))
    with a_session(timer) as session, pytest.raises(UnexpectedAnswer, match="compression"):
        session.get(server.url)


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_slow_drip_ends_at_the_deadline(server, where):
    server.answer = lambda asked: (
        Reply(body=_endless(b"x")) if where == "body" else Reply(head=_endless(b"x"))
    )
    with (
        a_session(FakeTimer(step=50.0)) as session,
        pytest.raises(SourceUnavailable, match="in time"),
    ):
        session.get(server.url)


def test_a_server_that_accepts_and_says_nothing_is_left_after_the_read_time(
    server, timer, monkeypatch
):
    done = threading.Event()
    monkeypatch.setattr(web_connections, "READ_SECONDS", 0.02)
    server.answer = lambda asked: Reply(200 if done.wait(30) else 500)
    with a_session(timer) as session, pytest.raises(SourceUnavailable, match="in time"):
        session.get(server.url)
    done.set()
    assert len(server.asked) == 5


def test_connecting_has_a_time_of_its_own(server, timer, monkeypatch):
    seconds = []

    def connect(address: tuple[str, int], timeout: float, **options: Any) -> socket.socket:
        seconds.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(web_connections, "create_connection", connect)
    with a_session(timer) as session, pytest.raises(SourceUnavailable, match="cannot be reached"):
        session.post(server.url)
    assert seconds == [10.0] * 5
