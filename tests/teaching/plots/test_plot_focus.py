"""Figures of distance: what is drawn is what was given, and the words say it."""

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from ntm_lib.teaching.plots.focus import focus_figure, found_figure, limit_figure, map_figure
from ntm_lib.teaching.plots.style import READ, WRITE

STEPS, SEEN = 7, 5


@pytest.mark.parametrize(("leak", "words"), [(0.1, "heals"), (0.3, "slips")])
def test_a_focus_and_the_curve_that_decides(leak, words):
    seen = np.random.default_rng(0).random((STEPS, SEEN))
    left, right = (figure := focus_figure(seen, 1, leak, 2.0)).axes
    np.testing.assert_array_equal(left.images[0].get_array(), seen.T)
    assert [label.get_text() for label in left.get_yticklabels()][:3] == ["1 ahead", "right row", "1 behind"]
    diagonal, curve, stairs = (line.get_xydata() for line in right.lines)
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])
    np.testing.assert_allclose(curve[:, 1], (leak / (1 - leak) + curve[:, 0]) ** 2)
    np.testing.assert_allclose(stairs[1], [0, (leak / (1 - leak)) ** 2])
    assert figure.get_label() == (
        f"A focus with leak {leak:.2f} and γ = 2.00 {words}: after {STEPS - 1} steps {seen[-1, 1]:.2f} of its weight is"
        " on the right row."
    )


def test_the_map_has_its_line_and_every_step_of_every_head():
    leaks, gammas = np.linspace(0, 0.4, 3), np.linspace(1, 5, 5)
    slips, largest = np.full((5, 3), math.inf), np.linspace(0, 0.4, 5)
    slips[0, 2], slips[1, 1] = 7, 11
    heads = {"write head": ([0.01, 0.05], [2.0, 3.0]), "read head": (torch.tensor([0.3]), torch.tensor([2.0]))}
    axes = (figure := map_figure(leaks, gammas, slips, largest, heads)).axes[0]
    mesh, *dots = axes.collections
    np.testing.assert_array_equal(mesh.get_array().filled(-1).reshape(5, 3), np.where(np.isinf(slips), -1, slips))
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.transpose([largest, gammas]))
    assert [to_hex(kind.get_facecolor()[0]) for kind in dots] == [WRITE, READ]
    np.testing.assert_allclose(dots[0].get_offsets(), [[0.01, 2.0], [0.05, 3.0]])
    assert "at γ = 2 leaks up to 0.10 heal, at γ = 4 up to 0.30" in figure.get_label()


def test_what_a_key_finds_is_drawn_and_where_half_is_left():
    rows = np.array([10.0, 100.0, 1000.0, 10_000.0])
    found = {"weak": [0.6, 0.4, 0.2, 0.1], "strong": [1.0, 0.9, 0.8, 0.6]}
    axes = (figure := found_figure(rows, found, ([20, 300], [0.9, 0.3]))).axes[0]
    for line, weights in zip(axes.lines[:2], found.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.transpose([rows, weights]))
    np.testing.assert_allclose(axes.collections[0].get_offsets(), [[20, 0.9], [300, 0.3]])
    assert "weak – 100; strong – beyond 10,000" in figure.get_label()


def test_where_a_machine_fails_stands_beside_the_prediction():
    axes = (figure := limit_figure([20, 50, 70, 90], [0, 0, 0.25, 1], 64.5)).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[20, 0], [50, 0], [70, 0.25], [90, 1]])
    assert set(axes.lines[1].get_xdata()) == {64.5}
    assert figure.get_label() == ("Share of wrong sequences by length: none up to 50 vectors. Dashed: the prediction.")
