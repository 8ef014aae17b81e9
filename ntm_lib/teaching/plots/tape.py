"""Figures of one copy from left to right: what goes in, where the heads point, the tape, what comes out.

Shapes: T steps, N memory rows, M numbers a row.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.parts import cells, heads_image, legend_above
from ntm_lib.teaching.plots.style import ERROR, READ, WRITE, described, page, title
from ntm_lib.teaching.plots.words import about, path


def run_figure(trace: Trace, first_row: int = 0) -> Figure:
    """Draw the first traced copy: bits in, the heads and the tape, and bits out with wrong ones in pink.

    The first read head and the first write head are drawn, rows from `first_row` on.
    """
    read, write = (weights[0, :, 0].numpy() for weights in (trace.w_read, trace.w_write))  # each (T, N)
    memory, wrong = trace.end.memory[0].numpy(), trace.wrong[0].numpy()
    fixed: dict[str, Any] = {"edges": (0.62, 1.75, 0.3, 0.48), "gaps": (0, 0.4)}
    figure, (top, heads, bottom) = page(5.0, 3, sharex=True, height_ratios=(1, 2.6, 0.85), **fixed)
    middle = heads.get_position()
    tape = figure.add_axes((1 - 1.55 / 8.6, middle.y0, 1.45 / 8.6, middle.height), sharey=heads)
    for unseen in (top.xaxis, tape.yaxis):
        unseen.set_visible(False)
    _bits(top, trace.inputs[0], "the sequence goes in")
    cells(heads, np.roll(heads_image(read, write), -first_row, axis=0))
    title(heads, "the heads walk along the tape")
    number_rows(heads, len(memory), first_row)
    legend_above(heads, {"write head": WRITE, "read head": READ})
    reach = np.abs(memory).max()
    cells(tape, np.roll(memory, -first_row, axis=0), cmap="PuOr", vmin=-reach, vmax=reach)
    title(tape, "the tape at the end")
    tape.set(xticks=[], xlabel="number in the row")
    _bits(bottom, trace.logits[0].sigmoid() * trace.mask[0].unsqueeze(-1), "and comes out again")
    bottom.set_xlabel("time step")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    if wrong.any():
        cells(bottom, np.ma.masked_equal(wrong.T, False), cmap=ListedColormap([ERROR]))
        legend_above(bottom, {"wrong": ERROR})
    share = about(wrong.sum() / (trace.mask[0].sum().item() * wrong.shape[1]))
    heads_go = f"The write head goes from {path(write)}, the read head from {path(read)}."
    return described(figure, f"A copy over {len(memory)} memory rows. {heads_go} In the answer {share}.")


def _bits(axes: Axes, values: Tensor, words: str) -> None:
    cells(axes, values.T.numpy(), cmap="Greys", vmin=0, vmax=1)
    title(axes, words)
    axes.set(yticks=[], ylabel="bit")


def number_rows(axes: Axes, rows: int, first_row: int) -> None:
    """Name the rows of a tape that is drawn from `first_row` on by their own numbers, at round ones."""
    ticks = MaxNLocator(8, steps=(1, 2, 5, 10), integer=True).tick_values(0, rows - 1)
    named = [int(row) for row in ticks if 0 <= row < rows]
    axes.set_yticks([(row - first_row) % rows for row in named], [str(row) for row in named])
    axes.set_ylabel("memory row")
