"""Figures of studies: how many runs of each arm did something, and where numbers of each run lie."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ntm_lib.study.tables import interval, share
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, TARGET

LINE = 0.34
"""Inches that one arm takes."""
COUNTED = ("o", "D", "s", "^")
"""Marks of the things that are counted, in order: they differ in more than their colour."""
COLOURS = (TARGET, INK, ERROR, PALE)


def shares_figure(counts: Mapping[str, Mapping[str, tuple[int, int]]]) -> Figure:
    """How often each thing happened in each arm: a mark at its share, a line over its 95 % interval.

    `counts` has for each thing that is counted the arms, and for each arm how many of how many runs. Raises ValueError
    where the things are not counted in the same arms, or where nothing is counted.
    """
    things, arms = list(counts), _same_arms(counts)
    figure = Figure(figsize=(8.6, 1.1 + LINE * len(arms)), layout="constrained")
    axes = figure.subplots()
    for place, (thing, colour, marker) in enumerate(zip(things, COLOURS, COUNTED, strict=False)):
        at = np.arange(len(arms)) + 0.5 * (place + 0.5) / len(things) - 0.25
        for height, arm in zip(at, arms, strict=True):
            axes.plot(interval(*counts[thing][arm]), [height] * 2, color=colour, linewidth=2, alpha=0.55)
        rates = [successes / trials for successes, trials in (counts[thing][arm] for arm in arms)]
        axes.plot(rates, at, linestyle="none", marker=marker, markersize=6.5, color=colour, label=thing)
    _arms_down(axes, arms)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    _legend(axes, things)
    figure.set_label(" ".join(f"{_capital(thing)}: {_counts_in_words(counts[thing])}." for thing in things))
    return figure


def spread_figure(values: Mapping[str, Sequence[float | None]], what: str, missing: str) -> Figure:
    """Where a number of every run lies: one mark a run, a line at the middle, a logarithmic scale.

    None stands for a run without the number, counted at the right as `missing`. Raises ValueError for an arm without
    runs, and for a number that is not greater than 0.
    """
    _positive(values)
    figure = Figure(figsize=(8.6, 1.1 + LINE * len(values)), layout="constrained")
    axes = figure.subplots()
    for height, numbers in enumerate(values.values()):
        there = np.sort([number for number in numbers if number is not None])
        axes.plot(there, _heights(height, len(there)), "o", color=INK, markersize=3, alpha=0.5, markeredgewidth=0)
        if len(there):
            axes.plot([np.median(there)] * 2, [height - 0.4, height + 0.4], color=TARGET, linewidth=2.5)
        if absent := len(numbers) - len(there):
            words = f"{absent} {missing}"
            axes.text(1.01, height, words, transform=axes.get_yaxis_transform(), color=ERROR, va="center")
    axes.set_xscale("log")
    _arms_down(axes, list(values))
    axes.set_xlabel(what)
    words = "; ".join(f"{arm} {_numbers_in_words(numbers, missing)}" for arm, numbers in values.items())
    figure.set_label(f"{_capital(what)}, one mark a run, median and largest: {words}.")
    return figure


def starts_figure(rows: Mapping[str, Sequence[tuple[int | None, str | None]]], memory_size: int) -> Figure:
    """The row of the first vector in every run, and which way the writer walks from there: (first row, order) a run.

    Orders are "forwards", "backwards", or anything else; None where nothing is stored. Raises ValueError for a row
    that the memory does not have.
    """
    for arm, runs in rows.items():
        for row, _ in runs:
            if row is not None and not 0 <= row < memory_size:
                raise ValueError(f"{arm} has first row {row}: expected one from 0 to {memory_size - 1}")
    figure = Figure(figsize=(8.6, 1.1 + 1.6 * LINE * len(rows)), layout="constrained")
    axes = figure.subplots()
    looks = {"forwards": (TARGET, ">"), "backwards": (INK, "<"), "in no order": (ERROR, "x")}
    for order, (colour, marker) in looks.items():
        for height, runs in enumerate(rows.values()):
            chosen = [(place, row) for place, (row, way) in enumerate(runs) if row is not None and _order(way) == order]
            at = [height + 0.35 - 0.7 * place / max(1, len(runs) - 1) for place, _ in chosen]
            axes.plot([row for _, row in chosen], at, marker, color=colour, markersize=5, label=order)
    _arms_down(axes, list(rows))
    axes.set_xlim(-2, memory_size + 1)
    axes.set_xlabel("row of the first vector")
    _legend(axes, list(looks))
    figure.set_label(
        " ".join(f"{arm}: {_orders_in_words([_order(way) for _, way in runs])}." for arm, runs in rows.items())
    )
    return figure


def _same_arms(counts: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[str]:
    arms = [list(each) for each in counts.values()]
    if not arms or not arms[0] or any(each != arms[0] for each in arms):
        raise ValueError(f"the arms counted are {arms}: expected the same, at least one, for every thing counted")
    if len(arms) > len(COUNTED):
        raise ValueError(f"{len(arms)} things are counted: expected at most {len(COUNTED)}, which differ at a glance")
    return arms[0]


def _positive(values: Mapping[str, Sequence[float | None]]) -> None:
    for arm, numbers in values.items():
        if not len(numbers):
            raise ValueError(f"{arm} has no runs: expected at least one")
        for number in numbers:
            if number is not None and not 0 < number < math.inf:
                raise ValueError(f"{arm} has {number}: expected numbers greater than 0, or None")


def _arms_down(axes: Axes, arms: Sequence[str]) -> None:
    """The arms from top to bottom, a pale line each."""
    axes.set_yticks(range(len(arms)), arms)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.grid(axis="both", color=PALE, linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _legend(axes: Axes, names: Sequence[str]) -> None:
    handles, labels = axes.get_legend_handles_labels()
    first = dict(zip(reversed(labels), reversed(handles), strict=True))
    axes.legend(
        [first[name] for name in names],
        names,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=len(names),
        frameon=False,
    )


def _heights(height: int, count: int) -> np.ndarray:
    """Marks of one arm beside each other, so that equal numbers stay apart."""
    return height + 0.3 * np.resize((0.0, -1.0, 1.0, -0.5, 0.5), count)


def _order(way: str | None) -> str:
    return way if way in ("forwards", "backwards") else "in no order"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _counts_in_words(counts: Mapping[str, tuple[int, int]]) -> str:
    return "; ".join(f"{arm} {share(*count)}" for arm, count in counts.items())


def _numbers_in_words(numbers: Sequence[float | None], missing: str) -> str:
    there = [number for number in numbers if number is not None]
    words = f"{np.median(there):.2g} and {max(there):.2g}" if there else "none"
    return words + (f" ({len(numbers) - len(there)} {missing})" if len(there) < len(numbers) else "")


def _orders_in_words(orders: Sequence[str]) -> str:
    return ", ".join(f"{orders.count(order)} {order}" for order in dict.fromkeys(orders))
