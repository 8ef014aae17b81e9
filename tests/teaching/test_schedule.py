"""Schedules: what is listed is what a training draws."""

from dataclasses import replace

import pytest

from ntm_lib.teaching.schedule import schedule_of
from ntm_lib.training import recipes
from ntm_lib.training.run import Run, draw


def test_lengths_and_rows_are_those_of_the_updates_of_a_training():
    schedule = schedule_of(recipes.reliable, 5)
    run, drawn = Run(recipes.reliable, seed=11), []
    for update in range(5):
        run.progress.update = update
        drawn.append(draw(run).shape)
    assert [shape.length for shape in drawn] == schedule.lengths
    assert [shape.rows for shape in drawn] == schedule.rows


def test_a_recipe_without_memory_sizes_is_named():
    with pytest.raises(ValueError, match="recipe post_like has largest_memory 0, so it draws no memory sizes"):
        schedule_of(replace(recipes.reliable, name="post_like", largest_memory=0), 7)
