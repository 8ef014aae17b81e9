"""A training to watch and to steer: it runs beside the notebook, its picture moves, and can be played again."""

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any, cast

import ipywidgets
import psutil
import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM
from ntm_lib.machine.own import Maker
from ntm_lib.runs.train import Result
from ntm_lib.tasks.task import Alphabet
from ntm_lib.teaching.beside import Training
from ntm_lib.teaching.entries import FIELDS, bytes_of_an_update, number_in, seed_of
from ntm_lib.teaching.plots.learning import Snapshot, learning_figure
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture, side_by_side
from ntm_lib.training.clear import alone, chosen, usual_offsets
from ntm_lib.training.evaluation import evaluate
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Run

LENGTHS = (1, 2, 5, 10, 20, 50, 120)
"""Lengths at which a snapshot counts wrong bits."""
PICTURE_EVERY = 10
"""Updates between two pictures while a machine learns its lengths; while it settles, each validation has one."""


def snapshot(run: Run) -> Snapshot:
    """Look at a run: its loss so far, its wrong bits by length, its heads in one copy.

    The loss begins at 1 bit a bit, as of a machine that knows nothing. Leaves the run as it was.
    """
    report = evaluate(run.judged, LENGTHS, sequences=8, seed=1)
    bits = tasks.payload(1, 10, run.task.output_size, generator=torch.Generator().manual_seed(1))
    progress, settled, recent = run.progress, run.progress.settled_at, [record["loss"] for record in run.recent]
    losses = {0: math.log(2)} | {record["sequences"]: record["loss"] for record in progress.history}
    if recent:
        losses[progress.sequences] = sum(recent) / len(recent)
    return Snapshot(
        sequences=list(losses),
        loss=[bits_a_bit(loss) for loss in losses.values()],
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


class LiveTraining(ipywidgets.VBox):
    """One machine that learns beside the notebook, from the moment on that the widget is made.

    "Start anew" begins again with the seed and the fields as they stand; "Stop" and "Continue" hold it and let it go
    on. Held or over, a slider plays its pictures again. `machine` as in `train`. Raises TypeError or ValueError for a
    recipe or a seed that cannot be trained, and for one that needs more memory than is free.
    """

    def __init__(self, recipe: Recipe, seed: int = 0, machine: Maker | None = None):
        run, self.recipe, self.machine = _that_fits(Run(recipe, seed, machine=machine)), recipe, machine
        values = {"seed": str(seed)} | {name: f"{getattr(recipe, name):g}" for name in FIELDS}
        words = {"seed": "seed: any number or text"} | {name: field.words for name, field in FIELDS.items()}
        self.entries = {name: ipywidgets.Text(values[name], description=words[name]) for name in values}
        for entry in self.entries.values():
            entry.style.description_width = "16.6em"
            entry.layout = {"flex": "1 1 272px", "width": "auto", "max_width": "28em"}
        self.anew = _button("Start anew", self.begin)
        self.stop = _button("Stop", self.hold)
        self.go_on = _button("Continue", self._continue)
        self.status, self.picture = ipywidgets.HTML(), Picture()
        self.replay = ipywidgets.IntSlider(0, 0, 0, description="play it again", readout=False, disabled=True)
        self.replay.observe(self._play, names="value")
        self.replay.style.description_width = "initial"
        self.replay.layout = {"flex": "1 1 16em", "width": "auto", "max_width": "30em"}
        rows = [*self.entries.values()], [self.anew, self.stop, self.go_on, self.replay]
        super().__init__([*map(side_by_side, rows), self.status, self.picture])
        self._start(run)

    def begin(self) -> None:
        """Begin anew with the values of the entries; values that do not fit are named in the status line."""
        texts = {name: entry.value.strip() for name, entry in self.entries.items()}
        seed = seed_of(texts.pop("seed"))
        try:
            run = _that_fits(Run(replace(self.recipe, **self._asked(texts)), seed, machine=self.machine))
        except (TypeError, ValueError) as error:
            self._say(f"{error}; then start anew")
        else:
            self.training.hold()
            self._start(run)

    def hold(self) -> None:
        """Hold the training after the update at hand, until it is told to go on."""
        self.training.asked_to_hold.set()
        self._say(_progress(self.training))

    def finish(self) -> Result:
        """Wait for the verdict, going on where training was stopped; RuntimeError where it is stopped meanwhile."""
        self._continue()
        self.training.thread.join()
        if self.training.error:
            raise self.training.error
        if self.training.result is None:
            raise RuntimeError("training was stopped before its verdict: run this cell again to go on")
        return self.training.result

    def _asked(self, texts: dict[str, str]) -> dict[str, Any]:
        return {name: number_in(text, FIELDS[name], getattr(self.recipe, name)) for name, text in texts.items()}

    def _start(self, run: Run) -> None:
        self.training = Training(run, self._show)
        self.pictures: dict[int, tuple[str, str]] = {}  # by update: the status line and the picture
        self._continue()

    def _continue(self) -> None:
        self.training.go_on()
        self.replay.disabled = self.training.is_running
        self._say(_progress(self.training))

    def _show(self) -> None:
        """Tell and draw how far training has come, if it is time for a picture."""
        training, progress = self.training, self.training.run.progress
        every = PICTURE_EVERY if progress.settled_at is None else training.run.recipe.validate_every
        if training.is_running and progress.update % every:
            return
        self._say(_progress(training))
        if not training.error:
            self.picture.show(learning_figure(snapshot(training.run)))
            self.pictures[progress.update] = self.status.value, self.picture.value
            self.replay.max = self.replay.value = len(self.pictures) - 1
        self.replay.disabled = training.is_running

    def _play(self, change: dict) -> None:
        if not self.training.is_running:
            self.status.value, self.picture.value = list(self.pictures.values())[change["new"]]

    def _say(self, sentence: str) -> None:
        self.status.value = f'<p role="status" style="margin: 0">{escape(printable(sentence))}</p>'

    def __repr__(self) -> str:
        return "LiveTraining: run this notebook to watch it and to steer it"


def _that_fits(run: Run) -> Run:
    """Return the run; ValueError for one whose gradients need more memory than is free."""
    needed, free = bytes_of_an_update(run), psutil.virtual_memory().available
    if needed > free:
        raise ValueError(
            f"max_length is {run.recipe.max_length}: an update would need about {needed / 1e9:,.0f} GB, and"
            f" {free / 1e9:,.0f} GB are free; choose shorter sequences"
        )
    return run


def _progress(training: Training) -> str:
    """Put into one line how far a training has come."""
    run, progress = training.run, training.run.progress
    so_far = f"seed {run.seed}: update {progress.update:,}, {progress.sequences:,} sequences"
    if training.error:
        return f"{so_far}. It stopped with {type(training.error).__name__}: {training.error}"
    if training.result:
        return f"{so_far}. {in_words(training.result)}"
    losses = [record["loss"] for record in run.recent or progress.history[-1:]]
    if losses:
        phase = "it learns" if progress.settled_at is None else "it has learned its lengths, and settles"
        so_far += f", loss {bits_a_bit(sum(losses) / len(losses)):.3f} bits a bit; {phase}"
    return so_far if training.is_running else f"{so_far}. Stopped."


def in_words(result: Result) -> str:
    """Put a verdict into one sentence."""
    if result.stopped:
        return f"It stopped at {result.stopped}."
    if result.converged:
        return "Converged: not one wrong bit at lengths 20, 50 and 120, not even in payloads chosen against it."
    return f"Not converged: {result.verdict.wrong_bits:,} wrong bits at lengths 20, 50 and 120."


def _button(words: str, press: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, layout={"width": "7em"})
    button.on_click(lambda _: press())
    return button
