"""A web server on loopback that answers as told, with every fault of the web, and a timer."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from connectors.source import WebOptions

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Self

LOOPBACK = WebOptions(internal_hosts=frozenset({"127.0.0.1", "localhost"}))


class FakeTimer:
    """A clock that moves only when something sleeps, or by ``step`` at each look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 1000.0, step
        self.slept: list[float] = []

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """What to answer; ``length`` replaces the true Content-Length, None sends none at all.

    ``head`` is written among the headers, piece by piece.  ``is_reset`` cuts the connection after
    the body without a farewell.  A body that is an iterable
    of bytes is written piece by piece until the other side has had enough.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    length: int | None = -1
    is_reset: bool = False
    head: Iterable[bytes] = ()


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """Answer JSON; ``Retry_After="3"`` becomes a header."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Reply(status, {"Content-Type": "application/json", **named}, body)


def gzip_reply(body: bytes, cut: int = 0) -> Reply:
    """Answer compressed; ``cut`` bytes of its end are missing although the length is right."""
    packed = gzip.compress(body)
    return Reply(headers={"Content-Encoding": "gzip"}, body=packed[: len(packed) - cut])


HTML = Reply(headers={"Content-Type": "text/html"}, body=b"<!doctype html><title>Sign in</title>")
RESET = Reply(headers={"Content-Type": "application/json"}, body=b'{"a', length=99, is_reset=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left in the middle, which is what many tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class WebServer:
    """Serves on 127.0.0.1; ``faults`` are answered first, then ``answer`` is asked."""

    def __init__(
        self, answer: Callable[[Asked], Reply] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer or (lambda asked: json_reply({"path": asked.target}))
        self.faults: deque[Reply] = deque()
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def queue(self, *faults: Reply) -> None:
        """Answer the next requests so, one each."""
        self.faults.extend(faults)

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self.faults:
                return self.faults.popleft()
        return self.answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(size))
                try:
                    _write(self, server.reply_to(asked))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = do

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _write(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    handler.send_response_only(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    pieces = (reply.body,) if isinstance(reply.body, bytes) else reply.body
    length = reply.length
    if length == -1:
        length = len(reply.body) if isinstance(reply.body, bytes) else None
    if length is None:
        handler.close_connection = True
        handler.send_header("Connection", "close")
    elif reply.status != 304:
        handler.send_header("Content-Length", str(length))
    handler.flush_headers()
    for piece in reply.head:
        handler.wfile.write(piece)
    handler.end_headers()
    if handler.command != "HEAD" and reply.status != 304:
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
    if reply.is_reset:
        handler.close_connection = True
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.connection.close()
