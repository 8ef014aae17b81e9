"""Which lengths a machine meets, and with how many rows of memory: schedules over a training.

The chances of an update depend on its number and on nothing that one machine knows, so that machines which learn side
by side meet the same lengths and rows at the same update and can share a pass.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Generator
from torch.quasirandom import SobolEngine

BLOCK = 1024
"""Updates whose numbers are worked out at a time."""


def longest(curriculum: str, max_length: int, progress: float, power: float, level: int) -> int:
    """The longest length that may be drawn now, from 1 to max_length.

    "uniform": always max_length; "power" and "ramp": max_length * progress ** power (the post's law has power 1.5);
    "adaptive": the level that the machine has earned.
    """
    if curriculum == "uniform":
        return max_length
    if curriculum in ("power", "ramp"):
        return min(max_length, max(1, math.ceil(max_length * progress**power)))
    return min(max_length, level)


class Chances(NamedTuple):
    """Four numbers from 0 up to 1 that decide the shape of one update."""

    any_length: float
    length: float
    large: float
    rows: float


def chances(schedule: int, update: int, draws: str = "even") -> Chances:
    """The numbers of one update; `schedule` tells one sequence of them from another.

    "even": over any stretch of updates they fill the range (a scrambled Sobol sequence); "independent": they know
    nothing of each other, leave lengths out for long by chance, and a chance that all seeds share fails many at once.
    """
    return Chances(*_points(schedule, update // BLOCK, draws)[update % BLOCK])


@lru_cache(maxsize=8)
def _points(schedule: int, block: int, draws: str) -> list[list[float]]:
    """A stretch of the sequence."""
    if draws == "independent":
        generator = Generator().manual_seed(schedule * 1_000_003 + block)
        return torch.rand(BLOCK, len(Chances._fields), generator=generator, dtype=torch.float64).tolist()
    engine = SobolEngine(len(Chances._fields), scramble=True, seed=schedule)
    return engine.fast_forward(block * BLOCK).draw(BLOCK, dtype=torch.float64).tolist()


def draw_length(curriculum: str, top: int, max_length: int, any_length: float, chance: Chances) -> int:
    """A length from 1 to `top`, or in the share `any_length` of all updates from 1 to `max_length`.

    "ramp" draws `top` itself and nothing shorter: what a first idea of a curriculum does.
    """
    if chance.any_length < any_length:
        return 1 + int(chance.length * max_length)
    return top if curriculum == "ramp" else 1 + int(chance.length * top)


def draw_rows(smallest: int, largest: int, chance: Chances) -> int:
    """A number of memory rows, log-uniform from `smallest` to `largest` (or `smallest` where that is larger)."""
    low, high = math.log(smallest), math.log(max(smallest, largest))
    return round(math.exp(low + (high - low) * chance.rows))
