"""Every seed of every recipe, side by side on all cores: each run is kept the moment it ends, and none is done twice.

OUT/machines/RECIPE/SEED/    what `train` saves; an interrupted run goes on from there
OUT/runs/RECIPE-SEED.json    one finished run
OUT/runs.csv                 a line a run, built from those files alone
OUT/manifest.json            the commands that made them, with versions
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ntm_lib.machine import LSTMConfig, validate
from ntm_lib.runs.checkpoints import alone_in, load, updates_done, write_whole
from ntm_lib.runs.together import check_compiled
from ntm_lib.runs.train import one_thread, train_together
from ntm_lib.study.arms import require_file_name
from ntm_lib.study.engines import Runs, Workers, run_all
from ntm_lib.study.measurements import Measurements
from ntm_lib.study.rows import noting_command, read_row, read_rows, row_of, row_path, write_json
from ntm_lib.study.tables import table
from ntm_lib.tasks import task_for
from ntm_lib.training.recipes import Recipe

BAR = "{l_bar}{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}, {rate_fmt}]"
"""Format of the progress bar; a run in training counts as the share of its updates that are done."""
HALF_WRITTEN = (".runs.csv.*", ".manifest.json.*", "runs/.*.json.*")
"""Names under which a killed study leaves files that it was writing."""


def study(
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    out: str | Path,
    *,
    measure: Measurements | None = None,
    workers: Workers | None = None,
    compiled: bool = False,
    command: str = "",
) -> list[dict[str, Any]]:
    """Train and judge every recipe on every seed, and return one row a run.

    A run that `out` already holds is not done again: a finished one is only measured where a measurement is new, and
    an interrupted one goes on. `measure` says what is counted beyond the verdict (None: nothing), `workers` which
    processes train (None: one a core of this machine), which changes no run; `compiled` is as in `train_together`.
    `command` is noted in the manifest. A bar shows progress on a terminal.
    Raises TypeError or ValueError as `engines.run_all` and `train` do, and where `out` holds another recipe of that
    name or another study is at work there; BrokenProcessPool where worker processes died.
    """
    out, measure, workers = Path(out), measure or Measurements(), workers or Workers()
    for recipe in recipes:
        require_possible(recipe, recipes, measure, compiled)
    runs = list(dict.fromkeys((recipe, validate.seed(seed)) for recipe in recipes for seed in seeds))
    with alone_in(out):
        path = out / "runs.csv"
        lines = path.read_bytes().count(b"\n") - 1 if path.exists() else 0
        if lines > len(read_rows(out)):
            raise ValueError(f"{path} has runs that are not in {out / 'runs'}: choose another directory, or remove it")
        missing = [run for run in runs if measure.lacking(read_row(out, *run))]
        for pattern in HALF_WRITTEN:
            for left in out.glob(pattern):
                left.unlink()
        work = partial(train_share, out=out.resolve(), measure=measure, compiled=compiled)
        with noting_command(out, command):
            try:
                if missing:
                    with bar(out, missing):
                        run_all(work, missing, workers, out.resolve())
            finally:
                write_whole(path, table(read_rows(out)).encode())
        return [row for run in runs if (row := read_row(out, *run))]


def require_possible(recipe: Recipe, recipes: Sequence[Recipe], measure: Measurements, compiled: bool) -> None:
    """ValueError for a recipe that cannot be trained, measured or told from another, before anything is written."""
    require_file_name(recipe.name)
    if any(other.name == recipe.name and other != recipe for other in recipes):
        raise ValueError(f"two recipes are called {recipe.name!r}: give one of them another name")
    task = task_for(recipe.task, recipe.machine)
    task.require_kind(measure.kind)
    task.require_possible(measure.lengths)
    for name, wanted in ("file", measure.file), ("findings", measure.findings):
        if wanted and recipe.task != "copying":
            raise ValueError(f"{recipe.name} trains machines for {recipe.task}: {name} is for machines that copy")
    if measure.file is not None and recipe.machine.output_size != 8:
        raise ValueError(f"{recipe.name} copies vectors of {recipe.machine.output_size} bits: a file needs 8")
    if measure.crowd != 1 and isinstance(recipe.machine, LSTMConfig):
        raise ValueError(f"crowd is {measure.crowd:g}: the machine of {recipe.name} has no memory, and so no rows")
    if compiled:
        check_compiled(recipe)


def machine_path(out: Path, recipe: Recipe, seed: int) -> Path:
    """Where the trained machine of a run is kept."""
    return out / "machines" / recipe.name / str(seed)


def train_share(recipe: Recipe, seeds: list[int], out: Path, measure: Measurements, compiled: bool) -> None:
    """Train seeds of one recipe together, measure each as it ends, and write its row; on one thread."""
    machines = {seed: machine_path(out, recipe, seed) for seed in seeds}
    with one_thread():
        for result in train_together(recipe, machines, compiled=compiled):
            model, run = load(machines[result.seed])
            row = row_of(run) | (read_row(out, recipe, run.seed) or {})
            measure.complete(row, model, run)
            write_json(row_path(out, recipe, run.seed), row)


@contextmanager
def bar(out: Path, runs: Runs) -> Iterator[None]:
    """Show on a terminal, once a second, how many runs are done, and the done share of those in training."""

    def done() -> float:
        return sum(
            1.0 if row_path(out, *run).exists() else min(1.0, updates_done(machine_path(out, *run)) / run[0].updates)
            for run in runs
        )

    def follow() -> None:
        while not ended.wait(1):
            shown.n = done()
            shown.refresh()

    ended, watcher = threading.Event(), threading.Thread(target=follow, daemon=True)
    with tqdm(total=len(runs), initial=done(), unit="run", smoothing=0, bar_format=BAR, disable=None) as shown:
        if shown.disable:
            yield
            return
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            shown.n = done()
