"""What a cell shows: a function as its file has it, a figure with its description in words."""

import base64
import inspect
import io
import textwrap
from collections.abc import Callable

from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

DOTS_PER_INCH, PIXELS_PER_INCH = 144, 84
"""Of a stored picture, and of the same picture on the page: sharp on screens that have twice the dots."""

COLOURS = 128
"""In a stored picture: enough for smooth shades, and a third of the bytes."""


def show_source(*functions: Callable) -> None:
    """Show functions as their files have them, word for word, so that a notebook's comparison notices any change."""
    text = "\n\n".join(textwrap.dedent(inspect.getsource(function)).rstrip() for function in functions)
    display({"text/plain": text, "text/markdown": f"```python\n{text}\n```"}, raw=True)


def show_figure(figure: Figure) -> None:
    """Show a figure, and below it the description that it carries as its label, which is its alternative text too.

    Raises ValueError for a figure without a label.
    """
    words = description(figure)
    width = int(figure.get_figwidth() * PIXELS_PER_INCH)
    picture = {"image/png": base64.b64encode(png(figure)).decode(), "text/plain": words}
    display(picture, metadata={"image/png": {"alt": words, "width": width}}, raw=True)
    display({"text/plain": words, "text/markdown": f"*{words}*"}, raw=True)


def description(figure: Figure) -> str:
    """What a figure shows, in words; ValueError for a figure without a label."""
    if not figure.get_label():
        raise ValueError("the figure has no label: describe it with figure.set_label(...), for those who cannot see it")
    return figure.get_label()


def png(figure: Figure) -> bytes:
    """A figure as a small picture in the PNG format, the same bytes for the same figure."""
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
