"""The losses of a training: the error of the answer, and how the heads should behave meanwhile."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib.machine import NTMState
from ntm_lib.tasks import Batch
from ntm_lib.training.recipe import Historical, Recipe

ENTROPY_EPSILON = 1e-9  # added to a weight inside the entropy's logarithm
RISE = 50  # updates of settling in which the weights of the focus and clear losses rise from nothing


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
    historical: Historical, logits: Tensor, batch: Batch, focus: float = 0.0, spread: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The answer's loss in nats a bit, and what training minimises: the mean of `spread` (B) added, `focus` times."""
    loss = loss_of(logits, batch, historical.loss_over)
    total = loss if historical.loss_per == "bit" else loss * bits_of(batch, historical.loss_over)
    return loss, total if spread is None else total + focus * spread.mean()


def auxiliary_weights(recipe: Recipe, settled_for: int | None) -> dict[str, float]:
    """Weight of each loss beside the answer's, after some updates of settling
    (None: while learning)."""
    rising = 0.0 if settled_for is None else min(1.0, (settled_for + 1) / RISE)
    return {"focus": recipe.focus * rising, "clear": recipe.clear * rising}


def spread_of(history: list[NTMState]) -> Tensor:
    """Focus loss: mean entropy of all weightings of all steps, in nats -> (B); 0 where every head
    is on one row."""
    weights = torch.stack([state.weights for state in history], dim=1)  # (B, T, H, N)
    return -(weights * (weights + ENTROPY_EPSILON).log()).sum(-1).mean((1, 2))
