"""Figures of one copy: what is drawn and said is what the arrays and the trace hold."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.style import ERROR, READ, WRITE
from ntm_lib.teaching.plots.tape import copy_figure, run_figure

STEPS, INPUTS, OUTPUTS, ROWS, WORD, FIRST = 7, 5, 3, 11, 2, 4


def arrays(**changes):
    one_hot = np.eye(ROWS)
    return {
        "inputs": np.arange(STEPS * INPUTS).reshape(STEPS, INPUTS) % 2,
        "outputs": np.arange(STEPS * OUTPUTS).reshape(STEPS, OUTPUTS) % 3 / 2,
        "memory": np.arange(ROWS * WORD, dtype=float).reshape(ROWS, WORD),
        "read": one_hot[[(FIRST + 1 + t) % ROWS for t in range(STEPS)]],
        "write": one_hot[[(FIRST + 3 + t) % ROWS for t in range(STEPS)]],
    } | changes


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


def test_every_array_is_drawn_over_time():
    given = arrays()
    top, heads, tape, bottom = images(copy_figure(**given, first_row=FIRST))
    np.testing.assert_array_equal(top, given["inputs"].T)
    np.testing.assert_array_equal(bottom, given["outputs"].T)
    np.testing.assert_array_equal(tape[0], given["memory"][FIRST])
    np.testing.assert_array_equal(tape[-1], given["memory"][FIRST - 1])
    assert heads.shape == (ROWS, STEPS, 3)


def test_each_head_has_its_colour_on_its_rows_and_the_rest_is_white():
    _, heads, _, _ = images(copy_figure(**arrays(), first_row=FIRST))
    for row, step in np.ndindex(ROWS, STEPS):
        expected = to_rgb({1 + step: READ, 3 + step: WRITE}.get(row, "white"))
        np.testing.assert_allclose(heads[row, step], expected, atol=1e-6)


def test_every_row_is_named_by_its_own_number():
    heads = copy_figure(**arrays(), first_row=FIRST).axes[1]
    names = [int(label.get_text()) for label in heads.get_yticklabels()]
    assert len(names) > 3
    assert [(place + FIRST) % ROWS for place in heads.get_yticks()] == names


@pytest.mark.parametrize("name", ["outputs", "read", "write", "memory"])
def test_arrays_that_do_not_belong_together_are_refused(name):
    with pytest.raises(ValueError, match="expected one step count and one row count"):
        copy_figure(**arrays(**{name: arrays()[name][:-1]}), first_row=FIRST)


def test_a_run_in_words():
    assert run_figure(copied()).get_label() == (
        "A copy over 11 memory rows. The write head goes from row 1 to row 8, the read head from row 0 to row 4."
        " In the answer no bit is wrong."
    )


def test_steps_have_whole_numbers_however_few_they_are():
    figure = run_figure(copied(numbers=(5,)))
    assert all(float(step).is_integer() for step in figure.axes[3].get_xticks())


def test_wrong_bits_are_pink_and_no_others():
    trace = copied(deaf_to_the_end())
    figure = run_figure(trace)
    pink = figure.axes[3].images[1]
    np.testing.assert_array_equal(pink.get_array().filled(False), trace.wrong[0].numpy().T)
    assert to_hex(pink.cmap(1.0)) == ERROR
    assert trace.wrong.sum() == 10
    assert figure.get_label().endswith("In the answer about 40 % of bits are wrong.")


def test_rows_from_another_row_on():
    first, shifted = (run_figure(copied(), first_row=row).axes[1].images[0].get_array() for row in (0, 3))
    np.testing.assert_array_equal(np.roll(first, -3, axis=0), shifted)
