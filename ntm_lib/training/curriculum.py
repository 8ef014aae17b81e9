"""Which lengths a machine is trained on, and with how many rows of memory: both depend on the update number alone."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Generator
from torch.quasirandom import SobolEngine

from ntm_lib.training.recipe import Recipe

SCHEDULE = 0  # seed of lengths and rows, one for all trainings; a training's own seed decides all the rest
BLOCK = 1024  # updates whose numbers are worked out at a time
LARGEST_MEMORY_SETTLING = 1000  # most rows of a large memory
MIXED = 0.2  # share of the updates that draw from all lengths, with the curriculum "mixed"


class Chances(NamedTuple):
    """Four numbers from 0 up to 1 that decide the shape of one update."""

    any_length: float
    length: float
    large: float
    rows: float


class Shape(NamedTuple):
    """Length and rows of one update."""

    length: int
    rows: int | None  # None: the machine's own number
    large: bool  # whether it is a large memory, in which the handicap applies


def draw_shape(recipe: Recipe, update: int, level: int, settling: bool, rows_needed: Callable[[int], int]) -> Shape:
    """Length and rows of an update, as the recipe's curriculum has them; `level` is for the adaptive curriculum."""
    curriculum, chance = recipe.historical.curriculum, chances(update, recipe.historical.draws)
    top = longest(curriculum, recipe.max_length, update / recipe.updates, level)
    length = draw_length(curriculum, top, recipe.max_length, chance)
    if not recipe.largest_memory:
        return Shape(length, None, large=False)
    large = settling and chance.large < recipe.large_memories
    most = LARGEST_MEMORY_SETTLING if large else recipe.largest_memory
    return Shape(length, draw_rows(rows_needed(length) + 2, most, chance), large)


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


def chances(update: int, draws: str = "even") -> Chances:
    """The numbers of one update; "even": they fill the range over any stretch of updates (a scrambled Sobol sequence).

    "independent" numbers leave lengths out for long by chance, and as all seeds share them, many seeds fail together.
    """
    return Chances(*points(update // BLOCK, draws)[update % BLOCK])


@lru_cache(maxsize=8)
def points(block: int, draws: str) -> list[list[float]]:
    """The numbers of `BLOCK` updates in a row."""
    if draws == "independent":
        generator = Generator().manual_seed(SCHEDULE * 1_000_003 + block)
        table = torch.rand(BLOCK, len(Chances._fields), generator=generator, dtype=torch.float64)
    else:
        engine: Any = SobolEngine(len(Chances._fields), scramble=True, seed=SCHEDULE)  # type: ignore[no-untyped-call]
        table = engine.fast_forward(block * BLOCK).draw(BLOCK, dtype=torch.float64)
    numbers: list[list[float]] = table.tolist()
    return numbers
