"""The diagram of a step: an input reaches the output and the next step along arrows that meet boxes."""

from itertools import pairwise

import pytest
from matplotlib.patches import FancyBboxPatch

from ntm_lib.teaching.plots.flow import flow_figure


@pytest.fixture(scope="module")
def axes():
    figure = flow_figure()
    figure.draw_without_rendering()
    return figure.axes[0]


def words(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def boxes(axes):
    """The extent of every box, by its first word."""
    patches = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    names = [text for text in words(axes) if text[0].isdigit()]
    return dict(zip((name.split()[1] for name in names), (patch.get_bbox() for patch in patches), strict=True))


def arrowheads(axes):
    return [text.xy for text in axes.texts if not text.get_text()]


def test_the_six_boxes_are_numbered_in_the_order_of_a_step(axes):
    assert list(boxes(axes)) == ["hear", "emit", "point", "write", "read", "answer"]
    assert [text[0] for text in words(axes) if text[0].isdigit()] == list("123456")


def test_what_comes_from_the_step_before_goes_on_to_the_next(axes):
    texts = words(axes)
    for name in ("M", "w", "r"):
        assert f"${name}_{{t-1}}$" in texts and f"${name}_t$" in texts


def test_every_box_has_an_arrow_that_ends_at_it(axes):
    for box in boxes(axes).values():
        assert any(box.padded(0.02).contains(*head) for head in arrowheads(axes))


def test_boxes_do_not_overlap_each_other_nor_names(axes):
    extents = list(boxes(axes).values())
    assert not any(one.overlaps(other) for place, one in enumerate(extents) for other in extents[place + 1 :])
    names = [text.get_window_extent() for text in axes.texts if text.get_text() and not text.get_text()[0].isdigit()]
    assert not any(one.overlaps(other) for one, other in pairwise(sorted(names, key=lambda name: name.x0)))


def test_the_words_name_the_order(axes):
    in_order = axes.figure.get_label().partition("In order:")[2]
    places = [in_order.index(verb) for verb in ("hears", "emit", "points", "writes", "reads", "answers")]
    assert places == sorted(places) and len(axes.figure.get_label()) <= 250
