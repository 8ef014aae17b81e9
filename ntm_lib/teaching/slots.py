"""The example that runs through the series: five slots of three numbers, small enough to work by hand."""

import math

import torch
from torch import Tensor


def five_slots() -> Tensor:
    """The memory of the example, (1, 5, 3): two slots that resemble each other, an empty one, two of other directions.

    Slot 2 has length 2, slot 3 is empty, and all others have length 1.
    """
    rows = [[0.8, 0.0, 0.6], [0.6, 0.8, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, -0.6, 0.8]]
    return torch.tensor([rows])


def key_at(degrees: float) -> Tensor:
    """A key of length 1 in the plane of the first two numbers, (1, 1, 3): 0 points along the first, 90 the second."""
    angle = math.radians(degrees)
    return torch.tensor([[[math.cos(angle), math.sin(angle), 0.0]]])


def focus_on(slot: int, slots: int = 5) -> Tensor:
    """A weighting with all weight on one slot, (1, 1, slots); IndexError for a slot beyond the last."""
    weights = torch.zeros(1, 1, slots)
    weights[..., slot] = 1
    return weights
