"""The figure that compares models: a thin line a seed, and a thick one through their median."""

import numpy as np
import pytest

from ntm_lib.teaching.plots.compared import whole_figure

LENGTHS = [1, 7, 20, 50]
WHOLE = {
    "exact": [[1, 1, 1, 1]] * 3,
    "in between": [[1, 1, 0.75, 0], [1, 1, 0.25, 0.5], [1, 1, 0.5, 0.25]],
    "short": [[1, 1, 0, 0]] * 3,
}


def test_lines_go_through_every_seed_and_through_the_median():
    axes = whole_figure(LENGTHS, WHOLE, trained=7).axes[0]
    lines = [line.get_ydata() for line in axes.lines]
    assert all((line.get_xdata() == LENGTHS).all() for line in axes.lines)
    for place, seeds in enumerate(WHOLE.values()):
        *thin, thick = lines[4 * place : 4 * place + 4]
        np.testing.assert_array_equal(thin, seeds)
        np.testing.assert_array_equal(thick, sorted(seeds)[1] if place != 1 else [1, 1, 0.5, 0.25])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(WHOLE)


def test_its_words_say_how_far_each_model_gets():
    assert whole_figure(LENGTHS, WHOLE, trained=7).get_label() == (
        "Lengths at which at least half of the sequences come back without a wrong bit: exact – up to 50;"
        " in between – up to 20; short – up to 7."
    )


def test_a_fifth_model_is_refused():
    with pytest.raises(ValueError, match="there are 5 models: expected at most 4"):
        whole_figure(LENGTHS, dict.fromkeys("abcde", WHOLE["exact"]), trained=7)
