"""README's moving picture: what a frame says is what the machine did."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from ntm_lib import NTM, load
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching.plots.style import ERROR, INK, TARGET
from ntm_lib.training import recipes
from research import moving

ROOT = Path(__file__).parents[2]
MOST_BYTES = 800_000


def words(figure):
    """All words of a figure: those of the figure itself, of its axes and below the steps, with their colours."""
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return {text.get_text(): text.get_color() for text in texts}


@pytest.fixture(scope="module")
def untrained():
    machine = NTM(recipes.reliable.machine, torch.Generator().manual_seed(0))
    return trace_copy(machine, moving.text_bits(moving.TEXT), moving.ROWS)


def test_a_frame_counts_the_wrong_bits_and_colours_wrong_letters(untrained):
    out = (untrained.logits[0, -len(moving.TEXT) :] > 0).int()
    bits = torch.tensor([[code >> bit & 1 for bit in range(8)] for code in moving.TEXT])
    wrong = out != bits
    figure = moving.frame(1_234, untrained)
    said = words(figure)
    assert said[f"{int(wrong.sum())} of {wrong.numel()} bits wrong"] == ERROR
    assert "1,234 training sequences seen" in said
    labels = figure.axes[1].get_xticklabels()
    assert "".join(label.get_text() for label in labels[1 : 1 + len(moving.TEXT)]) == moving.TEXT.decode()
    colours = [label.get_color() for label in labels[-len(moving.TEXT) :]]
    assert colours == [ERROR if letter.any() else INK for letter in wrong]


def test_a_frame_of_a_trained_machine_has_every_bit_right():
    model, _ = load(ROOT / "data" / "machines" / "two_weightings")
    trace = trace_copy(model, moving.text_bits(moving.TEXT), moving.ROWS)
    figure = moving.frame(0, trace)
    assert words(figure)["every bit right"] == TARGET
    assert "before training" in words(figure)
    letters = "".join(label.get_text() for label in figure.axes[1].get_xticklabels())
    assert letters == f" {moving.TEXT.decode()} {moving.TEXT.decode()}"


def test_the_committed_picture_moves_and_rests_on_its_last_frame():
    with Image.open(ROOT / "docs" / "training.gif") as image:
        frames, size, times = image.n_frames, image.size, []
        for index in range(frames):
            image.seek(index)
            times.append(image.info["duration"])
    assert 30 <= frames <= 45
    assert size[0] == 900
    assert times == [moving.FIRST, *[moving.MILLISECONDS] * (frames - 2), moving.LAST]
    assert (ROOT / "docs" / "training.gif").stat().st_size < MOST_BYTES


@pytest.mark.slow
def test_the_committed_picture_is_the_one_that_the_command_makes(tmp_path):
    moving.main(str(tmp_path / "training.gif"))
    with Image.open(tmp_path / "training.gif") as made, Image.open(ROOT / "docs" / "training.gif") as kept:
        assert made.n_frames == kept.n_frames
        for index in (0, made.n_frames // 3, made.n_frames - 1):
            made.seek(index)
            kept.seek(index)
            assert made.convert("RGB").tobytes() == kept.convert("RGB").tobytes()
