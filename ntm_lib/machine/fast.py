"""The equations of addressing and memory, made fast: what `NTM.forward` computes with.

Functions have the names, signatures and values of those in `addressing` and `memory`. Where autograd would keep
and pass over matrices of the memory's size again and again, the derivative is written out. Derivatives of
derivatives and forward-mode derivatives are those of the plain equation. Shapes as in `addressing` and `memory`.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ntm_lib.machine import addressing, memory
from ntm_lib.machine.addressing import COSINE_EPSILON, Stages, crowded, sharpen
from ntm_lib.machine.memory import erase, read

if TYPE_CHECKING:
    from ntm_lib.machine.ntm import NTM
    from ntm_lib.machine.state import NTMState
    from ntm_lib.machine.step import Equations

__all__ = ["add", "address", "content_weights", "erase", "interpolate", "read", "sharpen", "shift", "write"]


def content_weights(memory: Tensor, key: Tensor, beta: Tensor) -> Tensor:
    """Eq. 5, with the similarity's derivative written out: (B,N,M), (B,H,M), (B,H) -> (B,H,N)."""
    unit_key = key / (key.square().sum(-1, keepdim=True) + COSINE_EPSILON).sqrt()
    similarity = _apply(_Similarity, memory, unit_key)
    return torch.softmax(beta.unsqueeze(-1) * similarity, dim=-1)


def interpolate(w_c: Tensor, w_previous: Tensor, g: Tensor) -> Tensor:
    """Eq. 7 in one operation: (B,H,N), (B,H,N), (B,H) -> (B,H,N)."""
    return torch.lerp(w_previous, w_c, g.unsqueeze(-1))


def shift(w_g: Tensor, s: Tensor) -> Tensor:
    """Eq. 8 over windows of one ring instead of one copy for every offset: (B,H,N), (B,H,S) -> (B,H,N)."""
    return _apply(_Shift, w_g, s)


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
    """Eqs. 5, 7, 8 and 9 in order, each from this module -> `Stages`."""
    w_c = crowded(content_weights(memory, key, beta), crowd)
    w_g = interpolate(w_c, w_previous, g)
    w_s = shift(w_g, s)
    return Stages(w_c, w_g, w_s, sharpen(w_s, gamma))


def add(memory: Tensor, weights: Tensor, a: Tensor) -> Tensor:
    """Eq. 4 in one operation: (B,N,M), (B,H,N), (B,H,M) -> (B,N,M)."""
    return memory.baddbmm(weights.mT, a)


def write(memory: Tensor, weights: Tensor, e: Tensor, a: Tensor) -> Tensor:
    """Eqs. 3 and 4, for a single head in two passes over the memory: (B,N,M), (B,H,N), (B,H,M), (B,H,M) -> (B,N,M)."""
    if weights.shape[1] > 1:
        return add(erase(memory, weights, e), weights, a)
    return _apply(_Write, memory, weights, e, a)


def writer_in_place(like: Tensor) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """A `write` for long sequences without derivatives: one memory (B,N,M), shaped as `like`, serves every step.

    The memory that a call with one head returns is overwritten by the next call.
    """
    written, change = torch.empty_like(like), torch.empty_like(like)

    def write_in_place(memory: Tensor, weights: Tensor, e: Tensor, a: Tensor) -> Tensor:
        if weights.shape[1] > 1:
            return write(memory, weights, e, a)
        torch.addcmul(a, e, memory, value=-1, out=change)
        return torch.addcmul(memory, weights.mT, change, out=written)

    return write_in_place


def run_in_place(
    machine: "NTM",
    inputs: Tensor,
    state: "NTMState",
    equations: "Equations",
    steps: Callable[..., Iterator[tuple[Tensor, "NTMState"]]],
) -> tuple[Tensor, "NTMState"]:
    """The loop of `step.run` with one memory for all steps: inputs (B, T, input) -> features, last state.

    Features have their place beforehand: small tensors kept among large ones that come and go would leave holes in
    which no memory fits.
    """
    if equations.write is write:
        equations = equations._replace(write=writer_in_place(state.memory))
    features = inputs.new_empty(*inputs.shape[:2], machine.output.in_features)
    for t, (feature, after) in enumerate(steps(machine, inputs, state, equations)):
        features[:, t], state = feature, after
    return features, state


class _Similarity(torch.autograd.Function):
    """Eq. 6 for keys of length 1."""

    @staticmethod
    def plain(memory: Tensor, unit_key: Tensor) -> Tensor:
        row_length = (memory.square().sum(-1) + COSINE_EPSILON).sqrt().unsqueeze(-2)
        return unit_key @ memory.mT / row_length

    @staticmethod
    def forward(ctx: Any, memory: Tensor, unit_key: Tensor) -> Tensor:
        square = torch.linalg.vector_norm(memory, dim=-1).square()
        row_length = (square + COSINE_EPSILON).sqrt().unsqueeze(1)  # (B, 1, N)
        similarity = (unit_key @ memory.mT).div_(row_length)  # (B, H, N)
        ctx.save_for_backward(memory, unit_key, similarity, row_length)
        return similarity

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        memory, unit_key, similarity, row_length = ctx.saved_tensors
        if _will_be_differentiated():
            return _derivative(_Similarity.plain, (memory, unit_key), grad)
        grad = grad / row_length
        shrink = (grad * similarity).sum(1, keepdim=True) / row_length  # (B, 1, N): the loss of a row that grows
        return _sum_of_outer(grad, unit_key) - memory * shrink.mT, grad @ memory


def _sum_of_outer(shares: Tensor, keys: Tensor) -> Tensor:
    """A head's key times each row's share of it, summed over heads: (B,H,N), (B,H,M) -> (B,N,M).

    A compiled step does it in the pass over the memory that follows; by itself one matrix product is faster.
    """
    if not torch.compiler.is_compiling():
        return shares.mT @ keys
    each = [shares[:, head].unsqueeze(-1) * keys[:, head].unsqueeze(1) for head in range(keys.shape[1])]
    return sum(each[1:], start=each[0])


class _Shift(torch.autograd.Function):
    """Eq. 8: autograd would fill a ring for every window on the way back."""

    plain = staticmethod(addressing.shift)

    @staticmethod
    def forward(ctx: Any, w_g: Tensor, s: Tensor) -> Tensor:
        ctx.save_for_backward(w_g, s)
        return _circular_convolution(w_g, s, reach=s.shape[-1] // 2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        w_g, s = ctx.saved_tensors
        if _will_be_differentiated():
            return _derivative(_Shift.plain, (w_g, s), grad)
        offsets, reach = s.shape[-1], s.shape[-1] // 2
        grad_s = [(grad * moved).sum(-1) for moved in _windows(w_g, offsets, reach)]
        return _circular_convolution(grad, s.flip(-1), offsets - 1 - reach), torch.stack(grad_s, dim=-1)


def _circular_convolution(w_g: Tensor, s: Tensor, reach: int) -> Tensor:
    """Sum of the weighting moved by each offset from -reach on, times the weight on that offset."""
    w_s = torch.zeros_like(w_g)
    for j, moved in enumerate(_windows(w_g, s.shape[-1], reach)):
        w_s = w_s.addcmul(moved, s[..., j : j + 1])
    return w_s


def _windows(w_g: Tensor, offsets: int, reach: int) -> list[Tensor]:
    """The weighting moved by each offset from -reach on, as windows of one ring: the tape with its ends joined on."""
    rows, before = w_g.shape[-1], offsets - 1 - reach
    if rows < offsets:  # a tape so short that an offset may lead round it more than once
        return [w_g.roll(j - reach, dims=-1) for j in range(offsets)]
    ring = torch.cat([w_g[..., rows - before :], w_g, w_g[..., :reach]], dim=-1)
    return [ring.narrow(-1, offsets - 1 - j, rows) for j in range(offsets)]


class _Write(torch.autograd.Function):
    """Eqs. 3 and 4 for one head, M (1 - w e) + w a, as M + w (a - e M)."""

    plain = staticmethod(memory.write)

    @staticmethod
    def forward(ctx: Any, memory: Tensor, weights: Tensor, e: Tensor, a: Tensor) -> Tensor:
        ctx.save_for_backward(memory, weights, e, a)
        return torch.addcmul(memory, weights.mT, torch.addcmul(a, e, memory, value=-1))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        memory, weights, e, a = ctx.saved_tensors
        if _will_be_differentiated():
            return _derivative(_Write.plain, (memory, weights, e, a), grad)
        product = grad * memory  # (B, N, M)
        grad_weights = a @ grad.mT - e @ product.mT
        grad_e, grad_a = -(weights @ product), weights @ grad
        return torch.addcmul(grad, weights.mT, grad * e, value=-1), grad_weights, grad_e, grad_a


def _apply(function: Any, *inputs: Tensor) -> Tensor:
    """The value of an equation whose derivative is written out; of its plain form where torch takes no other.

    torch.func and forward-mode differentiation refuse a written derivative with a RuntimeError.
    """
    if torch.compiler.is_compiling():
        value: Tensor = function.apply(*inputs)
        return value
    try:
        value = function.apply(*inputs)
    except RuntimeError:
        value = function.plain(*inputs)
    return value


def _will_be_differentiated() -> bool:
    """Whether a derivative under way may itself be differentiated, as with create_graph=True."""
    return torch.is_grad_enabled() and not torch.compiler.is_compiling()


def _derivative(equation: Callable[..., Tensor], inputs: tuple[Tensor, ...], grad: Tensor) -> tuple[Tensor, ...]:
    """The derivative of an equation by its inputs, as operations that can be differentiated again."""
    derivatives: tuple[Tensor, ...] = torch.func.vjp(equation, *inputs)[1](grad)
    return derivatives
