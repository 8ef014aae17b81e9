"""Many runs in one pass: their machines stacked, each run bit for bit as if it were trained alone."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch.func import functional_call

from ntm_lib.machine import NTM, NTMConfig, NTMState
from ntm_lib.machine.own import Maker
from ntm_lib.machine.stack import stack
from ntm_lib.training import loop
from ntm_lib.training.losses import spread_of, total_loss
from ntm_lib.training.optimizers import limit_derivatives
from ntm_lib.training.recipe import Recipe
from ntm_lib.training.run import Drawn, Run, draw

NUMBERS_TOGETHER = 524_288  # memory cells of a pass: with more, fewer passes do not make up for slower memory


def learn_together(runs: Sequence[Run], machine: NTM | None = None) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Train and judge all runs, yielding a run and its record after each of its validations; see `update_together`."""
    while active := [run for run in runs if not run.progress.finished]:
        update_together(active, machine)
        for run in active:
            if run.pauses:
                yield run, loop.check(run)


def update_together(runs: Sequence[Run], machine: NTM | None = None) -> list[dict[str, Any]]:
    """One update of every run; returns their records, and divides the time among the runs.

    Passes go through `machine`, whatever its own weights, such as one that is compiled; None: the first of each pass.
    """
    started = time.perf_counter()
    drawn = [draw(run) for run in runs]
    losses = backpropagate_all(runs, drawn, machine)
    records = [loop.step(*each) for each in zip(runs, drawn, losses, strict=True)]
    for run in runs:
        run.progress.seconds += (time.perf_counter() - started) / len(runs)
    return records


def backpropagate_all(runs: Sequence[Run], drawn: Sequence[Drawn], machine: NTM | None = None) -> list[float]:
    """Leave gradients in every run's machine, in as few passes as there are; returns the answers' losses."""
    losses: dict[int, float] = {}
    for indices in passes(runs, drawn):
        together = backpropagate([runs[i] for i in indices], [drawn[i] for i in indices], machine)
        losses |= dict(zip(indices, together, strict=True))
    return [losses[index] for index in range(len(runs))]


def passes(runs: Sequence[Run], drawn: Sequence[Drawn]) -> Iterator[list[int]]:
    """Indices of the runs that share a pass: runs with batches of one shape, as many as a cache holds."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for index, (run, one) in enumerate(zip(runs, drawn, strict=True)):
        alike.setdefault((one.batch.inputs.shape, one.shape, run.recipe.clip_weightings), []).append(index)
    for indices in alike.values():
        at_once = machines_at_once(runs[indices[0]], drawn[indices[0]])
        yield from (indices[first : first + at_once] for first in range(0, len(indices), at_once))


def machines_at_once(run: Run, one: Drawn) -> int:
    """How many machines share a pass before their memories outgrow what is fast to reach; other machines run alone."""
    if type(run.model) is not NTM:
        return 1
    config = run.model.config
    cells = run.recipe.batch_size * (one.shape.rows or config.memory_size) * config.word_size
    return max(1, NUMBERS_TOGETHER // cells)


def backpropagate(runs: Sequence[Run], drawn: Sequence[Drawn], machine: NTM | None = None) -> list[float]:
    """As `loop.backpropagate` for every run, with one forward and one backward pass; returns the answers' losses."""
    models = [run.model for run in runs]
    through = machine or models[0]
    if (len(runs) == 1 and machine is None) or not isinstance(through, NTM):
        return [loop.backpropagate(run, one) for run, one in zip(runs, drawn, strict=True)]
    states: list[NTMState] = []
    inputs = torch.cat([one.batch.inputs for one in drawn])
    logits, _ = functional_call(through, stack(models), (inputs,), loop.options(drawn[0], states))
    weights = [loop.weights_beside(run) for run in runs]
    focused = any("focus" in each for each in weights)
    spreads = spread_of(states).chunk(len(runs)) if focused else [None] * len(runs)
    losses, totals = [], []
    for index, (run, answer, one) in enumerate(zip(runs, logits.chunk(len(runs)), drawn, strict=True)):
        focus = weights[index].get("focus", 0.0)
        own = spreads[index] if focus else None
        loss, total = total_loss(run.recipe.historical, answer, one.batch, focus, own)
        losses.append(loss.item())
        totals.append(total)
        run.optimizer.zero_grad()
    limit_derivatives(states, runs[0].recipe)
    torch.autograd.backward(totals)
    for run, own_weights in zip(runs, weights, strict=True):
        loop.backpropagate_alone(run, own_weights)
    return losses


def compiled_machine(runs: Sequence[Run]) -> NTM:
    """A machine whose step is compiled, for passes of up to all of these runs."""
    machine = deepcopy(runs[0].model)
    assert isinstance(machine, NTM)
    # Each number of machines in a pass is compiled twice, once for the first step.
    machine.compile_step(fullgraph=True, dynamic=False, recompile_limit=8 + 2 * len(runs))
    return machine


def check_compiled(recipe: Recipe, machine: Maker | None = None) -> None:
    """ValueError for a recipe whose passes cannot be compiled, for a machine of one's own, or without a compiler."""
    if machine is not None:
        raise ValueError("compiled is for the library's NTM: leave it out for a machine of your own")
    shapes = recipe.largest_memory or recipe.settle_crowd != 1 or recipe.historical.curriculum == "adaptive"
    if shapes or not isinstance(recipe.machine, NTMConfig):
        raise ValueError(
            f"compiled is for an NTM whose passes all have one shape, and those of {recipe.name} have many: leave it"
            " out, or choose a recipe such as paper_2014"
        )
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise ValueError(f"compiled needs a C++ compiler, and {compiler} is not found: install it, or leave it out")
