from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect

from auditor.errors import StoreError, StoreLocked
from auditor.findings import State
from auditor.store import Store, fresh_tables, open_store, opening, outbox, schema
from tests.builders import a_finding
from tests.nights import FIRST, keep_night

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OLD_STORES = sorted((ROOT / "tests" / "data" / "stores").glob("*.sqlite"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_file(file: Path) -> Store:
    return open_store(f"sqlite:///{file}")


def test_folder_and_files_are_private(store: Store, file: Path) -> None:
    with store.lock(), store.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE x (y)")
        assert mode(file.parent) == 0o700
        names = {path.name for path in file.parent.iterdir()}
        assert {"audit.sqlite", "audit.sqlite-wal", "audit.sqlite.lock"} <= names
        assert {mode(path) for path in file.parent.iterdir()} == {0o600}


PRAGMAS = {
    "journal_mode": "wal",
    "foreign_keys": 1,
    "synchronous": 1,
    "busy_timeout": 30_000,
    "cache_size": -65_536,
}


def test_connections_have_their_pragmas(store: Store) -> None:
    with store.engine.connect() as connection:
        values = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert values == PRAGMAS


def test_a_store_is_opened_again_without_alembic(store: Store, file: Path) -> None:
    keep_night(store, [a_finding()])
    code = (
        "import sys; from auditor.store import open_store\n"
        f"store = open_store('sqlite:///{file}'); print(len(store.findings())); store.close()\n"
        "print(sorted({'alembic', 'pandas', 'pyarrow', 'numpy', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["1", "[]"]


def test_the_migrations_make_the_tables_of_the_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new store is made of statements kept beside the migrations: they say the same."""
    migrated = tmp_path / "migrated.sqlite"
    config = Config()
    config.set_main_option("script_location", str(opening.MIGRATIONS))
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        context = MigrationContext.configure(connection)
        tables = [schema.metadata, outbox.outbox.metadata]
        assert compare_metadata(context, tables) == []
    engine.dispose()
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]
    monkeypatch.setattr(sys, "argv", ["fresh_tables", str(migrated)])
    fresh_tables.main()
    assert fresh_tables.STATEMENTS.read_text(encoding="utf-8") == capsys.readouterr().out


def test_a_new_store_is_made_without_alembic_and_is_what_its_statements_say(file: Path) -> None:
    code = (
        "import sys; from auditor.store import open_store\n"
        f"open_store('sqlite:///{file}').close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
    with closing(sqlite3.connect(file)) as connection:
        made = "".join(f"{one};\n\n" for one in fresh_tables.statements_of(connection))
    assert made == fresh_tables.STATEMENTS.read_text(encoding="utf-8")


def test_there_is_a_kept_store_of_every_revision() -> None:
    revisions = [f"revision_{number:04}" for number in range(1, int(schema.REVISION) + 1)]
    assert [path.stem for path in OLD_STORES] == revisions


@pytest.mark.parametrize("kept", OLD_STORES, ids=lambda path: path.stem)
def test_a_store_of_an_older_version_is_opened(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.sqlite"
    shutil.copyfile(kept, file)
    with closing(open_file(file)) as store:
        known = {one.finding.summary: one for one in store.findings()}
        assert known["Second."].state is State.CLOSED
        disputed = known[a_finding().summary]
        assert (disputed.state, disputed.statement) == (State.DISPUTED, "Not mine.")
        assert disputed.key == a_finding().key
        assert disputed.last_seen == FIRST + timedelta(days=1)
        (account,) = store.registered_accounts().values()
        assert account.approved_by == "boss"
        assert [one.reason for one in store.exemptions()] == ["agreed"]
        (again,) = [
            one for one in keep_night(store, [a_finding()], day=2) if one.finding is not None
        ]
        assert again.is_quiet


def test_an_older_file_is_copied_before_it_is_migrated(
    store: Store, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_night(store, [a_finding()])
    store.close()
    scripts = tmp_path / "migrations"
    shutil.copytree(opening.MIGRATIONS, scripts)
    (scripts / "versions" / "r9998_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9998', '{schema.REVISION}'\n"
        "def upgrade():\n    op.create_table('extra', sa.Column('x', sa.Integer))\n"
    )
    monkeypatch.setattr(opening, "MIGRATIONS", scripts)
    monkeypatch.setattr(opening, "REVISION", "9998")
    with store.lock(), monkeypatch.context() as short:
        short.setattr(opening, "WAIT_SECONDS", 0)
        with pytest.raises(StoreLocked):
            open_file(file)
    with closing(open_file(file)) as opened:
        assert "extra" in inspect(opened.engine).get_table_names()
        assert len(opened.findings()) == 1
    copy = file.with_name(f"audit.sqlite.before-{schema.REVISION}")
    assert mode(copy) == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT count(*) FROM finding").fetchone() == (1,)
        assert not old.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchall()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    store: Store, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    scripts = tmp_path / "migrations"
    shutil.copytree(opening.MIGRATIONS, scripts)
    (scripts / "versions" / "r9998_next.py").write_text(
        f"from alembic import op\nrevision, down_revision = '9998', '{schema.REVISION}'\n"
        "def upgrade():\n    op.execute('CREATE TABLE extra (x)')\n    op.execute('NONSENSE')\n"
    )
    with monkeypatch.context() as later:
        later.setattr(opening, "MIGRATIONS", scripts)
        later.setattr(opening, "REVISION", "9998")
        with pytest.raises(StoreError, match="NONSENSE"):
            open_file(file)
    with closing(open_file(file)) as opened:
        assert "extra" not in inspect(opened.engine).get_table_names()


def test_a_store_from_the_future_is_left_alone(store: Store, file: Path) -> None:
    store.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    with pytest.raises(StoreError, match="newer version of this program"):
        open_file(file)
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.before-*"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "audit.sqlite"
    file.write_bytes(b"name,address\n" * 200)
    with pytest.raises(StoreError, match="not a database"):
        open_file(file)


def test_a_database_of_another_program(tmp_path: Path) -> None:
    file = tmp_path / "audit.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE cookies (x)")
    with pytest.raises(StoreError, match="another program"):
        open_file(file)


def test_a_damaged_database(store: Store, file: Path) -> None:
    keep_night(store, [a_finding(subject=("mastodon", str(n))) for n in range(200)])
    store.close()
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    file.write_bytes(content)
    with (
        pytest.raises(StoreError, match="damaged; restore the last copy"),
        closing(open_file(file)) as opened,
    ):
        opened.findings()


def test_a_database_that_is_damaged_anywhere(store: Store, file: Path) -> None:
    """Also where the first rows can still be read: no error of the driver gets out."""
    keep_night(store, [a_finding(subject=("mastodon", str(n))) for n in range(200)])
    store.close()
    content = file.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    refused = 0
    for start in range(size, len(content), size):
        file.write_bytes(content[:start] + b"\xff" * size + content[start + size :])
        try:
            with closing(open_file(file)) as opened:
                known = opened.known_findings()
                assert len(known.load(known.contents)) == 200
        except StoreError as error:
            assert str(error).endswith("damaged; restore the last copy.")  # noqa: PT017
            refused += 1
    assert refused > 5


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        open_file(tmp_path)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        open_file(tmp_path / "data" / "audit.sqlite")


@contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """The superuser may write anywhere, so that tests run by it turn into nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_written(store: Store, file: Path) -> None:
    store.close()
    file.chmod(0o400)
    with (
        as_somebody_without_rights(),
        pytest.raises(StoreError, match=r"cannot be opened for writing \(Permission denied\)"),
    ):
        open_file(file)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "not an address of a database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql+nodriver://host/name", "not installed"),
        ("nosuch://host/name", "not installed"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_store(url)


def test_a_full_disk_loses_nothing(store: Store, file: Path) -> None:
    keep_night(store, [a_finding()])
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    event.listen(
        store.engine, "begin", lambda one: one.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    )
    many = [a_finding(subject=("mastodon", str(n))) for n in range(500)]
    with pytest.raises(StoreError, match="disk is full; nothing of this was kept"):
        keep_night(store, many, day=1)
    with closing(open_file(file)) as again:
        assert [one.finding for one in again.findings()] == [a_finding()]


def test_a_database_that_turned_read_only(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="it is read-only"):
        store.write_meta("a", "b")


def test_another_program_that_writes_all_the_time(store: Store, file: Path) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program is writing"):
            store.write_meta("a", "b")
        assert store.read_meta("a") is None
    store.write_meta("a", "b")
