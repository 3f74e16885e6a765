"""What a log line may not hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import redaction
from connectors.redaction import Redaction
from connectors.source import WebOptions
from connectors.web import WebSession
from tests.builders import an_access
from tests.fakes.web_server import FakeTimer, WebServer

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    levels = {name: logging.getLogger(name).level for name in redaction.NOISY}
    yield
    logging.setLogRecordFactory(factory)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail from ida.marsh@maplefalls.example failed", "ida.marsh"),
        ("user=ida%40maplefalls.example", "ida"),
        ("GET https://api.example/users/ida?key=abc123 failed", "abc123"),
        ('"GET /users/ida.marsh?key=abc123 HTTP/1.1" 200 12', "ida.marsh"),
        ("proxy http://ida:pa55@proxy.example:3128", "pa55"),
        (f"token {JWT} expired", "c2lnbmF0dXJl"),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("{'hibp-api-key': '00112233445566778899'}", "0011223344"),
        ('{"access_token": "tok-1234567", "x": 1}', "tok-1234567"),
        ("grant_type=x&client_secret=s3cr3t&scope=y", "s3cr3t"),
        ("password = hunter22", "hunter22"),
        ("Set-Cookie: sid=31d4d96e407aad42", "31d4d96e"),
    ],
)
def test_is_blanked_by_its_shape(text, hidden):
    cleaned = Redaction().clean(text)
    assert hidden not in cleaned
    assert Redaction().clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "reading 3 of 5 sources took 1.2 s",
        "3 tokens of 2 users; no key = no answer",
        "roster: 412 people, 7 schools, 2024-03-14T04:30:00+00:00",
    ],
)
def test_counts_and_keys_stay(text):
    assert Redaction().clean(text) == text


def test_known_secrets_are_blanked_wherever_they_stand():
    known = Redaction()
    known.add(["swordfish", "swordfish-2", "x"])
    assert known.clean("is swordfish-2 an x of swordfish?") == ("is [redacted] an x of [redacted]?")


@settings(max_examples=80)
@given(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=20),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_a_known_secret_never_survives(secret, before, after):
    known = Redaction()
    known.add([secret])
    cleaned = known.clean(before + secret + after)
    assert secret not in cleaned.replace(redaction.HIDDEN, "")


def test_every_logger_and_its_tracebacks_are_covered(caplog):
    redaction.install(["swordfish"])
    redaction.install()
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3.connectionpool", "google.auth.transport", "msal.application", "auditor"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.error("%s for %s", "swordfish", "ida.marsh@maplefalls.example")
        try:
            raise ValueError("https://api.example/x?key=abc123")
        except ValueError:
            logger.exception("no")
        logger.info("bad %d", "swordfish")
    shown = "".join(logging.Formatter().format(record) for record in caplog.records)
    assert len(caplog.records) == 12
    assert "ValueError" in shown
    for hidden in ("swordfish", "ida.marsh", "abc123"):
        assert hidden not in shown


def test_a_session_logs_nothing_private_even_at_debug(caplog):
    web = WebOptions(internal_hosts=frozenset({"127.0.0.1"}))
    caplog.set_level(logging.DEBUG)
    keys = {"X-Api-Key": "swordfish"}
    with (
        WebServer() as server,
        WebSession(an_access(web=web), timer=FakeTimer(), headers=keys) as session,
    ):
        logging.getLogger("urllib3").setLevel(logging.DEBUG)
        session.get(f"{server.url}/users/ida.marsh@maplefalls.example", params={"key": "abc123"})
    assert any(record.name == "urllib3.connectionpool" for record in caplog.records)
    for hidden in ("swordfish", "ida.marsh", "abc123", "/users"):
        assert hidden not in caplog.text


def test_is_installed_once_and_on_top_of_what_others_install(caplog):
    redaction.install(["swordfish"])
    ours = logging.getLogRecordFactory()
    redaction.install()
    assert logging.getLogRecordFactory() is ours

    def theirs(*args, **kwargs) -> logging.LogRecord:
        record = ours(*args, **kwargs)
        record.msg = f"{record.msg} swordfish"
        return record

    logging.setLogRecordFactory(theirs)
    redaction.install()
    logging.getLogger("auditor").error("a")
    assert caplog.messages == ["a [redacted]"]


def test_the_keys_of_a_session_are_known(caplog):
    web = WebOptions(proxy="http://ida:pa55word@proxy.example:3128")
    with WebSession(an_access(web=web), timer=FakeTimer(), headers={"X-Api-Key": "marlin-7"}):
        logging.getLogger("auditor").error("no %s, no %s", "marlin-7", web.proxy)
    assert caplog.messages == ["no [redacted], no [redacted]"]


def test_the_libraries_are_quiet_unless_somebody_raised_their_voice():
    logging.getLogger("msal").setLevel(logging.NOTSET)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    redaction.install()
    assert logging.getLogger("msal").level == logging.WARNING
    assert logging.getLogger("urllib3").level == logging.DEBUG
