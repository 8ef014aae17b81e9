"""Figures: what is drawn is what was given."""

import numpy as np
import pytest

from ntm_lib.teaching.plots.style import READ, WRITE, copy_figure

STEPS, INPUTS, OUTPUTS, ROWS, WORD, FIRST = 7, 5, 3, 11, 2, 4


def arrays():
    one_hot = np.eye(ROWS)
    return {
        "inputs": np.arange(STEPS * INPUTS).reshape(STEPS, INPUTS) % 2,
        "outputs": np.arange(STEPS * OUTPUTS).reshape(STEPS, OUTPUTS) % 3 / 2,
        "memory": np.arange(ROWS * WORD, dtype=float).reshape(ROWS, WORD),
        "read": one_hot[[(FIRST + 1 + t) % ROWS for t in range(STEPS)]],
        "write": one_hot[[(FIRST + 3 + t) % ROWS for t in range(STEPS)]],
    }


def images(figure):
    return [axes.images[0].get_array() for axes in figure.axes]


def test_every_array_is_drawn_over_time():
    given = arrays()
    top, heads, bottom, tape = images(copy_figure(**given, first_row=FIRST))
    np.testing.assert_array_equal(top, given["inputs"].T)
    np.testing.assert_array_equal(bottom, given["outputs"].T)
    np.testing.assert_array_equal(tape[0], given["memory"][FIRST])
    np.testing.assert_array_equal(tape[-1], given["memory"][FIRST - 1])
    assert heads.shape == (ROWS, STEPS, 3)


def test_each_head_has_its_colour_on_its_rows_and_the_rest_is_white():
    _, heads, _, _ = images(copy_figure(**arrays(), first_row=FIRST))
    for row in range(ROWS):
        for step in range(STEPS):
            colour = {1 + step: READ, 3 + step: WRITE}.get(row, "#ffffff")
            expected = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            np.testing.assert_allclose(heads[row, step], expected, atol=1e-6)


def test_every_row_is_named_by_its_own_number():
    heads = copy_figure(**arrays(), first_row=FIRST).axes[1]
    names = {
        int(label.get_text()): place for label, place in zip(heads.get_yticklabels(), heads.get_yticks(), strict=True)
    }
    assert len(names) > 3
    assert all((place + FIRST) % ROWS == row for row, place in names.items())


@pytest.mark.parametrize("name", ["outputs", "read", "write"])
def test_arrays_of_another_length_are_refused(name):
    given = arrays()
    given[name] = given[name][:-1]
    with pytest.raises(ValueError, match="expected one step count and one row count"):
        copy_figure(**given, first_row=FIRST)


def test_weightings_over_another_memory_are_refused():
    given = arrays()
    given["memory"] = given["memory"][:-1]
    with pytest.raises(ValueError, match="expected one step count and one row count"):
        copy_figure(**given, first_row=FIRST)
