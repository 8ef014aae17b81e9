"""Figures that follow the hand: a slider sends a picture. Drawn into an Output widget they would stack up."""

import base64
import math
from collections.abc import Callable
from html import escape
from typing import NamedTuple

import ipywidgets
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntm_lib.teaching.show import PIXELS_PER_INCH, description, png


class Slider(NamedTuple):
    """One number under the hand: whole numbers where all three are."""

    low: float
    high: float
    start: float
    words: str


class Choice(NamedTuple):
    """One of several words under the hand."""

    options: tuple[str, ...]
    start: str
    words: str


class Picture(ipywidgets.HTML):
    """A figure that can be replaced, with its description as alternative text and once more below it.

    An Image widget has no place for alternative text.
    """

    def show(self, figure: Figure) -> None:
        """Show this figure instead; ValueError for one without a label."""
        words = escape(description(figure))
        data = base64.b64encode(png(figure)).decode()
        width, height = (int(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
        size = f'width="{width}" height="{height}" decoding="sync"'  # keeps its place while it is replaced
        image = f'<img alt="{words}" {size} src="data:image/png;base64,{data}">'
        self.value = f'{image}<p style="max-width: {width}px"><em>{words}</em></p>'


class Explorer(ipywidgets.VBox):
    """Labelled sliders and choices over a figure that is redrawn at every move, with its description in words below.

    `draw` takes their values by name and returns a Figure that has a label. Raises ValueError where a slider's start
    is not between its ends, a choice's not among its options, or where the figure has no label.
    """

    def __init__(self, draw: Callable[..., Figure], **sliders: Slider | Choice):
        for name, slider in sliders.items():
            _require_start(name, slider)
        self.draw = draw
        self.grad_enabled = torch.is_grad_enabled()  # JupyterLab handles a move in a thread, which has its own mode
        self.sliders = {
            name: _choice(slider) if isinstance(slider, Choice) else _slider(slider) for name, slider in sliders.items()
        }
        self.picture = Picture()
        super().__init__([*self.sliders.values(), self.picture])
        for slider in self.sliders.values():
            slider.observe(self._move, names="value")
        self._redraw()

    def _move(self, change: dict) -> None:
        try:
            self._redraw()
        except Exception as error:  # whatever a drawing raises would only be seen in the browser's log
            self.picture.value = f'<p role="alert">{escape(f"{type(error).__name__}: {error}")}</p>'

    def _redraw(self) -> None:
        with torch.set_grad_enabled(self.grad_enabled):
            self.picture.show(self.draw(**{name: slider.value for name, slider in self.sliders.items()}))

    def __repr__(self) -> str:
        return f"Explorer of {', '.join(self.sliders)}: run this notebook to move them"


def _require_start(name: str, slider: Slider | Choice) -> None:
    if isinstance(slider, Choice):
        if slider.start not in slider.options:
            raise ValueError(f"choice {name} starts at {slider.start!r}: expected one of {', '.join(slider.options)}")
    elif not slider.low <= slider.start <= slider.high:
        raise ValueError(f"slider {name} starts at {slider.start}: expected {slider.low} to {slider.high}")


def _choice(choice: Choice) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        options=choice.options,
        value=choice.start,
        description=choice.words,
        style={"description_width": "20em"},
        layout={"width": "46em", "max_width": "100%"},
    )


def _slider(slider: Slider) -> ipywidgets.FloatSlider | ipywidgets.IntSlider:
    whole = all(isinstance(number, int) for number in slider[:3])
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    step = 1 if whole else _round_step(slider.low, slider.high)
    return kind(
        min=slider.low,
        max=slider.high,
        value=slider.start,
        description=slider.words,
        style={"description_width": "20em"},
        layout={"width": "46em", "max_width": "100%"},
        step=step,
        readout_format=f".{max(0, -math.floor(math.log10(step)))}f",
    )


def _round_step(low: float, high: float) -> float:
    """About a hundredth of the way: 1, 2 or 5 times a power of ten, so that a round start is one of the steps."""
    first, second = MaxNLocator(100, steps=(1, 2, 5, 10)).tick_values(low, high)[:2]
    return float(f"{second - first:.1g}")
