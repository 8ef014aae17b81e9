"""Figures of copies that went wrong: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ntm_lib.teaching.plots.failures import STAGES, autopsy_figure, causes_figure, contest_figure
from ntm_lib.teaching.plots.style import ERROR, INK

LENGTH, WIDTH, ROWS = 5, 3, 11
STEPS = 2 * LENGTH + 2


def copy_with(wrong_at):
    """A copy of vectors of which only bit 1 is set, with wrong bits at some (step, bit)."""
    inputs, outputs, wrong = np.zeros((STEPS, WIDTH)), np.zeros((STEPS, WIDTH)), np.zeros((STEPS, WIDTH), dtype=bool)
    inputs[1 : LENGTH + 1, 1], outputs[LENGTH + 2 :, 1] = 1, 1
    for step, bit in wrong_at:
        wrong[step, bit], outputs[step, bit] = True, 1 - outputs[step, bit]
    read = np.eye(ROWS)[np.arange(STEPS) % ROWS][:, None]
    return {"read": read, "write": read, "inputs": inputs, "outputs": outputs, "wrong": wrong}


def test_bits_are_dark_wrong_ones_pink_and_a_line_stands_before_the_first():
    figure = autopsy_figure(**copy_with([(9, 0), (8, 1)]), verdict="blur")
    top, bottom = figure.axes
    bits = bottom.images[0].get_array()  # (width, T, 3)
    np.testing.assert_allclose(bits[1, 3], to_rgb(INK), atol=1e-6)
    np.testing.assert_allclose(bits[1, 9], to_rgb(INK), atol=1e-6)
    np.testing.assert_allclose(bits[0, 3], 1)
    np.testing.assert_allclose(bits[1, 8], to_rgb(ERROR), atol=1e-6)
    np.testing.assert_allclose(bits[0, 9], 0.75 * np.array(to_rgb(ERROR)), atol=1e-6)
    assert all(axes.lines[0].get_xdata()[0] == 7.5 for axes in (top, bottom))
    assert figure.get_label() == "A copy of 5 vectors over 11 rows: the first wrong bit comes out at step 8; blur."


def test_a_copy_that_is_right_has_no_line():
    figure = autopsy_figure(**copy_with([]))
    assert not figure.axes[0].lines
    assert figure.get_label() == "A copy of 5 vectors over 11 rows: every bit is right."


def test_arrays_of_another_length_are_refused():
    given = copy_with([])
    given["wrong"] = given["wrong"][:-1]
    with pytest.raises(ValueError, match=r"have \[12, 12, 12, 12, 11\] steps: expected one step count"):
        autopsy_figure(**given)


def test_shares_of_wrong_bits_stand_in_their_cells():
    tables = {"one": np.array([[0.0, 0.4], [0.001, 0.1], [0.0, 0.0]]), "two": np.zeros((3, 2))}
    figure = causes_figure(tables, [5, 20], ["blur", "slip", "other"])
    first, second = figure.axes[:2]
    texts = {text.get_position(): text.get_text() for text in first.texts}
    assert texts == {(1, 0): "40 %", (0, 1): "<1 %", (1, 1): "10 %"} and not second.texts
    np.testing.assert_array_equal(first.images[0].get_array(), tables["one"])
    assert figure.get_label() == (
        "What made bits wrong, by length; the largest cause at 20 vectors: one – blur; two – nothing."
    )


def test_tables_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shapes {'one': \(2, 3\)}: expected \(3, 2\), causes by"):
        causes_figure({"one": np.zeros((2, 3))}, [5, 20], ["blur", "slip", "other"])


def test_a_contest_shows_every_rival_after_every_stage():
    weights = np.arange(12.0).reshape(len(STAGES), 3) / 12
    figure = contest_figure({"short": weights, "long": weights[:, ::-1]})
    for axes, expected in zip(figure.axes, (weights, weights[:, ::-1]), strict=True):
        heights = np.array([[bar.get_height() for bar in rival] for rival in axes.containers])
        np.testing.assert_allclose(heights, expected.T)
    assert figure.get_label() == (
        "Weights of rival rows after each stage of addressing; the winner at the end: short – all other rows together;"
        " long – the row it should reach."
    )
