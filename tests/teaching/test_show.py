"""What a cell shows: sources word for word, figures with their descriptions, texts that are folded."""

import base64
import importlib.util
import io
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure
from PIL import Image

from ntm_lib.machine import addressing, memory
from ntm_lib.teaching.show import (
    DOTS_PER_INCH,
    PIXELS_PER_INCH,
    description,
    drawing,
    png,
    show_figure,
    show_folded,
    show_source,
    show_table,
    vectors,
)

SOURCE = '''\
"""A file of two functions and a class."""


def double(x):
    """Twice as much."""
    return 2 * x  # and a remark


class Box:
    def open(self):
        return [

            "what is in it",
        ]
'''


@pytest.fixture
def shown():
    """Everything that is displayed within, as pairs of data and metadata."""
    InteractiveShell.instance()
    with capture_output() as captured:
        yield captured
    InteractiveShell.clear_instance()


@pytest.fixture
def module(tmp_path, monkeypatch):
    path = tmp_path / "two_functions.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("two_functions", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "two_functions", module)
    spec.loader.exec_module(module)
    return module


def figure(label="A line that rises from 0 to 1."):
    drawn = Figure(figsize=(3.0, 2.0))
    drawn.add_subplot().plot([0, 1])
    drawn.set_label(label)
    return drawn


def test_sources_are_shown_word_for_word(shown, module):
    show_source(module.double, module.Box.open)
    (output,) = shown.outputs
    expected = (
        'def double(x):\n    """Twice as much."""\n    return 2 * x  # and a remark\n\n'
        'def open(self):\n    return [\n\n        "what is in it",\n    ]'
    )
    assert output.data["text/plain"] == expected
    assert f"\n\n```python\n{expected}\n```\n\n" in output.data["text/markdown"]


def test_a_source_stands_in_a_box_that_scrolls_and_is_as_wide_as_its_longest_line(shown, module):
    """tests/browser looks at such boxes in JupyterLab, which breaks the lines of code in no box of this kind."""
    show_source(module.double)
    markdown = shown.outputs[0].data["text/markdown"]
    (style,) = re.findall(r'^<div class="source" style="(.*)">\n', markdown)
    settings = dict(setting.split(": ") for setting in style.split("; "))
    assert settings == {"display": "grid", "grid-template-columns": "max-content", "overflow-x": "auto"}
    assert markdown.endswith("\n</div>")


def test_a_table_keeps_its_columns_in_a_box_that_scrolls(shown):
    show_table("      wrong\nLSTM      7")
    (output,) = shown.outputs
    assert output.data["text/plain"] == "      wrong\nLSTM      7"
    box, table = output.data["text/html"].split("<pre>")
    assert "grid-template-columns: max-content; overflow-x: auto" in box
    assert table == "      wrong\nLSTM      7</pre></div>"


def test_a_figure_is_shown_with_its_words_as_alternative_text_and_folded_below(shown):
    show_figure(figure())
    picture, folded = shown.outputs
    assert picture.data["text/plain"] == "A line that rises from 0 to 1."
    assert picture.metadata["image/png"] == {"alt": "A line that rises from 0 to 1.", "width": 3 * PIXELS_PER_INCH}
    assert base64.b64decode(picture.data["image/png"]) == png(figure())
    assert folded.data["text/plain"] == "The picture in words"
    assert folded.data["text/html"].startswith("<details><summary>The picture in words</summary>")
    assert "A line that rises from 0 to 1." in folded.data["text/html"]


@pytest.mark.parametrize(
    "show", [lambda text: show_folded("one line", text), lambda text: show_figure(figure(text)), show_table]
)
def test_markup_and_escape_codes_do_not_reach_the_notebook(shown, show):
    show("<script>alert(1)</script> \x1b[31m & <img src=x onerror=alert(1)>")
    told = str([(output.data.get("text/html"), output.data["text/plain"], output.metadata) for output in shown.outputs])
    assert "\\x1b" not in told
    assert "&lt;script&gt;" in shown.outputs[-1].data["text/html"]
    assert not {"<script", "<img"} & set(shown.outputs[-1].data["text/html"].split())


def test_a_folded_text_keeps_its_lines_and_is_one_stable_line_in_plain_text(shown):
    show_folded("commands", "one\ntwo")
    (output,) = shown.outputs
    assert output.data["text/plain"] == "commands"
    assert output.data["text/html"].endswith('<div style="white-space: pre-wrap">one\ntwo</div></details>')


def test_a_figure_without_words_is_refused(shown):
    for show in (show_figure, description):
        with pytest.raises(ValueError, match=r"describe it with figure\.set_label"):
            show(figure(label=""))
    assert shown.outputs == []


def test_a_stored_picture_is_what_matplotlib_draws_but_for_shades_that_nobody_tells_apart():
    stored = Image.open(io.BytesIO(png(figure())))
    assert stored.format == "PNG" and stored.size == (3 * DOTS_PER_INCH, 2 * DOTS_PER_INCH)
    drawn = np.asarray(Image.open(io.BytesIO(drawing(figure()))).convert("RGB"), dtype=int)
    np.testing.assert_allclose(np.asarray(stored.convert("RGB"), dtype=int), drawn, atol=12)


def test_a_figure_with_a_colour_bar_keeps_every_colour():
    drawn = figure()
    shades = drawn.axes[0].pcolormesh(np.linspace(0, 1, 256).reshape(1, 256), cmap="viridis")
    few = Image.open(io.BytesIO(png(drawn))).convert("RGB")
    drawn.colorbar(shades)
    stored = np.asarray(Image.open(io.BytesIO(png(drawn))).convert("RGB"))
    np.testing.assert_array_equal(stored, np.asarray(Image.open(io.BytesIO(drawing(drawn))).convert("RGB")))
    assert len(few.getcolors(1000)) <= 128 < len(np.unique(stored.reshape(-1, 3), axis=0))


def test_a_figure_gives_the_same_bytes_every_time():
    assert png(figure()) == png(figure())
    assert vectors(figure()) == vectors(figure())


def test_vectors_hold_words_as_text_and_every_number_of_a_matrix():
    drawn = Figure(figsize=(3.0, 2.0))
    drawn.add_subplot(title="loss < 1 & falling").imshow([[0.0, 1.0, 0.25]], interpolation="none")
    page = ElementTree.fromstring(vectors(drawn))
    assert (page.get("width"), page.get("height")) == ("216pt", "144pt")
    assert "loss < 1 & falling" in [text.text for text in page.iter("{http://www.w3.org/2000/svg}text")]
    (matrix,) = page.iter("{http://www.w3.org/2000/svg}image")
    data = matrix.get("{http://www.w3.org/1999/xlink}href").partition("base64,")[2]
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (3, 1)


@pytest.mark.parametrize("function", [addressing.shift, addressing.sharpen, memory.read, memory.erase, memory.add])
def test_the_source_of_an_equation_is_that_of_its_file(shown, function):
    show_source(function)
    text = shown.outputs[0].data["text/plain"]
    assert text.startswith(f"def {function.__name__}(")
    assert text in Path(sys.modules[function.__module__].__file__).read_text(encoding="utf-8")
