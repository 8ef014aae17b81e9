"""Workers of a study that dask or ray runs, on this machine or on a cluster."""

import asyncio
import importlib
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

from ntm_lib.study.engines import Engine, Workers, interrupt_stays_here

PATIENCE = 10
"""Seconds in which a cluster has to answer and to show a worker."""


def _needed(package: str, backend: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ValueError(f"backend is {backend!r}, which is not installed: pip install -e '.[cluster]'") from error


@contextmanager
def dask(workers: Workers) -> Iterator[Engine]:
    """Workers of the dask cluster at an address, or of one on this machine."""
    distributed = _needed("distributed", "dask")
    with _dask_cluster(distributed, workers) as cluster:
        with distributed.Client(cluster, timeout=PATIENCE, set_as_default=False) as client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except distributed.TimeoutError as error:
                raise ValueError(
                    f"the dask scheduler at {cluster} has no worker: start some with `dask worker`"
                ) from error
            threads = client.nthreads()
            if several := [worker for worker, number in threads.items() if number != 1]:
                raise ValueError(
                    f"worker {several[0]} has {threads[several[0]]} threads, which would share one source of"
                    " randomness: start workers with --nthreads 1, one a core"
                )
            yield Engine(len(threads), partial(_each_by_dask, distributed, client), partial(_on_dask, client))


@contextmanager
def _dask_cluster(distributed: Any, workers: Workers) -> Iterator[Any]:
    """The address of a cluster that answers, or a cluster of processes on this machine."""
    if workers.address is not None:
        _require_scheduler(distributed, workers.address)
        yield workers.address
        return
    options = {"n_workers": workers.processes, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with interrupt_stays_here():
        cluster = distributed.LocalCluster(**options, silence_logs=logging.CRITICAL)
    with cluster:
        yield cluster


def _require_scheduler(distributed: Any, address: str) -> None:
    """Raise ValueError where no scheduler says that it is one; a client would wait for ever for some that do not."""

    async def ask() -> Any:
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


def _on_dask(client: Any, function: Callable[..., Any], *arguments: object) -> list[Any]:
    return [client.run_on_scheduler(function, *arguments), *client.run(function, *arguments).values()]


def _each_by_dask(
    distributed: Any, client: Any, work: Callable[..., None], calls: Sequence[tuple[Any, ...]]
) -> Iterator[Any]:
    futures = [client.submit(work, *call, pure=False) for call in calls]
    try:
        for future in distributed.as_completed(futures, loop=client.loop):
            yield future.result()
    except (distributed.KilledWorker, CancelledError) as error:
        raise BrokenProcessPool(str(error)) from error
    finally:
        client.cancel(futures)


@contextmanager
def ray(workers: Workers) -> Iterator[Engine]:
    """Workers of the ray cluster at an address, or of one on this machine."""
    library, address = _needed("ray", "ray"), workers.address
    if address is not None:
        _require_head(address)
    here = {} if address else {"num_cpus": workers.processes, "include_dashboard": False}
    with interrupt_stays_here():
        try:
            library.init(address or "local", **here, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ValueError(f"address is {address!r} ({error}): expected that of a ray head, HOST:PORT") from error
    try:
        at_once = int(library.cluster_resources().get("CPU", 0))
        if not at_once:
            raise ValueError(f"the ray cluster at {address} has no CPU: start some nodes with `ray start`")
        yield Engine(at_once, partial(_each_by_ray, library), partial(_on_ray, library))
    finally:
        library.shutdown()


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


def _on_ray(library: Any, function: Callable[..., Any], *arguments: object) -> list[Any]:
    nodes = [node["NodeID"] for node in library.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    strategy = partial(library.util.scheduling_strategies.NodeAffinitySchedulingStrategy, soft=False)
    probe = library.remote(num_cpus=0)(function)
    return [_result(library, probe.options(scheduling_strategy=strategy(node)).remote(*arguments)) for node in nodes]


def _each_by_ray(library: Any, work: Callable[..., None], calls: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    task = library.remote(num_cpus=1, max_retries=3)(work)
    pending = [task.remote(*call) for call in calls]
    while pending:
        (ended,), pending = library.wait(pending)
        yield _result(library, ended)


def _result(library: Any, reference: Any) -> Any:
    """Return or raise a task's outcome; the death of its worker is raised as BrokenProcessPool."""
    try:
        return library.get(reference)
    except library.exceptions.RayTaskError as error:
        raise error.cause from error
    except library.exceptions.RayError as error:
        raise BrokenProcessPool(str(error)) from error
