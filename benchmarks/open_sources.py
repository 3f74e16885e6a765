"""Time two nights of 6 schools and 600 staff over every open source, each answering in 150 ms.

Run as ``python -m benchmarks.open_sources``; prints one JSON line a night: seconds, calls in all
and of each quota, and when each source was done.  A call over a documented quota is an error.  A
third night, the district's first one again, has a source that takes 3 s a call and one that never
answers: it shows when the others are done.  The platforms are in a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.nightly import run_night
from auditor.registry import account_at, approve_account, request_account
from auditor.settings import load_settings
from auditor.store import open_store
from benchmarks.make_district import DOMAIN, make_district
from benchmarks.open_platforms import serve
from connectors import fediverse
from connectors.profiles import (
    blogger,
    bluesky,
    brave_search,
    discourse,
    flickr,
    github,
    gitlab,
    gravatar,
    oembed,
    stack_exchange,
    tumblr,
    wordpress_com,
    youtube,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

    from auditor.store import Store

NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
SLOWEST, MOST_SHARE = 240.0, 0.5
"""The first night's bar in seconds; the share of its calls that a second night stays under."""
MODULES = {
    "blogger": blogger,
    "bluesky": bluesky,
    "brave_search": brave_search,
    "flickr": flickr,
    "github": github,
    "gitlab": gitlab,
    "gravatar": gravatar,
    "stack_exchange": stack_exchange,
    "tumblr": tumblr,
    "wordpress_com": wordpress_com,
    "youtube": youtube,
}
KEYED = {
    "gravatar": "key", "github": "token", "gitlab": "token", "youtube": "key", "flickr": "key",
    "tumblr": "key", "blogger": "key", "stack_exchange": "key", "brave_search": "key",
}  # fmt: skip
MORE = {
    "mastodon": 'servers = ["a.example", "b.example"]',
    "discourse": 'servers = ["forum.example"]',
    "flickr": "by_address = true",
    "wordpress": 'sites = ["{url}/wordpress"]',
    "district_sites": 'websites = ["{url}"]',
}
ASKED = (*MODULES, "mastodon", "discourse", "wordpress", "oembed", "district_sites")
APPROVED = (
    "https://bsky.app/profile/marrowick.bsky.social", "https://www.youtube.com/@marrowick",
    "https://github.com/marrowick", "https://marrowick.tumblr.com/", "https://a.example/@marrowick",
    "https://www.tiktok.com/@marrowick", "https://www.tiktok.com/@alderbend",
    "https://www.pinterest.com/marrowick/", "https://www.flickr.com/photos/marrowick/",
    "https://marrowick.wordpress.com/", "https://marrowick.blogspot.com/",
)  # fmt: skip
SLOW = {"flickr": 3.0, "tumblr": 600.0}
FEW = {"flickr": "lookups_a_night = 8\nsearches_a_night = 2", "tumblr": "lookups_a_night = 1"}


def make_open_district(folder: Path, url: str, fewer: Mapping[str, str]) -> Path:
    """Write a district that asks every open source, and approve its accounts; return audit.toml."""
    make_district(folder, staff=600, schools=6, profiles=100)
    config = folder / "audit.toml"
    blocks = [config.read_text("utf-8"), '[web]\ninternal_hosts = ["127.0.0.1"]\n']
    for source in ASKED:
        block = [f"[sources.{source}]", f'connector = "{source}"', fewer.get(source, "")]
        if source in KEYED:
            (folder / source).write_text("k" * 32, "utf-8")
            (folder / source).chmod(0o600)
            block.append(f'{KEYED[source]} = {{ file = "{source}" }}')
        if source not in fewer:
            block.append(MORE.get(source, "").format(url=url))
        blocks.append("\n".join(filter(None, block)) + "\n")
    config.write_text("\n".join(blocks), "utf-8")
    store = open_store(load_settings(config).store.url)
    for address in APPROVED:
        _approve(store, address)
    store.close()
    return config


def _approve(store: Store, address: str) -> None:
    account = account_at(address)
    event = request_account(
        store.registered_accounts(), account.key, url=account.url, handle=account.handle,
        owner=f"office@{DOMAIN}", purpose="news", by="boss", at=NOW, today=NOW.date(),
    )  # fmt: skip
    store.add_registry_events([event])
    event = approve_account(
        store.registered_accounts(), account.key, review_on=None, why="agreed",
        by="boss", at=NOW, today=NOW.date(),
    )  # fmt: skip
    store.add_registry_events([event])


def time_night(
    config: Path, label: str, now: datetime, pipe: Connection, failing: tuple[str, ...] = ()
) -> tuple[float, int]:
    """Run a night and print what it took; return its seconds and calls.

    Exits where a source other than those ``failing`` did not answer in full: its calls are no
    night's.
    """
    began, done = time.monotonic(), {}

    def note(told: str) -> None:
        if told.startswith("read "):
            done[told.removeprefix("read ")] = round(time.monotonic() - began, 1)

    cpu = time.process_time()
    result = run_night(load_settings(config), now=now, tell=note)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    pipe.send(True)
    calls = pipe.recv()
    figures = {
        "night": label,
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu, 1),
        "calls": sum(calls.values()),
        "calls_of": calls,
        "done_after_s": dict(sorted(done.items(), key=lambda one: one[1])),
        "not_complete": {one.source: one.problem for one in result.readings if not one.is_complete},
    }
    print(json.dumps(figures), flush=True)
    if failed := sorted(set(figures["not_complete"]) - set(failing)):
        sys.exit(f"not complete: {', '.join(failed)}")
    return seconds, sum(calls.values())


@contextmanager
def platforms(delays: Mapping[str, float]) -> Iterator[tuple[str, Connection]]:
    """Start the platforms and lead every connector to them; give their URL and the pipe."""
    pipe, other = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(other, delays), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{pipe.recv()}"
    for name, module in MODULES.items():
        module.BASE = f"{url}/{name}"
    fediverse.BASE = f"{url}/mastodon/{{server}}"
    discourse.BASE = f"{url}/discourse/{{server}}"
    oembed.ENDPOINTS.update(dict.fromkeys(oembed.ENDPOINTS, f"{url}/oembed"))
    try:
        yield url, pipe
        pipe.send(False)
    finally:
        server.terminate()
        server.join()


def main() -> None:
    """Run the nights; exit with 1 where a bar is missed."""
    with platforms({}) as (url, pipe), tempfile.TemporaryDirectory() as folder:
        config = make_open_district(Path(folder), url, {})
        seconds, first = time_night(config, "first", NOW, pipe)
        _, second = time_night(config, "second", NOW + timedelta(days=1), pipe)
    with platforms(SLOW) as (url, pipe), tempfile.TemporaryDirectory() as folder:
        config = make_open_district(Path(folder), url, FEW)
        time_night(config, "first, flickr slow, tumblr silent", NOW, pipe, ("tumblr",))
    if seconds > SLOWEST or second >= first * MOST_SHARE:
        sys.exit(f"{seconds:.0f} s and {second} of {first} calls: a bar is missed")


if __name__ == "__main__":
    main()
