"""Rows of a study: one finished run in plain numbers, in a JSON file of its own."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntm_lib.runs.checkpoints import recipe_from_json
from ntm_lib.runs.train import result_of
from ntm_lib.study.files import not_ours, read_json, write_json
from ntm_lib.study.manifest import versions
from ntm_lib.training.progress import Progress
from ntm_lib.training.recipes import Recipe, differences
from ntm_lib.training.run import Run

SHAPE = {
    "recipe": str,
    "seed": int,
    "converged": bool,
    "sequences": int,
    "seconds": float,
    "wrong_bits": {str: {str: int}},
    "lengths": {str: {"sequences": int, "wrong_bits": int}},
    "files": {str: {"sha256": str, "wrong_bits": int}},
    "settings": dict,
}
"""The entries that every run's file has at least, and their types."""


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
        **gradient_norms(progress.history),
        "validations": validations(progress.history),
        "wrong_bits": {
            report.kind: {str(length): count.wrong_bits for length, count in report.lengths.items()}
            for report in result.verdict.reports
        },
        "lengths": {},
        "files": {},
        "versions": versions(),
        "settings": asdict(run.recipe),
    }


def validations(history: list[dict[str, Any]]) -> list[list[int]]:
    """[update, wrong bits] of every validation."""
    validated = [record for record in history if record["validation_wrong_bits"] is not None]
    return [[record["update"], record["validation_wrong_bits"]] for record in validated]


def lost_at(progress: Progress) -> int | None:
    """The update of the first validation with wrong bits after the run had converged; None: it stayed exact."""
    if progress.converged_at is None:
        return None
    return next((at for at, wrong in validations(progress.history) if at > progress.converged_at and wrong), None)


def gradient_norms(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The largest gradient norm before each validation, [update of the validation, norm], and the largest of all.

    None stands for a norm that is not finite; where there is one, there is no largest.
    """
    peaks = [[record["update"], record["gradient_norm"]] for record in history]
    finite = all(math.isfinite(norm) for _, norm in peaks)
    update, norm = max(peaks, key=lambda peak: peak[1]) if finite else (None, None)
    return {
        "peak_gradient_norm": norm,
        "peak_gradient_norm_at_update": update,
        "gradient_norm_peaks": [[update, norm if math.isfinite(norm) else None] for update, norm in peaks],
    }


def write_row(out: Path, recipe: Recipe, row: dict[str, Any]) -> None:
    """Put a run's file in place; ValueError where it cannot be written."""
    write_json(row_path(out, recipe, row["seed"]), row)


def read_row(out: Path, recipe: Recipe, seed: int) -> dict[str, Any] | None:
    """The row of a finished run, or None; ValueError for a file of another recipe with this name, or an edited one."""
    path = row_path(out, recipe, seed)
    if not path.exists():
        return None
    row = _read(path)
    try:
        differing = differences(recipe_from_json(row["settings"]), recipe)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise not_ours(path, f"its settings are of no recipe: {error}") from error
    if differing:
        raise ValueError(
            f"{path} is of another recipe called {recipe.name!r} (its {', '.join(differing)} differ):"
            " give this one another name or choose another directory"
        )
    return row


def _read(path: Path) -> dict[str, Any]:
    row = read_json(path, SHAPE)
    if path.name != f"{row['recipe']}-{row['seed']}.json":
        raise not_ours(path, f"it is of seed {row['seed']} of {row['recipe']!r}, copied under another name")
    return row


def read_rows(out: Path) -> list[dict[str, Any]]:
    """All rows of a study, by recipe and seed; ValueError for a file that no study wrote."""
    rows = [_read(path) for path in (Path(out) / "runs").glob("*.json")]
    return sorted(rows, key=lambda row: (row["recipe"], row["seed"]))


def row_path(out: Path, recipe: Recipe, seed: int) -> Path:
    """Where the row of a run is kept."""
    return out / "runs" / f"{recipe.name}-{seed}.json"
