from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.errors import StoreLocked
from auditor.findings import State
from auditor.store import Store, open_store
from tests.builders import a_finding
from tests.nights import keep_night

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from auditor.store import open_store
with open_store(sys.argv[1]).lock():
    print("held", flush=True)
    sys.stdin.read()
"""
STOP_INSIDE = """
import sys
from datetime import timedelta
from auditor.store import open_store
from tests.builders import a_finding
from tests.nights import ITEM_OF, FIRST, a_reading
from auditor.findings import Change, State
from auditor.lifecycle import Transition

class Stopping(list):
    def __iter__(self):
        yield from super().__iter__()
        print("inside", flush=True)
        sys.stdin.read()

new = a_finding(subject=("mastodon", "2"))
opened = Transition(new.key, Change.OPENED, None, State.OPEN, new, None)
readings = [a_reading()]
store = open_store(sys.argv[1])
run = store.begin_run(FIRST + timedelta(days=1), "1.0", "abc", None)
store.finish_run(
    run, readings=readings, outcomes=(), transitions=Stopping([opened]),
    finished_at=FIRST, outcome="complete", exit_code=0, item_of=ITEM_OF,
)
"""


@contextmanager
def another_process(code: str, url: str, word: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", code, url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{word}\n"
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_holds_the_store(store: Store, file: Path) -> None:
    with another_process(HOLD, store.url, "held") as process:
        with pytest.raises(StoreLocked, match=rf"process {process.pid}, since 20\d\d-") as caught:
            store.lock().__enter__()
        assert caught.value.exit_code == 75
        process.kill()
        process.wait()
        with store.lock():
            assert str(os.getpid()) in (file.parent / "audit.sqlite.holder").read_text()
    assert not (file.parent / "audit.sqlite.holder").exists()


def test_a_second_store_of_the_same_process_is_locked_out(store: Store) -> None:
    with closing(open_store(store.url)) as other, store.lock():
        with pytest.raises(StoreLocked):
            other.lock().__enter__()
        assert other.known_findings().contents == {}


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"pid": "x", "since": 1}', "\udcff"])
def test_a_damaged_note_of_the_holder_is_not_fatal(store: Store, file: Path, note: str) -> None:
    with another_process(HOLD, store.url, "held"):
        path = file.parent / "audit.sqlite.holder"
        path.write_bytes(note.encode("utf-8", "surrogateescape"))
        with pytest.raises(StoreLocked, match="Another run is at work"):
            store.lock().__enter__()


def test_a_run_killed_inside_its_transaction_leaves_the_store_as_before(store: Store) -> None:
    keep_night(store, [a_finding()])
    with another_process(STOP_INSIDE, store.url, "inside") as process:
        process.kill()
        process.wait()
    (stored,) = store.findings()
    assert (stored.finding, stored.state) == (a_finding(), State.OPEN)
    assert store.source_history() == {}
    record = store.last_run()
    assert record is not None
    assert (record.id, record.outcome) == (2, "interrupted")
    keep_night(store, [a_finding(), a_finding(subject=("mastodon", "2"))], day=2)
    assert len(store.findings()) == 2
