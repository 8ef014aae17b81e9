"""The figure of a guilty step: ring, arrow and rows stand where the guilty step says."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import ConnectionPatch

from ntm_lib import tasks
from ntm_lib.analysis.finding import Kind
from ntm_lib.analysis.guilty import Guilty, Place
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.guilty import guilty_figure, spot, stretch, windows
from ntm_lib.teaching.plots.style import ERROR, TARGET, WRITE
from ntm_lib.teaching.show import PIXELS_PER_INCH

LENGTH = 11


def drawn(went, right, rows):
    trace = trace_copy(handmade.copier(), tasks.payload(1, LENGTH), memory_size=rows)
    return guilty_figure(trace, Guilty(Kind.MISSED_JUMP, 0, went, right))


def rings(axes):
    """Colour and place of each ring of an axes."""
    return {to_hex(ring.get_edgecolor()[0]): tuple(ring.get_offsets()[0]) for ring in axes.collections}


def test_on_a_long_tape_the_right_row_is_found_by_its_number():
    figure = drawn(Place(12, 2, "read", "it went here"), Place(12, 50, "write", "not here"), rows=101)
    first, second = figure.axes
    labels = [[label.get_text() for label in axes.get_yticklabels()] for axes in (first, second)]
    assert labels == ["100 0 1 2 3 4 5".split(), "47 48 49 50 51 52 53".split()]
    assert rings(first) == {ERROR: (12.25, 3)} and rings(second) == {TARGET: (11.75, 3)}
    (arrow,) = [artist for artist in figure.artists if isinstance(artist, ConnectionPatch)]
    assert (arrow.xy1, arrow.xy2) == ((12.25, 3), (11.75, 3))
    assert (arrow.axesA, arrow.axesB) == (first, second)
    assert [text.get_text() for text in first.texts + second.texts] == ["it went here", "not here"]
    assert figure.get_label() == (
        "The guilty step, cause: missed jump. In step 12 on row 2: it went here; in step 12 on row 50: not here."
    )


def test_near_rows_share_a_window_and_one_place_has_no_arrow():
    figure = drawn(Place(5, 40, "write", "here"), Place(5, 41, "write", "there"), rows=101)
    (axes,) = figure.axes
    assert rings(axes) == {ERROR: (4.75, 3), TARGET: (4.75, 4)}
    figure = drawn(Place(5, 40, "write", "here"), None, rows=101)
    assert rings(figure.axes[0]) == {ERROR: (4.75, 3)} and not figure.artists


def test_the_rows_drawn_are_those_of_the_trace():
    """The writer of the hand-made copier is on row t + 1 in step t: a cell of the image per row and half of a step."""
    figure = drawn(Place(5, 6, "write", "here"), None, rows=101)
    image = figure.axes[0].images[0].get_array()
    shown = [int(label.get_text()) for label in figure.axes[0].get_yticklabels()]
    line = shown.index(6)
    np.testing.assert_allclose(image[line, 2 * 5], [int(WRITE[i : i + 2], 16) / 255 for i in (1, 3, 5)], atol=1e-3)
    np.testing.assert_allclose(image[line, 2 * 4], 1, atol=1e-3)


@pytest.mark.parametrize(("rows", "went", "right"), [(14, 3, 9), (101, 2, 50), (101, 40, 51)])
def test_a_figure_fits_on_a_screen(rows, went, right):
    figure = drawn(Place(5, went, "write", "here"), Place(5, right, "write", "there"), rows)
    assert figure.get_figheight() * PIXELS_PER_INCH <= 430


@pytest.mark.parametrize(
    ("rows", "size", "around", "expected"),
    [
        ([3, 8], 11, 4, [list(range(11))]),
        ([50], 101, 2, [[48, 49, 50, 51, 52]]),
        ([50, 53], 101, 2, [[48, 49, 50, 51, 52, 53, 54, 55]]),
        ([53, 50], 101, 2, [[48, 49, 50, 51, 52, 53, 54, 55]]),
        ([99, 1], 101, 2, [[97, 98, 99, 100, 0, 1, 2, 3]]),
        ([50, 7], 101, 1, [[6, 7, 8], [49, 50, 51]]),
    ],
)
def test_windows(rows, size, around, expected):
    assert windows(rows, size, around) == expected


@pytest.mark.parametrize(
    ("steps", "total", "expected"),
    [
        ([5], 24, (0, 23)),
        ([60], 242, (50, 89)),
        ([240], 242, (202, 241)),
        ([5, 90], 242, (0, 95)),
        ([7, 5], 90, (0, 39)),
    ],
)
def test_steps_round_a_place_are_drawn(steps, total, expected):
    assert stretch(steps, total, 40) == expected


def test_a_place_is_found_in_the_window_that_has_its_row():
    shown = [[9, 0, 1], [4, 5, 6]]
    assert spot(Place(3, 5, "write", ""), shown) == (1, 2.75, 1)
    assert spot(Place(3, 0, "read", ""), shown) == (0, 3.25, 1)
