"""Every seed of every recipe, side by side on all cores: each run is kept the moment it ends, and none is done twice.

OUT/machines/RECIPE/SEED/    what `train` saves; an interrupted run goes on from there
OUT/runs/RECIPE-SEED.json    one finished run
OUT/runs.csv                 a line a run, built from those files alone
OUT/manifest.json            the commands that made them, with versions
"""

import hashlib
import math
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import ne
from pathlib import Path

import torch
from joblib import Parallel, cpu_count, delayed
from torch import nn
from tqdm import tqdm

from ntm_lib.tasks import at_least_one
from ntm_lib.training.checkpoints import load, write_whole
from ntm_lib.training.evaluation import MemoryTooSmall, copy_bytes, evaluate
from ntm_lib.training.loop import train_together
from ntm_lib.training.manifest import note_commands
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.rows import read_row, read_rows, row_of, row_path, write_row, wrong_in
from ntm_lib.training.run import Run
from ntm_lib.training.tables import table

TOGETHER = 16
"""Seeds that one process trains in shared passes; more gain little, and a process that ends late makes others wait."""

Also = Callable[[nn.Module, Run], dict]
"""A function of a module that is asked of every machine and its run: its entries join those of the run's row."""


@dataclass(frozen=True)
class Questions:
    """What is asked of every machine beyond its verdict.

    Raises TypeError or ValueError for numbers that are not integers of at least 1, ValueError for a file that cannot
    be read or is empty, TypeError for a function that a worker process could not find by its name.
    """

    lengths: tuple[int, ...] = ()
    """Wrong bits at these lengths ..."""
    sequences: int = 20
    """... in this many random sequences, drawn from the run's own seed."""
    file: Path | None = None
    """Wrong bits and bytes of this file, copied in one sequence."""
    also: Also | None = None
    """What this says of the machine and its run."""

    def __post_init__(self) -> None:
        for name, value in (("sequences", self.sequences), *(("length", length) for length in self.lengths)):
            at_least_one(name, value)
        if self.file is not None:
            read_content(self.file)
        if self.also is not None and not _is_of_a_module(self.also):
            raise TypeError(f"also is {self.also!r}: expected a function of a module, which a worker finds by its name")

    def options(self) -> list[str]:
        """These questions as options of the command; that of a function bears its name."""
        words = ["--lengths", *map(str, self.lengths), "--sequences", str(self.sequences)] if self.lengths else []
        words += ["--file", str(self.file)] if self.file else []
        return words + ([f"--{self.also.__name__}"] if self.also else [])

    def open_in(self, row: dict | None) -> bool:
        """Whether a run (None: not yet made) leaves any of these questions without an answer."""
        return row is None or bool(self.open_lengths(row)) or self.file_is_open(row) or self.also_is_open(row)

    def open_lengths(self, row: dict) -> list[int]:
        """The lengths that a run has not been asked, or with another number of sequences."""
        counts = row["lengths"]
        return [n for n in self.lengths if counts.get(str(n), {}).get("sequences") != self.sequences]

    def file_is_open(self, row: dict) -> bool:
        """Whether a run has not copied the file, or an earlier text of it."""
        if self.file is None:
            return False
        return row["files"].get(self.file.name, {}).get("sha256") != _sha256(self.file.read_bytes())

    def also_is_open(self, row: dict) -> bool:
        """Whether the function has not been asked of a run; rows of earlier versions name none."""
        return self.also is not None and _name(self.also) not in row.get("also", [])


def read_content(path: Path) -> bytes:
    """The bytes of a file; ValueError for one that cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; name a file that can be read") from error
    if not content:
        raise ValueError(f"{path} is empty: expected at least one byte to copy")
    return content


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
) -> list[dict]:
    """Train and judge every recipe on every seed, in `jobs` processes (None: one a core); returns one row a run.

    Each process trains up to `together` seeds of a recipe in shared passes, which changes nothing but the time.

    What `out` already holds is not done again: a finished run is only asked what it has not answered yet, and an
    interrupted one goes on. A bar shows progress on a terminal.
    Raises TypeError or ValueError as `Questions` and `train` do, and where `out` holds another recipe of that name.
    """
    out, questions = Path(out), Questions(tuple(lengths), sequences, None if file is None else Path(file), also)
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: expected at least 1, or none for one a core")
    at_least_one("together", together)
    recipes = _distinct(recipes)
    for recipe in recipes if file is not None else ():
        if recipe.machine.output_size != 8:
            raise ValueError(f"{recipe.name} copies vectors of {recipe.machine.output_size} bits: a file needs 8")
    runs = [(recipe, seed) for recipe in recipes for seed in dict.fromkeys(seeds)]
    missing = [run for run in runs if questions.open_in(read_row(out, *run))]
    note_commands(out, recipes, seeds, questions.options())
    jobs = jobs or cpu_count()
    try:
        with tqdm(total=len(missing), unit="run", disable=None) as bar:
            with _counting(bar, [row_path(out, *run) for run in missing]):
                _side_by_side(_shares(missing, jobs, together), out, questions, jobs)
    finally:
        write_whole(out / "runs.csv", table(read_rows(out)).encode())
    return [read_row(out, *run) for run in runs]


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


def _side_by_side(shares: list[tuple[Recipe, list[int]]], out: Path, questions: Questions, jobs: int) -> None:
    """Do all shares, `jobs` at a time."""
    with _interrupt_stays_here():
        ends = Parallel(n_jobs=min(jobs, max(1, len(shares))), return_as="generator_unordered")(
            delayed(_make)(recipe, seeds, out, questions) for recipe, seeds in shares
        )
    for _ in ends:
        pass


@contextmanager
def _counting(bar: tqdm, paths: list[Path]) -> Iterator[None]:
    """Let a bar follow the files written meanwhile: a process says nothing before all of its seeds are done."""

    def times() -> list[int]:
        return [path.stat().st_mtime_ns if path.exists() else 0 for path in paths]

    def follow() -> None:
        while not ended.wait(1):
            bar.update(sum(map(ne, times(), before)) - bar.n)

    before, ended = times(), threading.Event()
    watcher = threading.Thread(target=follow, daemon=True)
    if not bar.disable:
        watcher.start()
    try:
        yield
    finally:
        ended.set()
        if not bar.disable:
            watcher.join()
        bar.update(sum(map(ne, times(), before)) - bar.n)


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


def _make(recipe: Recipe, seeds: list[int], out: Path, questions: Questions) -> None:
    """Train where that is not done, ask what is open, and write each run down as it ends; on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    machines = {seed: out / "machines" / recipe.name / str(seed) for seed in seeds}
    try:
        for result in train_together(recipe, machines):
            model, run = load(machines[result.seed])
            row = row_of(run) | (read_row(out, recipe, run.seed) or {})
            _answer(questions, row, model, run)
            write_row(out, recipe, row)
    finally:
        torch.set_num_threads(threads)


def _answer(questions: Questions, row: dict, model: nn.Module, run: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MemoryTooSmall)
        report = evaluate(model, questions.open_lengths(row), questions.sequences, row["seed"])
        row["lengths"] |= report.to_json()["lengths"]
        if questions.file_is_open(row):
            content = read_content(questions.file)
            row["files"][questions.file.name] = {
                "sha256": _sha256(content),
                **wrong_in(content, copy_bytes(model, content)),
            }
        if questions.also_is_open(row):
            _merge(row, questions.also(model, run), questions.also)


def _merge(row: dict, entries: dict, also: Also) -> None:
    """Let the entries that a function gave join a row, and note that it was asked."""
    if taken := entries.keys() & row.keys():
        raise ValueError(f"{_name(also)} gives {min(taken)!r}, which a row already has: expected a name of its own")
    row |= entries
    row["also"].append(_name(also))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _name(also: Also) -> str:
    return f"{also.__module__}.{also.__name__}"


def _is_of_a_module(also: Also) -> bool:
    module = sys.modules.get(getattr(also, "__module__", None))
    return getattr(module, getattr(also, "__name__", ""), None) is also
