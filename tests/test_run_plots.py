"""Figures of a run: what is drawn and said is what the trace holds."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.style import ERROR
from ntm_lib.teaching.plots.tape import path_in_words, run_figure


def copied(machine=None):
    """Three bytes through a hand-made machine with 11 rows: the number 5, zero, and 255."""
    bits = tasks.number_bits(torch.tensor([[5, 0, 255]]))
    return trace_copy(machine or handmade.copier(), bits, memory_size=11)


def deaf_to_the_end():
    """A copier that never jumps: it answers with zeros."""
    machine = handmade.copier()
    with torch.no_grad():
        machine.controller.from_input.weight[handmade.END] = 0
    return machine


def test_a_run_in_words():
    words = run_figure(copied()).get_label()
    assert words == (
        "3 vectors go in. The write head walks up from row 1 to row 8. The read head rests on row 0 for 4 steps, then"
        " walks up from row 1 to row 4. Every bit comes back."
    )


def test_one_vector_goes_in_and_its_steps_have_whole_numbers():
    figure = run_figure(trace_copy(handmade.copier(), tasks.number_bits(torch.tensor([[5]])), memory_size=11))
    assert figure.get_label().startswith("1 vector goes in. ")
    assert all(float(step).is_integer() for step in figure.axes[2].get_xticks())


def test_wrong_bits_are_pink_and_no_others():
    trace = copied(deaf_to_the_end())
    figure = run_figure(trace)
    pink = figure.axes[2].images[1].get_array()  # (bits, T, 4)
    np.testing.assert_array_equal(pink[..., 3] == 1, trace.wrong[0].numpy().T)
    np.testing.assert_allclose(pink[0, 5, :3], to_rgb(ERROR))
    assert trace.wrong.sum() == 10
    assert figure.get_label().endswith("About 40 % of the bits come back wrong.")


def test_rows_from_another_row_on():
    first, shifted = (run_figure(copied(), first_row=row).axes[1].images[0].get_array() for row in (0, 3))
    np.testing.assert_array_equal(np.roll(first, -3, axis=0), shifted)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([2], "is on row 2"),
        ([2, 2, 2], "rests on row 2 for 3 steps"),
        ([3, 4, 0, 1], "walks up from row 3, round the end, to row 1"),
        ([1, 0, 4], "walks down from row 1, round the end, to row 4"),
        ([0, 0, 2, 3], "rests on row 0 for 2 steps, then walks up from row 2 to row 3"),
        ([None, None, 4], "is spread over several rows, then is on row 4"),
        ([None, 0] * 5, "wavers between one row and several"),
        ([0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 0, 0], "creeps up from row 0, round the end, to row 0"),
        ([4, 4, 3, 3, 2, 2, 1, 1, 3, 2], "creeps down from row 4 to row 1, then walks down from row 3 to row 2"),
        ([0, 2] * 5, "moves to and fro"),
    ],
)
def test_a_path_in_words(rows, words):
    weights = np.array([np.full(5, 0.2) if row is None else np.eye(5)[row] for row in rows])
    assert path_in_words(weights) == words
