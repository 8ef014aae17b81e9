"""Widgets: a moved slider sends another picture, with other words, and everything has a name."""

import base64
import math
import re
from threading import Thread

import ipywidgets
import pytest
import torch
from matplotlib.figure import Figure

from ntm_lib.teaching.show import PIXELS_PER_INCH, vectors
from ntm_lib.teaching.widgets import Choice, Explorer, Slider


def bar(height, column):
    figure = Figure(figsize=(3.0, 2.0))
    figure.add_subplot(ylim=(0, 8), xlim=(-1, 12)).bar([column], [height])
    figure.set_label(f"A bar of {height:.1f} in column {column}.")
    return figure


@pytest.fixture
def explorer():
    return Explorer(bar, height=Slider(0.0, 7.0, 3.5, "how high"), column=Slider(0, 11, 5, "where"))


def shown(explorer):
    """The bytes of the picture, its alternative text and its size."""
    form = r'<img alt="([^"]*)" width="(\d+)" height="(\d+)" [^>]*src="data:image/svg\+xml;base64,([^"]*)">'
    words, width, height, data = re.fullmatch(form, explorer.picture.value).groups()
    return base64.b64decode(data), words, (int(width), int(height))


def test_at_first_it_shows_what_the_sliders_say(explorer):
    size = 3 * PIXELS_PER_INCH, 2 * PIXELS_PER_INCH
    assert shown(explorer) == (
        vectors(bar(height=3.5, column=5)),
        "A bar of 3.5 in column 5.",
        size,
    )


@pytest.mark.parametrize(("name", "value"), [("height", 1.4), ("column", 7)])
def test_a_moved_slider_sends_another_picture_and_other_words(explorer, name, value):
    before, *_ = shown(explorer)
    explorer.sliders[name].value = value
    expected = {"height": 3.5, "column": 5, name: value}
    after, words, _ = shown(explorer)
    assert after == vectors(bar(**expected)) != before
    assert words == f"A bar of {expected['height']:.1f} in column {expected['column']}."


def test_moving_back_sends_the_first_picture_again(explorer):
    before = explorer.picture.value
    explorer.sliders["height"].value = 7.0
    assert explorer.picture.value != before
    explorer.sliders["height"].value = 3.5
    assert explorer.picture.value == before


def test_sliders_stand_above_the_picture_labelled_and_with_their_ends(explorer):
    height, column = explorer.sliders.values()
    controls, picture = explorer.children
    assert controls.children[:2] == (height, column) and picture is explorer.picture
    assert controls.layout.flex_flow == "row wrap"
    assert isinstance(height, ipywidgets.FloatSlider) and isinstance(column, ipywidgets.IntSlider)
    assert (height.min, height.max, height.description) == (0.0, 7.0, "how high")
    assert (column.min, column.max, column.step, column.readout_format) == (0, 11, 1, ".0f")
    assert column.description == "where"


@pytest.mark.parametrize(
    ("low", "high", "step", "readout"),
    [
        (0.0, 1.0, 0.01, ".2f"),
        (0.05, 0.55, 0.005, ".3f"),
        (1.0, 10.0, 0.1, ".1f"),
        (-2.0, 2.0, 0.05, ".2f"),
        (0.0, 20.0, 0.2, ".1f"),
        (0.0, 100.0, 1.0, ".0f"),
    ],
)
def test_a_step_is_round_and_about_a_hundredth_of_the_way_and_the_readout_shows_it(low, high, step, readout):
    slider = Explorer(bar, height=Slider(low, high, low, "how high"), column=Slider(0, 11, 5, "where")).sliders[
        "height"
    ]
    assert (slider.step, slider.readout_format) == (step, readout)


def test_words_that_look_like_markup_are_shown_as_they_are():
    def label(x):
        figure = Figure()
        figure.set_label('w < 1 & "w" > 0 \x1b[31m')
        return figure

    assert shown(Explorer(label, x=Slider(0, 7, 3, "x")))[1] == "w &lt; 1 &amp; &quot;w&quot; &gt; 0 ·[31m"


def test_what_a_drawing_raises_at_a_move_stands_where_the_picture_was():
    def draw(column):
        return bar(1.0, range(11)[column])

    explorer = Explorer(draw, column=Slider(0, 11, 5, "where"))
    before = explorer.picture.value
    explorer.sliders["column"].value = 11
    assert explorer.picture.value == '<p role="alert">IndexError: range object index out of range</p>'
    explorer.sliders["column"].value = 5
    assert explorer.picture.value == before


def test_a_move_in_another_thread_draws_without_gradients_too():
    modes = []

    def draw(column):
        modes.append(torch.is_grad_enabled())
        return bar(1.0, column)

    explorer = Explorer(draw, column=Slider(0, 11, 5, "where"))
    thread = Thread(target=setattr, args=(explorer.sliders["column"], "value", 7))
    thread.start()
    thread.join()
    assert modes == [False, False]


def test_it_is_printed_alike_in_every_run(explorer):
    assert repr(explorer) == "Explorer of height, column: run this notebook to move them"


@pytest.mark.parametrize(
    ("low", "high", "start"),
    [
        (0.0, 7.0, 9.0),
        (0.0, math.inf, 3.0),
        (-math.inf, 7.0, 3.0),
        (0.0, 7.0, math.nan),
        (7.0, 0.0, 3.0),
    ],
)
def test_a_slider_that_does_not_start_between_two_finite_ends_is_refused(low, high, start):
    with pytest.raises(
        ValueError, match=rf"slider 'how high' starts at {start}: expected {low} to {high}, both finite"
    ):
        Explorer(bar, height=Slider(low, high, start, "how high"), column=Slider(0, 11, 5, "where"))


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="the figure has no label"):
        Explorer(lambda x: Figure(), x=Slider(0, 7, 3, "x"))


def named(name):
    return bar(height=len(name), column=3)


def test_a_choice_sends_the_picture_of_the_word_chosen():
    explorer = Explorer(named, name=Choice(("one", "seven"), "one", "which"))
    assert explorer.sliders["name"].description == "which"
    explorer.sliders["name"].value = "seven"
    assert shown(explorer)[1] == "A bar of 5.0 in column 3."


def test_a_choice_that_starts_at_none_of_its_words_is_refused():
    with pytest.raises(ValueError, match="choice 'which' starts at 'two': expected one of one, seven"):
        Explorer(named, name=Choice(("one", "seven"), "two", "which"))
