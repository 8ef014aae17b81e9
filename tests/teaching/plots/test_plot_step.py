"""The figure of a step: it draws and says what the trace holds, up to a stage."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.step import INPUT_NAMES, step_figure
from ntm_lib.teaching.plots.style import READ, WRITE

UNITS = [*INPUT_NAMES, "read: written", "idle"]


def copied():
    """Three bytes through the hand-made copier with 11 rows: the number 5, zero, and 255."""
    return trace_copy(handmade.copier(), tasks.number_bits(torch.tensor([[5, 0, 255]])), 11)


def strips(figure):
    """Pictures of input, last read and units."""
    return figure.axes[0].images[:3]


def names_beside(figure, strip):
    """Words on the left of each cell of a strip, at the height of its middle."""
    left, _, below, above = strip.get_extent()
    tall = (below - above) / len(strip.get_array())
    names = {}
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        if 0 < left - x < 0.1 and above < y < below:
            names[int((y - above) / tall)] = text.get_text()
    return names


def tape(figure):
    return figure.axes[0].images[3]


def test_a_step_says_what_has_been_reached_and_no_more():
    trace = copied()
    labels = [step_figure(trace, UNITS, step=5, stage=stage).get_label() for stage in range(1, 7)]
    assert labels[-1] == (
        "Step 5 up to stage 6 of 6. Input: nothing. The read head points at row 2, the write head at row 6."
        " Output: bits 0 2."
    )
    assert [("points" in label, "Output" in label) for label in labels] == [(False, False)] * 2 + [
        (True, False)
    ] * 3 + [(True, True)]


def test_heads_are_told_to_jump_to_stay_and_to_step_forward():
    words = " ".join(text.get_text() for text in step_figure(copied(), UNITS, step=4, stage=6).axes[0].texts)
    assert "g = 1: jump to what its key finds" in words and "s = (0, 1, 0): stay" in words and "k: start" in words
    assert "s = (0, 0, 1): step forward" in words and "3  point: at row 1" in words and "e = 1: erase first" in words


def test_input_last_read_and_units_stand_beside_their_names():
    figure = step_figure(copied(), UNITS, step=6, stage=1)
    on = [
        [names_beside(figure, strip)[row] for row in np.flatnonzero(strip.get_array() > 0.5)]
        for strip in strips(figure)
    ]
    assert on == [[], ["bit 0", "bit 2", "written"], ["read: written"]]


def test_the_tape_of_a_step_is_written_at_stage_four():
    trace = copied()
    pictures = [tape(step_figure(trace, UNITS, step=1, stage=stage)).get_array() for stage in (3, 4)]
    np.testing.assert_array_equal(pictures[0], trace.memory[0, 0])
    np.testing.assert_array_equal(pictures[1], trace.memory[0, 1])
    assert not np.array_equal(*pictures)


def test_frames_stand_where_the_heads_point():
    figure = step_figure(copied(), UNITS, step=5, stage=6)
    _, _, below, above = tape(figure).get_extent()
    tall = (below - above) / 11
    frames = {frame.get_edgecolor()[:3]: frame for frame in figure.axes[0].patches}
    middles = {colour: frame.get_y() + frame.get_height() / 2 for colour, frame in frames.items()}
    found = {colour: int((middles[to_rgb(colour)] - above) / tall) for colour in (READ, WRITE)}
    assert found == {READ: 2, WRITE: 6}


def test_before_the_first_step_nothing_was_read():
    _, last_read, _ = strips(step_figure(copied(), UNITS, step=0))
    assert not last_read.get_array().any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 8}, "step 8, stage 6, 12 names of units: expected a step below 8, a stage from 1 to 6, and 12 names"),
        ({"step": -1}, "step -1, stage 6"),
        ({"stage": 7}, "step 0, stage 7, 12 names of units: expected"),
        ({"units": UNITS[1:]}, "step 0, stage 6, 11 names of units: expected"),
    ],
)
def test_a_step_that_is_not_there(changes, message):
    with pytest.raises(ValueError, match=message):
        step_figure(**{"trace": copied(), "units": UNITS, "step": 0, "stage": 6} | changes)
