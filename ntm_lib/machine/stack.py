"""Many machines of one kind in one call: `torch.func.functional_call(machine, stack(machines), (inputs,))`.

The batch then holds P blocks of sequences, one machine's after the other's.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional


def stack(machines: Sequence[nn.Module]) -> dict[str, Tensor]:
    """All parameters and buffers by name, each (P, ...); gradients reach the machines' own parameters."""
    parts = [dict(machine.named_parameters()) | dict(machine.named_buffers()) for machine in machines]
    return {name: torch.stack([part[name] for part in parts]) for name in parts[0]}


class Linear(nn.Linear):
    """`nn.Linear` whose weight (out, in) and bias (out) may be stacks, (P, out, in) and (P, out).

    A machine alone is a stack of one, so that its numbers are, bit for bit, those it has in a larger stack.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x (B, ..., in) -> (B, ..., out)."""
        weight = self.weight.view(-1, self.out_features, self.in_features)
        bias = self.bias.view(-1, 1, self.out_features)
        blocks = x.reshape(len(weight), -1, self.in_features)  # (P, B / P, in)
        if self.out_features == 1:  # a product with one column has another order of sums for one machine than for many
            column = functional.pad(weight, (0, 0, 0, 1)).mT  # (P, in, 2)
            return (blocks @ column)[..., :1].add(bias).reshape(*x.shape[:-1], 1)
        return torch.baddbmm(bias, blocks, weight.mT).reshape(*x.shape[:-1], -1)


def linear(inputs: int, outputs: int, generator: Generator | None = None) -> Linear:
    """A linear layer with PyTorch's first weights, drawn from `generator` (None: from torch's global one)."""
    layer = Linear(inputs, outputs, device="meta").to_empty(device=torch.get_default_device())
    bound = 1 / math.sqrt(inputs)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def for_each_sequence(part: Tensor, ndim: int, batch_size: int) -> Tensor:
    """A copy for every sequence of a part of `ndim` axes, or of a stack of P parts with one axis more -> (B, ...)."""
    parts = part if part.ndim > ndim else part.unsqueeze(0)
    blocks = parts.unsqueeze(1).expand(-1, batch_size // len(parts), *[-1] * ndim)
    return blocks.flatten(0, 1)
