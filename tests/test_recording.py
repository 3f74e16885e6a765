"""What a recording holds, and what it gives back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from tests.fakes.recording import RECORDED, file_of, record, replay
from tests.fakes.web_server import Asked, Reply, WebServer, json_reply

ROOT = Path(__file__).parent
TOKEN = "sesame-0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "night.json"


@pytest.mark.parametrize(
    ("test", "file"),
    [
        ("test_one", "test_one.json"),
        ("test_one[a-b]", "test_one-a-b.json"),
        ("test_one[A-b]", "test_one-a-b-61363f0e.json"),
        ("test_one[a/b]", "test_one-a-b-d2765ba8.json"),
    ],
)
def test_each_test_has_a_file_of_its_own(test, file):
    assert file_of("server", test).name == file
    assert file_of("server", test).parent == RECORDED / "server"


def test_every_recording_is_of_a_test_that_is_there():
    written = "".join(path.read_text() for path in ROOT.rglob("*.py"))
    names = {path.name.split("-")[0].split(".")[0] for path in RECORDED.glob("*/test_*.json")}
    assert names
    assert [name for name in names if f"def {name}(" not in written] == []


def answer(asked: Asked) -> Reply:
    """Answer as servers do that know their own name."""
    own = asked.headers["host"]
    match asked.path:
        case "/picture":
            return Reply(headers={"Content-Type": "image/png"}, body=b"\x89PNG\xff\x00")
        case "/page":
            return Reply(headers={"Content-Type": "text/html"}, body=f"<a href=//{own}>".encode())
        case "/moved":
            return Reply(302, {"Location": f"http://{own}/page"})
        case "/gone":
            return json_reply({"error": "gone"}, 404, X_RateLimit_Remaining="7", Set_Cookie="a=1")
    seen = {"id": f"http://{own}/é", "q": asked.query, "asked": asked.body.decode()}
    return json_reply(seen, Link=f'<http://{own}/next>; rel="next"')


def get(base: str, path: str, **options: object) -> tuple[int, str, bytes, str]:
    found = requests.get(base + path, allow_redirects=False, timeout=9, **options)  # type: ignore[arg-type]
    named = (found.headers.get(n, "") for n in ("Link", "Location", "X-RateLimit-Remaining"))
    return found.status_code, found.headers.get("Content-Type", ""), found.content, "".join(named)


def recorded(file: Path, *paths: str) -> list[tuple[int, str, bytes, str]]:
    with WebServer(answer) as server, record(server.url, file) as base:
        return [renamed(one, base) for one in (get(base, path) for path in paths)]


def renamed(answered: tuple[int, str, bytes, str], base: str) -> tuple[int, str, bytes, str]:
    """Give an answer with the name of its server taken out, which must be that of the asked."""
    status, kind, body, headers = answered
    here = base.partition("//")[2]
    assert "invalid" not in headers
    assert b"127.0.0.1" not in body.replace(here.encode(), b"")
    return status, kind, body.replace(here.encode(), b"HOST"), headers.replace(here, "HOST")


@pytest.mark.parametrize("path", ["/picture", "/page", "/moved", "/gone", "/x?q=%C3%A9&r=a%2Fb"])
def test_the_same_request_is_answered_the_same(file, path):
    (first,) = recorded(file, path)
    with replay(file) as base:
        again = renamed(get(base, path), base)
    assert again == first


def test_a_server_that_names_itself_is_renamed_in_links_and_questions(file):
    with WebServer(answer) as server, record(server.url, file) as base:
        get(base, "/finger?resource=acct:ida@" + base[7:])
        get(base, "/finger?resource=acct%3Aida%40" + base[7:].replace(":", "%3A"))
    assert base[7:] not in file.read_text()
    assert server.url[7:] not in file.read_text()
    assert {one.query["resource"] for one in server.asked} == {f"acct:ida@{server.url[7:]}"}
    with replay(file) as base:
        _, _, body, links = get(base, "/finger?resource=acct:ida@" + base[7:])
        get(base, "/finger?resource=acct%3Aida%40" + base[7:].replace(":", "%3A"))
    assert json.loads(body)["id"] == f"{base}/é"
    assert links == f'<{base}/next>; rel="next"'


def test_a_server_known_by_other_names_is_renamed_too(file):
    with WebServer(lambda _: json_reply("http://localhost:9/a")) as server:
        recording = record(server.url, file, ["localhost:9"])
        with recording as base:
            assert get(base, "/")[2] == f'"{base}/a"'.encode()


def test_a_body_that_is_asked_belongs_to_the_request(file):
    with WebServer(answer) as server, record(server.url, file) as base:
        for word in ("b", "a"):
            requests.post(base, data=word, timeout=9)
    with replay(file) as base:
        assert requests.post(base, data="a", timeout=9).json()["asked"] == "a"
        assert requests.post(base, data="b", timeout=9).json()["asked"] == "b"


def test_the_same_request_gets_its_answers_in_their_order(file):
    numbers = iter(range(3))
    with WebServer(lambda _: json_reply(next(numbers))) as server, record(server.url, file) as base:
        for _ in range(3):
            get(base, "/")
    with replay(file) as base:
        assert [get(base, "/")[2] for _ in range(3)] == [b"0", b"1", b"2"]


def test_tokens_and_cookies_are_not_written(file):
    with WebServer(answer) as server, record(server.url, file) as base:
        get(base, "/gone", headers={"Authorization": f"Bearer {TOKEN}"})
        assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in file.read_text()
    assert "Cookie" not in file.read_text()


def test_a_file_is_the_same_whatever_the_order(file, tmp_path):
    recorded(file, "/page", "/gone")
    recorded(tmp_path / "other.json", "/gone", "/page")
    assert file.read_text() == (tmp_path / "other.json").read_text()


def replayed(file: Path, *paths: str) -> list[int]:
    with replay(file) as base:
        return [get(base, path)[0] for path in paths]


def test_a_request_that_is_not_there_is_named(file):
    recorded(file, "/page")
    with pytest.raises(AssertionError, match=r"not in night\.json: GET /other\?q=1$"):
        replayed(file, "/page", "/other?q=1")


def test_a_request_asked_more_often_than_recorded_is_named(file):
    recorded(file, "/page")
    with pytest.raises(AssertionError, match=r"not in night\.json: GET /page$"):
        replayed(file, "/page", "/page")


def test_a_request_that_nobody_asks_any_more_is_named(file):
    recorded(file, "/page", "/gone")
    with pytest.raises(AssertionError, match=r"not asked: GET /gone$"):
        replayed(file, "/page")


def test_a_test_that_fails_fails_with_its_own_error(file):
    recorded(file, "/page")
    with pytest.raises(ValueError, match="own"), replay(file):
        raise ValueError("own")


def test_a_request_that_is_not_there_is_named_although_the_test_fails_by_it(file):
    recorded(file, "/page")
    with pytest.raises(AssertionError, match="GET /other"), replay(file) as base:
        assert get(base, "/other")[0] == 200
