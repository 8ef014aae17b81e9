"""Figures of bounds: a ball through tanh, a share that shrinks, how much of a bound is used, room before an error."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.style import DASHES, ERROR, INK, PALE, READ, TARGET, WRITE, described, page, panel


def ball_figure(middle: float, radius: float) -> Figure:
    """Draw how tanh takes a ball of numbers, by its middle and radius, to another one."""
    figure, axes = page(3.2)
    x = np.linspace(min(-1.5, middle - 2 * radius), max(1.5, middle + 2 * radius), 400)
    low, high = middle - radius, middle + radius
    ends = np.tanh([low, high])
    axes.axvspan(low, high, color=READ, alpha=0.2, linewidth=0)
    axes.axhspan(*ends, color=TARGET, alpha=0.25, linewidth=0)
    axes.plot(x, np.tanh(x), color=INK, linewidth=2)
    axes.plot([low, high], ends, "o", color=INK)
    axes.text(low, -0.95, "the ball ", color=READ, ha="right", fontweight="bold")
    axes.text(x[0], ends[1], " what tanh makes of it", color=TARGET, va="bottom", fontweight="bold")
    panel(axes, xlabel="a number of the ball", ylabel="its tanh", xlim=(x[0], x[-1]), ylim=(-1, 1))
    words = f"tanh takes the numbers from {low:.2f} to {high:.2f} to those from {ends[0]:.3f} to {ends[1]:.3f}."
    return described(figure, words)


def staircase_figure(
    shares: ArrayLike, after: ArrayLike, steps: Sequence[float], measured: tuple[ArrayLike, ArrayLike]
) -> Figure:
    """Draw a bound after a step over the share before it (X), the stairs that it makes, and measured steps as dots.

    `steps` are shares from the first on, each the bound after the one before; `measured` are shares before and after.
    """
    shares, after = np.asarray(shares), np.asarray(after)
    figure, axes = page(4.2)
    low, high = _where_it_shrinks(shares, after)
    axes.axvspan(low, high, color=TARGET, alpha=0.15, linewidth=0)
    axes.plot(shares, shares, color=PALE, linewidth=1, label="no change")
    axes.plot(shares, after, color=INK, linewidth=2, label="bound")
    stairs = np.repeat(steps, 2)  # up to the bound, across to the diagonal, and again
    axes.plot(stairs[:-1], [0, *stairs[2:]], color=WRITE, linewidth=1.6, label="bound after bound")
    axes.scatter(*measured, s=6, color=READ, linewidth=0, zorder=3, label="measured")
    axes.legend(loc="lower right", bbox_to_anchor=(1.01, 0.98), ncols=4, frameon=False, fontsize=9.5)
    axes.text((low + high) / 2, 0.93, "here every step shrinks it", color=TARGET, fontweight="bold", ha="center")
    panel(axes, xlim=(0, shares[-1]), ylim=(0, 1), xlabel="share of all other rows before a step", ylabel="after it")
    above = np.interp(np.asarray(measured[0]), shares, after) < np.asarray(measured[1])
    walk = f"from {steps[0]:.2f} the bound comes to {steps[-1]:.4f} in {len(steps) - 1} steps"
    dots = f"{above.sum()} of {len(above)} measured steps are above it"
    return described(figure, f"A share after a step is at most a curve of the share before it: {walk}; {dots}.")


def _where_it_shrinks(shares: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """The first and the last share after which the bound is no larger, between two given ones by a straight line."""
    gap = after - shares
    first, last = np.flatnonzero(gap <= 0)[[0, -1]]
    before, beyond = max(first - 1, 0), min(last + 1, len(gap) - 1)
    low = np.interp(0, -gap[[before, first]], shares[[before, first]]) if before < first else shares[first]
    high = np.interp(0, gap[[last, beyond]], shares[[last, beyond]]) if last < beyond else shares[last]
    return float(low), float(high)


def used_figure(used: Mapping[str, float]) -> Figure:
    """Draw how much of each bound runs used up, beside all of it; a bound of which nothing was used is left out."""
    names = sorted((name for name in used if used[name] > 0), key=used.__getitem__)
    figure, axes = page(0.9 + 0.24 * len(names))
    shares = [used[name] for name in names]
    colours = [ERROR if share > 1 else TARGET for share in shares]
    axes.barh(names, shares, color=colours, height=0.7)
    axes.axvline(1, color=INK, linewidth=1.2, linestyle=DASHES)
    panel(axes, xlabel="largest share of the bound that was used", xlim=(0, 1.1 * max(1, *shares)))
    broken = [name for name in names if used[name] > 1]
    words = f"broken: {', '.join(broken)}" if broken else "none is broken"
    return described(figure, f"How much of {len(names)} bounds was used up, and a line at all of it: {words}.")


def room_figure(rooms: Mapping[str, ArrayLike], proved: float) -> Figure:
    """Draw, for each byte, by how many nats its least certain bit comes out right (256), for each of some machines.

    A dashed line is the margin that is proved of the first of them; below 0 a bit is wrong.
    """
    figure, panels = page(2.1 * len(rooms), len(rooms), 1, sharex=True, sharey=True, squeeze=False)
    told = {}
    for (name, given), axes in zip(rooms.items(), panels[:, 0], strict=True):
        room = np.asarray(given)
        wrong = np.flatnonzero(room < 0)
        axes.bar(range(len(room)), room, width=1, color=[ERROR if least < 0 else READ for least in room])
        for byte in wrong:
            look = {"color": ERROR, "fontweight": "bold", "arrowprops": {"arrowstyle": "-", "color": ERROR}}
            look["bbox"] = {"color": "white", "pad": 1.5}
            axes.annotate(f"byte {byte}", (byte, 0), (byte, 0.6 * proved), **look)
        axes.axhline(0, color=INK, linewidth=0.8)
        panel(axes, name, ylabel="nats", xlim=(-1, len(room)))
        told[name] = f"wrong: {', '.join(map(str, wrong))}" if len(wrong) else "all are right"
    panels[0, 0].axhline(proved, color=INK, linewidth=1.2, linestyle=DASHES)
    behind = {"color": "white", "pad": 1.5}
    panels[0, 0].text(1, 0.9 * proved, "proved margin", color=INK, va="top", bbox=behind)
    panels[-1, 0].set_xlabel("byte that is read back")
    return described(figure, f"Room of the least certain bit of {len(room)} bytes; dashed: proved", told)
