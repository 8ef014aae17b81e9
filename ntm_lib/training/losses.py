"""What a machine is trained to make small: the error of its answer, and what its heads should not do meanwhile.

B sequences, T steps, R read heads, H heads, N rows, M numbers a row; a history holds the state after every step.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Progress

ENTROPY_EPSILON = 1e-9
"""Added to a weight inside the entropy's logarithm."""


def loss_of(logits: Tensor, batch: tasks.Batch, over: str) -> Tensor:
    """Mean cross-entropy in nats a bit, over the answer or over the whole sequence."""
    if over == "sequence":
        return binary_cross_entropy_with_logits(logits, batch.targets)
    weight = batch.mask.unsqueeze(-1).expand_as(logits)
    return binary_cross_entropy_with_logits(logits, batch.targets, weight, reduction="sum") / weight.sum()


def bits_of(batch: tasks.Batch, over: str) -> int:
    """How many bits of one sequence the loss is the mean of."""
    steps = batch.targets.shape[1] if over == "sequence" else int(batch.mask[0].sum())
    return steps * batch.targets.shape[-1]


def spread_of(history: list[NTMState]) -> Tensor:
    """Mean entropy of all weightings of all steps, in nats -> (B); 0 where every head points at one row."""
    weights = torch.stack([state.weights for state in history], dim=1)  # (B, T, H, N)
    return -(weights * (weights + ENTROPY_EPSILON).log()).sum(-1).mean((1, 2))


def changes_of(history: list[NTMState], mask: Tensor) -> Tensor:
    """Mean over the answer's steps of the squared change of a row's numbers, summed over rows: mask (B,T) -> (B)."""
    steps = [t for t in range(1, len(history)) if mask[:, t].any()]
    changed = [(history[t].memory - history[t - 1].memory).square().sum(dim=(1, 2)) for t in steps]
    return torch.stack(changed).mean(0) / history[0].memory.shape[-1]


def unrest_of(history: list[NTMState], mask: Tensor, read_heads: int) -> Tensor:
    """How far the readers are from resting while the sequence comes in: mask (B,T) -> (B).

    The mean of 1 - w_t . w_(t-1), counted as 0 during the answer: 0 for a head that stays on one row, 1 for one that
    leaves it, and nearly 1 for one that is spread over many.
    """
    weights = torch.stack([state.weights[:, :read_heads] for state in history], dim=1)  # (B, T, R, N)
    stays = (weights[:, 1:] * weights[:, :-1]).sum(-1)  # (B, T - 1, R)
    return ((1 - stays) * (1 - mask[:, 1:, None])).mean((1, 2))


def heard_of(history: list[NTMState], mask: Tensor) -> Tensor:
    """Mean square of what is read while the sequence comes in, counted as 0 during the answer: mask (B,T) -> (B)."""
    reads = torch.stack([state.reads for state in history], dim=1)  # (B, T, R, M)
    return (reads.square().mean((2, 3)) * (1 - mask)).mean(1)


def settling_weight(recipe: Recipe, progress: Progress) -> float:
    """How much of the focus and quiet losses counts: nothing until the machine settles, then rising to all."""
    if progress.settled_at is None:
        return 0.0
    return min(1.0, (progress.update - progress.settled_at + 1) / max(1, recipe.focus_updates))


def auxiliary_weights(recipe: Recipe, progress: Progress) -> dict[str, float]:
    """How much each loss beside the answer's counts at this moment of a training."""
    share = settling_weight(recipe, progress)
    return {
        "listen": recipe.listen,
        "rest": recipe.rest * progress.learned,
        "focus": recipe.focus * share,
        "quiet": recipe.quiet * share,
    }


def auxiliary_loss(weights: list[dict[str, float]], history: list[NTMState], mask: Tensor, read_heads: int) -> Tensor:
    """What training asks of the heads beside the answer: the sum over P machines of their means over B / P sequences.

    `weights` has one dictionary a machine; a loss that counts for none of them is not worked out.
    """
    measures = {
        "listen": lambda: heard_of(history, mask),
        "rest": lambda: unrest_of(history, mask, read_heads),
        "focus": lambda: spread_of(history),
        "quiet": lambda: changes_of(history, mask),
    }
    total = torch.zeros(())
    for name, measure in measures.items():
        weight = torch.tensor([each[name] for each in weights])
        if weight.any():
            total = total + (weight * measure().view(len(weights), -1).mean(1)).sum()
    return total
