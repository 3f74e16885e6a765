"""An LDAP server on loopback (RFC 4511) with TLS, pages, limits, update numbers and faults.

It knows what the connector needs: simple bind, StartTLS, search with base and subtree scope, the
filters and, or, not, equality, presence and >=, and paged results (RFC 2696).  The cases it must
pass are also run against Debian's slapd and Samba (tests/realservers).
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from tests.connectors.ldap_people import LdapServer, people, units

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "Correct-horse-9"
PAGED = b"1.2.840.113556.1.4.319"
START_TLS = b"1.3.6.1.4.1.1466.20037"
INVOCATION = uuid.UUID(int=7).bytes
SERVICE = "CN=NTDS Settings,CN=DC1,CN=Configuration"
Values = dict[str, list[bytes]]


@dataclass
class FakeLdap:
    """The server; fields are its contents, limits and faults, changed by a test at will.

    ``clock`` is what it says the time is, the true one unless told otherwise.
    """

    files: dict[str, Path]
    is_ad: bool
    base: str = "DC=maplefalls,DC=example"
    entries: dict[str, Values] = field(default_factory=dict)
    usn: int = 5000
    invocation: bytes = INVOCATION
    most: int = 0
    can_page: bool = True
    offers_tls: bool = True
    bind_result: tuple[int, bytes] = (0, b"")
    search_result: int = 0
    refers_to: tuple[bytes, ...] = ()
    fault: str = ""
    clock: datetime | None = None
    staff: int = 110
    students: int = 30
    filters: list[Any] = field(default_factory=list)
    asked_for: set[str] = field(default_factory=set)
    sent_in_the_clear: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.files["cert"], self.files["key"])
        for dn, values in (
            *units(self.base),
            *people(self.base, self.staff, self.students, is_ad=self.is_ad),
        ):
            self.put(dn, {name: [v.encode() for v in found] for name, found in values.items()})
        self._servers = [self._listen(is_tls=is_tls) for is_tls in (False, True)]
        ports = [server.server_address[1] for server in self._servers]
        user = f"CN=reader,{self.base}"
        self.server = LdapServer(
            ports[0],
            ports[1],
            self.files["ca"],
            self.base,
            user,
            PASSWORD,
            self.is_ad,
            self.staff,
            self.students,
        )

    def put(self, dn: str, values: dict[str, list[bytes]]) -> None:
        """Add an entry or change it; its update number grows."""
        entry = self.entries.setdefault(dn, {})
        entry |= {name.casefold(): found for name, found in values.items()}
        self.usn += 1
        number = uuid.uuid5(uuid.NAMESPACE_DNS, dn)
        if b"inetOrgPerson" in entry.get("objectclass", ()):
            entry.setdefault("entryuuid", [str(number).encode()])
        if self.is_ad:
            entry["usnchanged"] = [str(self.usn).encode()]
            entry.setdefault("objectguid", [number.bytes_le])
            entry.setdefault("objectcategory", [b"person"])

    def move(self, dn: str, to: str) -> None:
        """Rename an entry, as an administrator who moves it to another unit does."""
        self.entries[to] = self.entries.pop(dn)
        self.put(to, {})

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _listen(self, *, is_tls: bool) -> socketserver.ThreadingTCPServer:
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                session = _Session(fake, self.request, is_tls=is_tls)
                try:
                    if is_tls:
                        session.sock = fake.wrap(self.request)
                    session.run()
                except OSError:
                    return
                finally:
                    session.sock.close()

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        return server

    def wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(sock, server_side=True)

    def root(self) -> Values:
        values: Values = {"namingcontexts": [self.base.encode()]}
        if self.can_page:
            values["supportedcontrol"] = [PAGED]
        if self.is_ad:
            values |= {
                "defaultnamingcontext": [self.base.encode()],
                "supportedcapabilities": [b"1.2.840.113556.1.4.800"],
                "highestcommittedusn": [str(self.usn).encode()],
                "dsservicename": [SERVICE.encode()],
                "currenttime": [self._now()],
            }
        return values

    def _now(self) -> bytes:
        return f"{self.clock or datetime.now(UTC):%Y%m%d%H%M%S}.0Z".encode()

    def find(self, base: str, scope: int, wanted: Any) -> list[tuple[str, Values]] | None:
        """Return what a search finds; None when there is no such base."""
        if scope == 0:
            special = {"": self.root(), SERVICE: {"invocationid": [self.invocation]}}
            known = {_plain(dn): values for dn, values in (self.entries | special).items()}
            found = known.get(_plain(base))
            return None if found is None else [(base, found)]
        end = _plain(base)
        if end != _plain(self.base) and end not in map(_plain, self.entries):
            return None
        below = [(dn, v) for dn, v in self.entries.items() if _plain(dn).endswith("," + end)]
        return [(dn, values) for dn, values in below if _fits(values, wanted)]


class _Session:
    """One connection to the fake."""

    def __init__(self, fake: FakeLdap, sock: socket.socket, *, is_tls: bool) -> None:
        self.fake, self.sock, self.is_tls = fake, sock, is_tls
        self.is_bound, self.pages = False, 0
        sock.settimeout(10)

    def run(self) -> None:
        while message := self._receive():
            _, (number, request, *controls) = _decode(message)
            tag, body = request
            if tag == 0x42:
                return
            if tag == 0x77:
                self._start_tls(number[1], body)
            elif tag == 0x60:
                self._bind(number[1], body)
            elif tag == 0x63 and not self._search(number[1], body, controls):
                return

    def _receive(self) -> bytes:
        head = self._read(2)
        if len(head) < 2:
            return b""
        size = head[1]
        if size & 0x80:
            more = self._read(size & 0x7F)
            head, size = head + more, int.from_bytes(more, "big")
        return head + self._read(size)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (piece := self.sock.recv(size - len(data))):
            data += piece
        if not self.is_tls:
            self.fake.sent_in_the_clear.append(data)
        return data

    def _start_tls(self, number: bytes, body: Any) -> None:
        is_known = body[0][1] == START_TLS and self.fake.offers_tls
        self._send(number, _result(0x78, 0 if is_known else 2))
        if is_known:
            self.sock, self.is_tls = self.fake.wrap(self.sock), True

    def _bind(self, number: bytes, body: Any) -> None:
        code, message = self.fake.bind_result
        name, password = body[1][1].decode(), body[2][1].decode()
        if (name, password) != (self.fake.server.user, self.fake.server.password):
            code, message = 49, message or b"80090308: LdapErr: DSID-0C09, data 52e, v4563"
        self.is_bound = code == 0
        self._send(number, _result(0x61, code, message))

    def _search(self, number: bytes, body: Any, controls: list[Any]) -> bool:
        base, scope = body[0][1].decode(), body[1][1][0]
        wanted, names = body[6], [name[1].decode().casefold() for name in body[7][1]]
        fake = self.fake
        found = fake.find(base, scope, wanted) if self.is_bound else None
        if found is None:
            self._send(number, _result(0x65, 32 if self.is_bound else 50))
            return True
        if scope == 2:
            self.pages += 1
            fake.filters.append(wanted)
            fake.asked_for.update(names)
            if self._break(number):
                return False
            self._send_page(number, found, names, _paged(controls))
        else:
            self._send_entries(number, found, names)
            self._send(number, _result(0x65, 0))
        return True

    def _send_page(
        self, number: bytes, found: list[Any], names: list[str], paged: tuple[int, int] | None
    ) -> None:
        fake, code, control = self.fake, self.fake.search_result, b""
        if paged:
            size, start = paged
            start = 0 if fake.fault == "loop" else start
            page, end = found[start : start + size], start + size
            cookie = str(end).encode() if end < len(found) or fake.fault == "loop" else b""
            value = _tlv(0x30, _tlv(2, b"\0") + _tlv(4, cookie))
            parts = _tlv(4, PAGED) + _tlv(4, value)
            control = _tlv(0xA0, _tlv(0x30, parts))
        else:
            page = found
        if fake.most and len(page) > fake.most:
            page, code = page[: fake.most], 4
        self._send_entries(number, page, names)
        for uri in fake.refers_to:
            self._send(number, _tlv(0x73, _tlv(4, uri)))
        self._send(number, _result(0x65, code), control)

    def _send_entries(self, number: bytes, page: list[Any], names: list[str]) -> None:
        for dn, values in page:
            kept = {name: values[name] for name in names if values.get(name)}
            self._send(number, _entry(dn, kept))

    def _break(self, number: bytes) -> bool:
        """Break the connection at the second page, if that is the fault."""
        if self.pages < 2 or self.fake.fault not in {"reset", "garbage", "cut"}:
            return False
        if self.fake.fault == "garbage":
            self.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"<html>" * 20)
        elif self.fake.fault == "cut":
            self.sock.sendall(_tlv(0x30, _tlv(2, number) + _result(0x65, 0))[:-4])
        self.sock.close()
        return True

    def _send(self, number: bytes, operation: bytes, controls: bytes = b"") -> None:
        self.sock.sendall(_tlv(0x30, _tlv(2, number) + operation + controls))


def _plain(dn: str) -> str:
    return dn.casefold().replace("\\2c", "\\,")


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value


def _result(tag: int, code: int, message: bytes = b"") -> bytes:
    return _tlv(tag, _tlv(0x0A, bytes((code,))) + _tlv(4, b"") + _tlv(4, message))


def _entry(dn: str, values: Values) -> bytes:
    attributes = b"".join(
        _tlv(0x30, _tlv(4, name.encode()) + _tlv(0x31, b"".join(_tlv(4, v) for v in found)))
        for name, found in values.items()
    )
    return _tlv(0x64, _tlv(4, dn.encode()) + _tlv(0x30, attributes))


def _decode(data: bytes) -> tuple[int, Any]:
    return next(_decode_all(data))


def _decode_all(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        value = data[at : at + size]
        at += size
        yield tag, list(_decode_all(value)) if tag & 0x20 else value


def _paged(controls: list[Any]) -> tuple[int, int] | None:
    for _, found in controls[0][1] if controls else ():
        if found[0][1] == PAGED:
            _, (size, cookie) = _decode(found[-1][1])
            return int.from_bytes(size[1], "big"), int(cookie[1] or b"0")
    return None


def _fits(values: Values, wanted: Any) -> bool:
    tag, body = wanted
    if tag in {0xA0, 0xA1}:
        return (all if tag == 0xA0 else any)(_fits(values, part) for part in body)
    if tag == 0xA2:
        return not _fits(values, body[0])
    if tag == 0x87:
        return body.decode().casefold() in values
    name, value = body[0][1].decode().casefold(), body[1][1]
    found = values.get(name, [])
    if tag == 0xA5:
        return any(int(one) >= int(value) for one in found)
    return any(one.lower() == value.lower() for one in found)
