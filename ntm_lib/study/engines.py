"""Where the processes of a study run: on this machine (loky), or on a cluster too (dask, ray)."""

import asyncio
import importlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from joblib import Parallel, cpu_count, delayed

from ntm_lib.tasks import at_least_one

PATIENCE = 10
"""Seconds in which a cluster has to answer and to show a worker."""
PACKAGE = "ntm-lib"
"""The distribution that has to be installed wherever a worker runs."""
SEEDS_TOGETHER = 50
"""Seeds that one process trains in shared passes: half of a study of 100 seeds on two cores."""


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
        at_least_one("together", self.seeds_together)
        if self.backend not in ENGINES:
            raise ValueError(f"backend is {self.backend!r}: expected one of {', '.join(ENGINES)}")
        if self.jobs is not None and self.jobs < 1:
            raise ValueError(f"jobs is {self.jobs}: expected at least 1, or none for one a core")
        if self.address is None:
            return
        if self.backend == "loky":
            raise ValueError(
                f"address is {self.address!r}: loky knows this machine alone; choose the backend dask or ray"
            )
        if self.jobs is not None:
            raise ValueError(
                f"jobs is {self.jobs}: the cluster at {self.address} has workers of its own; leave jobs or address out"
            )


@dataclass(frozen=True)
class Engine:
    """Processes that wait for work."""

    at_once: int
    """Calls made at a time."""
    each: Callable[[Callable[..., None], Sequence[tuple]], Iterator[None]]
    """Call a function with each of these arguments, and yield whenever a call has ended, whichever it is."""
    everywhere: Callable[..., list]
    """What a function of Python's own library returns on every other machine, which may lack this library."""


@contextmanager
def opened(workers: Workers, shared: Path) -> Iterator[Engine]:
    """The engine that runs these workers.

    A call whose worker dies is made again by another one; with loky it ends in BrokenProcessPool.
    Raises ValueError where the engine is not installed, no cluster answers, or its workers lack this library or do not
    see the directory `shared`.
    """
    with ENGINES[workers.backend](workers.address, workers.jobs) as engine:
        try:
            engine.everywhere(version, PACKAGE)
        except PackageNotFoundError as error:
            raise ValueError(f"{PACKAGE} is missing on the cluster: install it wherever a worker runs") from error
        if not all(engine.everywhere(os.path.isdir, str(shared))):
            raise ValueError(f"not every worker sees {shared}: choose a directory that all machines share")
        yield engine


@contextmanager
def _loky(address: None, jobs: int | None) -> Iterator[Engine]:
    at_once = jobs or cpu_count()
    yield Engine(at_once, partial(_each_by_loky, at_once), lambda function, *arguments: [])


def _each_by_loky(at_once: int, work: Callable[..., None], calls: Sequence[tuple]) -> Iterator[None]:
    options = {"initializer": _end_with, "initargs": (os.getpid(),)}
    with _interrupt_stays_here():
        ends = Parallel(n_jobs=min(at_once, max(1, len(calls))), return_as="generator_unordered", **options)(
            delayed(work)(*call) for call in calls
        )
    yield from ends


def _end_with(parent: int) -> None:
    """Let this worker end within seconds of the process that started it, at work or waiting for work."""

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)  # files are put in place whole, so nothing is half-written

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def _dask(address: str | None, jobs: int | None) -> Iterator[Engine]:
    distributed = _needed("distributed", "dask")
    with _dask_cluster(distributed, address, jobs) as cluster, _dask_client(distributed, cluster) as client:
        threads = client.nthreads()
        if several := [worker for worker, number in threads.items() if number != 1]:
            raise ValueError(
                f"worker {several[0]} has {threads[several[0]]} threads, which would share one source of randomness:"
                " start workers with --nthreads 1, one a core"
            )
        yield Engine(len(threads), partial(_each_by_dask, distributed, client), partial(_on_dask, client))


@contextmanager
def _dask_cluster(distributed: ModuleType, address: str | None, jobs: int | None) -> Iterator[Any]:
    """The address of a cluster that answers, or one of `jobs` processes on this machine."""
    if address is not None:
        _require_scheduler(distributed, address)
        yield address
        return
    options = {"n_workers": jobs or cpu_count(), "threads_per_worker": 1, "host": "127.0.0.1"}
    with _interrupt_stays_here():
        cluster = distributed.LocalCluster(**options, dashboard_address=None, silence_logs=logging.CRITICAL)
    with cluster:
        yield cluster


def _require_scheduler(distributed: ModuleType, address: str) -> None:
    """Raise ValueError where no scheduler says that it is one; a client would wait for ever for some that do not."""

    async def ask() -> str:
        async with distributed.rpc(address) as server:
            return (await server.identity())["type"]

    try:
        with ThreadPoolExecutor(1) as pool:  # in a notebook this thread has an event loop already
            found = pool.submit(asyncio.run, asyncio.wait_for(ask(), PATIENCE)).result()
    except (OSError, ValueError) as error:
        why = str(error) or f"no answer within {PATIENCE} s"
        raise ValueError(
            f"address is {address!r} ({why}): expected that of a dask scheduler, tcp://HOST:PORT"
        ) from error
    if found != "Scheduler":
        raise ValueError(f"address is {address!r}, a dask {found}: expected that of a dask scheduler")


@contextmanager
def _dask_client(distributed: ModuleType, cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, timeout=PATIENCE, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except distributed.TimeoutError as error:
            raise ValueError(f"the dask scheduler at {cluster} has no worker: start some with `dask worker`") from error
        yield client


def _on_dask(client: Any, function: Callable[..., Any], *arguments: object) -> list:
    return [client.run_on_scheduler(function, *arguments), *client.run(function, *arguments).values()]


def _each_by_dask(
    distributed: ModuleType, client: Any, work: Callable[..., None], calls: Sequence[tuple]
) -> Iterator[None]:
    futures = [client.submit(work, *call, pure=False) for call in calls]
    try:
        for future in distributed.as_completed(futures, loop=client.loop):
            yield future.result()
    except (distributed.KilledWorker, CancelledError) as error:
        raise BrokenProcessPool(str(error)) from error
    finally:
        client.cancel(futures)


@contextmanager
def _ray(address: str | None, jobs: int | None) -> Iterator[Engine]:
    ray = _needed("ray", "ray")
    if address is not None:
        _require_head(address)
    here = {} if address else {"num_cpus": jobs or cpu_count(), "include_dashboard": False}
    with _interrupt_stays_here():
        try:
            ray.init(address or "local", **here, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ValueError(f"address is {address!r} ({error}): expected that of a ray head, HOST:PORT") from error
    try:
        at_once = int(ray.cluster_resources().get("CPU", 0))
        if not at_once:
            raise ValueError(f"the ray cluster at {address} has no CPU: start some nodes with `ray start`")
        yield Engine(at_once, partial(_each_by_ray, ray), partial(_on_ray, ray))
    finally:
        ray.shutdown()


def _require_head(address: str) -> None:
    """Raise ValueError where no ray head answers; joining it would be tried for minutes."""
    host, _, port = address.rpartition(":")
    ask = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
        subprocess.run(ask, timeout=3 * PATIENCE, capture_output=True, check=True)
    except (OSError, ValueError, OverflowError, subprocess.SubprocessError) as error:
        why = "no ray head answers" if isinstance(error, subprocess.SubprocessError) else error
        raise ValueError(f"address is {address!r} ({why}): expected that of a ray head, HOST:PORT") from error


def _on_ray(ray: ModuleType, function: Callable[..., Any], *arguments: object) -> list:
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    strategy = partial(ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy, soft=False)
    probe = ray.remote(num_cpus=0)(function)
    return _results(ray, [probe.options(scheduling_strategy=strategy(node)).remote(*arguments) for node in nodes])


def _each_by_ray(ray: ModuleType, work: Callable[..., None], calls: Sequence[tuple]) -> Iterator[None]:
    task = ray.remote(num_cpus=1, max_retries=3)(work)
    pending = [task.remote(*call) for call in calls]
    while pending:
        ended, pending = ray.wait(pending)
        yield from _results(ray, ended)


def _results(ray: ModuleType, references: list) -> list:
    """What tasks returned; what they raised is raised as it was, a death of their worker as BrokenProcessPool."""
    try:
        return ray.get(references)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise BrokenProcessPool(str(error)) from error


def _needed(package: str, backend: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ValueError(f"backend is {backend!r}, which is not installed: pip install -e '.[study]'") from error


@contextmanager
def _interrupt_stays_here() -> Iterator[None]:
    """Worker processes started meanwhile inherit a blocked SIGINT: Ctrl-C is for the one process that stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


ENGINES: dict[str, Callable[[str | None, int | None], AbstractContextManager[Engine]]] = {
    "loky": _loky,
    "dask": _dask,
    "ray": _ray,
}
"""By name, what opens each with an address and a number of processes."""
