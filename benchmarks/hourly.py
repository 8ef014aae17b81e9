"""Seeds an hour: a study of 100 seeds on all cores, each seed in passes of its own or as many together as can be."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import report
from ntm_lib.study.engines import SEEDS_TOGETHER, Workers
from ntm_lib.study.study import study
from ntm_lib.study.tables import aligned
from ntm_lib.training import recipes

SEEDS, ROUNDS = range(100), 2
SIDES = {"one by one": 1, "in groups": SEEDS_TOGETHER}


def seconds_of(together: int) -> float:
    """Seconds of one study."""
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        study([recipes.reliable], SEEDS, Path(out), workers=Workers(seeds_together=together))
        return time.perf_counter() - started


def main() -> None:
    """Measure both in turn, keep and print."""
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(ROUNDS):
        for name, together in SIDES.items():
            times[name].append(seconds_of(together))
    report.keep("hourly", "python -m benchmarks hourly", {"seeds": len(SEEDS), "together": SIDES, "seconds": times})
    rates = {name: 3600 * len(SEEDS) / statistics.median(seconds) for name, seconds in times.items()}
    rows = [[f"`reliable`, {name}", rate, rate / rates["one by one"]] for name, rate in rates.items()]
    print(aligned([["", "seeds an hour", "× one by one"], *rows]))
