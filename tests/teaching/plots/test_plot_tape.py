"""Figures of one copy: what is drawn and said is what the arrays and the trace hold."""

import numpy as np
import torch
from matplotlib.colors import to_hex, to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.style import ERROR, READ, WRITE
from ntm_lib.teaching.plots.tape import run_figure

ROWS, FIRST = 11, 4


def copied(machine=None, numbers=(5, 0, 255)):
    """Bytes through a hand-made machine with 11 rows."""
    bits = tasks.number_bits(torch.tensor([numbers]))
    return trace_copy(machine or handmade.copier(), bits, memory_size=ROWS)


def deaf_to_the_end():
    """A copier that never jumps: it answers with zeros."""
    machine = handmade.copier()
    with torch.no_grad():
        machine.controller.from_input.weight[handmade.END] = 0
    return machine


def images(figure):
    return [axes.images[0].get_array() for axes in figure.axes]


def test_everything_is_drawn_over_time():
    trace = copied()
    top, heads, bottom, tape = images(run_figure(trace, first_row=FIRST))
    np.testing.assert_array_equal(top, trace.inputs[0].T)
    np.testing.assert_allclose(bottom[:, 5:], trace.targets[0, 5:].T, atol=1e-4)
    assert not bottom[:, :5].any()
    np.testing.assert_array_equal(tape[0], trace.end.memory[0, FIRST])
    np.testing.assert_array_equal(tape[-1], trace.end.memory[0, FIRST - 1])
    assert heads.shape == (ROWS, 8, 3)


def test_each_head_has_its_colour_on_its_rows_and_the_rest_is_white():
    """Three bytes: the writer on rows 1 to 8 in turn; the reader waits on row 0, jumps to 1, and follows."""
    _, heads, _, _ = images(run_figure(copied(), first_row=FIRST))
    reader, writer = [0, 0, 0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8]
    for row, step in np.ndindex(ROWS, 8):
        expected = to_rgb({reader[step]: READ, writer[step]: WRITE}.get((row + FIRST) % ROWS, "white"))
        np.testing.assert_allclose(heads[row, step], expected, atol=1e-6)


def test_every_row_is_named_by_its_own_number():
    heads = run_figure(copied(), first_row=FIRST).axes[1]
    names = [int(label.get_text()) for label in heads.get_yticklabels()]
    assert len(names) > 3
    assert [(place + FIRST) % ROWS for place in heads.get_yticks()] == names


def test_a_run_in_words():
    assert run_figure(copied()).get_label() == (
        "A copy over 11 memory rows. The write head goes from row 1 to row 8, the read head from row 0 to row 4."
        " In the answer no bit is wrong."
    )


def test_steps_have_whole_numbers_however_few_they_are():
    figure = run_figure(copied(numbers=(5,)))
    assert all(float(step).is_integer() for step in figure.axes[2].get_xticks())


def test_wrong_bits_are_pink_and_no_others():
    trace = copied(deaf_to_the_end())
    figure = run_figure(trace)
    pink = figure.axes[2].images[1]
    np.testing.assert_array_equal(pink.get_array().filled(False), trace.wrong[0].numpy().T)
    assert to_hex(pink.cmap(1.0)) == ERROR
    assert trace.wrong.sum() == 10
    assert figure.get_label().endswith("In the answer about 40 % of bits are wrong.")


def test_rows_from_another_row_on():
    first, shifted = (run_figure(copied(), first_row=row).axes[1].images[0].get_array() for row in (0, 3))
    np.testing.assert_array_equal(np.roll(first, -3, axis=0), shifted)
