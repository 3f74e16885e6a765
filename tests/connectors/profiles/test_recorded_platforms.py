"""The types of the connectors read what the platforms really answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors import google_keys, meta_graph
from connectors.profiles import facebook_pages, instagram_business, reddit, youtube

RECORDED = Path(__file__).parents[2] / "data" / "platforms"


def read(name: str, kind: type[Any]) -> Any:
    return msgspec.json.decode((RECORDED / f"{name}.json").read_bytes(), type=kind)


def test_youtube_as_recorded():
    channel = read("youtube_channels", youtube.Channels).items[0]
    assert channel.snippet.custom_url == "@maplefork"
    assert read("youtube_search", youtube.Results).items[0].id.channel_id == channel.id
    problem = read("youtube_error", google_keys.Refused).error
    assert (problem.code, problem.errors[0].reason) == (403, "SERVICE_UNAVAILABLE")


def test_meta_as_recorded():
    assert len(read("facebook_search", facebook_pages.Found).data) == 2
    assert read("facebook_error", meta_graph.Refused).error.code == 100
    found = read("instagram_discovery", instagram_business.Answered).business_discovery
    assert (found.username, found.followers_count) == ("maplefork", 64976)


@pytest.mark.parametrize(
    ("name", "kind", "thing"),
    [("reddit_users", reddit.User, "t2"), ("reddit_communities", reddit.Community, "t5")],
)
def test_reddit_as_recorded(name, kind, thing):
    rows = msgspec.json.decode(read(name, reddit.Thing).data, type=reddit.Listing).children
    assert [row.kind for row in rows] == [thing]
    assert msgspec.json.decode(rows[0].data, type=kind).created_utc > 1e9


def test_reddits_missing_account_as_recorded():
    missing = read("reddit_missing", reddit.Refused)
    assert (missing.error, missing.reason) == (404, None)
