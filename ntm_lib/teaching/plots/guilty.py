"""The figure of a guilty step: the rows round it, a ring where a head went, an arrow to where it should have gone.

Shapes: T steps, N memory rows.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from matplotlib.patheffects import withStroke

from ntm_lib.analysis.guilty import Guilty, Place
from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.heads import draw_pointing, mark_end_marker, name_halves
from ntm_lib.teaching.plots.style import ERROR, INK, TARGET, described, page, title

AROUND = 3
"""Rows that are drawn before and after each place."""
HIGHEST = 5.1
"""Inches, so that a picture and its controls fit on one screen."""
MOST_STEPS = 40
"""Steps that are drawn at most: more would make cells too narrow for a ring."""


def guilty_figure(trace: Trace, guilty: Guilty) -> Figure:
    """Draw the rows round a guilty step, one by one however long the tape is, in two windows where they lie far apart.

    A pink ring is where the head went; a green arrow leads from it to the right place or to the one before it.
    """
    went, right = guilty.went, guilty.right
    places = [went] if right is None else [went, right]
    shown = windows([place.row for place in places], trace.w.shape[-1], AROUND)
    first, last = stretch([place.step for place in places], trace.w.shape[1], MOST_STEPS)
    read, write = (weights[guilty.sequence].numpy() for weights in (trace.w_read, trace.w_write))
    heights = [len(rows) for rows in shown]
    height = min(HIGHEST, 1.4 + 0.27 * sum(heights))
    figure, grid = page(height, len(shown), squeeze=False, sharex=True, height_ratios=heights)
    panels = list(grid[:, 0])
    for axes, rows in zip(panels, shown, strict=True):
        draw_pointing(axes, read[:, :, rows], write[:, :, rows])
        axes.set_xlim(first - 0.5, last + 0.5)
        axes.set_yticks(range(len(rows)), [str(row) for row in rows], fontsize=8)
        end = trace.w.shape[1] // 2
        if first <= end <= last:
            mark_end_marker(axes, end)
    title(panels[0], guilty.cause)
    panels[-1].set_xlabel("time step")
    figure.supylabel("memory row", fontsize=10)
    spots = [spot(place, shown) for place in places]
    above = spots[-1] >= spots[0]  # words of the upper place stand above it, those of the lower one below
    for place, (panel, x, y), colour in zip(places, spots, (ERROR, TARGET), strict=False):
        ring = panels[panel].scatter([x], [y], s=230, facecolors="none", edgecolors=colour, linewidths=2.6, zorder=5)
        ring.set_path_effects([withStroke(linewidth=5.5, foreground="white")])
        _say(panels[panel], x, y, place.words, above, first, last)
        above = not above
    if right is not None:
        _arrow(panels, *spots)
    name_halves(figure)
    told = "; ".join(f"in step {place.step} on row {place.row}: {place.words}" for place in places)
    return described(figure, f"The guilty step, cause: {guilty.cause}. I{told[1:]}.")


def windows(rows: Sequence[int], size: int, around: int) -> list[list[int]]:
    """List the memory rows to draw: those round each of some rows on the ring, in one window where they meet.

    A ring of few rows is drawn whole, in its own order.
    """
    if size <= 4 * around + 2:
        return [list(range(size))]
    low, high = min(rows), max(rows)
    if high - low > size / 2:  # the shorter way from one to the other leads over the last row
        low, high = high, low + size
    if high - low <= 4 * around:
        return [[row % size for row in range(low - around, high + around + 1)]]
    return [[(row + offset) % size for offset in range(-around, around + 1)] for row in sorted(rows)]


def stretch(steps: Sequence[int], total: int, most: int) -> tuple[int, int]:
    """Choose the first and the last step to draw: `most` round the first of some steps, more where others are far."""
    first = max(0, min(min(steps) - most // 4, total - most))
    return first, min(total - 1, max(first + most - 1, max(steps) + most // 8))


def spot(place: Place, shown: Sequence[Sequence[int]]) -> tuple[int, float, float]:
    """Find the window of a place, and its coordinates there: the middle of its half of the step, and its row's line."""
    panel = next(index for index, rows in enumerate(shown) if place.row in rows)
    x = place.step + (-0.25 if place.half == "write" else 0.25)
    return panel, x, float(list(shown[panel]).index(place.row))


def _say(axes: Axes, x: float, y: float, words: str, above: bool, first: int, last: int) -> None:
    """Write words above or below a ring, on its right unless the room there is small."""
    left = x - first > 0.7 * (last - first)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    place: dict[str, Any] = {"ha": "right" if left else "left", "va": "center", "color": INK, "zorder": 7}
    offset = (-14 if left else 14, 15 if above else -15)
    axes.annotate(words, (x, y), offset, textcoords="offset points", bbox=box, **place)


def _arrow(panels: Sequence[Axes], start: tuple[int, float, float], end: tuple[int, float, float]) -> None:
    """Draw an arrow from one spot to another, across windows; it bends, so as not to hide the cells between."""
    line: dict[str, Any] = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.15", "shrinkA": 9, "shrinkB": 9}
    line |= {"color": TARGET, "linewidth": 2, "mutation_scale": 13, "zorder": 6}
    ends: dict[str, Any] = {"axesA": panels[start[0]], "axesB": panels[end[0]]}
    panels[0].figure.add_artist(ConnectionPatch(start[1:], end[1:], "data", "data", **ends, **line))
