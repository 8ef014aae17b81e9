"""Learning: seconds from start to verdict of one machine after the other, and seeds an hour of a study."""

import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks import report
from ntm_lib.training import recipes
from ntm_lib.training.loop import train
from ntm_lib.training.study import study
from ntm_lib.training.tables import aligned

SEEDS = range(20)


def one_at_a_time() -> dict:
    """Every seed by itself on one thread, nothing beside it."""
    torch.set_num_threads(1)
    rows = []
    for seed in SEEDS:
        started = time.perf_counter()
        result = train(recipes.reliable, seed)
        seconds = time.perf_counter() - started
        rows.append({"seed": seed, "seconds": seconds, "sequences": result.sequences, "converged": result.converged})
    return {"runs": rows, "converged": sum(row["converged"] for row in rows)}


def studies() -> dict:
    """The same seeds as a study on all cores, one seed a pass and many, in turn, twice each; seconds of each."""
    times: dict[str, list[float]] = {"1": [], "16": []}
    for _ in range(2):
        for together in times:
            with tempfile.TemporaryDirectory() as out:
                started = time.perf_counter()
                study([recipes.reliable], SEEDS, Path(out), together=int(together))
                times[together].append(time.perf_counter() - started)
    return times


def main() -> None:
    """Measure, keep and print."""
    alone, grouped = one_at_a_time(), studies()
    report.keep("learn", "python -m benchmarks learn", {"alone": alone, "study_seconds": grouped})
    seconds = [run["seconds"] for run in alone["runs"]]
    sequences = [run["sequences"] for run in alone["runs"]]
    print(f"reliable, seeds 0-{len(SEEDS) - 1}, one at a time: {alone['converged']} of {len(SEEDS)} converged")
    columns = ["start to verdict", "median", "fastest", "slowest"]
    rows = [
        [name, float(statistics.median(values)), float(min(values)), float(max(values))]
        for name, values in (("seconds", seconds), ("sequences", sequences))
    ]
    print(aligned([columns, *rows]))
    per_hour = {
        "one seed after the other, one process": 3600 * len(SEEDS) / sum(seconds),
        "study on all cores, one seed a pass": 3600 * len(SEEDS) / statistics.median(grouped["1"]),
        "study on all cores, up to 16 seeds a pass": 3600 * len(SEEDS) / statistics.median(grouped["16"]),
    }
    most = max(per_hour.values())
    rows = [[name, rate, most / rate] for name, rate in per_hour.items()]
    print(aligned([["", "seeds an hour", "the fastest is × as fast"], *rows]))
