"""Checks of learning: right answers pass, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.teaching.checks import lesson_05 as checks

LN2 = math.log(2)


@pytest.fixture(autouse=True)
def one_seed(monkeypatch):
    monkeypatch.setattr(checks, "SEEDS", (1001,))


def costs(logits, targets):
    """Cross-entropy of every bit in bits, from the definition, in a form that large logits do not break."""
    return (logits.clamp(min=0) - logits * targets + torch.log1p(torch.exp(-logits.abs()))) / LN2


def my_loss(logits, targets, mask):
    return (costs(logits, targets) * mask[..., None]).sum() / (mask.sum() * logits.shape[-1])


def loss_in_nats(logits, targets, mask):
    return LN2 * my_loss(logits, targets, mask)


def loss_of_the_other_bit(logits, targets, mask):
    return my_loss(logits, 1 - targets, mask)


def loss_without_mask(logits, targets, mask):
    return costs(logits, targets).mean()


def loss_over_all_steps(logits, targets, mask):
    return (costs(logits, targets) * mask[..., None]).mean()


def loss_from_probabilities(logits, targets, mask):
    given = torch.sigmoid(logits)
    right = torch.where(targets > 0, given, 1 - given)
    return (-right.log2() * mask[..., None]).sum() / (mask.sum() * logits.shape[-1])


def loss_without_gradient(logits, targets, mask):
    return my_loss(logits.detach(), targets, mask)


def my_clip(gradients, longest):
    length = math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients))
    return torch.tensor(min(1.0, longest / length) if length else 1.0)


def clip_by_the_longest_tensor(gradients, longest):
    return my_clip([max(gradients, key=lambda gradient: gradient.norm())], longest)


def clip_that_stretches(gradients, longest):
    return longest / (torch.cat([gradient.flatten() for gradient in gradients]).norm() + 1e-9) * torch.ones(())


def clip_that_divides_by_zero(gradients, longest):
    length = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    return torch.where(length > longest, longest / length, length / length)


def my_curriculum(update, loss, chance):
    return 3


def curriculum_beyond_ten(update, loss, chance):
    return 1 + round(11 * chance)


def curriculum_of_ones(update, loss, chance):
    return 1


def curriculum_of_tens(update, loss, chance):
    return 10


def loss_of_what_is_counted(logits, targets, mask):
    counts = mask.bool()
    nats = torch.nn.functional.binary_cross_entropy_with_logits(logits[counts], targets[counts])
    return nats.double() / LN2


def loss_with_addition_in_place(logits, targets, mask):
    total = torch.zeros(())
    for sequence in range(len(logits)):
        total += (costs(logits[sequence], targets[sequence]) * mask[sequence, :, None]).sum()
    total /= mask.sum() * logits.shape[-1]
    return total


def loss_as_a_mean_of_means(logits, targets, mask):
    counts = mask[..., None].expand_as(logits)
    return ((costs(logits, targets) * counts).sum((1, 2)) / counts.sum((1, 2))).mean()


def loss_for_five_bits(logits, targets, mask):
    return my_loss(logits, targets, mask) * logits.shape[-1] / 5


def loss_with_one_guard(logits, targets, mask):
    given = torch.sigmoid(logits).clamp(min=1e-38)
    right = torch.where(targets > 0, given, 1 - given)
    return (-right.log2() * mask[..., None]).sum() / (mask.sum() * logits.shape[-1])


def loss_without_infinity(logits, targets, mask):
    return loss_from_probabilities(logits, targets, mask).nan_to_num(posinf=0.0)


def loss_as_a_plain_number(logits, targets, mask):
    return my_loss(logits, targets, mask).item()


def loss_that_stops_at_infinity(logits, targets, mask):
    assert logits.abs().max() < 100
    return my_loss(logits, targets, mask)


def clip_in_place(gradients, longest):
    length = torch.zeros(())
    for gradient in gradients:
        length += gradient.mul_(gradient).sum()
    return torch.where(length.sqrt() > longest, longest / length.sqrt(), torch.ones(()))


def clip_as_a_plain_number(gradients, longest):
    return min(1.0, longest / max(1e-9, sum(gradient.norm().item() ** 2 for gradient in gradients) ** 0.5))


def clip_of_two_tensors(gradients, longest):
    return my_clip(gradients[:2], longest)


def clip_that_stops_at_zeros(gradients, longest):
    return min(1.0, longest / sum(gradient.norm().item() ** 2 for gradient in gradients) ** 0.5)


def curriculum_of_halves(update, loss, chance):
    return 2.5 if update else 3


RIGHT = [
    ("loss", my_loss),
    ("loss", loss_of_what_is_counted),
    ("loss", loss_with_addition_in_place),
    ("clip", my_clip),
    ("clip", clip_in_place),
    ("clip", clip_as_a_plain_number),
    ("curriculum", my_curriculum),
]
MISTAKES = [
    (
        "loss",
        loss_in_nats,
        "logits of 0 should cost 1 bit a bit: got 0.693; nats / ln 2 are bits",
    ),
    ("loss", loss_of_the_other_bit, "the cross-entropy is wrong where logits are not 0"),
    ("loss", loss_without_mask, "only steps in the mask should count"),
    ("loss", loss_over_all_steps, "only steps in the mask should count"),
    ("loss", loss_as_a_mean_of_means, "where masks differ, every bit should count alike"),
    ("loss", loss_for_five_bits, "times the width of the logits, here 2"),
    ("loss", loss_from_probabilities, "a wrong logit of 200 or -200 should cost much, not infinity"),
    ("loss", loss_without_infinity, "a wrong logit of 200 or -200 should cost much"),
    ("loss", loss_with_one_guard, "a wrong logit of 200 or -200 should cost much, not infinity"),
    ("loss", loss_that_stops_at_infinity, "with logits of 200 and -200, all wrong, it stops with AssertionError"),
    ("loss", loss_without_gradient, "gradients should reach the logits"),
    ("loss", loss_as_a_plain_number, "gradients should reach the logits"),
    ("clip", clip_by_the_longest_tensor, "together have length 5"),
    ("clip", clip_that_stretches, "a gradient of length 5 where 10 is allowed should stay"),
    ("clip", clip_that_divides_by_zero, "a gradient of zeros should stay as it is"),
    ("clip", clip_that_stops_at_zeros, "with gradients of zeros, it stops with ZeroDivisionError"),
    ("clip", clip_of_two_tensors, "four tensors of length 6 together, to have length 2, take a factor of 1/3"),
    (
        "curriculum",
        curriculum_beyond_ten,
        "a length should be a whole number from 1 to 10: at update 0, loss 0.8 and chance",
    ),
    ("curriculum", curriculum_of_halves, "with 1 and 1.0 and 0.0, it returns float: expected a whole number"),
    ("curriculum", curriculum_of_ones, " seeds still make mistakes in sequences of ten"),
    ("curriculum", curriculum_of_tens, "all seeds learn, but from more vectors than with the library's lengths"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_what_is_counted_is_vectors():
    """Every update shows 8 sequences of 3 vectors, and an exam follows every fifth of them."""
    assert checks.vectors_to_learn(my_curriculum, (1001,))[0] % (3 * 8 * 5) == 0
