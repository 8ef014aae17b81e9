"""Every seed of every recipe, side by side on all cores: each run is kept the moment it ends, and none is done twice.

OUT/machines/RECIPE/SEED/    what `train` saves; an interrupted run goes on from there
OUT/runs/RECIPE-SEED.json    one finished run
OUT/runs.csv                 a line a run, built from those files alone
OUT/manifest.json            the commands that made them, with versions
"""

import ctypes
import math
import os
import platform
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from ntm_lib.study.asking import Also, Asked
from ntm_lib.study.engines import Engine, check_choice, opened
from ntm_lib.study.manifest import note_commands
from ntm_lib.study.rows import read_row, read_rows, row_of, row_path, write_row
from ntm_lib.study.tables import table
from ntm_lib.tasks import at_least_one
from ntm_lib.training.checkpoints import load, updates_done, write_whole
from ntm_lib.training.loop import check_compiled, train_together
from ntm_lib.training.recipes import Recipe

TOGETHER = 50
"""Seeds that one process trains in shared passes: all that it gets of a study of 100 on two cores."""
BAR = "{l_bar}{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}, {rate_fmt}]"
"""Runs under way count as the share of their updates, so that there is a rate before the first ends."""


def study(
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    out: str | Path,
    jobs: int | None = None,
    lengths: Sequence[int] = (),
    sequences: int = 20,
    file: str | Path | None = None,
    together: int = TOGETHER,
    also: Also | None = None,
    backend: str = "loky",
    address: str | None = None,
    compiled: bool = False,
) -> list[dict]:
    """Train and judge every recipe on every seed, in `jobs` processes (None: one a core); returns one row a run.

    Each process trains up to `together` seeds of a recipe in shared passes, which changes nothing but the time; nor
    does the `backend` that runs the processes: loky, or dask or ray, which also take the address of a cluster.
    `compiled` as in `train_together`.

    What `out` already holds is not done again: a finished run is only asked what it has not answered yet, and an
    interrupted one goes on. A bar shows progress on a terminal.
    Raises TypeError or ValueError as `Asked`, `engines.opened` and `train` do, and where `out` holds another recipe of
    that name or another study is at work there; BrokenProcessPool where worker processes died.
    """
    out, asked = Path(out), Asked(tuple(lengths), sequences, None if file is None else Path(file), also)
    check_choice(backend, address, jobs)
    at_least_one("together", together)
    recipes = _distinct(recipes)
    for recipe in recipes if file is not None else ():
        if recipe.machine.output_size != 8:
            raise ValueError(f"{recipe.name} copies vectors of {recipe.machine.output_size} bits: a file needs 8")
    for recipe in recipes if compiled else ():
        check_compiled(recipe)
    runs = [(recipe, seed) for recipe in recipes for seed in dict.fromkeys(seeds)]
    with _alone_in(out):
        missing = [run for run in runs if asked.open_in(read_row(out, *run))]
        where = (backend, address, jobs) if missing else ("loky", None, 1)  # a cluster is not called for nothing
        with opened(*where, out.resolve()) as engine:
            note_commands(out, recipes, seeds, asked.options() + ["--compiled"] * compiled)
            try:
                _make_all(missing, out, asked, engine, together, compiled)
            finally:
                write_whole(out / "runs.csv", table(read_rows(out)).encode())
        return [read_row(out, *run) for run in runs]


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Keep other studies out of a directory until this process leaves it, or dies: the lock is the system's."""
    lock = FileLock(out / ".lock", blocking=False)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise ValueError(f"another study is at work in {out}: wait for its end or choose another directory") from error
    except OSError as error:
        raise ValueError(f"cannot write {out}: {error.strerror}; choose a directory that can be written") from error
    try:
        yield
    finally:
        lock.release()


def _distinct(recipes: Sequence[Recipe]) -> list[Recipe]:
    by_name: dict[str, Recipe] = {}
    for recipe in recipes:
        if not re.fullmatch(r"\w[\w.+-]*", recipe.name):
            raise ValueError(f"name is {recipe.name!r}: expected letters, digits, _ . + -, because files bear it")
        if by_name.setdefault(recipe.name, recipe) != recipe:
            raise ValueError(f"two recipes are called {recipe.name!r}: give one of them another name")
    return list(by_name.values())


def _shares(runs: list[tuple[Recipe, int]], jobs: int, together: int) -> list[tuple[Recipe, list[int]]]:
    """What one process does at a time: a recipe and seeds, as many as go together while no process has to wait."""
    by_recipe: dict[Recipe, list[int]] = {}
    for recipe, seed in runs:
        by_recipe.setdefault(recipe, []).append(seed)
    size = min(together, max(1, math.ceil(len(runs) / jobs)))
    return [
        (recipe, seeds[first : first + size])
        for recipe, seeds in by_recipe.items()
        for first in range(0, len(seeds), size)
    ]


def _make_all(
    runs: list[tuple[Recipe, int]], out: Path, asked: Asked, engine: Engine, together: int, compiled: bool
) -> None:
    """Do all runs, as many at a time as the engine can, and show how far they are."""
    _sweep(out)
    asked = replace(asked, file=asked.file and asked.file.resolve())
    shares = _shares(runs, engine.at_once, together)
    done = partial(_done, out, runs, [_written(out, *run) for run in runs])
    with tqdm(total=len(runs), initial=done(), unit="run", smoothing=0, bar_format=BAR, disable=None) as bar:
        with _following(bar, done):
            for _ in engine.each(_make, [(*share, out.resolve(), asked, os.getpid(), compiled) for share in shares]):
                pass


def _sweep(out: Path) -> None:
    """Remove what processes that were killed had half-written (`write_whole` names it)."""
    for path in out.rglob(".*"):
        if re.fullmatch(r"\..+\.(safetensors|json|csv)\.\d+", path.name):
            path.unlink(missing_ok=True)


@contextmanager
def _following(bar: tqdm, done: Callable[[], float]) -> Iterator[None]:
    """Let a bar show what is done by now: a process says nothing before all of its seeds are."""

    def follow() -> None:
        while not ended.wait(1):
            show()

    def show() -> None:
        bar.n = done()
        bar.refresh()

    ended = threading.Event()
    watcher = threading.Thread(target=follow, daemon=True)
    if bar.disable:
        yield
        return
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        show()


def _done(out: Path, runs: list[tuple[Recipe, int]], before: list[int]) -> float:
    """How many runs were written since, the others counted as the share of their updates that they have come to."""
    return sum(
        1.0 if _written(out, recipe, seed) != then else _share_of_updates(out, recipe, seed)
        for (recipe, seed), then in zip(runs, before, strict=True)
    )


def _written(out: Path, recipe: Recipe, seed: int) -> int:
    """When a run's file was written, in nanoseconds; 0 where there is none."""
    path = row_path(out, recipe, seed)
    return path.stat().st_mtime_ns if path.exists() else 0


def _share_of_updates(out: Path, recipe: Recipe, seed: int) -> float:
    return min(1.0, updates_done(_machine(out, recipe, seed)) / recipe.updates)


def _machine(out: Path, recipe: Recipe, seed: int) -> Path:
    return out / "machines" / recipe.name / str(seed)


def _make(recipe: Recipe, seeds: list[int], out: Path, asked: Asked, head: int, compiled: bool) -> None:
    """Train where that is not done, ask what is open, and write each run down as it ends; on one thread.

    A worker started by the process `head` stops at the next validation if that one has died: the same command, given
    again, starts others.
    """
    threads, is_child = torch.get_num_threads(), os.getppid() == head

    def stop_alone(record: dict) -> None:
        if is_child and os.getppid() != head:
            os._exit(1)  # loky catches an exception, and waits for more work

    torch.set_num_threads(1)
    if os.getpid() != head:
        _keep_freed_memory()
    machines = {seed: _machine(out, recipe, seed) for seed in seeds}
    try:
        for result in train_together(recipe, machines, stop_alone, compiled):
            model, run = load(machines[result.seed])
            row = row_of(run) | (read_row(out, recipe, run.seed) or {})
            asked.answer(row, model, run)
            write_row(out, recipe, row)
    finally:
        torch.set_num_threads(threads)


def _keep_freed_memory() -> None:
    """Let this process keep what it frees, where glibc would hand it back, and then clear it page by page once more."""
    if platform.libc_ver()[0] == "glibc":
        mallopt, trim_threshold, mmap_threshold = ctypes.CDLL(None).mallopt, -1, -3  # as in malloc.h
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**25)
