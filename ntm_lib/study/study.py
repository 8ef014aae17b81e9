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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ntm_lib.machine import validate
from ntm_lib.runs.checkpoints import alone_in, load, updates_done, write_whole
from ntm_lib.runs.together import check_compiled
from ntm_lib.runs.train import one_thread, train_together
from ntm_lib.study.arms import require_file_name
from ntm_lib.study.engines import Engine, Workers, opened
from ntm_lib.study.limits import require_trainable
from ntm_lib.study.manifest import note_commands
from ntm_lib.study.measurements import Measurements
from ntm_lib.study.rows import read_row, read_rows, row_of, row_path, write_row
from ntm_lib.study.tables import table
from ntm_lib.training.recipes import Recipe

BAR = "{l_bar}{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}, {rate_fmt}]"
"""Format of the progress bar; a run in training counts as the share of its updates that are done."""
LEFT_BEHIND = re.compile(r"\.(runs\.csv|manifest\.json|.+-\d+\.json)\.\d+")
"""Names of files that a killed study had half-written."""


def study(
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    out: str | Path,
    *,
    measure: Measurements | None = None,
    workers: Workers | None = None,
    compiled: bool = False,
) -> list[dict[str, Any]]:
    """Train and judge every recipe on every seed, and return one row a run.

    A run that `out` already holds is not done again: a finished one is only measured where a measurement is new, and
    an interrupted one goes on. `measure` says what is counted beyond the verdict (None: nothing), `workers` which
    processes train (None: one a core of this machine), which changes no run; `compiled` is as in `train_together`.
    A bar shows progress on a terminal.
    Raises TypeError or ValueError as `engines.opened` and `train` do, and where `out` holds another recipe of that
    name or another study is at work there; BrokenProcessPool where worker processes died.
    """
    out, measure, workers = Path(out), measure or Measurements(), workers or Workers()
    recipes = _distinct(recipes)
    for recipe in recipes:
        _require_possible(recipe, measure, compiled)
    runs = [(recipe, seed) for recipe in recipes for seed in dict.fromkeys(map(validate.seed, seeds))]
    with alone_in(out):
        _require_own_table(out)
        missing = [run for run in runs if measure.lacking(read_row(out, *run))]
        with opened(workers if missing else Workers(jobs=1), out.resolve()) as engine:
            note_commands(out, recipes, seeds, measure.options() + ["--compiled"] * compiled)
            try:
                _do_all(missing, out, engine, workers.seeds_together, measure, compiled)
            finally:
                write_whole(out / "runs.csv", table(read_rows(out)).encode())
        return [row for run in runs if (row := read_row(out, *run))]


def _distinct(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Every recipe once; ValueError for two recipes with one name, because files bear it."""
    by_name: dict[str, Recipe] = {}
    for recipe in recipes:
        if by_name.setdefault(recipe.name, recipe) != recipe:
            raise ValueError(f"two recipes are called {recipe.name!r}: give one of them another name")
    return list(by_name.values())


def _require_possible(recipe: Recipe, measure: Measurements, compiled: bool) -> None:
    """Raise ValueError for a recipe that cannot be trained or measured, before anything is written."""
    require_file_name(recipe.name)
    require_trainable(recipe)
    if measure.file is not None and recipe.machine.output_size != 8:
        raise ValueError(f"{recipe.name} copies vectors of {recipe.machine.output_size} bits: a file needs 8")
    if compiled:
        check_compiled(recipe)


def _require_own_table(out: Path) -> None:
    """Raise ValueError where a table of runs stands whose runs are not there, because it would be overwritten."""
    path = out / "runs.csv"
    lines = path.read_text(encoding="utf-8").count("\n") - 1 if path.exists() else 0
    if lines > (found := len(read_rows(out))):
        raise ValueError(
            f"{path} has {lines} runs, of which {out / 'runs'} holds {found}: choose another directory, or remove the"
            " table if nobody needs it"
        )


def _do_all(
    runs: list[tuple[Recipe, int]], out: Path, engine: Engine, together: int, measure: Measurements, compiled: bool
) -> None:
    """Do all runs, as many at a time as the engine can, and show how far they are."""
    _remove_half_written(out)
    measure = replace(measure, file=measure.file and measure.file.resolve())
    with _bar(out, runs):
        options = (out.resolve(), measure, compiled, os.getpid())
        calls = [(*share, *options) for share in shares(runs, engine.at_once, together)]
        for _ in engine.each(_train_share, calls):
            pass


def shares(runs: Sequence[tuple[Recipe, int]], at_once: int, together: int) -> list[tuple[Recipe, list[int]]]:
    """A recipe and seeds for each call of a worker: as many as share passes while no worker has to wait."""
    by_recipe: dict[Recipe, list[int]] = {}
    for recipe, seed in runs:
        by_recipe.setdefault(recipe, []).append(seed)
    size = min(together, max(1, math.ceil(len(runs) / at_once)))
    return [
        (recipe, seeds[first : first + size])
        for recipe, seeds in by_recipe.items()
        for first in range(0, len(seeds), size)
    ]


def _remove_half_written(out: Path) -> None:
    """Remove what a killed study had half-written, from the two directories that it writes itself."""
    for path in (*out.glob(".*"), *(out / "runs").glob(".*")):
        if LEFT_BEHIND.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


@contextmanager
def _bar(out: Path, runs: list[tuple[Recipe, int]]) -> Iterator[None]:
    """Show on a terminal, once a second, how many runs are done, and the done share of those in training."""

    def done() -> float:
        return sum(1.0 if row_path(out, *run).exists() else _share_of_updates(out, *run) for run in runs)

    def follow() -> None:
        while not ended.wait(1):
            bar.n = done()
            bar.refresh()

    ended, watcher = threading.Event(), threading.Thread(target=follow, daemon=True)
    with tqdm(total=len(runs), unit="run", smoothing=0, bar_format=BAR, disable=None) as bar:
        if not bar.disable:
            bar.initial = bar.n = done()
            watcher.start()
        try:
            yield
        finally:
            ended.set()
            if not bar.disable:
                watcher.join()
                bar.n = done()


def _share_of_updates(out: Path, recipe: Recipe, seed: int) -> float:
    return min(1.0, updates_done(_machine(out, recipe, seed)) / recipe.updates)


def _machine(out: Path, recipe: Recipe, seed: int) -> Path:
    """Where the trained machine of a run is kept."""
    return out / "machines" / recipe.name / str(seed)


def _train_share(
    recipe: Recipe, seeds: list[int], out: Path, measure: Measurements, compiled: bool, study_process: int
) -> None:
    """Train seeds of one recipe together, measure each as it ends, and write its row; on one thread."""
    if os.getpid() != study_process:
        _keep_freed_memory()
    machines = {seed: _machine(out, recipe, seed) for seed in seeds}
    with one_thread():
        for result in train_together(recipe, machines, compiled=compiled):
            model, run = load(machines[result.seed])
            row = row_of(run) | (read_row(out, recipe, run.seed) or {})
            measure.complete(row, model, run)
            write_row(out, recipe, row)


def _keep_freed_memory() -> None:
    """Let this process keep what it frees, where glibc would hand it back, and then clear it page by page once more."""
    if platform.libc_ver()[0] == "glibc":
        mallopt, trim_threshold, mmap_threshold = ctypes.CDLL(None).mallopt, -1, -3  # as in malloc.h
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**25)
