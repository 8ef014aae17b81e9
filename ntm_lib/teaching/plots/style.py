"""Arrays in, figures out: nothing here calls a model or shows what it draws."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

READ, WRITE, ERASE, TARGET, ERROR, INK, PALE = (
    "#0072b2",
    "#d55e00",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#222222",
    "#bbbbbb",
)
"""One colour, one meaning, everywhere: read heads blue, write heads vermilion, what is erased orange, what should come
out green, what is wrong pink, words and frames dark, what was before pale (Okabe and Ito's, safe for colour-blind
readers)."""


def copy_figure(
    inputs: np.ndarray, outputs: np.ndarray, memory: np.ndarray, read: np.ndarray, write: np.ndarray, first_row: int
) -> Figure:
    """One copy from left to right: what goes in, where the heads point, the tape at the end, what comes out.

    inputs (T, input), outputs (T, output) probabilities, memory (N, M), read and write (T, N) weightings;
    the tape is drawn from `first_row` on. Raises ValueError where the arrays do not belong together.
    """
    if not len(inputs) == len(outputs) == len(read) == len(write) or read.shape[1] != len(memory):
        raise ValueError(
            f"inputs {inputs.shape}, outputs {outputs.shape}, memory {memory.shape}, read {read.shape}, write"
            f" {write.shape}: expected one step count and one row count"
        )
    figure = Figure(figsize=(9.6, 6.0), layout="constrained")
    grid = figure.add_gridspec(3, 2, width_ratios=(5, 1.25), height_ratios=(1, 2.6, 0.85))
    top = figure.add_subplot(grid[0, 0])
    heads = figure.add_subplot(grid[1, 0], sharex=top)
    bottom = figure.add_subplot(grid[2, 0], sharex=top)
    tape = figure.add_subplot(grid[1, 1], sharey=heads)
    _bits(top, inputs, "the sequence goes in", "bit")
    _bits(bottom, outputs, "and comes out again", "bit")
    _heads(heads, read, write, first_row)
    _tape(tape, memory, first_row)
    bottom.set_xlabel("time step")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (top, heads):
        axes.tick_params(labelbottom=False)
    tape.tick_params(labelleft=False)
    return figure


def _bits(axes: Axes, values: np.ndarray, title: str, label: str) -> None:
    axes.imshow(values.T, aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.set_ylabel(label)
    axes.set_yticks([])


def heads_image(read: np.ndarray, write: np.ndarray) -> np.ndarray:
    """Both weightings (T, N) in one picture (N, T, 3): a cell's colour is the head's, its strength the weight."""
    image = np.ones((read.shape[1], len(read), 3))
    for weights, colour in ((write, WRITE), (read, READ)):
        tint = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        image -= weights.T[..., None] * (1 - tint)
    return image.clip(0, 1)


def _heads(axes: Axes, read: np.ndarray, write: np.ndarray, first_row: int) -> None:
    image = heads_image(*(np.roll(weights, -first_row, axis=1) for weights in (read, write)))
    axes.imshow(image, aspect="auto", interpolation="nearest")
    axes.set_title("the heads walk along the tape", loc="left", color=INK, fontsize=11)
    number_rows(axes, read.shape[1], first_row)
    for x, name, colour in ((0.86, "write head", WRITE), (1.0, "read head", READ)):
        axes.text(x, 1.03, name, color=colour, transform=axes.transAxes, fontweight="bold", ha="right")


def number_rows(axes: Axes, rows: int, first_row: int) -> None:
    """Name the rows of a tape that is drawn from `first_row` on by their own numbers, at round ones."""
    named = [
        int(row)
        for row in MaxNLocator(8, steps=(1, 2, 5, 10), integer=True).tick_values(0, rows - 1)
        if 0 <= row < rows
    ]
    axes.set_yticks([(row - first_row) % rows for row in named], [str(row) for row in named])
    axes.set_ylabel("memory row", color=INK)


def _tape(axes: Axes, memory: np.ndarray, first_row: int) -> None:
    reach = np.abs(memory).max()
    axes.imshow(
        np.roll(memory, -first_row, axis=0),
        aspect="auto",
        cmap="PuOr",
        vmin=-reach,
        vmax=reach,
        interpolation="nearest",
    )
    axes.set_title("the tape at the end", loc="left", color=INK, fontsize=11)
    axes.set_xlabel("number in the row")
    axes.set_xticks([])
