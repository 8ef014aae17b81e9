"""The figure of how data flows through one time step of a machine."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ntm_lib.teaching.plots.style import INK, READ, WRITE, described, page

BOXES = (
    (2.55, 1.0, "1  hear\ncontroller", INK),
    (4.75, 1.0, "2  emit\nheads", INK),
    (4.75, 3.0, "3  point\naddressing", INK),
    (6.75, 5.0, "4  write\nerase, add", WRITE),
    (8.75, 1.0, "5  read", READ),
    (8.75, -1.0, "6  answer\noutput layer", INK),
)
"""Centre, words and colour of each box, in the order in which a step does them."""

PATHS = (
    (INK, ((1.0, 5.0), (5.95, 5.0))),
    (INK, ((1.0, 3.0), (3.95, 3.0))),
    (INK, ((1.0, 1.0), (1.75, 1.0))),
    (INK, ((2.55, -1.0), (2.55, 0.45))),
    (INK, ((3.35, 1.0), (3.95, 1.0))),
    (INK, ((3.65, 1.0), (3.65, -1.0), (7.95, -1.0))),
    (INK, ((4.75, 1.55), (4.75, 2.45))),
    (INK, ((4.75, 5.0), (4.75, 3.55))),
    (WRITE, ((5.55, 1.0), (6.95, 1.0), (6.95, 4.45))),
    (WRITE, ((5.55, 3.0), (6.55, 3.0), (6.55, 4.45))),
    (INK, ((5.55, 3.0), (10.9, 3.0))),
    (WRITE, ((7.55, 5.0), (10.9, 5.0))),
    (READ, ((8.4, 3.0), (8.4, 1.55))),
    (READ, ((9.1, 5.0), (9.1, 1.55))),
    (READ, ((9.55, 1.0), (10.9, 1.0))),
    (READ, ((8.75, 0.45), (8.75, -0.45))),
    (INK, ((9.55, -1.0), (10.9, -1.0))),
)
"""Colour and corners of every arrow."""

TEXTS = (
    ("from the\nstep before", 0.6, 6.1, 10),
    ("to the\nnext step", 11.35, 6.1, 10),
    *((f"${name}_{{t-1}}$", 0.6, y, 13) for name, y in (("M", 5), ("w", 3), ("r", 1))),
    *((f"${name}_t$", 11.35, y, 13) for name, y in (("M", 5), ("w", 3), ("r", 1))),
    ("$x_t$  input", 2.55, -1.35, 11),
    ("$y_t$  output", 11.5, -1.0, 11),
    *(("$h_t$", x, y, 10.5) for x, y in ((3.65, 1.25), (5.8, -0.75))),
    ("k, β, g, s, γ", 4.05, 2.0, 10.5),
    ("e, a", 7.25, 2.0, 10.5),
    ("$w_t$", 6.05, 3.25, 10.5),
    ("$r_t$", 9.0, 0.05, 10.5),
)
"""Words, centre and size of every name beside the boxes."""

DESCRIPTION = (
    "One step takes memory, weightings and reads from the step before. In order: the controller hears, heads emit,"
    " addressing points, the write head writes, the read head reads, the output layer answers. The next step goes on"
    " from there."
)


def flow_figure() -> Figure:
    """Draw one time step as a diagram: the step before on the left, six boxes in order, the next step on the right."""
    figure, axes = page(5.6, width=9.6)
    axes.set(xlim=(-0.45, 12.35), ylim=(-2.0, 6.5))
    axes.axis("off")
    axes.axvspan(1.25, 10.45, ymin=0.02, ymax=0.9, color="#f4f4f4", zorder=0)  # the step as a grey field
    for colour, corners in PATHS:
        axes.plot(*zip(*corners[:-1], strict=True), color=colour, linewidth=1.4, zorder=1)
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=corners[-1], xytext=corners[-2], arrowprops=arrow, zorder=1)
    axes.text(5.85, 6.0, "one step", fontsize=12, fontweight="bold", color=INK, ha="center")
    for words, x, y, size in TEXTS:
        axes.text(x, y, words, fontsize=size, color=INK, ha="center", va="center")
    for x, y, words, colour in BOXES:
        style: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.12", "ec": colour, "fc": "white"}
        axes.add_patch(FancyBboxPatch((x - 0.8, y - 0.55), 1.6, 1.1, linewidth=1.8, zorder=2, **style))
        axes.text(x, y, words, ha="center", va="center", fontsize=10.5, color=colour, linespacing=1.4, zorder=3)
    return described(figure, DESCRIPTION)
