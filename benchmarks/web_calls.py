"""Time 2,000 calls to a server on loopback that takes 150 ms to answer each.

Run as ``python -m benchmarks.web_calls [CALLS]``; prints one JSON line for each number of
connections: the seconds, the ideal (calls x 150 ms / connections), their ratio, and CPU per call.
The server runs in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.source import Access, WebOptions
from connectors.web import WebSession

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LATENCY = 0.15
BODY = json.dumps({"data": [{"id": n, "name": "Maple Falls"} for n in range(40)]}).encode()


class Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        time.sleep(LATENCY)
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def serve(port: Connection) -> None:
    server = Server(("127.0.0.1", 0), Slow)
    port.send(server.server_port)
    server.serve_forever()


def time_calls(url: str, calls: int, connections: int) -> dict[str, float]:
    web = WebOptions(internal_hosts=frozenset({"127.0.0.1"}))
    access = Access("bench", {}, Path(), ("district.example",), datetime.now(UTC), web)
    with (
        WebSession(access, most_connections=connections) as session,
        ThreadPoolExecutor(connections) as pool,
    ):
        began, cpu = time.perf_counter(), time.process_time()
        answers = pool.map(lambda n: session.get(f"{url}/{n}").json(), range(calls))
        assert sum(len(answer["data"]) for answer in answers) == calls * 40
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    ideal = calls * LATENCY / connections
    return {
        "calls": calls,
        "connections": connections,
        "seconds": round(seconds, 2),
        "ideal": round(ideal, 2),
        "ratio": round(seconds / ideal, 3),
        "cpu_ms_per_call": round(cpu / calls * 1000, 2),
    }


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    for connections in (8, 16):
        print(json.dumps(time_calls(url, calls, connections)), flush=True)
    process.terminate()
    process.join()


if __name__ == "__main__":
    main()
