"""Records what a real server answers, once, and answers the same again without it.

``record`` stands as a proxy between a connector and a real server on loopback and writes a file;
``replay`` reads that file and takes the server's place.  A file is a list of exchanges, sorted:
method, target (path and query), body asked, status, the headers named in ``KEPT``, body answered.
Headers asked are never written: tokens stand in them.  The server's own host and port, wherever
they stand in targets, headers and bodies, become those of whoever answers.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.web_server import Asked, Reply, WebServer

KEPT = frozenset({"content-type", "etag", "link", "location", "retry-after"})
KEPT_BEGINNINGS = ("ratelimit-", "x-oauth-", "x-ratelimit-", "x-wp-")
NOT_SENT_ON = frozenset({"accept-encoding", "connection", "content-length", "host"})
SERVER = "recorded-server.invalid:0"
SECONDS = 60
RECORDED = Path(__file__).parents[1] / "data/recorded"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; JSON bodies are kept as JSON, others as text or in base64."""

    method: str
    target: str
    asked: str
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def key(self) -> Key:
        return self.method, self.target, self.asked


def file_of(server: str, test: str) -> Path:
    """Return where a test's exchanges with a server are kept; each test has a file of its own."""
    plain = re.sub(r"[^a-z0-9_]+", "-", test.lower()).strip("-")[:120]
    is_told = plain == test.replace("[", "-").removesuffix("]")
    mark = "" if is_told else f"-{hashlib.sha256(test.encode()).hexdigest()[:8]}"
    return RECORDED / server / f"{plain}{mark}.json"


@contextmanager
def record(upstream: str, file: Path, hosts: Iterable[str] = ()) -> Iterator[str]:
    """Pass requests on to a server and write all exchanges at the end; yields the proxy's URL.

    ``hosts`` are other names and ports ("localhost:2584") by which the server calls itself.
    """
    names = (_host(upstream), *hosts)
    exchanges: list[Exchange] = []
    lock = threading.Lock()

    def answer(asked: Asked) -> Reply:
        here = _host(proxy.url)
        exchange = _exchange(_key(asked, here, *names), _pass_on(asked, here, names[0]), names)
        with lock:
            exchanges.append(exchange)
        return _reply(exchange, here)

    with WebServer(answer) as proxy:
        yield proxy.url
    rows = [asdict(one) for one in sorted(exchanges, key=lambda one: one.key)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def replay(file: Path) -> Iterator[str]:
    """Answer as recorded, the same request in the order of its answers; yields the base URL.

    At the end AssertionError names requests that are not in the recording (or were asked more often
    than there), and, where all else went well, those in it that nobody asked.
    """
    waiting: dict[Key, list[Exchange]] = {}
    for row in json.loads(file.read_text()):
        exchange = Exchange(**row)
        waiting.setdefault(exchange.key, []).append(exchange)
    strange: Counter[Key] = Counter()
    lock = threading.Lock()

    def answer(asked: Asked) -> Reply:
        here = _host(server.url)
        key = _key(asked, here)
        with lock:
            if left := waiting.get(key):
                return _reply(left.pop(0), here)
            strange[key] += 1
        return Reply(501, body=b"this request is not in the recording")

    with WebServer(answer) as server:
        try:
            yield server.url
        finally:
            if strange:
                raise AssertionError(f"not in {file.name}: {_tell(strange)}")
    if unasked := [key for key, left in waiting.items() if left]:
        raise AssertionError(f"recorded in {file.name} but not asked: {_tell(unasked)}")


def _pass_on(asked: Asked, here: str, there: str) -> Reply:
    connection = http.client.HTTPConnection(there, timeout=SECONDS)
    headers = {name: text for name, text in asked.headers.items() if name not in NOT_SENT_ON}
    target = _rename(asked.target, here, there)
    body = _rename(asked.body.decode("latin-1"), here, there).encode("latin-1")
    try:
        connection.request(asked.method, target, body or None, headers)
        answer = connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def _exchange(key: Key, reply: Reply, names: tuple[str, ...]) -> Exchange:
    kept = {name: _mask(text, names) for name, text in reply.headers.items() if _is_kept(name)}
    return Exchange(*key, reply.status, kept, _keep(bytes(reply.body), names))  # type: ignore[arg-type]


def _key(asked: Asked, *names: str) -> Key:
    body = asked.body.decode("utf-8", "backslashreplace")
    return asked.method, _mask(asked.target, names), _mask(body, names)


def _keep(body: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    try:
        text = _mask(body.decode(), names)
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    try:
        return {"json": json.loads(text)}
    except ValueError:
        return {"text": text}


def _reply(exchange: Exchange, here: str) -> Reply:
    ((form, kept),) = exchange.body.items()
    headers = {name: _rename(text, SERVER, here) for name, text in exchange.headers.items()}
    if form == "base64":
        return Reply(exchange.status, headers, base64.b64decode(kept))
    text = json.dumps(kept, ensure_ascii=False) if form == "json" else kept
    return Reply(exchange.status, headers, _rename(text, SERVER, here).encode())


def _is_kept(name: str) -> bool:
    return name.lower() in KEPT or name.lower().startswith(KEPT_BEGINNINGS)


def _mask(text: str, names: Iterable[str]) -> str:
    for name in names:
        text = _rename(text, name, SERVER)
    return text


def _rename(text: str, old: str, new: str) -> str:
    for colon in (":", "%3A", "%3a"):
        text = text.replace(old.replace(":", colon), new.replace(":", colon))
    return text


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _tell(keys: Iterable[Key]) -> str:
    return "; ".join(" ".join(filter(None, key)) for key in keys)
