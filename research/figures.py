"""Figures of docs/findings.md: how many runs of each arm met a condition, and where a number of each run lies."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ntm_lib.study.tables import interval
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, TARGET, described, page

LINE = 0.34
"""Height of one arm, in inches."""
COUNTED = ("o", "D", "s", "^")
"""Marks of the conditions that are counted, in order: marks differ in shape as well as in colour."""
COLOURS = (TARGET, INK, ERROR, PALE)


def shares_figure(counts: Mapping[str, Mapping[str, tuple[int, int]]]) -> Figure:
    """Share of the runs of each arm that meet each condition: a mark at the share, a line over its 95 % interval.

    `counts` has, for each condition and arm, how many of how many runs meet the condition. Raises ValueError where two
    conditions are counted in different arms, or where there is no condition or no arm.
    """
    things, arms = list(counts), _same_arms(counts)
    figure, axes = page(1.1 + LINE * len(arms))
    for place, (thing, colour, marker) in enumerate(zip(things, COLOURS, COUNTED, strict=False)):
        at = np.arange(len(arms)) + 0.5 * (place + 0.5) / len(things) - 0.25
        for height, arm in zip(at, arms, strict=True):
            axes.plot(interval(*counts[thing][arm]), [height] * 2, color=colour, linewidth=2, alpha=0.55)
        rates = [successes / trials for successes, trials in (counts[thing][arm] for arm in arms)]
        axes.plot(rates, at, linestyle="none", marker=marker, markersize=6.5, color=colour, label=thing)
    _list_arms(axes, arms)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel("share of runs, with its 95 % interval")
    _legend(axes, things)
    spans = "; ".join(f"{thing}: {_span_in_words(counts[thing])}" for thing in things)
    return described(figure, f"Share of runs of {_number_of(len(arms), 'arm')} with 95 % intervals; {spans}.")


def spread_figure(values: Mapping[str, Sequence[float | None]], what: str, missing: str) -> Figure:
    """A number of every run on a logarithmic scale: a mark for each run, a line at the median of each arm.

    A run whose number is None is counted at the right, in the words `missing`. Raises ValueError for an arm without
    runs, and for a number that is not greater than 0.
    """
    _positive(values)
    figure, axes = page(1.1 + LINE * len(values))
    for height, numbers in enumerate(values.values()):
        there = np.sort([number for number in numbers if number is not None])
        axes.plot(there, _heights(height, len(there)), "o", color=INK, markersize=3, alpha=0.5, markeredgewidth=0)
        if len(there):
            axes.plot([np.median(there)] * 2, [height - 0.4, height + 0.4], color=TARGET, linewidth=2.5)
        if absent := len(numbers) - len(there):
            words = f"{absent} {missing}"
            axes.text(1.01, height, words, transform=axes.get_yaxis_transform(), color=ERROR, va="center")
    axes.set_xscale("log")
    _list_arms(axes, list(values))
    axes.set_xlabel(what)
    return described(figure, f"A mark for each run at its {what}; {_medians_in_words(values, missing)}.")


def starts_figure(rows: Mapping[str, Sequence[tuple[int | None, str | None]]], memory_size: int) -> Figure:
    """Memory row of the first vector in every run, and the direction in which the writer goes on from that row.

    `rows` has, for each arm, a pair for each run: the row, or None where nothing is stored, and "forwards",
    "backwards", or another word for a machine that stores in no order. Raises ValueError for a row outside the memory.
    """
    _inside(rows, memory_size)
    figure, axes = page(1.1 + 1.6 * LINE * len(rows))
    looks = {"forwards": (TARGET, ">"), "backwards": (INK, "<"), "in no order": (ERROR, "x")}
    for order, (colour, marker) in looks.items():
        for height, runs in enumerate(rows.values()):
            chosen = [(place, row) for place, (row, way) in enumerate(runs) if row is not None and _order(way) == order]
            at = [height + 0.35 - 0.7 * place / max(1, len(runs) - 1) for place, _ in chosen]
            axes.plot([row for _, row in chosen], at, marker, color=colour, markersize=5, label=order)
    _list_arms(axes, list(rows))
    axes.set_xlim(-2, memory_size + 1)
    axes.set_xlabel("row of the first vector")
    _legend(axes, list(looks))
    orders = [_order(way) for runs in rows.values() for _, way in runs]
    counts = ", ".join(f"{orders.count(order)} {order}" for order in looks)
    return described(figure, f"Row of the first vector in each of {len(orders)} runs; the vectors are stored {counts}.")


def _same_arms(counts: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[str]:
    arms = [list(each) for each in counts.values()]
    if not arms or not arms[0] or any(each != arms[0] for each in arms):
        raise ValueError(f"the arms counted are {arms}: expected the same arms, at least one, for every condition")
    if len(arms) > len(COUNTED):
        raise ValueError(f"{len(arms)} conditions are counted: expected at most {len(COUNTED)}, one for each mark")
    return arms[0]


def _positive(values: Mapping[str, Sequence[float | None]]) -> None:
    for arm, numbers in values.items():
        if not len(numbers):
            raise ValueError(f"{arm} has no runs: expected at least one")
        for number in numbers:
            if number is not None and not 0 < number < math.inf:
                raise ValueError(f"{arm} has {number}: expected numbers greater than 0, or None")


def _inside(rows: Mapping[str, Sequence[tuple[int | None, str | None]]], memory_size: int) -> None:
    for arm, runs in rows.items():
        for row, _ in runs:
            if row is not None and not 0 <= row < memory_size:
                raise ValueError(f"{arm} has first row {row}: expected one from 0 to {memory_size - 1}")


def _list_arms(axes: Axes, arms: Sequence[str]) -> None:
    """Name the arms at the left, the first at the top, with a pale line for each."""
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
    """Heights of the marks of one arm: next to each other, so that marks of equal numbers can be told apart."""
    return height + 0.3 * np.resize((0.0, -1.0, 1.0, -0.5, 0.5), count)


def _order(way: str | None) -> str:
    return way if way in ("forwards", "backwards") else "in no order"


def _span_in_words(counts: Mapping[str, tuple[int, int]]) -> str:
    """The arms with the smallest and the largest share: "fewest one 3/11, most other 11/11"."""
    shares = {arm: successes / trials for arm, (successes, trials) in counts.items()}
    extremes = (extreme(shares, key=lambda arm: shares[arm]) for extreme in (min, max))
    low, high = (f"{arm} {counts[arm][0]}/{counts[arm][1]}" for arm in extremes)
    return f"all {shares.popitem()[1]:.0%}" if len(set(shares.values())) == 1 else f"fewest {low}, most {high}"


def _medians_in_words(values: Mapping[str, Sequence[float | None]], missing: str) -> str:
    """The smallest and the largest median of an arm, and how many runs have no number."""
    given = {arm: [number for number in numbers if number is not None] for arm, numbers in values.items()}
    medians = sorted((float(np.median(numbers)), arm) for arm, numbers in given.items() if numbers)
    absent = sum(number is None for numbers in values.values() for number in numbers)
    (low, low_arm), (high, high_arm) = medians[0], medians[-1]
    span = f"medians go from {low:.2g} ({low_arm}) to {high:.2g} ({high_arm})"
    return span + (f"; {_number_of(absent, 'run')} {missing}" if absent else "")


def _number_of(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
