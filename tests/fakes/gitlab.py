"""GitLab's REST API v4 on loopback: users, groups, tokens, and a search that matches too much."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.fakes.web_server import Asked, Reply, WebServer, json_reply

TOKEN = "glpat-0123456789abcdefghij"
NOT_FOUND = {"message": "404 Not found"}
ROW = ("id", "username", "name", "state", "locked", "avatar_url", "web_url", "public_email")


def a_user(username: str, id: int, **changes: Any) -> dict[str, Any]:
    """Build a user as ``GET /users/:id`` shows one to others."""
    fields: dict[str, Any] = {
        "id": id,
        "username": username,
        "name": username,
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"https://gitlab.com/{username}",
        "public_email": "",
        "created_at": "2019-02-14T03:04:05.000Z",
        "bio": "",
        "location": "",
        "website_url": "",
        "organization": "",
        "job_title": "",
        "pronouns": None,
        "bot": False,
        "followers": 1,
        "following": 0,
        "is_followed": False,
    }
    return fields | changes


def a_group(path: str, id: int, **changes: Any) -> dict[str, Any]:
    """Build a group as ``GET /groups/:id`` shows one."""
    fields: dict[str, Any] = {
        "id": id,
        "name": path,
        "path": path,
        "full_path": path,
        "full_name": path,
        "description": "",
        "visibility": "public",
        "avatar_url": None,
        "web_url": f"https://gitlab.com/groups/{path}",
        "parent_id": None,
        "created_at": "2019-02-14T03:04:05.000Z",
    }
    return fields | changes


class GitLabServer(WebServer):
    """Knows users and groups; ``found`` are the names a search finds, as users and as groups."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.base = f"{self.url}/api/v4"
        self.users: list[dict[str, Any]] = []
        self.groups: list[dict[str, Any]] = []
        self.found: dict[str, list[str]] = {}
        self.scopes = ["read_api"]

    @property
    def searched(self) -> list[str]:
        users = (one for one in self.asked if one.path.endswith("/users"))
        return [one.query["search"] for one in users if "search" in one.query]

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply({"message": "401 Unauthorized"}, 401)
        path, query = asked.path.removeprefix("/api/v4/"), asked.query
        if path == "personal_access_tokens/self":
            return json_reply({"id": 1, "scopes": self.scopes})
        if path == "users":
            names = self.found.get(query.get("search", ""), [query.get("username", "")])
            users = (one for one in self.users if one["username"] in names)
            return json_reply([{k: one[k] for k in ROW if k in one} for one in users])
        if path == "groups":
            names = self.found.get(query["search"], [])
            return json_reply([one for one in self.groups if one["path"] in names])
        kind, _, name = path.partition("/")
        known, key = (self.users, "id") if kind == "users" else (self.groups, "full_path")
        found = [one for one in known if str(one[key]) == unquote(name)]
        return json_reply(found[0]) if found else json_reply(NOT_FOUND, 404)
