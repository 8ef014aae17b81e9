"""Every seed of every recipe, side by side on all cores: each run is kept the moment it ends, and none is done twice.

OUT/machines/RECIPE/SEED/    what `train` saves; an interrupted run goes on from there
OUT/runs/RECIPE-SEED.json    one finished run
OUT/runs.csv                 a line a run, built from those files alone
OUT/manifest.json            the commands that made them, with versions
"""

import hashlib
import json
import math
import re
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import ne
from pathlib import Path

import torch
from joblib import Parallel, cpu_count, delayed
from torch import nn
from tqdm import tqdm

from ntm_lib.tasks import at_least_one
from ntm_lib.training.checkpoints import load, recipe_to_json, write_whole
from ntm_lib.training.evaluation import MemoryTooSmall, copy_bytes, evaluate
from ntm_lib.training.loop import result_of, train_together
from ntm_lib.training.manifest import note_commands, read_json, versions
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Run
from ntm_lib.training.tables import COLUMNS, table

TOGETHER = 16
"""Seeds that one process trains in shared passes; more gain little, and a process that ends late makes others wait."""
ENTRIES = {*COLUMNS, "wrong_bits", "lengths", "files", "settings"}
"""What every run's file holds, at least."""


@dataclass(frozen=True)
class Questions:
    """What is asked of every machine beyond its verdict.

    Raises TypeError or ValueError for numbers that are not integers of at least 1, ValueError for a file that cannot
    be read or is empty.
    """

    lengths: tuple[int, ...] = ()
    """Wrong bits at these lengths ..."""
    sequences: int = 20
    """... in this many random sequences, drawn from the run's own seed."""
    file: Path | None = None
    """Wrong bits and bytes of this file, copied in one sequence."""

    def __post_init__(self) -> None:
        for name, value in (("sequences", self.sequences), *(("length", length) for length in self.lengths)):
            at_least_one(name, value)
        if self.file is not None:
            read_content(self.file)

    def options(self) -> list[str]:
        """These questions as options of the command."""
        words = ["--lengths", *map(str, self.lengths), "--sequences", str(self.sequences)] if self.lengths else []
        return words + (["--file", str(self.file)] if self.file else [])

    def open_in(self, row: dict | None) -> bool:
        """Whether a run (None: not yet made) leaves any of these questions without an answer."""
        return row is None or bool(self.open_lengths(row)) or self.file_is_open(row)

    def open_lengths(self, row: dict) -> list[int]:
        """The lengths that a run has not been asked, or with another number of sequences."""
        counts = row["lengths"]
        return [n for n in self.lengths if counts.get(str(n), {}).get("sequences") != self.sequences]

    def file_is_open(self, row: dict) -> bool:
        """Whether a run has not copied the file, or an earlier text of it."""
        if self.file is None:
            return False
        return row["files"].get(self.file.name, {}).get("sha256") != _sha256(self.file.read_bytes())


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
) -> list[dict]:
    """Train and judge every recipe on every seed, in `jobs` processes (None: one a core); returns one row a run.

    Each process trains up to `together` seeds of a recipe in shared passes, which changes nothing but the time.

    What `out` already holds is not done again: a finished run is only asked what it has not answered yet, and an
    interrupted one goes on. A bar shows progress on a terminal.
    Raises TypeError or ValueError as `Questions` and `train` do, and where `out` holds another recipe of that name.
    """
    out, questions = Path(out), Questions(tuple(lengths), sequences, None if file is None else Path(file))
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
            with _counting(bar, [_row_path(out, *run) for run in missing]):
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
            row = read_row(out, recipe, run.seed) or row_of(run)
            _answer(questions, row, model)
            write_whole(_row_path(out, recipe, run.seed), (json.dumps(row, indent=1) + "\n").encode())
    finally:
        torch.set_num_threads(threads)


def _answer(questions: Questions, row: dict, model: nn.Module) -> None:
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


def row_of(run: Run) -> dict:
    """A finished run in plain numbers: what a study writes down."""
    result = result_of(run)
    norms = [record["gradient_norm"] for record in run.progress.history]
    wrong_bits = {
        report.kind: {str(length): count.wrong_bits for length, count in report.lengths.items()}
        for report in result.verdict.reports
    }
    return {
        "recipe": run.recipe.name,
        "seed": run.seed,
        "converged": result.converged,
        "sequences": result.sequences,
        "seconds": round(result.seconds, 2),
        "stopped": result.stopped,
        "settled_at_update": run.progress.settled_at,
        "peak_gradient_norm": max(norms) if all(map(math.isfinite, norms)) else None,
        "wrong_bits": wrong_bits,
        "lengths": {},
        "files": {},
        "versions": versions(),
        "settings": recipe_to_json(run.recipe),
    }


def wrong_in(content: bytes, copied: bytes) -> dict[str, int]:
    """How many bytes and bits of a copy differ from the original, which is as long."""
    differing = [a ^ b for a, b in zip(content, copied, strict=True)]
    return {
        "bytes": len(content),
        "wrong_bytes": sum(map(bool, differing)),
        "bits": 8 * len(content),
        "wrong_bits": sum(map(int.bit_count, differing)),
    }


def read_row(out: Path, recipe: Recipe, seed: int) -> dict | None:
    """The row of a finished run, or None; ValueError where the file is of another recipe of that name or not ours."""
    path = _row_path(out, recipe, seed)
    if not path.exists():
        return None
    row = read_json(path, ENTRIES)
    ours = json.loads(json.dumps(recipe_to_json(recipe)))
    if row["settings"] != ours:
        differing = [name for name in ours if row["settings"].get(name) != ours[name]]
        raise ValueError(
            f"{path} is of another recipe called {recipe.name!r} (its {', '.join(differing)} differ):"
            " give this one another name or choose another directory"
        )
    return row


def read_rows(out: Path) -> list[dict]:
    """All rows of a study, by recipe and seed; ValueError as in `read_row`."""
    rows = [read_json(path, ENTRIES) for path in (Path(out) / "runs").glob("*.json")]
    return sorted(rows, key=lambda row: (row["recipe"], row["seed"]))


def _row_path(out: Path, recipe: Recipe, seed: int) -> Path:
    return out / "runs" / f"{recipe.name}-{seed}.json"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
