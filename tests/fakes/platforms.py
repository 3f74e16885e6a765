"""Platforms on loopback whose answers are a table: paths to values or functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

from tests.fakes.web_server import Reply, WebServer, json_reply

if TYPE_CHECKING:
    from tests.fakes.web_server import Asked

Answering = Callable[["Asked"], Reply]


class PlatformServer(WebServer):
    """Answers from ``routes``; ``unknown`` to anything else, ``refusal`` without the key."""

    def __init__(self, unknown: Reply | None = None) -> None:
        super().__init__(self._answer)
        self.routes: dict[str, Any] = {}
        self.unknown = unknown or json_reply({"error": "not found"}, 404)
        self.key: tuple[str, str] | None = None
        self.refusal = json_reply({"error": "unauthorized"}, 401)

    def _answer(self, asked: Asked) -> Reply:
        if self.key is not None and asked.headers.get(self.key[0]) != self.key[1]:
            return self.refusal
        found = self.routes.get(asked.path, self.unknown)
        if callable(found):
            found = found(asked)
        return found if isinstance(found, Reply) else json_reply(found)


def discovery(name: str) -> dict[str, Any]:
    """Return a discovery document that Google's client library brings along."""
    path = resources.files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def google_error(status: int, reason: str, message: str = "No.") -> Reply:
    problem = {"message": message, "domain": "youtube.quota", "reason": reason}
    return json_reply({"error": {"code": status, "message": message, "errors": [problem]}}, status)


def a_channel(native_id: str, **snippet: Any) -> dict[str, Any]:
    """Build a channel as recorded, its owner invented."""
    fields = {
        "title": "Maple Fork High School",
        "description": "Games and concerts.",
        "customUrl": "@maplefork",
        "publishedAt": "2007-08-23T00:34:43Z",
        "country": "US",
        "thumbnails": {"default": {"url": "https://yt3.example/a.jpg", "width": 88, "height": 88}},
        "localized": {"title": "Maple Fork High School", "description": "Games and concerts."},
    }
    return {
        "kind": "youtube#channel",
        "etag": "Cxi25U626ZmPs7h8MsS4D8GzfV8",
        "id": native_id,
        "snippet": fields | snippet,
        "statistics": {
            "viewCount": "10",
            "subscriberCount": "120",
            "hiddenSubscriberCount": False,
            "videoCount": "3",
        },
    }


class YouTubeServer(PlatformServer):
    """Knows channels by id; what each search finds is in ``searches``."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = ("x-goog-api-key", key)
        self.refusal = google_error(400, "badRequest", "API key not valid. Please pass a valid one")
        self.channels: dict[str, dict[str, Any]] = {}
        self.searches: dict[str, list[str]] = {}
        self.routes = {"/youtube/v3/channels": self._list, "/youtube/v3/search": self._search}

    def _list(self, asked: Asked) -> Reply:
        query = asked.query
        if "id" in query:
            ids = query["id"].split(",")
            if len(ids) > 50:
                return google_error(400, "invalidParameter")
            found = [self.channels[one] for one in ids if one in self.channels]
        else:
            wanted = query.get("forHandle", "").lower() or query.get("forUsername")
            urls = ((c["snippet"]["customUrl"].lower(), c) for c in self.channels.values())
            found = [channel for url, channel in urls if url == wanted]
        page: dict[str, Any] = {
            "kind": "youtube#channelListResponse",
            "etag": "DovVRc4nTNzGShQkXoC7R2ab3JQ",
            "pageInfo": {"totalResults": len(found), "resultsPerPage": 5},
        }
        return json_reply(page | ({"items": found} if found else {}))

    def _search(self, asked: Asked) -> Reply:
        ids = self.searches.get(asked.query["q"], [])
        items = [
            {
                "kind": "youtube#searchResult",
                "etag": "x",
                "id": {"kind": "youtube#channel", "channelId": one},
                "snippet": {"channelId": one, "title": "Maple Fork", "channelTitle": "Maple Fork"},
            }
            for one in ids
        ]
        info = {"totalResults": len(items), "resultsPerPage": 5}
        kind = "youtube#searchListResponse"
        return json_reply({"kind": kind, "etag": "x", "pageInfo": info, "items": items})
