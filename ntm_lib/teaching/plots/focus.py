"""Figures of how far a machine goes: a focus that heals or slips, what a key finds, and where copies end.

Shapes: T steps, K rows seen from where a focus should be.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.parts import cells, shades
from ntm_lib.teaching.plots.style import DASHES, ERROR, INK, PALE, READ, TARGET, WRITE, described, page, panel, title


def focus_figure(seen: ArrayLike, ahead: int, leak: float, gamma: float) -> Figure:
    """Draw a focus that walks (T, K), seen from its right row, and the curve that gives each follower from the last.

    `seen[:, ahead]` is the weight of the right row; the follower is the weight just behind it, as a share of it.
    """
    seen = np.asarray(seen)
    figure, (left, right) = page(3.5, 1, 2, width_ratios=(1.5, 1), edges=(0.85, 0.1, 0.3, 0.48), gaps=(0.75, 0))
    cells(left, seen.T, cmap=shades(WRITE), vmin=0, vmax=1)
    names = [f"{ahead - row} ahead" for row in range(ahead)] + ["right row"]
    names += [f"{row} behind" for row in range(1, seen.shape[1] - ahead)]
    left.set_yticks(range(seen.shape[1]), names, fontsize=9)
    left.set_xlabel("step")
    title(left, f"leak {leak:.2f}, γ = {gamma:.2f}")
    fate = "heals" if _follower(right, leak / (1 - leak), gamma) else "slips"
    kept = f"after {len(seen) - 1} steps {seen[-1, ahead]:.2f} of its weight is on the right row"
    return described(figure, f"A focus with leak {leak:.2f} and γ = {gamma:.2f} {fate}: {kept}.")


def _follower(axes: Axes, a: float, gamma: float) -> bool:
    """Draw the curve (a + r) ** gamma with its first steps from r = 0; returns whether it reaches the diagonal."""
    shares = np.linspace(0, 1.05, 400)
    after = (a + shares) ** gamma
    shrinks = after <= shares
    axes.fill_between(shares, 0, 1.05, where=shrinks, color=TARGET, alpha=0.15, linewidth=0)
    axes.plot(shares, shares, color=PALE, linewidth=1)
    axes.plot(shares, after, color=INK, linewidth=2)
    steps = [0.0]
    while len(steps) <= 40 and steps[-1] <= 1:
        steps.append((a + steps[-1]) ** gamma)
    axes.step([0.0, *steps[:-1]], steps, where="post", color=WRITE, linewidth=1.2)
    panel(axes, "green: it shrinks" if shrinks[:-1].any() else "it only grows", xlim=(0, 1.05), ylim=(0, 1.05))
    axes.set(xlabel="follower before a step", ylabel="after it")
    return bool(shrinks.any())


def map_figure(
    leaks: ArrayLike,
    gammas: ArrayLike,
    slips: ArrayLike,
    largest: ArrayLike,
    heads: Mapping[str, tuple[ArrayLike, ArrayLike]],
) -> Figure:
    """Draw where a focus heals and where it slips: leaks (X), gammas (Y), steps until it slips (Y, X), infinity: never.

    largest (Y) is the largest leak that heals; of every head, leaks and gammas of single steps as dots.
    """
    leaks, gammas, slips, largest = map(np.asarray, (leaks, gammas, slips, largest))
    figure, axes = page(4.8)
    axes.set_facecolor("#eef6f1")
    dark_for_few = LinearSegmentedColormap.from_list("slips", ["#7a2a57", ERROR, "#f6e3ee"])
    slipping = {"cmap": dark_for_few, "norm": LogNorm(1, 1000), "shading": "nearest"}
    image = axes.pcolormesh(leaks, gammas, np.ma.masked_invalid(slips), **slipping)
    figure.colorbar(image, ticks=[1, 10, 100, 1000], format="{x:,.0f}", label="steps until it slips")
    axes.plot(largest, gammas, color=INK, linewidth=2)
    axes.text(0.22 * leaks.max(), gammas.max() * 0.97, "it heals, for ever", color=TARGET, fontweight="bold", va="top")
    axes.text(0.97 * leaks.max(), 1.25, "it slips", color="white", fontweight="bold", ha="right")
    axes.set(xlim=(leaks.min(), leaks.max()), ylim=(gammas.min(), gammas.max()))
    axes.set(xlabel="leak: share of a step that stays behind", ylabel="γ: how much each step sharpens")
    for (name, points), colour, mark in zip(heads.items(), (WRITE, READ), "so", strict=True):
        x, y = map(np.asarray, points)
        axes.scatter(x, y, s=14, color=colour, marker=mark, linewidth=0)
        axes.text(x.max() + 0.008, np.median(y), name, color=colour, fontweight="bold", va="center")
    two, four = np.interp([2, 4], gammas, largest)
    heal = f"at γ = 2 leaks up to {two:.2f} heal, at γ = 4 up to {four:.2f}"
    return described(figure, f"Where a focus heals and where it slips, by leak and γ: {heal}. Dots: steps of heads.")


def found_figure(rows: ArrayLike, found: Mapping[str, ArrayLike], measured: tuple[ArrayLike, ArrayLike]) -> Figure:
    """Draw the weight that keys of some strengths find on the right row (Eq. 5), over the rows; dots: measured."""
    rows = np.asarray(rows)
    figure, axes = page(3.4)
    colours, half = shades(READ, PALE), {}
    for place, (name, given) in enumerate(found.items(), start=1):
        weights = np.asarray(given)
        axes.semilogx(rows, weights, color=colours(place / len(found)), linewidth=2)
        beside = int(np.abs(weights - 0.35).argmin())
        axes.text(rows[beside], weights[beside], f"  {name}", color=INK, va="bottom", fontsize=10)
        below = rows[weights < 0.5]
        half[name] = f"{below[0]:,.0f}" if len(below) else f"beyond {rows[-1]:,.0f}"
    axes.scatter(*measured, color=INK, s=30, zorder=3)
    axes.axhline(0.5, color=PALE, linewidth=0.9, linestyle=DASHES)
    ticks = [10, 100, 1_000, 10_000, 100_000]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    panel(axes, ylim=(0, 1.05), xlim=(rows[0], rows[-1]), xlabel="rows of memory", ylabel="weight on the right row")
    return described(figure, "The longer the tape, the less a key finds; rows at which half is left", half)


def limit_figure(lengths: Sequence[int], wrong: Sequence[float], predicted: float) -> Figure:
    """Draw the share of wrong sequences at each length, and the length from which failure was predicted."""
    figure, axes = page(2.9)
    axes.plot(lengths, wrong, color=ERROR, linewidth=2, marker="o")
    axes.axvline(predicted, color=INK, linewidth=1.2, linestyle=DASHES)
    axes.text(predicted, 0.5, "predicted  ", color=INK, va="center", ha="right")
    panel(axes, ylim=(-0.05, 1.05), xlabel="vectors in the sequence", ylabel="sequences that are wrong")
    axes.set_yticks([0, 0.5, 1], ["none", "half", "all"])
    exact = max((length for length, share in zip(lengths, wrong, strict=True) if share == 0), default=0)
    return described(figure, f"Share of wrong sequences by length: none up to {exact} vectors. Dashed: the prediction.")
