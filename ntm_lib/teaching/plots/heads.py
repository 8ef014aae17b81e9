"""Figures of several heads: who points where over time, and each head at one step.

Shapes: T steps, R read heads, W write heads, N memory rows. A step has two halves, as in the machine: first the write
heads write, then the read heads read.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator
from numpy.typing import ArrayLike

from ntm_lib.analysis.finding import head_name
from ntm_lib.analysis.route import SHARP
from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.parts import cells, flat, framed, legend_above, tint
from ntm_lib.teaching.plots.style import INK, PALE, READ, WRITE, described, page, panel, title
from ntm_lib.teaching.plots.words import place

COLUMNS = 3
"""Panels beside each other at the most; four stand two by two."""

MOST_ROWS, BLOCKS = 100, 64
"""Rows that a picture shows one by one; of more rows, neighbours share one of so many lines."""


class Moment(NamedTuple):
    """One head at one step."""

    name: str
    colours: tuple[str, ...]  # READ, WRITE, or both where one weighting does both
    before: ArrayLike  # (N)  the weighting it goes on from
    now: ArrayLike  # (N)
    note: str


def pointing_figure(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]], row: str = "row", end_marker: int | None = None
) -> Figure:
    """Draw where heads point over time: for each panel the weightings of the read heads (T, R, N) and the write heads.

    `row` is what a place is called; a grey band marks the end marker's step. Raises ValueError where a panel's arrays
    do not belong together.
    """
    given = {name: (np.asarray(read), np.asarray(write)) for name, (read, write) in panels.items()}
    across = 2 if len(given) == 4 else min(len(given), COLUMNS)
    down = -(-len(given) // across)
    figure = page(0.5 + 2.9 * down)
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    told = {}
    for axes, (name, (read, write)) in zip(grid.flat, given.items(), strict=False):
        draw_pointing(axes, read, write, end_marker)
        title(axes, name)
        told[name] = f"writes {place(write[-1, 0], row)}, reads {place(read[-1, 0], row)}"
    for axes in grid[-1]:
        axes.set_xlabel("time step")
    for axes in grid[:, 0]:
        _name_rows(axes, next(iter(given.values()))[0].shape[-1], row)
    name_halves(figure)
    return described(figure, "Where heads point over time; at the end", told)


def moment_figure(
    read: ArrayLike, write: ArrayLike, step: int, heads: Sequence[Moment], end_marker: int | None = None
) -> Figure:
    """Draw all steps, one of them framed, and below each head's weightings before that step (grey) and after it.

    read (T, R, N), write (T, W, N); raises IndexError for a step that is not there.
    """
    read, write = np.asarray(read), np.asarray(write)
    if not 0 <= step < len(read):
        raise IndexError(f"step {step}: expected 0 to {len(read) - 1}")
    figure = page(3.3 + 1.25 * len(heads))
    top, *bars = figure.subplots(1 + len(heads), 1, height_ratios=[2.6] + [1] * len(heads))
    draw_pointing(top, read, write, end_marker)
    _name_rows(top, read.shape[-1], "row")
    framed(top, step - 0.5, -0.5, (1, read.shape[-1]), INK, 1.8)
    top.set_xlabel("time step")
    for axes, head in zip(bars, heads, strict=True):
        _bars(axes, head)
    bars[-1].set_xlabel("memory row")
    name_halves(figure)
    told = [f"{head.name} goes from {place(flat(head.before))} to {place(flat(head.now))}" for head in heads]
    return described(figure, f"At step {step} {', '.join(told)}.")


def moments(trace: Trace, step: int) -> list[Moment]:
    """Collect every head of the first traced sequence at one step, read heads first; a note says its gate and shift."""
    single, reads = trace.config.weightings == "single", trace.config.read_heads
    found = []
    for head in range(trace.w.shape[2]):
        before, now = trace.w_previous[0, step, head], trace.w[0, step, head]
        g, s = trace.emission.g[0, step, head].item(), trace.emission.s[0, step, head]
        offset = int(s.argmax()) - len(s) // 2
        move = "stays" if offset == 0 else f"steps {abs(offset)} {'forward' if offset > 0 else 'backward'}"
        note = f"g = {g:.1f}, {'jumps by its key' if g > SHARP else 'goes on from the grey bar'} and {move}"
        colours = (WRITE, READ) if single else (READ,) if head < reads else (WRITE,)
        found.append(Moment(head_name(trace.config, head), colours, before, now, note))
    return found


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
    axes.xaxis.set_minor_locator(FixedLocator([step]))
    axes.xaxis.set_minor_formatter(FixedFormatter(["end marker"]))
    axes.tick_params(axis="x", which="minor", length=0, pad=16, labelsize=9, labelcolor=INK)


def _name_rows(axes: Axes, rows: int, row: str) -> None:
    if rows <= 8:
        axes.set_yticks(range(rows), [f"{row} {index}" for index in range(rows)])
    else:
        axes.set_ylabel(f"memory {row}")


def name_halves(figure: Figure) -> None:
    """Draw a legend of the halves of a step and their colours."""
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in (WRITE, READ)]
    legend_above(figure, handles, ["write head (left half of a step)", "read head (right half)"])


def _bars(axes: Axes, head: Moment) -> None:
    """Draw the weighting before in wide grey bars and the weighting now in narrow coloured ones."""
    before, now = flat(head.before), flat(head.now)
    rows = np.arange(len(now))
    axes.bar(rows, before, width=0.95, color=PALE)
    width = 0.6 / len(head.colours)
    for index, colour in enumerate(head.colours):
        axes.bar(rows - 0.3 + (index + 0.5) * width, now, width=width, color=colour)
    panel(axes, f"{head.name}: {head.note}", xlim=(-0.5, len(now) - 0.5), ylim=(0, 1.05), yticks=[0, 1])
