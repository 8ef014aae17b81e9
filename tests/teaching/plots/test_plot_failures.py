"""Figures of copies that went wrong: what is drawn is what was given."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.failures import STAGES, autopsy_figure, causes_figure, contest_figure
from ntm_lib.teaching.plots.style import ERROR, INK

LENGTH, ROWS = 5, 13
OUT = LENGTH + 2  # the first step of the answer


def copied():
    """Bytes of which only bit 1 is set, through the hand-made copier."""
    return trace_copy(handmade.copier(), tasks.number_bits(torch.full((1, LENGTH), 2)), memory_size=ROWS)


def copied_with(wrong_at):
    """The same copy, with the answer turned round at some (step, bit)."""
    trace = copied()
    for step, bit in wrong_at:
        trace.logits[0, step, bit] *= -1
    return trace


def test_bits_are_dark_wrong_ones_pink_and_a_line_stands_before_the_first():
    figure = autopsy_figure(copied_with([(9, 0), (8, 1)]), verdict="blur")
    top, bottom = figure.axes
    bits = bottom.images[0].get_array()  # (width, T, 3)
    assert bits.shape == (8, 2 * LENGTH + 2, 3)
    np.testing.assert_allclose(bits[1, 3], to_rgb(INK), atol=1e-6)
    np.testing.assert_allclose(bits[1, 9], to_rgb(INK), atol=1e-6)
    np.testing.assert_allclose(bits[0, 3], 1)
    np.testing.assert_allclose(bits[0, OUT], 1)
    np.testing.assert_allclose(bits[1, 8], to_rgb(ERROR), atol=1e-6)
    np.testing.assert_allclose(bits[0, 9], 0.75 * np.array(to_rgb(ERROR)), atol=1e-6)
    assert all(axes.lines[0].get_xdata()[0] == 7.5 for axes in (top, bottom))
    assert figure.get_label() == "A copy of 5 vectors over 13 rows: the first wrong bit comes out at step 8; blur."


def test_a_copy_that_is_right_has_no_line():
    figure = autopsy_figure(copied())
    assert not figure.axes[0].lines
    assert figure.get_label() == "A copy of 5 vectors over 13 rows: every bit is right."


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
