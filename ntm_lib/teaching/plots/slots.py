"""Figures of single slots, with one column a slot and words on the left.

Shapes: N slots, M numbers a slot. Arrays may be tensors, and may have axes of size 1: (1, 1, N) is drawn as (N).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.parts import boxes, cells, flat, shades
from ntm_lib.teaching.plots.style import DASHES, ERASE, INK, PALE, READ, WRITE, described, page, panel, title
from ntm_lib.teaching.plots.words import short

WORDS, SLOTS, NAMES, GAP = 2.9, 5.6, 0.24, 0.09
"""Inches for the words on the left, for all slots on their right, for the names above slots, and between strips."""
BESIDE = -1.08
"""Where a vector stands beside slots, which are numbered from 0."""
CHANGED = 0.005
"""A number that differs by more than this is drawn as changed."""
STAGES = ("1  compare", "2  find", "3  blend", "4  shift", "5  sharpen")
"""The five stages of addressing as verbs, in order."""


class Row(NamedTuple):
    """A strip of a page from one inch downwards to another: words on the left, a place for each slot on the right.

    All strips lie in one axes, across in slots and down in inches: making axes is most of the work of drawing.
    """

    axes: Axes
    top: float
    height: float


def addressing_figure(
    memory: ArrayLike, key: ArrayLike, settings: Sequence[str], w_previous: ArrayLike, stages: Sequence[ArrayLike]
) -> Figure:
    """Draw the slots, and below each its number after every stage of addressing (Eqs. 6, 5, 7, 8, 9).

    memory (N, M), key (M), w_previous (N) and five stages (N); `settings` are the words beside the stages. Raises
    ValueError where N or M differ.
    """
    memory, key, w_previous, *values = map(flat, (memory, key, w_previous, *stages))
    _require_one_size(memory, [key], [w_previous, *values])
    figure, rows = _rows(len(memory), [0.62, 0.8, 0.68, 0.68, 0.68, 0.68], named=[0])
    reach = np.abs(memory).max()
    _slots(rows[0], "memory", memory, reach)
    _vector(rows[0], "key", key, reach, INK)
    dashed = "dashed: the stage before"
    notes = ["", "", f"{dashed}\ngrey: where the head was", dashed, dashed]
    ghosts = [None, None, *values[1:4]]
    for stage, row in enumerate(rows[1:]):
        _words(row, STAGES[stage], settings[stage], notes[stage])
        _bars(row, values[stage], READ if stage else INK, ghosts[stage], w_previous if stage == 2 else None)
    gives = f"The key finds {_top(values[1])}; at the end {_top(values[4])}."
    return described(figure, f"Five stages of addressing: {'; '.join(settings)}. {gives}")


def weightings_figure(weightings: Mapping[str, ArrayLike]) -> Figure:
    """Draw weightings (N) below each other, each beside its name; ValueError where N differs."""
    values = {name: flat(weights) for name, weights in weightings.items()}
    slots = len(next(iter(values.values())))
    _require_one_size(np.zeros((slots, 1)), [], list(values.values()))
    figure, rows = _rows(slots, [0.85] * len(values), named=[0])
    for row, (name, weights) in zip(rows, values.items(), strict=True):
        _words(row, name)
        _bars(row, weights, READ)
    _name_slots(rows[0], slots)
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
    figure, (where, what) = _rows(len(memory), [0.85, 1.0], named=[1])
    _words(where, "w  the read head", "where it looks")
    _bars(where, weights, READ)
    reach = np.abs(memory).max()
    _slots(what, "memory", memory, reach)
    _vector(what, "read", reads, reach, READ)
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
    figure, rows = _rows(len(before), [0.8, 0.9, 0.9, 0.9], named=[1, 2, 3])
    _words(rows[0], "w  the write head", "where it points")
    _bars(rows[0], weights, WRITE)
    reach = np.abs([before, erased, added]).max()
    _slots(rows[1], "before", before, reach)
    for row, verb, vector, colour, old, new in (
        (rows[2], "erase", erase, ERASE, before, erased),
        (rows[3], "add", add, WRITE, erased, added),
    ):
        _slots(row, verb, new, reach)
        _vector(row, verb[0], vector, reach, colour)
        slot, number = np.argwhere(np.abs(new - old) > CHANGED).T
        tall = row.height / before.shape[1]
        place = slot - 0.44, row.top + (number + 0.06) * tall, 0.88, 0.88 * tall
        boxes(row.axes, *place, facecolor="none", edgecolor=colour, linewidth=2)
    changed = ", ".join(map(str, np.flatnonzero(np.abs(added - before).max(axis=1) > CHANGED)))
    does = f"erases {_listed(erase)} and adds {_listed(add)}. Slots that changed: {changed or 'none'}."
    return described(figure, f"A write head, its largest weight {_top(weights)}, {does}")


def _require_one_size(memory: np.ndarray, vectors: Sequence[np.ndarray], weightings: Sequence[np.ndarray]) -> None:
    ends = [array.shape == memory.shape[1:] for array in vectors] + [len(array) == len(memory) for array in weightings]
    if memory.ndim != 2 or not all(ends):
        shapes = ", ".join(str(array.shape) for array in (memory, *vectors, *weightings))
        raise ValueError(f"shapes {shapes}: expected a memory (N, M), vectors (M) and weightings (N)")


def _rows(slots: int, heights: Sequence[float], named: Sequence[int]) -> tuple[Figure, list[Row]]:
    """Make a page of strips of some heights, in inches; those in `named` have room for names of slots above them."""
    tops, below = [], GAP
    for index, height in enumerate(heights):
        below += NAMES * (index in named)
        tops.append(below)
        below += height + GAP
    figure, axes = page(below, edges=(0, 0, 0, 0))
    slot = SLOTS / slots
    axes.set(xlim=(-0.5 - WORDS / slot, -0.5 + SLOTS / slot), ylim=(below, 0))
    axes.axis("off")
    return figure, [Row(axes, top, height) for top, height in zip(tops, heights, strict=True)]


def _name_slots(row: Row, slots: int) -> None:
    for slot in range(slots):
        _say(row, slot, -0.06, f"slot {slot}", fontsize=10, va="bottom")


def _slots(row: Row, verb: str, memory: np.ndarray, reach: float) -> None:
    """Draw every slot as a column of its numbers, with a verb on the left."""
    _words(row, verb)
    _numbers(row, memory, 0, reach, 0.94)
    _name_slots(row, len(memory))


def _vector(row: Row, name: str, numbers: np.ndarray, reach: float, colour: str) -> None:
    """Draw a vector on the left of the slots, nearly as wide as one of them, with a frame in its colour."""
    _numbers(row, numbers[None], BESIDE, reach, 0.8)
    _say(row, BESIDE, -0.06, name, fontsize=10, va="bottom", color=colour, fontweight="bold")
    if colour != INK:
        frame = BESIDE - 0.4, row.top, 0.8, row.height
        boxes(row.axes, *frame, facecolor="none", edgecolor=colour, linewidth=2)


def _numbers(row: Row, vectors: np.ndarray, first: float, reach: float, width: float) -> None:
    """Draw vectors (V, M) as columns of coloured cells with their numbers in them, from a place on."""
    reach = 1.6 * (reach or 1)  # pale enough for dark numbers
    across, down = np.indices(vectors.shape).reshape(2, -1)
    tall = row.height / vectors.shape[1]
    cells = boxes(row.axes, first + across - width / 2, row.top + down * tall, width, tall, cmap="PuOr")
    cells.set(array=vectors.ravel(), clim=(-reach, reach))
    for x, y, number in zip(across, down, vectors.ravel(), strict=True):
        _say(row, first + x, (y + 0.5) * tall, short(number), fontsize=10, va="center_baseline")


def _words(row: Row, verb: str, *lines: str) -> None:
    """Write a verb, and smaller lines below it."""
    left = row.axes.get_xlim()[0] + 0.1
    _say(row, left, 0.15, verb, fontsize=12, fontweight="bold", ha="left")
    text = "\n".join(line for line in lines if line)
    _say(row, left, 0.22, text, fontsize=9.5, ha="left", va="top", linespacing=1.15)


def _say(row: Row, x: float, y: float, words: str, ha: str = "center", va: str = "baseline", **look: Any) -> None:
    """Write words at a place across, in slots, and so many inches below the top of a strip."""
    row.axes.text(x, row.top + y, words, **{"ha": ha, "va": va, "color": INK} | look)


def _bars(
    row: Row, values: np.ndarray, colour: str, ghost: np.ndarray | None = None, pale: np.ndarray | None = None
) -> None:
    """Draw a bar for each slot with its number; dashed the stage before, pale the weighting before the step."""
    slots, reach = np.arange(len(values)), max(1, np.abs(values).max())
    low, high = (-1.4 if values.min() < 0 else 0), 1.35
    inch, ground = row.height / (reach * (high - low)), row.height * high / (high - low)

    def draw(heights: np.ndarray, width: float, **look: Any) -> None:
        boxes(row.axes, slots - width / 2, row.top + ground, width, -heights * inch, **look)

    if pale is not None:
        draw(pale, 0.86, facecolor=PALE)
    draw(values, 0.6, facecolor=colour)
    if ghost is not None:
        draw(ghost, 0.6, facecolor="none", edgecolor=INK, linestyle=DASHES, linewidth=0.9)
    tops = np.max([series for series in (values, ghost, pale) if series is not None], axis=0)
    for slot, (value, top) in enumerate(zip(values, tops, strict=True)):
        end, side = (value - 0.05 * reach, "top") if value < 0 else (top + 0.05 * reach, "bottom")
        _say(row, slot, ground - end * inch, short(value), fontsize=9.5, va=side)
    row.axes.hlines(row.top + ground, -0.5, len(values) - 0.5, color=INK, linewidth=0.8)


def _listed(values: np.ndarray) -> str:
    return f"({', '.join(map(short, values))})"


def _top(values: np.ndarray) -> str:
    """Name the slot with the largest number: "0.72 on slot 2"."""
    slot = np.abs(values).argmax()
    return f"{short(values[slot])} on slot {slot}"
