"""Lengths and rows of the batches that a training draws, as lists of numbers to look at."""

from typing import NamedTuple

from ntm_lib.tasks import copying_for
from ntm_lib.training.curriculum import draw_shape
from ntm_lib.training.recipe import Recipe


class Schedule(NamedTuple):
    """Of the first updates of a training, the length of the sequences and the rows of the memory."""

    lengths: list[int]
    rows: list[int]


def schedule_of(recipe: Recipe, updates: int) -> Schedule:
    """The lengths and memory sizes that a recipe's first updates draw while its machine is on level 1.

    ValueError for a recipe that leaves the number of rows to its machine.
    """
    needed = copying_for(recipe.machine, recipe.payload).rows_needed
    shapes = [draw_shape(recipe, update, 1, needed) for update in range(updates)]
    rows = [shape.rows for shape in shapes if shape.rows is not None]
    if len(rows) < len(shapes):
        raise ValueError(f"recipe {recipe.name} has largest_memory 0, so it draws no memory sizes: expected a size")
    return Schedule([shape.length for shape in shapes], rows)
