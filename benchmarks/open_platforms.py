"""Every open source of public profiles on one server on loopback that takes 150 ms to answer.

The first segment of a path says which source is asked; a path of no source is a page of the
district's own site.  One account name in eight is somebody's.  The server counts the calls of each
quota that a platform documents, and the most of them in the quota's time.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection

LATENCY = 0.15
PAGES = 100
DAY, HOUR, MINUTE = 86_400, 3_600, 60
QUOTAS = {
    "gravatar": ((1_000, HOUR),),
    "github": ((5_000, HOUR),),
    "github search": ((30, MINUTE),),
    "gitlab": ((2_000, MINUTE),),
    "gitlab looks": ((300, 10 * MINUTE),),
    "youtube": ((10_000, DAY),),
    "youtube search": ((100, DAY),),
    "bluesky": ((3_000, 5 * MINUTE),),
    "mastodon a.example": ((300, 5 * MINUTE),),
    "mastodon b.example": ((300, 5 * MINUTE),),
    "discourse": ((MINUTE + 3, MINUTE),),
    "flickr": ((3_600, HOUR),),
    "tumblr": ((300, MINUTE), (1_000, HOUR), (5_000, DAY)),
    "wordpress": ((MINUTE + 1, MINUTE),),
    "wordpress_com": ((MINUTE + 1, MINUTE),),
    "blogger": ((2 * MINUTE + 5, MINUTE),),
    "stack_exchange": ((10_000, DAY), (30, 1)),
    "brave_search": ((50, 1), (33, DAY)),
    "oembed": ((MINUTE + 1, MINUTE),),
    "district_sites": ((MINUTE + 2, MINUTE),),
}
"""Calls and the seconds in which no more are allowed, as connectors/ and docs/platforms.md say."""
SINCE = "2020-01-02T03:04:05Z"
Answer = tuple[int, Any]
NOT_FOUND: Answer = (404, {"error": "unknown_blog", "message": "Not Found", "errors": []})


class Platforms(ThreadingHTTPServer):
    """Answers for every source; ``delays`` are seconds in place of 150 ms, by source."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, delays: Mapping[str, float]) -> None:
        super().__init__(("127.0.0.1", 0), Platform)
        self.delays = delays
        self.stamps: dict[str, list[float]] = defaultdict(list)
        self.lock = threading.Lock()

    def count(self, source: str, path: str, query: Mapping[str, str]) -> None:
        with self.lock:
            self.stamps[quota_of(source, path, query)].append(time.monotonic())

    def take_counts(self) -> dict[str, int]:
        """Return the calls of each quota since the last time, and raise where one was broken."""
        with self.lock:
            stamps = dict(self.stamps)
            self.stamps.clear()
        for quota, times in stamps.items():
            for most, seconds in QUOTAS[quota]:
                for first, last in zip(times, times[most:], strict=False):
                    if last - first < seconds:
                        raise RuntimeError(f"{quota}: more than {most} calls in {seconds} s")
        return {quota: len(times) for quota, times in sorted(stamps.items())}


class Platform(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Platforms

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        source, _, path = parts.path.lstrip("/").partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if source not in ANSWERS:
            source, path = "district_sites", parts.path
        self.server.count(source, path, query)
        time.sleep(self.server.delays.get(source, LATENCY))
        status, value = ANSWERS[source](path, query | {"*": parts.query})
        is_text = isinstance(value, str)
        body = (value if is_text else json.dumps(value)).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", _type_of(value) if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _type_of(text: str) -> str:
    return "application/rss+xml" if text.startswith("<?xml") else "text/html"


def serve(pipe: Connection, delays: Mapping[str, float]) -> None:
    """Serve in a process of its own; each True in the pipe is answered with the counts."""
    server = Platforms(delays)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_port)
    while pipe.recv():
        pipe.send(server.take_counts())


def quota_of(source: str, path: str, query: Mapping[str, str]) -> str:
    """Return the name of the quota that a call counts against."""
    if source in {"github", "youtube"} and path.startswith("search"):
        return f"{source} search"
    if source == "gitlab" and path.startswith("users/"):
        return "gitlab looks"
    return f"mastodon {path.partition('/')[0]}" if source == "mastodon" else source


def is_taken(name: str) -> bool:
    """Whether an account of this name exists: one in eight does, always the same ones."""
    return number(name) % 8 == 0


def is_nobody(query: Mapping[str, str]) -> bool:
    """Whether a search is for the name that nobody bears."""
    return any("Zq" in text for text in query.values())


def number(name: str) -> int:
    return zlib.crc32(name.casefold().encode()) % 900_000 + 1_000


def gravatar(path: str, query: Mapping[str, str]) -> Answer:
    hashed = path.rpartition("/")[2]
    if not is_taken(hashed):
        return NOT_FOUND
    url = f"https://gravatar.com/u{number(hashed)}"
    return 200, {"hash": hashed, "display_name": "Ida", "profile_url": url}


def github(path: str, query: Mapping[str, str]) -> Answer:
    if path.startswith("search"):
        names = [] if is_nobody(query) else [f"found{number(query['q'])}x{n}" for n in range(3)]
        rows = [{"login": name, "id": number(name), "type": "User"} for name in names]
        return 200, {"total_count": len(rows), "incomplete_results": False, "items": rows}
    if path.endswith("social_accounts"):
        return 200, []
    login = path.rpartition("/")[2]
    if not (is_taken(login) or login.startswith("found") or path.startswith("user/")):
        return NOT_FOUND
    fields = {"name": "Ida", "blog": None, "location": None, "email": None, "bio": None}
    counted = {"type": "User", "followers": 3, "created_at": SINCE}
    return 200, {"login": login, "id": number(login), **fields, **counted}


def gitlab(path: str, query: Mapping[str, str]) -> Answer:
    name = query.get("username", "")
    row = {"id": number(name), "username": name, "name": name, "state": "active"}
    row |= {"avatar_url": None, "public_email": None}
    if path == "users":
        return 200, [row] if name and is_taken(name) else []
    if path == "groups":
        return 200, []
    return (200, row | {"username": "somebody"}) if path.startswith("users/") else NOT_FOUND


def youtube(path: str, query: Mapping[str, str]) -> Answer:
    if path == "search":
        ids = [] if is_nobody(query) else [channel_id(f"{query['q']}{n}") for n in range(3)]
        return 200, {"items": [{"id": {"channelId": one}} for one in ids]}
    if "id" in query:
        ids = query["id"].split(",")
    else:
        handle = query.get("forHandle") or query.get("forUsername", "")
        ids = [channel_id(handle)] if is_taken(handle) else []
    snippet = {"title": "Channel", "description": "", "publishedAt": SINCE}
    rows = [{"id": one, "snippet": snippet} for one in ids]
    return 200, {"pageInfo": {"totalResults": len(rows)}, **({"items": rows} if rows else {})}


def channel_id(name: str) -> str:
    return f"UC{number(name):022d}"


def bluesky(path: str, query: Mapping[str, str]) -> Answer:
    if path.endswith("resolveHandle"):
        return 400, {"error": "InvalidRequest", "message": "Unable to resolve handle"}
    if path.endswith("searchActors"):
        names = [] if is_nobody(query) else [f"found{number(query['q'])}{n}.test" for n in "abc"]
        return 200, {"actors": [actor(name) for name in names]}
    if path.endswith("getProfile"):
        return 200, actor(query["actor"])
    names = [value for name, value in parse_qsl(query["*"]) if name == "actors"]
    return 200, {"profiles": [actor(one) for one in names if is_taken(one) or ":" in one]}


def actor(name: str) -> dict[str, str]:
    did = name if name.startswith("did:") else f"did:plc:{number(name):024d}"
    return {"did": did, "handle": "somebody.test" if name == did else name}


def mastodon(path: str, query: Mapping[str, str]) -> Answer:
    names = [] if is_nobody(query) else [f"found{number(query.get('q', ''))}{n}" for n in "ab"]
    if path.endswith("lookup"):
        return 200, fediverse_account(query["acct"])
    return 200, {"accounts": [fediverse_account(name) for name in names]}


def fediverse_account(name: str) -> dict[str, Any]:
    shown = {"username": name, "acct": name, "display_name": name, "note": "", "fields": []}
    return shown | {"created_at": SINCE, "followers_count": 3, "discoverable": True}


def discourse(path: str, query: Mapping[str, str]) -> Answer:
    name = path.rpartition("/")[2].removesuffix(".json")
    if name == "directory_items":
        names = [] if is_nobody(query) else [query["name"]]
        users = [{"username": f"found{number(one)}", "name": one} for one in names]
        return 200, {"directory_items": [{"user": user} for user in users]}
    is_shown = name == "system" or is_taken(name) or name.startswith("found")
    if name == "robots.txt" or not is_shown:
        return 404, {"errors": [], "error_type": "not_found"}
    return 200, {"user": {"username": name, "name": "Ida", "created_at": SINCE}}


def flickr(path: str, query: Mapping[str, str]) -> Answer:
    method = query["method"].removeprefix("flickr.")
    nobody: Answer = (200, {"stat": "fail", "code": 1, "message": "User not found"})
    if method == "groups.search":
        return 200, {"stat": "ok", "groups": {"group": []}}
    if method == "people.getInfo":
        nsid = query["user_id"]
        url = {"_content": f"https://www.flickr.com/people/{nsid}/"}
        shown = {"nsid": nsid, "username": {"_content": "somebody"}, "profileurl": url}
        return 200, {"stat": "ok", "person": shown}
    asked = query.get("find_email") or query.get("username") or query["url"]
    nsid = f"{number(asked)}@N01"
    shown = {"id": nsid, "nsid": nsid, "username": {"_content": "somebody"}}
    return (200, {"stat": "ok", "user": shown}) if is_taken(asked) else nobody


def tumblr(path: str, query: Mapping[str, str]) -> Answer:
    name = path.split("/")[1]
    shown = {"name": name, "title": "Blog", "url": f"https://{name}.tumblr.com/"}
    blog = shown | {"uuid": f"t:{number(name):022d}"}
    if not is_taken(name):
        return 404, {"meta": {"status": 404, "msg": "Not Found"}}
    return 200, {"meta": {"status": 200, "msg": "OK"}, "response": {"blog": blog}}


def wordpress_com(path: str, query: Mapping[str, str]) -> Answer:
    host = path.rpartition("/")[2]
    shown = {"ID": number(host), "name": "Blog", "URL": f"https://{host}"}
    return (200, shown) if is_taken(host) else NOT_FOUND


def blogger(path: str, query: Mapping[str, str]) -> Answer:
    url = query.get("url", path)
    if not is_taken(url):
        return 404, {"error": {"code": 404, "errors": [{"reason": "notFound"}]}}
    shown = {"id": str(number(url)), "name": "Blog", "url": url, "published": SINCE}
    return 200, shown


def wordpress(path: str, query: Mapping[str, str]) -> Answer:
    if path == "feed/":
        return 200, '<?xml version="1.0"?><rss version="2.0"><channel/></rss>'
    return 200, [{"id": 1, "name": "Ida", "link": "https://blog.example/author/1"}]


def stack_exchange(path: str, query: Mapping[str, str]) -> Answer:
    names = [] if is_nobody(query) else [f"{query.get('inname')}{n}" for n in range(3)]
    rows = [
        {"user_id": number(name), "display_name": name, "creation_date": 1_500_000_000}
        for name in names
    ]
    return 200, {"items": rows, "quota_remaining": 9_000}


def brave_search(path: str, query: Mapping[str, str]) -> Answer:
    names = [] if is_nobody(query) else [f"found{number(query['q'])}{n}" for n in "abc"]
    rows = [{"url": f"https://www.facebook.com/{name}"} for name in names]
    return 200, {"type": "search", "web": {"results": rows}}


def oembed(path: str, query: Mapping[str, str]) -> Answer:
    return 200, {"version": "1.0", "author_url": query["url"], "author_name": "Ida"}


def district_sites(path: str, query: Mapping[str, str]) -> Answer:
    if not path.startswith("/page"):
        links = "".join(f'<a href="/page/{n}">Page {n}</a>' for n in range(PAGES - 1))
        return (200, f"<!doctype html>{links}") if path == "/" else (404, "<!doctype html>")
    name = f"school{number(path)}"
    return 200, f'<!doctype html><a href="https://www.facebook.com/{name}">Follow us</a>'


ANSWERS: dict[str, Callable[[str, Mapping[str, str]], Answer]] = {
    answer.__name__: answer
    for answer in (
        gravatar, github, gitlab, youtube, bluesky, mastodon, discourse, flickr, tumblr,
        wordpress_com, blogger, wordpress, stack_exchange, brave_search, oembed, district_sites,
    )
}  # fmt: skip
