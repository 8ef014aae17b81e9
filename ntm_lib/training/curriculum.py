"""Which lengths a machine meets, and with how many rows of memory: schedules over a training."""

import math

import torch
from torch import Generator


def longest(curriculum: str, max_length: int, progress: float, power: float, level: int) -> int:
    """The longest length that may be drawn now, from 1 to max_length.

    "uniform": always max_length; "power": max_length * progress ** power (the post's law has power 1.5);
    "adaptive": the level that the machine has earned.
    """
    if curriculum == "uniform":
        return max_length
    if curriculum == "power":
        return min(max_length, max(1, math.ceil(max_length * progress**power)))
    return min(max_length, level)


def draw_length(top: int, max_length: int, any_length: float, generator: Generator) -> int:
    """A length from 1 to `top`, or with probability `any_length` from 1 to `max_length`."""
    if float(torch.rand((), generator=generator)) < any_length:
        top = max_length
    return int(torch.randint(1, top + 1, (), generator=generator))


def draw_rows(smallest: int, largest: int, generator: Generator) -> int:
    """A number of memory rows, log-uniform from `smallest` to `largest` (or `smallest` where that is larger)."""
    low, high = math.log(smallest), math.log(max(smallest, largest))
    return round(math.exp(low + (high - low) * float(torch.rand((), generator=generator))))
