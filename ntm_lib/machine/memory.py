"""The memory matrix and what heads do to it (Eqs. 2-4).

Shapes: B sequences, H heads, N memory locations (rows), M numbers a row.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ntm_lib.machine.stack import for_each_sequence


def initial_memory(rows: Tensor, batch_size: int, memory_size: int) -> Tensor:
    """A fresh memory for every sequence: rows (1,M), repeated, or (N,M), as they are -> (B,N,M); or a stack of them."""
    return for_each_sequence(rows.expand(*rows.shape[:-2], memory_size, -1), 2, batch_size)


def read(memory: Tensor, weights: Tensor) -> Tensor:
    """The blend of rows that each head looks at (Eq. 2): (B,N,M), (B,H,N) -> (B,H,M)."""
    return weights @ memory


def erase(memory: Tensor, weights: Tensor, erase: Tensor) -> Tensor:
    """Scale every number down where a head points and erases (Eq. 3): (B,N,M), (B,H,N), (B,H,M) -> (B,N,M).

    Several heads multiply their factors, so their order does not matter.
    """
    keep = 1 - weights.unsqueeze(-1) * erase.unsqueeze(-2)  # (B, H, N, M)
    return memory * (keep.squeeze(1) if keep.shape[1] == 1 else keep.prod(dim=1))


def add(memory: Tensor, weights: Tensor, add: Tensor) -> Tensor:
    """Add every head's vector where it points (Eq. 4): (B,N,M), (B,H,N), (B,H,M) -> (B,N,M)."""
    return memory.baddbmm(weights.mT, add)


def write(
    memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor, room: tuple[Tensor, Tensor] | None = None
) -> Tensor:
    """All heads erase, then all heads add (Eqs. 3 and 4): (B,N,M), (B,H,N), (B,H,M), (B,H,M) -> (B,N,M).

    Without autograd, `room` for two memories spares new ones: the first then holds the result of a single head, and
    may be `memory` itself.
    """
    if weights.shape[1] > 1:
        return _add(_erase(memory, weights, erase), weights, add)
    if room is not None:
        return _write_one_head(memory, weights, erase, add, room)
    return _WriteOneHead.apply(memory, weights, erase, add)


_erase, _add = erase, add  # `write` has parameters of these names


def _write_one_head(
    memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor, room: tuple[Tensor | None, Tensor | None]
) -> Tensor:
    """Eqs. 3 and 4 for one head, M (1 - w e) + w a, as M + w (a - e M): two passes over the memory instead of four."""
    change = torch.addcmul(add, erase, memory, value=-1, out=room[1])
    return torch.addcmul(memory, weights.mT, change, out=room[0])


class _WriteOneHead(torch.autograd.Function):
    """The same with its derivative written out: autograd would keep and pass over four matrices of memory's size."""

    @staticmethod
    def forward(ctx: Any, memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
        ctx.save_for_backward(memory, weights, erase, add)
        return _write_one_head(memory, weights, erase, add, room=(None, None))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        memory, weights, erase, add = ctx.saved_tensors
        product = grad * memory  # (B, N, M)
        grad_weights = add @ grad.mT - erase @ product.mT
        grad_erase, grad_add = -(weights @ product), weights @ grad
        erased = torch.mul(grad, erase, out=product)
        grad_memory = torch.addcmul(grad, weights.mT, erased, value=-1, out=product)
        return grad_memory, grad_weights, grad_erase, grad_add
