"""The losses of a training: the error of the answer, and how the heads should behave meanwhile."""

from collections.abc import Callable, Collection

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib.machine import NTMState
from ntm_lib.tasks import Batch
from ntm_lib.training.recipe import Historical, Recipe

ENTROPY_EPSILON = 1e-9  # added to a weight inside the entropy's logarithm
RISE = 50  # updates of settling in which the weights of the focus and quiet losses rise from nothing


def loss_of(logits: Tensor, batch: Batch, over: str) -> Tensor:
    """Mean cross-entropy in nats a bit, over the answer or over the whole sequence."""
    if over == "sequence":
        return binary_cross_entropy_with_logits(logits, batch.targets)
    weight = batch.mask.unsqueeze(-1).expand_as(logits)
    return binary_cross_entropy_with_logits(logits, batch.targets, weight, reduction="sum") / weight.sum()


def bits_of(batch: Batch, over: str) -> float:
    """Number of bits of one sequence that the loss is the mean of; the average one where lengths differ."""
    steps = batch.targets.shape[1] if over == "sequence" else batch.mask.sum().item() / len(batch.mask)
    return steps * batch.targets.shape[-1]


def total_loss(
    historical: Historical, logits: Tensor, batch: Batch, weights: dict[str, float], behaviour: dict[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """The answer's loss in nats a bit, and what training minimises: the weighted means of `behaviour` (B) added."""
    loss = loss_of(logits, batch, historical.loss_over)
    total = loss if historical.loss_per == "bit" else loss * bits_of(batch, historical.loss_over)
    for name, weight in weights.items():
        total = total + weight * behaviour[name].mean()
    return loss, total


def auxiliary_weights(recipe: Recipe, learned: float, settled_for: int | None) -> dict[str, float]:
    """Weight of each loss beside the answer's, with a share of the task learned, after some updates of settling."""
    rising = 0.0 if settled_for is None else min(1.0, (settled_for + 1) / RISE)
    return {
        "listen": recipe.listen,
        "rest": recipe.rest * learned,
        "focus": recipe.focus * rising,
        "quiet": recipe.quiet * rising,
    }


def behaviour_of(names: Collection[str], history: list[NTMState], mask: Tensor) -> dict[str, Tensor]:
    """The losses of those names beside the answer's, each (B), for a mask (B,T) of the answer's steps."""
    measures: dict[str, Callable[[], Tensor]] = {
        "listen": lambda: heard_of(history, mask),
        "rest": lambda: unrest_of(history, mask, read_heads=history[0].reads.shape[1]),
        "focus": lambda: spread_of(history),
        "quiet": lambda: changes_of(history, mask),
    }
    return {name: measure() for name, measure in measures.items() if name in names}


def spread_of(history: list[NTMState]) -> Tensor:
    """Focus loss: mean entropy of all weightings of all steps, in nats -> (B); 0 where every head is on one row."""
    weights = torch.stack([state.weights for state in history], dim=1)  # (B, T, H, N)
    return -(weights * (weights + ENTROPY_EPSILON).log()).sum(-1).mean((1, 2))


def changes_of(history: list[NTMState], mask: Tensor) -> Tensor:
    """Quiet loss: mean over the answer's steps of a row's squared change, summed over rows: mask (B,T) -> (B)."""
    steps = [t for t in range(1, len(history)) if mask[:, t].any()]
    if not steps:
        return mask.new_zeros(len(mask))
    changed = [(history[t].memory - history[t - 1].memory).square().sum(dim=(1, 2)) for t in steps]
    counts = mask[:, steps].T  # (answer's steps, B)
    return (torch.stack(changed) * counts).sum(0) / counts.sum(0).clamp(min=1) / history[0].memory.shape[-1]


def unrest_of(history: list[NTMState], mask: Tensor, read_heads: int) -> Tensor:
    """Rest loss: mean of 1 - w_t . w_(t-1) over read heads, counted as 0 outside the incoming steps -> (B).

    It is 0 for a head that stays on one row, 1 for a head that leaves it or is spread over very many.
    """
    weights = torch.stack([state.weights[:, :read_heads] for state in history], dim=1)  # (B, T, R, N)
    stays = (weights[:, 1:] * weights[:, :-1]).sum(-1)  # (B, T - 1, R)
    unrest = ((1 - stays) * incoming(mask)[:, 1:, None]).sum((1, 2))
    return unrest / ((steps_of(mask) - 1) * read_heads).clamp(min=1)


def heard_of(history: list[NTMState], mask: Tensor) -> Tensor:
    """Listen loss: mean square of the reads, counted as 0 outside the incoming steps: mask (B,T) -> (B)."""
    reads = torch.stack([state.reads for state in history], dim=1)  # (B, T, R, M)
    return (reads.square().mean((2, 3)) * incoming(mask)).sum(1) / steps_of(mask).clamp(min=1)


def steps_of(mask: Tensor) -> Tensor:
    """Number of steps of each sequence without the padding behind its last answer: mask (B,T) -> (B)."""
    return mask.flip(1).cummax(1).values.sum(1)


def incoming(mask: Tensor) -> Tensor:
    """1 on the steps in which a sequence comes in: those before its last answer that are no answers (B, T)."""
    return (1 - mask) * mask.flip(1).cummax(1).values.flip(1)
