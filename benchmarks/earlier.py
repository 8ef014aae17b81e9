"""Seconds from start to verdict, here and with an earlier commit of this repository, in turn: one machine, and 100.

    python -m benchmarks earlier

needs the repository's history. Both sides train their own `reliable`; the earlier one runs in a copy of its files.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from ntm_lib.study.tables import aligned

ROOT = Path(__file__).parent.parent
COMMIT = "919d8d4"  # version 0.1.0 as it was when its recipe had 20 ingredients
SEEDS, STUDIED = range(10), range(100)
ALONE = """
import sys, time
from ntm_lib import train
from ntm_lib.training import recipes
started = time.perf_counter()
train(recipes.reliable, int(sys.argv[1]))
print(time.perf_counter() - started)
"""
STUDY = """
import sys
from ntm_lib.training import recipes
try:
    from ntm_lib.study.study import study
except ModuleNotFoundError:  # where version 0.1.0 had it
    from ntm_lib.training.study import study
study([recipes.reliable], range(int(sys.argv[1])), sys.argv[2])
"""


def run(directory: Path, *words: str) -> str:
    """The output of Python in a directory whose `ntm_lib` it imports, on one thread; CalledProcessError if it fails."""
    environment = os.environ | {"PYTHONPATH": str(directory), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True, text=True).stdout


def study_seconds(directory: Path) -> float:
    """Seconds of a study of 100 seeds on all cores, the start of Python included."""
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        run(directory, "-c", STUDY, str(len(STUDIED)), out)
        return time.perf_counter() - started


def checked_out(commit: str, directory: Path) -> Path:
    """A directory with the files of a commit."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(directory)], input=archive, check=True)
    return directory


def main() -> None:
    """Measure both in turn, keep and print; not in `make bench`, for it takes eight minutes."""
    with tempfile.TemporaryDirectory() as earlier:
        sides = {COMMIT: checked_out(COMMIT, Path(earlier)), "now": ROOT}
        alone: dict[str, list[float]] = {name: [] for name in sides}
        for seed in SEEDS:
            for name, directory in sides.items():
                alone[name].append(float(run(directory, "-c", ALONE, str(seed))))
        studies = {name: [study_seconds(directory)] for name, directory in sides.items()}
    found = {"seeds": [*SEEDS], "studied": len(STUDIED), "one machine": alone, "a study": studies}
    report.keep("earlier", "python -m benchmarks earlier", found)
    rows = []
    for what, seconds in (("one machine", alone), ("a study of 100", studies)):
        before, now = (statistics.median(seconds[name]) for name in sides)
        rows.append([what, before, now, now / before])
    print(aligned([["seconds to the verdict, median", COMMIT, "now", "ratio"], *rows]))
