"""A training to watch and to steer: it runs beside the notebook, and its picture moves."""

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from threading import Event, Thread
from typing import cast

import ipywidgets
import torch
from ipywidgets import BoundedFloatText, BoundedIntText
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM
from ntm_lib.machine.own import Maker
from ntm_lib.machine.validate import MOST_SEEDS
from ntm_lib.runs.train import Result, one_thread, result_of
from ntm_lib.tasks.task import Alphabet
from ntm_lib.teaching.plots.learning import Snapshot, learning_figure
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture
from ntm_lib.training import loop
from ntm_lib.training.clear import alone, chosen, usual_offsets
from ntm_lib.training.evaluation import evaluate
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Run

LENGTHS = (1, 2, 5, 10, 20, 50, 120)
"""Lengths at which a snapshot counts wrong bits."""


def snapshot(run: Run) -> Snapshot:
    """Look at a run: its loss so far, its wrong bits by length, its heads in one copy.

    The loss begins at 1 bit a bit, as of a machine that knows nothing. Leaves the run as it was.
    """
    report = evaluate(run.judged, LENGTHS, sequences=8, seed=1)
    bits = tasks.payload(1, 10, run.task.output_size, generator=torch.Generator().manual_seed(1))
    history, settled = run.progress.history, run.progress.settled_at
    return Snapshot(
        sequences=[0, *(record["sequences"] for record in history)],
        loss=[1.0, *(bits_a_bit(record["loss"]) for record in history)],
        settled_from=None if settled is None else settled * run.recipe.batch_size,
        trained_to=run.recipe.max_length,
        wrong={length: 100 * count.wrong_bits / count.bits for length, count in report.lengths.items()},
        copied=trace_copy(run.judged, bits),
    )


@torch.no_grad()
def choices(machine: NTM) -> dict[str, Tensor]:
    """How clearly a machine's first heads choose what they should do after each byte alone, from 0 to 1: (256) each."""
    found = alone(machine, cast(Alphabet, tasks.copying().alphabet).like(machine.output.weight))
    writer = machine.config.read_heads
    return {
        "write head steps as a byte comes in": chosen(found.coming_in.s, usual_offsets(found.coming_in.s))[:, writer],
        "read head steps as it is read back": chosen(found.read_back.s, usual_offsets(found.read_back.s))[:, 0],
        "and the read head's gate is shut": 1 - found.read_back.g[:, 0],
    }


def bits_a_bit(nats: float) -> float:
    """Convert a cross-entropy from nats to bits: 1 for a machine that knows nothing of a fair bit."""
    return nats / math.log(2)


class Training:
    """A training in a thread of its own: it can be held after a validation and go on, bit for bit as if it had not."""

    def __init__(self, run: Run, on_change: Callable[[], None]):
        self.run, self.on_change = run, on_change
        self.records = loop.learn(run)
        self.result: Result | None = None
        self.error: Exception | None = None
        self.asked_to_hold = Event()
        self.thread = Thread(target=self._work, daemon=True)

    @property
    def is_running(self) -> bool:
        """True while the thread is at work and has not been asked to stop."""
        return self.thread.is_alive() and not self.asked_to_hold.is_set()

    def go_on(self) -> None:
        """Start, or go on; nothing where it is running or over."""
        if self.is_running or self.result or self.error:
            return
        self.hold()
        self.asked_to_hold.clear()
        self.thread = Thread(target=self._work, daemon=True)
        self.thread.start()

    def hold(self) -> None:
        """Stop after the next validation, and wait until it has."""
        self.asked_to_hold.set()
        if self.thread.is_alive():
            self.thread.join()

    def _work(self) -> None:
        try:
            with one_thread():
                while not (self.run.progress.finished or self.asked_to_hold.is_set()):
                    self.on_change()
                    next(self.records)
            if self.run.progress.finished:
                self.result = result_of(self.run)
        except Exception as error:  # raised again for whoever waits for the result
            self.error = error
        self.on_change()


class LiveTraining(ipywidgets.VBox):
    """One machine that learns beside the notebook, from the moment on that the widget is made.

    "Start anew" begins again with the seed and the fields as they stand; "Stop" and "Continue" hold it and let it go
    on. `machine` as in `train`. Raises TypeError or ValueError for a recipe or a seed that cannot be trained.
    """

    def __init__(self, recipe: Recipe, seed: int = 0, machine: Maker | None = None):
        self.recipe, self.machine = recipe, machine
        run = Run(recipe, seed, machine=machine)
        self.entries: dict[str, ipywidgets.ValueWidget] = {
            "seed": BoundedIntText(seed, max=MOST_SEEDS - 1, description="seed"),
            "max_length": BoundedIntText(recipe.max_length, min=1, max=50, description="longest sequence to train on"),
            "learning_rate": BoundedFloatText(recipe.learning_rate, max=1, description="learning rate at its peak"),
            "clip_norm": BoundedFloatText(recipe.clip_norm, max=1000, description="longest gradient (0: no limit)"),
            "clear": BoundedFloatText(recipe.clear, max=1000, description="weight of the clear loss (0: none)"),
        }
        for entry in self.entries.values():
            entry.style.description_width, entry.layout.width = "16em", "28em"
        self.anew = _button("Start anew", self.begin)
        self.stop = _button("Stop", self.hold)
        self.go_on = _button("Continue", self._continue)
        buttons = ipywidgets.HBox([self.anew, self.stop, self.go_on])
        self.status, self.picture = ipywidgets.HTML(), Picture()
        super().__init__([*self.entries.values(), buttons, self.status, self.picture])
        self._start(run)

    def begin(self) -> None:
        """Begin anew with the values of the entries; values that do not fit are named in the status line."""
        self.training.hold()
        values = {name: entry.value for name, entry in self.entries.items()}
        seed = values.pop("seed")
        try:
            self._start(Run(replace(self.recipe, **values), seed, machine=self.machine))
        except (TypeError, ValueError) as error:
            self._say(f"{error}; then start anew")

    def hold(self) -> None:
        """Hold the training after its next validation, until it is told to go on."""
        self.training.hold()

    def finish(self) -> Result:
        """Wait for the verdict, going on where training was stopped; RuntimeError where it is stopped meanwhile."""
        self._continue()
        self.training.thread.join()
        if self.training.error:
            raise self.training.error
        if self.training.result is None:
            raise RuntimeError("training was stopped before its verdict: run this cell again to go on")
        return self.training.result

    def _start(self, run: Run) -> None:
        self.training = Training(run, self._show)
        self._continue()

    def _continue(self) -> None:
        self.training.go_on()
        self._say(_progress(self.training))

    def _show(self) -> None:
        """Tell and draw how far training has come."""
        self._say(_progress(self.training))
        if not self.training.error:
            self.picture.show(learning_figure(snapshot(self.training.run)))

    def _say(self, sentence: str) -> None:
        self.status.value = f'<p role="status">{escape(printable(sentence))}</p>'

    def __repr__(self) -> str:
        return "LiveTraining: run this notebook to watch it and to steer it"


def _progress(training: Training) -> str:
    """Put into one line how far a training has come."""
    run, progress = training.run, training.run.progress
    so_far = f"seed {run.seed}: update {progress.update:,}, {progress.sequences:,} sequences"
    if training.error:
        return f"{so_far}. It stopped with {type(training.error).__name__}: {training.error}"
    if training.result:
        return f"{so_far}. {in_words(training.result)}"
    if progress.history:
        phase = "it learns" if progress.settled_at is None else "it has learned its lengths, and settles"
        so_far += f", loss {bits_a_bit(progress.history[-1]['loss']):.3f} bits a bit; {phase}"
    return so_far if training.is_running else f"{so_far}. Stopped."


def in_words(result: Result) -> str:
    """Put a verdict into one sentence."""
    if result.stopped:
        return f"It stopped at {result.stopped}."
    if result.converged:
        return "Converged: not one wrong bit at lengths 20, 50 and 120, not even in payloads chosen against it."
    return f"Not converged: {result.verdict.wrong_bits:,} wrong bits at lengths 20, 50 and 120."


def _button(words: str, press: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words)
    button.on_click(lambda _: press())
    return button
