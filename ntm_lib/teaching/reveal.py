"""A figure behind a button: the reader looks first, and presses then."""

from collections.abc import Callable
from html import escape

import ipywidgets
from matplotlib.figure import Figure

from ntm_lib.analysis.guilty import guilty_step
from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.guilty import guilty_figure
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture


class Reveal(ipywidgets.VBox):
    """A button that draws a figure below itself, and takes it away when it is pressed again.

    `what` completes "Show the ..." and "Hide the ...". `draw` is called at the first press.
    """

    def __init__(self, what: str, draw: Callable[[], Figure]):
        self.what, self.draw = what, draw
        layout = {"width": "auto", "align_self": "flex-start"}
        self.button = ipywidgets.ToggleButton(description=f"Show the {what}", layout=layout)
        self.picture = Picture(layout={"display": "none"})
        super().__init__([self.button, self.picture])
        self.button.observe(self._press, names="value")

    def _press(self, change: dict) -> None:
        if not self.picture.value:
            try:
                self.picture.show(self.draw())
            except Exception as error:  # whatever a drawing raises would only be seen in the browser's log
                words = escape(printable(f"{type(error).__name__}: {error}"))
                self.picture.value = f'<p role="alert">{words}</p>'
        self.picture.layout.display = "" if change["new"] else "none"
        self.button.description = f"{'Hide' if change['new'] else 'Show'} the {self.what}"

    def __repr__(self) -> str:
        return f"Show the {self.what}: run this notebook to press the button"


def guilty_button(trace: Trace) -> Reveal:
    """A button for the guilty step of a copy that came back wrong (`analysis.guilty.guilty_step`)."""
    return Reveal("guilty step", lambda: figure_of(trace))


def figure_of(trace: Trace) -> Figure:
    """The figure of a copy's guilty step; ValueError for a copy that came back right."""
    guilty = guilty_step(trace)
    if guilty is None:
        raise ValueError("every bit is right: expected a copy with a guilty step")
    return guilty_figure(trace, guilty)
