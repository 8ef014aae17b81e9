"""The figure of one of the paper's other tasks: what models get wrong, by the size of the problem."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ntm_lib.teaching.compared import NAMES
from ntm_lib.teaching.plots.compared import LOOKS
from ntm_lib.teaching.plots.style import DASHES, INK, PALE, described, page, panel
from research.counts import two_digits

LOOK_OF = dict(zip(NAMES, LOOKS, strict=True))
"""Colour, marks and line of each model, as in the lessons."""
PAPER_LOOKS = {
    "NTM, feed-forward": {"color": INK, "marker": "v"},
    "NTM, LSTM controller": {"color": INK, "marker": "^"},
    "LSTM": {"color": LOOK_OF["lstm"]["color"], "marker": "s"},
}
"""Colour and marks of the paper's models; marks are hollow, those of ours are filled."""
SMALLEST = 0.1  # below it the scale of wrong bits is even, down to 0, and above it logarithmic
GAP = 0.7  # between sizes that grow in one direction and those that grow in another


class Axis(NamedTuple):
    """Sizes in the order in which they are drawn, in groups: those trained on, then those beyond, by direction."""

    groups: Mapping[str, Sequence[str]]  # the sizes of each group, by the words that stand over it
    name: str  # of the axis
    limit: tuple[str, str] | None = None  # the first size beyond what the paper's machine does, and words for it

    @property
    def sizes(self) -> list[str]:
        """All sizes in order."""
        return [size for group in self.groups.values() for size in group]

    @property
    def places(self) -> dict[str, float]:
        """Where each size stands: a unit apart, and further where sizes begin to grow in another direction."""
        groups = enumerate(self.groups.values())
        gaps = [GAP * max(0, number - 1) for number, group in groups for _ in group]
        return {size: place + gap for place, (size, gap) in enumerate(zip(self.sizes, gaps, strict=True))}

    @property
    def runs(self) -> list[list[str]]:
        """Sizes that share a line: those trained on with the first group beyond, then group by group."""
        first, *others = map(list, self.groups.values())
        return [first + others[0], *others[1:]] if others else [first]


def sizes_figure(
    axis: Axis,
    wrong: Mapping[str, ArrayLike],
    paper: Mapping[str, Mapping[str, float]],
    what: str,
    guessed: Sequence[float] | None = None,
) -> Figure:
    """Draw what models get wrong, (seeds, sizes) for each model of the lessons: medians, and bands over all seeds.

    Hollow marks are the paper's numbers, by its models and by size; a dotted line, what guessing gets wrong.
    Raises ValueError for a model whose numbers are not as many as the sizes.
    """
    figure, axes = page(4.4)
    panel(axes, xlabel=axis.name, ylabel=what)
    places = axis.places
    for model in sorted(wrong, key=list(NAMES).index):
        seeds = np.asarray(wrong[model], dtype=float)
        if seeds.ndim != 2 or seeds.shape[1] != len(places):
            raise ValueError(f"{model} has numbers of shape {seeds.shape}: expected (seeds, {len(places)})")
        _draw_model(axes, axis, model, dict(zip(axis.sizes, seeds.T, strict=True)))
    if guessed is not None:
        at = dict(zip(axis.sizes, guessed, strict=True))
        for number, run in enumerate(axis.runs):
            label = None if number else "guessing"
            axes.plot([places[size] for size in run], [at[size] for size in run], ":", color=PALE, label=label)
    ours = axes.get_legend_handles_labels()[0]
    for name, numbers in paper.items():
        x, y = zip(*((places[size], number) for size, number in numbers.items()), strict=True)
        look = {"linestyle": "none", "markerfacecolor": "none", "markersize": 8, "markeredgewidth": 1.6}
        axes.plot(x, y, **PAPER_LOOKS[name], **look, label=f"paper: {name}", zorder=5)
    _dress(axes, axis)
    _legend(figure, ours, axes.get_legend_handles_labels()[0][len(ours) :])
    return described(figure, *_in_words(axis, wrong, what))


def _legend(figure: Figure, ours: Sequence[Artist], papers: Sequence[Artist]) -> None:
    """The names of our models in one line below the axes, and those of the paper in the next."""
    nothing = Line2D([], [], linestyle="none", label="")
    lines = [ours, papers] if papers else [ours]
    handles = [handle for column in zip_longest(*lines, fillvalue=nothing) for handle in column]
    columns = max(map(len, lines))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=9.5)


def _draw_model(axes: Axes, axis: Axis, model: str, numbers: Mapping[str, np.ndarray]) -> None:
    """The median of a model's seeds as a line with marks, and a band from the least to the most."""
    look, depth = LOOK_OF[model], 4 - 0.1 * list(NAMES).index(model)
    for number, run in enumerate(axis.runs):
        x, y = [axis.places[size] for size in run], np.stack([numbers[size] for size in run])
        label = None if number else NAMES[model]
        axes.plot(x, np.median(y, axis=1), **look, linewidth=2.2, markersize=5.5, label=label, zorder=depth)
        axes.fill_between(x, y.min(axis=1), y.max(axis=1), color=look["color"], alpha=0.18, linewidth=0, zorder=2)


def _dress(axes: Axes, axis: Axis) -> None:
    """Scales, the names of sizes, words over groups, and grey behind the sizes trained on."""
    places = axis.places
    axes.set_yscale("symlog", linthresh=SMALLEST, linscale=0.6)
    top = max(1.0, axes.get_ylim()[1])
    ticks = [0, SMALLEST, 1, 10, 100, 1000]
    axes.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_ylim(-0.02, top)
    axes.minorticks_off()
    axes.set_xlim(-0.5, max(places.values()) + 0.5)
    axes.set_xticks(list(places.values()), [size.replace("x", "×") for size in places])
    for number, (words, sizes) in enumerate(axis.groups.items()):
        first, last = places[sizes[0]] - 0.5, places[sizes[-1]] + 0.5
        if number == 0:
            axes.axvspan(first, last, color="#eeeeee", zorder=0)
        axes.text((first + last) / 2, 1.02, words, transform=axes.get_xaxis_transform(), ha="center", color=INK)
    if axis.limit:
        size, words = axis.limit
        axes.axvline(places[size] - 0.5, color=INK, linestyle=DASHES, linewidth=1)
        place = axes.get_xaxis_transform()
        axes.text(places[size] - 0.58, 0.5, words, transform=place, rotation=90, ha="right", va="center", fontsize=9)


def _in_words(axis: Axis, wrong: Mapping[str, ArrayLike], what: str) -> tuple[str, dict[str, str]]:
    """What the figure shows at the largest size trained on and at the last of all: medians of each model."""
    ends = list(next(iter(axis.groups.values())))[-1], axis.sizes[-1]
    columns = [axis.sizes.index(size) for size in ends]
    medians = {
        NAMES[model]: " and ".join(two_digits(number) for number in np.median(np.asarray(seeds)[:, columns], axis=0))
        for model, seeds in wrong.items()
    }
    return f"{what[0].upper()}{what[1:]} by size, medians at {' and '.join(ends).replace('x', ' × ')}", medians
