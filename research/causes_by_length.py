"""Count wrong bits by length and cause: python -m research.causes_by_length STUDY RECIPE SEEDS TABLE.csv

STUDY is a directory that `ntm study --out` made, RECIPE a recipe's name in its runs.csv. Every machine copies as many
random sequences of each length, drawn from the machine's seed, in as many rows as the length needs, or in the only
number of rows that the machine has.
"""

import csv
import sys
from pathlib import Path

import torch
from torch import Generator
from tqdm import tqdm

from ntm_lib import load, tasks
from ntm_lib.analysis.causes import causes
from ntm_lib.analysis.copies import copy_format
from ntm_lib.analysis.finding import CAUSES
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.study.seeds import parse_seeds

LENGTHS = (1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200)
SEQUENCES = 5


def main(study: str, recipe: str, seeds: str, table: str) -> None:
    """Let every machine copy, and write a line for each machine and length."""
    torch.set_num_threads(1)
    with Path(table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["recipe", "seed", "length", "bits", *CAUSES])
        for seed in tqdm(parse_seeds(seeds), disable=None):
            model, _ = load(Path(study) / "machines" / recipe / str(seed))
            for length in LENGTHS:
                width, _ = copy_format(model)
                generator = Generator().manual_seed(1000 * seed + length)
                trace = trace_copy(model, tasks.payload(SEQUENCES, length, width, generator=generator))
                split = causes(trace)
                writer.writerow([recipe, seed, length, SEQUENCES * length * width, *(split[cause] for cause in CAUSES)])


if __name__ == "__main__":
    main(*sys.argv[1:])
