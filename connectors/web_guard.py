"""Where requests may go: no private address behind a public name, checked where it connects.

A name is resolved once; every address it has is checked, and the connection is made to one of those
very addresses, so that a name which resolves differently a moment later (DNS rebinding) gains
nothing.  Decimal, octal and short forms of an address are resolved by the system and then checked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.errors import NotConfigured, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Resolve = Callable[[str, int], list[str]]

NAT64 = ipaddress.ip_network("64:ff9b::/96")
IETF_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system resolves it, best first; OSError if none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, also what is embedded in it.

    Private, shared (CGNAT), loopback, link-local, multicast, reserved and unspecified addresses are
    not (IANA's special-purpose registries, RFC 6890), nor IPv6 forms that carry such an IPv4 one.
    """
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one in IETF_PROTOCOLS)
        for one in [address, *_embedded(address)]
        if one not in NAT64
    )


def _embedded(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address] = [
        one for one in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if one
    ]
    if address in NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def show_host(host: str | None) -> str:
    """Return a host's name fit for an error: its plain characters, at most 60."""
    return re.sub(r"[^\w.:-]", "?", host or "?", flags=re.ASCII)[:60]


class Guard:
    """Says which URLs and addresses a source may ask; ``internal`` hosts may be private ones."""

    def __init__(
        self, source: str, internal: frozenset[str], resolve: Resolve | None = None
    ) -> None:
        self._source, self._internal, self._resolve = source, internal, resolve

    def is_internal(self, host: str | None) -> bool:
        """Whether the settings name this host as one of the district's own network."""
        return (host or "").lower().rstrip(".") in self._internal

    def check_url(self, url: str, *, has_secret: bool = False) -> str:
        """Return the host of a URL that may be asked; UnexpectedAnswer for any other.

        A request with a secret goes over https, or to an internal host: else NotConfigured.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise self._refuse("leads to an address that is no URL") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise self._refuse("leads to something that is not http or https")
        if parts.username is not None or parts.password is not None:
            raise self._refuse("leads to a URL with a name or password in it")
        if has_secret and parts.scheme == "http" and not self.is_internal(host):
            raise NotConfigured(
                self._source,
                f"a secret would go to {show_host(host)} unencrypted",
                "Give its address with https:// in audit.toml",
            )
        return host

    def check_step(self, url: str, following: str) -> None:
        """Refuse a redirect from a server of the public web to one of the internal hosts."""
        host = self.check_url(following)
        if self.is_internal(host) and not self.is_internal(self.check_url(url)):
            raise self._private(host)

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, all of them allowed; OSError where it has none.

        Raises UnexpectedAnswer where one of them is private.
        """
        try:
            found = (self._resolve or resolve)(host, port)
        except UnicodeError:
            raise self._refuse("leads to an address that is no URL") from None
        if not self.is_internal(host) and not all(map(is_public, found)):
            raise self._private(host)
        return found

    def check_literal(self, host: str) -> None:
        """Refuse a private address written as such, for requests whose name a proxy resolves."""
        try:
            found = socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            found = []
        is_local = host.lower().rstrip(".").rpartition(".")[2] in {"localhost", "local", "internal"}
        if is_local or not all(is_public(str(entry[4][0])) for entry in found):
            raise self._private(host)

    def _private(self, host: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            self._source,
            f"{show_host(host)} is at a private address, which is never asked",
            "If it is a server of the district's own, add its name to internal_hosts under [web]",
        )

    def _refuse(self, problem: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(self._source, problem, "Check the source's address in audit.toml")
