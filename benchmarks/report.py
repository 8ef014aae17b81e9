"""What every benchmark shares: timing sides in turn, and results as a JSON file."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"


def machine() -> dict:
    """What ran this, and on what."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        processor = next((line.split(": ")[1] for line in lines if line.startswith("model name")), processor)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {"processor": processor, "cores": os.cpu_count(), "versions": versions}


def in_turn(sides: Mapping[str, Callable[[], object]], rounds: int, seconds: float = 0.1) -> dict[str, list[float]]:
    """Seconds of one call of each side, once a round, all sides after each other in every round.

    A side is called as often in a round as fits into `seconds`, and at least once. One call of each is not counted.
    """
    calls = {}
    for name, call in sides.items():
        call()
        calls[name] = max(1, int(seconds / _time(call, 1)))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            times[name].append(_time(call, calls[name]))
    return times


def _time(call: Callable[[], object], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats


def spread(times: list[float]) -> dict[str, float]:
    """Median, fastest and slowest."""
    return {"median": statistics.median(times), "fastest": min(times), "slowest": max(times)}


def exponent(sizes: list[float], values: list[float]) -> float:
    """The power of the size that the values grow with: the slope of a line through their logarithms."""
    import numpy

    return float(numpy.polyfit(numpy.log(sizes), numpy.log(values), 1)[0])


def keep(name: str, command: str, results: object) -> None:
    """Write what a benchmark found to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    content = {"command": command, "machine": machine(), "results": results}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
