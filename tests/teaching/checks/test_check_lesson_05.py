"""Checks of learning: right answers pass, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.teaching.checks import lesson_05 as checks

LN2 = math.log(2)


@pytest.fixture(autouse=True)
def one_seed(monkeypatch):
    monkeypatch.setattr(checks, "SEEDS", (1000,))


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


def my_crowd(w_c, crowd):
    best = w_c.max(dim=-1, keepdim=True).values
    return w_c / (best + crowd * (w_c.sum(-1, keepdim=True) - best))


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


def crowd_in_place(w_c, crowd):
    best = w_c.argmax(-1, keepdim=True)
    tape = w_c.clone()
    tape *= crowd
    tape.scatter_(-1, best, w_c.gather(-1, best))
    w_c /= tape.sum(-1, keepdim=True)
    return w_c


def crowd_of_rows_written_out(w_c, crowd):
    found = torch.zeros_like(w_c)
    for sequence, heads in enumerate(w_c):
        for head, weights in enumerate(heads):
            others = [weight for row, weight in enumerate(weights) if row != weights.argmax()]
            found[sequence, head] = weights / torch.stack([weights.max(), *others * crowd]).sum()
    return found


def crowd_of_so_many_more(w_c, crowd):
    return my_crowd(w_c, crowd + 1)


def crowd_that_renormalises(w_c, crowd):
    weights = my_crowd(w_c, crowd)
    return weights / weights.sum(-1, keepdim=True)


def crowd_of_all_rows(w_c, crowd):
    return w_c / crowd


def crowd_around_the_first_head(w_c, crowd):
    best = w_c[:, :1].argmax(-1, keepdim=True).expand(-1, w_c.shape[1], 1)
    times = torch.full_like(w_c, crowd).scatter(-1, best, 1.0)
    return w_c / (times * w_c).sum(-1, keepdim=True)


def crowd_without_gradient(w_c, crowd):
    return my_crowd(w_c.detach(), crowd)


def curriculum_of_halves(update, loss, chance):
    return 2.5 if update else 3


RIGHT = [
    ("loss", my_loss),
    ("loss", loss_of_what_is_counted),
    ("loss", loss_with_addition_in_place),
    ("crowd", my_crowd),
    ("crowd", crowd_in_place),
    ("crowd", crowd_of_rows_written_out),
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
    ("crowd", crowd_of_so_many_more, "with a crowd of 1 every row stands once, so all weights should stay"),
    ("crowd", crowd_that_renormalises, "0.5 beside three times 0.25 and three times 0.25 are 2 together"),
    ("crowd", crowd_of_all_rows, "three times 0.25 are 2 together: rows should get 1/8, 1/4, 1/8"),
    ("crowd", crowd_around_the_first_head, "every head of every sequence has a heaviest row of its own"),
    ("crowd", crowd_without_gradient, "gradients should reach the weights, or no key learns"),
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
