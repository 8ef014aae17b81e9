"""Figures of single slots: arrays in, a Figure with its description in words out. Nothing here calls a model.

Every figure has one column a slot and words on the left. Arrays may be tensors, and may have leading axes of size 1:
(1, 1, N) is drawn as (N).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.style import ERASE, INK, PALE, READ, WRITE

SIGNED = "PuOr"
"""Colours of numbers of either sign: orange below zero, white at zero, purple above."""

LEFT, RIGHT = 2.6, 5.0
"""Widths of the words and of the slots."""

STAGES = ("1  compare", "2  find", "3  blend", "4  shift", "5  sharpen")
"""The five stages of addressing as verbs, in order."""

NOTHING = 1e-6
"""What rounding may leave where there should be a zero."""


def addressing_figure(
    memory: ArrayLike,
    key: ArrayLike,
    settings: Sequence[str],
    w_previous: ArrayLike,
    stages: Sequence[ArrayLike],
    colour: str = READ,
) -> Figure:
    """The slots, and below each what the five stages of addressing make of it (Eqs. 6, 5, 7, 8, 9).

    memory (N, M), key (M), w_previous (N) and five stages (N); `settings` says what each stage was told. Raises
    ValueError where N or M differ.
    """
    memory, key, w_previous, *stages = map(_flat, (memory, key, w_previous, *stages))
    _require_one_size(memory, [key], [w_previous, *stages])
    figure, rows = _rows([1.35, 1.25, 1, 1, 1, 1], height=7.6)
    _slots(rows[0], memory, [("key", key)])
    _words(rows[0][0], "memory")
    dashed = "dashed: the stage before"
    notes = ["", "", f"{dashed}\ngrey: where the head was", dashed, dashed]
    ghosts = [None, None, stages[1], stages[2], stages[3]]
    for row, values in enumerate(stages):
        words, bars = rows[row + 1]
        _words(words, STAGES[row], settings[row], notes[row])
        _bars(bars, values, colour if row else INK, ghosts[row], w_previous if row == 2 else None)
    figure.set_label(
        _sentence(
            f"{verb.split()[1]} ({setting}) gives {_in_words(values)}"
            for verb, setting, values in zip(STAGES, settings, stages, strict=True)
        )
    )
    return figure


def weightings_figure(weightings: Mapping[str, ArrayLike], colour: str = READ) -> Figure:
    """Weightings (N) below each other, each beside its name; ValueError where N differs."""
    values = {name: _flat(weights) for name, weights in weightings.items()}
    _require_one_size(np.zeros((len(next(iter(values.values()))), 1)), [], list(values.values()))
    figure, rows = _rows([1] * len(values), height=0.45 + 0.95 * len(values))
    for (words, bars), (name, weights) in zip(rows, values.items(), strict=True):
        _words(words, name)
        _bars(bars, weights, colour)
    _name_slots(rows[0][1], len(weights))
    figure.set_label(_sentence(f"{name}: {_in_words(weights)}" for name, weights in values.items()))
    return figure


def walks_figure(walks: Mapping[str, ArrayLike], colour: str = READ, step: str = "step") -> Figure:
    """Weightings over time, (T, N) each, beside each other; below, how much weight the strongest slot has.

    `step` is what the time axis counts.
    """
    values = {name: np.asarray(walk) for name, walk in walks.items()}
    figure = Figure(figsize=(8.6, 4.4), layout="constrained")
    axes = figure.subplots(2, len(values), sharex="col", height_ratios=(2, 1), squeeze=False)
    shades = LinearSegmentedColormap.from_list("head", ["white", colour])
    for (tape, peak), (name, walk) in zip(axes.T, values.items(), strict=True):
        tape.imshow(walk.T, cmap=shades, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        tape.set_title(name, loc="left", fontsize=11, color=INK)
        tape.set_yticks(range(walk.shape[1]), [f"slot {slot}" for slot in range(walk.shape[1])])
        peak.plot(walk.max(axis=1), color=colour, linewidth=2)
        peak.axhline(1 / walk.shape[1], color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
        peak.set_ylim(0, 1.05)
        peak.set_xlabel(step)
        peak.spines[["top", "right"]].set_visible(False)
    axes[1, 0].set_ylabel("largest weight")
    figure.set_label(_sentence(_walk_in_words(name, walk, step) for name, walk in values.items()))
    return figure


def read_figure(memory: ArrayLike, weights: ArrayLike, reads: ArrayLike) -> Figure:
    """The slots, a read head's weighting (N), and beside the memory (N, M) the blend it reads (M) (Eq. 2)."""
    memory, weights, reads = map(_flat, (memory, weights, reads))
    _require_one_size(memory, [reads], [weights])
    figure, rows = _rows([1, 1.35], height=3.5)
    _words(rows[0][0], "w  the read head", "where it looks")
    _bars(rows[0][1], weights, READ)
    _slots(rows[1], memory, [("read", reads)], READ)
    _words(rows[1][0], "memory")
    figure.set_label(f"The read head looks at {_in_words(weights)}. It reads {_vector(reads)}.")
    return figure


def write_figure(
    weights: ArrayLike, erase: ArrayLike, add: ArrayLike, before: ArrayLike, erased: ArrayLike, added: ArrayLike
) -> Figure:
    """A write head's weighting (N) and the memory (N, M) before, after erasing and after adding (Eqs. 3 and 4).

    erase (M) and add (M) stand beside what they did; framed cells are those that changed.
    """
    weights, erase, add, before, erased, added = map(_flat, (weights, erase, add, before, erased, added))
    _require_one_size(before, [erase, add, erased[0], added[0]], [weights])
    figure, rows = _rows([1, 1.3, 1.3, 1.3], height=7.0)
    _words(rows[0][0], "w  the write head", "where it points")
    _bars(rows[0][1], weights, WRITE)
    reach = max(np.abs(memory).max() for memory in (before, erased, added))
    _slots(rows[1], before, reach=reach)
    _words(rows[1][0], "before")
    for row, verb, name, vector, old, new, colour in (
        (rows[2], "erase", "e", erase, before, erased, ERASE),
        (rows[3], "add", "a", add, erased, added, WRITE),
    ):
        _slots(row, new, [(name, vector)], colour, reach)
        _words(row[0], verb)
        _frame_changes(row[1], old, new, colour)
    changed = np.flatnonzero(np.abs(added - before).max(axis=1) > 0.005)
    figure.set_label(
        f"The write head points at {_in_words(weights)}. It erases {_vector(erase)} and adds {_vector(add)}."
        f" Slots that changed: {', '.join(map(str, changed)) or 'none'}."
    )
    return figure


def _flat(array: ArrayLike) -> np.ndarray:
    return np.squeeze(np.asarray(array))


def _require_one_size(memory: np.ndarray, vectors: Sequence[np.ndarray], weightings: Sequence[np.ndarray]) -> None:
    shapes = [array.shape for array in (memory, *vectors, *weightings)]
    one_size = {memory.shape[1:]} >= set(shapes[1 : 1 + len(vectors)]) and {memory.shape[:1]} >= set(
        shapes[1 + len(vectors) :]
    )
    if memory.ndim != 2 or not one_size:
        raise ValueError(
            f"shapes {', '.join(map(str, shapes))}: expected a memory (N, M), vectors (M) and weightings (N)"
        )


def _rows(heights: Sequence[float], height: float) -> tuple[Figure, list[tuple[Axes, Axes]]]:
    """A figure with a place for words on the left of every row of slots."""
    figure = Figure(figsize=(8.6, height), layout="constrained")
    axes = figure.subplots(len(heights), 2, width_ratios=(LEFT, RIGHT), height_ratios=heights, squeeze=False)
    for words, slots in axes:
        words.axis("off")
        slots.spines[:].set_visible(False)
        slots.set_yticks([])
        slots.tick_params(which="both", length=0, labelbottom=False, labelsize=10)
    return figure, [tuple(row) for row in axes]


def _name_slots(axes: Axes, slots: int) -> None:
    axes.set_xticks(range(slots), [f"slot {slot}" for slot in range(slots)])
    axes.tick_params(labeltop=True, labelbottom=False, top=False, bottom=False)


def _slots(
    row: tuple[Axes, Axes],
    memory: np.ndarray,
    vectors: Iterable[tuple[str, np.ndarray]] = (),
    colour: str | None = None,
    reach: float | None = None,
) -> None:
    """Every slot as a column of its numbers; a vector, named and framed, as one more column on their left."""
    words, axes = row
    reach = np.abs(memory).max() if reach is None else reach
    _numbers(axes, memory.T, reach)
    _name_slots(axes, len(memory))
    for name, vector in vectors:
        words.axis("on")
        words.spines[:].set_visible(False)
        _numbers(words, vector[:, None], reach)
        words.set_xlim(0.5 - LEFT / RIGHT * len(memory), 0.5)
        words.set_xticks([0], [name], color=colour or INK, fontweight="bold")
        words.tick_params(labeltop=True, labelbottom=False, top=False, bottom=False)
        if colour:
            words.add_patch(_frame(0, -0.5, 0.94, len(vector), colour))


def _numbers(axes: Axes, values: np.ndarray, reach: float) -> None:
    """A matrix as coloured cells with its numbers written in them."""
    reach = 1.6 * (reach or 1)  # pale enough for dark numbers
    axes.imshow(values, cmap=SIGNED, vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
    for row, column in np.ndindex(values.shape):
        axes.text(column, row, short(values[row, column]), ha="center", va="center", fontsize=10, color=INK)
    for line in np.arange(values.shape[1] + 1) - 0.5:
        axes.axvline(line, color="white", linewidth=4)
    axes.set_yticks([])


def _frame(column: float, bottom: float, width: float, height: float, colour: str) -> Rectangle:
    return Rectangle((column - width / 2, bottom), width, height, fill=False, edgecolor=colour, linewidth=2, zorder=3)


def _frame_changes(axes: Axes, old: np.ndarray, new: np.ndarray, colour: str) -> None:
    for slot, number in np.argwhere(np.abs(new - old) > 0.005):
        axes.add_patch(_frame(slot, number - 0.44, 0.9, 0.88, colour))


def _words(axes: Axes, verb: str, *lines: str) -> None:
    """What happens in this row: a verb, and smaller lines below it."""
    axes.text(0, 0.7, verb, fontsize=12, fontweight="bold", color=INK, va="center", transform=axes.transAxes)
    text = "\n".join(line for line in lines if line)
    axes.text(0, 0.52, text, fontsize=9.5, color=INK, va="top", linespacing=1.5, transform=axes.transAxes)


def _bars(
    axes: Axes, values: np.ndarray, colour: str, ghost: np.ndarray | None = None, pale: np.ndarray | None = None
) -> None:
    """One bar a slot with its number; dashed what the stage before had, pale where the head was."""
    slots, reach = np.arange(len(values)), max(1, np.abs(values).max())
    behind = [other for other in (ghost, pale) if other is not None]
    if pale is not None:
        axes.bar(slots, pale, width=0.86, color=PALE)
    axes.bar(slots, values, width=0.6, color=colour)
    if ghost is not None:
        axes.bar(slots, ghost, width=0.6, fill=False, edgecolor=INK, linestyle=(0, (3, 2)), linewidth=0.9)
    for slot, value in enumerate(values):
        end = value if value < 0 else max([value, *(other[slot] for other in behind)])
        gap, side = (-0.05, "top") if value < 0 else (0.05, "bottom")
        axes.text(slot, end + gap * reach, short(value), fontsize=9.5, ha="center", va=side, color=INK)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_ylim(-1.4 * reach if values.min() < 0 else 0, 1.35 * reach)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks([])


def short(number: float) -> str:
    """A number with two digits after the point at most; what is not zero does not look like it."""
    if NOTHING < abs(number) < 0.005:
        return "~0"
    number = 0.0 if abs(number) <= NOTHING else number
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _vector(values: np.ndarray) -> str:
    return f"({', '.join(map(short, values))})"


def _in_words(values: np.ndarray) -> str:
    """Every slot that has anything, strongest first: "0.72 on slot 2, 0.27 on slot 1"."""
    order = [slot for slot in np.argsort(-np.abs(values), kind="stable") if abs(values[slot]) >= 0.005]
    return ", ".join(f"{short(values[slot])} on slot {slot}" for slot in order)


def _walk_in_words(name: str, walk: np.ndarray, step: str) -> str:
    first, last = (f"{short(weights.max())} on slot {weights.argmax()}" for weights in (walk[0], walk[-1]))
    return f"{name}: the largest weight goes from {first} to {last} in {len(walk) - 1} {step}s"


def _sentence(parts: Iterable[str]) -> str:
    text = "; ".join(parts)
    word = text.split(maxsplit=1)[0]
    is_symbol = len(word) < 3 or not word.isascii()
    return f"{text if is_symbol else text[0].upper() + text[1:]}."
