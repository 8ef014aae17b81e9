"""Walking: how sharp a focus stays that moves one row a step, when each step leaves a little of it behind.

The leak is the share of the shift weighting that stays, s = (0, leak, 1 - leak). Shapes: H settings, N rows.
"""

import torch
from torch import Tensor

from ntm_lib.machine import addressing


def follower(leak: Tensor, gamma: Tensor, steps: int) -> Tensor:
    """Weight of the row behind, as a share of that in front, after 0 to `steps` steps: (H), (H)
    -> (steps + 1, H).

    By Eqs. 8 and 9 a share r becomes (leak / (1 - leak) + r) ** gamma, whatever the rows further
    behind hold.
    """
    shares = [torch.zeros_like(leak)]
    for _ in range(steps):
        shares.append((leak / (1 - leak) + shares[-1]) ** gamma)
    return torch.stack(shares)


def slips_after(leak: Tensor, gamma: Tensor, steps: int) -> Tensor:
    """First step after which the row behind has the larger weight: (H), (H) -> (H), infinity for
    none of `steps`."""
    behind = follower(leak, gamma, steps) > 1
    return torch.where(behind.any(0), behind.float().argmax(0), torch.inf)


def largest_leak(gamma: Tensor) -> Tensor:
    """Largest leak that sharpening heals for ever, 0 for gamma = 1: (H) -> (H).

    At that leak the line r touches the curve (a + r) ** gamma, with a = leak / (1 - leak).
    """
    a = torch.where(gamma > 1, gamma ** (1 / (1 - gamma)) * (1 - 1 / gamma), 0.0)
    return a / (1 + a)


def farthest(found: float, g: float, length: int) -> float:
    """Length from which on a jump is missed, by the key's weight on the right row (w^c) and the gate at one length.

    A jump lands right while g found > 1 - g, and the other rows' weight relative to the right one grows with length.
    """
    others, others_at_most = (1 - found) / found, g / (1 - g) - 1
    return max(0.0, length * others_at_most / others)


def walk(leak: Tensor, gamma: Tensor, steps: int, rows: int) -> Tensor:
    """Walk from row 0 by the machine's own shift and sharpening: (H), (H) -> weightings
    (steps + 1, H, N)."""
    weights = [torch.eye(rows)[:1].expand(len(leak), -1)]
    s = torch.stack([torch.zeros_like(leak), leak, 1 - leak], dim=-1)  # (H, 3)
    for _ in range(steps):
        weights.append(addressing.sharpen(addressing.shift(weights[-1], s), gamma))
    return torch.stack(weights)


def counted_from_goal(weights: Tensor, ahead: int, behind: int) -> Tensor:
    """Shift each weighting of a walk, so that the right row always has place `ahead`.

    (steps + 1, H, N) -> (steps + 1, H, ahead + 1 + behind): from `ahead` rows in front to `behind` rows behind.
    """
    rows = weights.shape[-1]
    places = torch.arange(len(weights))[:, None] - torch.arange(-ahead, behind + 1)  # (steps + 1, K)
    return weights.gather(-1, (places % rows)[:, None].expand(-1, weights.shape[1], -1))
