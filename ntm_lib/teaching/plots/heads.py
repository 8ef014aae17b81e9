"""Figures of several heads: arrays in, a Figure with its description in words out. Nothing here calls a model.

Shapes: T steps, R read heads, W write heads, N memory rows. A step has two halves, as in the machine: first the write
heads write, then the read heads read.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.style import INK, PALE, READ, WRITE

SPREAD = 0.5
"""A head whose largest weight is below this stands on no row."""
COLUMNS = 3
"""Panels beside each other at the most; four stand two by two."""

MOST_ROWS = 64
"""Rows that a picture shows one by one; of more, blocks of neighbours share a line."""


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
    """Who points where over time: for each panel the weightings of the read heads (T, R, N) and the write heads.

    `row` is what a place is called; a grey band marks the end marker's step. Raises ValueError where a panel's arrays
    do not belong together.
    """
    given = {name: (np.asarray(read), np.asarray(write)) for name, (read, write) in panels.items()}
    across = 2 if len(given) == 4 else min(len(given), COLUMNS)
    down = -(-len(given) // across)
    figure = Figure(figsize=(8.6, 0.5 + 2.9 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes, (name, (read, write)) in zip(grid.flat, given.items(), strict=False):
        draw_pointing(axes, read, write)
        axes.set_title(name, loc="left", fontsize=11, color=INK)
        if end_marker is not None:
            mark_end_marker(axes, end_marker)
    for axes in grid[-1]:
        axes.set_xlabel("time step")
    for axes in grid[:, 0]:
        _name_rows(axes, next(iter(given.values()))[0].shape[-1], row)
    name_halves(figure)
    figure.set_label(" ".join(_panel_in_words(name, read, write, row) for name, (read, write) in given.items()))
    return figure


def moment_figure(
    read: ArrayLike, write: ArrayLike, step: int, heads: Sequence[Moment], end_marker: int | None = None
) -> Figure:
    """All steps with one of them framed, and below it each head: grey where it goes on from, coloured where it goes to.

    read (T, R, N), write (T, W, N); raises IndexError for a step that is not there.
    """
    read, write = np.asarray(read), np.asarray(write)
    if not 0 <= step < len(read):
        raise IndexError(f"step {step}: expected 0 to {len(read) - 1}")
    figure = Figure(figsize=(8.6, 3.3 + 1.25 * len(heads)), layout="constrained")
    top, *bars = figure.subplots(1 + len(heads), 1, height_ratios=[2.6] + [1] * len(heads))
    draw_pointing(top, read, write)
    _name_rows(top, read.shape[-1], "row")
    if end_marker is not None:
        mark_end_marker(top, end_marker)
    top.add_patch(Rectangle((step - 0.5, -0.5), 1, read.shape[-1], fill=False, edgecolor=INK, linewidth=1.8))
    top.set_xlabel("time step")
    for axes, head in zip(bars, heads, strict=True):
        _bars(axes, head)
    bars[-1].set_xlabel("memory row")
    name_halves(figure)
    figure.set_label(f"Step {step}. " + " ".join(_head_in_words(head) for head in heads))
    return figure


def moments(trace: Trace, step: int, sequence: int = 0) -> list[Moment]:
    """Every head of a traced machine at one step, read heads first; what it was told is its note."""
    heads, told = trace.w.shape[2], trace.emission
    found = []
    for head in range(heads):
        g, s = told.g[sequence, step, head].item(), told.s[sequence, step, head]
        offset = int(s.argmax()) - len(s) // 2
        step_in_words = "stays" if offset == 0 else f"steps {abs(offset)} {'up' if offset > 0 else 'down'}"
        before, now = trace.w_previous[sequence, step, head], trace.w[sequence, step, head]
        note = f"g = {g:.1f}, {'jumps by its key' if g > SPREAD else 'goes on from the grey bar'} and {step_in_words}"
        found.append(Moment(*_called(trace, head), before, now, note))
    return found


def _called(trace: Trace, head: int) -> tuple[str, tuple[str, ...]]:
    """What a head is called and its colours."""
    config = trace.config
    if config.weightings == "single":
        return "the one weighting", (WRITE, READ)
    reads = head < config.read_heads
    index, count = (head, config.read_heads) if reads else (head - config.read_heads, config.write_heads)
    kind, colour = ("read", READ) if reads else ("write", WRITE)
    return (f"the {kind} head" if count == 1 else f"{kind} head {index}"), (colour,)


def draw_pointing(axes: Axes, read: np.ndarray, write: np.ndarray) -> None:
    """Each step's left half is where the write heads point, its right half where the read heads do."""
    if read.ndim != 3 or write.ndim != 3 or {read.shape[::2]} != {write.shape[::2]}:
        raise ValueError(
            f"read {read.shape}, write {write.shape}: expected weightings (T, R, N) and (T, W, N) of one step count and"
            " one row count"
        )
    steps, _, rows = read.shape
    block = -(-rows // MOST_ROWS)
    image = np.ones((-(-rows // block), 2 * steps, 3))
    for half, weights, colour in ((0, write, WRITE), (1, read, READ)):
        shade = _strongest(weights.sum(1).clip(0, 1), block)
        image[:, half::2] -= shade.T[..., None] * (1 - np.array(to_rgb(colour)))
    extent = (-0.5, steps - 0.5, len(image) * block - 0.5, -0.5)
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=extent)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.spines[:].set_color(PALE)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _strongest(weights: np.ndarray, block: int) -> np.ndarray:
    """The largest weight of every `block` rows, (T, N) -> (T, N / block), so that one row of many is still seen."""
    padded = np.pad(weights, ((0, 0), (0, -weights.shape[1] % block)))
    return padded.reshape(len(weights), -1, block).max(-1)


def mark_end_marker(axes: Axes, step: int) -> None:
    """A grey band over the end marker's step, named below it."""
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
    """A legend: which half of a step and which colour is whose."""
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in (WRITE, READ)]
    names = ["write head (left half of a step)", "read head (right half)"]
    figure.legend(handles, names, loc="outside upper right", ncols=2, frameon=False, fontsize=9.5, handlelength=0.9)


def _bars(axes: Axes, head: Moment) -> None:
    """Grey, wide: the weighting before. Coloured, narrow: the weighting now; two colours where it does both."""
    before, now = np.squeeze(np.asarray(head.before)), np.squeeze(np.asarray(head.now))
    places = np.arange(len(now))
    axes.bar(places, before, width=0.95, color=PALE)
    width = 0.6 / len(head.colours)
    for index, colour in enumerate(head.colours):
        axes.bar(places + (index - (len(head.colours) - 1) / 2) * width, now, width=width, color=colour)
    axes.set_xlim(-0.5, len(now) - 0.5)
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{head.name}: {head.note}", loc="left", fontsize=10, color=INK)


def _head_in_words(head: Moment) -> str:
    before, now = _place(np.squeeze(np.asarray(head.before)), "row"), _place(np.squeeze(np.asarray(head.now)), "row")
    return f"{head.name[0].upper()}{head.name[1:]} goes on from {before} and points at {now}."


def _panel_in_words(name: str, read: np.ndarray, write: np.ndarray, row: str) -> str:
    walks = [
        f"{kind} from {_place(weights[0, head], row)} to {_place(weights[-1, head], row)}"
        for kind, weights in (("writes", write), ("reads", read))
        for head in range(weights.shape[1])
    ]
    return f"{name[0].upper()}{name[1:]}: {', '.join(walks)}."


def _place(weights: np.ndarray, row: str) -> str:
    return f"{row} {weights.argmax()}" if weights.max() >= SPREAD else f"many {row}s"
