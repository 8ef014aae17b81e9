"""Figures that move stand on one screen with their sliders: none is too large, and no word in one is cut off."""

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis import walking
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import addressing, memory
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.failures import autopsy_figure
from ntm_lib.teaching.plots.focus import focus_figure
from ntm_lib.teaching.plots.heads import moment_figure
from ntm_lib.teaching.plots.learning import Snapshot, learning_figure
from ntm_lib.teaching.plots.slots import addressing_figure, write_figure
from ntm_lib.teaching.plots.step import INPUT_NAMES, step_figure
from ntm_lib.teaching.plots.tape import run_figure
from ntm_lib.teaching.show import PIXELS_PER_INCH
from ntm_lib.teaching.slots import five_slots, focus_on, key_at

WIDEST, HIGHEST = 725, 425
"""Pixels of a figure on a page: what JupyterLab and the sliders leave of a window of 1,280 by 680."""


def copied(length, rows, machine=None):
    return trace_copy(machine or handmade.copier(), tasks.payload(1, length, 8), rows)


def addressed(degrees, s):
    numbers = torch.tensor([[[5.0]], [[0.75]], [[3.0]]])
    stages = addressing.address(
        five_slots(), focus_on(4), key_at(degrees), numbers[0], numbers[1], torch.tensor([[s]]), numbers[2]
    )
    told = ["key", "β = 5.0", "g = 0.75", "s = 0.33 back, 0.33 stay, 0.33 forward", "γ = 3.0"]
    alike = addressing.cosine_similarity(five_slots(), key_at(degrees))
    return addressing_figure(five_slots(), key_at(degrees), told, focus_on(4), [alike, *stages])


def written(slot, number):
    vector = torch.full((1, 1, 3), number)
    erased = memory.erase(five_slots(), focus_on(slot), vector.clamp(0, 1))
    return write_figure(focus_on(slot), vector.clamp(0, 1), vector, five_slots(), erased, erased + vector[0])


def walked(leak, gamma, steps):
    weights = walking.walk(torch.tensor([leak]), torch.tensor([gamma]), steps=steps, rows=steps + 12)
    return focus_figure(walking.counted_from_goal(weights, 1, 10)[:, 0], 1, leak, gamma)


def learned(wrong):
    lengths = {1: wrong, 20: wrong, 120: wrong}
    return learning_figure(Snapshot([0, 9000], [1.0, wrong / 50], 3000, 10, lengths, copied(10, 36)))


def stepped(step):
    return step_figure(copied(7, 18), [*INPUT_NAMES, "read: written", "idle"], step)


def one_weighting():
    return NTM(NTMConfig(10, 8, weightings="single"))


FIGURES = {
    "short copy": lambda: run_figure(copied(1, 18)),
    "long copy": lambda: run_figure(copied(40, 96), first_row=44),
    "addressing ahead": lambda: addressed(90, [0.0, 0.2, 0.8]),
    "addressing back": lambda: addressed(300, [1.0, 0.0, 0.0]),
    "first slot": lambda: written(0, -2.0),
    "last slot": lambda: written(4, 1.25),
    "moment of two heads": lambda: moment_figure(copied(9, 24), 0, end_marker=10),
    "moment of one weighting": lambda: moment_figure(copied(9, 24, one_weighting()), 19, end_marker=10),
    "first step": lambda: stepped(0),
    "last step": lambda: stepped(15),
    "autopsy of few rows": lambda: autopsy_figure(copied(2, 10)),
    "autopsy of many rows": lambda: autopsy_figure(copied(40, 500)),
    "walk": lambda: walked(0.0, 1.0, 5),
    "long walk": lambda: walked(0.6, 6.0, 150),
    "learning at first": lambda: learned(50.5),
    "learning at last": lambda: learned(0.0012),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_that_moves_fits_and_cuts_no_word_off(draw):
    figure = draw()
    width, height = figure.get_size_inches()
    assert PIXELS_PER_INCH * width <= WIDEST and PIXELS_PER_INCH * height <= HIGHEST
    seen = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    assert seen.x0 >= 0 and seen.y0 >= 0 and seen.x1 <= width and seen.y1 <= height


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_that_moves_has_fixed_places(draw):
    assert draw().get_layout_engine() is None  # finding room for words takes as long as drawing
