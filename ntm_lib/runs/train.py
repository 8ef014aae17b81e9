"""Training from a recipe and a seed: one machine or several, kept on disk and continued where that is asked for."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ntm_lib.machine import NTM, LSTMBaseline, validate
from ntm_lib.machine.own import Maker
from ntm_lib.runs import checkpoints
from ntm_lib.runs.together import check_compiled, compiled_machine, learn_together
from ntm_lib.tasks import Task
from ntm_lib.tasks.task import require_task
from ntm_lib.training.evaluation import Verdict
from ntm_lib.training.progress import Stop
from ntm_lib.training.recipe import Recipe
from ntm_lib.training.run import Run

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
    stopped: Stop | None  # why training ended early: a loss or a gradient that was not finite


def train(
    recipe: Recipe,
    seed: int = 0,
    out: str | Path | None = None,
    on_record: OnRecord | None = None,
    compiled: bool = False,
    task: Task | None = None,
    device: str | torch.device | None = None,
    machine: Maker | None = None,
) -> Result:
    """Train one machine from one seed, and judge it.

    The task is copying unless another is given; the machine's widths then become the task's. With `out`, the run is
    saved there after every validation, and an interrupted run goes on from there, bit for bit as if it had not been
    interrupted. It runs on one thread, because the number of threads changes how sums are rounded. `on_record` gets
    every validation's record. `compiled` and errors as in `train_together`, `machine` as `ntm_lib.machine.own` says.

    >>> from ntm_lib.training import recipes
    >>> result = train(replace(recipes.reliable, name="short", updates=2), seed=0)
    >>> result.converged, result.sequences
    (False, 16)
    """
    results = train_together(recipe, {seed: out}, on_record, compiled, task, device, machine)
    with one_thread(), closing(results):
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
    machine: Maker | None = None,
) -> Generator[Result]:
    """Train one machine from each seed, in shared passes, and yield each result the moment it is there.

    `outs` says where each seed's run is saved. A run is bit for bit the run that `train` makes of its seed; at other
    sizes than this library's, that needs the environment variable MKL_CBWR=AUTO. `compiled` passes go through a step
    compiled by torch, equal up to rounding, which pays for long trainings in passes of one shape.
    `machine` makes a machine of your own from the recipe's `NTMConfig`, as `ntm_lib.machine.own` says.
    Raises TypeError or ValueError for a recipe, seed or task of the wrong kind, for a directory that holds something
    else or where another training is at work, for a `compiled` that cannot be, for a `machine` that lacks a part, and
    under `no_grad` or `autocast`.
    """
    if not torch.is_grad_enabled() or torch.is_autocast_enabled(validate.device(device).type):
        raise ValueError("gradients are off or autocast is on: train outside of no_grad, inference_mode and autocast")
    recipe = widened(recipe, task)
    if compiled:
        check_compiled(recipe, machine)
    fresh = [(Run(recipe, validate.seed(seed), task, device, machine), out) for seed, out in outs.items()]
    for run, _ in fresh[:1]:
        run.task.require_possible([*run.task.trials, *run.task.sizes])  # noticed now rather than by the verdict
    for run, out in fresh:
        checkpoints.resume(run, out)  # a directory of another run is noticed before any is written
    with ExitStack() as locks:
        for _, out in fresh:
            locks.enter_context(checkpoints.alone_in(out))
        runs = [checkpoints.resume(run, out) for run, out in fresh]
        active = [run for run in runs if not run.progress.finished]
        for run in active:
            checkpoints.save(run, outs[run.seed])  # a directory that cannot be written is noticed before anything else
        yield from (result_of(run) for run in runs if run.progress.finished)
        for run, record in learn_together(active, compiled_machine(active) if compiled and active else None):
            checkpoints.save(run, outs[run.seed])
            if on_record:
                on_record(record)
            if run.progress.finished:
                yield result_of(run)


def widened(recipe: Recipe, task: Task | None) -> Recipe:
    """The recipe with a machine as wide as the task, or unchanged without a task.

    Raises TypeError for a recipe that is no Recipe and for a task that is no Task.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe is {type(recipe).__name__}: expected a Recipe, such as recipes.reliable")
    require_task(task)
    if task is None:
        return recipe
    config = replace(recipe.machine, input_size=task.input_size, output_size=task.output_size)
    return replace(recipe, machine=config)


def result_of(run: Run) -> Result:
    """The result of a finished run."""
    progress, verdict = run.progress, run.progress.verdict
    converged = verdict.converged and progress.stopped is None
    counts = progress.sequences, progress.seconds, progress.history, progress.stopped
    return Result(run.judged, run.recipe, run.seed, verdict, converged, *counts)
