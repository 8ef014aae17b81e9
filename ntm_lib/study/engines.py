"""The worker processes of a study: on this machine, by loky, or on a cluster, by dask or ray."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed

from ntm_lib.machine.validate import whole_number

PACKAGE = "ntm-lib"
"""The distribution that has to be installed wherever a worker runs."""
SEEDS_TOGETHER = 50
"""Seeds that one process trains in shared passes: half of a study of 100 seeds on two cores."""
BACKENDS = ("loky", "dask", "ray")


@dataclass(frozen=True)
class Workers:
    """The processes that train a study; ValueError for choices that do not go together."""

    jobs: int | None = None
    """Processes on this machine; None: one a core."""
    backend: str = "loky"
    """Library that runs them: loky on this machine, dask or ray on a cluster too."""
    address: str | None = None
    """Address of a dask scheduler or a ray head; None: this machine."""
    seeds_together: int = SEEDS_TOGETHER
    """Seeds that one process trains in shared passes, which saves time and changes no run."""

    def __post_init__(self) -> None:
        whole_number("together", self.seeds_together)
        if self.backend not in BACKENDS:
            raise ValueError(f"backend is {self.backend!r}: expected one of {', '.join(BACKENDS)}")
        if self.jobs is not None and self.jobs < 1:
            raise ValueError(f"jobs is {self.jobs}: expected at least 1, or none for one a core")
        if self.address is not None and self.backend == "loky":
            here = "loky knows this machine alone; choose the backend dask or ray"
            raise ValueError(f"address is {self.address!r}: {here}")
        if self.address is not None and self.jobs is not None:
            there = f"the cluster at {self.address} has workers of its own; leave jobs or address out"
            raise ValueError(f"jobs is {self.jobs}: {there}")

    @property
    def processes(self) -> int:
        """Worker processes on this machine."""
        return self.jobs or cpu_count()


@dataclass(frozen=True)
class Engine:
    """Processes that wait for work."""

    at_once: int
    """Calls made at a time."""
    each: Callable[[Callable[..., None], Sequence[tuple[Any, ...]]], Iterator[Any]]
    """Call a function with each of these arguments, and yield whenever a call has ended, whichever it is."""
    everywhere: Callable[..., list[Any]]
    """Call a function of Python's own library on every other machine, and return all results."""


@contextmanager
def opened(workers: Workers, shared: Path) -> Iterator[Engine]:
    """The engine that runs the processes of a study.

    A call whose worker dies is made again by another one; with loky it ends in BrokenProcessPool.
    Raises ValueError where the engine is not installed, no cluster answers, or its workers lack this library or do not
    see the directory `shared`.
    """
    with _engine(workers) as engine:
        try:
            engine.everywhere(version, PACKAGE)
        except PackageNotFoundError as error:
            raise ValueError(f"{PACKAGE} is missing on the cluster: install it wherever a worker runs") from error
        if not all(engine.everywhere(os.path.isdir, str(shared))):
            raise ValueError(f"not every worker sees {shared}: choose a directory that all machines share")
        yield engine


def _engine(workers: Workers) -> AbstractContextManager[Engine]:
    if workers.backend == "loky":
        return _loky(workers)
    from ntm_lib.study import clusters

    return clusters.dask(workers) if workers.backend == "dask" else clusters.ray(workers)


@contextmanager
def _loky(workers: Workers) -> Iterator[Engine]:
    yield Engine(workers.processes, partial(_each_by_loky, workers.processes), lambda function, *arguments: [])


def _each_by_loky(at_once: int, work: Callable[..., None], calls: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    processes = min(at_once, max(1, len(calls)))
    options = {"return_as": "generator_unordered", "initializer": _end_with, "initargs": (os.getpid(),)}
    with interrupt_stays_here():
        ends = Parallel(processes, backend="loky", **options)(delayed(work)(*call) for call in calls)
    yield from ends


def _end_with(parent: int) -> None:
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
