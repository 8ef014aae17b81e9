"""Figures of slots: the numbers that are drawn and said are those that were given."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from ntm_lib.teaching.plots.slots import (
    addressing_figure,
    read_figure,
    walks_figure,
    weightings_figure,
    write_figure,
)
from ntm_lib.teaching.plots.style import ERASE, INK, PALE, READ, WRITE

SLOTS, NUMBERS, STEPS = 7, 3, 5
FIRST, SECOND = np.array([0.0, 0.25, 0.5, 0.0, 0.0, 0.25, 0.0]), np.array([0.1, 0.0, 0.0, 0.6, 0.0, 0.0, 0.3])
MEMORY = np.arange(SLOTS * NUMBERS, dtype=float).reshape(SLOTS, NUMBERS) - 4
VECTOR = np.array([0.5, -1.0, 2.0])


def bars(axes):
    """What the bars of an axes show: for each series its heights, colour and whether it is filled."""
    return [
        (
            [bar.get_height() for bar in series],
            to_hex(series[0].get_edgecolor()) if not series[0].get_fill() else to_hex(series[0].get_facecolor()),
        )
        for series in axes.containers
    ]


def matrix(axes):
    return axes.images[0].get_array()


def texts(axes):
    return [text.get_text() for text in axes.texts]


def frames(axes):
    """Slot and number of every framed cell, and the frames' colours."""
    places = {
        (round(frame.get_x() + frame.get_width() / 2), round(frame.get_y() + frame.get_height() / 2))
        for frame in axes.patches
    }
    return places, {to_hex(frame.get_edgecolor()) for frame in axes.patches}


def written(memory=MEMORY, erased=MEMORY, added=MEMORY):
    return write_figure(FIRST, np.array([1.0, 0.0, 0.5]), VECTOR, memory, erased, added)


def test_addressing_shows_the_slots_the_key_and_every_stage():
    stages = [0.2 * SECOND - 0.1, FIRST, SECOND, FIRST[::-1], SECOND[::-1]]
    told = ["cosine", "β = 5", "g = 0.5", "s = (0, 0, 1)", "γ = 2"]
    figure = addressing_figure(MEMORY, VECTOR, told, SECOND, stages)
    words, slots = figure.axes[::2], figure.axes[1::2]
    np.testing.assert_array_equal(matrix(slots[0]), MEMORY.T)
    np.testing.assert_array_equal(matrix(words[0]), VECTOR[:, None])
    for stage, axes, setting in zip(stages, slots[1:], told, strict=True):
        assert (list(stage), INK if stage is stages[0] else READ) in bars(axes)
        assert setting in "\n".join(texts(words[slots.index(axes)]))
    assert (list(SECOND), PALE) in bars(slots[3])
    assert (list(stages[2]), INK) in bars(slots[4]) and (list(stages[3]), INK) in bars(slots[5])


def test_addressing_says_what_it_was_told_what_the_key_finds_and_where_it_ends():
    stages = [FIRST] * 4 + [SECOND]
    assert addressing_figure(MEMORY, VECTOR, list("abcde"), SECOND, stages).get_label() == (
        "Five stages of addressing: a; b; c; d; e. The key finds 0.5 on slot 2; at the end 0.6 on slot 3."
    )


def test_weightings_stand_below_each_other_beside_their_names():
    figure = weightings_figure({"before": FIRST, "after": SECOND})
    (before, first), (after, second) = figure.axes[:2], figure.axes[2:]
    assert (texts(before)[0], texts(after)[0]) == ("before", "after")
    assert bars(first) == [(list(FIRST), READ)] and bars(second) == [(list(SECOND), READ)]
    assert texts(second) == ["0.1", "0", "0", "0.6", "0", "0", "0.3"]
    assert [label.get_text() for label in first.get_xticklabels()] == [f"slot {slot}" for slot in range(SLOTS)]
    assert figure.get_label() == (
        "Weights of 7 slots; the largest of each row: before – 0.5 on slot 2; after – 0.6 on slot 3."
    )


def test_names_stand_in_the_words_as_they_are():
    names = ("g = 1", "dL / dw", "β = 1", "post_2014")
    words = weightings_figure(dict.fromkeys(names, FIRST)).get_label()
    assert all(f"{name} – 0.5 on slot 2" in words for name in names)


def test_steps_may_be_trials():
    figure = walks_figure({"a walk": np.eye(3)}, step="trial")
    assert figure.axes[1].get_xlabel() == "trial" and "over 2 trials" in figure.get_label()


def test_walks_show_every_step_and_the_largest_weight():
    walks = {"far": np.stack([np.roll(FIRST, step) for step in range(STEPS)]), "near": np.stack([SECOND] * STEPS)}
    far, near, far_peak, near_peak = walks_figure(walks).axes
    np.testing.assert_array_equal(matrix(far), walks["far"].T)
    np.testing.assert_array_equal(matrix(near), walks["near"].T)
    np.testing.assert_array_equal(far_peak.lines[0].get_ydata(), [0.5] * STEPS)
    np.testing.assert_array_equal(near_peak.lines[0].get_ydata(), [0.6] * STEPS)
    assert to_hex(far.images[0].get_cmap()(1.0)) == READ and to_hex(far.images[0].get_cmap()(0.0)) == "#ffffff"
    assert walks_figure(walks).get_label() == (
        "Weights of slots over 4 steps; the largest at first and at last: far – 0.5 on slot 2, 0.5 on slot 6;"
        " near – 0.6 on slot 3, 0.6 on slot 3."
    )


def test_reading_shows_the_head_the_slots_and_the_blend():
    figure = read_figure(MEMORY, FIRST, FIRST @ MEMORY)
    _, weights, blend, slots = figure.axes
    assert bars(weights) == [(list(FIRST), READ)]
    np.testing.assert_array_equal(matrix(slots), MEMORY.T)
    np.testing.assert_array_equal(matrix(blend), (FIRST @ MEMORY)[:, None])
    assert to_hex(blend.patches[0].get_edgecolor()) == READ
    assert figure.get_label() == ("A read head, its largest weight 0.5 on slot 2, reads the blend (3.5, 4.5, 5.5).")


def test_writing_frames_what_changed_and_nothing_else():
    erased, added = MEMORY.copy(), MEMORY.copy()
    erased[2, 0], added[2, 0], added[5, 1] = 0, 0, 9
    figure = written(MEMORY, erased, added)
    before, after_erasing, after_adding = figure.axes[3], figure.axes[5], figure.axes[7]
    np.testing.assert_array_equal(matrix(before), MEMORY.T)
    np.testing.assert_array_equal(matrix(after_erasing), erased.T)
    np.testing.assert_array_equal(matrix(after_adding), added.T)
    assert frames(before) == (set(), set())
    assert frames(after_erasing) == ({(2, 0)}, {ERASE})
    assert frames(after_adding) == ({(5, 1)}, {WRITE})
    assert figure.get_label().endswith("erases (1, 0, 0.5) and adds (0.5, −1, 2). Slots that changed: 2, 5.")


def test_writing_that_changes_nothing_says_so():
    assert written().get_label().endswith("Slots that changed: none.")


def test_one_memory_has_one_scale_in_all_three_pictures():
    figure = written(added=10 * MEMORY)
    scales = {axes.images[0].get_clim() for axes in figure.axes if axes.images}
    assert len(scales) == 1
    low, high = scales.pop()
    assert low == -high and high >= 10 * np.abs(MEMORY).max()


def test_tensors_with_leading_axes_are_drawn_as_arrays():
    given = [torch.tensor(array)[None] for array in (MEMORY, FIRST[None], (FIRST @ MEMORY)[None])]
    plain = read_figure(MEMORY, FIRST, FIRST @ MEMORY)
    assert read_figure(*given).get_label() == plain.get_label()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: addressing_figure(MEMORY, VECTOR[:2], list("abcde"), FIRST, [FIRST] * 5),
        lambda: addressing_figure(MEMORY, VECTOR, list("abcde"), FIRST[:5], [FIRST] * 5),
        lambda: addressing_figure(MEMORY, VECTOR, list("abcde"), FIRST, [FIRST] * 4 + [FIRST[:5]]),
        lambda: weightings_figure({"before": FIRST, "after": FIRST[:5]}),
        lambda: read_figure(MEMORY, FIRST[:5], VECTOR),
        lambda: write_figure(FIRST, VECTOR[:2], VECTOR, MEMORY, MEMORY, MEMORY),
    ],
)
def test_arrays_of_another_size_are_refused(draw):
    with pytest.raises(ValueError, match=r"expected a memory \(N, M\), vectors \(M\) and weightings \(N\)"):
        draw()
