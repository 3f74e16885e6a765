"""A sweep's parts on several processes of this machine.

``ProcessPoolExecutor`` ends every worker when one dies, and forks beside threads of its own; here
the others go on with what they hold, and the process that forks starts no thread.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from auditor.errors import AuditError
from auditor.sweep_parts import PartDone, SweepError, make_ready, sweep_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext, SpawnContext
    from multiprocessing.process import BaseProcess

    from auditor.sweep_parts import Job, Part

    Context = ForkContext | SpawnContext
    Line = Connection[Part | None, PartDone | Exception]

MOST_DEATHS = 3


def run_in_pool(job: Job, waiting: list[Part], workers: int) -> Iterator[PartDone]:
    """Share parts among processes; one that dies costs its part, which another does again.

    Yields what each part gave, in the order in which they are finished.  SweepError when workers
    keep dying; AuditError and OSError of a part are raised here.
    """
    context, todo, deaths = _context(job), waiting[::-1], 0
    crew: dict[Line, _Worker] = {}
    try:
        while todo or crew:
            while todo and len(crew) < workers:
                worker = _begin(context, job)
                crew[worker.line] = worker
                worker.give(todo.pop())
            for line in wait(list(crew)):
                worker = crew[line]  # type: ignore[index]
                done = worker.receive()
                if done is None:
                    deaths += 1
                    _check(deaths)
                    todo += worker.parts
                if done is not None and todo:
                    worker.give(todo.pop())
                else:
                    del crew[worker.line]
                    worker.leave()
                if done is not None:
                    yield done
    finally:
        for worker in crew.values():
            worker.process.kill()
            worker.leave()


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process, the line to it, and the one part it holds."""

    process: BaseProcess
    line: Line
    parts: list[Part]

    def give(self, part: Part | None) -> None:
        self.parts[:] = [part] if part else []
        with suppress(OSError):  # it has died; the end of its line tells so
            self.line.send(part)

    def receive(self) -> PartDone | None:
        """Return what its part gave, None when the worker has died; raise what went wrong."""
        try:
            found = self.line.recv()
        except (EOFError, OSError):
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def leave(self) -> None:
        self.give(None)
        self.process.join()
        self.line.close()


def _check(deaths: int) -> None:
    if deaths > MOST_DEATHS:
        raise SweepError(
            "Worker processes keep dying; try fewer --workers or more memory. "
            "What is finished is kept."
        )


def _context(job: Job) -> Context:
    """Choose how workers begin: as forks of this process, made ready before, where that is safe.

    Brands are then made ready once and their memory is shared.  A thread of Python's may hold a
    lock that its fork never gets; on macOS system libraries do not bear forks.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return get_context("spawn")
    make_ready(job)
    return get_context("fork")


def _begin(context: Context, job: Job) -> _Worker:
    """Start a process.

    Python from 3.12 on warns of any thread of a process that forks.  Those there are belong to
    Arrow, its allocator and OpenBLAS, which all register what a fork needs (pthread_atfork(3)).
    """
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, ours, job), daemon=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*multi-threaded.*fork", DeprecationWarning)
        process.start()
    theirs.close()
    return _Worker(process, ours, [])


def _work(line: Connection[PartDone | Exception, Part | None], other: Line, job: Job) -> None:
    """Judge parts until none comes; ``other`` is its parent's end, which it must not keep open."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    other.close()
    with suppress(EOFError, OSError):
        while (part := line.recv()) is not None:
            try:
                done: PartDone | Exception = sweep_part(job, part)
            except (AuditError, OSError) as error:
                done = error
            line.send(done)
