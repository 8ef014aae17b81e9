"""Where a head looks: the four stages of addressing, in the order of the paper's Figure 2 (Eqs. 5-9).

Equation numbers are those of Graves, Wayne and Danihelka, "Neural Turing Machines" (arXiv 1410.5401).
Shapes: B sequences, H heads, N memory locations (rows), M numbers a row, S shift offsets.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

COSINE_EPSILON = 1e-6
"""Added to a squared length inside its root, so that a row or key of zeros is similar to nothing instead of 0/0."""

SHARPEN_EPSILON = 1e-30
"""Added to a weight before its logarithm, so that an exact zero stays a (vanishing) number."""


def cosine_similarity(memory: Tensor, key: Tensor) -> Tensor:
    """How alike each key and each row are, from -1 to 1 (Eq. 6): (B,N,M), (B,H,M) -> (B,H,N)."""
    unit_key = key / (key.square().sum(-1, keepdim=True) + COSINE_EPSILON).sqrt()
    return _Similarity.apply(memory, unit_key)


class _Similarity(torch.autograd.Function):
    """Keys of length 1 times rows over their length, with the derivative written out to spare passes over memory."""

    @staticmethod
    def forward(ctx: Any, memory: Tensor, unit_key: Tensor) -> Tensor:
        square = torch.linalg.vector_norm(memory, dim=-1).square()
        row_length = (square + COSINE_EPSILON).sqrt().unsqueeze(1)  # (B, 1, N)
        similarity = (unit_key @ memory.mT).div_(row_length)  # (B, H, N)
        ctx.save_for_backward(memory, unit_key, similarity, row_length)
        return similarity

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        memory, unit_key, similarity, row_length = ctx.saved_tensors
        grad = grad / row_length
        shrink = (grad * similarity).sum(1, keepdim=True) / row_length  # (B, 1, N): what a longer row would lose
        return _outer(grad, unit_key) - memory * shrink.mT, grad @ memory


def _outer(shares: Tensor, keys: Tensor) -> Tensor:
    """A head's key times each row's share of it, summed over heads: (B,H,N), (B,H,M) -> (B,N,M).

    A compiled step does it in the pass over the memory that follows; by itself one matrix product is faster.
    """
    if torch.compiler.is_compiling():
        return sum(shares[:, head].unsqueeze(-1) * keys[:, head].unsqueeze(1) for head in range(keys.shape[1]))
    return shares.mT @ keys


def content_weights(memory: Tensor, key: Tensor, beta: Tensor) -> Tensor:
    """Weigh every row by its similarity to the key, with strength beta (Eq. 5): (B,N,M), (B,H,M), (B,H) -> (B,H,N)."""
    return torch.softmax(beta.unsqueeze(-1) * cosine_similarity(memory, key), dim=-1)


def interpolate(w_c: Tensor, w_previous: Tensor, g: Tensor) -> Tensor:
    """Blend what the key found with where the head was (Eq. 7): (B,H,N), (B,H,N), (B,H) -> (B,H,N).

    g = 1 jumps to the content, g = 0 stays with the previous weighting.
    """
    return torch.lerp(w_previous, w_c, g.unsqueeze(-1))


def shift(w_g: Tensor, s: Tensor) -> Tensor:
    """Move the focus by a blend of small circular steps (Eq. 8): (B,H,N), (B,H,S) -> (B,H,N).

    s[..., j] is the weight on an offset of j - S//2 rows: s = (0, 0, 1) moves the focus from row i to row i + 1.
    """
    return _Shift.apply(w_g, s)


class _Shift(torch.autograd.Function):
    """Eq. 8 with its derivative written out: autograd would fill a ring for every window on the way back."""

    @staticmethod
    def forward(ctx: Any, w_g: Tensor, s: Tensor) -> Tensor:
        ctx.save_for_backward(w_g, s)
        return _circular_convolution(w_g, s, reach=s.shape[-1] // 2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        w_g, s = ctx.saved_tensors
        offsets, reach = s.shape[-1], s.shape[-1] // 2
        grad_s = [(grad * moved).sum(-1) for moved in _moved(w_g, offsets, reach)]
        return _circular_convolution(grad, s.flip(-1), offsets - 1 - reach), torch.stack(grad_s, dim=-1)


def _circular_convolution(w_g: Tensor, s: Tensor, reach: int) -> Tensor:
    """Sum of the weighting moved by each offset from -reach on, times the weight on that offset."""
    w_s = torch.zeros_like(w_g)
    for j, moved in enumerate(_moved(w_g, s.shape[-1], reach)):
        w_s = w_s.addcmul(moved, s[..., j : j + 1])
    return w_s


def _moved(w_g: Tensor, offsets: int, reach: int) -> list[Tensor]:
    """The weighting moved by each offset from -reach on, as windows of one ring: the tape with its ends joined on."""
    rows, before = w_g.shape[-1], offsets - 1 - reach
    if rows < offsets:  # a tape so short that an offset may lead round it more than once
        return [w_g.roll(j - reach, dims=-1) for j in range(offsets)]
    ring = torch.cat([w_g[..., rows - before :], w_g, w_g[..., :reach]], dim=-1)
    return [ring.narrow(-1, offsets - 1 - j, rows) for j in range(offsets)]


def sharpen(w_s: Tensor, gamma: Tensor) -> Tensor:
    """Raise every weight to the power gamma and renormalise (Eq. 9): (B,H,N), (B,H) -> (B,H,N).

    Worked in logarithms: (1/N)^gamma underflows float32 for a thousand rows and gamma 15, and then divides 0 by 0.
    """
    return torch.softmax(gamma.unsqueeze(-1) * (w_s + SHARPEN_EPSILON).log(), dim=-1)


def address(
    memory: Tensor, w_previous: Tensor, key: Tensor, beta: Tensor, g: Tensor, s: Tensor, gamma: Tensor
) -> Tensor:
    """From what a head emits to its new weighting: Eqs. 5, 7, 8 and 9 in order, all heads at once -> (B,H,N)."""
    w_c = content_weights(memory, key, beta)
    w_g = interpolate(w_c, w_previous, g)
    w_s = shift(w_g, s)
    return sharpen(w_s, gamma)
