"""Figures of docs/findings.md: marks stand at the counts, and descriptions say the extremes."""

import numpy as np
import pytest

from research.figures import shares_figure, spread_figure, starts_figure

ARMS = {"one": (3, 11), "other": (11, 11)}


def marks(axes, marker):
    """The points drawn with a marker, as (x, y)."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return [(x, y) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def test_a_mark_stands_at_the_share_and_a_line_over_its_interval():
    (axes,) = shares_figure({"converged": ARMS, "exact": {"one": (5, 11), "other": (0, 11)}}).axes
    assert [x for x, _ in marks(axes, "o")] == pytest.approx([3 / 11, 1])
    assert [x for x, _ in marks(axes, "D")] == pytest.approx([5 / 11, 0])
    assert [round(y) for _, y in marks(axes, "o")] == [0, 1]
    spans = [sorted(line.get_xdata()) for line in axes.lines if line.get_marker() == "None"]
    high = 1 - 0.025 ** (1 / 11)  # the rate at which all of eleven fail with a probability of 2.5 %
    assert spans[-1] == pytest.approx([0, high], abs=1e-6)
    assert spans[1] == pytest.approx([1 - high, 1], abs=1e-6)


def test_the_words_of_a_count():
    label = shares_figure({"converged": ARMS}).get_label()
    assert label == "Share of runs of 2 arms with 95 % intervals; converged: fewest one 3/11, most other 11/11."


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "the arms counted are"),
        ({"converged": {}}, "at least one"),
        ({"converged": ARMS, "exact": {"one": (1, 11)}}, "expected the same arms"),
        ({str(thing): ARMS for thing in range(5)}, "5 conditions are counted: expected at most 4"),
    ],
)
def test_counts_that_do_not_belong_together(counts, message):
    with pytest.raises(ValueError, match=message):
        shares_figure(counts)


def test_every_number_has_a_mark_and_the_middle_a_line():
    figure = spread_figure({"one": [7.0, 2.0, None, 3.0], "other": [5.0]}, "gradient norm", "not finite")
    (axes,) = figure.axes
    assert sorted(x for x, y in marks(axes, "o") if y < 0.5) == [2, 3, 7]
    middles = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "None"]
    assert middles == [3, 5]
    assert [text.get_text() for text in axes.texts] == ["1 not finite"]
    assert figure.get_label() == (
        "A mark for each run at its gradient norm; medians go from 3 (one) to 5 (other); 1 run not finite."
    )


def test_equal_numbers_stay_apart():
    (axes,) = spread_figure({"one": [2.0, 2.0, 2.0]}, "norm", "missing").axes
    assert len({y for _, y in marks(axes, "o")}) == 3


@pytest.mark.parametrize("numbers", [[], [0.0], [float("inf")], [-1.0]])
def test_numbers_that_have_no_place_on_a_logarithmic_scale(numbers):
    with pytest.raises(ValueError, match="one has"):
        spread_figure({"one": numbers}, "norm", "missing")


def test_every_run_is_at_its_first_row_and_points_where_it_walks():
    rows = {"one": [(3, "forwards"), (5, "backwards"), (None, None)], "other": [(12, "in steps of 2")]}
    figure = starts_figure(rows, memory_size=13)
    (axes,) = figure.axes
    assert [x for x, _ in marks(axes, ">")] == [3]
    assert [x for x, _ in marks(axes, "<")] == [5]
    assert [(x, np.round(y)) for x, y in marks(axes, "x")] == [(12, 1)]
    assert figure.get_label() == (
        "Row of the first vector in each of 4 runs; the vectors are stored 1 forwards, 1 backwards, 2 in no order."
    )


def test_a_row_that_is_not_there():
    with pytest.raises(ValueError, match="one has first row 13: expected one from 0 to 12"):
        starts_figure({"one": [(13, "forwards")]}, memory_size=13)
