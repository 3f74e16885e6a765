"""Lists of profiles as files: small writers, and what reads them back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from connectors.profiles.file import ProfileFile
from connectors.records import Profile
from tests.builders import an_access

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.records import Harvest

FULL = {
    "profile_id": "7",
    "platform": "facebook",
    "handle": "MapleFallsHS",
    "display_name": "Maple Falls High School",
    "bio": "Home of the Herons",
    "url": "https://www.facebook.com/maplefallshs?ref=x",
    "website": "https://maplefalls.example",
    "location": "Maple Falls",
    "verified": True,
    "native_id": "100064000000001",
    "created_on": "2019-05-04",
    "followers": 1234,
    "public_address": "office@maplefalls.example",
    "kind": "page",
    "seen_at": "2031-03-13T22:00:00Z",
}
LEAST = {"url": "https://x.com/maplefallshs"}


def write_lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def write_csv(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(line + "\r\n" for line in lines).encode(encoding))
    return path


def write_parquet(path: Path, columns: dict[str, Any], **how: Any) -> Path:
    parquet.write_table(pa.table(columns), path, **how)
    return path


def source_of(path: Path, pattern: str | None = None) -> ProfileFile:
    return ProfileFile(an_access({"path": pattern or path.name}, folder=path.parent))


def fetch(path: Path, pattern: str | None = None) -> Harvest:
    return source_of(path, pattern).fetch()


def fetch_lines(folder: Path, *rows: object) -> Harvest:
    return fetch(write_lines(folder / "p.jsonl", *rows))


def fetch_one(folder: Path, **changes: object) -> Profile:
    [profile] = fetch_lines(folder, LEAST | changes).profiles
    return profile
