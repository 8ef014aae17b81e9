"""Figures of programs other than copying: where heads point in parts of a task or after a context, and how heads sort.

Shapes: T steps, R read heads, W write heads, N memory rows, L vectors, A answers.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.heads import draw_pointing, name_halves
from ntm_lib.teaching.plots.parts import legend_above, shades
from ntm_lib.teaching.plots.style import DASHES, ERROR, INK, READ, TARGET, WRITE, described, page, panel, title
from ntm_lib.teaching.plots.words import path

Places = Mapping[str, tuple[int, int]]
"""Names of steps or of rows, each with the first and the last of them."""


def program_figure(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]],
    steps: Places,
    rows: Places | None = None,
    shown: tuple[int, int] | None = None,
) -> Figure:
    """Draw where heads point while the named parts of a sequence come in: a panel for each of some heads.

    A panel has weightings of read heads (T, R, N) and of write heads (T, W, N). `steps` names parts of the sequence,
    every second one in grey, `rows` places in memory, framed in green; `shown` are the first and the last row to be
    seen, by default all. Raises ValueError where a panel's arrays do not belong together.
    """
    figure, grid = page(0.9 + 2.7 * len(panels), len(panels), squeeze=False, sharex=True)
    told = {}
    for axes, (name, weightings) in zip(grid[:, 0], panels.items(), strict=True):
        read, write = map(np.asarray, weightings)
        draw_pointing(axes, read, write)
        if shown:
            axes.set_ylim(shown[1] + 0.5, shown[0] - 0.5)
        _frame(axes, rows or {})
        _band(axes, steps)
        title(axes, name)
        axes.set_ylabel("memory row")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        told[name] = ", ".join(
            f"{verb} {path(weights[first : last + 1].sum(1).clip(0, 1))} in {part}"
            for part, (first, last) in list(steps.items())[-1:]
            for verb, weights in (("reads", read), ("writes", write))
        )
    _name(grid[-1, 0], steps)
    name_halves(figure)
    return described(figure, f"Where heads point while these come in: {', '.join(steps)}", told)


def _band(axes: Axes, steps: Places) -> None:
    """Draw a grey band over every second part of a sequence."""
    for first, last in list(steps.values())[1::2]:
        axes.axvspan(first - 0.5, last + 0.5, color=INK, alpha=0.1, linewidth=0)


def _name(axes: Axes, steps: Places) -> None:
    """Write the names of the parts of a sequence below the numbers of steps."""
    axes.xaxis.remove_overlapping_locs = False  # a name stands below a tick's number
    axes.set_xticks([sum(ends) / 2 for ends in steps.values()], list(steps), minor=True, fontsize=9, color=INK)
    axes.tick_params(axis="x", which="minor", length=0, pad=16)
    axes.set_xlabel("time step")


def _frame(axes: Axes, rows: Places) -> None:
    """Draw a dashed green line above and below named rows, and the name between them."""
    for name, (first, last) in rows.items():
        for edge in (first - 0.5, last + 0.5):
            axes.axhline(edge, color=TARGET, linewidth=1.4, linestyle=DASHES)
        axes.text(0, (first + last) / 2, name, color=TARGET, fontsize=10, fontweight="bold", va="center")


def contexts_figure(read: ArrayLike, written: ArrayLike) -> Figure:
    """Draw where a reader and a writer of N-grams point after each context of bits: mean weightings (contexts, N).

    Contexts stand in the order of the reader's rows, those that share a row in the order of their numbers.
    Raises ValueError where the two have not one shape.
    """
    read, written = map(np.asarray, (read, written))
    if read.ndim != 2 or read.shape != written.shape:
        raise ValueError(f"read {read.shape}, written {written.shape}: expected one shape, (contexts, N)")
    order = read.argmax(1).argsort(kind="stable")
    figure, panels = page(3.6, 1, 2, sharey=True)
    for axes, weights, colour, words in (
        (panels[0], read, READ, "the reader, after each context"),
        (panels[1], written, WRITE, "the writer, a step later"),
    ):
        axes.pcolormesh(weights[order], cmap=shades(colour), vmin=0, vmax=1)
        panel(axes, words, xlabel="memory row")
    panels[0].set_ylabel("contexts, by the reader's row")
    panels[0].set_yticks([])
    alike = int((read.argmax(1) == written.argmax(1)).sum())
    rows = len(set(read.argmax(1).tolist()))
    told = f"After {len(read)} contexts the reader points at {rows} different rows"
    return described(figure, f"{told}; after {alike} of them the writer comes to the reader's row a step later.")


def sorting_figure(priorities: ArrayLike, written: ArrayLike, answered: ArrayLike) -> Figure:
    """Draw a sort: rows by priority, rows by the order of coming in, and what is read back against what should be.

    `priorities` and `written` have the priority of each vector (L), in the order of coming in, and the row it was
    written to; `answered` has for each answer (A) the place, in that order, of the vector that was read.
    """
    priorities, written, answered = map(np.asarray, (priorities, written, answered))
    places, ranks = np.arange(1, len(priorities) + 1), np.arange(1, len(answered) + 1)
    rank_of = (-priorities).argsort().argsort() + 1  # 1: the highest
    figure, (by_priority, by_time, back) = page(3.2, 1, 3)
    for axes, x in ((by_priority, priorities), (by_time, places)):
        axes.scatter(x, written, s=26, color=WRITE, linewidth=0)
        axes.invert_yaxis()
    panel(by_priority, "rows by priority", xlabel="priority", ylabel="row that it is written to")
    panel(by_time, "rows by time", xlabel="order of coming in", ylabel="row that it is written to")
    right = rank_of[answered] == ranks
    back.plot([1, len(ranks)], [1, len(ranks)], color=INK, linewidth=1, linestyle=DASHES)
    back.scatter(ranks[right], rank_of[answered][right], s=26, color=READ, linewidth=0)
    back.scatter(ranks[~right], rank_of[answered][~right], s=50, color=ERROR, marker="X", linewidth=0)
    for axis in (by_time.xaxis, back.xaxis, back.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    panel(back, "what is read back", xlabel="answer", ylabel="rank of its priority (1: highest)")
    legend_above(figure, {"written": WRITE, "read": READ, "× out of turn": ERROR})
    alike = np.corrcoef(places, written)[0, 1] > 0.99
    return described(
        figure,
        f"{len(places)} vectors are written {'in the order of coming in' if alike else 'in another order'}; of"
        f" {len(ranks)} answers {int((~right).sum())} are read out of turn.",
    )
