"""Many runs in one pass: their machines stacked, each run bit for bit as if it were trained alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import nn
from torch.func import functional_call

from ntm_lib.machine import NTM, NTMState
from ntm_lib.machine.heads import Emission
from ntm_lib.machine.stack import stack
from ntm_lib.training.losses import auxiliary_loss, auxiliary_weights, bits_of, loss_of
from ntm_lib.training.run import Drawn, Run

NUMBERS_TOGETHER = 524_288
"""Memory cells of all machines that share a pass: with more, fewer passes no longer make up for slower memory."""


def backpropagate_all(runs: Sequence[Run], drawn: Sequence[Drawn], machine: NTM | None = None) -> list[float]:
    """Leave gradients in every run's machine; returns the answers' losses. Runs whose batches are alike share a pass.

    Passes go through `machine`, whatever its own weights, such as one that is compiled; None: the first of each pass.
    """
    losses = [0.0] * len(runs)
    for indices in passes(runs, drawn):
        together = backpropagate([runs[i] for i in indices], [drawn[i] for i in indices], machine)
        for index, loss in zip(indices, together, strict=True):
            losses[index] = loss
    return losses


def passes(runs: Sequence[Run], drawn: Sequence[Drawn]) -> Iterator[list[int]]:
    """Indices of the runs that share a pass: runs with batches of one shape, as many as a cache holds."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for index, one in enumerate(drawn):
        alike.setdefault((one.batch.inputs.shape, one.shape), []).append(index)
    for indices in alike.values():
        at_once = machines_at_once(runs[indices[0]], drawn[indices[0]])
        yield from (indices[first : first + at_once] for first in range(0, len(indices), at_once))


def machines_at_once(run: Run, one: Drawn) -> int:
    """How many machines share a pass before their memories outgrow what is fast to reach; a baseline runs alone."""
    if not isinstance(run.model, NTM):
        return 1
    config = run.model.config
    cells = run.recipe.batch_size * (one.shape.rows or config.memory_size) * config.word_size
    return max(1, NUMBERS_TOGETHER // cells)


def backpropagate(runs: Sequence[Run], drawn: Sequence[Drawn], machine: NTM | None = None) -> list[float]:
    """Put every run's batch through its machine, all in one pass, and leave gradients; returns the answers' losses."""
    recipe, models = runs[0].recipe, [run.model for run in runs]
    first = models[0]
    inputs = torch.cat([one.batch.inputs for one in drawn])
    states: list[NTMState] = []
    if isinstance(first, NTM):
        options = {"memory_size": drawn[0].shape.rows, "history": states}
        through = machine or first
        with key_strength_times(through, recipe.handicap if drawn[0].shape.large else 1.0):
            logits, _ = functional_call(through, stack(models), (inputs,), options)
    else:
        logits, _ = first(inputs)
    over = recipe.historical.loss_over
    blocks = zip(logits.chunk(len(runs)), drawn, strict=True)
    losses = torch.stack([loss_of(block, one.batch, over) for block, one in blocks])
    scales = [1 if recipe.historical.loss_per == "bit" else bits_of(one.batch, over) for one in drawn]
    total = (losses * losses.new_tensor(scales)).sum()
    if isinstance(first, NTM):
        mask = torch.cat([one.batch.mask for one in drawn])
        weights = [auxiliary_weights(recipe, run.progress.learned, run.progress.settled_for) for run in runs]
        total = total + auxiliary_loss(weights, states, mask, first.config.read_heads)
    for run in runs:
        run.optimizer.zero_grad()
    torch.autograd.backward(total)
    answers: list[float] = losses.tolist()
    return answers


@contextmanager
def key_strength_times(machine: NTM, factor: float) -> Iterator[None]:
    """Multiply every key strength by a factor meanwhile: below 1, a jump by content must succeed with weaker keys."""

    def scale(_: nn.Module, __: tuple[object, ...], emission: Emission) -> Emission:
        return emission._replace(beta=emission.beta * factor)

    if factor == 1:
        yield
        return
    hook = machine.heads.register_forward_hook(scale)
    try:
        yield
    finally:
        hook.remove()


def compiled_machine(runs: Sequence[Run]) -> NTM:
    """A machine whose step is compiled, for passes of up to all of these runs."""
    machine = deepcopy(runs[0].model)
    assert isinstance(machine, NTM)
    # Each number of machines in a pass is compiled twice, once for the first step.
    machine.compile_step(fullgraph=True, dynamic=False, recompile_limit=8 + 2 * len(runs))
    return machine
