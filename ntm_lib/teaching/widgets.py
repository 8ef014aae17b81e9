"""Figures that follow the hand: a slider sends a picture. Drawn into an Output widget they would stack up."""

from collections.abc import Callable
from typing import NamedTuple

import ipywidgets
from matplotlib.figure import Figure

from ntm_lib.teaching.show import PIXELS_PER_INCH, description, png


class Slider(NamedTuple):
    """One number under the hand: whole numbers where all three are."""

    low: float
    high: float
    start: float
    words: str


class Explorer(ipywidgets.VBox):
    """Labelled sliders over a figure that is redrawn at every move, with its description in words below it.

    `draw` takes the sliders' numbers by name and returns a Figure that has a label. Raises ValueError where a slider's
    start is not between its ends, or where the figure has no label.
    """

    def __init__(self, draw: Callable[..., Figure], **sliders: Slider):
        for name, slider in sliders.items():
            if not slider.low <= slider.start <= slider.high:
                raise ValueError(f"slider {name} starts at {slider.start}: expected {slider.low} to {slider.high}")
        self.draw = draw
        self.sliders = {name: _slider(slider) for name, slider in sliders.items()}
        self.image = ipywidgets.Image(format="png")
        self.words = ipywidgets.HTML()
        super().__init__([*self.sliders.values(), self.image, self.words])
        for slider in self.sliders.values():
            slider.observe(self._redraw, names="value")
        self._redraw()

    def _redraw(self, change: dict | None = None) -> None:
        figure = self.draw(**{name: slider.value for name, slider in self.sliders.items()})
        self.words.value = self.image.tooltip = description(figure)
        self.image.layout.width = f"{int(figure.get_figwidth() * PIXELS_PER_INCH)}px"
        self.image.value = png(figure)

    def __repr__(self) -> str:
        return f"Explorer of {', '.join(self.sliders)}: run this notebook to move them"


def _slider(slider: Slider) -> ipywidgets.FloatSlider | ipywidgets.IntSlider:
    whole = all(isinstance(number, int) for number in slider[:3])
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(
        min=slider.low,
        max=slider.high,
        value=slider.start,
        description=slider.words,
        style={"description_width": "20em"},
        layout={"width": "46em", "max_width": "100%"},
        **({} if whole else {"step": (slider.high - slider.low) / 100}),
    )
