"""Figures of how a machine learns: its task, its updates, one moment of its training, and many seeds.

Shapes: T steps, N memory rows, K points of a loss.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.tasks.sizes import Size, numbers_of, size_text
from ntm_lib.teaching.plots.parts import cells, heads_image, legend_above, seed_dots, shades
from ntm_lib.teaching.plots.style import DASHES, ERROR, INK, PALE, READ, TARGET, WRITE, described, no_frame, page, panel
from ntm_lib.teaching.plots.words import about

SEEDS_A_LINE = 50
SLOW = 3000
"""Sequences after which a machine that converges counts as late."""


class Snapshot(NamedTuple):
    """A machine at one moment of its training, in numbers to draw."""

    sequences: Sequence[int]  # seen before each of K points of the loss, from 0 on
    loss: Sequence[float]  # (K)    bits a bit
    settled_from: int | None  # sequences seen when it began to settle; None: not yet
    trained_to: Size  # the largest size it is trained on
    wrong: Mapping[Any, float]  # wrong bits in a hundred at each size, or bits above a task's optimum
    shown: Trace  # one sequence, (B = 1)
    copies: bool = True  # sizes are numbers of vectors to copy; or else those of another task
    above_an_optimum: bool = False  # no bit of an answer is wrong, and what it costs above the optimum counts


def task_figure(inputs: ArrayLike, targets: ArrayLike, mask: ArrayLike) -> Figure:
    """Draw a task: inputs (T, input), targets (T, output), mask (T), 1 at the steps that count."""
    inputs, targets, mask = map(np.asarray, (inputs, targets, mask))
    channels = inputs.shape[1], targets.shape[1]
    figure, (top, bottom) = page(4.0, 2, sharex=True, height_ratios=channels)
    names = [f"bit {bit}" for bit in range(targets.shape[1])]
    markers = ["start", "end"][targets.shape[1] - inputs.shape[1] :]
    _ones(top, inputs, [*names, *markers], INK)
    _ones(bottom, targets, names, TARGET)
    panel(top, "inputs: what the machine sees")
    panel(bottom, "targets: what should come out; grey steps do not count", xlabel="step")
    bottom.set_xticks(range(len(inputs)))
    for step in np.flatnonzero(mask == 0):
        bottom.axvspan(step - 0.5, step + 0.5, color=PALE, alpha=0.5, linewidth=0)
    counted = np.count_nonzero(mask)
    asked = f"in the last {counted}, the only ones that count, they should come out"
    return described(figure, f"A copy of {counted} vectors takes {len(inputs)} steps: they go in, and {asked}.")


def _ones(axes: Axes, values: np.ndarray, names: Sequence[str], colour: str) -> None:
    """Draw a time diagram: a column a step, a row a channel, a filled cell for a one."""
    steps, channels = map(np.arange, values.shape)
    look: dict[str, Any] = {"cmap": shades(colour), "edgecolors": PALE, "linewidth": 0.5}
    axes.pcolormesh(steps, channels, values.T > 0, shading="nearest", **look)
    axes.set_yticks(channels, names, fontsize=8)
    axes.invert_yaxis()
    no_frame(axes)


def gradients_figure(norms: Mapping[str, ArrayLike], loss: Mapping[str, ArrayLike], limit: float) -> Figure:
    """Draw gradient norms of every update on a logarithmic scale, and the loss below, in bits a bit: a column a run."""
    figure, axes = page(4.6, 2, len(norms), sharex=True, sharey="row", squeeze=False)
    for (upper, lower), name in zip(axes.T, norms, strict=True):
        upper.semilogy(norms[name], color=INK, linewidth=1)
        upper.axhline(limit, color=INK, linewidth=1.2, linestyle=DASHES)
        upper.text(0, 1.12 * limit, f"{limit:g}", color=INK, fontsize=9.5, va="bottom")
        lower.plot(loss[name], color=INK, linewidth=1)
        panel(upper, name)
        panel(lower, ylim=(0, 1.6), xlabel="update")
    axes[0, 0].set_ylabel("length of the gradient")
    axes[1, 0].set_ylabel("loss, bits a bit")
    what = f"Length of the gradient and loss at each update: {', '.join(norms)}."
    return described(figure, f"{what} A dashed line marks the limit, {limit:g}.")


def schedules_figure(drawn: Mapping[str, ArrayLike], updates: int, what: str) -> Figure:
    """Draw numbers, named by `what`, that updates from 0 to `updates` draw at random: a panel a schedule."""
    figure, panels = page(2.7, 1, len(drawn), sharey=True, squeeze=False)
    highest = max(np.max(values) for values in drawn.values())
    scale = {"yscale": "log"} if highest > 100 else {"ylim": (0, 1.08 * highest)}
    for axes, (name, values) in zip(panels[0], drawn.items(), strict=True):
        axes.scatter(np.linspace(0, updates, np.size(values)), values, s=7, color=INK, linewidth=0)
        panel(axes, name, xlabel="update", **scale)
        axes.set_xticks([0, updates], ["0", f"{updates:,}"])
    panels[0, 0].set_ylabel(what)
    most = {name: f"at most {np.max(values):,.0f}" for name, values in drawn.items()}
    return described(figure, f"What each of {updates:,} updates draws, in {what}", most)


def choices_figure(moments: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Draw how clearly heads choose: a panel a moment, a line a choice, a point a byte, from 0 to 1, the least first.

    The name of a line says whose it is, "write head ..." or a read head's, and what the head should do.
    """
    figure, panels = page(3.1, 1, len(moments), sharey=True, squeeze=False)
    told = {}
    for axes, (moment, lines) in zip(panels[0], moments.items(), strict=True):
        for (name, weights), style in zip(lines.items(), ("-", "-", DASHES), strict=False):
            look = {"color": WRITE if name.startswith("write") else READ, "linewidth": 2, "linestyle": style}
            axes.plot(np.sort(np.asarray(weights)), label=name, **look)
        panel(axes, moment, ylim=(0, 1.03), xlabel="bytes, the least clear first")
        told[moment] = ", ".join(f"{name}: {_clear(np.asarray(weights))}" for name, weights in lines.items())
    panels[0, 0].set_ylabel("how clearly it is chosen")
    panels[0, -1].legend(loc="lower right", fontsize=9.5, frameon=False)
    return described(figure, "For how many of all bytes a head mostly does what it should", told)


def _clear(weights: np.ndarray) -> str:
    """Put into a word for how many bytes a choice is above one half."""
    share = np.mean(weights > 0.5)
    return "all" if share == 1 else "most" if share > 0.5 else "few"


def learning_figure(snapshot: Snapshot) -> Figure:
    """Draw loss, errors by size, and the tape in one sequence: a machine at one moment of its training."""
    fixed: dict[str, Any] = {"edges": (0.55, 0.1, 0.3, 0.46), "gaps": (0.45, 0.78)}
    figure, ((loss, wrong_bits), (tape, corner)) = page(4.6, 2, 2, height_ratios=(1, 1.25), **fixed)
    corner.remove()
    tape.set_subplotspec(tape.get_gridspec()[1, :])
    _loss(loss, snapshot)
    _wrong(wrong_bits, snapshot)
    _tape(tape, snapshot)
    settling = "" if snapshot.settled_from is None else ", and it settles"
    size, wrong = list(snapshot.wrong.items())[-1]
    at = f"{'length' if snapshot.copies else 'size'} {size_text(size)}"
    counted = f"an answer costs {wrong:.0f} bits in a hundred more than it must" if snapshot.above_an_optimum else ""
    loss_falls = f"the loss has come from {snapshot.loss[0]:.1f} to {snapshot.loss[-1]:.1f} bits a bit{settling}"
    return described(figure, f"A machine in training: {loss_falls}. At {at} {counted or about(wrong / 100)}.")


def _loss(axes: Axes, snapshot: Snapshot) -> None:
    axes.plot(snapshot.sequences, snapshot.loss, color=INK, linewidth=2, marker="o", markersize=3.5)
    end = max(2600, snapshot.sequences[-1])
    highest = max(1.08, *snapshot.loss)
    panel(axes, "loss, in bits a bit", xlim=(0, end), ylim=(0, highest), xlabel="sequences seen")
    if snapshot.settled_from is not None:
        axes.axvspan(snapshot.settled_from, end, color=TARGET, alpha=0.12, linewidth=0)
        side = "left" if snapshot.settled_from < 0.8 * end else "right"
        axes.text(snapshot.settled_from, 0.98, "\u00a0it settles\u00a0", color=INK, ha=side, va="top", fontsize=9.5)


def _wrong(axes: Axes, snapshot: Snapshot) -> None:
    sizes, shares = list(map(size_text, snapshot.wrong)), list(snapshot.wrong.values())
    bars = axes.bar(sizes, shares, color=ERROR, width=0.7)
    axes.bar_label(bars, fmt="%.2g", padding=2, fontweight="bold", color=INK)
    trained = sum(_within(size, snapshot.trained_to) for size in snapshot.wrong)
    axes.axvspan(-0.5, trained - 0.5, color=PALE, alpha=0.3, linewidth=0, zorder=0)
    axes.text(-0.45, 64, "trained on", color=INK, fontsize=9.5, va="top")
    limits = {"xlim": (-0.5, len(sizes) - 0.5), "ylim": (0, 65)}
    counted = "bits above the optimum, in a hundred" if snapshot.above_an_optimum else "wrong bits in a hundred"
    panel(axes, counted, xlabel="vectors in the sequence" if snapshot.copies else "size of the sequence", **limits)


def _within(size: Size, largest: Size) -> bool:
    """Whether no number of a size is above that of the largest."""
    return all(one <= most for one, most in zip(numbers_of(size), numbers_of(largest), strict=False))


def _tape(axes: Axes, snapshot: Snapshot) -> None:
    shown = snapshot.shown
    read, write = (weights[0].sum(1).clamp(max=1).numpy() for weights in (shown.w_read, shown.w_write))
    cells(axes, heads_image(read, write))
    steps, rows = read.shape
    wrong = np.flatnonzero(shown.wrong[0].any(dim=1) & (not snapshot.above_an_optimum))
    axes.scatter(wrong, np.full(len(wrong), -1.3), marker="x", color=ERROR, clip_on=False, s=25, linewidth=1.8)
    line = steps // 2 if snapshot.copies else int(shown.mask[0].argmax()) - 0.5
    name, of_one = ("end marker", "copy") if snapshot.copies else ("the answer begins", "sequence")
    axes.axvline(line, color=INK, linewidth=0.8, linestyle=DASHES)
    axes.text(line, rows - 1, f"{name}\u00a0\u00a0", color=INK, fontsize=9.5, ha="right", va="bottom")
    panel(axes, f"where the heads point in one {of_one}", ylim=(rows - 0.5, -2.4), yticks=[0, rows - 1])
    axes.set(ylabel="memory row", xlabel="step")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(axes, {"write head": WRITE, "read head": READ, "× wrong bits here": ERROR})


def seeds_figure(sequences: ArrayLike, converged: Sequence[bool]) -> Figure:
    """Draw a dot for each seed in order: converged, converged after more than `SLOW` sequences, or not."""
    sequences, done = np.asarray(sequences), np.asarray(converged, dtype=bool)
    late = done & (sequences > SLOW)
    figure, axes = page(0.9 + 0.15 * len(done) / SEEDS_A_LINE)
    seed_dots(axes, done & ~late, SEEDS_A_LINE, TARGET, "o", 15)
    seed_dots(axes, late, SEEDS_A_LINE, INK, "D", 20)
    seed_dots(axes, ~done, SEEDS_A_LINE, ERROR, "X", 70)
    axes.set(xlim=(-1, SEEDS_A_LINE), ylim=(len(done) / SEEDS_A_LINE, -0.9), xticks=[], ylabel="seed")
    axes.set_yticks(range(0, len(done) // SEEDS_A_LINE, 4))
    axes.yaxis.set_major_formatter(lambda line, _: f"{line * SEEDS_A_LINE:.0f}")
    no_frame(axes)
    after = f"{late.sum()} of them after more than {SLOW:,} sequences"
    legend_above(axes, {f"{done.sum():,} converged": TARGET, after: INK, f"{(~done).sum()} did not": ERROR})
    half = f"half of them after at most {int(np.median(sequences)):,} sequences"
    return described(figure, f"One dot a seed: {done.sum():,} of {len(done):,} converged, {half}.")
