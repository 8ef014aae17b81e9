"""README's training loop, word for word but for its seed: how many of twenty machines copy without a wrong bit."""

import re
from pathlib import Path

import torch

from benchmarks import report
from ntm_lib import evaluate
from ntm_lib.study.tables import aligned

README = Path(__file__).parent.parent / "README.md"
SEEDS, LENGTHS, SEQUENCES = range(20), (20, 50, 120), 100


def loop(seed: int) -> str:
    """The block of README that seeds torch, with another seed in its one seed line.

    Raises ValueError where README has no such block, or several.
    """
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    seeded = [re.subn(r"torch\.manual_seed\(\d+\)", f"torch.manual_seed({seed})", block) for block in blocks]
    found = [block for block, count in seeded if count == 1]
    if len(found) != 1:
        raise ValueError(f"README has {len(found)} blocks with one line torch.manual_seed(...): expected one")
    return found[0]


def wrong_bits(seed: int) -> dict[int, int]:
    """Train by README's loop; wrong bits at each length."""
    names: dict = {}
    exec(loop(seed), names)
    counts = evaluate(names["model"], LENGTHS, SEQUENCES).lengths
    return {length: count.wrong_bits for length, count in counts.items()}


def main() -> None:
    """Measure, keep and print; not in `make bench`, for it takes six minutes or more."""
    torch.set_num_threads(1)
    runs = [{"seed": seed, "wrong_bits": wrong_bits(seed)} for seed in SEEDS]
    report.keep("readme", "python -m benchmarks readme", {"sequences": SEQUENCES, "runs": runs})
    print(aligned([["seed", *map(str, LENGTHS)], *([run["seed"], *run["wrong_bits"].values()] for run in runs)]))
