"""Bluesky's public AppView on loopback: profiles, search, handles, labels, and its errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.web_server import Asked, Reply, WebServer, json_reply

NOT_FOUND = {"error": "InvalidRequest", "message": "Profile not found"}
UNRESOLVED = {"error": "InvalidRequest", "message": "Unable to resolve handle"}


def did(number: int) -> str:
    """Return a DID of the form that plc.directory gives."""
    letters = f"{number:024d}".translate(str.maketrans("0189", "abcd"))
    return f"did:plc:{letters}"


def an_actor(handle: str, number: int, **changes: Any) -> dict[str, Any]:
    """Build a profile as getProfiles shows it (``profileViewDetailed``)."""
    fields: dict[str, Any] = {
        "did": did(number),
        "handle": handle,
        "displayName": "",
        "followersCount": 7,
        "followsCount": 1,
        "postsCount": 2,
        "createdAt": "2023-02-14T03:04:05.000Z",
        "labels": [],
    }
    return fields | changes


def a_label(value: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Build a label an account set on itself."""
    made = {"src": did(number), "uri": did(number), "val": value, "cts": "2023-02-14T03:04:05Z"}
    return made | changes


class BlueskyServer(WebServer):
    """Knows actors; ``found`` are the handles a search finds, ``away`` the error of a DID."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.base = f"{self.url}/xrpc"
        self.actors: list[dict[str, Any]] = []
        self.found: dict[str, list[str]] = {}
        self.away: dict[str, str] = {}

    def calls(self, name: str) -> list[dict[str, list[str]]]:
        """Return the parameters of every call of a query."""
        asked = (one for one in self.asked if one.path.endswith(f".{name}"))
        return [parse_qs(urlsplit(one.target).query) for one in asked]

    def _find(self, name: str) -> dict[str, Any] | None:
        names = (name, name.casefold())
        here = (one for one in self.actors if one["did"] not in self.away)
        return next((one for one in here if one["did"] in names or one["handle"] in names), None)

    def _answer(self, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        match asked.path.rpartition(".")[2]:
            case "getProfiles":
                if len(query["actors"]) > 25:
                    return json_reply({"error": "InvalidRequest", "message": "too many"}, 400)
                found = {one["did"]: one for name in query["actors"] if (one := self._find(name))}
                return json_reply({"profiles": list(found.values())})
            case "getProfile":
                name = query["actor"][0]
                if name in self.away:
                    return json_reply({"error": self.away[name], "message": "x"}, 400)
                one = self._find(name)
                return json_reply(one) if one else json_reply(NOT_FOUND, 400)
            case "resolveHandle":
                one = self._find(query["handle"][0])
                return json_reply({"did": one["did"]}) if one else json_reply(UNRESOLVED, 400)
            case "searchActors":
                handles = self.found.get(query["q"][0], [])
                rows = [one for one in self.actors if one["handle"] in handles]
                return json_reply({"actors": rows[: int(query["limit"][0])]})
        return json_reply({"error": "MethodNotImplemented", "message": "x"}, 501)
