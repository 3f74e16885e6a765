"""What is kept on disk: for how long, for whom, and what a damaged file does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import web_cache
from connectors.errors import SourceUnavailable
from connectors.source import WebOptions
from connectors.web import WebSession
from tests.builders import NOW, an_access
from tests.fakes.web_server import Asked, FakeTimer, Reply, WebServer, json_reply

DAY = timedelta(days=1)


def serve(asked: Asked) -> Reply:
    """Answer with an ETag, and 304 to whom has it."""
    if asked.headers.get("if-none-match") == '"v1"':
        return Reply(304)
    return json_reply({"path": asked.path}, ETag='"v1"')


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer(serve) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def a_session(folder: Path, night: int = 0, source: str = "tested", **options) -> WebSession:
    web = WebOptions(cache=folder, internal_hosts=frozenset({"127.0.0.1"}))
    access = an_access(web=web, source=source, now=NOW + night * DAY)
    return WebSession(access, timer=FakeTimer(), **options)


def test_within_its_lifetime_an_answer_is_not_asked_for(server, folder):
    for night in range(3):
        with a_session(folder, night, lifetime=7 * DAY) as session:
            answer = session.get(f"{server.url}/a")
        assert answer.json() == {"path": "/a"}
        assert answer.is_cached == (night > 0)
        assert session.calls == (night == 0)
    assert len(server.asked) == 1


def test_after_it_the_source_is_asked_whether_it_changed(server, folder):
    for night in (0, 8, 9):
        with a_session(folder, night, lifetime=7 * DAY) as session:
            answer = session.get(f"{server.url}/a")
    assert answer.is_cached
    assert answer.status == 200
    assert answer.json() == {"path": "/a"}
    assert answer.headers["content-TYPE"] == "application/json"
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"v1"']


def test_a_change_replaces_what_is_kept(server, folder):
    with a_session(folder, lifetime=timedelta(0)) as session:
        session.get(f"{server.url}/a")
        server.answer = lambda asked: json_reply({"new": 1}, ETag='"v2"')
        assert session.get(f"{server.url}/a").json() == {"new": 1}
        server.answer = lambda asked: Reply(304)
        assert session.get(f"{server.url}/a").json() == {"new": 1}
    assert server.asked[-1].headers["if-none-match"] == '"v2"'


def test_last_modified_serves_as_well(server, folder):
    since = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.answer = lambda asked: json_reply({}, Last_Modified=since)
    with a_session(folder, lifetime=timedelta(0)) as session:
        session.get(server.url)
        session.get(server.url)
    assert server.asked[1].headers["if-modified-since"] == since


def test_nothing_is_kept_unless_a_connector_gives_a_lifetime(server, folder):
    with a_session(folder) as session:
        session.get(f"{server.url}/people")
        session.get(f"{server.url}/people")
    assert len(server.asked) == 2
    assert all(b"people" not in path.read_bytes() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({}, 404, ETag='"v1"'),
        json_reply({}, Cache_Control="private, No-Store"),
        Reply(body=b"x" * 6_000_000),
    ],
)
def test_some_answers_are_never_kept(server, folder, reply):
    server.answer = lambda asked: reply
    with a_session(folder, lifetime=DAY) as session:
        for _ in range(2):
            assert not session.get(server.url, accept=(200, 404)).is_cached


def test_an_error_is_not_hidden_by_what_is_kept(server, folder):
    with a_session(folder, lifetime=timedelta(0)) as session:
        session.get(server.url)
        server.answer = lambda asked: Reply(500)
        with pytest.raises(SourceUnavailable):
            session.get(server.url)


def test_other_questions_and_other_sources_have_other_answers(server, folder):
    with (
        a_session(folder, lifetime=DAY) as session,
        a_session(folder, 0, "b", lifetime=DAY) as other,
    ):
        session.get(server.url, params={"page": 1})
        assert not session.get(server.url, params={"page": 2}).is_cached
        assert not session.get(server.url, params={"page": 1}, headers={"Accept": "x"}).is_cached
        assert not other.get(server.url, params={"page": 1}).is_cached
        assert session.get(server.url, params={"page": 1}).is_cached


def test_no_key_is_written_and_only_the_owner_can_read(server, folder):
    with a_session(folder, lifetime=DAY, headers={"X-Key": "s3cret-header"}) as session:
        session.get(f"{server.url}/a", params={"key": "s3cret-query"})
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert files
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        assert b"s3cret" not in path.read_bytes()


def test_a_file_that_others_could_read_is_made_private(server, folder):
    with a_session(folder, lifetime=DAY) as session:
        session.get(server.url)
    path = next(folder.glob("*.sqlite"))
    path.chmod(0o644)
    with a_session(folder, lifetime=DAY) as session:
        assert session.get(server.url).is_cached
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_redirect_led_to_is_not_kept(server, folder):
    with a_session(folder, lifetime=DAY) as session:
        for _ in range(2):
            server.queue(Reply(302, {"Location": "/b?token=s3cret"}))
            assert session.get(f"{server.url}/a").url.endswith("/b?token=s3cret")


def test_what_is_distilled_is_all_that_is_kept(server, folder):
    def distil(answer):
        return answer.headers["ETag"].encode() + b"|" + str(len(answer.body)).encode()

    bodies = []
    for night in range(2):
        with a_session(folder, night, lifetime=timedelta(0)) as session:
            answer = session.get(f"{server.url}/a", distil=distil)
            bodies.append((answer.body, answer.is_cached))
    assert bodies == [(b'"v1"|14', False), (b'"v1"|14', True)]
    (file,) = folder.glob("*.sqlite")
    assert b'{"path"' not in file.read_bytes()
    with a_session(folder) as session:
        assert session.get(f"{server.url}/a", distil=distil).body == b'"v1"|14'
    server.queue(json_reply({}, 404))
    with a_session(folder) as session:
        assert session.get(f"{server.url}/b", accept=(404,), distil=distil).body == b"{}"


def test_a_source_is_no_path(server, folder):
    with a_session(folder, 0, "../../evil/\u202e", lifetime=DAY) as session:
        session.get(server.url)
    assert [path.parent for path in folder.parent.rglob("*.sqlite")] == [folder]


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_file_is_no_cache(server, folder, damage):
    with a_session(folder, lifetime=DAY) as session:
        session.get(server.url)
    next(folder.glob("*.sqlite")).write_bytes(damage)
    with a_session(folder, lifetime=DAY) as session:
        assert not session.get(server.url).is_cached
        assert session.get(server.url).is_cached


def test_a_changed_body_is_no_cache(server, folder):
    with a_session(folder, lifetime=DAY) as session:
        session.get(server.url)
    with sqlite3.connect(next(folder.glob("*.sqlite"))) as database:
        database.execute("UPDATE answers SET body = ?", (b'{"evil": 1}',))
    database.close()
    with a_session(folder, lifetime=DAY) as session:
        assert session.get(server.url).json() == {"path": "/"}


def test_a_folder_that_cannot_be_made_is_no_cache(server, tmp_path):
    (tmp_path / "file").write_text("")
    with a_session(tmp_path / "file" / "cache", lifetime=DAY) as session:
        assert session.get(server.url).status == 200


def test_a_link_in_its_place_is_not_followed(server, folder, tmp_path):
    with a_session(folder, lifetime=DAY):
        path = next(folder.glob("*.sqlite"))
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with a_session(folder, lifetime=DAY) as session:
        assert session.get(server.url).status == 200
    assert not (tmp_path / "elsewhere").exists()


def test_what_comes_from_the_future_is_asked_again(server, folder):
    with a_session(folder, 5, lifetime=DAY) as session:
        session.get(server.url)
    with a_session(folder, 0, lifetime=DAY) as session:
        session.get(server.url)
    assert len(server.asked) == 2


def test_old_and_surplus_answers_go(server, folder, monkeypatch):
    for night in (0, 40, 41, 42):
        with a_session(folder, night, lifetime=DAY) as session:
            session.get(f"{server.url}/{night}")
    monkeypatch.setattr(web_cache, "LARGEST_FILE", 2 * len('{"path": "/41"}'))
    with a_session(folder, 42, lifetime=90 * DAY) as session:
        assert session.get(f"{server.url}/42").is_cached
        assert session.get(f"{server.url}/41").is_cached
        assert not session.get(f"{server.url}/40").is_cached
        assert not session.get(f"{server.url}/0").is_cached
