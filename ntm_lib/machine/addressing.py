"""Where a head looks: the stages of addressing, in the order of the paper's Figure 2 (Eqs. 5-9).

Equation numbers are those of Graves, Wayne and Danihelka, "Neural Turing Machines" (arXiv 1410.5401).
Shapes: B sequences, H heads, N memory rows ("locations"), M numbers a row, S shift offsets.
"""

from typing import NamedTuple

import torch
from torch import Tensor

COSINE_EPSILON = 1e-6
"""Added to a squared length inside its root, so that a row or key of zeros is similar to nothing instead of 0/0."""

SHARPEN_EPSILON = 1e-30  # added to a weight before its logarithm, so that a weight of exactly zero has a logarithm too


class Stages(NamedTuple):
    """The weighting of every head after each stage of addressing from Eq. 5 on."""

    w_c: Tensor  # (B, H, N)  found by content (Eq. 5)
    w_g: Tensor  # (B, H, N)  blended with the previous weighting (Eq. 7)
    w_s: Tensor  # (B, H, N)  shifted (Eq. 8); the paper writes it with a tilde
    w: Tensor  # (B, H, N)    sharpened (Eq. 9): where the head points


def cosine_similarity(memory: Tensor, key: Tensor) -> Tensor:
    """How alike each key and each row are, from -1 to 1 (Eq. 6): (B,N,M), (B,H,M) -> (B,H,N).

    >>> memory, key = torch.eye(3).unsqueeze(0), torch.tensor([[[0.0, 2.0, 0.0]]])
    >>> cosine_similarity(memory, key).round().tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    row_length = (memory.square().sum(-1) + COSINE_EPSILON).sqrt().unsqueeze(-2)  # (B, 1, N)
    key_length = (key.square().sum(-1) + COSINE_EPSILON).sqrt().unsqueeze(-1)  # (B, H, 1)
    return key @ memory.mT / (key_length * row_length)


def content_weights(memory: Tensor, key: Tensor, beta: Tensor) -> Tensor:
    """Weigh every row by its similarity to the key, with strength beta (Eq. 5): (B,N,M), (B,H,M),
    (B,H) -> (B,H,N).

    >>> memory, key = torch.eye(2).unsqueeze(0), torch.tensor([[[1.0, 0.0]]])
    >>> content_weights(memory, key, beta=torch.tensor([[50.0]])).round().tolist()
    [[[1.0, 0.0]]]
    """
    return torch.softmax(beta.unsqueeze(-1) * cosine_similarity(memory, key), dim=-1)


def crowded(w_c: Tensor, crowd: float) -> Tensor:
    """Content weightings as on a longer tape, on which every row but the heaviest stands `crowd` times -> (B,H,N).

    With w* the weight of a head's heaviest row and K the crowd, a softmax over the longer tape gives that row
    w* / (w* + K (1 - w*)), and divides all other weights by the same number (after Eq. 5). The weights of a head then
    add up to less than 1, since the copies of rows are left out; sharpening (Eq. 9) makes the sum 1 again. So a head
    must find its row as among K times as many. Nothing else of a longer tape is shown: writers that add to a row at
    every step, walks that blur, vectors that are not in the memory.

    >>> crowded(torch.tensor([[[0.5, 0.25, 0.25]]]), crowd=3).tolist()
    [[[0.25, 0.125, 0.125]]]
    """
    if crowd == 1:
        return w_c
    times = torch.full_like(w_c, crowd).scatter(-1, w_c.argmax(-1, keepdim=True), 1)
    return w_c / (times * w_c).sum(-1, keepdim=True)


def interpolate(w_c: Tensor, w_previous: Tensor, g: Tensor) -> Tensor:
    """Blend the rows found by content with the previous weighting (Eq. 7): (B,H,N), (B,H,N), (B,H)
    -> (B,H,N).

    g = 1 jumps to the rows found by content, g = 0 stays with the previous weighting.

    >>> w_c, w_previous = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]])
    >>> interpolate(w_c, w_previous, g=torch.tensor([[0.25]])).tolist()
    [[[0.25, 0.75]]]
    """
    g = g.unsqueeze(-1)  # (B, H, 1)
    return g * w_c + (1 - g) * w_previous


def shift(w_g: Tensor, s: Tensor) -> Tensor:
    """Move the focus by a blend of small circular steps (Eq. 8): (B,H,N), (B,H,S) -> (B,H,N).

    s[..., j] is the weight on an offset of j - S//2 rows: s = (0, 0, 1) moves the focus from row i
    to row i + 1.

    >>> shift(torch.tensor([[[1.0, 0.0, 0.0]]]), torch.tensor([[[0.0, 0.0, 1.0]]])).tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    reach = s.shape[-1] // 2
    moved = [w_g.roll(j - reach, dims=-1) for j in range(s.shape[-1])]  # by each offset
    return (torch.stack(moved, dim=-1) * s.unsqueeze(-2)).sum(-1)


def sharpen(w_s: Tensor, gamma: Tensor) -> Tensor:
    """Raise every weight to the power gamma and renormalise (Eq. 9): (B,H,N), (B,H) -> (B,H,N).

    Worked in logarithms: (1/N)^gamma underflows float32 for a thousand rows and gamma 15, and then
    divides 0 by 0.

    >>> (100 * sharpen(torch.tensor([[[0.6, 0.3]]]), torch.tensor([[2.0]]))).round().tolist()
    [[[80.0, 20.0]]]
    """
    epsilon = max(SHARPEN_EPSILON, torch.finfo(w_s.dtype).tiny)  # float16 has no 1e-30
    return torch.softmax(gamma.unsqueeze(-1) * (w_s + epsilon).log(), dim=-1)


def address(
    memory: Tensor,
    w_previous: Tensor,
    key: Tensor,
    beta: Tensor,
    g: Tensor,
    s: Tensor,
    gamma: Tensor,
    crowd: float = 1,
) -> Stages:
    """From the numbers that all heads emit to their new weightings: Eqs. 5, 7, 8 and 9 in order
    -> `Stages`.

    With a crowd above 1, rows are found by content as on a longer tape (`crowded`).

    >>> tape, start = torch.eye(3).unsqueeze(0), torch.tensor([[[1.0, 0.0, 0.0]]])
    >>> one, forward = torch.ones(1, 1), torch.tensor([[[0.0, 0.0, 1.0]]])
    >>> address(tape, start, tape[:, :1], 50 * one, one, forward, one).w.round().tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    w_c = crowded(content_weights(memory, key, beta), crowd)
    w_g = interpolate(w_c, w_previous, g)
    w_s = shift(w_g, s)
    w = sharpen(w_s, gamma)
    return Stages(w_c, w_g, w_s, w)
