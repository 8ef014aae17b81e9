"""Checks about learning: the right answer passes, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import says_not_attempted, says_right, says_sentence, says_what_stops_it, sentences_in

from ntm_lib.teaching.checks import lesson_05 as checks

LN2 = math.log(2)


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


RIGHT = {"loss": my_loss, "clip": my_clip, "curriculum": my_curriculum}

MISTAKES = [
    ("loss", loss_in_nats, "logits of 0 say one half of every bit, which costs 1 bit a bit: got "),
    ("loss", loss_of_the_other_bit, "the cross-entropy is wrong where logits are not 0"),
    ("loss", loss_without_mask, "only steps in the mask should count"),
    ("loss", loss_over_all_steps, "only steps in the mask should count"),
    ("loss", loss_from_probabilities, "a logit of -200 where a 1 was wanted"),
    ("loss", loss_without_gradient, "gradients should reach the logits"),
    ("clip", clip_by_the_longest_tensor, "together have length 5"),
    ("clip", clip_that_stretches, "a gradient of length 5 where 10 is allowed should stay"),
    ("clip", clip_that_divides_by_zero, "a gradient of zeros should stay as it is"),
    ("curriculum", curriculum_beyond_ten, "a length should be a whole number from 1 to "),
    ("curriculum", curriculum_of_ones, " seeds still make mistakes in sequences of ten"),
    ("curriculum", curriculum_of_tens, "all seeds learn, but from more vectors than with the library's lengths"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_right_answer_passes(exercise, capsys):
    says_right(getattr(checks, exercise), RIGHT[exercise], capsys)


@pytest.mark.parametrize(("exercise", "mistake", "sentence"), MISTAKES)
def test_a_planted_mistake_is_named(exercise, mistake, sentence, capsys, monkeypatch):
    monkeypatch.setattr(checks, "SEEDS", (1001,))
    says_sentence(getattr(checks, exercise), mistake, sentence, capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_is_not_attempted_does_not_raise(exercise, capsys):
    says_not_attempted(getattr(checks, exercise), ..., capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_an_attempt_that_stops_says_why(exercise, capsys):
    says_what_stops_it(getattr(checks, exercise), capsys)


def test_every_sentence_has_a_planted_mistake():
    said = sentences_in(checks)
    assert said
    assert [one for one in said if not any(sentence in one for *_, sentence in MISTAKES)] == []


def test_what_is_counted_is_vectors():
    """Every update shows 8 sequences of 3 vectors, and an exam follows every fifth of them."""
    assert checks.vectors_to_learn(my_curriculum, (1001,))[0] % (3 * 8 * 5) == 0
