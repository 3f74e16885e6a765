"""A Microsoft tenant on loopback: sign-in, Graph v1.0 with pages, deltas and every fault.

Each request is checked against the published entities (tests/data/graph): path, ``$select`` and
``$filter`` may name nothing else.  It speaks TLS, since msal asks no authority without.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from connectors import graph_access
from connectors.graph_access import Cloud
from connectors.source import WebOptions
from tests.builders import NOW, an_access
from tests.fakes.web_server import Reply, WebServer, json_reply

if TYPE_CHECKING:
    from typing import Self

    import pytest

    from connectors.source import Access
    from tests.fakes.web_server import Asked

ENTITIES = json.loads((Path(__file__).parents[1] / "data/graph/entities.json").read_text())
TENANT = "7f1d0a52-0000-4000-8000-00000000aaaa"
CLIENT = "7f1d0a52-0000-4000-8000-00000000bbbb"
SECRET = "s3cret~Value.of-the-app"
ENTITY_OF = {
    "/users": "user",
    "/oauth2PermissionGrants": "oAuth2PermissionGrant",
    "/servicePrincipals": "servicePrincipal",
    "/auditLogs/signIns": "signIn",
    "/education/schools": "educationSchool",
    "/domains": "domain",
}
HAS_DELTA = {"/users", "/oauth2PermissionGrants", "/servicePrincipals"}
ALLOWED = {"$select", "$top", "$filter", "$skiptoken", "$deltatoken"}
PAGE = {"/auditLogs/signIns": 1000}
IN = re.compile(r"id in \(((?:'[0-9a-f-]{36}',?){1,15})\)")
SIGN_INS = re.compile(
    r"createdDateTime ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) and \((appId eq '[0-9a-f-]{36}'"
    r"(?: or appId eq '[0-9a-f-]{36}')*)\)"
)


def guid(number: int, kind: int = 0) -> str:
    """Make an id."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def properties(entity: str) -> dict[str, str]:
    """Return the properties of an entity with those of its bases."""
    found = {**ENTITIES[entity]["properties"]}
    base = ENTITIES[entity]["base"]
    return {**found, **(properties(base.removeprefix("graph.")) if base else {})}


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Reply:
    """Answer as Graph refuses."""
    inner = {"date": "2024-03-14T04:30:00", "request-id": "r", "client-request-id": "c"}
    error = {"code": code, "message": message, "innerError": inner}
    return json_reply({"error": error}, status, **headers)


def sign_in_refusal(code: int, status: int = 401, error: str = "invalid_client") -> Reply:
    """Answer as the token endpoint refuses."""
    text = f"AADSTS{code}: no. Trace ID: t Correlation ID: c"
    return json_reply({"error": error, "error_description": text, "error_codes": [code]}, status)


class FakeGraph:
    """One tenant; ``lists`` holds its objects by path, in order; change them by ``put`` etc."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[str, dict[str, Any]]] = {path: {} for path in ENTITY_OF}
        self.members: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.roles = ["User.Read.All"]
        self.page_size = 999
        self.delta_page_size = 200
        self.clock: datetime = NOW
        self.wrongs: list[str] = []
        self.changes: dict[str, list[dict[str, Any]]] = {path: [] for path in HAS_DELTA}
        self._faults: list[tuple[str, int, list[Reply], bool]] = []
        self._seen: dict[int, int] = defaultdict(int)
        self.server = WebServer(self.answer, tls=make_tls()[0])

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1.0"

    @property
    def graph_calls(self) -> list[Asked]:
        return [asked for asked in self.server.asked if asked.path.startswith("/v1.0/")]

    def access(self, patch: pytest.MonkeyPatch, options: Any = None, **changes: Any) -> Access:
        """Build what a connector of this tenant is made with."""
        patch.setitem(graph_access.CLOUDS, "global", Cloud(self.server.url, self.server.url))
        own = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        web = WebOptions(ca_file=make_tls()[1], internal_hosts=frozenset({"127.0.0.1"}))
        return an_access({**own, **(options or {})}, **{"web": web, **changes})

    def put(self, path: str, **fields: Any) -> dict[str, Any]:
        """Add or change an object; deltas tell it."""
        known = properties(ENTITY_OF[path])
        assert set(fields) <= set(known), set(fields) - set(known)
        thing = {**self.lists[path].get(fields["id"], {}), **fields}
        self.lists[path][fields["id"]] = thing
        if path in HAS_DELTA:
            self.changes[path].append({"id": fields["id"]})
        return thing

    def delete(self, path: str, key: str, reason: str = "deleted") -> None:
        """Take an object away; deltas tell it."""
        self.lists[path].pop(key)
        if path in HAS_DELTA:
            self.changes[path].append({"id": key, "@removed": {"reason": reason}})

    def fail(self, path: str, *replies: Reply, after: int = 0, forever: bool = False) -> None:
        """Answer so when a path that begins so is asked, after it was answered well so often."""
        self._faults.append((path, after, list(replies), forever))

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/v1.0")
        for number, (start, after, replies, forever) in enumerate(self._faults):
            if path.startswith(start) and replies:
                self._seen[number] += 1
                if self._seen[number] > after:
                    return replies[0] if forever else replies.pop(0)
        try:
            reply = self._graph(path, asked) if path != asked.path else self._login(asked)
        except AssertionError as error:
            self.wrongs.append(f"{path}: {error}")
            return refusal(400, "BadRequest")
        reply.headers["Date"] = format_datetime(self.clock, usegmt=True)
        return reply

    def _login(self, asked: Asked) -> Reply:
        base = f"{self.server.url}/{TENANT}"
        if asked.path.endswith("/v2.0/.well-known/openid-configuration"):
            return json_reply(
                {
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "issuer": f"{base}/v2.0",
                }
            )
        assert asked.path == f"/{TENANT}/oauth2/v2.0/token", "unknown sign-in path"
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == f"{self.server.url}/.default"
        assert form.get("client_id", CLIENT) == CLIENT
        if form.get("client_secret") != SECRET and "client_assertion" not in form:
            return sign_in_refusal(7000215)
        claims = json.dumps({"roles": self.roles, "aud": self.server.url}).encode()
        part = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
        token = f"e30.{part}.c2ln"
        return json_reply({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _graph(self, path: str, asked: Asked) -> Reply:
        if not asked.headers.get("authorization", "").startswith("Bearer e30."):
            return refusal(401, "InvalidAuthenticationToken")
        query = asked.query
        assert set(query) <= ALLOWED, f"unknown parameters {set(query) - ALLOWED}"
        if path.startswith("/education/schools/"):
            return self._list(path, self.members[path.split("/")[3]], "educationUser", query)
        if path.endswith("/delta"):
            return self._delta(path, query)
        assert path in ENTITY_OF, "no such path"
        return self._list(path, self._filter(path, query), ENTITY_OF[path], query)

    def _filter(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        things = list(self.lists[path].values())
        wanted = query.get("$filter")
        if path == "/users" and wanted:
            match = IN.fullmatch(wanted)
            assert match, f"filter {wanted}"
            return [one for one in things if f"'{one['id']}'" in match[1]]
        if path == "/auditLogs/signIns":
            match = SIGN_INS.fullmatch(wanted or "")
            assert match, f"filter {wanted}"
            found = [
                one
                for one in things
                if one["createdDateTime"] >= match[1] and f"'{one['appId']}'" in match[2]
            ]
            return sorted(found, key=lambda one: one["createdDateTime"], reverse=True)
        assert not wanted, "no filter here"
        return things

    def _list(
        self, path: str, things: list[dict[str, Any]], entity: str, query: dict[str, str]
    ) -> Reply:
        names = _check_select(entity, query)
        top = int(query.get("$top", PAGE.get(path, 100)))
        assert 1 <= top <= PAGE.get(path, 999), f"$top={top}"
        start = int(query.get("$skiptoken", 0))
        end = start + min(top, self.page_size)
        page: dict[str, Any] = {"value": [_pick(one, names) for one in things[start:end]]}
        if end < len(things):
            page["@odata.nextLink"] = self._link(path, {**query, "$skiptoken": str(end)})
        return json_reply(page)

    def _delta(self, path: str, query: dict[str, str]) -> Reply:
        path = path.removesuffix("/delta")
        assert path in HAS_DELTA, "no delta here"
        assert "$top" not in query, "$top is not supported on delta"
        log = self.changes[path]
        token = query.get("$deltatoken") or query.get("$skiptoken")
        names = _check_select(ENTITY_OF[path], query)
        page: dict[str, Any] = {"value": []}
        start = len(log) if token == "latest" else int(token or 0)
        end = min(start + self.delta_page_size, len(log))
        for change in log[start:end]:
            now = self.lists[path].get(change["id"])
            gone = change if "@removed" in change else {"id": change["id"]}
            page["value"].append(_pick(now, names) if now else {**gone, "@removed": {"reason": ""}})
        is_last = end == len(log)
        key, name = ("$deltatoken", "delta") if is_last else ("$skiptoken", "next")
        more = {"$select": query["$select"], key: str(end)}
        page[f"@odata.{name}Link"] = self._link(f"{path}/delta", more)
        return json_reply(page)

    def _link(self, path: str, query: dict[str, str]) -> str:
        return f"{self.url}{path}?{urlencode(query)}"


def _check_select(entity: str, query: dict[str, str]) -> list[str]:
    known = properties(entity)
    if "$select" not in query:
        assert entity == "signIn", "$select is missing"
        return list(known)
    names = query["$select"].split(",")
    assert set(names) <= set(known), f"$select of {set(names) - set(known)}"
    return names


def _pick(thing: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: thing[name] for name in names if name in thing}


@cache
def make_tls() -> tuple[ssl.SSLContext, Path]:
    """Return the server's context and the file of the authority to trust."""
    file = Path(tempfile.mkdtemp()) / "authority.pem"
    file.write_text(make_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


def make_pem(days: int = 3650, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> str:
    """Make a private key and a certificate for 127.0.0.1, both in one text."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()
