"""The figure that compares models: how many sequences come back whole, by how long they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.style import ERROR, INK, described, page, panel

LOOKS: tuple[dict[str, Any], ...] = (
    {"color": INK, "marker": "o"},
    {"color": "#56b4e9", "marker": "D"},
    {"color": "#a6761d", "marker": "^", "linestyle": (0, (4, 2))},
    {"color": ERROR, "marker": "s", "linestyle": (0, (1, 1))},
)
"""Colour, marks and line of the first to the fourth model."""


def whole_figure(lengths: ArrayLike, whole: Mapping[str, ArrayLike], trained: int) -> Figure:
    """Draw shares of sequences without a wrong bit, (seeds, lengths) from 0 to 1 for each of up to four models.

    A thin line is a seed, a thick one the median of a model's seeds; grey, the lengths that all were trained on.
    Raises ValueError for more than four models.
    """
    if len(whole) > len(LOOKS):
        raise ValueError(f"there are {len(whole)} models: expected at most {len(LOOKS)}")
    lengths = np.asarray(lengths)
    figure, axes = page(4.2)
    panel(axes, xscale="log", ylim=(-0.03, 1.05), xlim=(lengths[0] * 0.95, lengths[-1] * 1.08))
    axes.set(xlabel="vectors in the sequence", ylabel="sequences without a wrong bit")
    named = [length for length in lengths if length in (1, 2, 5) or length >= trained]
    axes.set_xticks(named, map(str, named))
    axes.minorticks_off()
    axes.set_yticks([0, 0.5, 1], ["none", "half", "all"])
    axes.axvspan(lengths[0] * 0.95, trained, color="#eeeeee", zorder=0)
    axes.text(lengths[0], 0.03, f"trained on: 1 to {trained}", fontsize=10, color=INK)
    reach = {}
    for place, ((name, given), look) in enumerate(zip(whole.items(), LOOKS, strict=False)):
        seeds = np.asarray(given)
        axes.plot(lengths, seeds.T, color=look["color"], linewidth=0.8, alpha=0.45, zorder=3 - 0.1 * place)
        middle = np.median(seeds, axis=0)
        axes.plot(lengths, middle, **look, linewidth=2.2, markersize=5.5, label=name, zorder=4 - 0.1 * place)
        reach[name] = f"up to {max(lengths[middle >= 0.5], default=0)}"
    axes.legend(loc="center left", frameon=False, fontsize=10.5)
    return described(figure, "Lengths at which at least half of the sequences come back without a wrong bit", reach)
