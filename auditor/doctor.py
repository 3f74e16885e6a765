"""Does everything a night needs work?  Settings, store, reports, mail and each source, tried."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from auditor.access import check_source, grant_access, surprises_told
from auditor.errors import AuditError, StoreLocked
from auditor.spending import open_purse
from auditor.wording import count
from connectors import build
from connectors.errors import AccessRefused, ConnectorError, NotConfigured
from connectors.source import Check, Checkable, CheckState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from auditor.settings import Settings, SourceSettings
    from auditor.spending import Purse
    from connectors.source import Source

STALE_DAYS = 7
GOOD, WARNING, BAD = CheckState
SETTINGS = frozenset({"settings", "secret"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the examination: of what (a part or a source), and how it went.

    ``is_settings`` and ``is_refusal`` tell what a BAD one is: for the exit code.
    """

    part: str
    check: Check
    is_settings: bool = False
    is_refusal: bool = False


def examine(settings: Settings, source: str | None, now: datetime | None = None) -> Iterator[Line]:
    """Try every part, or one source; whatever fails, the others are tried all the same."""
    now = now or datetime.now(UTC)
    if source is None:
        seen = f"{settings.path.name} {settings.digest}, {count(len(settings.sources), 'source')}"
        yield Line("settings", Check("valid", GOOD, seen))
        yield from _guarded("store", lambda: _try_store(settings))
        yield from _guarded("reports", lambda: _try_folder(settings.reports_folder))
        if settings.summary is not None:
            yield from _guarded("mail", lambda: _try_mail(settings))
    for one in settings.source_list:
        if source in {None, one.name}:
            attempt = partial(_try_source, settings, one, now)
            yield from _guarded(one.name, attempt, ("settings", "access"))


def exit_code(lines: Iterable[Line]) -> int:
    """Return 0 when nothing is bad, 2 for settings, 4 for refused access, else 3."""
    bad = [line for line in lines if line.check.state is BAD]
    if not bad:
        return 0
    if any(line.is_settings for line in bad):
        return 2
    return 4 if any(line.is_refusal for line in bad) else 3


def _try_source(settings: Settings, source: SourceSettings, now: datetime) -> Iterator[Check]:
    """Try one source: settings, secrets, then its own checks or its files."""
    kind = check_source(settings, source)
    yield Check("settings", GOOD, source.connector)
    with open_purse(settings, source, now) as purse:
        yield from _try_access(settings, source, now, kind, purse)


def _try_access(
    settings: Settings,
    source: SourceSettings,
    now: datetime,
    kind: type[Source],
    purse: Purse | None,
) -> Iterator[Check]:
    try:
        granted = grant_access(settings, source, now, purse=purse)
    except AuditError as error:
        yield Check("secret", BAD, *_split(str(error)))
        return
    if any(setting.secret and setting.name in source.options for setting in kind.settings):
        yield Check("secret", GOOD, "readable")
    hide = granted.hide
    try:
        built = build(source.connector, granted.access)
        for check in _checks(built, kind, settings, source, now):
            yield Check(check.name, check.state, hide(check.seen), hide(check.advice))
    except ConnectorError as error:
        raise type(error)(error.source, hide(error.problem), hide(error.advice)) from None


def _checks(
    built: Source, kind: type[Source], settings: Settings, source: SourceSettings, now: datetime
) -> Iterable[Check]:
    if isinstance(built, Checkable):
        return built.check()
    if any(setting.name == "path" for setting in kind.settings):
        return _try_files(settings.folder, str(source.options["path"]), now)
    return ()


def _try_files(folder: Path, pattern: str, now: datetime) -> Iterator[Check]:
    """Look whether a source's files are there, readable and fresh."""
    advice = "Check path in audit.toml and whether the files were delivered"
    path = folder / pattern
    files = [path] if path.exists() else sorted(path.parent.glob(path.name))
    if not files:
        yield Check("file", BAD, f"no file fits {pattern}", advice)
        return
    for file in files:
        if not os.access(file, os.R_OK):
            rights = "Give the account that runs the audit the right to read it"
            yield Check("file", BAD, f"{file.name} cannot be read", rights)
            return
    newest = max(file.stat().st_mtime for file in files)
    days = (now - datetime.fromtimestamp(newest, UTC)).days
    seen = f"{count(len(files), 'file')}, the newest {count(max(days, 0), 'day')} old"
    if days > STALE_DAYS:
        yield Check("file", WARNING, seen, "Check whether the nightly export still arrives")
    else:
        yield Check("file", GOOD, seen)


def _try_store(settings: Settings) -> Iterator[Check]:
    """Open the store, bring its tables up to date, see that it is free and may be written."""
    from auditor.store import open_store

    store = open_store(settings.store.url)
    try:
        yield Check("opened", GOOD, f"tables at revision {store.revision}")
        try:
            with store.lock():
                yield Check("lock", GOOD, "free")
        except StoreLocked as error:
            yield Check("lock", WARNING, *_split(str(error)))
        store.try_writing()
        yield Check("writable", GOOD, "yes")
    finally:
        store.close()


def _try_folder(folder: Path) -> Iterator[Check]:
    """See that files can be made in a folder; of one that is not there yet, in its parent."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield Check(
            "writable", BAD, f"{folder} cannot be written ({error.strerror})",
            "Give the account that runs the audit the right to write there",
        )  # fmt: skip
        return
    yield Check("writable", GOOD, str(folder) if place == folder else f"{folder} will be made")


def _try_mail(settings: Settings) -> Iterator[Check]:
    """Connect to the mail server and sign in, or look at the folder; nothing is sent."""
    from auditor.mailing import channel_of
    from reports.delivery import DeliveryFailed
    from reports.delivery.smtp import SmtpChannel

    summary = settings.summary
    if summary is None:
        return
    if summary.channel == "folder":
        yield from _try_folder((settings.folder / summary.folder).absolute())
        return
    try:
        channel = channel_of(summary, settings.folder)
    except ValueError as error:
        yield Check("settings", BAD, *_split(str(error)))
        return
    try:
        if isinstance(channel, SmtpChannel):
            channel.greet(summary.sender.rpartition("@")[2])
    except DeliveryFailed as error:
        yield Check("connects", BAD, *_split(error.reply))
        return
    yield Check("connects", GOOD, f"{summary.smtp.host}, nothing was sent")


def _guarded(
    part: str, attempt: Callable[[], Iterator[Check]], names: tuple[str, str] = ("usable", "usable")
) -> Iterator[Line]:
    """Turn what an attempt yields and raises into lines.

    ``names`` are those of a line for wrong settings and of one for anything else that fails.
    """
    wrong, failed = names
    try:
        with surprises_told(f"checking {part}", part):
            try:
                for check in attempt():
                    yield Line(part, check, check.state is BAD and check.name in SETTINGS)
            except AuditError as error:
                is_settings = error.exit_code == AuditError.exit_code
                yield Line(part, Check(wrong, BAD, *_split(str(error))), is_settings)
    except ConnectorError as error:
        is_settings = isinstance(error, NotConfigured)
        check = Check(wrong if is_settings else failed, BAD, error.problem, error.advice)
        yield Line(part, check, is_settings, isinstance(error, AccessRefused))


def _split(sentence: str) -> tuple[str, str]:
    """Part a sentence into what is wrong and what to do next; both are never empty."""
    for mark in ("; ", ". "):
        what, found, advice = sentence.rstrip(".").rpartition(mark)
        if found:
            return what, advice[:1].upper() + advice[1:]
    return sentence.rstrip("."), "Mend this and run audit doctor again"
