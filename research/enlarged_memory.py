"""Count wrong bits in four times as many rows as in training: python -m research.enlarged_memory STUDY SEEDS TABLE.csv

STUDY is the directory in which `ntm study data/studies/memory --out` trained all arms. Where a machine has an initial
content for each row, the added rows continue it: fixed random rows with more from the same distribution, drawn from the
machine's seed; learned rows with the learned rows over again.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from tqdm import tqdm

from ntm_lib import NTM, load
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.training.evaluation import evaluate
from research.tables import question

TIMES = 4
LENGTHS = (20, 50, 120)
SEQUENCES = 20


@torch.no_grad()
def enlarged(model: NTM, seed: int) -> NTM:
    """A machine with the weights of another and `TIMES` as many memory rows."""
    config = replace(model.config, memory_size=TIMES * model.config.memory_size)
    larger = NTM(config, torch.Generator().manual_seed(seed))
    weights = dict(model.state_dict())
    rows = weights.get("memory_0")
    if rows is not None and len(rows) == model.config.memory_size:
        fresh = larger.memory_0[len(rows) :] if config.initial_memory == "random" else rows.repeat(TIMES - 1, 1)
        weights["memory_0"] = torch.cat([rows, fresh])
    larger.load_state_dict(weights)
    return larger


def main(study: str, seeds: str, table: str) -> None:
    """Let every machine copy in both numbers of rows, and write a line for each machine, number of rows and length."""
    torch.set_num_threads(1)
    with Path(table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["recipe", "seed", "rows", "length", "bits", "wrong_bits"])
        runs = [(arm.name, seed) for arm in question("memory").arms.values() for seed in parse_seeds(seeds)]
        for recipe, seed in tqdm(runs, disable=None):
            model = cast(NTM, load(Path(study) / "machines" / recipe / str(seed))[0])
            for machine in (model, enlarged(model, seed)):
                rows = machine.config.memory_size
                for length, count in evaluate(machine, LENGTHS, SEQUENCES, seed, memory_size=rows).lengths.items():
                    writer.writerow([recipe, seed, rows, length, count.bits, count.wrong_bits])


if __name__ == "__main__":
    main(*sys.argv[1:])
