"""A training to watch and to steer: it runs beside the notebook, and its picture moves."""

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from threading import Event, Thread
from time import monotonic
from typing import get_args

import ipywidgets
import torch

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_format
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine.validate import MOST_SEEDS
from ntm_lib.runs.train import Result, one_thread, result_of
from ntm_lib.teaching.plots.learning import Snapshot, learning_figure
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture
from ntm_lib.training import loop
from ntm_lib.training.evaluation import evaluate
from ntm_lib.training.recipes import Historical, Recipe
from ntm_lib.training.run import Run

LENGTHS = (1, 2, 5, 10, 20, 50, 120)
"""Lengths at which a snapshot counts wrong bits."""
SEQUENCES, SEED = 8, 1
"""Number of sequences of each length in a snapshot, and the seed they are drawn from."""
SHOWN = 10
"""Vectors of the copy whose tape is drawn."""
SECONDS_A_PICTURE = 1.0
"""Least time between two pictures; they also take a quarter of the time at the most."""
CURRICULA = get_args(Historical.__annotations__["curriculum"])
"""Ways in which the longest length can rise over the updates."""
BOUNDS = {"seed": (0, MOST_SEEDS - 1), "max_length": (1, 50), "learning_rate": (0, 1.0), "clip_norm": (0, 1000.0)}
"""Smallest and largest value of each number: an update on 50 vectors takes a moment, on 5,000 gigabytes."""


def snapshot(run: Run) -> Snapshot:
    """Look at a run: its loss so far, its wrong bits by length, its heads in one copy.

    The loss begins at 1 bit a bit, as of a machine that knows nothing. Leaves the run as it was.
    """
    report = evaluate(run.judged, LENGTHS, SEQUENCES, SEED)
    width, _ = copy_format(run.judged)
    bits = tasks.payload(1, SHOWN, width, generator=torch.Generator().manual_seed(SEED))
    trace = trace_copy(run.judged, bits, stages=False)
    history, settled = run.progress.history, run.progress.settled_at
    return Snapshot(
        sequences=[0, *(record["sequences"] for record in history)],
        loss=[1.0, *(bits_a_bit(record["loss"]) for record in history)],
        settled_from=None if settled is None else settled * run.recipe.batch_size,
        trained_to=run.recipe.max_length,
        wrong={length: 100 * count.wrong_bits / count.bits for length, count in report.lengths.items()},
        read=trace.w_read[0, :, 0].numpy(),
        write=trace.w_write[0, :, 0].numpy(),
        mistakes=trace.wrong[0].numpy(),
    )


def bits_a_bit(nats: float) -> float:
    """Convert a cross-entropy from nats to bits: 1 for a machine that knows nothing of a fair bit."""
    return nats / math.log(2)


class Training:
    """A training in a thread of its own: it can be held between two updates and go on, bit for bit as if it had not."""

    def __init__(self, run: Run, on_change: Callable[[], None]):
        self.run, self.on_change = run, on_change
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
        """Stop after the next update, and wait until it has."""
        self.asked_to_hold.set()
        if self.thread.is_alive():
            self.thread.join()

    def _work(self) -> None:
        try:
            with one_thread():
                while not self.run.progress.finished and not self.asked_to_hold.is_set():
                    self._update()
                    self.on_change()
            if self.run.progress.finished:
                self.result = result_of(self.run)
        except Exception as error:  # raised again for whoever waits for the result
            self.error = error
        self.on_change()

    def _update(self) -> None:
        """Make one update, and a validation where it is time, with a verdict at the end."""
        loop.update(self.run)
        if self.run.pauses:
            loop.check(self.run)


class LiveTraining(ipywidgets.VBox):
    """One machine that learns beside the notebook, from the moment on that the widget is made.

    "Start anew" begins again with the seed and the fields as they stand; "Stop" and "Continue" hold it and let it go
    on. Raises TypeError or ValueError for a recipe or a seed that cannot be trained.
    """

    def __init__(self, recipe: Recipe, seed: int = 0):
        self.recipe, self.training, self.rests_until = recipe, Training(Run(recipe, seed), self._show), -math.inf
        curriculum = recipe.historical.curriculum
        self.entries: dict[str, ipywidgets.ValueWidget] = {
            "seed": ipywidgets.IntText(seed, description="seed"),
            "curriculum": ipywidgets.Dropdown(value=curriculum, options=CURRICULA, description="which lengths in turn"),
            "max_length": ipywidgets.IntText(recipe.max_length, description="longest sequence to train on"),
            "learning_rate": ipywidgets.FloatText(recipe.learning_rate, description="learning rate at its peak"),
            "clip_norm": ipywidgets.FloatText(recipe.clip_norm, description="longest gradient (0: no limit)"),
        }
        for entry in self.entries.values():
            entry.style.description_width, entry.layout.width = "16em", "28em"
        self.anew, self.stop, self.go_on = (
            _button("Start anew", self.begin),
            _button("Stop", self.hold),
            _button("Continue", self._continue),
        )
        self.status, self.picture = ipywidgets.HTML(), Picture()
        buttons = ipywidgets.HBox([self.anew, self.stop, self.go_on])
        super().__init__([*self.entries.values(), buttons, self.status, self.picture])
        self._show()
        self._continue()

    def begin(self) -> None:
        """Begin anew with the values of the entries; a value that does not fit is named in the status line."""
        self.training.hold()
        try:
            self.training = Training(self._asked(), self._show)
        except (TypeError, ValueError) as error:
            self._say(f"{error}; then start anew")
            return
        self._show()
        self._continue()

    def hold(self) -> None:
        """Hold the training between two updates, until it is told to go on."""
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

    def _asked(self) -> Run:
        """Make a new run from the values of the entries; ValueError for a value that does not fit."""
        values = {name: entry.value for name, entry in self.entries.items()}
        for name, (least, most) in BOUNDS.items():
            if not least <= values[name] <= most:
                raise ValueError(f"{self.entries[name].description} is {values[name]:,}: expected {least} to {most:,}")
        seed, historical = values.pop("seed"), replace(self.recipe.historical, curriculum=values.pop("curriculum"))
        return Run(replace(self.recipe, historical=historical, **values), seed)

    def _continue(self) -> None:
        self.training.go_on()
        self._say(_progress(self.training))

    def _show(self) -> None:
        """Tell and draw how far training has come, but not at every update while it runs."""
        training, started = self.training, monotonic()
        if training.is_running and not training.result and started < self.rests_until:
            return
        self._say(_progress(training))
        if not training.error:
            self.picture.show(learning_figure(snapshot(training.run)))
            self.rests_until = monotonic() + max(SECONDS_A_PICTURE, 3 * (monotonic() - started))

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
        return "Converged: not one wrong bit at lengths 20, 50 and 120, whatever is copied."
    return f"Not converged: {result.verdict.wrong_bits:,} wrong bits at lengths 20, 50 and 120."


def _button(words: str, press: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words)
    button.on_click(lambda _: press())
    return button
