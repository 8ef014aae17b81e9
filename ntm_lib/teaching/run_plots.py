"""Figures of one run of a machine, from its trace: what went in, where the heads were, what came out."""

from collections.abc import Iterator

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots import ERROR, copy_figure

SHARP = 0.5
"""A head is on a row that has more than this of its weight; else it is spread out."""


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
    pink = np.zeros((*wrong.T.shape, 4))
    pink[wrong.T] = to_rgba(ERROR)
    answer = figure.axes[2]
    answer.imshow(pink, aspect="auto", interpolation="nearest")
    if wrong.any():
        answer.text(1.0, 1.08, "wrong", color=ERROR, transform=answer.transAxes, fontweight="bold", ha="right")
    figure.set_label(
        f"{int(trace.mask[sequence].sum())} vectors go in. The write head {path_in_words(write)}."
        f" The read head {path_in_words(read)}. {_answer_in_words(wrong, trace.mask[sequence].numpy())}"
    )
    return figure


def path_in_words(weights: np.ndarray) -> str:
    """Where a head goes over time, (T, N): "rests on row 0 for 8 steps, then walks from row 1 to row 8"."""
    parts = []
    for kind, first, last, steps in _stretches(weights):
        if kind == "spread":
            parts.append("is spread over several rows")
        elif kind == "rest":
            parts.append(f"is on row {first}" if steps == 1 else f"rests on row {first} for {steps} steps")
        else:
            parts.append(f"walks from row {first} to row {last}")
    if len(parts) > 6:
        return (
            "wavers between one row and several"
            if parts.count("is spread over several rows") > 1
            else "moves to and fro"
        )
    return ", then ".join(parts)


def _stretches(weights: np.ndarray) -> Iterator[tuple[str, int, int, int]]:
    """Stretches of one kind, "rest", "walk" or "spread", with the first row, the last row and the number of steps."""
    rows = np.where(weights.max(axis=1) > SHARP, weights.argmax(axis=1), -1)
    begin = 0
    while begin < len(rows):
        end, move = begin + 1, None
        while end < len(rows) and rows[begin] >= 0 <= rows[end]:
            step = _signed(rows[end] - rows[end - 1], weights.shape[1])
            if abs(step) > 1 or move not in (None, step):
                break
            move, end = step, end + 1
        while end < len(rows) and rows[begin] < 0 and rows[end] < 0:
            end += 1
        kind = "spread" if rows[begin] < 0 else "walk" if move else "rest"
        yield kind, int(rows[begin]), int(rows[end - 1]), end - begin
        begin = end


def _signed(step: int, rows: int) -> int:
    """A step round the ring as the shorter way: one up from the last row is +1."""
    return (step + rows // 2) % rows - rows // 2


def _answer_in_words(wrong: np.ndarray, mask: np.ndarray) -> str:
    if not wrong.any():
        return "Every bit comes back."
    share = 100 * wrong.sum() / (mask.sum() * wrong.shape[1])
    tens = max(10, int(round(share, -1)))
    return f"About {tens} % of the bits come back wrong."
