"""Widgets: a moved slider sends another picture, with other words, and everything has a name."""

import io

import ipywidgets
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ntm_lib.teaching.show import PIXELS_PER_INCH, png
from ntm_lib.teaching.widgets import Explorer, Slider


def bar(height, column):
    figure = Figure(figsize=(3.0, 2.0))
    figure.add_subplot(ylim=(0, 8), xlim=(-1, 12)).bar([column], [height])
    figure.set_label(f"A bar of {height:.1f} in column {column}.")
    return figure


@pytest.fixture
def explorer():
    return Explorer(bar, height=Slider(0.0, 7.0, 3.5, "how high"), column=Slider(0, 11, 5, "where"))


def test_at_first_it_shows_what_the_sliders_say(explorer):
    assert explorer.image.value == png(bar(height=3.5, column=5))
    assert explorer.words.value == "A bar of 3.5 in column 5."


@pytest.mark.parametrize(("name", "value"), [("height", 1.4), ("column", 7)])
def test_a_moved_slider_sends_another_picture_and_other_words(explorer, name, value):
    before = explorer.image.value
    explorer.sliders[name].value = value
    expected = {"height": 3.5, "column": 5, name: value}
    assert explorer.image.value == png(bar(**expected)) != before
    assert explorer.words.value == f"A bar of {expected['height']:.1f} in column {expected['column']}."


def test_moving_back_sends_the_first_picture_again(explorer):
    before = explorer.image.value
    for value in (7.0, 3.5):
        explorer.sliders["height"].value = value
    assert explorer.image.value == before


def test_sliders_are_labelled_and_have_their_ends(explorer):
    height, column = explorer.sliders.values()
    assert isinstance(height, ipywidgets.FloatSlider) and isinstance(column, ipywidgets.IntSlider)
    assert (height.min, height.max, height.description) == (0.0, 7.0, "how high")
    assert (column.min, column.max, column.description) == (0, 11, "where")
    assert height.step == pytest.approx(0.07) and column.step == 1


def test_the_picture_keeps_its_width_and_has_a_name_for_those_who_cannot_see_it(explorer):
    assert explorer.image.layout.width == f"{3 * PIXELS_PER_INCH}px"
    assert explorer.image.tooltip == explorer.words.value
    assert Image.open(io.BytesIO(explorer.image.value)).format == "PNG"
    assert explorer.children == (*explorer.sliders.values(), explorer.image, explorer.words)


def test_it_is_printed_alike_in_every_run(explorer):
    assert repr(explorer) == "Explorer of height, column: run this notebook to move them"


def test_a_start_outside_its_ends_is_refused():
    with pytest.raises(ValueError, match=r"slider height starts at 9\.0: expected 0\.0 to 7\.0"):
        Explorer(bar, height=Slider(0.0, 7.0, 9.0, "how high"), column=Slider(0, 11, 5, "where"))


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="the figure has no label"):
        Explorer(lambda x: Figure(), x=Slider(0, 7, 3, "x"))
