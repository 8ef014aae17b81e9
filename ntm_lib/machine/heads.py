"""From the controller's output to the numbers that each head emits, and which heads share a weighting.

Read heads come first, then write heads; with "single" weightings read head i and write head i share one.
"""

from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from ntm_lib.machine.stack import linear

Weightings = Literal["separate", "single", "shared-previous"]


class Emission(NamedTuple):
    """The numbers that all heads emit in one step (section 3.3): A addressing heads, W write heads."""

    key: Tensor  # (B, A, M)  k, any real number
    beta: Tensor  # (B, A)     key strength, >= 0
    g: Tensor  # (B, A)     interpolation gate, 0..1
    s: Tensor  # (B, A, S)  shift weighting, sums to 1
    gamma: Tensor  # (B, A)     sharpening, >= 1
    erase: Tensor  # (B, W, M)  e, 0..1
    add: Tensor  # (B, W, M)  a, any real number


class Heads(nn.Module):
    """One linear layer from the controller's output to everything that all heads emit."""

    def __init__(
        self,
        controller_size: int,
        word_size: int,
        read_heads: int,
        write_heads: int,
        shift_range: int,
        weightings: Weightings,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.read_heads, self.write_heads, self.weightings = read_heads, write_heads, weightings
        self.addressing_heads = read_heads if weightings == "single" else read_heads + write_heads
        per_address = [word_size, 1, 1, 2 * shift_range + 1, 1]
        self.sizes = [n * self.addressing_heads for n in per_address] + [word_size * write_heads] * 2
        self.linear = linear(controller_size, sum(self.sizes), generator)

    def forward(self, h: Tensor) -> Emission:
        """Split the linear layer's output and bring each part into its range: h (B, hidden)
        -> Emission."""
        key, beta, g, s, gamma, erase, add = self.linear(h).split(self.sizes, dim=-1)
        heads, batch_size = self.addressing_heads, len(h)
        return Emission(
            key=key.view(batch_size, heads, -1),
            beta=functional.softplus(beta),
            g=torch.sigmoid(g),
            s=torch.softmax(s.view(batch_size, heads, -1), dim=-1),
            gamma=1 + functional.softplus(gamma),
            erase=torch.sigmoid(erase).view(batch_size, self.write_heads, -1),
            add=add.view(batch_size, self.write_heads, -1),
        )

    @property
    def rows(self) -> dict[str, slice]:
        """Where each part of an `Emission` stands among the linear layer's outputs, by the part's name."""
        ends = pairwise(accumulate(self.sizes, initial=0))
        return {name: slice(*span) for name, span in zip(Emission._fields, ends, strict=True)}

    def previous(self, weights: Tensor) -> Tensor:
        """The weighting each head interpolates from (Eq. 7): its own, or with "shared-previous" the
        first writer's."""
        if self.weightings == "shared-previous":
            return weights[:, self.read_heads : self.read_heads + 1].expand_as(weights)
        return weights

    def reading(self, weights: Tensor) -> Tensor:
        """The read heads' part of all weightings: (B,A,N) -> (B,R,N)."""
        return weights[:, : self.read_heads]

    def writing(self, weights: Tensor) -> Tensor:
        """The write heads' part of all weightings: (B,A,N) -> (B,W,N)."""
        return weights[:, -self.write_heads :]
