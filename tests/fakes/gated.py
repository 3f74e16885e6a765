"""Answers of platforms that need an approval, in the shapes that were recorded or published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.fakes.platforms import PlatformServer
from tests.fakes.web_server import Reply, json_reply

if TYPE_CHECKING:
    from tests.fakes.web_server import Asked

NOT_THERE_OR_NOT_FOR_US = (
    "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable"
    " feature, or does not support this operation."
)


def graph_error(code: int, message: str = "No.", status: int = 400) -> Reply:
    """Answer an error of the Graph API as recorded."""
    problem = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AQt_hJ6"}
    return json_reply({"error": problem}, status)


class FacebookServer(PlatformServer):
    """Knows Pages by number; a search finds every Page whose name holds the words."""

    def __init__(self, token: str) -> None:
        super().__init__(graph_error(100, NOT_THERE_OR_NOT_FOR_US))
        self.key = ("authorization", f"Bearer {token}")
        self.refusal = graph_error(190, "Invalid OAuth access token.", 401)
        self.routes["/v26.0/pages/search"] = self._search

    def add(self, **fields: Any) -> None:
        page = {"id": "108824017345866", "name": "Maple Fork High School"} | fields
        self.routes[f"/v26.0/{page['id']}"] = page
        if "username" in page:
            self.routes[f"/v26.0/{page['username']}"] = page

    def _search(self, asked: Asked) -> Reply:
        pages = {p["id"]: p for p in self.routes.values() if isinstance(p, dict)}
        words = asked.query["q"].lower()
        rows = [
            {"id": n, "name": p["name"], "link": f"https://www.facebook.com/{n}"}
            for n, p in pages.items()
            if words in p["name"].lower()
        ]
        cursors = {"cursors": {"before": "before", "after": "after"}}
        return json_reply({"data": rows, "paging": cursors})


class InstagramServer(PlatformServer):
    """Answers about other professional accounts through account 17841406338772941."""

    ACCOUNT = "17841406338772941"

    def __init__(self, token: str) -> None:
        super().__init__(graph_error(100))
        self.key = ("authorization", f"Bearer {token}")
        self.refusal = graph_error(190, "Invalid OAuth access token.", 401)
        self.accounts: dict[str, dict[str, Any]] = {}
        self.routes[f"/v26.0/{self.ACCOUNT}"] = self._discover

    def _discover(self, asked: Asked) -> Reply:
        handle = asked.query["fields"].partition("username(")[2].partition(")")[0]
        found = self.accounts.get(handle.lower())
        if found is None:
            return graph_error(110, "Invalid user id")
        return json_reply({"business_discovery": found, "id": self.ACCOUNT})


class LinkedInServer(PlatformServer):
    """Knows organisations by vanity name and by the domain they claim."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.key = ("authorization", f"Bearer {token}")
        self.refusal = json_reply(
            {"serviceErrorCode": 65600, "message": "Invalid access token", "status": 401}, 401
        )
        self.pages: list[dict[str, Any]] = []
        self.claims: dict[str, list[dict[str, Any]]] = {}
        self.routes["/rest/organizations"] = self._find

    def _find(self, asked: Asked) -> Reply:
        query = asked.query
        if query["q"] == "vanityName":
            wanted = query["vanityName"].lower()
            found = [one for one in self.pages if one["vanityName"].lower() == wanted]
        else:
            found = self.claims.get(query["emailDomain"], [])
        start, count = int(query.get("start", 0)), int(query.get("count", 10))
        paging = {"start": start, "count": count, "total": len(found), "links": []}
        return json_reply({"elements": found[start : start + count], "paging": paging})


class SnapchatServer(PlatformServer):
    """Knows public profiles by id; its search ignores unofficial ones unless asked for them."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.key = ("authorization", f"Bearer {token}")
        self.profiles: dict[str, dict[str, Any]] = {}
        self.unknown = json_reply({"request_status": "ERROR", "request_id": "5d0a"}, 404)
        self.routes["/public/v1/public_profiles/search"] = self._search

    def add(self, profile: dict[str, Any]) -> None:
        self.profiles[profile["id"]] = profile
        self.routes[f"/public/v1/public_profiles/{profile['id']}"] = lambda _: self._give([profile])

    def _search(self, asked: Asked) -> Reply:
        query = asked.query
        if query.get("includeStandard") != "true" or query.get("tier") != "TIER_PUBLIC":
            return self._give([])
        words = query["query"].lower()
        return self._give(
            [
                one
                for one in self.profiles.values()
                if words in f"{one['display_name']} {one.get('snap_user_name')}".lower()
            ]
        )

    def _give(self, profiles: list[dict[str, Any]]) -> Reply:
        rows = [{"sub_request_status": "SUCCESS", "public_profile": one} for one in profiles]
        whole = {"request_status": "SUCCESS", "request_id": "5d0a", "public_profiles": rows}
        return json_reply(whole)


class RedditServer(PlatformServer):
    """Accounts and communities by path, searches by words; a token first."""

    def __init__(self, secret: str) -> None:
        super().__init__(json_reply({"message": "Not Found", "error": 404}, 404))
        self.secret = secret
        self.searches: dict[str, list[dict[str, Any]]] = {}
        self.routes["/api/v1/access_token"] = self._token
        for path in ("/users/search", "/subreddits/search"):
            self.routes[path] = self._search

    def _token(self, asked: Asked) -> Reply:
        import base64

        sent = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
        if not sent.endswith(f":{self.secret}"):
            return json_reply({"message": "Unauthorized", "error": 401}, 401)
        granted = {"access_token": "app-only-token", "token_type": "bearer", "expires_in": 3600}
        return json_reply(granted | {"scope": "*"})

    def _search(self, asked: Asked) -> Reply:
        rows = self.searches.get(f"{asked.path} {asked.query['q']}", [])
        data = {"modhash": "", "children": rows, "after": None, "before": None}
        return json_reply({"kind": "Listing", "data": data})


class XServer(PlatformServer):
    """Knows users by id; says of each missing one what the published schema says."""

    TYPES = "https://api.twitter.com/2/problems/"

    def __init__(self, token: str) -> None:
        super().__init__()
        self.key = ("authorization", f"Bearer {token}")
        problem = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "No."}
        kind = {"Content-Type": "application/problem+json"}
        self.refusal = replace(json_reply(problem, 401), headers=kind)
        self.users: dict[str, dict[str, Any]] = {}
        self.suspended: set[str] = set()
        self.routes["/2/users"] = self._by_id
        self.routes["/2/users/by"] = self._by_name

    def _by_id(self, asked: Asked) -> Reply:
        return self._give(asked.query["ids"].split(","), self.users, "ids")

    def _by_name(self, asked: Asked) -> Reply:
        named = {one["username"].lower(): one for one in self.users.values()}
        names = unquote(asked.query["usernames"]).split(",")
        return self._give(names, named, "usernames")

    def _give(self, values: list[str], known: dict[str, dict[str, Any]], by: str) -> Reply:
        found = [known[one.lower()] for one in values if one.lower() in known]
        errors = [self._missing(one, by) for one in values if one.lower() not in known]
        whole = {"data": found, "errors": errors}
        return json_reply({name: rows for name, rows in whole.items() if rows})

    def _missing(self, value: str, by: str) -> dict[str, Any]:
        is_out = value.lower() in self.suspended
        return {
            "value": value,
            "detail": f"User has been suspended: [{value}]." if is_out else f"Could not find {by}.",
            "title": "Forbidden" if is_out else "Not Found Error",
            "resource_type": "user",
            "parameter": by,
            "resource_id": value,
            "type": f"{self.TYPES}resource-not-found",
        }
