"""Which lengths a machine is trained on, and with how many rows of memory: both depend on the update number alone."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Generator

from ntm_lib.training.recipe import Recipe

SCHEDULE = 0  # seed of lengths and rows, one for all trainings; a training's own seed decides all the rest
BLOCK = 1024  # updates whose numbers are worked out at a time
MIXED = 0.2  # share of the updates that draw from all lengths, with the curriculum "mixed"


class Chances(NamedTuple):
    """Four numbers from 0 up to 1 that decide the shape of one update."""

    any_length: float  # whether a "mixed" curriculum draws from all lengths, and the crowd while settling
    length: float
    rows: float
    other: float = 0.0  # the second number of a size, for tasks whose sizes have two


class Shape(NamedTuple):
    """Length, rows and crowd of one update."""

    length: int
    rows: int | None  # None: the machine's own number
    crowd: float = 1.0


def draw_shape(
    recipe: Recipe, update: int, level: int, rows_needed: Callable[[int], int], settling: bool = False
) -> Shape:
    """The shape of an update, as the recipe has it; `level` is for the adaptive curriculum."""
    curriculum, chance = recipe.historical.curriculum, chances(update)
    top = longest(curriculum, recipe.max_length, update / recipe.updates, level)
    length = draw_length(curriculum, top, recipe.max_length, chance)
    rows = draw_rows(rows_needed(length) + 2, recipe.largest_memory, chance) if recipe.largest_memory else None
    return Shape(length, rows, recipe.settle_crowd**chance.any_length if settling else 1.0)


def longest(curriculum: str, max_length: int, progress: float, level: int) -> int:
    """The longest length that may be drawn now, from 1 to max_length.

    "uniform" and "longest": always max_length; "power" and "mixed": max_length * progress ** 1.5, the law of the 2014
    post; "ramp": max_length * progress; "adaptive": the level that the machine has reached.
    """
    if curriculum in ("uniform", "longest"):
        return max_length
    if curriculum == "adaptive":
        return min(max_length, level)
    power = 1.0 if curriculum == "ramp" else 1.5
    return min(max_length, max(1, math.ceil(max_length * float(progress**power))))


def draw_length(curriculum: str, top: int, max_length: int, chance: Chances) -> int:
    """A length from 1 to `top`; "mixed": in a fifth of all updates from 1 to `max_length`.

    "ramp" and "longest": `top` itself.
    """
    if curriculum == "mixed" and chance.any_length < MIXED:
        return 1 + int(chance.length * max_length)
    return top if curriculum in ("ramp", "longest") else 1 + int(chance.length * top)


def draw_rows(smallest: int, largest: int, chance: Chances) -> int:
    """A number of memory rows, log-uniform from `smallest` to `largest` (or `smallest` where that is larger)."""
    low, high = math.log(smallest), math.log(max(smallest, largest))
    return round(math.exp(low + (high - low) * chance.rows))


def chances(update: int) -> Chances:
    """The numbers of one update."""
    return Chances(*points(update // BLOCK)[update % BLOCK])


@lru_cache(maxsize=8)
def points(block: int) -> list[list[float]]:
    """The numbers of `BLOCK` updates in a row."""
    generator = Generator().manual_seed(SCHEDULE * 1_000_003 + block)
    numbers = torch.rand(BLOCK, 4, generator=generator, dtype=torch.float64)
    kept: list[list[float]] = numbers[:, [0, 1, 3, 2]].tolist()  # the order in which version 0.1.0 drew them
    return kept
