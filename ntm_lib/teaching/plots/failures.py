"""Figures of copies that went wrong: where the first wrong bit comes out, what made it wrong, which row wins a head.

Shapes: T steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.heads import draw_pointing, mark_end_marker, name_halves, name_time
from ntm_lib.teaching.plots.parts import cells, legend_above, shades, tint
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, described, page, panel, title
from ntm_lib.teaching.plots.words import short

STAGES = ("find", "blend", "shift", "sharpen")
"""The stages of addressing in which rows compete for a head."""

RIVALS = {"the row it should reach": TARGET, "the row where it was": READ, "all other rows together": PALE}
"""Groups of rows that compete for a head, each with its colour."""


def autopsy_figure(trace: Trace, verdict: str = "") -> Figure:
    """Draw the first traced copy from left to right: the path of the heads, and below it the bits in and out.

    Wrong bits are pink, dark pink where a one came out, and a pink line stands before the first of them.
    """
    read, write, wrong = (array[0].numpy() for array in (trace.w_read, trace.w_write, trace.wrong))
    fixed: dict[str, Any] = {"edges": (0.6, 0.1, 0.33, 0.46), "gaps": (0, 0.45)}
    figure, (top, bottom) = page(5.0, 2, sharex=True, height_ratios=(2.6, 1), **fixed)
    end, steps = len(read) // 2, np.flatnonzero(wrong.any(axis=1))
    draw_pointing(top, read, write, end)
    top.set_ylabel("memory row")
    bits_in = trace.inputs[0, :, : wrong.shape[1]] > 0
    bits_out = (trace.logits[0] > 0) & (trace.mask[0] > 0).unsqueeze(-1)
    ones = (bits_in | bits_out).numpy()  # (T, output)
    pink = np.array(to_rgb(ERROR)) * (1 - 0.25 * ones[..., None])
    cells(bottom, np.where(wrong[..., None], pink, 1 - tint(ones, INK)).swapaxes(0, 1))
    bottom.set(yticks=[], ylabel="bit")
    title(bottom, "bits in, and after the end marker bits out")
    legend_above(bottom, {"wrong": ERROR})
    bottom.spines[:].set_color(PALE)
    mark_end_marker(bottom, end)
    name_time(figure, bottom)
    for axes in (top, bottom) if len(steps) else ():
        axes.axvline(steps[0] - 0.5, color=ERROR, linewidth=2)
    name_halves(figure)
    found = f"the first wrong bit comes out at step {steps[0]}" if len(steps) else "every bit is right"
    reason = f"; {verdict}" if verdict else ""
    return described(figure, f"A copy of {end - 1} vectors over {read.shape[-1]} rows: {found}{reason}.")


def causes_figure(shares: Mapping[str, ArrayLike], lengths: Sequence[int], causes: Sequence[str]) -> Figure:
    """Draw wrong bits against length, split by cause: for each machine a table (causes, lengths) of shares from 0 to 1.

    The darker, the more, up to a half of all bits, which is what guessing makes. Raises ValueError for another shape.
    """
    given = {name: np.asarray(table) for name, table in shares.items()}
    expected = len(causes), len(lengths)
    if unlike := {name: table.shape for name, table in given.items() if table.shape != expected}:
        raise ValueError(f"tables have shapes {unlike}: expected {expected}, causes by lengths")
    across = min(3, len(given))
    down = -(-len(given) // across)
    figure, grid = page(0.4 + 2.3 * down, down, across, squeeze=False, sharex=True, sharey=True)
    for axes, (name, table) in zip(grid.flat, given.items(), strict=False):
        cells(axes, table, cmap=shades(ERROR), vmin=0, vmax=0.5)
        title(axes, name)
        axes.set_xticks(range(len(lengths)), lengths)
        axes.set_yticks(range(len(causes)), causes)
        axes.tick_params(length=0)
        axes.spines[:].set_color(PALE)
        for cause, length in np.argwhere(table):
            share = table[cause, length]
            words = f"{100 * share:.0f} %" if share >= 0.005 else "<1 %"
            axes.text(length, cause, words, ha="center", va="center", fontsize=8.5, color=INK)
    for axes in grid[-1]:
        axes.set_xlabel("vectors in the sequence")
    most = {name: causes[int(t[:, -1].argmax())] if t[:, -1].any() else "nothing" for name, t in given.items()}
    return described(figure, f"What made bits wrong, by length; the largest cause at {lengths[-1]} vectors", most)


def contest_figure(panels: Mapping[str, ArrayLike]) -> Figure:
    """Draw which row wins a head at one step: for each panel the weights (4, 3) of `RIVALS` after each of `STAGES`."""
    figure, grid = page(3.6, 1, len(panels), squeeze=False, sharey=True)
    winners = {}
    for axes, (name, given) in zip(grid[0], panels.items(), strict=True):
        weights = np.asarray(given)
        for index, (colour, heights) in enumerate(zip(RIVALS.values(), weights.T, strict=True)):
            bars = axes.bar(np.arange(len(STAGES)) + 0.27 * (index - 1), heights, width=0.25, color=colour)
            axes.bar_label(bars, map(short, heights), fontsize=8.5, color=INK, padding=2)
        axes.set_xticks(range(len(STAGES)), STAGES)
        panel(axes, name, ylim=(0, 1.12))
        winners[name] = list(RIVALS)[weights[-1].argmax()]
    grid[0, 0].set_ylabel("weight")
    legend_above(figure, RIVALS)
    return described(figure, "Weights of rival rows after each stage of addressing; the winner at the end", winners)
