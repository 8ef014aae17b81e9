"""Figures of slots: the numbers that are drawn and said are those that were given."""

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection, PolyCollection
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


def rectangles(drawn):
    """Left and right end, first and last edge of each rectangle of a collection: (K, 4)."""
    return np.array([[*path.vertices[[0, 2], 0], *path.vertices[[0, 2], 1]] for path in drawn.get_paths()])


def matrices(figure):
    """Matrices that are drawn as cells (slots, numbers), and the places of their cells."""
    found = [drawn for drawn in figure.axes[0].collections if drawn.get_array() is not None]
    return [(drawn.get_array(), rectangles(drawn)) for drawn in found]


def bars(figure):
    """What stands on each base line, from above: for each series its heights, as shares of the largest, and colour."""
    collections = figure.axes[0].collections
    grounds = [lines.get_segments()[0][0, 1] for lines in collections if isinstance(lines, LineCollection)]
    standing = [[] for _ in grounds]
    for drawn in collections:
        if isinstance(drawn, PolyCollection) and (rectangles(drawn)[:, 2] == rectangles(drawn)[0, 2]).all():
            heights = rectangles(drawn)[:, 2] - rectangles(drawn)[:, 3]
            colour = drawn.get_facecolor() if len(drawn.get_facecolor()) else drawn.get_edgecolor()
            if rectangles(drawn)[0, 2] in grounds:
                series = (heights / np.abs(heights).max()).round(6).tolist(), to_hex(colour[0])
                standing[grounds.index(rectangles(drawn)[0, 2])].append(series)
    return standing


def series(values, colour):
    """How `bars` gives a series of these values."""
    return (np.asarray(values) / np.abs(values).max()).round(6).tolist(), colour


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def frames(figure, places):
    """Slot and number of every cell in whose middle a frame has its own, and the frames' colours."""
    middles = places.reshape(SLOTS, NUMBERS, 2, 2).mean(-1)
    found, colours = set(), set()
    for drawn in figure.axes[0].collections:
        if isinstance(drawn, PolyCollection) and not len(drawn.get_facecolor()):
            for middle in rectangles(drawn).reshape(-1, 2, 2).mean(-1):
                cell = np.argwhere(np.isclose(middles, middle).all(-1))
                if len(cell):
                    found.add((int(cell[0, 0]), int(cell[0, 1])))
                    colours.add(to_hex(drawn.get_edgecolor()[0]))
    return found, colours


def written(memory=MEMORY, erased=MEMORY, added=MEMORY):
    return write_figure(FIRST, np.array([1.0, 0.0, 0.5]), VECTOR, memory, erased, added)


def test_addressing_shows_the_slots_the_key_and_every_stage():
    stages = [0.2 * SECOND - 0.1, FIRST, SECOND, FIRST[::-1], SECOND[::-1]]
    told = ["cosine", "β = 5", "g = 0.5", "s = (0, 0, 1)", "γ = 2"]
    figure = addressing_figure(MEMORY, VECTOR, told, SECOND, stages)
    (memory, _), (key, _) = matrices(figure)
    np.testing.assert_array_equal(memory, MEMORY.ravel())
    np.testing.assert_array_equal(key, VECTOR)
    compare, find, blend, shift, sharpen = bars(figure)
    assert compare == [series(stages[0], INK)] and find == [series(stages[1], READ)]
    assert blend == [series(SECOND, PALE), series(stages[2], READ), series(stages[1], INK)]
    assert shift == [series(stages[3], READ), series(stages[2], INK)]
    assert sharpen == [series(stages[4], READ), series(stages[3], INK)]
    assert all(any(text.startswith(setting) for text in texts(figure)) for setting in told)


def test_addressing_says_what_it_was_told_what_the_key_finds_and_where_it_ends():
    stages = [FIRST] * 4 + [SECOND]
    assert addressing_figure(MEMORY, VECTOR, list("abcde"), SECOND, stages).get_label() == (
        "Five stages of addressing: a; b; c; d; e. The key finds 0.5 on slot 2; at the end 0.6 on slot 3."
    )


def test_weightings_stand_below_each_other_beside_their_names():
    figure = weightings_figure({"before": FIRST, "after": SECOND})
    assert bars(figure) == [[series(FIRST, READ)], [series(SECOND, READ)]]
    said = [text for text in texts(figure) if text]
    assert said[said.index("after") + 1 :][:SLOTS] == ["0.1", "0", "0", "0.6", "0", "0", "0.3"]
    assert said.index("before") < said.index("after") and said[-SLOTS:] == [f"slot {slot}" for slot in range(SLOTS)]
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
    np.testing.assert_array_equal(far.images[0].get_array(), walks["far"].T)
    np.testing.assert_array_equal(near.images[0].get_array(), walks["near"].T)
    np.testing.assert_array_equal(far_peak.lines[0].get_ydata(), [0.5] * STEPS)
    np.testing.assert_array_equal(near_peak.lines[0].get_ydata(), [0.6] * STEPS)
    assert to_hex(far.images[0].get_cmap()(1.0)) == READ and to_hex(far.images[0].get_cmap()(0.0)) == "#ffffff"
    assert walks_figure(walks).get_label() == (
        "Weights of slots over 4 steps; the largest at first and at last: far – 0.5 on slot 2, 0.5 on slot 6;"
        " near – 0.6 on slot 3, 0.6 on slot 3."
    )


def test_reading_shows_the_head_the_slots_and_the_blend():
    figure = read_figure(MEMORY, FIRST, FIRST @ MEMORY)
    assert bars(figure) == [[series(FIRST, READ)]]
    (memory, _), (blend, _) = matrices(figure)
    np.testing.assert_array_equal(memory, MEMORY.ravel())
    np.testing.assert_array_equal(blend, FIRST @ MEMORY)
    assert to_hex(figure.axes[0].collections[-1].get_edgecolor()[0]) == READ
    assert figure.get_label() == ("A read head, its largest weight 0.5 on slot 2, reads the blend (3.5, 4.5, 5.5).")


def test_writing_frames_what_changed_and_nothing_else():
    erased, added = MEMORY.copy(), MEMORY.copy()
    erased[2, 0], added[2, 0], added[5, 1] = 0, 0, 9
    figure = written(MEMORY, erased, added)
    before, after_erasing, after_adding = [found for found in matrices(figure) if len(found[0]) > NUMBERS]
    for (drawn, _), given in zip((before, after_erasing, after_adding), (MEMORY, erased, added), strict=True):
        np.testing.assert_array_equal(drawn, given.ravel())
    assert frames(figure, before[1]) == (set(), set())
    assert frames(figure, after_erasing[1]) == ({(2, 0)}, {ERASE})
    assert frames(figure, after_adding[1]) == ({(5, 1)}, {WRITE})
    assert figure.get_label().endswith("erases (1, 0, 0.5) and adds (0.5, −1, 2). Slots that changed: 2, 5.")


def test_writing_that_changes_nothing_says_so():
    assert written().get_label().endswith("Slots that changed: none.")


def test_one_memory_has_one_scale_in_all_three_pictures():
    figure = written(added=10 * MEMORY)
    scales = {drawn.get_clim() for drawn in figure.axes[0].collections if drawn.get_array() is not None}
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
