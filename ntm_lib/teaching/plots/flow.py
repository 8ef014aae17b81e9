"""The figure of how data flows through one time step of a machine."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ntm_lib.teaching.plots.style import INK, READ, WRITE

BOXES = (
    (2.55, 1.0, "1  hear\ncontroller", INK),
    (4.75, 1.0, "2  emit\nheads", INK),
    (4.75, 3.0, "3  point\naddressing", INK),
    (6.75, 5.0, "4  write\nerase, add", WRITE),
    (8.75, 1.0, "5  read", READ),
    (8.75, -1.0, "6  answer\noutput layer", INK),
)
"""Centre, words and colour of what happens in a step, in order."""

LANES = (("M", 5.0), ("w", 3.0), ("r", 1.0))
"""What is carried from step to step, and how high it is drawn."""

PATHS = (
    (INK, ((1.0, 5.0), (5.95, 5.0)), None),
    (INK, ((1.0, 3.0), (3.95, 3.0)), None),
    (INK, ((1.0, 1.0), (1.75, 1.0)), None),
    (INK, ((2.55, -1.0), (2.55, 0.45)), None),
    (INK, ((3.35, 1.0), (3.95, 1.0)), ("$h_t$", 3.65, 1.25)),
    (INK, ((3.65, 1.0), (3.65, -1.0), (7.95, -1.0)), ("$h_t$", 5.8, -0.75)),
    (INK, ((4.75, 1.55), (4.75, 2.45)), ("k, β, g, s, γ", 4.05, 2.0)),
    (INK, ((4.75, 5.0), (4.75, 3.55)), None),
    (WRITE, ((5.55, 1.0), (6.95, 1.0), (6.95, 4.45)), ("e, a", 7.25, 2.0)),
    (WRITE, ((5.55, 3.0), (6.55, 3.0), (6.55, 4.45)), None),
    (INK, ((5.55, 3.0), (10.9, 3.0)), ("$w_t$", 6.05, 3.25)),
    (WRITE, ((7.55, 5.0), (10.9, 5.0)), None),
    (READ, ((8.4, 3.0), (8.4, 1.55)), None),
    (READ, ((9.1, 5.0), (9.1, 1.55)), None),
    (READ, ((9.55, 1.0), (10.9, 1.0)), None),
    (READ, ((8.75, 0.45), (8.75, -0.45)), ("$r_t$", 9.0, 0.05)),
    (INK, ((9.55, -1.0), (10.9, -1.0)), None),
)
"""Colour and corners of every arrow, and the name of what goes along it."""

DESCRIPTION = (
    "One step. From the step before come the memory, the weightings and what was read. The controller hears the input"
    " and the last reads; the heads emit what the controller's output says; addressing points, on the memory as it was,"
    " from the last weightings; the write head erases and adds; the read head reads the new memory; the output layer"
    " answers. The new memory, weightings and reads go on to the next step."
)


def flow_figure() -> Figure:
    """What one step takes from the step before, what it makes of it in which order, and what it hands on."""
    figure = Figure(figsize=(9.6, 5.6), layout="constrained")
    axes = figure.subplots()
    _frame(axes)
    for colour, corners, name in PATHS:
        _path(axes, corners, colour)
        if name is not None:
            _write(axes, *name[1:], name[0], 10.5)
    for box in BOXES:
        _box(axes, *box)
    figure.set_label(DESCRIPTION)
    return figure


def _frame(axes: Axes) -> None:
    """The step as a grey field, and the names of what comes in and goes out."""
    axes.set(xlim=(-0.45, 12.35), ylim=(-2.0, 6.5))
    axes.axis("off")
    axes.axvspan(1.25, 10.45, ymin=0.02, ymax=0.9, color="#f4f4f4", zorder=0)
    axes.text(5.85, 6.0, "one step", fontsize=12, fontweight="bold", color=INK, ha="center")
    _write(axes, 0.6, 6.1, "from the\nstep before", 10)
    _write(axes, 11.35, 6.1, "to the\nnext step", 10)
    for name, y in LANES:
        _write(axes, 0.6, y, f"${name}_{{t-1}}$", 13)
        _write(axes, 11.35, y, f"${name}_t$", 13)
    _write(axes, 2.55, -1.35, "$x_t$  input", 11)
    _write(axes, 11.5, -1.0, "$y_t$  output", 11)


def _write(axes: Axes, x: float, y: float, words: str, size: float) -> None:
    axes.text(x, y, words, fontsize=size, color=INK, ha="center", va="center")


def _path(axes: Axes, corners: tuple[tuple[float, float], ...], colour: str) -> None:
    """A line along the corners that ends in an arrowhead."""
    axes.plot(*zip(*corners[:-1], strict=True), color=colour, linewidth=1.4, zorder=1)
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=corners[-1], xytext=corners[-2], arrowprops=arrow, zorder=1)


def _box(axes: Axes, x: float, y: float, words: str, colour: str) -> None:
    style = {"boxstyle": "round,pad=0,rounding_size=0.12", "edgecolor": colour, "facecolor": "white"}
    axes.add_patch(FancyBboxPatch((x - 0.8, y - 0.55), 1.6, 1.1, linewidth=1.8, zorder=2, **style))
    axes.text(x, y, words, ha="center", va="center", fontsize=10.5, color=colour, linespacing=1.4, zorder=3)
