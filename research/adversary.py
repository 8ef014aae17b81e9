"""Count what a search finds beyond payloads chosen by formula: python -m research.adversary RECIPE SEEDS OUT.json

Each machine is trained anew, and copies random payloads, those of `tasks.chosen_payload`, and those that
`analysis.adversary.search` makes of them. A margin is how far the least certain bit is on its right side; it is
negative where the bit is wrong. With a crowd of 50 the jump of a copy of 20 vectors is as hard as that of 1,000.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from torch import Generator, Tensor
from tqdm import tqdm

from ntm_lib import tasks
from ntm_lib.analysis.adversary import margins_of, search
from ntm_lib.runs.train import one_thread, train_together
from ntm_lib.study.arms import one_recipe
from ntm_lib.study.rows import versions
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.study.tables import aligned
from ntm_lib.training.evaluation import Machine

TRIALS = ((20, 1), (20, 50), (20, 150), (120, 1))  # length and crowd
RANDOM, CHOSEN = 100, 28  # payloads; chosen ones: every weakness with every pattern
GENERATIONS, CHILDREN = 40, 32


def measured(machine: Machine, seed: int, length: int, crowd: int) -> dict[str, Any]:
    """Tried and wrong payloads of each kind, and their least margin, for one machine, length and crowd."""

    def generator() -> Generator:
        return Generator().manual_seed(seed)

    random = tasks.payload(RANDOM, length, machine.config.output_size, generator=generator())
    found = search(machine, length, generator(), GENERATIONS, CHILDREN, crowd)
    return {
        "seed": seed,
        "length": length,
        "crowd": crowd,
        "random": counted(margins_of(machine, random, crowd)),
        "chosen": counted(margins_of(machine, tasks.chosen_payload(machine, CHOSEN, length, generator()), crowd)),
        "search": {"tried": found.tried, "wrong": found.wrong, "margin": found.margin},
    }


def counted(margins: Tensor) -> dict[str, Any]:
    """The number of payloads, of wrong ones, and the least margin of all."""
    return {"tried": len(margins), "wrong": int((margins < 0).sum()), "margin": float(margins.min())}


def summary(rows: list[dict[str, Any]]) -> list[list[object]]:
    """A line for each length and crowd: machines that err by kind of payload, median margins, what the search adds."""
    kinds = ("random", "chosen", "search")
    header = ["length", "crowd", "machines", *(f"err: {kind}" for kind in kinds), "search alone"]
    lines: list[list[object]] = [[*header, *(f"margin: {kind}" for kind in kinds)]]
    for length, crowd in TRIALS:
        of = [row for row in rows if (row["length"], row["crowd"]) == (length, crowd)]
        err = [sum(row[kind]["wrong"] > 0 for row in of) for kind in kinds]
        alone = sum(row["search"]["wrong"] > 0 and not row["chosen"]["wrong"] for row in of)
        margins = [median(row[kind]["margin"] for row in of) for kind in kinds]
        lines.append([length, crowd, len(of), *err, alone, *margins])
    return lines


def main(word: str, seeds: str, out: str) -> None:
    """Train every seed, measure each machine, write all numbers to a file and print how many machines err."""
    recipe, rows = one_recipe(word), []
    with one_thread():
        trained = train_together(recipe, dict.fromkeys(parse_seeds(seeds)))
        for result in tqdm(trained, total=len(parse_seeds(seeds)), disable=None):
            rows += [measured(result.model, result.seed, *trial) for trial in TRIALS]
    rows.sort(key=lambda row: (row["seed"], row["length"], row["crowd"]))
    noted = {
        "command": f"python -m research.adversary {word} {seeds} {out}",
        "versions": versions(),
        "settings": asdict(recipe),
        "generations": GENERATIONS,
        "children": CHILDREN,
        "rows": rows,
    }
    Path(out).write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
    print(aligned(summary(rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
