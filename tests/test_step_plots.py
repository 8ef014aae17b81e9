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


def copied(memory=True):
    """Three bytes through the hand-made copier with 11 rows: the number 5, zero, and 255."""
    return trace_copy(handmade.copier(), tasks.number_bits(torch.tensor([[5, 0, 255]])), 11, memory=memory)


def test_a_step_says_what_has_been_reached_and_no_more():
    trace = copied()
    whole = step_figure(trace, UNITS, step=6, stage=6).get_label()
    assert "The last read said: bits 0 2, written. Units that are on: read: written." in whole
    assert "The read head points at row 3, the write head at row 7." in whole
    assert whole.endswith("The answer is: nothing.")
    for stage in range(1, 6):
        part = step_figure(trace, UNITS, step=6, stage=stage).get_label()
        assert whole.startswith(part)
        assert part.count(".") < whole.count(".")


def test_the_tape_of_a_step_is_written_at_stage_four():
    trace = copied()
    pictures = [step_figure(trace, UNITS, step=1, stage=stage).axes[4].images[0].get_array() for stage in (3, 4)]
    np.testing.assert_array_equal(pictures[0], trace.memory[0, 0])
    np.testing.assert_array_equal(pictures[1], trace.memory[0, 1])
    assert not np.array_equal(*pictures)


def test_frames_stand_where_the_heads_point():
    frames = step_figure(copied(), UNITS, step=5, stage=6).axes[4].patches
    found = {frame.get_edgecolor()[:3]: round(frame.get_y() + frame.get_height() / 2) for frame in frames}
    assert found == {to_rgb(READ): 2, to_rgb(WRITE): 6}


def test_before_the_first_step_nothing_was_read():
    assert "The last read said: nothing." in step_figure(copied(), UNITS, step=0).get_label()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 8}, "step 8, stage 6: expected a step from 0 to 7"),
        ({"stage": 7}, "step 0, stage 7: expected a step from 0 to 7 and a stage from 1 to 6"),
        ({"units": UNITS[1:]}, "11 names of units: expected one for each of the 12 units"),
    ],
)
def test_a_step_that_is_not_there(changes, message):
    with pytest.raises(ValueError, match=message):
        step_figure(**{"trace": copied(), "units": UNITS, "step": 0, "stage": 6} | changes)


def test_a_trace_without_memories():
    with pytest.raises(ValueError, match="make it with memory=True"):
        step_figure(copied(memory=False), UNITS, step=0)
