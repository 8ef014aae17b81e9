"""Wrong bits by length and cause: python research/causes_by_length.py STUDY RECIPE SEEDS TABLE.csv

STUDY is what `ntm study --out` made. Every machine copies the same number of random sequences of each length, drawn
from its own seed, in as many rows as a length needs, or in the only number it has.
"""

import csv
import sys
from pathlib import Path

import torch
from torch import Generator
from tqdm import tqdm

from ntm_lib import load, tasks
from ntm_lib.analysis.causes import CAUSES, causes
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.study.manifest import parse_seeds
from ntm_lib.training.evaluation import copy_format

LENGTHS = (1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200)
SEQUENCES = 5


def main(study: str, recipe: str, seeds: str, table: str) -> None:
    """Ask every machine, and write one line a machine and length."""
    torch.set_num_threads(1)
    with Path(table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["recipe", "seed", "length", "bits", *CAUSES])
        for seed in tqdm(parse_seeds(seeds), disable=None):
            model, _ = load(Path(study) / "machines" / recipe / str(seed))
            for length in LENGTHS:
                width, _ = copy_format(model)
                generator = Generator().manual_seed(1000 * seed + length)
                trace = trace_copy(model, tasks.payload(SEQUENCES, length, width, generator=generator), stages=False)
                split = causes(trace)
                writer.writerow([recipe, seed, length, SEQUENCES * length * width, *(split[cause] for cause in CAUSES)])


if __name__ == "__main__":
    main(*sys.argv[1:])
