"""A Google Workspace tenant on loopback: token endpoint, Directory, Reports and licences.

Requests and answers are checked against Google's own documents (``tests.fakes.discovery``); what
does not fit is noted in ``wrongs``.  Signed statements are verified with the account's public key.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from connectors.google_access import SCOPE
from connectors.google_apps import READ_EVENTS, READ_TOKENS, READ_USAGE
from connectors.google_users import READ_DOMAINS, READ_UNITS, READ_USERS
from tests.builders import DOMAIN, NOW, an_access
from tests.fakes.discovery import Call, find_call
from tests.fakes.web_server import LOOPBACK, Asked, Reply, WebServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from connectors.source import Access

ADMIN = f"admin@{DOMAIN}"
CLIENT = "104857600000000000001"
ACCOUNT = "audit@project.iam.gserviceaccount.test"
AUDIENCE = "https://oauth2.googleapis.com/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LISTS = {
    "directory.users.list": ("users", 100),
    "directory.members.list": ("members", 200),
    "licensing.licenseAssignments.listForProductAndSku": ("items", 100),
    "reports.activities.list": ("items", 1000),
}
READ_ALL = (READ_USERS, READ_UNITS, READ_DOMAINS, READ_EVENTS, READ_TOKENS, READ_USAGE)


def user_id(number: int) -> str:
    """Make a user's id, as long as Google's."""
    return f"1{number:020d}"


def refusal(status: int, reason: str, *, details: Any = None, **headers: str) -> Reply:
    """Answer as the Admin SDK refuses; with ``details`` in the newer form."""
    errors = [{"domain": "usageLimits", "reason": reason, "message": "No."}]
    error: dict[str, Any] = {"code": status, "message": "No.", "errors": errors}
    if details is not None:
        error = {"code": status, "message": "No.", "status": reason, "details": details}
    return json_reply({"error": error}, status, **headers)


def sign_in_refusal(error: str, description: str = "No.", status: int = 400) -> Reply:
    """Answer as the token endpoint refuses."""
    return json_reply({"error": error, "error_description": description}, status)


class FakeGoogle:
    """One tenant; change its users, tokens, events and so on as a test needs."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.activities: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, tuple[str, int]]] = {}
        self.units: list[dict[str, Any]] = []
        self.domains: list[dict[str, Any]] = [{"domainName": DOMAIN, "verified": True}]
        self.groups: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[str]] = defaultdict(list)
        self.licences: dict[str, list[str]] = defaultdict(list)
        self.granted = {SCOPE + scope for scope in READ_ALL}
        self.page_size = 1_000
        self.clock: datetime = NOW
        self.wrongs: list[str] = []
        self._faults: list[tuple[str, int, list[Reply], bool]] = []
        self._seen: dict[int, int] = defaultdict(int)
        self._tokens: dict[str, set[str]] = {}
        self.server = WebServer(self.answer)
        self.put_unit("/", "Root")

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def key(self, **changes: str) -> str:
        """Return the service account's key file."""
        own = {
            "type": "service_account",
            "client_email": ACCOUNT,
            "client_id": CLIENT,
            "private_key": make_pair()[0],
            "private_key_id": "4f1c0ffee0",
            "token_uri": f"{self.server.url}/token",
        }
        return json.dumps({**own, **changes})

    def access(self, options: Any = None, **changes: Any) -> Access:
        """Build what a connector of this tenant is made with."""
        own = {"key": self.key(), "subject": ADMIN, "api_url": self.server.url}
        return an_access({**own, **(options or {})}, **{"web": LOOPBACK, **changes})

    @property
    def calls(self) -> list[Asked]:
        """The calls but for those for tokens."""
        return [asked for asked in self.server.asked if asked.path != "/token"]

    def put_user(self, number: int, person: str = "Ida Marsh", /, **fields: Any) -> str:
        """Add or change a user, in /Staff."""
        given, _, family = person.partition(" ")
        login = f"{person.casefold().replace(' ', '.')}{number}@{DOMAIN}"
        own = {
            "id": user_id(number),
            "primaryEmail": login,
            "name": {"givenName": given, "familyName": family, "fullName": person},
            "suspended": False,
            "archived": False,
            "orgUnitPath": "/Staff",
            "recoveryEmail": "private@mail.example",
            "recoveryPhone": "+15550100",
        }
        self.users[user_id(number)] = {**own, **self.users.get(user_id(number), {}), **fields}
        return user_id(number)

    def put_unit(self, path: str, name: str = "") -> None:
        key = f"id:{len(self.units):08x}"
        name = name or path.rpartition("/")[2]
        self.units.append({"orgUnitPath": path, "orgUnitId": key, "name": name})

    def put_token(self, number: int, client: str, name: str, *scopes: str) -> None:
        """Let an app in."""
        full = [SCOPE + scope if ":" not in scope else scope for scope in scopes or ("openid",)]
        own = {"clientId": client, "displayText": name, "scopes": full}
        self.tokens[user_id(number)].append({**own, "userKey": user_id(number)})

    def put_event(
        self,
        number: int,
        client: str,
        at: datetime,
        name: str = "authorize",
        actor: Any = None,
        qualifier: int = 1,
    ) -> dict[str, Any]:
        """Note an event of the ``token`` log."""
        login = self.users.get(user_id(number), {}).get("primaryEmail", "")
        event = {
            "id": {
                "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "uniqueQualifier": str(number * 1_000 + qualifier),
                "applicationName": "token",
                "customerId": "C0000000",
            },
            "actor": actor if actor is not None else {"email": login, "profileId": user_id(number)},
            "ipAddress": "203.0.113.9",
            "events": [
                {
                    "name": name,
                    "parameters": [
                        {"name": "client_id", "value": client},
                        {"name": "num_response_bytes", "intValue": "12"},
                        {"name": "scope", "multiValue": ["openid"]},
                    ],
                }
            ],
        }
        self.activities.append(event)
        return event

    def put_report(self, day: date, rows: dict[str, tuple[str, int]]) -> None:
        self.reports[day.isoformat()] = rows

    def fail(self, path: str, *replies: Reply, after: int = 0, forever: bool = False) -> None:
        """Answer so when a path that begins so is asked, after it was answered well so often."""
        self._faults.append((path, after, list(replies), forever))

    def answer(self, asked: Asked) -> Reply:
        for number, (start, after, replies, forever) in enumerate(self._faults):
            if asked.path.startswith(start) and replies:
                self._seen[number] += 1
                if self._seen[number] > after:
                    return replies[0] if forever else replies.pop(0)
        try:
            reply = self._sign_in(asked) if asked.path == "/token" else self._call(asked)
        except AssertionError as error:
            self.wrongs.append(f"{asked.path}: {error}")
            return refusal(400, "invalid")
        reply.headers["Date"] = format_datetime(self.clock, usegmt=True)
        return reply

    def _sign_in(self, asked: Asked) -> Reply:
        from google.auth import jwt

        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form["grant_type"] == JWT_BEARER
        try:
            claims = jwt.decode(form["assertion"], certs=make_pair()[1], audience=AUDIENCE)
        except ValueError:
            return sign_in_refusal("invalid_grant", "Invalid JWT Signature.")
        assert claims["iss"] == ACCOUNT
        if claims["sub"] != ADMIN:
            return sign_in_refusal("invalid_grant", "Invalid email or User ID")
        scopes = set(claims["scope"].split())
        if not scopes <= self.granted:
            words = "Client is unauthorized to retrieve access tokens using this method."
            return sign_in_refusal("unauthorized_client", words, 401)
        token = f"ya29.{len(self._tokens)}-{'x' * 30}"
        self._tokens[token] = scopes
        return json_reply({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _call(self, asked: Asked) -> Reply:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return refusal(401, "authError")
        call = find_call(asked.method, asked.path, asked.query)
        call.check_parameters()
        if not call.may(self._tokens[token]):
            return refusal(403, "insufficientPermissions")
        answers: dict[str, Callable[[Call], Any]] = {
            "directory.tokens.list": self._list_tokens,
            "directory.orgunits.list": lambda _: {"organizationUnits": self.units},
            "directory.domains.list": lambda _: {"domains": self.domains},
            "directory.groups.get": lambda one: self.groups.get(one.found["groupKey"]),
            "reports.customerUsageReports.get": self._report,
        }
        find = answers.get(call.name, self._list)
        assert call.name in {*answers, *LISTS}, f"{call.name} is never asked for"
        found = find(call)
        if found is None:
            is_report = call.name == "reports.customerUsageReports.get"
            return refusal(400, "invalid") if is_report else refusal(404, "notFound")
        return json_reply(call.shape(found))

    def _list_tokens(self, call: Call) -> dict[str, Any] | None:
        user = call.found["userKey"]
        if user not in self.users:
            return None
        items = self.tokens.get(user, [])
        return {"kind": "admin#directory#tokenList", **({"items": items} if items else {})}

    def _report(self, call: Call) -> dict[str, Any] | None:
        rows = self.reports.get(call.found["date"])
        if rows is None:
            return None
        value = [
            {"client_id": key, "client_name": name, "num_users": str(users)}
            for key, (name, users) in rows.items()
        ]
        figures = [{"name": "accounts:authorized_apps", "msgValue": value}]
        return {"usageReports": [{"date": call.found["date"], "parameters": figures}]}

    def _list(self, call: Call) -> dict[str, Any] | None:
        name, default = LISTS[call.name]
        things = self._things(call)
        if things is None:
            return None
        start = int(call.found.get("pageToken", "p0")[1:])
        end = start + min(int(call.found.get("maxResults", default)), self.page_size)
        page: dict[str, Any] = {name: things[start:end]} if things[start:end] else {}
        return {**page, **({"nextPageToken": f"p{end}"} if end < len(things) else {})}

    def _things(self, call: Call) -> list[dict[str, Any]] | None:
        if call.name == "directory.users.list":
            assert ("customer" in call.found) != ("domain" in call.found)
            return list(self.users.values())
        if call.name == "directory.members.list":
            group = call.found["groupKey"]
            known = group in self.groups or group in self.members
            return [{"id": one, "role": "MEMBER"} for one in self.members[group]] if known else None
        if call.name == "reports.activities.list":
            return self._list_events(call)
        pair = f"{call.found['productId']}/{call.found['skuId']}"
        return [{"userId": login, "skuId": call.found["skuId"]} for login in self.licences[pair]]

    def _list_events(self, call: Call) -> list[dict[str, Any]]:
        assert (call.found["userKey"], call.found["applicationName"]) == ("all", "token")
        earliest = self.clock - timedelta(days=180)
        start = call.found.get("startTime", earliest.strftime("%Y-%m-%dT%H:%M:%SZ"))
        name = call.found.get("eventName")
        found = [
            one
            for one in self.activities
            if one["id"]["time"] >= start and name in {None, one["events"][0]["name"]}
        ]
        return sorted(found, key=lambda one: one["id"]["time"], reverse=True)


@cache
def make_pair() -> tuple[str, str]:
    """Return a private key and the public one, as PEM."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def make_foreign_key() -> str:
    """Return a private key that the tenant does not know."""
    make = make_pair.__wrapped__
    return make()[0]
