"""How sharp a focus stays that walks a row a step, when every step leaves a little of it behind.

The leak is the share of the shift that stays where it is, s = (0, leak, 1 - leak). Shapes: H settings, N rows.
"""

import torch
from torch import Tensor

from ntm_lib.machine import addressing


def follower(leak: Tensor, gamma: Tensor, steps: int) -> Tensor:
    """Weight of the row behind, as a share of that in front, after 0 to `steps` steps: (H), (H) -> (steps + 1, H).

    Eqs. 8 and 9 make r' = (leak / (1 - leak) + r) ** gamma of it, whatever stands further behind.
    """
    shares = [torch.zeros_like(leak)]
    for _ in range(steps):
        shares.append((leak / (1 - leak) + shares[-1]) ** gamma)
    return torch.stack(shares)


def slips_after(leak: Tensor, gamma: Tensor, steps: int) -> Tensor:
    """The first step after which the row behind has the larger weight, or infinity where none of `steps` is: (H)."""
    behind = follower(leak, gamma, steps) > 1
    return torch.where(behind.any(0), behind.float().argmax(0), torch.inf)


def largest_leak(gamma: Tensor) -> Tensor:
    """The largest leak that sharpening heals for ever; 0 for gamma = 1: (H) -> (H).

    At that leak the line r touches the curve (a + r) ** gamma, with a = leak / (1 - leak).
    """
    a = torch.where(gamma > 1, gamma ** (1 / (1 - gamma)) * (1 - 1 / gamma), 0.0)
    return a / (1 + a)


def farthest(found: float, g: float, length: int) -> float:
    """The length from which on a jump is missed, by what its key found (w^c of the right row) and its gate at one.

    It lands right while g found > 1 - g, and all other rows' weight beside the right one's grows like the length.
    """
    others, others_at_most = (1 - found) / found, g / (1 - g) - 1
    return max(0.0, length * others_at_most / others)


def walk(leak: Tensor, gamma: Tensor, steps: int, rows: int) -> Tensor:
    """The same by the machine's own shift and sharpening, from row 0 on: (H), (H) -> (steps + 1, H, N)."""
    weights = [torch.eye(rows)[:1].expand(len(leak), -1)]
    s = torch.stack([torch.zeros_like(leak), leak, 1 - leak], dim=-1)  # (H, 3)
    for _ in range(steps):
        weights.append(addressing.sharpen(addressing.shift(weights[-1], s), gamma))
    return torch.stack(weights)


def counted_from_goal(weights: Tensor, ahead: int, behind: int) -> Tensor:
    """A walk (steps + 1, H, N) seen from where it should be: rows from `ahead` in front to `behind` behind it.

    -> (steps + 1, H, ahead + 1 + behind); place `ahead` is the right row.
    """
    rows = weights.shape[-1]
    places = torch.arange(len(weights))[:, None] - torch.arange(-ahead, behind + 1)  # (steps + 1, K)
    return weights.gather(-1, (places % rows)[:, None].expand(-1, weights.shape[1], -1))
