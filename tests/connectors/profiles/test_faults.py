"""What goes wrong at a platform is one clear sentence, and never means that an account is gone."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path as PathOf
from typing import Any

import pytest

import connectors
from connectors.errors import ConnectorError, UnexpectedAnswer
from connectors.records import Harvest
from tests.connectors.profiles.good_nights import GOOD_NIGHTS, GoodNight
from tests.fakes.web_server import HTML, RESET, Reply, gzip_reply, json_reply

Path = tuple[str, ...]


@pytest.fixture(params=list(GOOD_NIGHTS))
def night(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoodNight]:
    good = GOOD_NIGHTS[request.param](monkeypatch)
    with good.server:
        yield good


def told(harvest: Harvest) -> tuple[Any, ...]:
    return harvest.profiles, harvest.uses, harvest.not_found


def paths_in(value: object, begin: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*begin, key)
            yield from paths_in(inner, (*begin, key))
    elif isinstance(value, list):
        for inner in value:
            yield from paths_in(inner, begin)


def change_at(value: Any, path: Path, change: Callable[[dict[str, Any], str], None]) -> None:
    """Change every object in which the path ends."""
    if isinstance(value, list):
        for inner in value:
            change_at(inner, path, change)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            change(value, path[0])
        else:
            change_at(value[path[0]], path[1:], change)


class Tampered:
    """Stands before a fake's answers; ``change`` is done at ``path`` of every JSON answer."""

    def __init__(self, server: Any) -> None:
        self._plain, self.seen = server.answer, dict[Path, None]()
        self.path: Path = ()
        self.change: Callable[[dict[str, Any], str], None] | None = None
        server.answer = self

    def __call__(self, asked: Any) -> Reply:
        reply: Reply = self._plain(asked)
        try:
            value = json.loads(bytes(reply.body))  # type: ignore[arg-type]
        except ValueError:
            return reply
        self.seen |= dict.fromkeys(paths_in(value))
        if self.change is None:
            return reply
        change_at(value, self.path, self.change)
        return replace(reply, body=json.dumps(value).encode())


def rename(where: dict[str, Any], key: str) -> None:
    where[f"{key}_since_2027"] = where.pop(key)


def retype(where: dict[str, Any], key: str) -> None:
    where[key] = ["text"] if isinstance(where[key], dict) else {"text": 1}


HOSTILE = '"><script>alert(1)</script>\u202e=HYPERLINK("x") ../../{{7*7}}\x00' + "x" * 9_000


def deface(where: dict[str, Any], key: str) -> None:
    if isinstance(where[key], str):
        where[key] = HOSTILE


OPTIONAL: dict[str, set[str]] = {
    "gravatar": {"contact_info", "contact_info.email"},
    "github": {"is_verified"},
    "gitlab": {"public_email", "created_at", "followers"},
    "bluesky": {
        f"profiles.{one}" for one in ("displayName", "followersCount", "createdAt", "description")
    },
    "discourse": {
        f"user.{one}" for one in ("bio_excerpt", "location", "website", "suspended_till")
    },
    "youtube": {
        "items.snippet.customUrl",
        "items.snippet.country",
        "items.statistics",
        "items.statistics.subscriberCount",
    },
    "facebook_pages": {"username", "emails", "about"},
    "instagram_business": {
        f"business_discovery.{one}" for one in ("name", "biography", "followers_count")
    },
    "threads": {"name", "biography", "is_verified", "follower_count"},
    "linkedin_organisations": {"elements.localizedWebsite", "elements.primaryOrganizationType"},
    "snapchat_profiles": {
        f"public_profiles.public_profile.{one}" for one in ("snap_user_name", "email")
    },
    "reddit": {
        "data.created_utc",
        "data.subreddit",
        "data.subreddit.title",
        "data.subreddit.public_description",
        "data.subreddit.subscribers",
    },
    "twitter": {f"data.{one}" for one in ("description", "created_at", "public_metrics")},
    "oembed": {"author_name"},
    "flickr": {f"person.{one}" for one in ("realname", "location", "description")},
    "tumblr": {"response.blog.description"},
    "wordpress": {"avatar_urls"},
    "wordpress_com": {"name", "description"},
    "blogger": {"description"},
    "stack_exchange": {"items.profile_image"},
    "brave_search": {"web"},
    "have_i_been_pwned": {"ida.marsh"},
}
"""Fields that the documents call optional, or that a platform leaves out where they are empty."""

UNNAMED = {"data", "24", "96", "ida.marsh"}
"""Not fields: what is decoded in a second step, and keys that are values."""


def test_a_good_night_is_one(night: GoodNight) -> None:
    harvest = night.source().fetch()
    assert harvest.profiles or harvest.uses
    assert harvest.not_found == harvest.gaps == ()
    assert bool(harvest.profiles) or night.known is None


def test_each_field_that_is_read_is_named_when_it_drifts(night: GoodNight) -> None:
    tampered = Tampered(night.server)
    good, optional = told(night.source().fetch()), set[str]()
    for path in list(tampered.seen):
        tampered.path, tampered.change = path, retype
        if _fails(night, path[-1], good) is False:
            continue
        tampered.change = rename
        if _fails(night, path[-1], good) is None:
            optional.add(".".join(path))
        tampered.change = deface
        _check_hostile(night)
    assert optional == OPTIONAL.get(night.name, set())


def outcome(night: GoodNight) -> Harvest | ConnectorError:
    """Return what a night gives; anything but a harvest or one clear sentence fails the test."""
    try:
        return night.source().fetch()
    except ConnectorError as error:
        told = str(error)
        if "\n" in told or len(told) > 500 or "<script" in told:
            raise AssertionError(told[:500]) from error
        return error


def _fails(night: GoodNight, field: str, good: tuple[Any, ...]) -> bool | None:
    """Whether a change is an error that names the field; None: it is not, but changes the night."""
    found = outcome(night)
    if isinstance(found, ConnectorError):
        assert isinstance(found, UnexpectedAnswer), field
        assert f"`{field}`" in str(found) or f".{field}" in str(found) or field in UNNAMED
        return True
    assert found.not_found == ()
    return False if told(found) == good else None


def _check_hostile(night: GoodNight) -> None:
    found = outcome(night)
    if isinstance(found, Harvest):
        assert found.not_found == ()
        shown = [one.url for one in (*found.profiles, *found.uses)]
        shown += [one.account_id for one in found.profiles]
        shown += [one.handle for one in found.profiles]
        assert not [text for text in shown if text and "<script" in text]


def families(status: int) -> dict[str, Reply]:
    """Return the shapes that platforms tell an error in, and those of whatever stands before."""
    bodies: dict[str, object] = {
        "RFC 7807": {"type": "about:blank", "title": "No", "status": status, "detail": "No."},
        "Meta": {"error": {"code": status, "type": "OAuthException", "message": "No"}},
        "Google": {"error": {"code": status, "message": "No", "errors": [{"reason": "backend"}]}},
        "atproto": {"error": "Unavailable", "message": "No"},
        "Have I Been Pwned": {"statusCode": status, "message": "No"},
        "Flickr": {"stat": "fail", "code": 7, "message": "No"},
        "Tumblr": {"meta": {"status": status, "msg": "No"}, "errors": []},
        "Stack Exchange": {"error_id": status, "error_name": "no", "error_message": "No"},
        "LinkedIn": {"serviceErrorCode": 100, "message": "No", "status": status},
        "WordPress": {"code": "no", "message": "No", "data": {"status": status}},
        "array": [],
        "null": None,
    }
    replies = {name: json_reply(body, status) for name, body in bodies.items()}
    replies["text"] = Reply(status, {"Content-Type": "text/plain"}, b"No.")
    replies["page"] = Reply(status, HTML.headers, HTML.body)
    replies["nothing"] = Reply(status)
    return replies


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500, 503])
def test_no_shape_of_an_error_means_that_an_account_is_gone(night: GoodNight, status: int) -> None:
    for name, reply in families(status).items():
        night.server.answer = lambda _, reply=reply: reply
        found = outcome(night)
        if isinstance(found, Harvest):
            assert found.not_found == found.profiles == found.uses == (), name
            assert found.gaps or found.dropped, name


SAID_BY_404 = {"linkedin_organisations": {"LinkedIn"}, "tumblr": {"Tumblr"}}
"""Where a 404 of just this shape is the platform's own word on an account."""


def test_a_404_is_believed_only_in_the_platforms_own_shape(night: GoodNight) -> None:
    gone = set()
    for name, reply in families(404).items():
        night.server.answer = lambda _, reply=reply: reply
        found = outcome(night)
        if isinstance(found, Harvest) and found.not_found:
            gone.add(name)
    assert gone == SAID_BY_404.get(night.name, set())


def endless(piece: bytes = b"x" * 65_536) -> Iterator[bytes]:
    for _ in range(80_000):
        yield piece


TRANSPORT: dict[str, Callable[[str], Reply]] = {
    "a page of five gigabytes": lambda _: Reply(body=endless()),
    "a length of five gigabytes": lambda _: Reply(length=5_000_000_000, headers=CLOSE),
    "a gzip bomb": lambda _: Reply(headers={"Content-Encoding": "gzip"}, body=BOMB),
    "a gzip that ends early": lambda _: gzip_reply(b'{"a": "' + b"b" * 500 + b'"}', cut=20),
    "a connection cut": lambda _: RESET,
    "endless redirects": lambda url: Reply(302, {"Location": f"{url}/again"}),
    "a redirect to a private address": lambda _: Reply(302, {"Location": "http://10.1.2.3/"}),
    "a redirect to the cloud's own data": lambda _: Reply(
        302, {"Location": "http://169.254.169.254/latest/meta-data/"}
    ),
    "a redirect to a file": lambda _: Reply(302, {"Location": "file:///etc/passwd"}),
}
CLOSE = {"Connection": "close"}
BOMB = gzip.compress(bytes(60_000_000), 9)


@pytest.mark.parametrize("fault", list(TRANSPORT))
def test_no_source_is_caught_by_what_a_server_sends(night: GoodNight, fault: str) -> None:
    reply = TRANSPORT[fault]
    night.server.answer = lambda _: reply(night.server.url)
    _fails_at_once(night)


def _fails_at_once(night: GoodNight) -> None:
    found = outcome(night)
    if isinstance(found, Harvest):
        assert found.not_found == found.profiles == found.uses == ()
        assert found.gaps or found.dropped


SHARED = ("account_source", "fediverse", "google_keys", "meta_graph", "profile_reading")


def test_no_connector_knows_another_way_to_the_web() -> None:
    """What guards WebSession, of rebinding and of slow drips too, guards every source."""
    folder = PathOf(connectors.__file__).parent
    wanting = {"requests", "urllib3", "http", "socket", "aiohttp", "httpx"}
    shared = (folder / f"{name}.py" for name in SHARED)
    for path in [*folder.glob("profiles/*.py"), *folder.glob("breach/*.py"), *shared]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not wanting & set(_imports(tree)), path.name


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
