"""One way to the web: what is sent, what comes back, and who shares it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.source import WebOptions
from connectors.web import Answer, WebSession, user_agent
from tests.builders import an_access
from tests.fakes.web_server import (
    HTML,
    LOOPBACK,
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


class Page(msgspec.Struct):
    title: str
    likes: int


# What is sent


def test_asks_in_its_own_name_with_the_districts_contact(server, timer):
    web = WebOptions(
        internal_hosts=LOOPBACK.internal_hosts, contact="https://maplefalls.example/it"
    )
    with a_session(timer, web, headers={"X-Api-Key": "key-123456"}) as session:
        answer = session.get(f"{server.url}/a", params={"q": "maple falls", "n": 2})
    asked = server.asked[0]
    assert answer.json() == {"path": "/a?q=maple+falls&n=2"}
    assert asked.headers["user-agent"].startswith("district-social-auditor/")
    assert asked.headers["user-agent"].endswith(" (+https://maplefalls.example/it)")
    assert asked.headers["x-api-key"] == "key-123456"
    assert asked.headers["accept-encoding"] == "gzip"


def test_a_contact_cannot_smuggle_a_header_in():
    assert "\n" not in user_agent("it@maplefalls.example\r\nX-Evil: 1")
    assert user_agent("Büro (IT)").endswith(" (+Bro IT)")


def test_posts_a_form_and_json(server, timer):
    with a_session(timer) as session:
        session.post(f"{server.url}/form", data={"grant_type": "client_credentials"})
        session.post(f"{server.url}/json", json={"ids": [1]})
    assert server.asked[0].body == b"grant_type=client_credentials"
    assert json.loads(server.asked[1].body) == {"ids": [1]}


def test_no_cookie_is_kept(server, timer):
    server.queue(Reply(headers={"Set-Cookie": "id=1; Path=/"}))
    with a_session(timer) as session:
        session.get(f"{server.url}/a")
        session.get(f"{server.url}/b")
    assert "cookie" not in server.asked[1].headers


def test_the_environment_neither_breaks_nor_widens_anything(server, timer, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ida password from-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nowhere/ca.pem")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with a_session(timer) as session:
        assert session.get(f"{server.url}/a").status == 200
        assert session.requests_session().get(f"{server.url}/b").status_code == 200
    assert ["authorization" in asked.headers for asked in server.asked] == [False, False]


def test_goes_through_the_proxy_of_the_settings_and_to_internal_hosts_directly(server, timer):
    with WebServer() as proxy:
        web = WebOptions(proxy=proxy.url, internal_hosts=frozenset({"127.0.0.1"}))
        with a_session(timer, web) as session:
            session.get("http://social.example/a")
            session.get(f"{server.url}/b")
    assert [asked.target for asked in proxy.asked] == ["http://social.example/a"]
    assert server.paths == ["/b"]


def test_a_proxy_is_no_way_to_private_addresses(timer):
    with WebServer() as proxy, a_session(timer, WebOptions(proxy=proxy.url)) as session:
        for host in ("10.0.0.5", "2130706433", "0x7f.1", "localhost", "[::ffff:10.0.0.1]"):
            with pytest.raises(UnexpectedAnswer, match="private address"):
                session.get(f"http://{host}/")
    assert proxy.asked == []


def test_a_proxy_that_is_down_is_named(timer):
    with WebServer() as gone:
        url = gone.url
    with (
        a_session(timer, WebOptions(proxy=url)) as session,
        pytest.raises(SourceUnavailable, match="proxy"),
    ):
        session.get("http://social.example/")


# What comes back


def test_reads_compressed_answers_and_headers_in_any_case(server, timer):
    server.queue(gzip_reply(b'{"title": "Herons", "likes": 3}'))
    with a_session(timer) as session:
        answer = session.get(server.url)
    assert answer.decode(Page) == Page("Herons", 3)
    assert answer.headers["CONTENT-encoding"] == "gzip"
    assert not answer.is_cached


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title": "Herons"}', "missing required field `likes`"),
        (b'{"title": "Herons", "like_count": 3}', "missing required field `likes`"),
        (b'{"title": "Herons", "likes": "3"}', r"Expected `int`, got `str` - at `\$.likes`"),
        (b'{"title": ', "something broken"),
        (b'{"title": "\xff\xfe", "likes": 1}', "something broken"),
        (b"", "something broken"),
        (HTML.body, "a web page instead of data"),
    ],
)
def test_an_answer_of_another_form_is_said_in_one_sentence(body, said):
    with pytest.raises(UnexpectedAnswer, match=said) as caught:
        Answer(200, "https://social.example", {}, body, source="tested").decode(Page)
    assert "\n" not in str(caught.value)


def test_json_nested_too_deep_is_refused():
    with pytest.raises(UnexpectedAnswer, match="nested too deep"):
        Answer(200, "u", {}, b"[" * 200_000, source="tested").json()


def test_a_hostile_value_does_not_get_into_the_sentence():
    body = b'{"title": {"ida.marsh@maplefalls.example": 1}, "likes": 1}'
    with pytest.raises(UnexpectedAnswer) as caught:
        Answer(200, "u", {}, body, source="tested").decode(Page)
    assert "ida.marsh" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=ISO-8859-1", b"caf\xe9", "café"),
        ("text/html", "café".encode(), "café"),
        ("text/html; charset=nonsense", b"a\xff", "a\ufffd"),
        ("text/html; charset=zlib", b"a", "a"),
        ("text/html; charset=PunyCode", b"a-ecba", "a-ecba"),
    ],
)
def test_text_is_read_in_its_charset(kind, body, text):
    assert Answer(200, "u", {"Content-Type": kind}, body).text() == text


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UnexpectedAnswer),
        (401, AccessRefused),
        (403, AccessRefused),
        (404, UnexpectedAnswer),
        (429, RateLimited),
        (500, SourceUnavailable),
        (503, SourceUnavailable),
        (304, UnexpectedAnswer),
        (204, UnexpectedAnswer),
    ],
)
def test_a_status_nobody_wanted_is_an_error_without_secrets(server, timer, status, error):
    server.answer = lambda asked: Reply(status, body=b"for ida.marsh@maplefalls.example")
    with (
        a_session(timer, headers={"Authorization": "Bearer s3cret-token"}) as session,
        pytest.raises(error) as caught,
    ):
        session.get(f"{server.url}/users/ida.marsh@maplefalls.example", params={"key": "k3y"})
    assert caught.value.source == "tested"
    assert str(status) in str(caught.value)
    for hidden in ("ida.marsh", "s3cret", "k3y", "/users"):
        assert hidden not in str(caught.value)


def test_a_wanted_status_is_an_answer(server, timer):
    server.answer = lambda asked: Reply(404, body=b"nothing")
    with a_session(timer) as session:
        assert session.get(server.url, accept=(200, 404)).text() == "nothing"


# A session lent to a library


def test_the_session_lent_to_a_library_keeps_the_same_rules(server, timer):
    server.queue(
        Reply(503), gzip_reply(bytes(50_000_000)), Reply(302, {"Location": "http://10.0.0.1"})
    )
    with a_session(timer, largest=1_000_000, headers={"X-Key": "k3y"}) as session:
        lent = session.requests_session()
        with pytest.raises(UnexpectedAnswer, match="more than"):
            lent.get(server.url, verify=False, timeout=None)
        with pytest.raises(UnexpectedAnswer, match="private"):
            lent.get(server.url)
        assert lent.post(server.url, data={"a": "b"}).json() == {"path": "/"}
        assert session.calls == 5
    assert "x-key" not in server.asked[0].headers


def test_a_lent_session_gives_back_errors_the_library_wants_to_read(server, timer):
    server.answer = lambda asked: json_reply({"error": "invalid_client"}, 401)
    with a_session(timer) as session:
        answer = session.requests_session().post(server.url)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_a_lent_session_repeats_a_post_only_when_told(server, timer):
    with a_session(timer) as session:
        server.queue(Reply(500))
        assert session.requests_session().post(server.url).status_code == 500
        server.queue(Reply(500))
        assert session.requests_session(resends=True).post(server.url).status_code == 200


# Threads, and what is imported when


def test_sixteen_threads_get_each_its_own_answer(server, timer):
    wrong: list[str] = []

    def ask(session: WebSession, thread: int) -> None:
        for number in range(25):
            path = f"/{thread}/{number}"
            if session.get(f"{server.url}{path}").json() != {"path": path}:
                wrong.append(path)

    with a_session(timer, most_connections=16) as session:
        threads = [threading.Thread(target=ask, args=(session, n)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.calls == 400
    assert wrong == []


def test_requests_is_imported_only_when_a_session_is_made():
    code = (
        "import sys, connectors.web, auditor.cli\n"
        "print({'requests', 'urllib3', 'tenacity'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_urllib3_is_the_real_one():
    import urllib3

    assert int(urllib3.__version__.split(".")[2]) < 900, "urllib3-future replaces urllib3"


def test_a_ca_file_that_is_not_there_is_named(timer, tmp_path):
    web = WebOptions(ca_file=tmp_path / "ca.pem", internal_hosts=LOOPBACK.internal_hosts)
    with a_session(timer, web) as session, pytest.raises(NotConfigured, match="CA file"):
        session.get("https://127.0.0.1:1/")


def test_a_secret_does_not_travel_unencrypted(timer):
    with a_session(timer, headers={"Authorization": "Bearer s3cret-token"}) as session:
        for send in (session.get, session.requests_session().get):
            with pytest.raises(NotConfigured, match="unencrypted"):
                send("http://social.example/", headers={"X-Api-Key": "k3y"})
    with a_session(timer) as session, pytest.raises(NotConfigured, match="unencrypted"):
        session.post("http://social.example/", data={"client_secret": "s"})
    assert timer.slept == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://social.example/",
        "file:///etc/passwd",
        "https://",
        "https://a:b@social.example/",
        "x",
        "http://[::1",
        "http://social.example:99999/",
    ],
)
def test_only_plain_web_addresses_are_asked(timer, url):
    with a_session(timer) as session, pytest.raises(UnexpectedAnswer):
        session.get(url)
    assert session.calls == 0
