"""The loop of a training: draw a batch, take a gradient, step, validate, and stop when the machine is exact."""

import math
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ntm_lib.machine import NTM, LSTMBaseline, NTMConfig, NTMState, validate
from ntm_lib.tasks import Task
from ntm_lib.training import checkpoints, evaluation
from ntm_lib.training.evaluation import Verdict
from ntm_lib.training.optimizers import clip, learning_rate
from ntm_lib.training.progress import Stop, note_update
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Drawn, Run, draw
from ntm_lib.training.together import backpropagate_all, compiled_machine, key_strength_times

OnRecord = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Result:
    """A trained machine and how it came about."""

    model: NTM | LSTMBaseline
    recipe: Recipe
    seed: int
    verdict: Verdict
    converged: bool
    sequences: int
    seconds: float
    history: list[dict[str, Any]]
    stopped: Stop | None
    """Why training ended early: a loss or a gradient that was not finite; else None."""


def train(
    recipe: Recipe,
    seed: int = 0,
    out: str | Path | None = None,
    on_record: OnRecord | None = None,
    compiled: bool = False,
    task: Task | None = None,
    device: str | torch.device | None = None,
) -> Result:
    """Train one machine from one seed, and judge it.

    The task is copying unless another is given; the machine's widths then become the task's. With `out`, the run is
    saved there after every validation, and an interrupted run with an equal recipe and seed goes on from there, bit for
    bit as if it had not been interrupted; a finished one is returned as it is. It runs on one thread, because the
    number of threads changes how sums are rounded. `on_record` gets every validation's record. `compiled` and errors as
    in `train_together`.

    >>> from ntm_lib.training import recipes
    >>> result = train(replace(recipes.reliable, name="short", updates=2), seed=0)
    >>> result.converged, result.sequences
    (False, 16)
    """
    with one_thread(), closing(train_together(recipe, {seed: out}, on_record, compiled, task, device)) as results:
        return next(results)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread meanwhile."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train_together(
    recipe: Recipe,
    outs: Mapping[int, str | Path | None],
    on_record: OnRecord | None = None,
    compiled: bool = False,
    task: Task | None = None,
    device: str | torch.device | None = None,
) -> Generator[Result]:
    """Train one machine from each seed, in shared passes, and yield each result the moment it is there.

    `outs` says where each seed's run is saved. With the recipes of this library every run is bit for bit the run that
    `train` makes of its seed, whatever other seeds stand beside it. At other sizes Intel's MKL may round by where a
    machine's numbers begin in the stack; the environment variable MKL_CBWR=AUTO, set from the start, prevents that.

    With `compiled` the passes go through a step compiled by torch, which takes a quarter of a minute for each number of
    seeds that share them: for long trainings in passes of one shape, such as those of `paper_2014`. Compiled runs equal
    plain ones up to rounding, and each is again bit for bit the run it is alone.
    Raises TypeError or ValueError for a recipe or a seed of the wrong kind, where a directory holds something else or
    another training is at work in it, and where `compiled` is not for the recipe or no compiler is found.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe is {type(recipe).__name__}: expected a Recipe, such as recipes.reliable")
    if task is not None:
        machine = replace(recipe.machine, input_size=task.input_size, output_size=task.output_size)
        recipe = replace(recipe, machine=machine)
    validate.device_with_numbers(device)
    for seed in outs:
        validate.seed(seed)
    if compiled:
        check_compiled(recipe)
    fresh = [(Run(recipe, seed, task, device), out) for seed, out in outs.items()]
    for run, out in fresh:
        checkpoints.resume(run, out)  # a directory of another run is noticed before any is written
    with ExitStack() as directories:
        runs = [directories.enter_context(checkpoints.opened(run, out)) for run, out in fresh]
        yield from (result_of(run) for run in runs if run.progress.finished)
        active = [run for run in runs if not run.progress.finished]
        for run, record in records(active, compiled_machine(active) if compiled and active else None):
            checkpoints.save(run, outs[run.seed])
            if on_record:
                on_record(record)
            if run.progress.finished:
                yield result_of(run)


def check_compiled(recipe: Recipe) -> None:
    """ValueError for a recipe whose passes cannot be compiled, or where there is no compiler."""
    if recipe.largest_memory or recipe.historical.curriculum == "adaptive" or not isinstance(recipe.machine, NTMConfig):
        raise ValueError(
            f"compiled is for an NTM whose passes all have one shape, and those of {recipe.name} have many: leave it"
            " out, or choose a recipe such as paper_2014"
        )
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise ValueError(f"compiled needs a C++ compiler, and {compiler} is not found: install it, or leave it out")


def records(runs: Sequence[Run], machine: NTM | None = None) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Train and judge all runs, yielding a run and its record after each of its validations.

    A run can be saved and continued between two records. The time of an update is shared by the runs that took it.
    Passes go through `machine`, as in `update`.
    """
    for run in runs:
        if run.is_done and not run.progress.finished:  # interrupted before its verdict
            yield run, finish(run)
    recent: dict[int, list[dict[str, Any]]] = {run.seed: [] for run in runs}
    while active := [run for run in runs if not run.progress.finished]:
        started = time.perf_counter()
        updates = update(active, machine)
        seconds = (time.perf_counter() - started) / len(active)
        for run, record in zip(active, updates, strict=True):
            run.progress.seconds += seconds
            recent[run.seed].append(record)
            if run.pauses:
                yield run, check(run, recent[run.seed])
                recent[run.seed] = []


def update(runs: Sequence[Run], machine: NTM | None = None) -> list[dict[str, Any]]:
    """One update of every run; returns their records. Runs whose batches have one shape share a pass.

    The passes go through `machine`, whatever its own weights, such as one that is compiled; None: the first of theirs.
    Leaves the weights of a run as they were if its loss or its gradient is not finite.
    """
    drawn = [draw(run) for run in runs]
    losses = backpropagate_all(runs, drawn, machine)
    return [step(*each) for each in zip(runs, drawn, losses, strict=True)]


def step(run: Run, one: Drawn, loss: float) -> dict[str, Any]:
    """Let the gradients move the weights, unless they are not finite; returns the update's record."""
    recipe, progress, length = run.recipe, run.progress, one.shape.length
    norm = clip(list(run.model.parameters()), recipe)
    record = {"update": progress.update + 1, "length": length, "loss": loss, "gradient_norm": norm}
    if not math.isfinite(loss + norm):
        progress.stopped = explain_not_finite(run, one, loss)
        return record
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(recipe, progress.update, progress.settled_at, progress.converged_at is not None)
    run.optimizer.step()
    if run.average is not None:
        run.average.update_parameters(run.model)
    note_update(recipe, progress, length, loss)
    return record


@torch.no_grad()
def explain_not_finite(run: Run, one: Drawn, loss: float) -> Stop:
    """The first part of a machine that was not finite: of its state, or of its gradient where the loss was finite."""
    model, update, length = run.model, run.progress.update + 1, one.shape.length
    if math.isfinite(loss):
        gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
        broken = [name for name, grad in gradients.items() if grad is not None and not grad.isfinite().all()]
        return Stop(update, length, f"gradient of {broken[0]}" if broken else "gradient norm", loss)
    states: list[NTMState] = []
    if isinstance(model, NTM):
        with key_strength_times(model, run.recipe.handicap if one.shape.large else 1.0):
            model(one.batch.inputs, memory_size=one.shape.rows, history=states)
    for time_step, state in enumerate(states):
        for name, value in state._asdict().items():
            if isinstance(value, Tensor) and not value.isfinite().all():
                return Stop(update, length, name, loss, time_step)
    return Stop(update, length, "output", loss)


def check(run: Run, updates: list[dict[str, Any]]) -> dict[str, Any]:
    """Validate, unless it is too early to ask, and judge a run that is done; returns the record of the last updates."""
    progress, started = run.progress, time.perf_counter()
    wrong = None
    broken = [name for name, weights in run.model.named_parameters() if not weights.isfinite().all()]
    if broken and progress.stopped is None:
        progress.stopped = Stop(progress.update, updates[-1]["length"], f"weight {broken[0]}", updates[-1]["loss"])
    if progress.stopped is None and run.may_be_exact:
        wrong = evaluation.validate(run.judged, run.recipe.max_length, run.generator, run.task)
        progress.note_validation(wrong)
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
    return finish(run) if run.is_done else progress.history[-1]


def finish(run: Run) -> dict[str, Any]:
    """Judge a run that is done, and keep the verdict; returns its last record."""
    progress, started = run.progress, time.perf_counter()
    progress.reports = evaluation.judge(run.judged, run.task).to_json()
    progress.seconds += time.perf_counter() - started
    progress.finished = True
    return progress.history[-1]


def result_of(run: Run) -> Result:
    """The result of a finished run."""
    progress, verdict = run.progress, run.progress.verdict
    converged = verdict.converged and progress.stopped is None
    counts = progress.sequences, progress.seconds, progress.history, progress.stopped
    return Result(run.judged, run.recipe, run.seed, verdict, converged, *counts)
