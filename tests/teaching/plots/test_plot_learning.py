"""Figures of learning: what is drawn is what was given, and the words say it."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.learning import (
    Snapshot,
    choices_figure,
    gradients_figure,
    learning_figure,
    schedules_figure,
    seeds_figure,
    task_figure,
)
from ntm_lib.teaching.plots.style import ERROR, INK, READ, TARGET, WRITE

STEPS, ROWS, BITS = 8, 11, 3


def snapshot(**changes):
    given = Snapshot(
        sequences=[0, 40, 80],
        loss=[1.0, 0.75, 0.25],
        settled_from=None,
        trained_to=5,
        wrong={2: 0.0, 5: 3.0, 7: 17.0, 13: 48.0},
        shown=trace_copy(handmade.copier(), tasks.payload(1, 3), ROWS),
    )
    given.shown.logits[0, [6, 7], [0, 1]] *= -1
    return given._replace(**changes)


def cells(axes):
    drawn = axes.collections[0].get_array().T  # (T, channels)
    return set(map(tuple, np.argwhere(drawn).tolist()))


def texts(axes):
    return [text.get_text().strip() for text in axes.texts]


def test_a_task_is_drawn_cell_by_cell():
    inputs, targets = np.zeros((STEPS, BITS + 2)), np.zeros((STEPS, BITS))
    inputs[0, 3], inputs[2, 1], inputs[4, 4], targets[6, 1] = 1, 1, 1, 1
    figure = task_figure(inputs, targets, np.array([0, 0, 0, 0, 0, 1, 1, 1]))
    top, bottom = figure.axes
    assert cells(top) == {(0, 3), (2, 1), (4, 4)}
    assert cells(bottom) == {(6, 1)}
    assert [label.get_text() for label in top.get_yticklabels()] == ["bit 0", "bit 1", "bit 2", "start", "end"]
    words = figure.get_label()
    assert "3 vectors takes 8 steps" in words and "in the last 3, the only ones that count" in words


def test_gradients_and_losses_stand_in_columns():
    norms = {"calm": [1.0, 2.0, 3.0], "wild": [1.0, 1.0, 50.0]}
    losses = {"calm": [1.0, 0.5, 0.25], "wild": [0.75, 0.5, 1.5]}
    figure = gradients_figure(norms, losses, limit=0.5)
    calm, wild, calm_loss, wild_loss = figure.axes
    for axes, values in ((calm, norms["calm"]), (wild, norms["wild"]), (calm_loss, losses["calm"])):
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), values)
    np.testing.assert_array_equal(wild_loss.lines[0].get_ydata(), losses["wild"])
    assert set(wild.lines[1].get_ydata()) == {0.5}
    assert figure.get_label() == (
        "Length of the gradient and loss at each update: calm, wild. A dashed line marks the limit, 0.5."
    )


@pytest.mark.parametrize(("highest", "scale"), [(7, "linear"), (700, "log")])
def test_what_schedules_draw_is_spread_over_the_updates(highest, scale):
    values = [1, 2, 3, highest, 5, 6, 4, 2]
    figure = schedules_figure({"ours": values, "theirs": values[::-1]}, 70, "vectors")
    for axes, expected in zip(figure.axes, (values, values[::-1]), strict=True):
        points = axes.collections[0].get_offsets()
        np.testing.assert_allclose(points[:, 0], 10 * np.arange(8))
        np.testing.assert_array_equal(points[:, 1], expected)
        assert axes.get_yscale() == scale
    assert f"in vectors: ours – at most {highest}; theirs – at most {highest}" in figure.get_label()


def test_every_byte_is_a_point_of_a_line_and_the_least_clear_stands_first():
    early = {"write head, coming in": [0.75, 0.25, 0.125], "read head, read back": [0.25, 1.0, 0.75]}
    late = {"write head, coming in": [0.75, 1.0, 0.625], "read head, read back": [0.5, 0.625, 0.75]}
    figure = choices_figure({"early": early, "late": late})
    for axes, lines in zip(figure.axes, (early, late), strict=True):
        assert [line.get_color() for line in axes.lines] == [WRITE, READ]
        for line, weights in zip(axes.lines, lines.values(), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), sorted(weights))
    assert figure.get_label().endswith(
        ": early – write head, coming in: few, read head, read back: most;"
        " late – write head, coming in: all, read head, read back: most."
    )


def test_a_moment_of_learning_shows_loss_wrong_bits_and_heads():
    given = snapshot()
    loss, wrong, tape = learning_figure(given).axes
    np.testing.assert_array_equal(loss.lines[0].get_xydata(), [[0, 1.0], [40, 0.75], [80, 0.25]])
    assert [bar.get_height() for bar in wrong.containers[0]] == list(given.wrong.values())
    assert texts(wrong)[:4] == ["0", "3", "17", "48"]
    image = tape.images[0].get_array()
    assert image.shape == (ROWS, STEPS, 3)
    assert image.sum(-1).argmin(0).tolist() == [0, 0, 0, 0, 1, 2, 3, 4]  # the reader's rows are the darkest
    assert tape.collections[0].get_offsets()[:, 0].tolist() == [6, 7]


def test_the_words_of_a_moment_are_coarse():
    assert learning_figure(snapshot()).get_label() == (
        "A machine in training: the loss has come from 1.0 to 0.2 bits a bit. At length 13 about 50 % of bits are"
        " wrong."
    )
    assert "and it settles." in learning_figure(snapshot(settled_from=40)).get_label()


def test_settling_is_marked_from_where_it_began():
    loss = learning_figure(snapshot(settled_from=40)).axes[0]
    assert texts(loss) == ["it settles"] and loss.texts[0].get_position()[0] == 40
    assert texts(learning_figure(snapshot()).axes[0]) == []


def test_every_seed_has_one_dot_and_a_failed_one_another_mark():
    sequences, converged = [100] * 61, [True] * 61
    sequences[7], converged[53] = 5000, False
    figure = seeds_figure(sequences, converged)
    dots = {to_hex(kind.get_facecolor()[0]): kind.get_offsets().tolist() for kind in figure.axes[0].collections}
    assert len(dots[TARGET]) == 59
    assert dots[INK] == [[7, 0]] and dots[ERROR] == [[3, 1]]
    assert figure.get_label() == ("One dot a seed: 60 of 61 converged, half of them after at most 100 sequences.")
    legend = [text.get_text() for text in figure.axes[0].get_legend().texts]
    assert legend == ["60 converged", "1 of them after more than 3,000 sequences", "1 did not"]
