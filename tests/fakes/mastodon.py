"""Servers of the fediverse on loopback, one below ``/HOST`` each: search, look-up, WebFinger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.web_server import HTML, Asked, Reply, WebServer, json_reply

RECORDED = json.loads(
    (Path(__file__).parents[1] / "data" / "mastodon" / "recorded.json").read_text()
)
NEEDS_SESSION = {"error": "This method requires an authenticated user"}


def an_account(username: str, **changes: Any) -> dict[str, Any]:
    """Build an account with every field that a real server told."""
    recorded: dict[str, Any] = RECORDED["lookup"]
    named = {"username": username, "acct": username, "display_name": username, "fields": []}
    return recorded | named | changes


def a_field(value: str, verified_at: str | None = None, name: str = "Website") -> dict[str, Any]:
    """Build a row of a profile's table; a URL becomes the link a server makes of it."""
    if value.startswith("http"):
        value = f'<a href="{value}" rel="nofollow noopener me"><span>{value}</span></a>'
    return {"name": name, "value": value, "verified_at": verified_at}


@dataclass
class FakeServer:
    """What one server knows; ``status`` is how it answers the API to visitors.

    ``is_site``: a web site that answers its first page to whatever it does not know.
    """

    accounts: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    status: int = 200
    has_api: bool = True
    is_site: bool = False
    fingers: dict[str, int] = field(default_factory=dict)
    subject: str | None = None


class FediverseServer(WebServer):
    """Plays the servers of ``hosts``."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.base = f"{self.url}/{{server}}"
        self.hosts: dict[str, FakeServer] = {}

    def searched(self, host: str) -> list[str]:
        path = f"/{host}/api/v2/search"
        return [one.query["q"] for one in self.asked if one.path == path]

    def _answer(self, asked: Asked) -> Reply:
        _, host, path = asked.path.split("/", 2)
        server = self.hosts[host]
        if path.startswith("api/") and server.is_site:
            return HTML
        if path.startswith("api/") and not server.has_api:
            return Reply(404, HTML.headers, HTML.body)
        if path.startswith("api/") and server.status != 200:
            refusal = NEEDS_SESSION | ({"details": {}} if server.status == 422 else {})
            return json_reply(refusal, server.status, Retry_After="3600")
        match path:
            case "api/v2/search":
                found = server.found.get(asked.query["q"], [])
                return json_reply(RECORDED["search"] | {"accounts": found})
            case "api/v1/accounts/lookup":
                names = {one["acct"]: one for one in server.accounts}
                one = names.get(asked.query["acct"])
                return json_reply(one) if one else json_reply(RECORDED["lookup 404"], 404)
            case ".well-known/webfinger":
                return self._finger(server, asked.query["resource"])
            case ".well-known/nodeinfo":
                links = json.dumps(RECORDED["nodeinfo links"])
                return json_reply(
                    json.loads(links.replace("https://social.example", f"{self.url}/{host}"))
                )
            case "nodeinfo/2.0":
                return json_reply(RECORDED["nodeinfo"])
        return Reply(404, HTML.headers, HTML.body)

    def _finger(self, server: FakeServer, resource: str) -> Reply:
        user = resource.removeprefix("acct:").partition("@")[0]
        status = server.fingers.get(user, 404)
        if status != 200:
            return Reply(status)
        return json_reply({"subject": server.subject or resource, "links": []})
