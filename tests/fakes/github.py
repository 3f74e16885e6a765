"""GitHub's REST API on loopback: users, organisations, search, its limits and errors."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from tests.fakes.web_server import Asked, Reply, WebServer, json_reply

TOKEN = "github_pat_0123456789abcdefghij"
NOT_FOUND = {
    "message": "Not Found",
    "documentation_url": "https://docs.github.com/rest",
    "status": "404",
}
LISTED = (
    "events", "followers", "following", "gists", "organizations", "received_events", "repos",
    "starred", "subscriptions",
)  # fmt: skip
RATES = {"limit": 5000, "used": 1, "remaining": 4999, "reset": 1800000000}
RATE_LIMIT = {"resources": {"core": RATES, "search": RATES}, "rate": RATES}
TROUBLE = {"documentation_url": "https://docs.github.com/rest"}


def links_of(place: str, *names: str) -> dict[str, Any]:
    """Build the addresses an account has at the interface."""
    base = f"https://api.github.com/{place}"
    listed = {f"{name}_url": f"{base}/{name}" for name in names}
    pages = {"avatar_url": "https://avatars.example/u/1", "html_url": "https://github.com/x"}
    return {"node_id": "MDQ6VXNlcjE=", "url": base, **pages, **listed}


def a_row(login: str, id: int, type: str = "User") -> dict[str, Any]:
    """Build what every list tells of an account (``simple-user``)."""
    links = links_of(f"users/{quote(login)}", *LISTED)
    one = {"login": login, "id": id, "type": type, "gravatar_id": "", "site_admin": False}
    return {**one, **links}


def a_user(login: str, id: int, **changes: Any) -> dict[str, Any]:
    """Build what GitHub shows of a person (``public-user``)."""
    fields: dict[str, Any] = {
        **a_row(login, id),
        "user_view_type": "public",
        "company": None,
        "hireable": None,
        "following": 0,
        "public_repos": 0,
        "public_gists": 0,
        "updated_at": "2024-02-14T03:04:05Z",
        "name": None,
        "blog": "",
        "location": None,
        "email": None,
        "bio": None,
        "followers": 3,
        "created_at": "2019-02-14T03:04:05Z",
    }
    return fields | changes


def an_organisation(login: str, id: int, **changes: Any) -> dict[str, Any]:
    """Build what GitHub shows of an organisation (``organization-full``)."""
    links = ("repos", "events", "hooks", "issues", "members", "public_members")
    fields: dict[str, Any] = {
        **links_of(f"orgs/{quote(login)}", *links),
        "login": login,
        "id": id,
        "type": "Organization",
        "description": None,
        "followers": 0,
        "following": 0,
        "public_repos": 0,
        "public_gists": 0,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "updated_at": "2024-02-14T03:04:05Z",
        "created_at": "2019-02-14T03:04:05Z",
        "is_verified": False,
        "archived_at": None,
    }
    return fields | changes


class GitHubServer(WebServer):
    """Knows accounts; ``found`` are the logins a query finds, ``is_incomplete`` how it ends."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.accounts: list[dict[str, Any]] = []
        self.links: dict[str, list[str]] = {}
        self.found: dict[str, list[str]] = {}
        self.is_incomplete = False
        self.scopes = ""

    @property
    def queries(self) -> list[str]:
        return [one.query["q"] for one in self.asked if one.path == "/search/users"]

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply(TROUBLE | {"message": "Bad credentials", "status": "401"}, 401)
        if asked.path == "/rate_limit":
            return json_reply(RATE_LIMIT, X_OAuth_Scopes=self.scopes)
        if asked.path == "/search/users":
            return self._search(asked.query)
        if found := re.fullmatch(r"/users/([^/]+)/social_accounts", asked.path):
            links = self.links.get(found[1], [])
            return json_reply([{"provider": "generic", "url": link} for link in links])
        if found := re.fullmatch(r"/(user|users|orgs)/([^/]+)", asked.path):
            return self._account(found[1], found[2])
        return json_reply(NOT_FOUND, 404)

    def _account(self, kind: str, name: str) -> Reply:
        key = "id" if kind == "user" else "login"
        account = next((one for one in self.accounts if str(one[key]) == name), None)
        if account is None or (kind == "orgs" and account["type"] != "Organization"):
            return json_reply(NOT_FOUND, 404)
        is_bare = kind != "orgs" and account["type"] == "Organization"
        return json_reply(_bare(account) if is_bare else account)

    def _search(self, query: dict[str, str]) -> Reply:
        if len(query["q"]) > 256:
            return json_reply(TROUBLE | {"message": "Validation Failed"}, 422)
        logins = self.found.get(query["q"], [])
        size, page = int(query["per_page"]), int(query["page"])
        shown = logins[(page - 1) * size : page * size]
        rows = [
            a_row(one["login"], one["id"], one["type"]) | {"score": 1.0}
            for login in shown
            for one in self.accounts
            if one["login"] == login
        ]
        answer = {
            "total_count": len(logins),
            "incomplete_results": self.is_incomplete,
            "items": rows,
        }
        return json_reply(answer)


def _bare(organisation: dict[str, Any]) -> dict[str, Any]:
    """Return what ``/users/LOGIN`` shows of an organisation: no more than of a person."""
    user = a_user("", 0)
    return user | {name: value for name, value in organisation.items() if name in user}
