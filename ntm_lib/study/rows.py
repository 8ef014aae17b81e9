"""What a study writes down: the row of each finished run, in a JSON file of its own, and the commands."""

import json
import math
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch

from ntm_lib import __version__
from ntm_lib.runs.checkpoints import recipe_from_json, write_whole
from ntm_lib.runs.older import LeftOutError
from ntm_lib.runs.train import result_of
from ntm_lib.study.tables import wrong_bits
from ntm_lib.tasks.sizes import size_text
from ntm_lib.training.evaluation import Verdict
from ntm_lib.training.progress import Progress
from ntm_lib.training.recipes import Recipe, differences
from ntm_lib.training.run import Run

ENTRIES: dict[str, Any] = {"recipe": str, "seed": int, "converged": bool, "sequences": int, "seconds": float | int}
ENTRIES |= dict.fromkeys(("wrong_bits", "lengths", "files", "settings"), dict)
"""What every run's file has at least, and of which type."""


def row_of(run: Run) -> dict[str, Any]:
    """A finished run in plain numbers, as a study writes it down."""
    result, progress, stop = result_of(run), run.progress, run.progress.stopped
    return {
        "recipe": run.recipe.name,
        "seed": run.seed,
        "converged": result.converged,
        "sequences": result.sequences,
        "seconds": round(result.seconds, 2),
        "stopped": str(stop) if stop else None,
        "nan_update": stop and stop.update,
        "nan_length": stop and stop.length,
        "nan_operation": stop and (stop.what if stop.step is None else f"{stop.what} at time step {stop.step}"),
        "settled_at_update": progress.settled_at,
        "converged_at_update": progress.converged_at,
        "lost_at_update": lost_at(progress),
        **largest_gradient(progress.history),
        "wrong_bits": {
            report.kind: {size_text(size): count.wrong_bits for size, count in report.lengths.items()}
            for report in result.verdict.reports
        },
        **excess_in(result.verdict),
        "lengths": {},
        "files": {},
        "versions": versions(),
        "settings": asdict(run.recipe),
    }


def excess_in(verdict: Verdict) -> dict[str, float]:
    """Bits a sequence above the optimum by kind and size, for a task that has one; else nothing."""
    return {
        f"excess_bits_{report.kind}_{size_text(size)}": round(count.excess_bits / count.sequences, 4)
        for report in verdict.reports
        for size, count in report.lengths.items()
        if count.excess_bits is not None
    }


def lost_at(progress: Progress) -> int | None:
    """The update of the first validation with wrong bits after the run had converged; None: it stayed exact."""
    at = progress.converged_at
    later = [record for record in progress.history if at is not None and record["update"] > at]
    return next((record["update"] for record in later if record["validation_wrong_bits"]), None)


def largest_gradient(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The largest gradient norm of a run, and the update of the next validation; None where one is not finite."""
    largest = max(history, key=lambda record: record["gradient_norm"])
    finite = all(math.isfinite(record["gradient_norm"]) for record in history)
    return {
        "peak_gradient_norm": largest["gradient_norm"] if finite else None,
        "peak_gradient_norm_at_update": largest["update"] if finite else None,
    }


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "ntm_lib": __version__}


def row_path(out: Path, recipe: Recipe, seed: int) -> Path:
    """Where the row of a run is kept."""
    return out / "runs" / f"{recipe.name}-{seed}.json"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Put a file in place, whole; ValueError where it cannot be written."""
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def read_json(path: Path, entries: Iterable[str]) -> dict[str, Any]:
    """A JSON file of a study; ValueError, naming the file, where it is damaged or an entry is missing."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in entries if name not in content.keys()]
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise not_ours(path, error) from error
    if missing:
        raise not_ours(path, f"there is no {missing[0]}")
    return content


def not_ours(path: Path, why: object) -> ValueError:
    """The error for a file that no study can have written."""
    return ValueError(f"{path} is not what a study wrote ({why}): remove it or choose another directory")


def read_rows(out: Path) -> list[dict[str, Any]]:
    """All rows of a study, by recipe and seed; ValueError for a file that no study wrote."""
    rows = [row_in(path) for path in (Path(out) / "runs").glob("*.json")]
    return sorted(rows, key=lambda row: (row["recipe"], row["seed"]))


def row_in(path: Path) -> dict[str, Any]:
    """The row in a file; ValueError, naming the file, for one of which no table can be made."""
    row = read_json(path, ENTRIES)
    try:
        for name, kind in ENTRIES.items():
            if not isinstance(row[name], kind):
                raise TypeError(f"{name} is {row[name]!r}")
        for name, wrong in wrong_bits(row).items():
            if not isinstance(wrong, int):
                raise TypeError(f"{name} is {wrong!r}")
        for count in row["lengths"].values():
            if not isinstance(count["sequences"], int):
                raise TypeError(f"sequences is {count['sequences']!r}")
    except (LookupError, TypeError, AttributeError) as error:
        raise not_ours(path, error) from error
    return row


def read_row(out: Path, recipe: Recipe, seed: int) -> dict[str, Any] | None:
    """The row of a finished run, or None; ValueError for a file of another run or of another recipe with this name."""
    path = row_path(out, recipe, seed)
    if not path.exists():
        return None
    row = row_in(path)
    try:
        differing = differences(recipe_from_json(row["settings"]), recipe)
    except LeftOutError as error:
        raise ValueError(f"{path} is of an older version: {error}, or choose another directory") from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise not_ours(path, error) from error
    if (row["recipe"], row["seed"]) != (recipe.name, seed):
        raise not_ours(path, f"it is of seed {row['seed']} of {row['recipe']!r}")
    if differing:
        raise ValueError(
            f"{path} is of another recipe called {recipe.name!r} (its {', '.join(differing)} differ):"
            " give this one another name or choose another directory"
        )
    return row


@contextmanager
def noting_command(out: Path, command: str) -> Iterator[None]:
    """Add today's versions to the manifest of a study, and a command, unless it stands there or is empty.

    The manifest is put back as it was for a command that is refused: that ends in TypeError or ValueError, and has
    written no row.
    """
    path = out / "manifest.json"
    before = read_json(path, ["commands"]) if path.exists() else None
    noted: list[str] = before["commands"] if before else []
    if not isinstance(noted, list) or not all(isinstance(one, str) for one in noted):
        raise not_ours(path, f"commands is {noted!r}")
    commands, rows = list(dict.fromkeys([*noted, *([command] if command else [])])), row_times(out)
    write_json(path, (before or {}) | {"commands": commands, "versions": versions(), "cpu_count": os.cpu_count()})
    try:
        yield
    except (TypeError, ValueError):
        if row_times(out) == rows and before is None:
            path.unlink()
        elif row_times(out) == rows:
            write_json(path, cast(dict[str, Any], before))
        raise


def row_times(out: Path) -> dict[str, int]:
    """When each row of a study was written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "runs").glob("*.json")}
