"""A figure behind a button: the reader looks first, and presses then. And the guilty step of a copy behind one."""

from collections.abc import Callable
from html import escape

import ipywidgets
from matplotlib.figure import Figure

from ntm_lib.analysis.guilty import guilty_step
from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.failures import autopsy_figure
from ntm_lib.teaching.plots.guilty import guilty_figure
from ntm_lib.teaching.plots.style import title
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.widgets import Picture

LOOKS = ("whole copy", "guilty step")
"""The two ways to look at a traced copy."""


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


def look(trace: Trace, at: str, words: str = "") -> Figure:
    """The whole of a copy, or its guilty step, as one of `LOOKS` says; a right copy has a title that says so instead.

    `words` go into the description of the whole copy. Raises ValueError for any other `at`.
    """
    if at not in LOOKS:
        raise ValueError(f"at is {at!r}: expected one of {', '.join(map(repr, LOOKS))}")
    if at == "guilty step" and trace.wrong.any():
        return figure_of(trace)
    figure = autopsy_figure(trace, words)
    if at == "guilty step":
        title(figure.axes[0], "every bit is right, and no step is guilty")
    return figure
