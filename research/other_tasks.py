"""Train what the machine is compared with on the paper's other tasks, and count wrong bits by size, of NTMs as well.

    ntm study recall --seeds 0-9 --out runs/recall
    python -m research.other_tasks recall --seeds 0-9 --runs runs --out data/studies/other_tasks

All learn the sizes that the recipe of the task's name draws. NTMs are those of `ntm study`, found in the directory
that `--runs` names; without it, none is counted. Models and seeds that a table has already are not trained again.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, nn

from ntm_lib import load
from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.tasks import Batch, Task, task_for
from ntm_lib.tasks.sizes import Size, size_text
from ntm_lib.tasks.task import cost_in_bits
from ntm_lib.training import recipes
from ntm_lib.training.curriculum import chances, draw_shape
from ntm_lib.training.evaluation import counted, generator_of
from research.comparison import COUNTED, Decoder, Plan, asked, complete, learn, write_manifest
from research.tables import read_table, seeds_text

SEQUENCES = 100  # tested at each size
COLUMNS = ("model", "seed", "weights", "shown", "seconds", "size", *COUNTED, "cost_bits", "excess_bits")


class Asked(NamedTuple):
    """How long models are trained on a task, and the sizes at which they are tested."""

    lstm: tuple[int, int, int]  # updates, sequences in each, and layers of 128 units
    decoder: tuple[int, int]  # updates, and sequences in each
    sizes: tuple[Size, ...]


ASKED = {
    "repeat_copy_ticks": Asked(
        lstm=(3000, 32, 2),
        decoder=(3000, 32),
        sizes=((5, 5), (5, 10), (10, 5), (10, 10), (12, 10), (15, 10), (20, 10), (10, 12), (10, 15), (10, 20)),
    ),
    "recall": Asked(lstm=(1500, 32, 2), decoder=(1500, 32), sizes=(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30)),
    "sort": Asked(lstm=(4000, 32, 2), decoder=(4000, 32), sizes=(5, 10, 15, 20, 30, 40)),
    "ngrams": Asked(lstm=(2000, 32, 1), decoder=(1500, 16), sizes=(50, 100, 200, 400)),
}
"""The paper's other tasks, by the names of their recipes."""
MODELS = ("ntm", "lstm", "hard-alibi")
WINDOWS = 6  # heads of the decoder with a window: an N-gram's context of five bits, and the bit after it, fit in


def plan_of(name: str, model: str) -> Plan:
    """The way in which a model is made and trained for the task of a recipe."""
    machine, plan = recipes.by_name(name).machine, ASKED[name]
    inputs, outputs = machine.input_size, machine.output_size
    if model == "lstm":
        updates, batch, layers = plan.lstm
        config = LSTMConfig(inputs, outputs, hidden_size=128, layers=layers)
        return Plan(lambda: LSTMBaseline(config), updates, rate=4e-3, batch=batch)
    updates, batch = plan.decoder
    fed = name != "ngrams"  # whose inputs are the answers of the steps before
    return Plan(lambda: Decoder(WINDOWS, inputs=inputs, outputs=outputs, fed=fed), updates, rate=2e-3, batch=batch)


def drawn_as(name: str, task: Task, plan: Plan) -> Callable[[int, Generator], Batch]:
    """A function that draws a batch for each update, of the size that the recipe of a name draws."""
    recipe = replace(recipes.by_name(name), updates=plan.updates, largest_memory=0)

    def draw(update: int, generator: Generator) -> Batch:
        length = draw_shape(recipe, update, recipe.max_length, task.rows_needed).length
        return task.draw(plan.batch, task.size_from(length, chances(update).other), generator)

    return draw


def trained(name: str, task: Task, model: str, seed: int, runs: Path) -> tuple[nn.Module, int, float]:
    """A trained model, the sequences that it was shown, and the seconds that it took; an NTM from its file."""
    if model == "ntm":
        machine, run = load(machine_of(name, seed, runs))
        return machine, run.progress.sequences, run.progress.seconds
    plan, started = plan_of(name, model), time.process_time()
    learned = learn(plan, seed, drawn_as(name, task, plan))
    return learned, plan.updates * plan.batch, time.process_time() - started


def machine_of(name: str, seed: int, runs: Path) -> Path:
    """The directory of the machine of one seed among those of `ntm study`."""
    return runs / name / "machines" / name / str(seed)


def rows_of(name: str, model: str, seed: int, runs: Path) -> Iterable[dict[str, object]]:
    """Train one model from one seed, and count: a row for each size."""
    task = task_for(name, recipes.by_name(name).machine)
    learned, shown, seconds = trained(name, task, model, seed, runs)
    weights = sum(parameter.numel() for parameter in learned.parameters())
    for size in ASKED[name].sizes:
        batch, logits = asked(learned, task, size, SEQUENCES, generator_of(1, size))
        found = counted(batch, task.errors(logits, batch)).to_json()
        cost = round(cost_in_bits(logits, batch).sum().item(), 2)
        first = (model, seed, weights, shown, round(seconds, 1), size_text(size))
        yield dict(zip(COLUMNS, first, strict=False)) | found | {"cost_bits": cost}


def main(arguments: list[str]) -> None:
    """Train what is not in a task's table yet, and add its rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"any of {', '.join(ASKED)}; all if left out")
    parser.add_argument("--models", nargs="+", metavar="MODEL", help=f"any of {', '.join(MODELS)}; all if left out")
    parser.add_argument("--seeds", type=parse_seeds, default=range(10))
    parser.add_argument("--runs", type=Path, help="directory of the studies that trained the NTMs")
    parser.add_argument("--out", type=Path, required=True)
    values = parser.parse_args(arguments)
    for what, given, known in (("task", values.tasks, ASKED), ("model", values.models or [], MODELS)):
        if unknown := [name for name in given if name not in known]:
            parser.error(f"{what} is {unknown[0]!r}: expected any of {', '.join(known)}")
    models = values.models or (MODELS if values.runs else MODELS[1:])
    names = values.tasks or list(ASKED)
    for name in names if "ntm" in models else []:
        require_machines(parser, name, values.seeds, values.runs)
    torch.set_num_threads(1)
    values.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        wanted = [(model, seed) for seed in values.seeds for model in models]
        complete(values.out / f"{name}.csv", COLUMNS, wanted, partial(rows_of, name, runs=values.runs))
        write_manifest(values.out, commands(values.out))


def require_machines(parser: argparse.ArgumentParser, name: str, seeds: Iterable[int], runs: Path | None) -> None:
    """End with an error where the machine of a seed is not there."""
    if runs is None:
        parser.error("model is 'ntm' without --runs: name the directory of the studies that trained the NTMs")
    for seed in seeds:
        if not machine_of(name, seed, runs).exists():
            parser.error(
                f"{machine_of(name, seed, runs)} is missing: run `ntm study {name} --seeds {seed} --out {runs / name}`,"
                f" or name other models with --models"
            )


def commands(out: Path) -> list[str]:
    """The commands that make the tables of a directory again, as far as they have come."""
    studies, made = [], dict[tuple[str, str], list[str]]()
    for name in ASKED:
        rows = read_table(out / f"{name}.csv") if (out / f"{name}.csv").exists() else []
        for model in MODELS:
            if seeds := seeds_text(row["seed"] for row in rows if row["model"] == model):
                made.setdefault((model, seeds), []).append(name)
                studies += [f"ntm study {name} --seeds {seeds} --out runs/{name}"] if model == "ntm" else []
    runs = {"ntm": " --runs runs"}
    return studies + [
        f"python -m research.other_tasks {' '.join(names)} --models {model} --seeds {seeds}{runs.get(model, '')}"
        f" --out {out}"
        for (model, seeds), names in made.items()
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
