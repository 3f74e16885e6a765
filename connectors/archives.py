"""Zip archives and folders, read in place and within caps: nothing is unpacked to disk.

`safezip` refuses overlapping and quoted entries (Fifield, "A better zip bomb", 2019), ZIP64 lies
and too many or too large entries.  It hands contents out only by writing them to disk, where the
records of students must not lie about, so members are streamed here with `zipfile`, which never
yields more bytes than an entry declares and checks its CRC.
"""

from __future__ import annotations

import io
import stat
import sys
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NoReturn, Protocol, cast

from connectors.errors import UnexpectedAnswer
from connectors.inputs import (
    MAX_FILE,
    ConvertingStream,
    check_file,
    explain,
    open_input,
    show,
    show_some,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STREAMABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
SEND_PLAIN = "Ask for an ordinary zip of the CSV files"


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of an archive: bytes unpacked, entries, and unpacked to packed size of large entries."""

    member: int = MAX_FILE
    total: int = 4 * MAX_FILE
    files: int = 200
    ratio: int = 200
    ratio_from: int = 10_000_000


class Members(Protocol):
    """The files of an archive or folder by name; ``open`` ignores case and raises KeyError."""

    label: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names as found, without the one folder around them."""
        ...

    def open(self, name: str) -> io.BufferedReader:
        """Stream one file; damage met while reading raises a ``ConnectorError``."""
        ...


class Archive:
    """The files of a zip; made by ``open_archive``, which has checked it."""

    def __init__(self, archive: zipfile.ZipFile, source: str, label: str) -> None:
        self._archive, self._source, self.label = archive, source, label
        self._entries = _index(archive, source, label)

    @property
    def names(self) -> tuple[str, ...]:
        """Names as found, without the one folder around them."""
        return tuple(name for name, _ in self._entries.values())

    def open(self, name: str) -> io.BufferedReader:
        """Stream one entry; reading raises UnexpectedAnswer if its data or its CRC is wrong."""
        found, entry = self._entries[name.casefold()]
        problem = UnexpectedAnswer(
            self._source,
            f"'{show(found)}' in '{show(self.label)}' is damaged",
            "Deliver the archive again",
        )
        try:
            stream = cast("BinaryIO", self._archive.open(entry))
        except DAMAGE:
            raise problem from None
        return io.BufferedReader(ConvertingStream(stream, DAMAGE, lambda _: problem))


class Folder:
    """The files directly in a folder; two that differ only in case are refused."""

    def __init__(self, path: Path, source: str) -> None:
        self._source, self.label = source, path.name
        try:
            files = sorted(entry for entry in path.iterdir() if entry.is_file())
        except OSError as error:
            raise explain(error, source, path.name) from None
        _refuse_repeated((file.name for file in files), source, self.label)
        self._files = {file.name.casefold(): file for file in files}

    @property
    def names(self) -> tuple[str, ...]:
        """Names as found."""
        return tuple(file.name for file in self._files.values())

    def open(self, name: str) -> io.BufferedReader:
        """Stream one file; raises UnexpectedAnswer if it is empty or too large."""
        return open_input(self._files[name.casefold()], self._source)


@contextmanager
def open_members(path: Path, source: str) -> Iterator[Members]:
    """Open a zip or a folder alike."""
    if path.is_dir():
        yield Folder(path, source)
        return
    with open_archive(path, source) as archive:
        yield archive


@contextmanager
def open_archive(path: Path, source: str, limits: Limits | None = None) -> Iterator[Archive]:
    """Open a zip after checking it against the caps; UnexpectedAnswer says what is wrong."""
    check_file(path, source)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise explain(error, source, path.name) from None
    with raw:
        check_archive(raw, source, path.name, limits or Limits())
        raw.seek(0)
        with zipfile.ZipFile(raw) as archive:
            yield Archive(archive, source, path.name)


def check_archive(raw: BinaryIO, source: str, label: str, limits: Limits) -> None:
    """Refuse an archive over the caps, damaged, encrypted or with names that climb out of it."""
    import safezip

    def refuse(problem: str, advice: str = SEND_PLAIN) -> NoReturn:
        raise UnexpectedAnswer(source, f"'{show(label)}' {problem}", advice)

    try:
        with safezip.SafeZipFile(
            raw,
            max_files=limits.files,
            max_file_size=limits.member,
            max_total_size=sys.maxsize,
        ) as archive:
            entries: list[zipfile.ZipInfo] = archive.infolist()
    except safezip.FileCountExceededError:
        refuse(f"holds more than {limits.files} files")
    except safezip.FileSizeExceededError:
        refuse(f"holds a file of more than {limits.member // 1_000_000} MB unpacked")
    except (safezip.SafezipError, *DAMAGE):
        refuse(
            "is not a readable zip archive: damaged, cut short or built to mislead",
            "Wait until the delivery has ended, or deliver it again",
        )
    problem = _find_problem(entries, limits)
    if problem:
        refuse(problem)


def _find_problem(entries: list[zipfile.ZipInfo], limits: Limits) -> str | None:
    if sum(entry.file_size for entry in entries) > limits.total:
        return f"holds more than {limits.total // 1_000_000} MB unpacked"
    if any(_is_bomb(entry, limits) for entry in entries):
        return f"unpacks to more than {limits.ratio} times its size, which no real export does"
    if any(entry.flag_bits & 0x1 for entry in entries):
        return "is protected by a password"
    if not all(entry.filename for entry in entries):
        return "holds a file without a name"
    if any(_climbs(entry.filename) for entry in entries):
        return "holds a file name that points outside the archive"
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        return "holds a symbolic link"
    if any(entry.compress_type not in STREAMABLE for entry in entries):
        return "uses a compression method that cannot be read within limits"
    return None


def _is_bomb(entry: zipfile.ZipInfo, limits: Limits) -> bool:
    return entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(
        entry.compress_size, 1
    )


def _climbs(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"


def _index(
    archive: zipfile.ZipFile, source: str, label: str
) -> dict[str, tuple[str, zipfile.ZipInfo]]:
    files = [
        (parts, entry)
        for entry in archive.infolist()
        if not entry.is_dir() and (parts := _parts(entry.filename))
    ]
    tops = {parts[0] if len(parts) > 1 else "" for parts, _ in files}
    depth = 1 if len(tops) == 1 and "" not in tops else 0
    named = [("/".join(parts[depth:]), entry) for parts, entry in files]
    _refuse_repeated((name for name, _ in named), source, label)
    return {name.casefold(): (name, entry) for name, entry in named}


def _parts(name: str) -> tuple[str, ...]:
    """Split a member's name; empty for the hidden files that macOS and others add."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return () if is_hidden else parts


def _refuse_repeated(names: Iterable[str], source: str, label: str) -> None:
    counts = Counter(name.casefold() for name in names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise UnexpectedAnswer(
            source,
            f"'{show(label)}' holds more than one file named {show_some(repeated)}",
            "Keep one of each and deliver it again",
        )
