"""Numbers and places in words, and the shared looks that carry them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from ntm_lib.teaching.plots.style import page, panel, title
from ntm_lib.teaching.plots.words import about, path, place, printable, short


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (1.0, "1"), (0.5, "0.5"), (-0.256, "−0.26"), (0.004, "~0"), (-0.004, "~0"), (1e-7, "0"), (10, "10")],
)
def test_numbers_are_short_and_what_is_not_zero_does_not_look_like_it(number, text):
    assert short(number) == text


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "no bit is wrong"),
        (0.001, "few bits are wrong"),
        (0.06, "about 10 % of bits are wrong"),
        (0.47, "about 50 % of bits are wrong"),
    ],
)
def test_shares_of_wrong_bits_are_rounded_to_tens(share, words):
    assert about(share) == words


def test_a_head_stands_on_the_row_that_has_more_than_half_of_its_weight():
    assert place(np.array([0.2, 0.6, 0.2])) == "row 1"
    assert place(np.array([0.5, 0.5])) == "many rows"
    assert path(np.array([[1.0, 0, 0], [0, 0, 1.0]]), "slot") == "slot 0 to slot 2"


def test_escape_codes_become_dots_and_line_ends_stay():
    assert printable("\x1b[31mred\x1b[0m γ\n<b>") == "·[31mred·[0m γ\n<b>"


def test_a_title_has_no_escape_codes_and_a_panel_no_upper_frame():
    _, axes = page(2.0)
    title(axes, "\x07bell")
    assert axes.get_title(loc="left") == "·bell"
    panel(axes, "a panel", xlabel="step", ylim=(0, 7))
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylim()) == ("a panel", "step", (0, 7))
    assert [side for side, spine in axes.spines.items() if spine.get_visible()] == ["left", "bottom"]


def test_nothing_is_shown_and_no_figure_is_kept():
    figure, _ = page(2.0)
    assert isinstance(figure, Figure) and figure.canvas.manager is None
