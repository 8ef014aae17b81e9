"""A figure behind a button: hidden at first, drawn once, hidden again; the words of an error in its place."""

import re

import ipywidgets
import pytest
from matplotlib.figure import Figure

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.reveal import Reveal, figure_of, guilty_button, look


@pytest.fixture
def drawn():
    """How often the figure was drawn, and a button for it."""
    calls = []

    def draw():
        calls.append(1)
        figure = Figure(figsize=(2, 3))
        figure.set_label("A blank page.")
        return figure

    return calls, Reveal("blank page", draw)


def test_nothing_is_drawn_or_shown_before_the_button_is_pressed(drawn):
    calls, reveal = drawn
    assert isinstance(reveal.children[0], ipywidgets.ToggleButton) and reveal.children == (
        reveal.button,
        reveal.picture,
    )
    assert (calls, reveal.picture.value, reveal.picture.layout.display) == ([], "", "none")
    assert reveal.button.description == "Show the blank page"
    assert repr(reveal) == "Show the blank page: run this notebook to press the button"


def test_a_press_shows_the_figure_and_another_hides_it(drawn):
    calls, reveal = drawn
    reveal.button.value = True
    assert 'alt="A blank page."' in reveal.picture.value and reveal.picture.layout.display != "none"
    assert reveal.button.description == "Hide the blank page"
    reveal.button.value = False
    assert reveal.picture.layout.display == "none" and reveal.button.description == "Show the blank page"
    reveal.button.value = True
    assert reveal.picture.layout.display != "none" and calls == [1]


def test_an_error_is_said_in_the_figures_place():
    reveal = Reveal("blank page", lambda: 1 / 0)
    reveal.button.value = True
    assert re.search('<p role="alert">ZeroDivisionError: division by zero</p>', reveal.picture.value)


def test_the_guilty_step_of_a_copy_that_does_not_fit():
    trace = trace_copy(handmade.copier(), tasks.payload(1, 11), memory_size=7)
    reveal = guilty_button(trace)
    reveal.button.value = True
    assert 'alt="The guilty step, cause: wrap-around. In step 7 on row 1: ' in reveal.picture.value


def test_a_right_copy_has_no_guilty_step():
    with pytest.raises(ValueError, match="every bit is right: expected a copy with a guilty step"):
        figure_of(trace_copy(handmade.copier(), tasks.payload(1, 11)))


def test_a_look_at_the_whole_copy_and_at_its_guilty_step():
    wrong, right = (trace_copy(handmade.copier(), tasks.payload(1, 11), memory_size=rows) for rows in (7, 31))
    whole = look(wrong, "whole copy", "patient nobody")
    assert whole.get_label().endswith("; patient nobody.") and not whole.axes[0].get_title(loc="left")
    assert look(wrong, "guilty step").get_label() == figure_of(wrong).get_label()
    well = look(right, "guilty step")
    assert well.axes[0].get_title(loc="left") == "every bit is right, and no step is guilty"
    assert well.get_label() == "A copy of 11 vectors over 31 rows: every bit is right."
    with pytest.raises(ValueError, match="at is 'all': expected one of 'whole copy', 'guilty step'"):
        look(right, "all")
