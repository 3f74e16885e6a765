"""The rows of ``platforms.toml`` as written, and how they become the compiled table."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date  # noqa: TC003 - msgspec reads the annotation
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from connectors.platform_table import (
    SERVER,
    Folding,
    Platform,
    Reason,
    Shape,
    Site,
    Table,
    fold_name,
)
from connectors.records import ProfileKind  # noqa: TC001 - msgspec reads the annotation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FLAGS = re.ASCII | re.IGNORECASE


class ShapeRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One ``[[shape]]`` as written; the head of platforms.toml explains the keys."""

    path: str
    url: str
    id: str | None = None
    hosts: tuple[str, ...] = ()
    kind: ProfileKind | None = None
    tabs: str = ""
    handle: str | None = None
    native: str | None = None
    hinted: bool = False
    bare: bool = False


class PlatformRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One ``[platform.KEY]`` as written."""

    title: str
    hosts: tuple[str, ...]
    handle: str
    shape: tuple[ShapeRow, ...]
    names: tuple[str, ...] = ()
    prefixes: str = "m|mobile"
    native: str = "(?!)"
    named_by_policy: bool = False
    retired_on: date | None = None
    folding: Folding = Folding.LOWER
    reserved: dict[str, str] = {}


class TableFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole of platforms.toml as written."""

    platform: dict[str, PlatformRow]
    refused_hosts: dict[str, str] = {}


def read_rows(text: bytes) -> TableFile:
    """Read and check the table as written; msgspec.ValidationError names a wrong key."""
    return msgspec.toml.decode(text, type=TableFile)


def compile_table(rows: TableFile) -> Table:
    """Compile the rows; re.error or KeyError name a wrong pattern or reason."""
    platforms = {key: _platform(key, row) for key, row in rows.platform.items()}
    reserved = {key: dict(_by_word(row.reserved)) for key, row in rows.platform.items()}
    shapes = {
        key: tuple(_shape(platforms[key], row, shape, reserved[key]) for shape in row.shape)
        for key, row in rows.platform.items()
    }
    names = {
        fold_name(name): key
        for key, row in rows.platform.items()
        for name in (key, row.title, *row.names)
    }
    owners = {host: key for key, row in rows.platform.items() for host in row.hosts}
    sites = {host: Site((), reserved=reserved[key]) for host, key in owners.items()}
    anywhere: list[Shape] = []
    hinted: dict[str, list[Shape]] = defaultdict(list)
    for key, host, written, shape in _by_host(rows, shapes):
        owners.setdefault(host, key)
        if host == "*":
            (hinted[key] if written.hinted else anywhere).append(shape)
            continue
        known = sites.get(host, Site((), reserved=reserved[key]))
        query = re.search(r"\\\?(\w+)=", written.path)
        sites[host] = known._replace(
            shapes=(*known.shapes, shape), query=query[1] if query else known.query
        )
    return Table(
        MappingProxyType(platforms),
        names,
        shapes,
        {host: site for host, site in sites.items() if not host.startswith("*.")},
        {host[2:]: site for host, site in sites.items() if host.startswith("*.")},
        {host: re.compile(rows.platform[key].prefixes, _FLAGS) for host, key in owners.items()},
        dict(_by_word(rows.refused_hosts)),
        Site(tuple(anywhere)),
        {key: Site((*own, *anywhere)) for key, own in hinted.items()},
    )


def _by_host(
    rows: TableFile, shapes: Mapping[str, tuple[Shape, ...]]
) -> Iterator[tuple[str, str, ShapeRow, Shape]]:
    for key, row in rows.platform.items():
        for written, shape in zip(row.shape, shapes[key], strict=True):
            for host in written.hosts or row.hosts:
                yield key, host, written, shape


def _platform(key: str, row: PlatformRow) -> Platform:
    return Platform(
        key,
        row.title,
        row.named_by_policy,
        row.retired_on,
        row.folding,
        row.hosts,
        row.names,
        re.compile(row.native, re.ASCII),
    )


def _shape(
    platform: Platform, row: PlatformRow, shape: ShapeRow, reserved: Mapping[str, Reason]
) -> Shape:
    """Compile one row; reserved words count only where the handle may open the path."""
    handle, native = shape.handle or row.handle, shape.native or row.native
    tabs = "|".join(map(re.escape, shape.tabs.split()))
    written = shape.id or ("{native}" if "{native}" in shape.path else "{handle}")
    identity = re.sub(r"^([^{]+)", lambda m: f"(?:{re.escape(m[1])})", written)
    if shape.bare:
        identity = re.sub(r"^(\(\?:.+?\))", r"\1?", identity)
    path = _filled(shape.path, handle, native) + (f"(?:/(?:{tabs}))?" if tabs else "")
    opens = re.compile(shape.path.replace("{handle}", "\0"), _FLAGS).fullmatch("\0")
    return Shape(
        platform,
        re.compile(path, _FLAGS),
        re.compile(_filled(identity, handle, native), _FLAGS),
        written,
        shape.url,
        shape.kind,
        reserved if opens else {},
        "{native}" in shape.path,
        _around_handle(shape.url),
    )


def _around_handle(url: str) -> tuple[str, str] | None:
    before, handle, after = url.partition("{handle}")
    return (before, after) if handle and "{" not in before + after else None


def _filled(pattern: str, handle: str, native: str) -> str:
    """Put the groups in; ids keep their case even where words do not."""
    groups = {"handle": handle, "native": f"(?-i:{native})", "server": SERVER}
    for name, inner in groups.items():
        pattern = pattern.replace(f"{{{name}}}", f"(?P<{name}>{inner})")
    return pattern


def _by_word(reserved: Mapping[str, str]) -> Iterator[tuple[str, Reason]]:
    for reason, words in reserved.items():
        for word in words.split():
            yield word.lower(), Reason[reason.upper()]
