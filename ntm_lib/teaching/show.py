"""Showing in a notebook: the source of a function, a figure with its description, a text that opens on a click."""

import base64
import inspect
import io
import textwrap
from collections.abc import Callable
from html import escape

import matplotlib
from IPython.display import display
from matplotlib.artist import Artist
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from PIL import Image

from ntm_lib.teaching.plots.words import printable

DOTS_PER_INCH, PIXELS_PER_INCH = 144, 84
"""Of a stored picture, and of a picture on the page: sharp on screens that have twice the dots."""
COLOURS = 128
"""In a stored picture without a colour bar: enough for its lines and words, and a third of the bytes."""
SCROLLS = '<div class="source" style="display: grid; grid-template-columns: max-content; overflow-x: auto">'
"""Opens a box that scrolls, in which JupyterLab keeps long lines whole; outside it breaks them in mid-word."""


def show_source(*functions: Callable) -> None:
    """Show functions as their files have them, word for word, so that a notebook's comparison notices any change.

    Lines that are wider than the page scroll sideways.
    """
    text = "\n\n".join(textwrap.dedent(inspect.getsource(function)).rstrip() for function in functions)
    display({"text/plain": text, "text/markdown": f"{SCROLLS}\n\n```python\n{text}\n```\n\n</div>"}, raw=True)


def show_table(table: str) -> None:
    """Show the lines of a table with their columns kept: where the page is narrower, they scroll sideways."""
    lines = printable(table)
    display({"text/plain": lines, "text/html": f"{SCROLLS}<pre>{escape(lines)}</pre></div>"}, raw=True)


def show_figure(figure: Figure) -> None:
    """Show a figure with its label as alternative text, and below it the label once more, folded.

    Raises ValueError for a figure without a label.
    """
    words = description(figure)
    width = int(figure.get_figwidth() * PIXELS_PER_INCH)
    picture = {"image/png": base64.b64encode(png(figure)).decode(), "text/plain": words}
    display(picture, metadata={"image/png": {"alt": words, "width": width}}, raw=True)
    show_folded("The picture in words", words)


def show_folded(summary: str, text: str) -> None:
    """Show one line that opens to a text on a click; markup in the text is shown as it is, escape codes as dots."""
    inside = f'<div style="white-space: pre-wrap">{escape(printable(text))}</div>'
    page = f"<details><summary>{escape(printable(summary))}</summary>{inside}</details>"
    display({"text/plain": printable(summary), "text/html": page}, raw=True)


def description(figure: Figure) -> str:
    """Read a figure's description from its label; ValueError for a figure without one."""
    if not figure.get_label():
        raise ValueError("the figure has no label: describe it with figure.set_label(...), for those who cannot see it")
    return printable(str(figure.get_label()))


def vectors(figure: Figure) -> bytes:
    """Draw a figure in the SVG format, in less than half the time of a PNG: a browser draws its words and lines."""
    drawn = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ntm"}):  # words as text, equal names of parts
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def drawing(figure: Figure) -> bytes:
    """Draw a figure as a picture in the PNG format, quickly."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, pil_kwargs={"compress_level": 1})
    return drawn.getvalue()


def png(figure: Figure) -> bytes:
    """Draw a figure as a small picture in the PNG format, for storing; equal figures give equal bytes."""
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(drawing(figure))).convert("RGB")
    if not figure.findobj(_has_colour_bar):  # whose shades would turn into bands
        picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(small, "PNG", optimize=True)
    return small.getvalue()


def _has_colour_bar(artist: Artist) -> bool:
    """Tell whether an artist's colours stand for numbers, by a colour bar beside it."""
    return isinstance(artist, ScalarMappable) and artist.colorbar is not None
