"""The store on a real PostgreSQL: two nights of the demo, what is kept of them, and its locks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from auditor import demo
from auditor.errors import StoreError, StoreLocked
from auditor.store import open_store
from auditor.store.opening import MIGRATIONS
from auditor.store.schema import REVISION
from tests.realservers.postgresql_server import is_installed, run_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.demo import Demo

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not is_installed() or find_spec("psycopg") is None,
        reason="NOT TESTED: PostgreSQL or psycopg is not installed",
    ),
]

SQLITE_URL = 'url = "sqlite:///audit.sqlite"'
THREADS, TIMES = 8, 25


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with run_postgresql() as place:
        yield f"postgresql+psycopg://{place}/postgres"


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """Give each test a database of its own."""
    name = f"of_{abs(hash(request.node.name))}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


def run_demo_at(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    prepare = demo.prepare_folder

    def prepare_at(folder: Path, *, keep: bool = False) -> None:
        prepare(folder, keep=keep)
        file = folder / "audit.toml"
        words = file.read_text()
        assert SQLITE_URL in words
        file.write_text(words.replace(SQLITE_URL, f'url = "{url}"'))

    with monkeypatch.context() as patch:
        patch.setattr(demo, "prepare_folder", prepare_at)
        return demo.run_demo(folder)


def test_two_nights_leave_what_they_leave_in_sqlite(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = demo.run_demo(tmp_path / "usual")
    other = run_demo_at(url, tmp_path / "other", monkeypatch)
    assert not list((tmp_path / "other").glob("*.sqlite"))
    expected = open_store(f"sqlite:///{tmp_path}/usual/audit.sqlite")
    with closing(expected), closing(open_store(url)) as store:
        findings = store.findings()
        assert len(findings) > 20
        assert findings == expected.findings()
        known, same = store.known_findings(), expected.known_findings()
        assert known.contents == same.contents
        assert known.load(known.contents) == same.load(same.contents)
        assert store.registry_events() == expected.registry_events()
        assert store.decision_events() == expected.decision_events()
        assert store.sights() == expected.sights()
        assert store.last_complete_counts() == expected.last_complete_counts()
    for night, same in ((other.first, usual.first), (other.second, usual.second)):
        assert night.transitions == same.transitions


def test_tables_of_the_first_version_are_brought_up_to_date(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with closing(open_store(url)) as store:
        assert store.bookmarks() == {}
        assert store.sights() == {}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == REVISION
    engine.dispose()


def test_nothing_that_is_added_at_the_same_time_is_lost(url: str) -> None:
    """Money that was spent stays spent, from the first dollar of a new budget on."""

    def add_one(kept: str | None) -> str:
        return str(int(kept or 0) + 1)

    with closing(open_store(url)) as store, ThreadPoolExecutor(THREADS) as pool:
        for key in ("spent a", "spent b", "spent c"):
            done = [pool.submit(store.change_meta, key, add_one) for _ in range(TIMES)]
            for one in done:
                one.result()
            assert store.read_meta(key) == str(TIMES)


def test_money_is_paid_while_the_night_holds_its_lock_and_reads(url: str) -> None:
    with closing(open_store(url)) as store, store.lock(), closing(open_store(url)) as beside:
        beside.change_meta("spent a", lambda _: "1")
        assert store.read_meta("spent a") == "1"
        with pytest.raises(StoreLocked, match="Another run"), beside.lock():
            pass


def test_a_server_that_is_killed_is_one_sentence(url: str, server: str) -> None:
    with closing(open_store(url)) as store:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            name = url.rpartition("/")[2]
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
        with pytest.raises(StoreError, match="check it and run again"):
            store.read_meta("spent a")
