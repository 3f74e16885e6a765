"""Parts of a sweep on a running Dask cluster: one task a part, its files written by the worker.

The extra ``cluster`` installs what is needed.  The workers need this package, and the brands, the
profiles and the folder of the result under the same paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sweep_parts import PartDone, SweepError, read_receipt, sweep_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distributed import Client

    from auditor.sweep_parts import Job, Part

PATIENCE = 20
MOST_DEATHS = 3


def run_on_cluster(job: Job, parts: Sequence[Part], scheduler: str) -> Iterator[PartDone]:
    """Yield what each part gave, in the order in which they are finished.

    A part whose worker dies is done again by another.  SweepError when the extra is missing, the
    scheduler does not answer or goes away, or a part kills one worker after the other.
    """
    try:
        from distributed import CancelledError, as_completed
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise SweepError(
            "--scheduler needs Dask: pip install 'district-social-auditor[cluster]'."
        ) from None
    with _connect(scheduler) as client:
        asked = client.map(sweep_part, [job] * len(parts), parts, retries=MOST_DEATHS, pure=False)
        for future in as_completed(asked):  # type: ignore[no-untyped-call]
            try:
                done: PartDone = future.result()
            except KilledWorker:
                raise SweepError(
                    "A part of the sweep keeps killing its workers; give them more memory. "
                    "What is finished is kept."
                ) from None
            except (CancelledError, OSError):
                raise SweepError(
                    f"The Dask scheduler at '{scheduler}' went away. Start it and run again; "
                    "what is finished is kept."
                ) from None
            except ImportError:
                raise SweepError(
                    "The workers of the cluster cannot import this package; install the same "
                    "version there."
                ) from None
            _check(done)
            yield done


def _connect(scheduler: str) -> Client:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=PATIENCE)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()  # type: ignore[no-untyped-call]
        raise SweepError(
            f"The Dask scheduler at '{scheduler}' has no workers; start some: dask worker ADDRESS."
        ) from None
    except (OSError, ValueError, TypeError):
        raise SweepError(
            f"No Dask scheduler answers at '{scheduler}'; check --scheduler and that it runs."
        ) from None
    return client


def _check(done: PartDone) -> None:
    """Make sure that what the worker wrote can be seen from here."""
    if done.problem is None and read_receipt(done.stem) is None:
        raise SweepError(
            "The workers write to a folder that is not seen from here; give --out a path that "
            "all of them share."
        )
