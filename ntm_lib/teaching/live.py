"""A training to watch and to steer: it runs beside the notebook, its picture moves, and can be played again."""

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any, cast

import ipywidgets
import psutil
import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.analysis.trace import Trace, trace, trace_copy
from ntm_lib.machine import NTM, validate
from ntm_lib.machine.own import Maker
from ntm_lib.runs.train import Result, widened
from ntm_lib.tasks.sizes import size_text
from ntm_lib.tasks.task import Alphabet, Task
from ntm_lib.teaching.beside import Training
from ntm_lib.teaching.entries import FIELDS, bytes_of_an_update, largest_size, number_in, seed_of
from ntm_lib.teaching.plots.learning import Snapshot, learning_figure
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture, side_by_side
from ntm_lib.training.clear import alone, chosen, usual_offsets
from ntm_lib.training.evaluation import Count, evaluate, rows_with_room
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Run

LENGTHS = (1, 2, 5, 10, 20, 50, 120)
"""Lengths at which a snapshot of a copier counts wrong bits; at other tasks, the largest size trained on and the
verdict's."""
PICTURE_EVERY, PICTURE_OF_ANOTHER_TASK_EVERY = 10, 25
"""Updates between two pictures while a machine learns to copy, or another task, whose pictures take longer; while it
settles, each validation has one."""


def snapshot(run: Run) -> Snapshot:
    """Look at a run: its loss so far, its errors by size, its heads in one sequence.

    The loss begins at 1 bit a bit, as of a machine that knows nothing. Leaves the run as it was.
    """
    task, trained_to, copies = run.task, largest_size(run), is_copying(run.task)
    sizes = LENGTHS if copies else tuple(dict.fromkeys((trained_to, *task.sizes)))
    report = evaluate(run.judged, sizes, sequences=8, seed=1, task=task)
    progress, settled, recent = run.progress, run.progress.settled_at, [record["loss"] for record in run.recent]
    losses = {0: math.log(2)} | {record["sequences"]: record["loss"] for record in progress.history}
    if recent:
        losses[progress.sequences] = sum(recent) / len(recent)
    return Snapshot(
        sequences=list(losses),
        loss=[bits_a_bit(loss) for loss in losses.values()],
        settled_from=None if settled is None else settled * run.recipe.batch_size,
        trained_to=trained_to,
        wrong={size: _in_a_hundred(count) for size, count in report.lengths.items()},
        shown=_one_sequence(run),
        copies=copies,
        above_an_optimum=task.optimum is not None,
    )


def is_copying(task: Task) -> bool:
    """Whether a task is the library's copying, whose sizes are numbers of vectors."""
    return task.name == "copying"


def _in_a_hundred(count: Count) -> float:
    """Wrong bits in a hundred bits of an answer, or bits above a task's optimum."""
    return 100 * (count.wrong_bits if count.excess_bits is None else count.excess_bits) / count.bits


def _one_sequence(run: Run) -> Trace:
    """Trace a copy of ten vectors, or a sequence of another task of the largest size trained on."""
    generator, task, machine = Generator().manual_seed(1), run.task, run.judged
    if is_copying(task):
        return trace_copy(machine, tasks.payload(1, 10, task.output_size, generator=generator))
    size = largest_size(run)
    batch = task.drawn(task.draw, 1, size, generator).like(machine.output.weight)
    return trace(machine, batch, rows_with_room(machine, task, size))


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
    on. Held or over, a slider plays its pictures again. `machine` and `task` as in `train`; the clear loss has a field
    where the task has an alphabet. Raises TypeError or ValueError for a recipe or a seed that cannot be trained, and
    for one that needs more memory than is free.
    """

    def __init__(self, recipe: Recipe, seed: int = 0, machine: Maker | None = None, task: Task | None = None):
        self.recipe, self.machine, self.task, self.holds_when_settled = widened(recipe, task), machine, task, False
        run = _that_fits(self._run(self.recipe, validate.seed(seed)))
        fields = {name: field for name, field in FIELDS.items() if name != "clear" or run.task.alphabet}
        values = {"seed": str(seed)} | {name: f"{getattr(recipe, name):g}" for name in fields}
        words = {"seed": "seed: any number or text"} | {name: field.words for name, field in fields.items()}
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
            run = _that_fits(self._run(replace(self.recipe, **self._asked(texts)), seed))
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
        self._wait()
        if self.training.result is None:
            raise RuntimeError("training was stopped before its verdict: run this cell again to go on")
        return self.training.result

    def until_it_settles(self) -> Run:
        """Wait until the machine has begun to settle, hold it an update later, and return its run.

        Going on where training was stopped, it waits no longer than to the verdict, and raises RuntimeError where
        training is stopped meanwhile. "Continue" lets a held training go on to its verdict.
        """
        self.holds_when_settled = True
        try:
            self._wait()
        finally:
            self.holds_when_settled = False
        if self.training.result is None and self.training.run.progress.settled_at is None:
            raise RuntimeError("training was stopped before it settled: run this cell again to go on")
        return self.training.run

    def _wait(self) -> None:
        """Let the training go on until it is held or over; raises what stopped it."""
        self._continue()
        self.training.thread.join()
        if self.training.error:
            raise self.training.error

    def _run(self, recipe: Recipe, seed: int) -> Run:
        return Run(recipe, seed, self.task, machine=self.machine)

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
        if self.holds_when_settled and progress.settled_at is not None:
            training.asked_to_hold.set()
        every = PICTURE_EVERY if is_copying(training.run.task) else PICTURE_OF_ANOTHER_TASK_EVERY
        if progress.settled_at is not None:
            every = training.run.recipe.validate_every
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
        learned = f"it has learned its {'lengths' if is_copying(run.task) else 'sizes'}, and settles"
        phase = "it learns" if progress.settled_at is None else learned
        so_far += f", loss {bits_a_bit(sum(losses) / len(losses)):.3f} bits a bit; {phase}"
    return so_far if training.is_running else f"{so_far}. Stopped."


def in_words(result: Result) -> str:
    """Put a verdict into one sentence, with the sizes that it was about."""
    if result.stopped:
        return f"It stopped at {result.stopped}."
    reports, wrong_bits = result.verdict.reports, result.verdict.wrong_bits
    sizes = list(map(size_text, reports[0].lengths))
    of = "length" if all(size.isdecimal() for size in sizes) and result.recipe.task == "copying" else "size"
    where = f"{of}{'s' * (len(sizes) > 1)} {' and '.join(filter(None, (', '.join(sizes[:-1]), sizes[-1])))}"
    above = any(count.excess_bits is not None for count in reports[0].lengths.values())
    if not result.converged:
        return f"Not converged: {wrong_bits:,} {'bits too many' if above else 'wrong bits'} at {where}."
    if above:
        return f"Converged: less than a bit a sequence above the optimum at {where}."
    hardest = ", not even in payloads chosen against it" if reports[-1].kind == "chosen" else ""
    return f"Converged: not one wrong bit at {where}{hardest}."


def _button(words: str, press: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, layout={"width": "7em"})
    button.on_click(lambda _: press())
    return button
