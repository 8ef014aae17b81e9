"""Figures of one run of a machine, from its trace: what went in, where the heads were, what came out."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.style import ERROR, copy_figure

SHARP = 0.5
"""A head is on a row that has more than this of its weight; else it is spread out."""
NOWHERE = -1
MOST_PARTS = 3
"""A path of more parts is told more coarsely."""


def run_figure(trace: Trace, sequence: int = 0, first_row: int = 0) -> Figure:
    """One traced copy from left to right, as `copy_figure` draws it, with the wrong bits of the answer in pink.

    The first read and the first write head are drawn, rows from `first_row` on.
    """
    read, write = (weights[sequence, :, 0].numpy() for weights in (trace.w_read, trace.w_write))
    outputs = (trace.logits.sigmoid() * trace.mask.unsqueeze(-1))[sequence].numpy()
    wrong = trace.wrong[sequence].numpy()
    figure = copy_figure(
        trace.inputs[sequence].numpy(), outputs, trace.end.memory[sequence].numpy(), read, write, first_row
    )
    _mark_wrong(figure.axes[2], wrong)
    figure.set_label(
        f"{_how_many(int(trace.mask[sequence].sum()))} in. The write head {path_in_words(write)}."
        f" The read head {path_in_words(read)}. {_answer_in_words(wrong, trace.mask[sequence].numpy())}"
    )
    return figure


def _how_many(vectors: int) -> str:
    return "1 vector goes" if vectors == 1 else f"{vectors} vectors go"


def _mark_wrong(axes: Axes, wrong: np.ndarray) -> None:
    """Wrong bits (T, output) in pink over the answer."""
    pink = np.zeros((*wrong.T.shape, 4))
    pink[wrong.T] = to_rgba(ERROR)
    axes.imshow(pink, aspect="auto", interpolation="nearest")
    if wrong.any():
        axes.text(1.0, 1.08, "wrong", color=ERROR, transform=axes.transAxes, fontweight="bold", ha="right")


def path_in_words(weights: np.ndarray) -> str:
    """Where a head goes over time, (T, N): "rests on row 0 for 8 steps, then walks up from row 1 to row 8"."""
    rows = np.where(weights.max(axis=1) > SHARP, weights.argmax(axis=1), NOWHERE)
    for creeping in (False, True):
        parts = [
            _stretch_in_words(stretch, weights.shape[1]) for stretch in _stretches(rows, weights.shape[1], creeping)
        ]
        if len(parts) <= MOST_PARTS:
            return ", then ".join(parts)
    wavers = sum(part.startswith("is spread") for part in parts) > 1
    return "wavers between one row and several" if wavers else "moves to and fro"


def _stretches(rows: np.ndarray, size: int, creeping: bool) -> Iterator[np.ndarray]:
    """Cut a path where the head takes another step than before, or, creeping, where it jumps or turns."""
    begin, moved = 0, set()
    for t in range(1, len(rows) + 1):
        step = _step(rows[t - 1], rows[t], size) if t < len(rows) else None
        so_far = moved | {step}
        if step is not None and len(so_far - {0} if creeping else so_far) <= 1:
            moved = so_far
        else:
            yield rows[begin:t]
            begin, moved = t, set()


def _step(before: int, now: int, size: int) -> int | None:
    """A step of at most one row, round the ring the shorter way; None for a jump, and between one row and several."""
    if NOWHERE in (before, now):
        return 0 if before == now else None
    step = (now - before + size // 2) % size - size // 2
    return int(step) if abs(step) <= 1 else None


def _stretch_in_words(rows: np.ndarray, size: int) -> str:
    first, last, steps = rows[0], rows[-1], len(rows)
    if first == NOWHERE:
        return "is spread over several rows"
    moves = [_step(before, now, size) for before, now in pairwise(rows)]
    if not any(moves):
        return f"is on row {first}" if steps == 1 else f"rests on row {first} for {steps} steps"
    verb, way = ("creeps" if 0 in moves else "walks"), ("up" if 1 in moves else "down")
    over = "" if 0 <= first + sum(moves) < size else ", round the end,"
    return f"{verb} {way} from row {first}{over} to row {last}"


def _answer_in_words(wrong: np.ndarray, mask: np.ndarray) -> str:
    if not wrong.any():
        return "Every bit comes back."
    share = 100 * wrong.sum() / (mask.sum() * wrong.shape[1])
    tens = max(10, int(round(share, -1)))
    return f"About {tens} % of the bits come back wrong."
