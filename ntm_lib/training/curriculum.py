"""Which lengths a machine is trained on, and with how many rows of memory: both depend on the update number alone."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Generator

from ntm_lib.training.recipe import Recipe

SCHEDULE = 0  # seed of lengths, rows and crowds, one for all trainings; a training's own seed decides all the rest
BLOCK = 1024  # updates whose numbers are worked out at a time
CROWDED = 0.5  # share of the updates while settling that have a crowd
MIXED = 0.2  # share of the updates that draw from all lengths, with the curriculum "mixed"


class Chances(NamedTuple):
    """Four numbers from 0 up to 1 that decide the shape of one update."""

    any_length: float  # whether a "mixed" curriculum draws from all lengths; otherwise how large a crowd is
    length: float
    crowded: float
    rows: float


class Shape(NamedTuple):
    """Length and rows of one update, and the crowd among which heads must find rows."""

    length: int
    rows: int | None  # None: the machine's own number
    crowd: float = 1


def draw_shape(recipe: Recipe, update: int, level: int, settling: bool, rows_needed: Callable[[int], int]) -> Shape:
    """The shape of an update, as the recipe has it; `level` is for the adaptive curriculum."""
    curriculum, chance = recipe.historical.curriculum, chances(update)
    top = longest(curriculum, recipe.max_length, update / recipe.updates, level)
    length = draw_length(curriculum, top, recipe.max_length, chance)
    rows = draw_rows(rows_needed(length) + 2, recipe.largest_memory, chance) if recipe.largest_memory else None
    return Shape(length, rows, draw_crowd(recipe.largest_crowd, chance) if settling else 1)


def longest(curriculum: str, max_length: int, progress: float, level: int) -> int:
    """The longest length that may be drawn now, from 1 to max_length.

    "uniform": always max_length; "power" and "mixed": max_length * progress ** 1.5, the law of the 2014 post; "ramp":
    max_length * progress; "adaptive": the level that the machine has reached.
    """
    if curriculum == "uniform":
        return max_length
    if curriculum == "adaptive":
        return min(max_length, level)
    power = 1.0 if curriculum == "ramp" else 1.5
    return min(max_length, max(1, math.ceil(max_length * float(progress**power))))


def draw_length(curriculum: str, top: int, max_length: int, chance: Chances) -> int:
    """A length from 1 to `top`; "ramp": `top` itself; "mixed": in a fifth of all updates from 1 to `max_length`."""
    if curriculum == "mixed" and chance.any_length < MIXED:
        return 1 + int(chance.length * max_length)
    return top if curriculum == "ramp" else 1 + int(chance.length * top)


def draw_rows(smallest: int, largest: int, chance: Chances) -> int:
    """A number of memory rows, log-uniform from `smallest` to `largest` (or `smallest` where that is larger)."""
    low, high = math.log(smallest), math.log(max(smallest, largest))
    return round(math.exp(low + (high - low) * chance.rows))


def draw_crowd(largest: float, chance: Chances) -> float:
    """A crowd, log-uniform from 1 to `largest`, in half of all updates; 1, which is none, in the others."""
    return largest**chance.any_length if chance.crowded < CROWDED else 1


def chances(update: int) -> Chances:
    """The numbers of one update."""
    return Chances(*points(update // BLOCK)[update % BLOCK])


@lru_cache(maxsize=8)
def points(block: int) -> list[list[float]]:
    """The numbers of `BLOCK` updates in a row."""
    generator = Generator().manual_seed(SCHEDULE * 1_000_003 + block)
    numbers: list[list[float]] = torch.rand(
        BLOCK, len(Chances._fields), generator=generator, dtype=torch.float64
    ).tolist()
    return numbers
