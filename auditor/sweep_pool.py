"""A sweep's parts on several processes of this machine."""

from __future__ import annotations

import sys
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING

from auditor.sweep_parts import SweepError, make_ready, sweep_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

    from auditor.sweep_parts import Job, Part, PartDone

MOST_DEATHS = 3


def run_in_pool(job: Job, waiting: list[Part], workers: int) -> Iterator[PartDone]:
    """Share parts among processes; a pool broken by a dead worker is made anew, thrice at most.

    Yields what each part gave, in the order in which they are finished.  SweepError when workers
    keep dying.
    """
    context, deaths = _context(job), 0
    while waiting:
        with ProcessPoolExecutor(min(workers, len(waiting)), context) as pool:
            try:
                asked = _submit(pool, job, waiting)
                for future in as_completed(asked):
                    one = future.result()
                    waiting.remove(asked[future])
                    yield one
            except BrokenProcessPool:
                deaths += 1
                if deaths > MOST_DEATHS:
                    raise SweepError(
                        "Worker processes keep dying; try fewer --workers or more memory. "
                        "What is finished is kept."
                    ) from None


def _context(job: Job) -> BaseContext:
    """Choose how workers begin: as forks of this process, made ready before, where that is safe.

    Brands are then made ready once and their memory is shared.  A thread of Python's may hold a
    lock that its fork never gets; on macOS system libraries do not bear forks.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return get_context("spawn")
    make_ready(job)
    return get_context("fork")


def _submit(pool: ProcessPoolExecutor, job: Job, parts: list[Part]) -> dict[Future[PartDone], Part]:
    """Hand out all parts; the first starts every worker before the pool has a thread.

    Python from 3.12 on warns of any thread of a process that forks.  Those there are belong to
    Arrow, its allocator and OpenBLAS, which all register what a fork needs (pthread_atfork(3)).
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*multi-threaded.*fork", DeprecationWarning)
        return {pool.submit(sweep_part, job, part): part for part in parts}
