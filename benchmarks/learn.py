"""Learning: seconds and sequences from start to verdict of one machine after the other."""

import statistics
import time

import torch

from benchmarks import report
from ntm_lib.runs.train import train
from ntm_lib.study.tables import aligned
from ntm_lib.training import recipes

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


def main() -> None:
    """Measure, keep and print."""
    alone = one_at_a_time()
    report.keep("learn", "python -m benchmarks learn", {"alone": alone})
    seconds = [run["seconds"] for run in alone["runs"]]
    sequences = [run["sequences"] for run in alone["runs"]]
    print(f"reliable, seeds 0-{len(SEEDS) - 1}, one at a time: {alone['converged']} of {len(SEEDS)} converged")
    columns = ["start to verdict", "median", "fastest", "slowest"]
    rows = [
        [name, float(statistics.median(values)), float(min(values)), float(max(values))]
        for name, values in (("seconds", seconds), ("sequences", sequences))
    ]
    print(aligned([columns, *rows]))
