"""Notebooks: seconds and peak of memory of each one's kernel. `python -m benchmarks.notebooks`, after `make lab`."""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks import report
from ntm_lib.study.tables import aligned

LESSONS = Path(__file__).parent.parent / "notebooks"
BINDER_BYTES = 2 * 2**30
"""What Binder grants at most to one reader, server and kernel together."""

PEAK = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
"""The most that the kernel has held so far, in the kibibytes of Linux; what the parent held counts in ru_maxrss."""


def measure(path: Path) -> dict:
    """Run a notebook to its end: seconds, and bytes at the peak of its kernel."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    started = time.perf_counter()
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": path.parent}}).execute()
    seconds = time.perf_counter() - started
    return {"notebook": path.stem, "seconds": seconds, "bytes": 1024 * int(notebook.cells[-1].outputs[0].text)}


def main(names: list[str]) -> None:
    """Measure the notebooks whose names begin so, or all; keep and print all, each beside what Binder grants."""
    paths = [path for path in sorted(LESSONS.glob("*.ipynb")) if path.name.startswith(tuple(names or [""]))]
    results = [measure(path) for path in paths]
    if not names:
        report.keep("notebooks", "python -m benchmarks.notebooks", results)
    rows = [[one["notebook"], one["seconds"], one["bytes"] / 1e6, one["bytes"] / BINDER_BYTES] for one in results]
    print(aligned([["notebook", "seconds", "MB", "of Binder's 2 GiB"], *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
