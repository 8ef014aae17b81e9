"""Figures of programs: parts of a sequence, framed rows and a sort are drawn where they are."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from ntm_lib.teaching.plots.programs import contexts_figure, program_figure, sorting_figure
from ntm_lib.teaching.plots.style import ERROR, READ, WRITE

STEPS, ROWS = 7, 11


def on(rows):
    """A head's weightings (T, 1, N): one row a step."""
    return np.eye(ROWS)[rows][:, None]


WALKS, STAYS = on([2, 3, 4, 5, 6, 7, 8]), on([1] * STEPS)
PARTS = {"items": (0, 2), "question": (3, 4), "answer": (5, 6)}


def test_parts_stand_below_their_steps_and_every_second_one_is_grey():
    figure = program_figure({"a machine": (STAYS, WALKS)}, PARTS)
    (axes,) = figure.axes
    assert axes.get_xticks(minor=True).tolist() == [1.0, 3.5, 5.5]
    assert [label.get_text() for label in axes.get_xticklabels(minor=True)] == list(PARTS)
    (band,) = axes.patches
    assert (band.get_x(), band.get_width()) == (2.5, 2.0)
    assert axes.images[0].get_array().shape == (ROWS, 2 * STEPS, 3)
    assert axes.get_ylim() == (ROWS - 0.5, -0.5)


def test_rows_are_framed_and_named_and_others_left_out():
    figure = program_figure({"a machine": (STAYS, WALKS)}, PARTS, {"item 3": (4, 5)}, shown=(2, 8))
    (axes,) = figure.axes
    assert axes.get_ylim() == (8.5, 1.5)
    assert [line.get_ydata()[0] for line in axes.lines] == [3.5, 5.5]
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [("item 3", 4.5)]


def test_words_tell_where_each_panel_s_heads_end():
    figure = program_figure({"one": (STAYS, WALKS), "other": (WALKS, STAYS)}, PARTS)
    assert figure.get_label() == (
        "Where heads point while these come in: items, question, answer: one – reads row 1 to row 1 in answer,"
        " writes row 7 to row 8 in answer; other – reads row 7 to row 8 in answer, writes row 1 to row 1 in answer."
    )
    with pytest.raises(ValueError, match="expected weightings"):
        program_figure({"one": (STAYS[:, 0], WALKS)}, PARTS)


def dots(axes):
    """Points of a panel by their colour."""
    drawn = [kind for kind in axes.collections if len(kind.get_offsets())]
    return {to_hex(kind.get_facecolor()[0]): kind.get_offsets().tolist() for kind in drawn}


def test_a_sort_by_time_whose_last_answers_change_places():
    priorities, written = [0.5, -0.25, 0.75, 0.25, -0.5], [4, 5, 6, 7, 8]
    figure = sorting_figure(priorities, written, answered=[2, 0, 1, 3])  # the last two should be 3, 1
    by_priority, by_time, back = figure.axes
    assert dots(by_priority)[WRITE] == [[0.5, 4], [-0.25, 5], [0.75, 6], [0.25, 7], [-0.5, 8]]
    assert dots(by_time)[WRITE] == [[1, 4], [2, 5], [3, 6], [4, 7], [5, 8]]
    assert dots(back) == {READ: [[1, 1], [2, 2]], ERROR: [[3, 4], [4, 3]]}
    assert figure.get_label() == (
        "5 vectors are written in the order of coming in; of 4 answers 2 are read out of turn."
    )


def test_a_sort_by_place_is_told_from_one_by_time():
    priorities, rows = [0.5, -0.25, 0.75, 0.25], [7, 5, 8, 6]
    assert "written in another order; of 2 answers 0" in sorting_figure(priorities, rows, [2, 0]).get_label()


def test_contexts_stand_in_the_order_of_the_reader_s_rows():
    read, written = np.eye(5)[[3, 0, 3]], np.eye(5)[[3, 1, 3]]
    figure = contexts_figure(read, written)
    shown = [axes.collections[0].get_array() for axes in figure.axes]
    assert shown[0].tolist() == read[[1, 0, 2]].tolist() and shown[1].tolist() == written[[1, 0, 2]].tolist()
    assert figure.get_label() == (
        "After 3 contexts the reader points at 2 different rows; after 2 of them the writer comes to the reader's row a"
        " step later."
    )
    with pytest.raises(ValueError, match="expected one shape"):
        contexts_figure(read, written[:2])
