"""One encrypted, verified, read-only LDAP connection: bind, the root entry, paged searches.

RFC 4511 (protocol), 4513 (StartTLS before any bind), 2696 (paged results); MS-ADTS 3.1.1.3.2 for
the root entry of Active Directory.  Referrals are never followed, and a result code that is not
success raises, since an unpaged or limited search ends early without any other sign.
"""

from __future__ import annotations

import re
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from ldap3 import BASE, NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import (
    LDAPExceptionError,
    LDAPInvalidDnError,
    LDAPInvalidFilterError,
    LDAPObjectClassError,
)
from pyasn1.error import PyAsn1Error

from connectors.directory.ldap_errors import ELSEWHERE, Errors
from connectors.errors import NotConfigured, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from connectors.source import Access

PAGE = 1000
"""Entries a page: what Active Directory's MaxPageSize allows unless it was lowered."""
PAGED = "1.2.840.113556.1.4.319"
CONNECT_SECONDS, ANSWER_SECONDS = 10, 60
MOST_EMPTY_PAGES = 20
MOST_BYTES = 4096
"""A longer value is no name, address, title or unit; it is left out."""
ROOT = (
    "defaultNamingContext", "namingContexts", "supportedControl", "supportedCapabilities",
    "highestCommittedUSN", "dsServiceName", "currentTime",
)  # fmt: skip
ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"

BROKEN = (LDAPExceptionError, PyAsn1Error, OSError, ValueError, TypeError, LookupError)
"""What ldap3 lets through when an answer is no LDAP, besides its own errors."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as the server sent it: its DN, values as bytes by attribute name in small letters.

    A value that is longer than any we read is not there.
    """

    dn: str
    values: Mapping[str, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Root:
    """What the server says of itself: where the directory begins, its kind and its position."""

    base: str
    is_active_directory: bool
    can_page: bool
    usn: int | None
    service: str
    clock: str


class LdapConnection:
    """A bound connection; use as a context manager.  ``calls`` counts requests."""

    def __init__(self, access: Access) -> None:
        """Take url, user, password and ca_file from the settings; NotConfigured if they are off."""
        self._source = access.source
        options = access.options
        self._host, self._port, self._is_ldaps = _read_url(access.source, options["url"])
        self._errors = Errors(access.source, self._host, is_ldaps=self._is_ldaps)
        ca_file = options.get("ca_file")
        self._ca_file = access.folder / ca_file if ca_file else access.web.ca_file
        if not options["user"].strip() or not options["password"]:
            raise self._errors.misconfigured(
                "the setting 'user' or 'password' is empty, which servers take for nobody",
                "Give the distinguished name or user@domain of a read-only account",
            )
        self._user, self._password = options["user"].strip(), options["password"]
        self.calls = 0
        self.places_not_read = 0
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        server = Server(
            self._host,
            port=self._port,
            use_ssl=self._is_ldaps,
            tls=_VerifiedTls(self._make_context(), self._host),
            get_info=NONE,
            connect_timeout=CONNECT_SECONDS,
        )
        self._connection = Connection(
            server,
            user=self._user,
            password=self._password,
            read_only=True,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
            receive_timeout=ANSWER_SECONDS,
        )
        with ExitStack() as undo:
            undo.callback(self._close)
            self._open(self._connection)
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def read_root(self) -> Root:
        """Read the root entry; NotConfigured when no base can be told from it."""
        entry = self.read_entry("", ROOT)
        values = entry.values if entry else {}
        contexts = _texts(values, "defaultnamingcontext") or _texts(values, "namingcontexts")
        usn = "".join(_texts(values, "highestcommittedusn"))
        return Root(
            base=contexts[0] if len(contexts) == 1 else "",
            is_active_directory=ACTIVE_DIRECTORY in _texts(values, "supportedcapabilities"),
            can_page=PAGED in _texts(values, "supportedcontrol"),
            usn=int(usn) if usn.isascii() and usn.isdigit() else None,
            service="".join(_texts(values, "dsservicename")),
            clock="".join(_texts(values, "currenttime")),
        )

    def read_entry(self, dn: str, attributes: Sequence[str]) -> Raw | None:
        """Return one entry by its DN, None when there is none or it may not be seen."""
        found, result = self._ask(dn, "(objectClass=*)", attributes, BASE, None, b"")
        if result["result"] in ELSEWHERE:
            return None
        self._errors.check(result, dn, 0)
        return found[0] if found else None

    def search(
        self, base: str, wanted: str, attributes: Sequence[str], *, is_paged: bool
    ) -> Iterator[Raw]:
        """Yield every entry below ``base`` that fits the filter, page by page.

        Raises UnexpectedAnswer when the server stops at a limit or its pages go round.
        """
        cookie, seen, empty, count = b"", set[str](), 0, 0
        while True:
            size = PAGE if is_paged else None
            found, result = self._ask(base, wanted, attributes, SUBTREE, size, cookie)
            self._errors.check(result, base, count + len(found))
            fresh = [entry for entry in found if entry.dn.casefold() not in seen]
            empty = 0 if fresh else empty + 1
            cookie = _next_cookie(result)
            if (found and not fresh) or empty > MOST_EMPTY_PAGES:
                raise UnexpectedAnswer(
                    self._source,
                    f"the server's pages go round after {len(seen)} entries",
                    "Try again later; if it stays, tell the server's administrator",
                )
            seen.update(entry.dn.casefold() for entry in fresh)
            count += len(fresh)
            yield from fresh
            if not cookie:
                return

    def _open(self, connection: Connection) -> None:
        try:
            if self._is_ldaps:
                connection.open(read_server_info=False)
            else:
                connection.open(read_server_info=False)
                connection.start_tls(read_server_info=False)
                self.calls += 1
            self.calls += 1
            is_bound = connection.bind(read_server_info=False)
        except BROKEN as error:
            raise self._errors.explain(error) from None
        if not is_bound:
            raise self._errors.explain_refusal(connection.result)

    def _ask(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        scope: Literal["BASE", "SUBTREE"],
        size: int | None,
        cookie: bytes,
    ) -> tuple[list[Raw], dict[str, Any]]:
        connection = self._connection
        if connection is None:
            raise RuntimeError("the connection is not open")
        self.calls += 1
        try:
            connection.search(
                base,
                wanted,
                search_scope=scope,
                attributes=list(attributes),
                paged_size=size,
                paged_criticality=True,
                paged_cookie=cookie or None,
            )
            response = connection.response or []
            entries = [_read_raw(item) for item in response if item["type"] == "searchResEntry"]
        except (LDAPInvalidFilterError, LDAPObjectClassError):
            raise self._errors.misconfigured(
                "the setting 'filter' is not an LDAP filter", "Write it as in (employeeType=staff)"
            ) from None
        except LDAPInvalidDnError:
            raise self._errors.misconfigured(
                "a unit or group is not a distinguished name",
                "Write it in full, as in OU=Staff,DC=district,DC=example",
            ) from None
        except BROKEN as error:
            raise self._errors.explain(error) from None
        self.places_not_read += sum(map(_is_elsewhere, response))
        return entries, connection.result

    def _make_context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError:
            raise self._errors.misconfigured(
                "the setting 'ca_file' names no readable file of certificates",
                "Give the PEM file of the authority that issued the server's certificate",
            ) from None

    def _close(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            if not connection.closed:
                connection.unbind()
        except BROKEN:
            pass
        finally:
            if connection.socket is not None:
                connection.socket.close()


class _VerifiedTls(Tls):
    """TLS by Python's own rules, host name included: ldap3 checks names by code of its own."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context, self._host = context, host

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:  # noqa: ARG002
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)


def _read_url(source: str, url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"ldap", "ldaps"} or not host or parts.username or parts.query:
        raise NotConfigured(
            source,
            "the setting 'url' is not the address of a directory server",
            "Write ldaps://HOST, or ldap://HOST for StartTLS",
        )
    is_ldaps = parts.scheme == "ldaps"
    return host, port or (636 if is_ldaps else 389), is_ldaps


def _read_raw(item: Mapping[str, Any]) -> Raw:
    values = {
        name.casefold(): [value for value in found if len(value) <= MOST_BYTES]
        for name, found in item["raw_attributes"].items()
    }
    return Raw(str(item["dn"]), values)


def _is_elsewhere(item: Mapping[str, Any]) -> bool:
    """Say whether an item points to another server, beyond Active Directory's own partitions."""
    if item["type"] != "searchResRef":
        return False
    return not any(
        re.search(r"/(CN=Configuration|DC=(Domain|Forest)DnsZones),", str(uri), re.IGNORECASE)
        for uri in item.get("uri", ())
    )


def _next_cookie(result: Mapping[str, Any]) -> bytes:
    control = (result.get("controls") or {}).get(PAGED) or {}
    cookie = (control.get("value") or {}).get("cookie") or b""
    return bytes(cookie)


def _texts(values: Mapping[str, Sequence[bytes]], name: str) -> list[str]:
    return [value.decode("utf-8", "replace") for value in values.get(name, ())]
