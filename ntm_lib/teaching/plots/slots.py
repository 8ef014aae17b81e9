"""Figures of single slots, with one column a slot and words on the left.

Shapes: N slots, M numbers a slot. Arrays may be tensors, and may have axes of size 1: (1, 1, N) is drawn as (N).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.parts import cells, flat, framed, shades
from ntm_lib.teaching.plots.style import DASHES, ERASE, INK, PALE, READ, WRITE, described, no_frame, page, panel, title
from ntm_lib.teaching.plots.words import short

WIDTHS = (2.6, 5.0)
"""Widths of the words and of the slots."""
CHANGED = 0.005
"""A number that differs by more than this is drawn as changed."""
STAGES = ("1  compare", "2  find", "3  blend", "4  shift", "5  sharpen")
"""The five stages of addressing as verbs, in order."""

Row = tuple[Axes, Axes]
"""A place for words, and on its right a place for what each slot has."""


def addressing_figure(
    memory: ArrayLike, key: ArrayLike, settings: Sequence[str], w_previous: ArrayLike, stages: Sequence[ArrayLike]
) -> Figure:
    """Draw the slots, and below each its number after every stage of addressing (Eqs. 6, 5, 7, 8, 9).

    memory (N, M), key (M), w_previous (N) and five stages (N); `settings` are the words beside the stages. Raises
    ValueError where N or M differ.
    """
    memory, key, w_previous, *values = map(flat, (memory, key, w_previous, *stages))
    _require_one_size(memory, [key], [w_previous, *values])
    figure, rows = _rows([1.35, 1.25, 1, 1, 1, 1], height=7.6)
    reach = np.abs(memory).max()
    _slots(rows[0], "memory", memory, reach)
    _vector(rows[0], "key", key, reach, INK)
    dashed = "dashed: the stage before"
    notes = ["", "", f"{dashed}\ngrey: where the head was", dashed, dashed]
    ghosts = [None, None, *values[1:4]]
    for stage, (words, axes) in enumerate(rows[1:]):
        _words(words, STAGES[stage], settings[stage], notes[stage])
        _bars(axes, values[stage], READ if stage else INK, ghosts[stage], w_previous if stage == 2 else None)
    gives = f"The key finds {_top(values[1])}; at the end {_top(values[4])}."
    return described(figure, f"Five stages of addressing: {'; '.join(settings)}. {gives}")


def weightings_figure(weightings: Mapping[str, ArrayLike]) -> Figure:
    """Draw weightings (N) below each other, each beside its name; ValueError where N differs."""
    values = {name: flat(weights) for name, weights in weightings.items()}
    slots = len(next(iter(values.values())))
    _require_one_size(np.zeros((slots, 1)), [], list(values.values()))
    figure, rows = _rows([1] * len(values), height=0.45 + 0.95 * len(values))
    for (words, axes), (name, weights) in zip(rows, values.items(), strict=True):
        _words(words, name)
        _bars(axes, weights, READ)
    _name_slots(rows[0, 1], slots)
    largest = {name: _top(weights) for name, weights in values.items()}
    return described(figure, f"Weights of {slots} slots; the largest of each row", largest)


def walks_figure(walks: Mapping[str, ArrayLike], step: str = "step") -> Figure:
    """Draw weightings over time (T, N) beside each other; below, how much weight the strongest slot has.

    `step` is what the time axis counts.
    """
    values = {name: np.asarray(walk) for name, walk in walks.items()}
    figure, axes = page(4.4, 2, len(values), sharex="col", height_ratios=(2, 1), squeeze=False)
    for (tape, peak), (name, walk) in zip(axes.T, values.items(), strict=True):
        cells(tape, walk.T, cmap=shades(READ), vmin=0, vmax=1)
        title(tape, name)
        tape.set_yticks(range(walk.shape[1]), [f"slot {slot}" for slot in range(walk.shape[1])])
        peak.plot(walk.max(axis=1), color=READ, linewidth=2)
        peak.axhline(1 / walk.shape[1], color=INK, linewidth=0.8, linestyle=DASHES)
        panel(peak, ylim=(0, 1.05), xlabel=step)
    axes[1, 0].set_ylabel("largest weight")
    largest = {name: f"{_top(walk[0])}, {_top(walk[-1])}" for name, walk in values.items()}
    time = f"{len(next(iter(values.values()))) - 1} {step}s"
    return described(figure, f"Weights of slots over {time}; the largest at first and at last", largest)


def read_figure(memory: ArrayLike, weights: ArrayLike, reads: ArrayLike) -> Figure:
    """Draw a read head's weighting (N), the memory (N, M), and beside the memory the blend that is read (M) (Eq. 2).

    Raises ValueError where N or M differ.
    """
    memory, weights, reads = map(flat, (memory, weights, reads))
    _require_one_size(memory, [reads], [weights])
    figure, rows = _rows([1, 1.35], height=3.5)
    _words(rows[0, 0], "w  the read head", "where it looks")
    _bars(rows[0, 1], weights, READ)
    reach = np.abs(memory).max()
    _slots(rows[1], "memory", memory, reach)
    _vector(rows[1], "read", reads, reach, READ)
    return described(figure, f"A read head, its largest weight {_top(weights)}, reads the blend {_listed(reads)}.")


def write_figure(
    weights: ArrayLike, erase: ArrayLike, add: ArrayLike, before: ArrayLike, erased: ArrayLike, added: ArrayLike
) -> Figure:
    """Draw a write head's weighting (N) and the memory (N, M) before, after erasing and after adding (Eqs. 3 and 4).

    erase (M) and add (M) stand beside the memories they lead to; changed cells are framed. Raises ValueError where N or
    M differ.
    """
    weights, erase, add, before, erased, added = map(flat, (weights, erase, add, before, erased, added))
    _require_one_size(before, [erase, add, erased[0], added[0]], [weights])
    figure, rows = _rows([1, 1.3, 1.3, 1.3], height=7.0)
    _words(rows[0, 0], "w  the write head", "where it points")
    _bars(rows[0, 1], weights, WRITE)
    reach = np.abs([before, erased, added]).max()
    _slots(rows[1], "before", before, reach)
    for row, verb, vector, colour, old, new in (
        (rows[2], "erase", erase, ERASE, before, erased),
        (rows[3], "add", add, WRITE, erased, added),
    ):
        _slots(row, verb, new, reach)
        _vector(row, verb[0], vector, reach, colour)
        for slot, number in np.argwhere(np.abs(new - old) > CHANGED):
            framed(row[1], slot - 0.45, number - 0.44, (0.9, 0.88), colour)
    changed = ", ".join(map(str, np.flatnonzero(np.abs(added - before).max(axis=1) > CHANGED)))
    does = f"erases {_listed(erase)} and adds {_listed(add)}. Slots that changed: {changed or 'none'}."
    return described(figure, f"A write head, its largest weight {_top(weights)}, {does}")


def _require_one_size(memory: np.ndarray, vectors: Sequence[np.ndarray], weightings: Sequence[np.ndarray]) -> None:
    ends = [array.shape == memory.shape[1:] for array in vectors] + [len(array) == len(memory) for array in weightings]
    if memory.ndim != 2 or not all(ends):
        shapes = ", ".join(str(array.shape) for array in (memory, *vectors, *weightings))
        raise ValueError(f"shapes {shapes}: expected a memory (N, M), vectors (M) and weightings (N)")


def _rows(heights: Sequence[float], height: float) -> tuple[Figure, np.ndarray]:
    """Make a figure with rows of two axes (rows, 2): a place for words, and one for what each slot has."""
    figure, rows = page(height, len(heights), 2, squeeze=False, width_ratios=WIDTHS, height_ratios=heights)
    for axes in rows.flat:
        axes.set(xticks=[], yticks=[])
        no_frame(axes)
    return figure, rows


def _name_slots(axes: Axes, slots: int) -> None:
    axes.set_xticks(range(slots), [f"slot {slot}" for slot in range(slots)])
    axes.xaxis.tick_top()


def _slots(row: Row, verb: str, memory: np.ndarray, reach: float) -> None:
    """Draw every slot as a column of its numbers, with a verb on the left."""
    _words(row[0], verb)
    _numbers(row[1], memory.T, reach)
    _name_slots(row[1], len(memory))


def _vector(row: Row, name: str, numbers: np.ndarray, reach: float, colour: str) -> None:
    """Draw a vector on the left of the slots, as wide as one of them, with a frame in its colour."""
    axes, slots = row
    _numbers(axes, numbers[:, None], reach)
    axes.set_xlim(0.5 - WIDTHS[0] / WIDTHS[1] * np.ptp(slots.get_xlim()), 0.5)
    axes.set_xticks([0], [name], color=colour, fontweight="bold")
    axes.xaxis.tick_top()
    if colour != INK:
        framed(axes, -0.47, -0.5, (0.94, len(numbers)), colour)


def _numbers(axes: Axes, values: np.ndarray, reach: float) -> None:
    """Draw a matrix as coloured cells with its numbers written in them."""
    reach = 1.6 * (reach or 1)  # pale enough for dark numbers
    cells(axes, values, cmap="PuOr", vmin=-reach, vmax=reach)
    for row, column in np.ndindex(values.shape):
        axes.text(column, row, short(float(values[row, column])), ha="center", va="center", color=INK)
    for line in np.arange(values.shape[1] + 1) - 0.5:
        axes.axvline(line, color="white", linewidth=4)


def _words(axes: Axes, verb: str, *lines: str) -> None:
    """Write a verb, and smaller lines below it."""
    axes.text(0, 0.7, verb, fontsize=12, fontweight="bold", color=INK, va="center", transform=axes.transAxes)
    text = "\n".join(line for line in lines if line)
    axes.text(0, 0.52, text, fontsize=9.5, color=INK, va="top", linespacing=1.5, transform=axes.transAxes)


def _bars(
    axes: Axes, values: np.ndarray, colour: str, ghost: np.ndarray | None = None, pale: np.ndarray | None = None
) -> None:
    """Draw a bar for each slot with its number; dashed the stage before, pale the weighting before the step."""
    slots, reach = np.arange(len(values)), max(1, np.abs(values).max())
    if pale is not None:
        axes.bar(slots, pale, width=0.86, color=PALE)
    axes.bar(slots, values, width=0.6, color=colour)
    if ghost is not None:
        axes.bar(slots, ghost, width=0.6, fill=False, edgecolor=INK, linestyle=DASHES, linewidth=0.9)
    tops = np.max([series for series in (values, ghost, pale) if series is not None], axis=0)
    for slot, value in enumerate(values):
        end, side = (value - 0.05 * reach, "top") if value < 0 else (tops[slot] + 0.05 * reach, "bottom")
        axes.text(slot, end, short(value), fontsize=9.5, ha="center", va=side, color=INK)
    low = -1.4 * reach if values.min() < 0 else 0
    axes.set(xlim=(-0.5, len(values) - 0.5), ylim=(low, 1.35 * reach))
    axes.axhline(0, color=INK, linewidth=0.8)


def _listed(values: np.ndarray) -> str:
    return f"({', '.join(map(short, values))})"


def _top(values: np.ndarray) -> str:
    """Name the slot with the largest number: "0.72 on slot 2"."""
    slot = np.abs(values).argmax()
    return f"{short(values[slot])} on slot {slot}"
