"""Every seed of every recipe, side by side on all cores: each run is kept the moment it ends, and none is done twice.

OUT/machines/RECIPE/SEED/    what `train` saves; an interrupted run goes on from there
OUT/runs/RECIPE-SEED.json    one finished run
OUT/runs.csv                 a line a run, built from those files alone
OUT/manifest.json            the commands that made them, with versions
"""

import csv
import hashlib
import io
import json
import math
import os
import platform
import re
import shlex
import signal
import statistics
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from joblib import Parallel, cpu_count, delayed
from torch import nn
from tqdm import tqdm

from ntm_lib.tasks import at_least_one
from ntm_lib.training import recipes as named
from ntm_lib.training.checkpoints import load, recipe_to_json, write_whole
from ntm_lib.training.evaluation import MemoryTooSmall, copy_bytes, evaluate
from ntm_lib.training.loop import result_of, train
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Run

COLUMNS = ("recipe", "seed", "converged", "sequences", "seconds", "stopped")
"""What every line of runs.csv begins with; wrong bits follow."""
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
) -> list[dict]:
    """Train and judge every recipe on every seed, `jobs` at a time (None: one a core); returns one row a run.

    What `out` already holds is not done again: a finished run is only asked what it has not answered yet, and an
    interrupted one goes on. A bar shows progress on a terminal.
    Raises TypeError or ValueError as `Questions` and `train` do, and where `out` holds another recipe of that name.
    """
    out, questions = Path(out), Questions(tuple(lengths), sequences, None if file is None else Path(file))
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: expected at least 1, or none for one a core")
    recipes = _distinct(recipes)
    for recipe in recipes if file is not None else ():
        if recipe.machine.output_size != 8:
            raise ValueError(f"{recipe.name} copies vectors of {recipe.machine.output_size} bits: a file needs 8")
    runs = [(recipe, seed) for recipe in recipes for seed in dict.fromkeys(seeds)]
    missing = [run for run in runs if questions.open_in(read_row(out, *run))]
    _note_commands(out, recipes, seeds, questions)
    try:
        for _ in tqdm(_side_by_side(missing, out, questions, jobs), total=len(missing), unit="run", disable=None):
            pass
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


def _side_by_side(runs: list[tuple[Recipe, int]], out: Path, questions: Questions, jobs: int | None) -> Iterator[None]:
    jobs = min(jobs or cpu_count(), max(1, len(runs)))
    with _interrupt_stays_here():
        ends = Parallel(n_jobs=jobs, return_as="generator_unordered")(
            delayed(_make)(recipe, seed, out, questions) for recipe, seed in runs
        )
    yield from ends


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


def _make(recipe: Recipe, seed: int, out: Path, questions: Questions) -> None:
    """Train where that is not done, ask what is open, and write the run down; on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        machine = out / "machines" / recipe.name / str(seed)
        train(recipe, seed, machine)
        model, run = load(machine)
        row = read_row(out, recipe, seed) or row_of(run)
        _answer(questions, row, model)
        write_whole(_row_path(out, recipe, seed), (json.dumps(row, indent=1) + "\n").encode())
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
    row = _read(path, ENTRIES)
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
    rows = [_read(path, ENTRIES) for path in (Path(out) / "runs").glob("*.json")]
    return sorted(rows, key=lambda row: (row["recipe"], row["seed"]))


def _read(path: Path, needed: set[str]) -> dict:
    """A JSON file of a study, which has at least the needed entries."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        missing = needed - content.keys()
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is not what a study wrote ({error}): remove it or choose another directory"
        ) from error
    if missing:
        raise ValueError(f"{path} is not what a study wrote (no {min(missing)}): remove it or choose another directory")
    return content


def _row_path(out: Path, recipe: Recipe, seed: int) -> Path:
    return out / "runs" / f"{recipe.name}-{seed}.json"


def table(rows: Sequence[dict]) -> str:
    """Rows as CSV: the columns of `COLUMNS`, then wrong bits by kind and length, by asked length, and by file."""
    lines = [_line(row) for row in rows]
    text = io.StringIO()
    columns = dict.fromkeys(column for line in lines for column in line) or COLUMNS
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(row: dict) -> dict:
    line = {column: row[column] for column in COLUMNS}
    for kind, lengths in row["wrong_bits"].items():
        line |= {f"wrong_bits_{kind}_{length}": wrong for length, wrong in lengths.items()}
    for length in sorted(row["lengths"], key=int):
        line[f"wrong_bits_{length}"] = row["lengths"][length]["wrong_bits"]
    return line | {f"wrong_bits_{name}": count["wrong_bits"] for name, count in row["files"].items()}


def summary(rows: Sequence[dict]) -> list[dict]:
    """One dictionary a recipe: how many runs converged and were exact, with 95 % intervals, and what it took.

    The medians and worst cases are over all runs, converged or not.
    """
    return [_summary_of([row for row in rows if row["recipe"] == name]) for name in _names(rows)]


def _names(rows: Sequence[dict]) -> dict[str, None]:
    return dict.fromkeys(row["recipe"] for row in rows)


def _summary_of(rows: list[dict]) -> dict:
    exact: dict[str, list[bool]] = {}
    for row in rows:
        for name, count in {**row["lengths"], **row["files"]}.items():
            exact.setdefault(name, []).append(count["wrong_bits"] == 0)
    sequences, seconds = [row["sequences"] for row in rows], [row["seconds"] for row in rows]
    return {
        "recipe": rows[0]["recipe"],
        "converged": share(sum(row["converged"] for row in rows), len(rows)),
        "sequences_median": statistics.median(sequences),
        "sequences_worst": max(sequences),
        "seconds_median": statistics.median(seconds),
        "seconds_worst": max(seconds),
        "exact": {name: share(sum(exact[name]), len(exact[name])) for name in exact},
    }


def share(successes: int, trials: int) -> str:
    """A count and its exact (Clopper-Pearson) 95 % interval: "100/100, 96.4–100 %"."""
    from scipy.stats import binomtest  # takes a second to import: only where a table is wanted

    interval = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="exact")
    low, high = (f"{100 * bound:.1f}".removesuffix(".0") for bound in interval)
    return f"{successes}/{trials}, {low}–{high} %"


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    try:
        ours = version("ntm-lib")
    except PackageNotFoundError:
        ours = "not installed"
    return {"python": platform.python_version(), "torch": torch.__version__, "ntm_lib": ours}


def _note_commands(out: Path, recipes: list[Recipe], seeds: Sequence[int], questions: Questions) -> None:
    """Add this study to the manifest, unless the same command made it before."""
    path = out / "manifest.json"
    manifest = _read(path, {"commands", "recipes"}) if path.exists() else {"commands": [], "recipes": {}}
    for recipe in recipes:
        command = command_of(recipe, seeds, out, questions)
        if command not in manifest["commands"]:
            manifest["commands"].append(command)
        base = closest(recipe)
        manifest["recipes"][recipe.name] = {"is": base.name, "but": differences(recipe, base)}
    manifest |= {"versions": versions(), "cpu_count": os.cpu_count()}
    write_whole(path, (json.dumps(manifest, indent=1) + "\n").encode())


def command_of(recipe: Recipe, seeds: Sequence[int], out: Path, questions: Questions) -> str:
    """The command that makes these runs."""
    base = closest(recipe)
    words = ["ntm", "study", base.name, "--seeds", seeds_text(seeds), "--out", str(out)]
    if questions.lengths:
        words += ["--lengths", *map(str, questions.lengths), "--sequences", str(questions.sequences)]
    if questions.file:
        words += ["--file", str(questions.file)]
    for name, value in differences(recipe, base).items():
        words += [f"--{name}", str(value)]
    return shlex.join(words)


def closest(recipe: Recipe) -> Recipe:
    """The named recipe that a recipe differs least from."""
    return min(map(named.by_name, named.names()), key=lambda base: len(differences(recipe, base)))


def differences(recipe: Recipe, base: Recipe) -> dict[str, object]:
    """The fields of a recipe, those of its machine as "machine.…", that are not as in another."""
    mine, other = _flat(recipe), _flat(base)
    return {name: value for name, value in mine.items() if name not in other or other[name] != value}


def _flat(recipe: Recipe) -> dict[str, object]:
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe) if field.name != "machine"}
    kind = {"machine": type(recipe.machine).__name__}
    return values | kind | {f"machine.{name}": value for name, value in asdict(recipe.machine).items()}


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in short: [0, 1, 2, 7] -> "0-2,7"."""
    spans: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def parse_seeds(text: str) -> list[int]:
    """What `seeds_text` wrote: "0-2,7" -> [0, 1, 2, 7]; ValueError for anything else."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise ValueError(f"seeds are {text!r}: expected whole numbers and ranges, such as 0-99 or 3,5,8-12")
    spans = [[int(seed) for seed in span.split("-")] for span in text.split(",")]
    for span in spans:
        if span[0] > span[-1]:
            raise ValueError(f"seeds are {text!r}: expected ranges that rise; {span[0]}-{span[-1]} falls")
    return list(dict.fromkeys(seed for span in spans for seed in range(span[0], span[-1] + 1)))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
