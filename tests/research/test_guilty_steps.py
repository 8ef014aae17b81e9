"""The folded pictures of lesson 6 are those of its cases, and the lesson has every one, beside a button."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from ntm_lib.teaching.cases import CASES
from ntm_lib.teaching.show import png
from research import guilty_steps

LESSON = guilty_steps.ROOT / "notebooks" / "06_break_it_then_explain.ipynb"
CELLS = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=float)


@pytest.mark.parametrize("name", guilty_steps.SHOWN)
def test_a_picture_is_the_guilty_step_of_its_case(name):
    """Up to rounding, in which processors differ."""
    kept, drawn = pixels(guilty_steps.path(name).read_bytes()), pixels(png(guilty_steps.figure(name)))
    assert kept.shape == drawn.shape and np.abs(kept - drawn).mean() < 1


@pytest.mark.parametrize("name", guilty_steps.SHOWN)
def test_the_lesson_has_it_folded_below_a_button(name):
    sources = ["".join(cell["source"]) for cell in CELLS]
    (place,) = [index for index, source in enumerate(sources) if guilty_steps.fold(name) in source]
    assert any("guilty_button(" in source for source in sources[place - 2 : place])


def test_every_case_that_goes_wrong_is_shown_and_no_other_picture_is_kept():
    assert set(guilty_steps.SHOWN) == CASES.keys() - {"healthy", "backwards"}
    kept = {path.name for path in guilty_steps.LESSONS.glob("guilty-*")}
    assert kept == {guilty_steps.path(name).name for name in guilty_steps.SHOWN}


def test_the_command_writes_the_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(guilty_steps, "LESSONS", tmp_path)
    monkeypatch.setattr(guilty_steps, "SHOWN", ("blur",))
    guilty_steps.main()
    (written,) = tmp_path.iterdir()
    assert written.name == "guilty-blur.png" and written.read_bytes() == png(guilty_steps.figure("blur"))
