"""Growth: time and memory of an update with length and rows, and of copying up to 100,000 vectors without gradients."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from benchmarks import report
from ntm_lib import NTM, NTMConfig, load, tasks, train
from ntm_lib.analysis.copies import rows_needed
from ntm_lib.study.tables import aligned
from ntm_lib.training import recipes
from ntm_lib.training.evaluation import Report, evaluate

ROWS, LENGTHS, COPIES, LONGEST = (128, 512, 2048, 8192), (10, 20, 40, 80), (100, 1000, 10_000), 100_000


def memory_of(call: Callable[[], object]) -> int:
    """Bytes that a call needs at the most, beyond what the process holds before it; from Linux's own accounting."""
    process = Path("/proc/self")
    (process / "clear_refs").write_text("5")  # forget the peak so far
    before = _status(process, "VmRSS")
    call()
    return _status(process, "VmHWM") - before


def _status(process: Path, name: str) -> int:
    lines = (process / "status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def apart(what: str, *arguments: object) -> dict:
    """Run a measurement in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "benchmarks", "scale", what, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one_update(length: int, rows: int) -> dict:
    """Seconds and bytes of one update of the paper's machine at batch 16."""
    torch.set_num_threads(1)
    model, batch = NTM(NTMConfig(10, 8)), tasks.copy(16, length)

    def update() -> float:
        started = time.perf_counter()
        model(batch.inputs, memory_size=rows)[0].sum().backward()
        return time.perf_counter() - started

    model(tasks.copy(16, 1).inputs)[0].sum().backward()
    memory = memory_of(update)
    return {"seconds": sorted(update() for _ in range(5))[2], "bytes": memory}


def one_copy(directory: str, length: int) -> dict:
    """Seconds, bytes and wrong bits of copying one sequence."""
    torch.set_num_threads(1)
    model, _ = load(directory)
    evaluate(model, [1], 1)
    reports: list[Report] = []
    started = time.perf_counter()
    memory = memory_of(lambda: reports.append(evaluate(model, [length], 1)))
    return {"seconds": time.perf_counter() - started, "bytes": memory, "wrong_bits": reports[0].wrong_bits}


def copies(lengths: Sequence[int]) -> list[dict]:
    """One sequence of each length, copied by `reliable` of seed 0."""
    with tempfile.TemporaryDirectory() as directory:
        train(recipes.reliable, 0, directory)
        return [{"length": n, "rows": rows_needed(n), **apart("copy", directory, n)} for n in lengths]


def measure() -> dict:
    """All sizes of `make bench`."""
    by_rows = [{"length": 20, "rows": rows, **apart("update", 20, rows)} for rows in ROWS]
    by_length = [{"length": length, "rows": 512, **apart("update", length, 512)} for length in LENGTHS]
    return {"update_by_rows": by_rows, "update_by_length": by_length, "copy": copies(COPIES)}


def main(arguments: list[str]) -> None:
    """Measure, keep and print; with arguments, one measurement as JSON."""
    if arguments:
        what, *sizes = arguments
        print(json.dumps(one_copy(sizes[0], int(sizes[1])) if what == "copy" else one_update(*map(int, sizes))))
        return
    results = measure()
    exponents = {
        "time with rows": report.exponent(
            [one["rows"] for one in results["update_by_rows"]], [one["seconds"] for one in results["update_by_rows"]]
        ),
        "time with length": report.exponent(
            [2 * one["length"] + 2 for one in results["update_by_length"]],
            [one["seconds"] for one in results["update_by_length"]],
        ),
        "time of a copy with length times rows": report.exponent(
            [(2 * one["length"] + 2) * one["rows"] for one in results["copy"]],
            [one["seconds"] for one in results["copy"]],
        ),
    }
    report.keep("scale", "python -m benchmarks scale", {**results, "exponents": exponents})
    _show(results)
    print(aligned([["growth", "exponent"], *map(list, exponents.items())]))


def longest() -> None:
    """Copy the longest sequence, keep and print; not in `make bench`, for it takes a quarter of an hour or more."""
    results = {"copy": copies([LONGEST])}
    report.keep("longest", "python -m benchmarks longest", results)
    _show(results)


def _show(results: Mapping[str, list[dict]]) -> None:
    rows = [
        [name, one["length"], one["rows"], one["seconds"], one["bytes"] / 1e6, one.get("wrong_bits", "-")]
        for name, ones in results.items()
        for one in ones
    ]
    print(aligned([["what", "length", "rows", "seconds", "MB", "wrong bits"], *rows]))
