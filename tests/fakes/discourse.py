"""Forums on loopback, one below ``/HOST`` each: robots.txt, profiles, the directory of users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.web_server import Asked, Reply, WebServer, json_reply

DIRECTORY = "directory_items.json"


def a_user(username: str, **changes: Any) -> dict[str, Any]:
    """Build a profile as a visitor sees it; texts that are empty are left out."""
    return {
        "id": 12,
        "username": username,
        "name": "Maple Falls High School",
        "avatar_template": "/letter_avatar_proxy/v4/letter/m/5f9b8f/{size}.png",
        "last_posted_at": None,
        "created_at": "2019-08-23T07:11:06.000Z",
        "title": None,
        "trust_level": 1,
        "moderator": False,
        "admin": False,
    } | changes


def a_hidden_user(username: str) -> dict[str, Any]:
    """Build what a forum tells of a profile whose owner hides it."""
    shown = ("id", "username", "name", "avatar_template", "title")
    whole = a_user(username)
    return {name: whole[name] for name in shown} | {"profile_hidden": True}


def a_directory(users: list[dict[str, Any]]) -> dict[str, Any]:
    """Build a page of the directory."""
    shown = ("id", "username", "name", "avatar_template", "title")
    counts = ("likes_received", "likes_given", "topics_entered", "topic_count", "post_count",
              "posts_read", "days_visited")  # fmt: skip
    items = [
        {"id": user["id"], **dict.fromkeys(counts, 1), "user": {name: user[name] for name in shown}}
        for user in users
    ]
    more = "/directory_items.json?order=days_visited&page=1&period=all"
    meta = {"last_updated_at": None, "total_rows_directory_items": len(items)}
    return {"directory_items": items, "meta": meta | {"load_more_directory_items": more}}


def refusal(status: int, kind: str) -> Reply:
    """Answer an error as a forum does."""
    return json_reply({"errors": ["No."], "error_type": kind}, status)


@dataclass
class FakeForum:
    """What one forum knows, and what it shows to visitors."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    robots: str | None = None
    robots_status: int = 404
    shows_profiles: bool = True
    has_directory: bool = True
    reply: Reply | None = None


class ForumServer(WebServer):
    """Plays the forums of ``hosts``."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.base = f"{self.url}/{{server}}"
        self.hosts: dict[str, FakeForum] = {}

    def looked_up(self, host: str) -> list[str]:
        start = f"/{host}/u/"
        return [one.path[len(start) : -5] for one in self.asked if one.path.startswith(start)]

    def searched(self, host: str) -> list[str]:
        path = f"/{host}/{DIRECTORY}"
        return [one.query["name"] for one in self.asked if one.path == path]

    def _answer(self, asked: Asked) -> Reply:
        _, host, path = asked.path.split("/", 2)
        forum = self.hosts[host]
        if path == "robots.txt":
            missing = Reply(forum.robots_status)
            return missing if forum.robots is None else Reply(body=forum.robots.encode())
        if forum.reply is not None:
            return forum.reply
        if path == DIRECTORY:
            if not forum.has_directory:
                return refusal(403, "invalid_access")
            return json_reply(a_directory(forum.found.get(asked.query["name"], [])))
        if not forum.shows_profiles:
            return refusal(403, "not_logged_in")
        name = path.removeprefix("u/").removesuffix(".json").casefold()
        known = forum.users | {"system": a_user("system", id=-1, name="system")}
        if name not in known:
            return refusal(404, "not_found")
        return json_reply({"user_badges": [], "user": known[name]})
