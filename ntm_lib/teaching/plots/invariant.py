"""The figure of an invariant: what is known of rows and heads before a step of a copy, and after it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntm_lib.teaching.plots.parts import framed, legend_above
from ntm_lib.teaching.plots.style import INK, READ, WRITE, described, no_frame, page, title

BLANK, MARKER, CODE, LATER, FAINT = "#f4f4f4", "#d9d9d9", "#cfe8df", "#f9e3d3", "#767676"
"""Colours of a row without content, with the start marker's code, with a vector's, of one written since the end marker;
and of words on the first."""
UNREAD = "written, not read"
"""The name of a row that the writer has met since the end marker: no answer is read from it."""
WIDE = 0.8


class Known(NamedTuple):
    """Rows and heads between two steps of a copy, as an invariant knows them; rows count from the start marker's."""

    rows: tuple[str, ...]  # the names of what the first rows hold; all others are blank
    writer: int  # the row that has nearly all of the writer's weight
    reader: int | None  # the row that has nearly all of the reader's; None: it rests, half the ring away


def invariant_figure(steps: Mapping[str, tuple[Known, Known]], told: Sequence[str]) -> Figure:
    """Draw what is known before and after each of some steps, by the step's name, and the words below each pair."""
    figure, panels = page(4.4, 1, len(steps))
    pairs = [known for pair in steps.values() for known in pair]
    rows = 2 + max(max(known.writer, known.reader or 0, len(known.rows) - 1) for known in pairs)
    bottom, shows = rows + 1.7, {}
    for (name, pair), words, axes in zip(steps.items(), told, panels, strict=True):
        for left, when, known in zip((0, 1.5), ("before", "after"), pair, strict=True):
            _column(axes, left, when, known, rows)
        axes.annotate("", (1.44, -0.35), (0.86, -0.35), arrowprops={"arrowstyle": "->", "color": INK})
        axes.text(0, bottom, words, va="top", fontsize=9, color=INK, linespacing=1.4)
        axes.set(xlim=(-0.25, 2.55), ylim=(bottom + 2.2, -1.2), xticks=[], yticks=[])
        no_frame(axes)
        title(axes, name)
        shows[name] = _moves(*pair)
    legend_above(figure, {"writer's row": WRITE, "reader's row": READ})
    return described(figure, "What is known of the rows and the heads before and after a step", shows)


def _column(axes: Axes, left: float, when: str, known: Known, rows: int) -> None:
    """Draw the first rows at one time and, below a gap, the one where the reader rests."""
    axes.text(left + WIDE / 2, -0.35, when, ha="center", va="center", fontsize=9, color=INK)
    rests = rows + 0.5
    for top in (*range(rows), rests):
        holds = known.rows[int(top)] if top < len(known.rows) else ""
        colour = BLANK if not holds else LATER if holds == UNREAD else CODE if top else MARKER
        axes.fill_between([left, left + WIDE], top, top + 0.9, color=colour, linewidth=0)
        colour = INK if holds else FAINT
        words = (holds or "blank").replace(", ", ",\n")  # long words on two lines
        size: dict[str, Any] = {"fontsize": 7.2, "linespacing": 0.95} if "\n" in words else {"fontsize": 8.5}
        axes.text(left + WIDE / 2, top + 0.45, words, ha="center", va="center", color=colour, **size)
    axes.text(left + WIDE / 2, rests - 0.3, "⋮", ha="center", va="center", color=FAINT)
    for place, colour in ((known.writer, WRITE), (rests if known.reader is None else known.reader, READ)):
        framed(axes, left, place, (WIDE, 0.9), colour, 2.5)


def _moves(before: Known, after: Known) -> str:
    """Tell in words how a step moves the heads, and which rows it fills."""
    places = ["its resting place" if known.reader is None else f"row {known.reader}" for known in (before, after)]
    more = enumerate(after.rows[len(before.rows) :], len(before.rows))
    learned = [f"row {row} {'is' if name == UNREAD else 'now holds'} {name}" for row, name in more]
    moved = places[0] != places[1]
    reader = f"the reader goes from {places[0]} to {places[1]}" if moved else f"the reader stays on {places[0]}"
    return ", ".join([f"the writer goes from row {before.writer} to row {after.writer}", reader, *learned])
