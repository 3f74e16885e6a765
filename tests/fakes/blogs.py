"""Blogs and pictures on loopback: Flickr by its own method list, WordPress, Brave."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tests.fakes.platforms import PlatformServer
from tests.fakes.web_server import Reply, json_reply

if TYPE_CHECKING:
    from tests.fakes.web_server import Asked

FLICKR_ARGUMENTS = {
    "flickr.people.findByEmail": {"find_email"},
    "flickr.people.findByUsername": {"username"},
    "flickr.people.getInfo": {"user_id"},
    "flickr.urls.lookupUser": {"url"},
    "flickr.urls.lookupGroup": {"url"},
    "flickr.groups.search": {"text", "per_page", "page"},
}
"""What flickr.reflection.getMethodInfo says each method takes besides the key."""


def flickr_failure(code: int, message: str) -> Reply:
    """Answer a failure as Flickr does: with HTTP 200."""
    return json_reply({"stat": "fail", "code": code, "message": message})


class FlickrServer(PlatformServer):
    """Knows people by nsid; addresses, names and URLs lead to an nsid."""

    def __init__(self, api_key: str) -> None:
        super().__init__()
        self.api_key = api_key
        self.people: dict[str, dict[str, Any]] = {}
        self.by: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.groups: dict[str, list[tuple[str, str]]] = {}
        self.routes["/services/rest/"] = self._serve

    def add(self, nsid: str, alias: str, **texts: str) -> None:
        named = {name: {"_content": text} for name, text in texts.items()}
        self.people[nsid] = {
            "id": nsid,
            "nsid": nsid,
            "ispro": 0,
            "iconserver": "122",
            "username": {"_content": alias},
            "realname": {"_content": "Maple Fork"},
            "location": {"_content": "Vancouver, Canada"},
            "photosurl": {"_content": f"https://www.flickr.com/photos/{alias}/"},
            "profileurl": {"_content": f"https://www.flickr.com/people/{alias}/"},
        } | named
        self.by[f"https://www.flickr.com/photos/{alias}"] = nsid

    def _serve(self, asked: Asked) -> Reply:
        query = asked.query
        method = query["method"]
        given = set(query) - {"method", "api_key", "format", "nojsoncallback"}
        if query["api_key"] != self.api_key:
            return flickr_failure(100, "Invalid API Key (Key has invalid format)")
        if method not in FLICKR_ARGUMENTS or not given <= FLICKR_ARGUMENTS[method]:
            return flickr_failure(112, f'Method "{method}" not found')
        if method == "flickr.groups.search":
            rows = [{"nsid": n, "name": t, "eighteenplus": 0} for n, t in self._found(query)]
            page = {"page": 1, "pages": 1, "perpage": 5, "total": len(rows), "group": rows}
            return json_reply({"groups": page, "stat": "ok"})
        return self._one(method, next(query[name] for name in given))

    def _found(self, query: dict[str, str]) -> list[tuple[str, str]]:
        return self.groups.get(query["text"], [])

    def _one(self, method: str, value: str) -> Reply:
        if method == "flickr.people.getInfo":
            if value in self.deleted:
                return flickr_failure(5, "User deleted")
            if value not in self.people:
                return flickr_failure(1, "User not found")
            return json_reply({"person": self.people[value], "stat": "ok"})
        nsid = self.by.get(value)
        if nsid is None:
            return flickr_failure(1, "User not found")
        if method == "flickr.urls.lookupGroup":
            named = {"id": nsid, "groupname": {"_content": "Maple Fork Photographers"}}
            return json_reply({"group": named, "stat": "ok"})
        name = {"_content": "maplefork"}
        named = {"id": nsid, "username": name}
        if method.startswith("flickr.people"):
            named["nsid"] = nsid
        return json_reply({"user": named, "stat": "ok"})


def an_author(number: int, name: str, address: str, how: str = "md5") -> dict[str, Any]:
    """Build an author as wp/v2/users lists one."""
    hashed = hashlib.new(how, address.strip().lower().encode(), usedforsecurity=False).hexdigest()
    sizes = {str(s): f"https://secure.gravatar.com/avatar/{hashed}?s={s}&d=mm" for s in (24, 96)}
    return {
        "id": number,
        "name": name,
        "url": "",
        "description": "",
        "link": f"http://127.0.0.1/author/{number}",
        "slug": f"author-{number}",
        "avatar_urls": sizes,
        "meta": [],
    }


FRONT = Reply(headers={"Content-Type": "text/html; charset=UTF-8"}, body=b"<!doctype html>Blog")


class WordPressServer(PlatformServer):
    """Lists authors a page at a time; ``is_plain`` without pretty addresses.

    Such a blog answers its first page wherever it is asked, as WordPress does behind nginx.
    """

    def __init__(self) -> None:
        code = {"code": "rest_no_route", "message": "No route", "data": {"status": 404}}
        super().__init__(json_reply(code, 404))
        self.authors: list[dict[str, Any]] = []
        self.is_plain = False
        self.routes["/wp-json/wp/v2/users"] = self._pretty
        self.routes["/"] = self._plain
        self.routes["/feed/"] = lambda asked: FRONT if self.is_plain else self.feed
        self.feed = a_feed("<dc:creator>Ida</dc:creator>")

    def _pretty(self, asked: Asked) -> Reply:
        return FRONT if self.is_plain else self._list(asked)

    def _plain(self, asked: Asked) -> Reply:
        if asked.query.get("feed") == "rss2":
            return self.feed
        is_ours = asked.query.get("rest_route") == "/wp/v2/users"
        return self._list(asked) if is_ours else FRONT

    def _list(self, asked: Asked) -> Reply:
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        pages = -(-len(self.authors) // size)
        rows = self.authors[(page - 1) * size : page * size]
        return json_reply(rows, X_WP_Total=str(len(self.authors)), X_WP_TotalPages=str(pages))


def a_feed(authors: str) -> Reply:
    """Answer an RSS 2.0 feed with one item by ``authors``."""
    body = (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Blog</title><item><title>Post</title>{authors}</item></channel></rss>"
    )
    return Reply(headers={"Content-Type": "application/rss+xml"}, body=body.encode())
