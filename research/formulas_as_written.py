"""Train the post's recipe with Eqs. 6 and 9 as they are written down, without the safeguards of this library:

    python -m research.formulas_as_written NAME SEEDS RUNS TABLE.csv

NAME says whose formulas: `paper`, with PyTorch's derivatives; or `post`, the formulas of the post's code, with the
derivative that a power had in Theano 0.6. Where numbers stop being finite, the table names the first operation whose
result was not. RUNS keeps the machines, and an interrupted command goes on from there.
"""

import csv
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Generator, Tensor
from tqdm import tqdm

from ntm_lib.machine import NTM, fast
from ntm_lib.machine.addressing import Stages
from ntm_lib.machine.step import Equations
from ntm_lib.runs import checkpoints
from ntm_lib.runs.together import learn_together
from ntm_lib.runs.train import Result, result_of
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.tasks import Batch, copying_for
from ntm_lib.training import recipes
from ntm_lib.training.run import Run
from research.first_not_finite import operation

POST_EPSILON = 1e-5
"""Number that the post's code adds to a length, outside its root (shawntan 01b0b6e)."""
STOPPED = ("nan_update", "nan_length", "nan_operation", "nan_loss")
COLUMNS = ("seed", "sequences", "wrong_bits_random_20", "peak_gradient_norm", *STOPPED)
"""Columns of the table; the last four are empty for a run whose numbers were all finite."""


def cosine_of_the_paper(memory: Tensor, key: Tensor) -> Tensor:
    """Eq. 6 as the paper prints it: (B,N,M), (B,H,M) -> (B,H,N)."""
    return key @ memory.mT / (key.norm(dim=-1, keepdim=True) * memory.norm(dim=-1).unsqueeze(1))


def cosine_of_the_post(memory: Tensor, key: Tensor) -> Tensor:
    """Eq. 6 as the post's code works it out: (B,N,M), (B,H,M) -> (B,H,N)."""
    unit_key = key / (key.square().sum(-1, keepdim=True).sqrt() + POST_EPSILON)
    unit_row = memory / (memory.square().sum(-1, keepdim=True).sqrt() + POST_EPSILON)
    return unit_key @ unit_row.mT


class TheanoPower(torch.autograd.Function):
    """A power whose derivative by the exponent is that of Theano 0.6, which makes NaN of 0 * log 0 (its issue 1780)."""

    @staticmethod
    def forward(ctx: Any, base: Tensor, exponent: Tensor) -> Tensor:
        """The power."""
        ctx.save_for_backward(base, exponent)
        return base**exponent

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        """The derivatives by base and exponent."""
        base, exponent = ctx.saved_tensors
        return grad * exponent * base ** (exponent - 1), grad * base.log() * base**exponent


def sharpen_with(power: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Eq. 9 as the paper prints it, with a given way to raise to a power: (B,H,N), (B,H) -> (B,H,N)."""

    def sharpen(w_s: Tensor, gamma: Tensor) -> Tensor:
        raised = power(w_s, gamma.unsqueeze(-1).expand_as(w_s))
        return raised / raised.sum(-1, keepdim=True)

    return sharpen


FORMULAS = {
    "paper": (cosine_of_the_paper, sharpen_with(torch.pow)),
    "post": (cosine_of_the_post, sharpen_with(TheanoPower.apply)),
}
"""Eqs. 6 and 9 as each author wrote them down."""
FORMULA_OF = {"cosine_of_the_paper": "Eq. 6", "cosine_of_the_post": "Eq. 6", "sharpen": "Eq. 9"}
"""The equation that each function of this module works out."""


def equations(name: str) -> Equations:
    """The equations of a machine, with Eqs. 6 and 9 as the paper or the post wrote them down."""
    cosine, sharpen = FORMULAS[name]

    def address(
        memory: Tensor, w_previous: Tensor, key: Tensor, beta: Tensor, g: Tensor, s: Tensor, gamma: Tensor
    ) -> Stages:
        w_c = torch.softmax(beta.unsqueeze(-1) * cosine(memory, key), dim=-1)
        w_g = fast.interpolate(w_c, w_previous, g)
        w_s = fast.shift(w_g, s)
        return Stages(w_c, w_g, w_s, sharpen(w_s, gamma))

    return Equations(address, fast.read, fast.write)


class Training(NamedTuple):
    """A run of the post's recipe with equations of its own, and the batch of its last update."""

    run: Run
    out: Path
    drawn: list[Batch]

    @property
    def model(self) -> NTM:
        """The machine of the run."""
        return cast(NTM, self.run.model)


def begin(name: str, seed: int, out: Path) -> Training:
    """A training with the formulas of that name, continued where its directory holds one."""
    recipe = recipes.post_2014
    task = copying_for(recipe.machine, recipe.payload)
    drawn: list[Batch] = []

    def draw(batch_size: int, length: int, generator: Generator) -> Batch:
        drawn[:] = [task.draw(batch_size, length, generator)]
        return drawn[0]

    run = checkpoints.resume(Run(recipe, seed, replace(task, draw=draw)), out)
    training = Training(run, out, drawn)
    training.model.equations = equations(name)
    return training


def results(trainings: list[Training]) -> Iterator[Result]:
    """Train until all are done, in shared passes; yields the results of finished trainings first, then each new one."""
    yield from (result_of(each.run) for each in trainings if each.run.progress.finished)
    active = {each.run.seed: each for each in trainings if not each.run.progress.finished}
    for run, _ in learn_together([each.run for each in active.values()]):
        training, stop = active[run.seed], run.progress.stopped
        if stop is not None:
            found = operation(training.model, training.drawn[0], run.recipe.historical.loss_over, FORMULA_OF)
            run.progress.stopped = replace(stop, what=found)
        checkpoints.save(run, training.out)
        if run.progress.finished:
            yield result_of(run)


def line_of(result: Result) -> list[Any]:
    """A line of the table; its largest gradient norm is of the updates before any that was not finite."""
    norms = [record["gradient_norm"] for record in result.history if math.isfinite(record["gradient_norm"])]
    stop = result.stopped
    reason = [None] * 4 if stop is None else [stop.update, stop.length, stop.what, f"{stop.loss:.4g}"]
    wrong = result.verdict.reports[0].lengths[20].wrong_bits
    return [result.seed, result.sequences, wrong, max(norms, default=None), *reason]


def main(name: str, seeds: str, runs: str, table: str) -> None:
    """Train every seed with one author's formulas, and write a line for each run."""
    torch.set_num_threads(1)
    trainings = [begin(name, seed, Path(runs) / name / str(seed)) for seed in parse_seeds(seeds)]
    lines = [line_of(result) for result in tqdm(results(trainings), total=len(trainings), disable=None)]
    with Path(table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
