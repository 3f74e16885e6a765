"""The file or folder that a setting names: found, readable, not too large, and how old."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

from connectors.errors import AccessRefused, NotConfigured, SourceUnavailable, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from connectors.errors import ConnectorError
    from connectors.source import Access

E = TypeVar("E", bound=Exception)

MAX_FILE = 500_000_000
OLD_AFTER_DAYS = 14


def find_input(access: Access, setting: str = "path") -> Path:
    """Return the existing file or folder that the setting names.

    Raises NotConfigured if the setting is empty, SourceUnavailable if nothing is there.
    """
    shown = str(access.options.get(setting) or "")
    if not shown or "\0" in shown:
        raise NotConfigured(access.source, f"'{setting}' names no file", "Name it in audit.toml")
    path = access.folder / shown
    try:
        if path.is_file() or path.is_dir():
            return path
    except OSError as error:
        raise explain(error, access.source, path.name) from None
    raise SourceUnavailable(
        access.source,
        f"'{show(path.name)}' is not there",
        f"Check '{setting}' in audit.toml and whether the export was delivered",
    )


def check_file(path: Path, source: str, limit: int = MAX_FILE) -> None:
    """Refuse an empty or too large file (``limit`` in bytes): UnexpectedAnswer."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise explain(error, source, path.name) from None
    if not size:
        raise UnexpectedAnswer(source, f"'{show(path.name)}' is empty", "Export it again")
    if size > limit:
        raise UnexpectedAnswer(
            source,
            f"'{show(path.name)}' is larger than {limit // 1_000_000} MB",
            "Check that it is the right file, or export staff only",
        )


def open_input(path: Path, source: str) -> io.BufferedReader:
    """Open a file of at most 500 MB whose later read errors are ``ConnectorError`` as well."""
    check_file(path, source)

    try:
        stream = ConvertingStream(
            path.open("rb"), OSError, lambda error: explain(error, source, path.name)
        )
        return io.BufferedReader(stream)
    except OSError as error:
        raise explain(error, source, path.name) from None


class ConvertingStream(io.RawIOBase, Generic[E]):
    """A stream whose own errors (of the types ``kinds``) come out as what ``convert`` returns."""

    def __init__(
        self,
        stream: BinaryIO,
        kinds: type[E] | tuple[type[E], ...],
        convert: Callable[[E], ConnectorError],
    ) -> None:
        self._stream, self._kinds, self._convert = stream, kinds, convert

    def readable(self) -> bool:
        """Return True: it is for reading only."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; returns the number of bytes, 0 at the end."""
        try:
            data = self._stream.read(len(buffer))
        except self._kinds as error:
            raise self._convert(error) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream beneath as well."""
        self._stream.close()
        super().close()


def explain(error: OSError, source: str, name: str) -> AccessRefused | SourceUnavailable:
    """Turn an error of the file system into the connector's error to raise."""
    if isinstance(error, PermissionError):
        return AccessRefused(
            source,
            f"'{show(name)}' may not be read",
            "Give the account that runs the audit permission to read it",
        )
    return SourceUnavailable(
        source,
        f"'{show(name)}' could not be read ({type(error).__name__})",
        "Check the disk or the network share; the next run tries again",
    )


def note_age(paths: Iterable[Path], now: datetime) -> tuple[str, ...]:
    """Return a note if the newest file changed more than 14 days before ``now`` (aware)."""
    try:
        newest = max((path.stat().st_mtime for path in paths), default=None)
    except OSError:
        return ()
    if newest is None:
        return ()
    days = (now - datetime.fromtimestamp(newest, UTC)).days
    if days <= OLD_AFTER_DAYS:
        return ()
    return (f"The file was last changed {days} days ago; people may have come or left since.",)


def show(name: str, limit: int = 40) -> str:
    """Make a name that came from outside fit for a sentence: printable, short, no address."""
    if "@" in name:
        return "(a name with an address in it)"
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


def show_some(names: Iterable[str], limit: int = 10) -> str:
    """List at most ``limit`` names for a sentence."""
    shown = [show(name) for name in names]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return (", ".join(shown[:limit]) + more) or "nothing"
