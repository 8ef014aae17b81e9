"""Figures of copies that went wrong: arrays in, a Figure with its description in words out. Nothing here calls a model.

Shapes: T steps, L vectors, R read heads, W write heads, N memory rows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.heads import draw_pointing, mark_end_marker, name_halves
from ntm_lib.teaching.plots.slots import short
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET

STAGES = ("find", "blend", "shift", "sharpen")
"""The stages of addressing in which rows compete for a head."""

RIVALS = (("the row it should reach", TARGET), ("the row where it was", READ), ("all other rows together", PALE))
"""Who competes, and in which colour."""


def autopsy_figure(
    read: ArrayLike, write: ArrayLike, inputs: ArrayLike, outputs: ArrayLike, wrong: ArrayLike, verdict: str = ""
) -> Figure:
    """A copy from left to right: where the heads point, and below it what goes in and comes out, wrong bits in pink.

    read (T, R, N), write (T, W, N), inputs and outputs (T, width) as bits, zero where there is nothing, and wrong
    (T, width). Raises ValueError where the step counts differ.
    """
    read, write, inputs, outputs, wrong = map(np.asarray, (read, write, inputs, outputs, wrong))
    if len({len(array) for array in (read, write, inputs, outputs, wrong)}) > 1:
        counts = ", ".join(str(len(array)) for array in (read, write, inputs, outputs, wrong))
        raise ValueError(f"read, write, inputs, outputs, wrong have {counts} steps: expected one step count")
    figure = Figure(figsize=(8.6, 5.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    draw_pointing(top, read, write)
    top.set_ylabel("memory row")
    _bits(bottom, inputs, outputs, wrong)
    end, steps = len(read) // 2, np.flatnonzero(wrong.any(axis=1))
    for axes in (top, bottom):
        mark_end_marker(axes, end)
        if len(steps):
            axes.axvline(steps[0] - 0.5, color=ERROR, linewidth=2)
    name_halves(figure)
    figure.set_label(_copy_in_words(read.shape[-1], end, steps, verdict))
    return figure


def causes_figure(shares: Mapping[str, ArrayLike], lengths: Sequence[int], causes: Sequence[str]) -> Figure:
    """Wrong bits against length, split by cause: for each machine a table (causes, lengths) of shares from 0 to 1.

    The darker, the more, up to a half of all bits, which is what guessing makes. Raises ValueError for another shape.
    """
    given = {name: np.asarray(table) for name, table in shares.items()}
    for name, table in given.items():
        if table.shape != (len(causes), len(lengths)):
            raise ValueError(
                f"{name} has shape {table.shape}: expected {(len(causes), len(lengths))}, causes by lengths"
            )
    across = min(3, len(given))
    down = -(-len(given) // across)
    figure = Figure(figsize=(8.6, 0.4 + 2.3 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes, (name, table) in zip(grid.flat, given.items(), strict=False):
        _shares(axes, table)
        axes.set_title(name, loc="left", fontsize=11, color=INK)
        axes.set_xticks(range(len(lengths)), lengths)
        axes.set_yticks(range(len(causes)), causes)
    for axes in grid[-1]:
        axes.set_xlabel("vectors in the sequence")
    figure.set_label(" ".join(_table_in_words(name, table, lengths, causes) for name, table in given.items()))
    return figure


def contest_figure(panels: Mapping[str, ArrayLike]) -> Figure:
    """Who wins a head at one step: for each panel the weights (4, 3) after each of `STAGES` of the three `RIVALS`."""
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, weights) in zip(grid, panels.items(), strict=True):
        _contest(axes, np.asarray(weights))
        axes.set_title(name, loc="left", fontsize=11, color=INK)
    grid[0].set_ylabel("weight")
    figure.legend(
        grid[0].containers,
        [name for name, _ in RIVALS],
        loc="outside upper right",
        ncols=3,
        frameon=False,
        fontsize=9.5,
    )
    figure.set_label(" ".join(_contest_in_words(name, np.asarray(weights)) for name, weights in panels.items()))
    return figure


def _bits(axes: Axes, inputs: np.ndarray, outputs: np.ndarray, wrong: np.ndarray) -> None:
    """Ones dark, zeros white; a wrong bit pink, dark pink where a one came out."""
    ones = np.maximum(inputs, outputs)[..., None]  # (T, width, 1)
    image = 1 - ones * (1 - np.array(to_rgb(INK)))
    pink = np.array(to_rgb(ERROR))
    image = np.where(wrong[..., None], pink * (1 - 0.25 * ones), image)
    axes.imshow(image.swapaxes(0, 1), aspect="auto", interpolation="nearest")
    axes.set_yticks([])
    axes.set_ylabel("bit")
    axes.set_xlabel("time step")
    axes.set_title("bits in, and after the end marker bits out", loc="left", fontsize=11, color=INK)
    axes.text(1.0, 1.06, "wrong", color=ERROR, fontweight="bold", ha="right", transform=axes.transAxes)
    axes.spines[:].set_color(PALE)


def _shares(axes: Axes, table: np.ndarray) -> None:
    """Shares as pink cells, each that is not zero with its number; as dark as can be at a half."""
    pink = LinearSegmentedColormap.from_list("wrong", ["white", ERROR])
    axes.imshow(table, cmap=pink, vmin=0, vmax=0.5, aspect="auto", interpolation="nearest")
    axes.tick_params(length=0)
    axes.spines[:].set_color(PALE)
    for cause, length in zip(*np.nonzero(table), strict=True):
        axes.text(length, cause, _per_cent(table[cause, length]), ha="center", va="center", fontsize=8.5, color=INK)


def _contest(axes: Axes, weights: np.ndarray) -> None:
    places = np.arange(len(STAGES))
    for index, (_, colour) in enumerate(RIVALS):
        bars = axes.bar(places + 0.27 * (index - 1), weights[:, index], width=0.25, color=colour)
        axes.bar_label(bars, [short(weight) for weight in weights[:, index]], fontsize=8.5, color=INK, padding=2)
    axes.set_xticks(places, STAGES)
    axes.set_ylim(0, 1.12)
    axes.spines[["top", "right"]].set_visible(False)


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 else "<1 %"


def _copy_in_words(rows: int, end: int, steps: np.ndarray, verdict: str) -> str:
    copy = f"A copy of {end - 1} vectors over {rows} rows"
    if not len(steps):
        return f"{copy}: every bit is right{verdict and f'; {verdict}'}."
    return f"{copy}: the first wrong bit comes out at step {steps[0]}{verdict and f'; {verdict}'}."


def _table_in_words(name: str, table: np.ndarray, lengths: Sequence[int], causes: Sequence[str]) -> str:
    """Which cause is the largest at the longest length at which anything is wrong."""
    if not table.any():
        return f"{name[0].upper()}{name[1:]}: nothing is wrong."
    last = np.flatnonzero(table.any(axis=0))[-1]
    most = causes[table[:, last].argmax()]
    return f"{name[0].upper()}{name[1:]}: at {lengths[last]} vectors most wrong bits are of {most}."


def _contest_in_words(name: str, weights: np.ndarray) -> str:
    winner = RIVALS[weights[-1].argmax()][0]
    return f"{name[0].upper()}{name[1:]}: at the end most weight is on {winner}."
