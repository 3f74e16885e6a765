"""Connections to checked addresses only, whose answers must be whole by a deadline."""

from __future__ import annotations

import http.client
import io
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from connectors.pacing import Timer
    from connectors.web_guard import Guard

READ_SECONDS = 30.0
ANSWER_SECONDS = 120.0
"""One answer, from its first header to its last byte, whatever the single reads take."""


class _TimedStream(io.RawIOBase):
    """The bytes of an answer as they come, until its deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, timer: Timer) -> None:
        self._raw, self._sock, self._timer = raw, sock, timer
        self._deadline = timer.monotonic() + ANSWER_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - self._timer.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(READ_SECONDS, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose headers and body must be there by the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, timer: Timer, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Any = self.fp.detach()
        self.fp = io.BufferedReader(_TimedStream(raw, sock, timer))


class _GuardedConnection(HTTPConnection):
    """Connects to an address that the guard has checked, and to no other."""

    guard: ClassVar[Guard]
    timer: ClassVar[Timer]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_class: Any = partial(_TimedResponse, timer=self.timer)

    def _new_conn(self) -> socket.socket:
        if self.proxy is not None:
            return super()._new_conn()
        try:
            addresses = self.guard.addresses(self.host, self.port or 443)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        for address in addresses[:-1]:
            try:
                return self._connect(address)
            except (NewConnectionError, ConnectTimeoutError):
                continue
        return self._connect(addresses[-1])

    def _connect(self, address: str) -> socket.socket:
        try:
            return create_connection(
                (address, self.port or 443),
                self.timeout,
                source_address=self.source_address,
                socket_options=self.socket_options,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "the connection timed out") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same, with TLS above it."""


class GuardedAdapter(HTTPAdapter):
    """An adapter whose pools, direct or to the proxy, make guarded connections."""

    def __init__(self, guard: Guard, timer: Timer, most_connections: int) -> None:
        parts = {"guard": guard, "timer": timer}
        plain = type("GuardedConnection", (_GuardedConnection,), parts)
        tls = type("GuardedTlsConnection", (_GuardedTlsConnection,), parts)
        self._pools: dict[str, Any] = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
        super().__init__(pool_connections=32, pool_maxsize=most_connections, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the pools of connections to the proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager
