"""Learning: draw a batch, take a gradient, step, and stop when the machine copies exactly what it never trained on."""

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ntm_lib import tasks
from ntm_lib.machine import NTM, NTMConfig, NTMState
from ntm_lib.machine.stack import stack
from ntm_lib.training import checkpoints, curriculum
from ntm_lib.training.evaluation import Verdict, copy_format, judge, validate
from ntm_lib.training.losses import auxiliary_loss, auxiliary_weights, bits_of, loss_of
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Progress, Run, build

RUNNING = 0.9
"""How much of the running loss the past keeps at each update."""
VALIDATIONS_IN_A_ROW = 2
"""Exact validations, one after the other, that end a training."""
NUMBERS_TOGETHER = 524_288
"""Memory cells of all machines that share a pass: with more, fewer passes no longer make up for slower memory."""
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
    """The next batch and how to run it: the recipe's schedule decides the shape, the run's own generator the bits."""
    recipe, progress = run.recipe, run.progress
    chance = curriculum.chances(recipe.schedule, progress.update, recipe.draws)
    settling = progress.settled_at is not None
    top = curriculum.longest(
        recipe.curriculum, recipe.max_length, progress.update / recipe.updates, recipe.length_power, progress.level
    )
    length = curriculum.draw_length(recipe.curriculum, top, recipe.max_length, recipe.any_length, chance)
    large = settling and chance.large < recipe.large_memories and recipe.largest_memory > 0
    rows = None
    if recipe.largest_memory:
        largest = recipe.largest_memory_settling if large else recipe.largest_memory
        rows = curriculum.draw_rows(2 * length + 4, largest, chance)
    width, start_marker = copy_format(run.model)
    payload = PAYLOADS[recipe.payload_settling if settling else recipe.payload]
    bits = payload(recipe.batch_size, length, width, generator=run.generator)
    return Draw(tasks.frame_copy(bits, start_marker), length, rows, recipe.handicap if large else 1.0)


def learning_rate(recipe: Recipe, progress: Progress) -> float:
    """The rate of the next update: warm-up, then the peak, then a cosine from peak to final while settling."""
    peak = recipe.learning_rate
    if progress.converged_at is not None:
        return recipe.keep_rate * peak
    warm = min(1.0, (progress.update + 1) / max(1, recipe.warmup_updates))
    if progress.settled_at is None:
        return peak * warm
    since = min(1.0, (progress.update - progress.settled_at) / recipe.settle_updates)
    return peak * warm * (recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * since)))


def update(runs: Sequence[Run], machine: NTM | None = None) -> list[dict]:
    """One update of every run; returns their records. Runs whose draws have one shape share a pass.

    The passes go through `machine`, whatever its own weights, such as one that is compiled; None: the first of theirs.
    Leaves the weights of a run as they were if its loss or its gradient is not finite.
    """
    draws = [draw(run) for run in runs]
    losses = [0.0] * len(runs)
    for indices in passes(runs, draws):
        together = backpropagate([runs[index] for index in indices], [draws[index] for index in indices], machine)
        for index, loss in zip(indices, together, strict=True):
            losses[index] = loss
    return [step(*each) for each in zip(runs, draws, losses, strict=True)]


def passes(runs: Sequence[Run], draws: Sequence[Draw]) -> Iterator[list[int]]:
    """Which runs to put through their machines together: draws of one shape, as many as a cache holds."""
    alike: dict[tuple, list[int]] = {}
    for index, one in enumerate(draws):
        alike.setdefault((one.length, one.rows, one.key_strength), []).append(index)
    for indices in alike.values():
        at_once = machines_at_once(runs[indices[0]], draws[indices[0]])
        yield from (indices[first : first + at_once] for first in range(0, len(indices), at_once))


def machines_at_once(run: Run, one: Draw) -> int:
    """How many machines share a pass before their memories outgrow what is fast to reach; a yardstick runs alone."""
    if not isinstance(run.model, NTM):
        return 1
    config = run.model.config
    return max(1, NUMBERS_TOGETHER // (run.recipe.batch_size * (one.rows or config.memory_size) * config.word_size))


def backpropagate(runs: Sequence[Run], draws: Sequence[Draw], machine: NTM | None = None) -> list[float]:
    """Put every run's batch through its machine, all in one pass, and leave gradients; returns the answers' losses.

    `machine` as in `update`.
    """
    recipe, models = runs[0].recipe, [run.model for run in runs]
    inputs = torch.cat([one.batch.inputs for one in draws])
    states: list[NTMState] = []
    options = {"memory_size": draws[0].rows, "history": states, "key_strength": draws[0].key_strength}
    if isinstance(models[0], NTM):
        logits, _ = functional_call(machine or models[0], stack(models), (inputs,), options)
    else:
        logits, _ = models[0](inputs, **options)
    blocks = zip(logits.chunk(len(runs)), draws, strict=True)
    losses = torch.stack([loss_of(block, one.batch, recipe.loss_over) for block, one in blocks])
    scales = [1 if recipe.loss_per == "bit" else bits_of(one.batch, recipe.loss_over) for one in draws]
    total = (losses * losses.new_tensor(scales)).sum()
    if states:  # a machine without a memory has none
        mask = torch.cat([one.batch.mask for one in draws])
        weights = [auxiliary_weights(recipe, run.progress) for run in runs]
        total = total + auxiliary_loss(weights, states, mask, models[0].config.read_heads)
    for run in runs:
        run.optimizer.zero_grad()
    total.backward()
    return losses.tolist()


def step(run: Run, one: Draw, loss: float) -> dict:
    """Let the gradients that stand move the weights, unless they are not finite; returns the update's record."""
    recipe, progress = run.recipe, run.progress
    norm = clip(list(run.model.parameters()), recipe)
    record = {"update": progress.update + 1, "length": one.length, "loss": loss, "gradient_norm": norm}
    if not math.isfinite(loss + norm):
        progress.stopped = explain_not_finite(run.model, one, record)
        return record
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(recipe, progress)
    run.optimizer.step()
    if run.average is not None:
        run.average.update_parameters(run.model)
    note_loss(recipe, progress, one.length, loss)
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
def explain_not_finite(model: nn.Module, one: Draw, record: dict) -> str:
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
        model(one.batch.inputs, memory_size=one.rows, history=states, key_strength=one.key_strength)
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
    wrong = validate(run.judged, recipe.max_length, run.generator)
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


def records(runs: Sequence[Run], machine: NTM | None = None) -> Iterator[tuple[Run, dict]]:
    """Train until all are done, yielding a run and its record after each of its validations; `machine` as in `update`.

    A run can be saved and continued between two records. The time of an update is shared by the runs that took it.
    """
    recent: dict[int, list[dict]] = {run.seed: [] for run in runs}
    while active := [run for run in runs if not is_done(run)]:
        started = time.perf_counter()
        updates = update(active, machine)
        seconds = (time.perf_counter() - started) / len(active)
        for run, record in zip(active, updates, strict=True):
            run.progress.seconds += seconds
            recent[run.seed].append(record)
            if pauses(run):
                yield run, note_validation(run, recent[run.seed])
                recent[run.seed] = []


def pauses(run: Run) -> bool:
    """Whether a run stands between two records: time to validate, or the end."""
    progress = run.progress
    if progress.stopped or progress.update == last_update(run.recipe, progress):
        return True
    return progress.update % run.recipe.validate_every == 0


def note_validation(run: Run, updates: list[dict]) -> dict:
    """Validate, and add what the last updates came to to the history; returns that record."""
    progress, started = run.progress, time.perf_counter()
    wrong = None if progress.stopped else check(run)
    progress.seconds += time.perf_counter() - started
    progress.history.append(
        {
            "update": progress.update,
            "sequences": progress.sequences,
            "seconds": round(progress.seconds, 3),
            "loss": sum(record["loss"] for record in updates) / len(updates),
            "gradient_norm": max(record["gradient_norm"] for record in updates),
            "level": progress.level,
            "settled": progress.settled_at is not None,
            "validation_wrong_bits": wrong,
        }
    )
    return progress.history[-1]


def train(
    recipe: Recipe,
    seed: int = 0,
    out: str | Path | None = None,
    on_record: Callable[[dict], None] | None = None,
    compiled: bool = False,
) -> Result:
    """Train one machine from one seed, and judge it.

    With `out`, the run is saved there after every validation, and an interrupted run with the same recipe and seed
    goes on from there, bit for bit as if it had not been interrupted; a finished one is returned as it is. `compiled`
    as in `train_together`.
    Raises TypeError or ValueError for a recipe or a seed of the wrong kind, and where `out` holds something else.
    """
    return next(train_together(recipe, {seed: out}, on_record, compiled))


def train_together(
    recipe: Recipe,
    outs: Mapping[int, str | Path | None],
    on_record: Callable[[dict], None] | None = None,
    compiled: bool = False,
) -> Iterator[Result]:
    """Train one machine from each seed, in shared passes, and yield each result the moment it is there.

    `outs` says where each seed's run is saved. With the recipes of this library every run is bit for bit what `train`
    makes of its seed, whatever other seeds stand beside it. At other sizes Intel's MKL may round by where a machine's
    numbers begin in the stack; the environment variable MKL_CBWR=AUTO, set from the start, keeps it from that.

    With `compiled` the passes go through a step compiled by torch, which takes a quarter of a minute for each number of
    seeds that share them: for long trainings in passes of one shape, such as those of `paper_2014`. The runs are then
    the same up to rounding, and again each bit for bit what it is alone.
    Errors as in `train`; ValueError also where a recipe's passes have many shapes or no compiler is found.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe is {type(recipe).__name__}: expected a Recipe, such as recipes.reliable")
    for seed in outs:
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
            raise ValueError(f"seed is {seed!r}: expected a whole number from 0 on")
    if compiled:
        check_compiled(recipe)
    runs = [checkpoints.resume(Run(recipe, seed), out) for seed, out in outs.items()]
    for run in runs:
        if not run.progress.finished:
            checkpoints.save(run, outs[run.seed])  # a directory that cannot be written is noticed before anything else
    yield from (finish(run, outs[run.seed]) for run in runs if is_done(run))
    machine = compiled_machine(recipe, len(runs)) if compiled else None
    for run, record in records([run for run in runs if not is_done(run)], machine):
        checkpoints.save(run, outs[run.seed])
        if on_record:
            on_record(record)
        if is_done(run):
            yield finish(run, outs[run.seed])


def check_compiled(recipe: Recipe) -> None:
    """ValueError where `compiled` is not for a recipe, or there is no compiler."""
    if not isinstance(recipe.machine, NTMConfig):
        raise ValueError(f"compiled is for an NTM, and the machine of {recipe.name} is none: leave it out")
    if recipe.largest_memory or recipe.curriculum == "adaptive":
        many = "memories of many sizes" if recipe.largest_memory else "for every seed lengths of its own"
        raise ValueError(
            f"compiled is for passes of one shape, and {recipe.name} draws {many}: leave it out, or choose a recipe"
            " such as paper_2014"
        )
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise ValueError(f"compiled needs a C++ compiler, and {compiler} is not found: install it, or leave it out")


def compiled_machine(recipe: Recipe, most: int) -> NTM:
    """A machine whose step is compiled, for passes of up to `most` machines."""
    # Or a pass of yet another number of machines would not be compiled: each takes two, one for its first step.
    torch._dynamo.config.recompile_limit += 2 * most
    machine = build(recipe, 0)
    machine.compile(fullgraph=True, dynamic=False)
    return machine


def finish(run: Run, out: str | Path | None) -> Result:
    """Judge a run that is done, unless it was judged before, and keep the verdict."""
    progress = run.progress
    if not progress.finished:
        started = time.perf_counter()
        progress.reports = judge(run.judged).to_json()
        progress.seconds += time.perf_counter() - started
        progress.finished = True
        checkpoints.save(run, out)
    return result_of(run)


def result_of(run: Run) -> Result:
    """What a finished run has come to."""
    progress = run.progress
    verdict = Verdict.from_json(progress.reports)
    return Result(
        model=run.judged,
        recipe=run.recipe,
        seed=run.seed,
        verdict=verdict,
        converged=verdict.converged and progress.stopped is None,
        sequences=progress.sequences,
        seconds=progress.seconds,
        history=progress.history,
        stopped=progress.stopped,
    )
