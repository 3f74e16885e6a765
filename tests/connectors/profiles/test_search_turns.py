"""Every source that searches covers every name within the nights it told, whatever its budget."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from connectors import CONNECTORS, build, connector_type, fediverse
from connectors.source import Questions
from tests.builders import NOW, an_access
from tests.fakes.web_server import LOOPBACK, WebServer, json_reply

if TYPE_CHECKING:
    from tests.fakes.web_server import Asked, Reply

CONTROL = "Zqabc Xvdef School"
NAMES = tuple(
    f"{tree} School"
    for tree in ["Alder", "Aspen", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch"]
)
FIRST_ROUND, NIGHTS = 3, 24
TOKEN = "t" * 32
EMPTY: dict[str, Any] = {
    "total_count": 0, "incomplete_results": False, "items": [], "actors": [], "accounts": [],
    "directory_items": [], "stat": "ok", "groups": {"group": []}, "user": {"nsid": "1@N01"},
    "person": {"nsid": "1@N01", "username": {"_content": "x"}, "profileurl": {"_content": "x"}},
    "quota_remaining": 9, "type": "search", "data": [], "access_token": TOKEN,
    "request_status": "SUCCESS", "public_profiles": [],
}  # fmt: skip
"""Nothing found, in the words of every platform that answers an object."""
SEARCHES: dict[str, dict[str, Any]] = {
    "github": {"token": TOKEN},
    "gitlab": {"token": TOKEN},
    "bluesky": {},
    "mastodon": {"servers": ["social.example"]},
    "discourse": {"servers": ["forum.example"]},
    "youtube": {"key": TOKEN},
    "facebook_pages": {"token": TOKEN},
    "snapchat_profiles": {"token": TOKEN},
    "reddit": {"client_id": "app-id", "client_secret": TOKEN, "username": "auditor"},
    "flickr": {"key": TOKEN},
    "stack_exchange": {"key": TOKEN},
    "brave_search": {"key": TOKEN, "platforms": ["facebook"]},
}


def budgets(name: str) -> set[str]:
    settings = {one.name for one in connector_type("tested", name).settings}
    return settings & {"searches_a_night", "queries_a_night"}


def test_the_table_names_every_source_that_searches() -> None:
    assert set(SEARCHES) == {name for name in CONNECTORS if budgets(name)}


def answer(asked: Asked) -> Reply:
    path = asked.path
    if path.startswith("/gitlab"):
        return json_reply([])
    if path.startswith("/reddit") and path.endswith("/search"):
        return json_reply({"kind": "Listing", "data": {"children": []}})
    if asked.query.get("method") == "flickr.people.findByUsername":
        return json_reply({"stat": "fail", "code": 1})
    return json_reply(EMPTY)


@pytest.mark.parametrize("connector", SEARCHES)
def test_every_name_has_its_turn_within_the_nights_told(
    connector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three names a night, eight names: the first round takes three nights, others a week."""
    (budget,) = budgets(connector)
    most = 3 + (budget == "queries_a_night")  # whose budget holds the control, too
    last: dict[str, int] = {}
    told: list[int] = []
    bookmark = None
    with WebServer(answer) as server:
        module = import_module(CONNECTORS[connector].partition(":")[0])
        lead_to(server, connector, module, monkeypatch)
        for night in range(NIGHTS):
            access = an_access(
                {**SEARCHES[connector], budget: most},
                domains=(),
                web=LOOPBACK,
                now=NOW + timedelta(days=night),
                bookmark=bookmark,
                questions=Questions(names=NAMES, control=CONTROL),
            )
            server.asked.clear()
            harvest = build(connector, access).fetch()
            bookmark = harvest.bookmark
            (note,) = [one for one in harvest.notes if "has its turn within" in one]
            taken, of, nights = map(int, re.findall(r"\d+", note))
            texts = " ".join(text for one in server.asked for text in one.query.values())
            asked = [name for name in NAMES if name in texts]
            assert (len(asked), of) == (taken, len(NAMES)), note
            assert taken <= 3
            assert (CONTROL in texts) is bool(asked)
            told.append(nights)
            for name in asked:
                since = last.get(name, -1)
                assert night - since <= max(told[max(since, 0)], 7 if name in last else 0)
                last[name] = night
    assert told[0] == FIRST_ROUND
    assert set(last) == set(NAMES)
    assert all(NIGHTS - night <= told[-1] for night in last.values())


def lead_to(
    server: WebServer, connector: str, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send a connector to the server instead of its platform."""
    base = f"{server.url}/{connector}"
    if connector == "mastodon":
        monkeypatch.setattr(fediverse, "BASE", base)
        return
    monkeypatch.setattr(module, "BASE", base)
    if hasattr(module, "TOKENS"):
        monkeypatch.setattr(module, "TOKENS", f"{base}/token")
