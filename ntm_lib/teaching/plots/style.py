"""The look of all figures: colours, pages, titles and frames."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntm_lib.teaching.plots.words import printable

READ, WRITE, ERASE, TARGET = "#0072b2", "#d55e00", "#e69f00", "#009e73"
ERROR, INK, PALE = "#cc79a7", "#222222", "#bbbbbb"
"""One colour, one meaning, everywhere: read heads blue, write heads vermilion, what is erased orange, what should come
out green, what is wrong pink, words and frames dark, what was before pale (Okabe and Ito's, safe for colour-blind
readers)."""

DASHES = (0, (3, 2))
"""Dashes of a line that marks a limit."""


def page(
    height: float,
    rows: int = 1,
    columns: int = 1,
    width: float = 8.6,
    edges: tuple[float, float, float, float] | None = None,
    gaps: tuple[float, float] = (0, 0),
    **options: Any,
) -> tuple[Figure, Any]:
    """Make a figure, in inches, as wide as a notebook's text, and its axes; `options` as in `Figure.subplots`.

    Axes find room for their words, which takes as long as drawing them; or, for a figure that moves, they have fixed
    places: `edges` are inches on the left, the right, above and below all axes, `gaps` across and down between two.
    """
    if edges is None:
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)
    left, right, above, below = edges
    across, down = gaps
    wide, high = (width - left - right + across) / columns - across, (height - above - below + down) / rows - down
    places = {"left": left / width, "right": 1 - right / width, "top": 1 - above / height, "bottom": below / height}
    places |= {"wspace": across / wide, "hspace": down / high}
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, gridspec_kw=places, **options)


def described(figure: Figure, words: str, parts: Mapping[str, str] | None = None) -> Figure:
    """Give a figure its alternative text: words, and after them the name of each part with the words for it."""
    each = "; ".join(f"{name} – {shows}" for name, shows in (parts or {}).items())
    figure.set_label(f"{words}: {each}." if parts else words)
    return figure


def title(axes: Axes, words: str, size: float = 11, colour: str = INK) -> None:
    """Put words above an axes, on the left; characters that cannot be printed become dots."""
    axes.set_title(printable(words), loc="left", fontsize=size, color=colour, y=1)  # y: no search for a free place


def panel(axes: Axes, words: str = "", **settings: object) -> None:
    """Give an axes a title, what `Axes.set` takes, and a frame on the left and below only."""
    title(axes, words)
    axes.set(**settings)
    axes.spines[["top", "right"]].set_visible(False)


def no_frame(axes: Axes) -> None:
    """Draw neither a frame nor ticks; the words beside ticks stay."""
    axes.spines[:].set_visible(False)
    axes.tick_params(which="both", length=0)
