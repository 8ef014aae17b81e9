"""Figures of how far a machine goes: arrays in, a Figure with its description in words out.

Shapes: T steps, K rows seen from where a focus should be, H settings.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.learning import seed_dots
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE

FOCUS = LinearSegmentedColormap.from_list("focus", ["white", WRITE])
SLIPS = LinearSegmentedColormap.from_list("slips", ["#7a2a57", ERROR, "#f6e3ee"])
"""Dark where a focus slips at once, pale where it takes long."""
HEALS = "#eef6f1"
COBWEB = 40
"""Steps that are drawn into a curve."""
SEEDS_A_LINE = 20


def focus_figure(seen: ArrayLike, ahead: int, leak: float, gamma: float) -> Figure:
    """A walking focus (T, K) seen from where it should be, and the curve that makes each step's follower of the last.

    seen[:, ahead] is the weight of the right row.
    """
    seen = np.asarray(seen)
    figure = Figure(figsize=(8.6, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    left.imshow(seen.T, cmap=FOCUS, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    left.set_yticks(range(seen.shape[1]), [_place(ahead - row) for row in range(seen.shape[1])], fontsize=9)
    left.set_xlabel("step")
    left.set_title(f"leak {leak:.2f}, γ = {gamma:.2f}", loc="left", fontsize=11, color=INK)
    heals = _follower(right, leak / (1 - leak), gamma)
    kept = seen[-1, ahead]
    fate = "on the right row" if kept > 0.5 else "no longer on the right row"
    figure.set_label(
        f"With leak {leak:.2f} and γ = {gamma:.2f} the focus is {fate} after {len(seen) - 1} steps, with {kept:.2f} of"
        f" its weight. {'The curve crosses the diagonal: it heals.' if heals else 'The curve stays above: it slips.'}"
    )
    return figure


def _follower(axes: Axes, a: float, gamma: float) -> bool:
    """The curve (a + r) ** gamma over r, with the first steps from r = 0; whether it comes down to the diagonal."""
    shares = np.linspace(0, 1.05, 400)
    after = (a + shares) ** gamma
    shrinks = after <= shares
    axes.fill_between(shares, 0, 1.05, where=shrinks, color=TARGET, alpha=0.15, linewidth=0)
    axes.plot(shares, shares, color=PALE, linewidth=1)
    axes.plot(shares, after, color=INK, linewidth=2)
    share, path = 0.0, [(0.0, 0.0)]
    for _ in range(COBWEB):
        following = (a + share) ** gamma
        path += [(share, following), (following, following)]
        share = following
        if share > 1:
            break
    axes.plot(*np.transpose(path), color=WRITE, linewidth=1.2)
    axes.set_xlim(0, 1.05)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("follower before a step")
    axes.set_ylabel("after it")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("green: it shrinks" if shrinks[:-1].any() else "it only grows", loc="left", fontsize=11, color=INK)
    return bool(shrinks.any())


def _place(rows: int) -> str:
    if rows == 0:
        return "right row"
    return f"{abs(rows)} {'ahead' if rows > 0 else 'behind'}"


def map_figure(
    leaks: ArrayLike,
    gammas: ArrayLike,
    slips: ArrayLike,
    largest: ArrayLike,
    heads: Mapping[str, tuple[ArrayLike, ArrayLike]],
) -> Figure:
    """Where a focus heals and where it slips: leaks (X), gammas (Y), steps until it slips (Y, X), infinity: never.

    largest (Y) is the largest leak that heals; of every head, leaks and gammas of single steps as dots.
    """
    leaks, gammas, slips, largest = map(np.asarray, (leaks, gammas, slips, largest))
    figure = Figure(figsize=(8.6, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor(HEALS)
    shown = np.ma.masked_invalid(slips)
    image = axes.pcolormesh(leaks, gammas, shown, cmap=SLIPS, norm=LogNorm(1, 1000), shading="nearest")
    bar = figure.colorbar(image, ax=axes, ticks=[1, 10, 100, 1000], format="{x:,.0f}")
    bar.set_label("steps until it slips")
    axes.plot(largest, gammas, color=INK, linewidth=2)
    axes.text(0.015, gammas.max() * 0.97, "it heals, for ever", color=TARGET, fontweight="bold", va="top")
    axes.text(0.97 * leaks.max(), 1.25, "it slips", color="white", fontweight="bold", ha="right")
    axes.set(xlim=(leaks.min(), leaks.max()), ylim=(gammas.min(), gammas.max()))
    axes.set_xlabel("leak: share of a step that stays behind")
    axes.set_ylabel("γ: how much each step sharpens")
    inside = _put_on_map(axes, heads, gammas, largest)
    figure.set_label(
        f"Without sharpening every leak slips in the end. At γ = 2 leaks up to {np.interp(2, gammas, largest):.2f}"
        f" heal, at γ = 4 up to {np.interp(4, gammas, largest):.2f}. On the side that heals: {', '.join(inside)}."
    )
    return figure


def _put_on_map(axes: Axes, heads: Mapping[str, tuple], gammas: np.ndarray, largest: np.ndarray) -> list[str]:
    """A mark for every step of every head; in words, how many steps are on the side that heals."""
    inside = []
    for (name, points), colour, mark in zip(heads.items(), (WRITE, READ), "so", strict=True):
        x, y = map(np.asarray, points)
        axes.scatter(x, y, s=14, color=colour, marker=mark, linewidth=0)
        axes.text(x.max() + 0.008, np.median(y), name, color=colour, fontweight="bold", va="center")
        inside.append(f"the {name} at {np.mean(x < np.interp(y, gammas, largest)):.0%} of its steps")
    return inside


def found_figure(rows: ArrayLike, found: Mapping[str, ArrayLike], measured: tuple[ArrayLike, ArrayLike]) -> Figure:
    """Weight that a key finds on the right row (Eq. 5) over the number of rows, a line a strength; dots: measured."""
    figure = Figure(figsize=(8.6, 3.4), layout="constrained")
    axes = figure.subplots()
    shades = LinearSegmentedColormap.from_list("keys", [PALE, READ])
    for place, (name, weights) in enumerate(found.items()):
        axes.semilogx(rows, weights, color=shades((place + 1) / len(found)), linewidth=2)
        beside = int(np.abs(np.asarray(weights) - 0.35).argmin())
        axes.text(rows[beside], weights[beside], f"  {name}", color=INK, va="bottom", fontsize=10)
    axes.scatter(*measured, color=INK, s=30, zorder=3)
    axes.axhline(0.5, color=PALE, linewidth=0.9, linestyle=(0, (3, 2)))
    ticks = [10, 100, 1_000, 10_000, 100_000]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_ylim(0, 1.05)
    axes.set_xlim(rows[0], rows[-1])
    axes.set_xlabel("rows of memory")
    axes.set_ylabel("weight on the right row")
    axes.spines[["top", "right"]].set_visible(False)
    half = "; ".join(f"{name}: {_first_below_half(rows, weights)}" for name, weights in found.items())
    figure.set_label(
        f"The longer the tape, the less a key finds. Rows at which half is left, {half}. Black dots: a trained machine."
    )
    return figure


def _first_below_half(rows: ArrayLike, weights: ArrayLike) -> str:
    below = np.flatnonzero(np.asarray(weights) < 0.5)
    return f"about {float(f'{rows[below[0]]:.1g}'):,.0f}" if len(below) else f"more than {rows[-1]:,.0f}"


def limit_figure(lengths: Sequence[int], wrong: Sequence[float], predicted: float) -> Figure:
    """The share of wrong sequences at each length, and the length from which failure was predicted."""
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    axes = figure.subplots()
    axes.plot(lengths, wrong, color=ERROR, linewidth=2, marker="o")
    axes.axvline(predicted, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.text(predicted, 0.5, "predicted  ", color=INK, va="center", ha="right")
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlabel("vectors in the sequence")
    axes.set_ylabel("sequences that are wrong")
    axes.set_yticks([0, 0.5, 1], ["none", "half", "all"])
    axes.spines[["top", "right"]].set_visible(False)
    right = max(length for length, share in zip(lengths, wrong, strict=True) if share == 0)
    lost = min(length for length, share in zip(lengths, wrong, strict=True) if share == 1)
    figure.set_label(f"No sequence of {right} vectors is wrong, and every one of {lost}.")
    return figure


def exact_figure(exact: Mapping[str, Sequence[bool]]) -> Figure:
    """One dot a seed in the order of their numbers, a panel a trial: green where every bit was right."""
    figure = Figure(figsize=(8.6, 2.2), layout="constrained")
    told = []
    for axes, (name, right) in zip(figure.subplots(1, len(exact)), exact.items(), strict=True):
        right = np.asarray(right, dtype=bool)
        seed_dots(axes, right, SEEDS_A_LINE, TARGET, "o", 18)
        seed_dots(axes, ~right, SEEDS_A_LINE, ERROR, "X", 70)
        axes.set_ylim((len(right) - 1) // SEEDS_A_LINE + 0.7, -0.7)
        axes.set_title(f"{name}: {right.sum()} of {len(right)}", loc="left", fontsize=11, color=INK)
        axes.axis("off")
        wrong = ", ".join(map(str, np.flatnonzero(~right))) or "none"
        told.append(f"{name}: {right.sum()} of {len(right)} exact, wrong: {wrong}")
    figure.set_label(f"One dot a seed. {'; '.join(told)}.")
    return figure
