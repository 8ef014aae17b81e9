"""Many machines of one kind in one call: their parameters stacked along a leading axis, one entry a machine.

`torch.func.functional_call(machine, stack(machines), (inputs,))` runs P machines side by side, and each as if it ran
alone. The batch then holds P blocks of sequences, one machine's after the other's.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def stack(machines: Sequence[nn.Module]) -> dict[str, Tensor]:
    """All parameters and buffers by name, each (P, ...); gradients reach the machines' own parameters."""
    parts = [dict(machine.named_parameters()) | dict(machine.named_buffers()) for machine in machines]
    return {name: torch.stack([part[name] for part in parts]) for name in parts[0]}


class Linear(nn.Linear):
    """`nn.Linear` whose weight (out, in) and bias (out) may be stacks, (P, out, in) and (P, out)."""

    def forward(self, x: Tensor) -> Tensor:
        """x (B, ..., in) -> (B, ..., out)."""
        if self.weight.ndim == 2:
            return super().forward(x)
        blocks = x.reshape(len(self.weight), -1, x.shape[-1])  # (P, B / P, in)
        return torch.baddbmm(self.bias.unsqueeze(1), blocks, self.weight.mT).reshape(*x.shape[:-1], -1)


def for_each_sequence(part: Tensor, ndim: int, batch_size: int) -> Tensor:
    """What every sequence starts from: a part of `ndim` axes, or a stack of P with one more -> (B, ...)."""
    parts = part if part.ndim > ndim else part.unsqueeze(0)
    blocks = parts.unsqueeze(1).expand(-1, batch_size // len(parts), *[-1] * ndim)
    return blocks.flatten(0, 1)
