"""Figures of one copy from left to right: what goes in, where the heads point, the tape, what comes out.

Shapes: T steps, N memory rows, M numbers a row.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.parts import cells, heads_image, name_above
from ntm_lib.teaching.plots.style import ERROR, READ, WRITE, described, page, title
from ntm_lib.teaching.plots.words import about, path


def copy_figure(
    inputs: np.ndarray, outputs: np.ndarray, memory: np.ndarray, read: np.ndarray, write: np.ndarray, first_row: int
) -> Figure:
    """Draw a copy: inputs (T, input), outputs (T, output) from 0 to 1, memory (N, M), weightings read and write (T, N).

    The tape is drawn from `first_row` on. Raises ValueError where the arrays do not belong together.
    """
    if not len(inputs) == len(outputs) == len(read) == len(write) or read.shape[1] != len(memory):
        raise ValueError(
            f"inputs {inputs.shape}, outputs {outputs.shape}, memory {memory.shape}, read {read.shape}, write"
            f" {write.shape}: expected one step count and one row count"
        )
    figure = page(6.0, 9.6)
    grid = figure.add_gridspec(3, 2, width_ratios=(5, 1.25), height_ratios=(1, 2.6, 0.85))
    top = figure.add_subplot(grid[0, 0])
    heads = figure.add_subplot(grid[1, 0], sharex=top)
    bottom = figure.add_subplot(grid[2, 0], sharex=top)
    _bits(top, inputs, "the sequence goes in")
    _bits(bottom, outputs, "and comes out again")
    _heads(heads, read, write, first_row)
    _tape(figure.add_subplot(grid[1, 1], sharey=heads), memory, first_row)
    top.tick_params(labelbottom=False)
    heads.tick_params(labelbottom=False)
    bottom.set_xlabel("time step")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    heads_go = f"The write head goes from {path(write)}, the read head from {path(read)}."
    return described(figure, f"A copy over {len(memory)} memory rows. {heads_go}")


def _bits(axes: Axes, values: np.ndarray, words: str) -> None:
    cells(axes, values.T, cmap="Greys", vmin=0, vmax=1)
    title(axes, words)
    axes.set(yticks=[], ylabel="bit")


def _heads(axes: Axes, read: np.ndarray, write: np.ndarray, first_row: int) -> None:
    cells(axes, np.roll(heads_image(read, write), -first_row, axis=0))
    title(axes, "the heads walk along the tape")
    number_rows(axes, read.shape[1], first_row)
    name_above(axes, {"write head": (0.86, WRITE), "read head": (1.0, READ)})


def _tape(axes: Axes, memory: np.ndarray, first_row: int) -> None:
    reach = np.abs(memory).max()
    cells(axes, np.roll(memory, -first_row, axis=0), cmap="PuOr", vmin=-reach, vmax=reach)
    title(axes, "the tape at the end")
    axes.set(xticks=[], xlabel="number in the row")
    axes.tick_params(labelleft=False)


def number_rows(axes: Axes, rows: int, first_row: int) -> None:
    """Name the rows of a tape that is drawn from `first_row` on by their own numbers, at round ones."""
    ticks = MaxNLocator(8, steps=(1, 2, 5, 10), integer=True).tick_values(0, rows - 1)
    named = [int(row) for row in ticks if 0 <= row < rows]
    axes.set_yticks([(row - first_row) % rows for row in named], [str(row) for row in named])
    axes.set_ylabel("memory row")


def run_figure(trace: Trace, first_row: int = 0) -> Figure:
    """Draw the first traced copy as `copy_figure` does, with the wrong bits of the answer in pink.

    The first read head and the first write head are drawn, rows from `first_row` on.
    """
    read, write = (weights[0, :, 0].numpy() for weights in (trace.w_read, trace.w_write))
    outputs = (trace.logits.sigmoid() * trace.mask.unsqueeze(-1))[0].numpy()
    figure = copy_figure(trace.inputs[0].numpy(), outputs, trace.end.memory[0].numpy(), read, write, first_row)
    wrong = trace.wrong[0].numpy()  # (T, output)
    pink = np.zeros((*wrong.T.shape, 4))
    pink[wrong.T] = to_rgba(ERROR)
    cells(figure.axes[2], pink)
    if wrong.any():
        name_above(figure.axes[2], {"wrong": (1.0, ERROR)})
    share = wrong.sum() / (trace.mask[0].sum().item() * wrong.shape[1])
    return described(figure, f"{figure.get_label()} In the answer {about(share)}.")
