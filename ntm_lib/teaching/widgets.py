"""Figures that move with a slider: each move sends a picture. Drawn into an Output widget, pictures would stack up."""

import base64
import math
from collections.abc import Callable, Iterable
from html import escape
from typing import Any, NamedTuple

import ipywidgets
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.show import PIXELS_PER_INCH, description, vectors

LAYOUT: dict[str, Any] = {
    "style": {"description_width": "18em"},
    "layout": {"flex": "1 1 390px", "width": "auto", "max_width": "34em", "flex_flow": "row wrap", "height": "auto"},
}
"""Widths of a slider and its words: two stand beside each other where there is room; where there is not even room for
one, its words stand above it."""
CLOSE = """<style>
.ntm-controls > .lm-Widget.lm-Widget {margin: 0 2px}
.ntm-controls .slider-container.slider-container {flex-basis: 7em}
.ntm-controls .widget-readout.widget-readout {min-width: 4em}
.ntm-controls input[type=text] {width: 4em}
</style>"""
"""Lets controls stand close: a slider stays beside its words down to a width of 7 em, an entry and a number to 4."""


class Slider(NamedTuple):
    """A number to move with a slider: whole numbers where low, high and start are whole."""

    low: float
    high: float
    start: float
    words: str

    def control(self) -> ipywidgets.ValueWidget:
        """Make its widget; ValueError for a slider that does not start between two finite ends."""
        low, high, start, words = self
        if not -math.inf < low <= start <= high < math.inf:
            raise ValueError(f"slider {words!r} starts at {start}: expected {low} to {high}, both finite")
        if all(isinstance(number, int) for number in (low, high, start)):
            return ipywidgets.IntSlider(start, low, high, description=words, readout_format=".0f", **LAYOUT)
        step = _round_step(low, high)
        digits = f".{max(0, -math.floor(math.log10(step)))}f"
        return ipywidgets.FloatSlider(
            start, min=low, max=high, step=step, readout_format=digits, description=words, **LAYOUT
        )


class Choice(NamedTuple):
    """A list of words to choose one from."""

    options: tuple[str, ...]
    start: str
    words: str

    def control(self) -> ipywidgets.ValueWidget:
        """Make its widget; ValueError for a choice that starts at none of its options."""
        options, start, words = self
        if start not in options:
            raise ValueError(f"choice {words!r} starts at {start!r}: expected one of {', '.join(options)}")
        return ipywidgets.Dropdown(options=options, value=start, description=words, **LAYOUT)


class Picture(ipywidgets.HTML):
    """A figure that can be replaced, with its description as alternative text, for which an Image widget has no place.

    It is never wider than the page and never higher than 70 % of the window.
    """

    def show(self, figure: Figure) -> None:
        """Show this figure instead; ValueError for one without a label."""
        words = escape(description(figure))
        width, height = (int(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
        data = base64.b64encode(vectors(figure)).decode()
        fits = 'style="max-width: 100%; height: auto; max-height: 70vh; object-fit: contain; object-position: left"'
        size = f'width="{width}" height="{height}" {fits} decoding="sync"'  # keeps its place while it is replaced
        self.value = f'<img alt="{words}" {size} src="data:image/svg+xml;base64,{data}">'


def side_by_side(controls: Iterable[ipywidgets.Widget]) -> ipywidgets.Box:
    """Put controls beside each other, in as many lines as they need."""
    look = ipywidgets.HTML(CLOSE, layout={"display": "none"})
    box = ipywidgets.Box([*controls, look], layout={"flex_flow": "row wrap"})
    return box.add_class("ntm-controls")


class Explorer(ipywidgets.VBox):
    """Labelled sliders and choices over a figure that is redrawn at every move.

    `draw` takes their values by name, runs without gradients, and returns a Figure that has a label. Raises ValueError
    for a slider that does not start between two finite ends, a choice that starts at none of its options, and a figure
    without a label.
    """

    def __init__(self, draw: Callable[..., Figure], **sliders: Slider | Choice):
        self.draw = draw
        self.sliders = {name: slider.control() for name, slider in sliders.items()}
        self.picture = Picture()
        super().__init__([side_by_side(self.sliders.values()), self.picture])
        for slider in self.sliders.values():
            slider.observe(self._move, names="value")
        self._redraw()

    def _move(self, change: dict) -> None:
        try:
            self._redraw()
        except Exception as error:  # whatever a drawing raises would only be seen in the browser's log
            words = escape(printable(f"{type(error).__name__}: {error}"))
            self.picture.value = f'<p role="alert">{words}</p>'

    @torch.no_grad()
    def _redraw(self) -> None:
        self.picture.show(self.draw(**{name: slider.value for name, slider in self.sliders.items()}))

    def __repr__(self) -> str:
        return f"Explorer of {', '.join(self.sliders)}: run this notebook to move them"


def _round_step(low: float, high: float) -> float:
    """Choose a step of about a hundredth of the way: 1, 2 or 5 times a power of ten, so that round starts are steps."""
    first, second = MaxNLocator(100, steps=(1, 2, 5, 10)).tick_values(low, high)[:2]
    return float(f"{second - first:.1g}")
