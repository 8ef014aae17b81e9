"""Figures of several heads: what is drawn is what was given, in the colour of what the head does."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.heads import BLOCKS, moment_figure, pointing_figure
from ntm_lib.teaching.plots.style import PALE, READ, WRITE

STEPS, ROWS = 7, 11


def one_hot(first, step=1):
    return np.eye(ROWS)[[(first + step * t) % ROWS for t in range(STEPS)]][:, None]  # (T, 1, N)


def test_writes_are_left_halves_and_reads_right_halves():
    figure = pointing_figure({"apart": (one_hot(2), one_hot(5))})
    image = figure.axes[0].images[0].get_array()
    assert image.shape == (ROWS, 2 * STEPS, 3)
    for step in range(STEPS):
        for row in range(ROWS):
            left = to_rgb(WRITE) if row == (5 + step) % ROWS else (1, 1, 1)
            right = to_rgb(READ) if row == (2 + step) % ROWS else (1, 1, 1)
            np.testing.assert_allclose(image[row, 2 * step], left, atol=1e-6)
            np.testing.assert_allclose(image[row, 2 * step + 1], right, atol=1e-6)


def test_heads_of_one_kind_share_a_picture_and_a_spread_one_is_pale():
    read = np.concatenate([one_hot(0), np.full((STEPS, 1, ROWS), 1 / ROWS)], axis=1)
    figure = pointing_figure({"crew": (read, one_hot(3))})
    image = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(image[0, 1], to_rgb(READ), atol=1e-6)
    np.testing.assert_allclose(image[5, 1], 1 - (1 - np.array(to_rgb(READ))) / ROWS, atol=1e-6)


def test_words_say_where_the_first_heads_end():
    spread = np.full((STEPS, 1, ROWS), 1 / ROWS)
    figure = pointing_figure({"first": (one_hot(2), one_hot(5, step=-1)), "second": (spread, one_hot(0))}, row="slot")
    assert figure.get_label() == (
        "Where heads point over time; at the end: first – writes slot 10, reads slot 8; second – writes slot 6, reads"
        " many slots."
    )


@pytest.mark.parametrize(("rows", "lines"), [(66, 66), (100, 100), (7 * BLOCKS, BLOCKS)])
def test_one_row_of_many_is_still_seen(rows, lines):
    read = np.zeros((3, 1, rows))
    read[:, 0, 50] = 1
    image = pointing_figure({"long": (read, 0 * read)}).axes[0].images[0].get_array()
    assert len(image) == lines
    assert np.flatnonzero((image[:, 1] < 1).any(-1)).tolist() == [50 * lines // rows]


def test_a_band_over_the_end_marker():
    figure = pointing_figure({"a": (one_hot(2), one_hot(5))}, end_marker=3)
    (band,) = figure.axes[0].patches
    assert (band.get_x(), band.get_width()) == (2.5, 1)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels(minor=True)] == ["end marker"]


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="expected weightings"):
        pointing_figure({"a": (one_hot(2), one_hot(5)[:-1])})
    with pytest.raises(ValueError, match="expected weightings"):
        pointing_figure({"a": (one_hot(2)[:, 0], one_hot(5)[:, 0])})


def copied(machine, length=3, width=8, **options):
    return trace_copy(machine, tasks.payload(1, length, width), memory_size=ROWS, **options)


def bars(axes):
    """What the bars of an axes show: for each series its heights and its colour."""
    return [
        ([np.ptp(bar.vertices[:, 1]) for bar in series.get_paths()], to_hex(series.get_facecolor()[0]))
        for series in axes.collections
    ]


def test_a_moment_shows_before_and_now_and_says_them():
    """Three bytes: at step 4 the hand-made copier's reader jumps from row 0 to row 1, its writer steps from 4 to 5."""
    figure = moment_figure(copied(handmade.copier()), step=4)
    top, read, write = figure.axes
    (frame,) = top.patches
    assert (frame.get_x(), frame.get_width()) == (3.5, 1)
    for axes, before, now, colour in ((read, 0, 1, READ), (write, 4, 5, WRITE)):
        (grey, first), (coloured, second) = bars(axes)
        assert (np.argmax(grey), first) == (before, PALE)
        assert (np.argmax(coloured), second) == (now, colour)
    assert read.get_title(loc="left") == "the read head: g = 1.0, jumps by its key and stays"
    note = "g = 0.0, goes on from the grey bar and steps 1 forward"
    assert write.get_title(loc="left") == f"the write head: {note}"
    assert figure.get_label() == (
        "At step 4 the read head goes from row 0 to row 1, the write head goes from row 4 to row 5."
    )


def test_names_of_several_heads_and_both_colours_of_one_weighting():
    two = NTM(NTMConfig(5, 3, read_heads=2, write_heads=3, word_size=7))
    titles = [axes.get_title(loc="left") for axes in moment_figure(copied(two, 2, 3), 0).axes[1:]]
    names = ["read head 0", "read head 1", "write head 0", "write head 1", "write head 2"]
    assert [title.partition(":")[0] for title in titles] == names
    one = NTM(NTMConfig(5, 3, weightings="single", word_size=7))
    _, axes = moment_figure(copied(one, 2, 3), 0).axes
    assert axes.get_title(loc="left").startswith("the head: ")
    assert [colour for _, colour in bars(axes)] == [PALE, WRITE, READ]


def test_a_moment_that_is_not_there_is_refused():
    with pytest.raises(IndexError, match="step 8: expected 0 to 7"):
        moment_figure(copied(handmade.copier()), 8)
