"""Opening a store: files with tight modes, connections with their pragmas, tables up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, exc, inspect, text
from sqlalchemy.engine import URL, make_url

from auditor.errors import StoreError
from auditor.store.failures import explained
from auditor.store.fresh_tables import make_tables
from auditor.store.locking import AdvisoryStoreLock, FileStoreLock
from auditor.store.schema import REVISION, metadata
from auditor.store.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

WAIT_SECONDS = 30
CACHE_KIB = 65_536
MIGRATIONS = Path(__file__).parent / "migrations"


def open_store(url: str) -> Store:
    """Open the store at an SQLAlchemy URL (``sqlite:///PATH`` or ``postgresql+psycopg://...``).

    A missing SQLite file is made, 0600 in a 0700 folder; tables are brought up to date, after a
    copy of the file.  Raises StoreError in one sentence: not a database, read-only, from a newer
    version; StoreLocked when tables must change while a run is at work.
    """
    parsed = _parse(url)
    file = _file(parsed)
    place = str(file) if file else parsed.render_as_string(hide_password=True)
    if file is not None:
        _prepare_file(file)
    engine = _connectable(parsed)
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        with explained(place):
            if _revision(engine, place) != REVISION:
                _migrate(engine, file, place)
        undo.pop_all()
    lock = FileStoreLock(file) if file else AdvisoryStoreLock(engine)
    return Store(engine, url, place, lock)


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except exc.ArgumentError:
        raise StoreError(
            'store.url is not an address of a database; use "sqlite:///FILE" or '
            '"postgresql+psycopg://USER@HOST/NAME".'
        ) from None


def _file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise StoreError("store.url names no file; a store in memory forgets every finding.")
    return Path(url.database).absolute()


def _prepare_file(file: Path) -> None:
    try:
        if file.is_dir():
            raise StoreError(f"The store {file} is a folder; name a file as store.url.")
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"The store {file} cannot be opened for writing ({error.strerror}); "
            "give the account that runs the audit the right to write there."
        ) from None


def _connectable(url: URL) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"timeout": WAIT_SECONDS}} if is_sqlite else {}
    try:
        engine = create_engine(url, **options)
    except (exc.NoSuchModuleError, ModuleNotFoundError):
        raise StoreError(
            f'The store\'s driver for "{url.drivername}" is not installed; '
            "install district-social-auditor[postgresql], or use sqlite:///FILE."
        ) from None
    if is_sqlite:
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, and not before DDL; SQLAlchemy's manual,
    # "Transactions with SQLite", says to take that over.
    connection.isolation_level = None
    # The usual 2 MB of cache would read and write a page many times in one night's transaction.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"cache_size = -{CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A writer takes its place at once; a reader that turns writer could be refused half-way.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(engine: Engine, place: str) -> str | None:
    """Return the revision of the tables, None for an empty database."""
    with engine.connect() as connection:
        try:
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return None if revision is None else str(revision)
        except (exc.OperationalError, exc.ProgrammingError) as error:
            if not _is_missing_table(error):
                raise
    others = set(inspect(engine).get_table_names())
    if others and (engine.dialect.name == "sqlite" or others & set(metadata.tables)):
        raise StoreError(
            f"The store {place} is a database of another program; name another one as store.url."
        )
    return None


def _is_missing_table(error: exc.DBAPIError) -> bool:
    code = getattr(error.orig, "sqlstate", None)
    return code == "42P01" or "no such table" in str(error.orig)


def _migrate(engine: Engine, file: Path | None, place: str) -> None:
    """Bring the tables up to date in one transaction, alone, after copying an older file."""
    lock = FileStoreLock(file).hold(WAIT_SECONDS) if file else nullcontext()
    with lock:
        revision = _revision(engine, place)
        if revision == REVISION:
            return
        if revision is None and file is not None:
            with engine.execution_options(writes=True).begin() as connection:
                make_tables(connection)
            return
        _run_alembic(engine, file, revision, place)


def _run_alembic(engine: Engine, file: Path | None, revision: str | None, place: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        ScriptDirectory.from_config(config).get_revision(revision or REVISION)
    except CommandError:
        raise StoreError(
            f"The store {place} was written by a newer version of this program; "
            "update the program, or name another store."
        ) from None
    if file is not None and revision is not None:
        _copy(file, revision)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _copy(file: Path, revision: str) -> None:
    """Copy an SQLite file, with what is still in its log, beside it."""
    copy = file.with_name(f"{file.name}.before-{revision}")
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
