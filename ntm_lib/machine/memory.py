"""The memory matrix, and how heads read and write it (Eqs. 2-4): B sequences, H heads, N rows, M numbers a row."""

from torch import Tensor

from ntm_lib.machine.stack import for_each_sequence


def initial_memory(rows: Tensor, batch_size: int, memory_size: int) -> Tensor:
    """A memory for every sequence, from one row (1,M), repeated, or all rows (N,M), or a stack of either -> (B,N,M).

    >>> import torch
    >>> initial_memory(torch.tensor([[5.0, 7.0]]), batch_size=1, memory_size=3).tolist()
    [[[5.0, 7.0], [5.0, 7.0], [5.0, 7.0]]]
    """
    return for_each_sequence(rows.expand(*rows.shape[:-2], memory_size, -1), 2, batch_size)


def read(memory: Tensor, weights: Tensor) -> Tensor:
    """Blend the rows by each head's weighting (Eq. 2): (B,N,M), (B,H,N) -> (B,H,M).

    >>> import torch
    >>> read(torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[0.5, 0.5]]])).tolist()
    [[[3.0]]]
    """
    return weights @ memory


def erase(memory: Tensor, weights: Tensor, e: Tensor) -> Tensor:
    """Scale every number down where a head points and erases (Eq. 3): (B,N,M), (B,H,N), (B,H,M)
    -> (B,N,M).

    >>> import torch
    >>> memory, weights = torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[0.0, 1.0]]])
    >>> erase(memory, weights, torch.tensor([[[0.5]]])).tolist()
    [[[2.0], [2.0]]]
    """
    keep = 1 - weights.unsqueeze(-1) * e.unsqueeze(-2)  # (B, H, N, M)
    return memory * keep.prod(dim=-3)


def add(memory: Tensor, weights: Tensor, a: Tensor) -> Tensor:
    """Add every head's vector where the head points (Eq. 4): (B,N,M), (B,H,N), (B,H,M) -> (B,N,M).

    >>> import torch
    >>> memory, weights = torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[0.0, 1.0]]])
    >>> add(memory, weights, torch.tensor([[[3.0]]])).tolist()
    [[[2.0], [7.0]]]
    """
    return memory + weights.mT @ a


def write(memory: Tensor, weights: Tensor, e: Tensor, a: Tensor) -> Tensor:
    """All heads erase, then all heads add (Eqs. 3 and 4): (B,N,M), (B,H,N), (B,H,M), (B,H,M)
    -> (B,N,M).

    >>> import torch
    >>> memory, weights = torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[0.0, 1.0]]])
    >>> write(memory, weights, e=torch.tensor([[[1.0]]]), a=torch.tensor([[[3.0]]])).tolist()
    [[[2.0], [3.0]]]
    """
    return add(erase(memory, weights, e), weights, a)
