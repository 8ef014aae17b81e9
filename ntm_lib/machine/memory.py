"""The memory matrix and what heads do to it (Eqs. 2-4).

Shapes: B sequences, H heads, N memory locations (rows), M numbers a row.
"""

from torch import Tensor


def initial_memory(rows: Tensor, batch_size: int, memory_size: int) -> Tensor:
    """A fresh memory for every sequence: rows (1,M), repeated, or (N,M), as they are -> (B,N,M)."""
    return rows.expand(batch_size, memory_size, rows.shape[-1])


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


def write(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
    """All heads erase, then all heads add (Eqs. 3 and 4): (B,N,M), (B,H,N), (B,H,M), (B,H,M) -> (B,N,M)."""
    return _add(_erase(memory, weights, erase), weights, add)


_erase, _add = erase, add  # `write` has parameters of these names
