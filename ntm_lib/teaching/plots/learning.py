"""Figures of how a machine learns: arrays in, a Figure with its description in words out. Nothing here calls a model.

Shapes: T steps, N memory rows, K lengths.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE, heads_image

DECADES = 100
"""What is drawn has a logarithmic scale where it goes beyond this."""
SEEDS_A_LINE = 50
FEW = 5
"""Wrong bits in a hundred that a description calls few; more are rounded to tens."""


class Snapshot(NamedTuple):
    """What there is to see of a machine at one moment of its training."""

    sequences: ArrayLike  # (K)     seen before each point of the loss, from 0 on
    loss: ArrayLike  # (K)          bits a bit
    settled_from: int | None  # sequences seen when it began to settle; None: not yet
    trained_to: int  # the longest length it is trained on
    wrong: Mapping[int, float]  # wrong bits in a hundred at each length
    read: ArrayLike  # (T, N)       where the read head points in one copy
    write: ArrayLike  # (T, N)
    mistakes: ArrayLike  # (T, output)  1 where a bit of that copy comes out wrong


def task_figure(inputs: ArrayLike, targets: ArrayLike, mask: ArrayLike) -> Figure:
    """What one copy shows and asks: inputs (T, input), targets (T, output), mask (T) over the steps that count."""
    inputs, targets, mask = map(np.asarray, (inputs, targets, mask))
    figure = Figure(figsize=(8.6, 4.0), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(inputs.shape[1], targets.shape[1]))
    markers = range(targets.shape[1], inputs.shape[1])
    names = [f"bit {bit}" for bit in range(targets.shape[1])]
    _cells(top, inputs, [*names, *(["start", "end"] if len(markers) == 2 else ["end"])], INK)
    _cells(bottom, targets, names, TARGET)
    top.set_title("inputs: what the machine sees", loc="left", fontsize=11, color=INK)
    bottom.set_title("targets: what should come out; grey steps do not count", loc="left", fontsize=11, color=INK)
    for step in np.flatnonzero(mask == 0):
        bottom.axvspan(step - 0.5, step + 0.5, color=PALE, alpha=0.5, linewidth=0)
    bottom.set_xticks(range(len(inputs)))
    bottom.set_xlabel("step")
    end = int(np.flatnonzero(inputs[:, -1])[0])
    counted = np.flatnonzero(mask)
    figure.set_label(
        f"A copy of {len(counted)} vectors takes {len(inputs)} steps: the vectors go in until the end marker at step"
        f" {end}; steps {counted[0]} to {counted[-1]} should bring them out again, and only these count."
    )
    return figure


def gradients_figure(norms: Mapping[str, ArrayLike], loss: Mapping[str, ArrayLike], limit: float) -> Figure:
    """Gradient norms of every update on a logarithmic scale, and the loss below, in bits a bit: a column a run."""
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    axes = figure.subplots(2, len(norms), sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(norms):
        upper, lower = axes[:, column]
        upper.semilogy(norms[name], color=INK, linewidth=1)
        upper.axhline(limit, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        upper.set_title(name, loc="left", fontsize=11, color=INK)
        lower.plot(loss[name], color=INK, linewidth=1)
        lower.set_ylim(0, 1.6)
        lower.set_xlabel("update")
        for one in (upper, lower):
            one.spines[["top", "right"]].set_visible(False)
        upper.text(0, 1.12 * limit, f"{limit:g}", color=INK, fontsize=9.5, va="bottom")
    axes[0, 0].set_ylabel("length of the gradient")
    axes[1, 0].set_ylabel("loss, bits a bit")
    ratios = (
        f"{name}: the largest gradient is {_times(np.max(values) / np.median(values))} as long as the usual one"
        for name, values in norms.items()
    )
    figure.set_label(_sentences(ratios))
    return figure


def schedules_figure(drawn: Mapping[str, ArrayLike], updates: int, what: str) -> Figure:
    """What each update of a training draws, a panel a schedule: values at evenly spaced updates from 0 to `updates`."""
    figure = Figure(figsize=(8.6, 2.7), layout="constrained")
    panels = figure.subplots(1, len(drawn), sharey=True, squeeze=False)[0]
    highest = max(np.max(values) for values in drawn.values())
    for axes, (name, values) in zip(panels, drawn.items(), strict=True):
        axes.scatter(np.linspace(0, updates, len(values)), values, s=7, color=INK, linewidth=0)
        axes.set_title(name, loc="left", fontsize=11, color=INK)
        axes.set_xticks([0, updates], ["0", f"{updates:,}"])
        axes.set_xlabel("update")
        axes.set_yscale("log" if highest > DECADES else "linear")
        axes.set_ylim(0 if highest <= DECADES else None, 1.08 * highest)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(what)
    figure.set_label(_sentences(_drawn_in_words(name, np.asarray(values), what) for name, values in drawn.items()))
    return figure


def learning_figure(snapshot: Snapshot) -> Figure:
    """Loss, wrong bits by length, and the tape in one copy: a machine at one moment of its training."""
    figure = Figure(figsize=(8.6, 5.4), layout="constrained")
    panels = figure.subplot_mosaic([["loss", "wrong"], ["tape", "tape"]], height_ratios=(1, 1.25))
    for name, draw in {"loss": _loss, "wrong": _wrong, "tape": _tape}.items():
        draw(panels[name], snapshot)
    settling = "" if snapshot.settled_from is None else " It settles."
    parts = ", ".join(f"{_about(share)} at {length}" for length, share in snapshot.wrong.items())
    figure.set_label(
        f"The loss has come from {snapshot.loss[0]:.1f} to {snapshot.loss[-1]:.1f} bits a bit.{settling}"
        f" Wrong bits in a hundred by length: {parts}. {_heads_in_words(snapshot)}"
    )
    return figure


def seeds_figure(sequences: ArrayLike, converged: Sequence[bool], slow: int = 3000) -> Figure:
    """One dot a seed, in the order of their numbers: converged, converged after more than `slow` sequences, or not."""
    sequences, converged = np.asarray(sequences), np.asarray(converged, dtype=bool)
    late = converged & (sequences > slow)
    figure = Figure(figsize=(8.6, 0.9 + 0.15 * len(converged) / SEEDS_A_LINE), layout="constrained")
    axes = figure.subplots()
    kinds = {
        f"{int(converged.sum()):,} converged": (converged & ~late, TARGET, 15, "o"),
        f"{int(late.sum())} of them after more than {slow:,} sequences": (late, INK, 20, "D"),
        f"{int((~converged).sum())} did not": (~converged, ERROR, 70, "X"),
    }
    for place, (words, (chosen, colour, size, marker)) in enumerate(kinds.items()):
        seed_dots(axes, chosen, SEEDS_A_LINE, colour, marker, size)
        axes.text((0.0, 0.24, 0.78)[place], 1.03, words, color=colour, fontweight="bold", transform=axes.transAxes)
    axes.set_xlim(-1, SEEDS_A_LINE)
    axes.set_ylim(len(converged) / SEEDS_A_LINE, -0.9)
    axes.set_yticks(range(0, len(converged) // SEEDS_A_LINE, 4), range(0, len(converged), 4 * SEEDS_A_LINE))
    axes.set_xticks([])
    axes.set_ylabel("seed")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.set_label(
        f"One dot a seed: {int(converged.sum()):,} of {len(converged):,} converged, half of them after at most"
        f" {int(np.median(sequences)):,} sequences, {int(late.sum())} after more than {slow:,};"
        f" not converged: {', '.join(map(str, np.flatnonzero(~converged))) or 'none'}."
    )
    return figure


def seed_dots(axes: Axes, chosen: np.ndarray, a_line: int, colour: str, marker: str, size: float) -> None:
    """A mark for every chosen seed, with `a_line` seeds in a line."""
    seeds = np.flatnonzero(chosen)
    axes.scatter(seeds % a_line, seeds // a_line, s=size, color=colour, marker=marker, linewidth=0)


def _cells(axes: Axes, values: np.ndarray, names: Sequence[str], colour: str) -> None:
    """A time diagram: a column a step, a row a channel, a filled cell for a one."""
    for step, channel in np.argwhere(values > 0):
        axes.bar(step, 0.84, width=0.84, bottom=channel - 0.42, color=colour)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_ylim(values.shape[1] - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(len(values) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=PALE, linewidth=0.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def _loss(axes: Axes, snapshot: Snapshot) -> None:
    axes.plot(snapshot.sequences, snapshot.loss, color=INK, linewidth=2, marker="o", markersize=3.5)
    axes.set_xlim(0, max(2600, snapshot.sequences[-1]))
    axes.set_ylim(0, max(1.08, *snapshot.loss))
    if snapshot.settled_from is not None:
        axes.axvspan(snapshot.settled_from, axes.get_xlim()[1], color=TARGET, alpha=0.12, linewidth=0)
        axes.text(snapshot.settled_from, 0.98, " it settles", color=INK, va="top", fontsize=9.5)
    _name(axes, "loss, in bits a bit", "sequences seen")


def _wrong(axes: Axes, snapshot: Snapshot) -> None:
    lengths = list(snapshot.wrong)
    shares = np.array([snapshot.wrong[length] for length in lengths])
    axes.bar(range(len(lengths)), shares, color=ERROR, width=0.7)
    for place, share in enumerate(shares):
        text, colour = ("0", INK) if share == 0 else (f"{share:.2g}", ERROR)
        axes.text(place, share + 1, text, ha="center", va="bottom", color=colour, fontweight="bold")
    trained = sum(length <= snapshot.trained_to for length in lengths)
    axes.axvspan(-0.5, trained - 0.5, color=PALE, alpha=0.3, linewidth=0, zorder=0)
    axes.text(-0.45, 64, "trained on", color=INK, fontsize=9.5, va="top")
    axes.set_xticks(range(len(lengths)), lengths)
    axes.set_xlim(-0.5, len(lengths) - 0.5)
    axes.set_ylim(0, 65)
    _name(axes, "wrong bits in a hundred", "vectors in the sequence")


def _tape(axes: Axes, snapshot: Snapshot) -> None:
    axes.imshow(heads_image(snapshot.read, snapshot.write), aspect="auto", interpolation="nearest")
    steps, rows = np.shape(snapshot.read)
    for step in np.flatnonzero(np.asarray(snapshot.mistakes).any(axis=1)):
        axes.plot([step], [-1.3], marker="x", color=ERROR, clip_on=False, markersize=5, markeredgewidth=1.8)
    axes.axvline(steps // 2, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.text(steps // 2, rows - 1, "end marker  ", color=INK, fontsize=9.5, ha="right", va="bottom")
    axes.set_ylim(rows - 0.5, -2.4)
    axes.set_yticks([0, rows - 1])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("memory row")
    for x, name, colour in ((0.55, "write head", WRITE), (0.69, "read head", READ), (1.0, "× wrong bits here", ERROR)):
        axes.text(x, 1.03, name, color=colour, transform=axes.transAxes, fontweight="bold", ha="right")
    _name(axes, "where the heads point in one copy", "step")


def _name(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(below)
    axes.spines[["top", "right"]].set_visible(False)


def _heads_in_words(snapshot: Snapshot) -> str:
    """Whether each head stands sharply somewhere, counted over the steps of the copy."""
    sharp = {
        name: np.mean(np.max(weights, axis=1) > 0.5)
        for name, weights in {"write": snapshot.write, "read": snapshot.read}.items()
    }
    words = [f"the {name} head is {'sharp' if share > 0.5 else 'spread out'}" for name, share in sharp.items()]
    return f"In one copy {' and '.join(words)} at most steps."


def _about(share: float) -> str:
    if share == 0:
        return "none"
    return "few" if share < FEW else f"about {max(10, round(share, -1)):.0f}"


def _times(ratio: float) -> str:
    """Coarse on purpose: what a training comes to differs a little from one processor to the next."""
    return "more than 20 times" if ratio > 20 else "not 20 times"


def _drawn_in_words(name: str, values: np.ndarray, what: str) -> str:
    first, last = values[: len(values) // 4], values[-(len(values) // 4) :]
    return f"{name}: {what} from {first.min()} to {first.max()} at first, from {last.min()} to {last.max()} at last"


def _sentences(parts: Iterable[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
