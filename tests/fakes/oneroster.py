"""A OneRoster REST service on loopback, 1.1 and 1.2: tokens, signatures, pages, filters, fields.

After the OneRoster 1.1 REST binding and the 1.2 Rostering Service: limit and offset with a default
of 100, X-Total-Count and Link, ``fields``, ``filter`` on dateLastModified, ``sort``; errors as
imsx_StatusInfo.  A password is in every user, so that a test sees when it is asked for.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from connectors.directory.oneroster_service import SCOPES
from tests.builders import DOMAIN, an_access
from tests.fakes.web_server import LOOPBACK, Asked, Reply, WebServer, json_reply

if TYPE_CHECKING:
    from connectors.source import Access

KEY, SECRET, TOKEN = "district-client", "correct horse battery", "tok-0123456789abcdef"
BASES = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
CHANGED = "2024-03-01T06:00:00.000Z"


def a_user(key: str, role: str = "teacher", version: str = "1.2", **changes: Any) -> dict[str, Any]:
    """Build a user as the service holds it, with things nobody may ask for."""
    given = "Pupil" if role == "student" else "Ida"
    user: dict[str, Any] = {
        "sourcedId": key,
        "status": "active",
        "dateLastModified": CHANGED,
        "enabledUser": "true",
        "username": f"{given}{key}".casefold(),
        "userIds": [{"type": "SIS", "identifier": "77"}],
        "givenName": given,
        "familyName": f"Marsh{key}",
        "email": f"{given}.marsh{key}@{DOMAIN}".casefold(),
        "phone": "555-0100",
        "birthDate": "2014-05-06",
        "password": "hunter2-of-the-user",
    }
    org = {"href": "/orgs/MFH", "sourcedId": "MFH", "type": "org"}
    if version == "1.1":
        user |= {"role": role, "orgs": [org]}
    else:
        user |= {"roles": [{"roleType": "primary", "role": role, "org": org}], "primaryOrg": org}
    return user | changes


def orgs(count: int = 2) -> list[dict[str, Any]]:
    """Build a district and schools in it."""
    district = {"sourcedId": "D", "status": "active", "name": "Maple Falls", "type": "district"}
    parent = {"sourcedId": "D"}
    first = {"sourcedId": "MFH", "status": "active", "name": "Maple Falls High", "type": "school"}
    more = [
        {"sourcedId": f"S{n}", "status": "active", "name": f"School {n}", "type": "school"}
        for n in range(count - 2)
    ]
    return [district, *({**org, "parent": parent} for org in (first, *more))]


@dataclass
class OneRosterServer:
    """The service; ``habits`` are what real ones do: clamp, no_total, no_offset, no_fields ..."""

    version: str = "1.2"
    users: list[dict[str, Any]] = field(default_factory=list)
    orgs: list[dict[str, Any]] = field(default_factory=orgs)
    habits: frozenset[str] = frozenset()
    most: int = 500
    scope: str = ""

    def __post_init__(self) -> None:
        self.web = WebServer(self._answer)
        self.scope = self.scope or SCOPES[self.version]
        self._oauth1 = SignatureOnlyEndpoint(_Keys())

    def __enter__(self) -> Self:
        self.web.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.web.__exit__()

    @property
    def lists(self) -> list[Asked]:
        """The requests for users and organisations."""
        return [asked for asked in self.web.asked if asked.path != "/token"]

    def access(self, **changes: Any) -> Access:
        """Build what the connector is made with."""
        options = {
            "url": self.web.url + BASES[self.version],
            "client_id": KEY,
            "client_secret": SECRET,
            "token_url": f"{self.web.url}/token",
            "page_size": 500,
            "full_every_days": 7,
        }
        fields = {name: changes.pop(name) for name in ("bookmark", "now") if name in changes}
        return an_access(options | changes, web=LOOPBACK, **fields)

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            return self._give_token(asked)
        if not self._is_allowed(asked):
            return _error(401, "unauthorisedrequest")
        path = asked.path.removeprefix(BASES[self.version] + "/")
        if path not in {"users", "orgs"}:
            return _error(404, "unknownobject")
        return self._page(path, asked.query)

    def _give_token(self, asked: Asked) -> Reply:
        pair = base64.b64encode(f"{KEY}:{SECRET.replace(' ', '%20')}".encode()).decode()
        form = parse_qs(asked.body.decode())
        if asked.headers.get("authorization") != f"Basic {pair}":
            return json_reply({"error": "invalid_client"}, 401)
        if form.get("grant_type") != ["client_credentials"] or "invalid_scope" in self.habits:
            return json_reply({"error": "invalid_scope"}, 400)
        token = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}
        return json_reply(token | {"scope": self.scope})

    def _is_allowed(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "")
        if given.startswith("OAuth "):
            url = self.web.url + asked.target
            valid, _ = self._oauth1.validate_request(url, "GET", None, {"Authorization": given})
            return bool(valid)
        return given == f"Bearer {TOKEN}"

    def _page(self, path: str, query: dict[str, str]) -> Reply:
        objects = self.users if path == "users" else self.orgs
        if "filter" in query:
            if "no_filter" in self.habits:
                return _error(400, "invalid_filter_field")
            found = re.fullmatch(r"dateLastModified>='([^']+)'", query["filter"])
            if not found:
                return _error(400, "invalid_filter_field")
            objects = [one for one in objects if one["dateLastModified"] >= found[1]]
        if query.get("sort") == "sourcedId" and "unsorted" not in self.habits:
            objects = sorted(objects, key=lambda one: str(one["sourcedId"]))
        limit = min(int(query.get("limit", 100)), self.most)
        start = 0 if "no_offset" in self.habits else int(query.get("offset", 0))
        fields = query.get("fields", "").split(",")
        page = [
            one if "no_fields" in self.habits else {k: v for k, v in one.items() if k in fields}
            for one in objects[start : start + limit]
        ]
        headers = {} if "no_total" in self.habits else {"X-Total-Count": str(len(objects))}
        return json_reply({path: page}, Date=formatdate(usegmt=True), **headers)


class _Keys(RequestValidator):  # type: ignore[misc]
    """Knows one consumer, as OneRoster 1.1 signs: no token, every nonce once."""

    enforce_ssl = False
    dummy_client = "nobody"
    client_key_length = nonce_length = (5, 100)

    def __init__(self) -> None:
        super().__init__()
        self.nonces: set[str] = set()

    def check_client_key(self, client_key: str) -> bool:
        return True

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == KEY

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return SECRET

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: Any, nonce: str, request: Any, **_: Any
    ) -> bool:
        is_new = nonce not in self.nonces
        self.nonces.add(nonce)
        return is_new


def _error(status: int, code: str) -> Reply:
    minor = {"imsx_codeMinorField": [{"imsx_codeMinorFieldValue": code}]}
    body = {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": minor}
    return json_reply(body, status)
