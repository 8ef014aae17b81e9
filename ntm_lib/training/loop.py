"""Learning: draw a batch, take a gradient, step, and stop when the machine copies exactly what it never trained on."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training import checkpoints, curriculum
from ntm_lib.training.evaluation import Verdict, copy_format, judge, validate
from ntm_lib.training.losses import auxiliary_losses, loss_of
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Progress, Run

RUNNING = 0.9
"""How much of the running loss the past keeps at each update."""
VALIDATIONS_IN_A_ROW = 2
"""Exact validations, one after the other, that end a training."""
PAYLOADS = {"random": tasks.payload, "uneven": tasks.uneven_payload, "varied": tasks.varied_payload}
"""What draws each kind of training payload."""


@dataclass(frozen=True)
class Result:
    """A trained machine and how it came about."""

    model: nn.Module
    recipe: Recipe
    seed: int
    verdict: Verdict
    converged: bool
    sequences: int
    seconds: float
    history: list[dict]
    stopped: str | None
    """Where a loss or a gradient was not finite, which stopped the training; else None."""


class Draw(NamedTuple):
    """What one update trains on."""

    batch: tasks.Batch
    length: int
    rows: int | None
    """Rows of memory; None: the machine's own number."""
    key_strength: float


def draw(run: Run) -> Draw:
    """The next batch and how to run it."""
    recipe, generator = run.recipe, run.generator
    settling = run.progress.settled_at is not None
    top = curriculum.longest(
        recipe.curriculum,
        recipe.max_length,
        run.progress.update / recipe.updates,
        recipe.length_power,
        run.progress.level,
    )
    length = curriculum.draw_length(top, recipe.max_length, recipe.any_length, generator)
    rows, large = None, False
    if recipe.largest_memory:
        large = settling and float(torch.rand((), generator=generator)) < recipe.large_memories
        largest = recipe.largest_memory_settling if large else recipe.largest_memory
        rows = curriculum.draw_rows(2 * length + 4, largest, generator)
    width, start_marker = copy_format(run.model)
    payload = PAYLOADS[recipe.payload_settling if settling else recipe.payload]
    bits = payload(recipe.batch_size, length, width, generator=generator)
    return Draw(tasks.frame_copy(bits, start_marker), length, rows, recipe.handicap if large else 1.0)


def learning_rate(recipe: Recipe, progress: Progress) -> float:
    """The rate of the next update: warm-up, then the peak, then a cosine from peak to final while settling."""
    peak = recipe.learning_rate
    if progress.converged_at is not None:
        return 0.1 * peak
    warm = min(1.0, (progress.update + 1) / max(1, recipe.warmup_updates))
    if progress.settled_at is None:
        return peak * warm
    since = min(1.0, (progress.update - progress.settled_at) / recipe.settle_updates)
    return peak * warm * (recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * since)))


def update(run: Run) -> dict:
    """One update; returns its record. Leaves the weights as they were if the loss or the gradient is not finite."""
    recipe, progress, parameters = run.recipe, run.progress, list(run.model.parameters())
    batch, length, rows, key_strength = draw(run)
    states: list[NTMState] = []
    logits, _ = run.model(batch.inputs, memory_size=rows, history=states, key_strength=key_strength)
    loss = loss_of(logits, batch, recipe.loss_over)
    total = loss
    if states:  # a machine without a memory has none
        costs = auxiliary_losses(recipe, progress, states, batch.mask, run.model.config.read_heads)
        total = loss + sum(weight * cost for weight, cost in costs)
    run.optimizer.zero_grad()
    total.backward()
    norm = clip(parameters, recipe)
    record = {"update": progress.update + 1, "length": length, "loss": loss.item(), "gradient_norm": norm}
    if not math.isfinite(record["loss"] + norm):
        progress.stopped = explain_not_finite(run.model, batch, rows, key_strength, record)
        return record
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(recipe, progress)
    run.optimizer.step()
    note_loss(recipe, progress, length, record["loss"])
    progress.update += 1
    progress.sequences += recipe.batch_size
    return record


def clip(parameters: list[Tensor], recipe: Recipe) -> float:
    """Limit the gradient as the recipe says, if it is finite; returns its whole norm before that."""
    gradients = [parameter.grad for parameter in parameters]
    norm = torch.nn.utils.get_total_norm(gradients)
    if not norm.isfinite():
        return norm.item()
    if recipe.clip_value:
        torch.nn.utils.clip_grad_value_(parameters, recipe.clip_value)
    if recipe.clip_norm:
        torch.nn.utils.clip_grads_with_norm_(parameters, recipe.clip_norm, norm)
    return norm.item()


def note_loss(recipe: Recipe, progress: Progress, length: int, loss: float) -> None:
    """Let a loss move the running loss, the adaptive level, and the moment from which the machine settles.

    One that has settled for its time without becoming exact starts learning again, as if its loss were a new machine's:
    what it got wrong is then no longer held in place by sharp weightings.
    """
    before = loss if progress.running_loss is None else progress.running_loss
    progress.running_loss = RUNNING * before + (1 - RUNNING) * loss
    progress.learned = max(progress.learned, 1 - progress.running_loss / math.log(2))
    if length >= progress.level and loss < recipe.level_loss:
        progress.level += 1
    if progress.settled_at is None and progress.running_loss < recipe.settled_loss:
        progress.settled_at = progress.update + 1
    elif settled_long_enough(recipe, progress):
        progress.settled_at, progress.running_loss, progress.exact_in_a_row = None, math.log(2), 0


def settled_long_enough(recipe: Recipe, progress: Progress) -> bool:
    """Whether the time to settle is over for a machine that was not exact when last asked."""
    if progress.settled_at is None or progress.converged_at is not None:
        return False
    return progress.update + 1 - progress.settled_at >= recipe.settle_updates and not progress.exact_in_a_row


@torch.no_grad()
def explain_not_finite(
    model: nn.Module, batch: tasks.Batch, rows: int | None, key_strength: float, record: dict
) -> str:
    """One line that names the step, the length and the first thing that was not finite."""
    where = next(
        (
            f"gradient of {name}"
            for name, parameter in model.named_parameters()
            if parameter.grad is not None and not parameter.grad.isfinite().all()
        ),
        "gradient norm",
    )
    if not math.isfinite(record["loss"]):
        states: list[NTMState] = []
        model(batch.inputs, memory_size=rows, history=states, key_strength=key_strength)
        where = next(
            (
                f"{name} at time step {step}"
                for step, state in enumerate(states)
                for name, value in state._asdict().items()
                if isinstance(value, Tensor) and not value.isfinite().all()
            ),
            "output",
        )
    return f"update {record['update']}, length {record['length']}: the {where} is not finite (loss {record['loss']})"


def check(run: Run) -> int | None:
    """Validate and count exact validations in a row; returns the wrong bits, or None where it is too early to ask."""
    recipe, progress = run.recipe, run.progress
    if recipe.settled_loss and (
        progress.settled_at is None or progress.update < progress.settled_at + recipe.settle_at_least
    ):
        return None
    wrong = validate(run.model, recipe.max_length, run.generator)
    progress.exact_in_a_row = progress.exact_in_a_row + 1 if wrong == 0 else 0
    return wrong


def is_done(run: Run) -> bool:
    """Whether training ends here: converged (and trained on for as long as asked), stopped, or out of updates."""
    progress = run.progress
    if progress.converged_at is None and progress.exact_in_a_row >= VALIDATIONS_IN_A_ROW:
        progress.converged_at = progress.update
    return progress.stopped is not None or progress.update >= last_update(run.recipe, progress)


def last_update(recipe: Recipe, progress: Progress) -> int:
    """The update after which training ends, as far as is known by now."""
    if progress.converged_at is None:
        return recipe.updates
    return math.ceil(progress.converged_at * (1 + recipe.keep_training))


def records(run: Run) -> Iterator[dict]:
    """Train until done, yielding a record after every validation; a run can be saved and continued between two."""
    recipe, progress = run.recipe, run.progress
    while not is_done(run):
        started = time.perf_counter()
        losses, norms = [], []
        while True:
            record = update(run)
            losses.append(record["loss"])
            norms.append(record["gradient_norm"])
            if progress.stopped or progress.update == last_update(recipe, progress):
                break
            if progress.update % recipe.validate_every == 0:
                break
        wrong = None if progress.stopped else check(run)
        progress.seconds += time.perf_counter() - started
        progress.history.append(
            {
                "update": progress.update,
                "sequences": progress.sequences,
                "seconds": round(progress.seconds, 3),
                "loss": sum(losses) / len(losses),
                "gradient_norm": max(norms),
                "level": progress.level,
                "settled": progress.settled_at is not None,
                "validation_wrong_bits": wrong,
            }
        )
        yield progress.history[-1]


def train(
    recipe: Recipe,
    seed: int = 0,
    out: str | Path | None = None,
    on_record: Callable[[dict], None] | None = None,
) -> Result:
    """Train one machine from one seed, and judge it.

    With `out`, the run is saved there after every validation, and an interrupted run with the same recipe and seed
    goes on from there, bit for bit as if it had not been interrupted; a finished one is returned as it is.
    Raises TypeError or ValueError for a recipe or a seed of the wrong kind, and where `out` holds something else.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe is {type(recipe).__name__}: expected a Recipe, such as recipes.reliable")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise ValueError(f"seed is {seed!r}: expected a whole number from 0 on")
    run = checkpoints.resume(Run(recipe, seed), out)
    progress = run.progress
    if not progress.finished:
        checkpoints.save(run, out)  # a directory that cannot be written is noticed before anything is learned
    for record in () if progress.finished else records(run):
        checkpoints.save(run, out)
        if on_record:
            on_record(record)
    if not progress.finished:
        started = time.perf_counter()
        progress.reports = judge(run.model).to_json()
        progress.seconds += time.perf_counter() - started
        progress.finished = True
        checkpoints.save(run, out)
    return result_of(run)


def result_of(run: Run) -> Result:
    """What a finished run has come to."""
    progress = run.progress
    verdict = Verdict.from_json(progress.reports)
    return Result(
        model=run.model,
        recipe=run.recipe,
        seed=run.seed,
        verdict=verdict,
        converged=verdict.converged and progress.stopped is None,
        sequences=progress.sequences,
        seconds=progress.seconds,
        history=progress.history,
        stopped=progress.stopped,
    )
