"""Limits: what is too large is refused before it runs, and the time of a copy is told within an order of magnitude."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from ntm_lib import load
from ntm_lib.study import limits
from ntm_lib.training import recipes
from ntm_lib.training.evaluation import evaluate

MACHINE = Path(__file__).parents[2] / "data" / "machines" / "two_weightings"


@pytest.fixture(scope="module")
def model():
    return load(MACHINE)[0]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ((20, 10**23, None), "sequences is 1.*: expected at most 1,000,000"),
        ((10**7, 1, None), "length is 10000000: expected at most 1,000,000"),
        ((20, 1, 10**20), "1 × 20 vectors at once with memory_size 1.* GB, and this computer has .* fewer rows"),
    ],
)
def test_copies_that_are_too_large_are_refused(model, asked, complaint):
    with pytest.raises(ValueError, match=complaint):
        limits.seconds_of_copies(model, *asked)


def test_the_time_of_copies_is_about_right(model):
    started = time.process_time()
    evaluate(model, [150], 60)
    took = time.process_time() - started
    assert took / 10 < limits.seconds_of_copies(model, 150, 60, None) < 10 * took


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"machine": replace(recipes.reliable.machine, output_size=7)},
            "10 inputs and 7 outputs: a copy",
        ),
        ({"batch_size": 10**9}, "1,000,000,000 × 10 vectors at once"),
        ({"machine": replace(recipes.reliable.machine, controller_size=10**9)}, "a smaller machine"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused(changes, complaint):
    limits.require_trainable(recipes.reliable)
    with pytest.raises(ValueError, match=complaint):
        limits.require_trainable(replace(recipes.reliable, **changes))
