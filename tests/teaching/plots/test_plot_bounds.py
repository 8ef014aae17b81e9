"""Figures of proofs: what is drawn is what was given, and the words say it."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from ntm_lib.teaching.plots.bounds import ball_figure, room_figure, staircase_figure, used_figure
from ntm_lib.teaching.plots.codes import code_figure
from ntm_lib.teaching.plots.invariant import LATER, UNREAD, Known, invariant_figure
from ntm_lib.teaching.plots.style import ERROR, READ, TARGET, WRITE


def test_a_ball_goes_where_its_ends_go():
    axes = (figure := ball_figure(0.4, 0.1)).axes[0]
    np.testing.assert_allclose(axes.lines[1].get_xydata(), [[0.3, np.tanh(0.3)], [0.5, np.tanh(0.5)]])
    assert [text.get_text().strip() for text in axes.texts] == ["the ball", "what tanh makes of it"]
    assert figure.get_label() == "tanh takes the numbers from 0.30 to 0.50 to those from 0.291 to 0.462."


def test_stairs_go_up_to_the_bound_and_across_to_the_diagonal():
    shares = np.linspace(0, 1, 11)
    figure = staircase_figure(shares, shares**2, [0.5, 0.25, 0.0625], ([0.4, 0.8, 0.9], [0.1, 0.6, 0.95]))
    diagonal, curve, stairs = (line.get_xydata() for line in figure.axes[0].lines)
    named = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert named == ["no change", "bound", "bound after bound", "measured"]
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])
    np.testing.assert_array_equal(curve, np.transpose([shares, shares**2]))
    np.testing.assert_array_equal(stairs, [[0.5, 0], [0.5, 0.25], [0.25, 0.25], [0.25, 0.0625], [0.0625, 0.0625]])
    np.testing.assert_array_equal(figure.axes[0].collections[-1].get_offsets(), [[0.4, 0.1], [0.8, 0.6], [0.9, 0.95]])
    assert "from 0.50 the bound comes to 0.0625 in 2 steps; 1 of 3 measured steps are above it" in figure.get_label()


@pytest.mark.parametrize(
    ("floor", "factor", "ends"), [(0.013, 0.5, (0.026, 1)), (0, 0.5, (0, 1)), (0.024, 0, (0.024, 1))]
)
def test_the_green_starts_where_the_bound_meets_the_diagonal(floor, factor, ends):
    shares = np.linspace(0, 1, 11)
    axes = staircase_figure(shares, floor + factor * shares, [0.5, 0.3], ([0.4], [0.1])).axes[0]
    green = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    np.testing.assert_allclose([green.x0, green.x1], ends, atol=1e-9)


def test_the_green_ends_where_the_bound_meets_the_diagonal_again():
    shares = np.linspace(0, 1, 11)
    axes = staircase_figure(shares, abs(3 * shares - 1.5), [0.5, 0.3], ([0.4], [0.1])).axes[0]
    green = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    np.testing.assert_allclose([green.x0, green.x1], [1.5 / 4, 1.5 / 2], atol=1e-9)


def test_a_bound_that_is_broken_has_the_colour_of_errors():
    axes = (figure := used_figure({"reads": 0.2, "settled": 0.0, "stored": 1.5, "margin": 0.9})).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["reads", "margin", "stored"]
    assert [bar.get_width() for bar in axes.patches] == [0.2, 0.9, 1.5]
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [TARGET, TARGET, ERROR]
    assert figure.get_label() == "How much of 3 bounds was used up, and a line at all of it: broken: stored."
    assert "none is broken" in used_figure({"reads": 0.2}).get_label()


def test_a_byte_that_comes_out_wrong_is_named():
    rooms = {"before": [2.0, 3.0, 4.0], "after": [2.5, -1.0, 0.5]}
    first, second = (figure := room_figure(rooms, 1.5)).axes
    assert [bar.get_height() for bar in first.patches] == rooms["before"]
    assert [to_hex(bar.get_facecolor()) for bar in second.patches[:3]] == [READ, ERROR, READ]
    assert [text.get_text() for text in second.texts] == ["byte 1"]
    assert any(set(line.get_ydata()) == {1.5} for line in first.lines)
    assert [text.get_text() for text in first.texts] == ["proved margin"]
    assert figure.get_label().endswith("dashed: proved: before – all are right; after – wrong: 1.")


BEFORE, AFTER = Known(("start marker", "vector 1"), 1, None), Known(("start marker", "vector 1", "vector 2"), 2, 1)


@pytest.mark.parametrize("after", [AFTER, AFTER._replace(reader=None)], ids=["jumps", "rests"])
def test_an_invariant_shows_rows_and_both_heads_before_and_after(after):
    figure = invariant_figure({"a step": (BEFORE, after), "none": (after, after)}, ["≤ 1", "≤ 2"])
    axes = figure.axes[0]
    words = [text.get_text() for text in axes.texts]
    assert words.count("vector 1") == 2 and words.count("vector 2") == 1 and "≤ 1" in words
    assert words.count("blank") == (4 + 1 - 2) + (4 + 1 - 3)  # four rows and the resting one in each
    frames = [(patch.get_xy(), to_hex(patch.get_edgecolor())) for patch in axes.patches if hasattr(patch, "get_xy")]
    frames = [frame for frame in frames if frame[1] in (READ, WRITE)]
    place = 4.5 if after.reader is None else 1
    assert frames == [((0, 1), WRITE), ((0, 4.5), READ), ((1.5, 2), WRITE), ((1.5, place), READ)]
    reader = "stays on its resting place" if after.reader is None else "goes from its resting place to row 1"
    told = f"the writer goes from row 1 to row 2, the reader {reader}, row 2 now holds vector 2"
    assert f"a step – {told}; none – " in figure.get_label()


def test_a_row_that_is_written_and_not_read_is_not_blank():
    before, after = (Known((*AFTER.rows, *[UNREAD] * count), 2 + count, count) for count in (1, 2))
    axes = (figure := invariant_figure({"answer": (before, after), "none": (after, after)}, ["", ""])).axes[0]
    words = [text.get_text().replace("\n", " ") for text in axes.texts]
    assert words.count(UNREAD) == 1 + 2 and words.count("blank") == (6 + 1 - 4) + (6 + 1 - 5)
    tints = [to_hex(row.get_facecolor()[0]) for row in axes.collections]
    assert tints.count(LATER) == 1 + 2
    assert "the reader goes from row 1 to row 2, row 4 is written, not read; none" in figure.get_label()


def test_a_code_table_says_which_of_a_rows_numbers():
    axes = code_figure([[0.1 * number for number in range(13)]] * 3).axes[0]
    assert [*axes.get_xticks()] == [0, 5, 10] and axes.get_xlabel() == "which of the row's 13 numbers"
