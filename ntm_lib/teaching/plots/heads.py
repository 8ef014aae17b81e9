"""Figures of several heads: who points where over time, and each head at one step.

Shapes: T steps, R read heads, W write heads, N memory rows. A step has two halves, as in the machine: first the write
heads write, then the read heads read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from ntm_lib.analysis.finding import head_name
from ntm_lib.analysis.route import SHARP
from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.parts import boxes, cells, framed, legend_above, tint
from ntm_lib.teaching.plots.style import INK, PALE, READ, WRITE, described, page, panel, title
from ntm_lib.teaching.plots.words import place

MOST_ROWS, BLOCKS = 100, 64
"""Rows that a picture shows one by one; of more rows, neighbours share one of so many lines."""


def pointing_figure(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]], row: str = "row", end_marker: int | None = None
) -> Figure:
    """Draw where heads point over time: for each panel the weightings of the read heads (T, R, N) and the write heads.

    `row` is what a place is called; a grey band marks the end marker's step. Raises ValueError where a panel's arrays
    do not belong together.
    """
    given = {name: (np.asarray(read), np.asarray(write)) for name, (read, write) in panels.items()}
    across = 2 if len(given) == 4 else min(len(given), 3)
    down = -(-len(given) // across)
    figure, grid = page(0.5 + 2.9 * down, down, across, squeeze=False, sharex=True, sharey=True)
    told = {}
    for axes, (name, (read, write)) in zip(grid.flat, given.items(), strict=False):
        draw_pointing(axes, read, write, end_marker)
        title(axes, name)
        told[name] = f"writes {place(write[-1, 0], row)}, reads {place(read[-1, 0], row)}"
    for axes in grid[-1]:
        axes.set_xlabel("time step")
    rows = read.shape[-1]
    if rows <= 8:
        grid[0, 0].set_yticks(range(rows), [f"{row} {index}" for index in range(rows)])  # of all, which share an axis
    else:
        figure.supylabel(f"memory {row}", fontsize=10)
    name_halves(figure)
    return described(figure, "Where heads point over time; at the end", told)


def moment_figure(trace: Trace, step: int, end_marker: int | None = None) -> Figure:
    """Draw the first traced sequence with one step framed, and below it each head before that step (grey) and after it.

    Raises IndexError for a step that is not there.
    """
    steps, heads, rows = trace.w.shape[1:]
    if not 0 <= step < steps:
        raise IndexError(f"step {step}: expected 0 to {steps - 1}")
    heights = [2.6] + [1] * heads
    fixed: dict[str, Any] = {"edges": (0.6, 0.1, 0.33, 0.46), "gaps": (0, 0.66)}
    figure, (top, *bars) = page(2.75 + 1.12 * heads, len(heights), height_ratios=heights, **fixed)
    draw_pointing(top, trace.w_read[0].numpy(), trace.w_write[0].numpy(), end_marker)
    framed(top, step - 0.5, -0.5, (1, rows), INK, 1.8)
    top.set_ylabel("memory row")
    name_time(figure, top)
    told = []
    for head, axes in enumerate(bars):
        before, now = (weights[0, step, head].numpy() for weights in (trace.w_previous, trace.w))
        name = head_name(trace.config, head)
        _bars(axes, before, now, _colours(trace, head))
        panel(axes, f"{name}: {_move(trace, step, head)}", xlim=(-0.5, rows - 0.5), ylim=(0, 1.05), yticks=[0, 1])
        axes.tick_params(labelbottom=axes is bars[-1])
        told.append(f"{name} goes from {place(before)} to {place(now)}")
    bars[-1].set_xlabel("memory row")
    name_halves(figure)
    return described(figure, f"At step {step} {', '.join(told)}.")


def _colours(trace: Trace, head: int) -> tuple[str, ...]:
    """Choose the colour of what a head does, both where one weighting reads and writes."""
    if trace.config.weightings == "single":
        return WRITE, READ
    return (READ,) if head < trace.config.read_heads else (WRITE,)


def _move(trace: Trace, step: int, head: int) -> str:
    """Put into words what a head is told to do at a step: its gate and its likeliest shift."""
    g, s = trace.emission.g[0, step, head].item(), trace.emission.s[0, step, head]
    offset = int(s.argmax()) - len(s) // 2
    move = "stays" if offset == 0 else f"steps {abs(offset)} {'forward' if offset > 0 else 'backward'}"
    return f"g = {g:.1f}, {'jumps by its key' if g > SHARP else 'goes on from the grey bar'} and {move}"


def _bars(axes: Axes, before: np.ndarray, now: np.ndarray, colours: Sequence[str]) -> None:
    """Draw the weighting before in wide grey bars and the weighting now in narrow coloured ones."""
    rows, width = np.arange(len(now)), 0.6 / len(colours)
    boxes(axes, rows - 0.475, 0, 0.95, before, facecolor=PALE)
    for index, colour in enumerate(colours):
        boxes(axes, rows - 0.3 + index * width, 0, width, now, facecolor=colour)


def draw_pointing(axes: Axes, read: np.ndarray, write: np.ndarray, end_marker: int | None = None) -> None:
    """Draw in each step's left half where the write heads point, in its right half where the read heads do.

    A grey band marks the end marker's step. Raises ValueError for other arrays than (T, R, N) and (T, W, N).
    """
    if read.ndim != 3 or write.ndim != 3 or {read.shape[::2]} != {write.shape[::2]}:
        raise ValueError(
            f"read {read.shape}, write {write.shape}: expected weightings (T, R, N) and (T, W, N) of one step count and"
            " one row count"
        )
    steps, _, rows = read.shape
    block = 1 if rows <= MOST_ROWS else -(-rows // BLOCKS)
    image = np.ones((-(-rows // block), 2 * steps, 3))
    for half, weights, colour in ((0, write, WRITE), (1, read, READ)):
        padded = np.pad(weights.sum(1).clip(0, 1), ((0, 0), (0, -rows % block)))
        strongest = padded.reshape(steps, -1, block).max(-1)  # (T, N / block): one row of many is still seen
        image[:, half::2] -= tint(strongest.T, colour)
    cells(axes, image, extent=(-0.5, steps - 0.5, len(image) * block - 0.5, -0.5))
    axes.set_ylim(rows - 0.5, -0.5)
    axes.spines[:].set_color(PALE)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if end_marker is not None:
        mark_end_marker(axes, end_marker)


def mark_end_marker(axes: Axes, step: int) -> None:
    """Draw a grey band over the end marker's step, named below it."""
    axes.axvspan(step - 0.5, step + 0.5, color=INK, alpha=0.12, linewidth=0)
    axes.xaxis.remove_overlapping_locs = False  # it stands below a tick's number
    axes.set_xticks([step], ["end marker"], minor=True, fontsize=9, color=INK)
    axes.tick_params(axis="x", which="minor", length=0, pad=16)


def name_time(figure: Figure, axes: Axes) -> None:
    """Write on the left, below the numbers of steps, that they are time steps: on the line of "end marker"."""
    below = ScaledTranslation(0, -16 / 72, figure.dpi_scale_trans)
    axes.xaxis.set_label_coords(0, 0, axes.transAxes + below)
    axes.set_xlabel("time step", ha="left", fontsize=9)


def name_halves(figure: Figure) -> None:
    """Draw a legend of the halves of a step and their colours."""
    legend_above(figure, {"write head (left half of a step)": WRITE, "read head (right half)": READ})
