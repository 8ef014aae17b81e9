"""Heads under orders: moves by name take the place of a controller, on the five slots of `slots`."""

from collections.abc import Callable

import torch
from torch import Tensor

from ntm_lib.machine import addressing, memory
from ntm_lib.teaching.slots import five_slots

Orders = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Everything that steers the heads in one step: key (1, H, M), beta, g (1, H), s (1, H, S), gamma (1, H)."""

SURE = 50.0  # a key strength at which a slot that differs from the key gets no weight


def orders(*moves: str | int) -> Orders:
    """One move for each head: "stay", "forward", "backward", or a slot of `five_slots` to jump to by its content.

    Raises ValueError for any other move.
    """
    steps = ("backward", "stay", "forward")
    for move in moves:
        if move not in (*steps, *range(5)):
            raise ValueError(f"move is {move!r}: expected 'backward', 'stay', 'forward' or a slot from 0 to 4")
    key = five_slots()[:, [move if isinstance(move, int) else 0 for move in moves]]
    g = torch.tensor([[float(isinstance(move, int)) for move in moves]])
    s = torch.eye(3)[None, [steps.index(move) if isinstance(move, str) else 1 for move in moves]]
    return key, torch.full_like(g, SURE), g, s, torch.ones_like(g)


def follow(tape: Tensor, weights: Tensor, told: list[Orders], previous: Callable[[Tensor], Tensor]) -> Tensor:
    """Weightings of heads under orders, step by step: tape (1, N, M), first weights (1, H, N)
    -> (T, H, N).

    `previous` picks the weightings that heads interpolate from, (1, H, N) -> (1, H, N) (Eq. 7).
    """
    path = []
    for emitted in told:
        weights = addressing.address(tape, previous(weights), *emitted).w
        path.append(weights[0])
    return torch.stack(path)


def echo(weights: Tensor, vectors: Tensor) -> Tensor:
    """Vectors read while others are written and both heads step forward: (1, 2, N), (T, 1, M)
    -> (T, 1, M).

    Head 0 reads and head 1 writes, beginning on a blank tape; a single head, (1, 1, N), writes and
    then reads.
    """
    tape = torch.zeros(1, weights.shape[-1], vectors.shape[-1])
    heard = []
    for vector in vectors:
        weights = weights.roll(1, dims=-1)
        tape = memory.write(tape, weights[:, -1:], torch.ones_like(vector)[None], vector[None])
        heard.append(memory.read(tape, weights[:, :1])[0])
    return torch.stack(heard)
