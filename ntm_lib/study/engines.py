"""The worker processes of a study: on this machine, by joblib, or on a cluster, by dask."""

import asyncio
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed

from ntm_lib.machine.validate import whole_number
from ntm_lib.training.recipes import Recipe

PACKAGE = "ntm-lib"
"""The distribution that has to be installed wherever a worker runs."""
SEEDS_TOGETHER = 50
"""Seeds that one process trains in shared passes: half of a study of 100 seeds on two cores."""
PATIENCE = 10
"""Seconds in which a cluster has to answer and to show a worker."""

Runs = Sequence[tuple[Recipe, int]]
"""Recipes, each with a seed."""
Work = Callable[[Recipe, list[int]], None]
"""Trains some seeds of a recipe."""


@dataclass(frozen=True)
class Workers:
    """The processes that train a study; TypeError or ValueError for numbers that are not integers of at least 1."""

    jobs: int | None = None
    """Processes on this machine; None: one a core."""
    address: str | None = None
    """Address of the scheduler of a dask cluster, whose workers then train; None: this machine alone."""
    seeds_together: int = SEEDS_TOGETHER
    """Seeds that one process trains in shared passes, which saves time and changes no run."""

    def __post_init__(self) -> None:
        whole_number("together", self.seeds_together)
        if self.jobs is not None:
            whole_number("jobs", self.jobs)
        if self.jobs is not None and self.address is not None:
            raise ValueError(f"jobs is {self.jobs}: the cluster at {self.address} has workers of its own; leave it out")


def run_all(work: Work, runs: Runs, workers: Workers, shared: Path) -> None:
    """Call `work` with a recipe and some of its seeds, as often as all runs need, in as many processes as there are.

    A worker that dies ends in BrokenProcessPool; on a cluster, another one first makes its call again.
    Raises ValueError where dask is not installed, no cluster answers, or its workers lack this library or do not see
    the directory `shared`.
    """
    if workers.address is not None:
        with dask_client(workers.address) as client:
            processes = usable_workers(client, shared)
            run_on_cluster(client, work, shares(runs, processes, workers.seeds_together))
        return
    processes = workers.jobs or cpu_count()
    calls = shares(runs, processes, workers.seeds_together)
    options = {"initializer": end_with, "initargs": (os.getpid(),), "return_as": "generator_unordered"}
    with interrupt_stays_here():
        ends = Parallel(min(processes, len(calls)), "loky", **options)(delayed(work)(*call) for call in calls)
    for _ in ends:
        pass


def shares(runs: Runs, processes: int, together: int) -> list[tuple[Recipe, list[int]]]:
    """A recipe and seeds for each call of a worker: as many as share passes while no worker has to wait."""
    by_recipe: dict[Recipe, list[int]] = {}
    for recipe, seed in runs:
        by_recipe.setdefault(recipe, []).append(seed)
    size = min(together, max(1, math.ceil(len(runs) / processes)))
    return [
        (recipe, seeds[first : first + size])
        for recipe, seeds in by_recipe.items()
        for first in range(0, len(seeds), size)
    ]


def end_with(parent: int) -> None:
    """Let a worker end within seconds of the process that started it, at work or waiting for work."""

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)  # files are put in place whole, so nothing is half-written

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def interrupt_stays_here() -> Iterator[None]:
    """Worker processes started meanwhile inherit a blocked SIGINT: Ctrl-C is for the one process that stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def dask_client(address: str) -> Iterator[Any]:
    """A client of the dask cluster at an address; ValueError where dask is not installed or no scheduler answers."""
    try:
        from distributed import Client, rpc
    except ImportError as error:
        raise ValueError("an address needs dask, which is not installed: pip install -e '.[cluster]'") from error

    async def kind() -> str:
        async with rpc(address) as server:  # type: ignore[no-untyped-call]
            return str((await server.identity())["type"])

    try:  # a client would wait for ever for the answer of, say, a web server
        with ThreadPoolExecutor(1) as pool:  # in a notebook this thread has an event loop already
            found = pool.submit(asyncio.run, asyncio.wait_for(kind(), PATIENCE)).result()
        if found != "Scheduler":
            raise ValueError(f"a dask {found} answers")
    except (OSError, ValueError) as error:
        why = str(error) or f"no answer within {PATIENCE} s"
        raise ValueError(
            f"address is {address!r} ({why}): expected that of a dask scheduler, tcp://HOST:PORT"
        ) from error
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield client


def usable_workers(client: Any, shared: Path) -> int:
    """The number of a cluster's workers; ValueError where there are none, or where one cannot train."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        client.run_on_scheduler(version, PACKAGE)
        client.run(version, PACKAGE)
    except TimeoutError as error:
        raise ValueError("the dask cluster has no worker: start some with `dask worker`") from error
    except PackageNotFoundError as error:
        raise ValueError(f"{PACKAGE} is missing on the cluster: install it wherever a worker runs") from error
    if not all(client.run(os.path.isdir, str(shared)).values()):
        raise ValueError(f"not every worker sees {shared}: choose a directory that all machines share")
    threads = client.nthreads().values()
    if set(threads) != {1}:
        raise ValueError("a worker of the cluster has several threads: start workers with --nthreads 1, one a core")
    return len(threads)


def run_on_cluster(client: Any, work: Work, calls: list[tuple[Recipe, list[int]]]) -> None:
    """Make all calls of `work` on a cluster; BrokenProcessPool for a call that several workers did not survive."""
    from distributed import KilledWorker, as_completed

    futures = [client.submit(work, *call, pure=False) for call in calls]
    try:
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            future.result()
    except (KilledWorker, CancelledError) as error:
        raise BrokenProcessPool(str(error)) from error
    finally:
        client.cancel(futures)
