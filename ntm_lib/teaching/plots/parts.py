"""The parts that figures are made of: cells, frames, names, dots.

Shapes: T steps, N memory rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from ntm_lib.teaching.plots.style import READ, WRITE


def flat(array: ArrayLike) -> np.ndarray:
    """Drop the axes of size 1 of an array or a tensor."""
    return np.squeeze(np.asarray(array))


def cells(axes: Axes, values: np.ndarray, **options: Any) -> None:
    """Draw a matrix as cells that fill the axes; `options` as in `Axes.imshow`."""
    axes.imshow(values, aspect="auto", interpolation="nearest", **options)


def shades(colour: str, palest: str = "white") -> LinearSegmentedColormap:
    """Make colours of numbers, from the palest for 0 to the full colour for 1."""
    return LinearSegmentedColormap.from_list("shades", [palest, colour])


def tint(weights: np.ndarray, colour: str) -> np.ndarray:
    """Compute how far weights from 0 to 1 (...) darken white (..., 3): a weight of 1 gives the full colour."""
    return weights[..., None] * (1 - np.array(to_rgb(colour)))


def heads_image(read: np.ndarray, write: np.ndarray) -> np.ndarray:
    """Blend two weightings (T, N) into one picture (N, T, 3), each in its head's colour, stronger for more weight."""
    return (1 - tint(write.T, WRITE) - tint(read.T, READ)).clip(0, 1)


def framed(axes: Axes, left: float, top: float, size: tuple[float, float], colour: str, line: float = 2) -> None:
    """Draw a frame of some width and height round cells."""
    axes.add_patch(Rectangle((left, top), *size, fill=False, edgecolor=colour, lw=line, clip_on=False, zorder=3))


def name_above(axes: Axes, names: Mapping[str, tuple[float, str]], side: str = "right") -> None:
    """Write names above an axes, each at its place from 0 to 1 and in its colour, which they explain."""
    higher: dict[str, Any] = {"xytext": (0, 5), "textcoords": "offset points", "xycoords": "axes fraction"}
    for words, (place, colour) in names.items():
        axes.annotate(words, (place, 1), color=colour, fontweight="bold", ha=side, **higher)


def legend_above(figure: Figure, handles: Iterable[Artist], names: list[str]) -> None:
    """Draw a legend of one line above the panels, on the right."""
    style: dict[str, Any] = {"frameon": False, "fontsize": 9.5, "handlelength": 0.9, "ncols": len(names)}
    figure.legend(handles, names, loc="outside upper right", **style)


def seed_dots(axes: Axes, chosen: np.ndarray, a_line: int, colour: str, marker: str, size: float) -> None:
    """Draw a mark for every chosen seed, with `a_line` seeds in a line."""
    seeds = np.flatnonzero(chosen)
    axes.scatter(seeds % a_line, seeds // a_line, s=size, color=colour, marker=marker, linewidth=0)
