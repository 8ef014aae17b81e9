"""The example that runs through the series: five slots of three numbers, small enough to work by hand."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.machine import addressing


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


class Stages(NamedTuple):
    """What addressing makes of a key and a previous weighting, stage by stage, each (B, H, N)."""

    similarity: Tensor  # Eq. 6
    w_c: Tensor  # Eq. 5
    w_g: Tensor  # Eq. 7
    w_s: Tensor  # Eq. 8
    w: Tensor  # Eq. 9


def stages(
    memory: Tensor, w_previous: Tensor, key: Tensor, beta: Tensor, g: Tensor, s: Tensor, gamma: Tensor
) -> Stages:
    """The stages of `addressing.address` in order, none left out; arguments and shapes as there."""
    w_c = addressing.content_weights(memory, key, beta)
    w_g = addressing.interpolate(w_c, w_previous, g)
    w_s = addressing.shift(w_g, s)
    return Stages(addressing.cosine_similarity(memory, key), w_c, w_g, w_s, addressing.sharpen(w_s, gamma))
