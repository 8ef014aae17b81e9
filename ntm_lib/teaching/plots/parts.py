"""The parts that figures are made of: cells, frames, names, dots.

Shapes: T steps, N memory rows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
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
    axes.imshow(values, aspect="auto", interpolation="none", **options)


def boxes(
    axes: Axes, left: ArrayLike, top: ArrayLike, width: ArrayLike, height: ArrayLike, **look: Any
) -> PolyCollection:
    """Draw rectangles with corners and sizes (K) or one for all, quickly; `look` as in `PolyCollection`."""
    left, top, width, height = np.broadcast_arrays(left, top, width, height)
    corners = np.stack([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    drawn = PolyCollection(list(corners.reshape(4, 2, -1).transpose(2, 0, 1)), clip_on=False, **look)
    axes.add_collection(drawn, autolim=False)
    return drawn


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


def legend_above(owner: Axes | Figure, colours: Mapping[str, str]) -> None:
    """Say in one line above an axes, or above all of a figure, on the right, what each colour means."""
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()]
    place: dict[str, Any] = {"loc": "outside upper right"}
    if isinstance(owner, Axes):
        place = {"loc": "lower right", "bbox_to_anchor": (1.01, 0.98)}
    owner.legend(handles, colours, ncols=len(colours), frameon=False, fontsize=9.5, handlelength=0.9, **place)


def seed_dots(axes: Axes, chosen: np.ndarray, a_line: int, colour: str, marker: str, size: float) -> None:
    """Draw a mark for every chosen seed, with `a_line` seeds in a line."""
    seeds = np.flatnonzero(chosen)
    axes.scatter(seeds % a_line, seeds // a_line, s=size, color=colour, marker=marker, linewidth=0)
