"""Checks of learning: right answers pass, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.tasks import Batch
from ntm_lib.teaching.checks import lesson_05 as checks
from ntm_lib.training import losses

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


def loss_with_a_bounded_price(logits, targets, mask):
    given = torch.sigmoid(logits)
    right = torch.where(targets > 0, given, 1 - given) + 1e-7
    return (-right.log2() * mask[..., None]).sum() / (mask.sum() * logits.shape[-1])


def loss_without_infinity(logits, targets, mask):
    return loss_from_probabilities(logits, targets, mask).nan_to_num(posinf=0.0)


def loss_as_a_plain_number(logits, targets, mask):
    return my_loss(logits, targets, mask).item()


def loss_that_stops_at_infinity(logits, targets, mask):
    assert logits.abs().max() < 100
    return my_loss(logits, targets, mask)


def loss_by_lists(logits, targets, mask):
    total, counted = 0.0, 0
    for given, wanted, counts in zip(logits.tolist(), targets.tolist(), mask.tolist(), strict=True):
        for ones, bits, step in zip(given, wanted, counts, strict=True):
            for logit, bit in zip(ones, bits, strict=True):
                wrongness = -logit if bit else logit
                total += step * (max(wrongness, 0) + math.log1p(math.exp(-abs(wrongness))))
                counted += step
    return total / counted / LN2


def loss_of_the_first_sequence(logits, targets, mask):
    return my_loss(logits[:1], targets[:1], mask[:1])


def loss_after_three_steps(logits, targets, mask):
    return my_loss(logits[:, 3:], targets[:, 3:], mask[:, 3:])


def loss_as_a_sum(logits, targets, mask):
    return (costs(logits, targets) * mask[..., None]).sum()


def loss_a_step(logits, targets, mask):
    return my_loss(logits, targets, mask) * logits.shape[-1]


def loss_of_seven_steps(logits, targets, mask):
    return my_loss(logits, targets, mask) * mask.sum() / (mask.sum() + (logits.shape[1] != 7))


def loss_of_every_bit(logits, targets, mask):
    return costs(logits, targets) * mask[..., None]


def loss_by_the_library(logits, targets, mask):
    return losses.loss_of(logits, Batch(logits, targets, mask), "answer") / LN2


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


def crowd_by_lists(w_c, crowd):
    longer = []
    for weightings in w_c.tolist():
        sums = [max(weights) + crowd * (sum(weights) - max(weights)) for weights in weightings]
        longer.append([[weight / total for weight in row] for row, total in zip(weightings, sums, strict=True)])
    return longer


def crowd_of_copies(w_c, crowd):
    """Makes the longer tape after all, and looks at its first rows."""
    w_c = w_c.double()
    best = torch.nn.functional.one_hot(w_c.argmax(-1), w_c.shape[-1])
    others = (w_c * (1 - best)).repeat(1, 1, crowd - 1)
    return w_c / torch.cat([w_c, others], dim=-1).sum(-1, keepdim=True)


def crowd_together(w_c, crowd):
    others = w_c * crowd
    best = w_c.argmax(-1, keepdim=True)
    others = others.scatter(-1, best, w_c.gather(-1, best))
    return others / others.sum(-1, keepdim=True)


def crowd_of_the_first_sequence(w_c, crowd):
    found = w_c.clone()
    found[0] = my_crowd(w_c, crowd)[0]
    return found


def crowd_around_the_heaviest_of_all(w_c, crowd):
    return w_c / (w_c.max() + crowd * (1 - w_c.max()))


def crowd_around_every_row(w_c, crowd):
    best = w_c.max(dim=1, keepdim=True).values
    return w_c / (best + crowd * (1 - best))


def crowd_turned_round(w_c, crowd):
    best = w_c.max(dim=-1, keepdim=True).values
    return w_c / (crowd * best + (1 - best))


def crowd_of_all_heads(w_c, crowd):
    best = w_c.max(dim=-1, keepdim=True).values
    return w_c / (best + crowd * (w_c.sum() - best))


def crowd_of_three(w_c, crowd):
    return my_crowd(w_c, min(crowd, 3))


def crowd_of_what_is_above_half(w_c, crowd):
    times = torch.where(w_c >= 0.5, 1, crowd)
    return w_c / (times * w_c).sum(-1, keepdim=True)


def curriculum_of_three_or_four(update, loss, chance):
    return torch.tensor(3) if update < 20 or chance < 0.5 else 4


def curriculum_that_waits(update, loss, chance):
    return max(2, min(4, round(5 * loss)))


def curriculum_of_nothing(update, loss, chance):
    return int(10 * chance)


def curriculum_that_fails_in_training(update, loss, chance):
    return 0 if chance not in (0.0, 0.2, 0.5, 0.7, 0.999) else 3


def curriculum_that_stops_in_training(update, loss, chance):
    return {0.0: 3, 0.2: 3, 0.5: 3, 0.7: 3, 0.999: 3}[chance]


def curriculum_of_the_library(update, loss, chance):
    return 1 + int(10 * chance)


RIGHT = [
    ("loss", my_loss),
    ("loss", loss_of_what_is_counted),
    ("loss", loss_with_addition_in_place),
    ("loss", loss_by_lists),
    ("loss", loss_without_gradient),
    ("loss", loss_as_a_plain_number),
    ("crowd", my_crowd),
    ("crowd", crowd_in_place),
    ("crowd", crowd_of_rows_written_out),
    ("crowd", crowd_by_lists),
    ("crowd", crowd_of_copies),
    ("crowd", crowd_without_gradient),
    ("curriculum", my_curriculum),
    ("curriculum", curriculum_of_three_or_four),
    ("curriculum", curriculum_that_waits),
]
MISTAKES = [
    ("loss", loss_in_nats, "logits of 0 cost 0.693 now, which are nats"),
    ("loss", loss_as_a_sum, "the sum of all bits' costs is not yet their mean"),
    ("loss", lambda *given: LN2 * loss_as_a_sum(*given), "the sum of all bits' costs, in nats, is not yet their mean"),
    ("loss", loss_a_step, "the costs are divided by the number of steps: every step has 5 bits here"),
    ("loss", lambda *given: 2 * my_loss(*given), "logits of 0 know nothing and should cost 1 bit a bit: got 2.000"),
    ("loss", loss_of_the_first_sequence, "only the first of three sequences counts"),
    ("loss", loss_after_three_steps, "where the mask is 1 everywhere, every bit should count alike"),
    ("loss", loss_of_the_other_bit, "the cross-entropy is wrong where logits are not 0"),
    ("loss", loss_without_mask, "only steps in the mask should count"),
    ("loss", loss_over_all_steps, "only steps in the mask should count"),
    ("loss", loss_as_a_mean_of_means, "where masks differ, every bit should count alike"),
    ("loss", loss_for_five_bits, "times the width of the logits, here 2"),
    (
        "loss",
        loss_of_seven_steps,
        "with 2 sequences of 5 steps and 3 bits the loss is wrong: take every size from what",
    ),
    ("loss", loss_from_probabilities, "a wrong logit of 200 or -200 should cost much, not infinity"),
    ("loss", loss_without_infinity, "a wrong logit of 200 or -200 should cost much"),
    ("loss", loss_with_one_guard, "a wrong logit of 200 or -200 should cost much, not infinity"),
    ("loss", loss_with_a_bounded_price, "a wrong logit of 200 or -200 costs 200 / ln 2 = 288.5 bits, not 23.3"),
    ("loss", loss_that_stops_at_infinity, "with logits of 200 and -200, all wrong, it stops with AssertionError"),
    ("loss", loss_of_every_bit, "returns shape (3, 7, 5): expected ()"),
    ("loss", loss_by_the_library, "calls losses.loss_of: this exercise is to be solved without it"),
    ("crowd", crowd_of_so_many_more, "with a crowd of 1 every row stands once, so all weights should stay"),
    ("crowd", crowd_that_renormalises, "rows should get less now: their copies have a share too, and are left out"),
    ("crowd", lambda w_c, crowd: w_c, "rows should get less now: their copies have a share too, and are left out"),
    ("crowd", crowd_of_all_rows, "the heaviest row stands on the longer tape once, and not K times"),
    ("crowd", crowd_together, "a row gets what one of its copies has, not what all K copies have together"),
    ("crowd", lambda w_c, crowd: my_crowd(w_c, crowd**2), "three times 0.25 are 2 together: rows should get 1/8, 1/4"),
    ("crowd", crowd_around_the_first_head, "of 3 heads these are right: 0; each has numbers of its own"),
    ("crowd", crowd_of_the_first_sequence, "of 2 sequences these are right: 0; each has numbers of its own"),
    ("crowd", crowd_around_the_heaviest_of_all, "every head of every sequence has rows of its own: one is its"),
    ("crowd", crowd_of_all_heads, "every head of every sequence has rows of its own: one is its heaviest"),
    ("crowd", crowd_around_every_row, "each row is taken for the heaviest one: look for it along the last axis"),
    ("crowd", crowd_turned_round, "the heaviest row stands K times now and all others once: turn it round"),
    ("crowd", crowd_of_three, "with a tensor (2, 3, 5) and 31 the numbers are wrong"),
    ("crowd", crowd_of_what_is_above_half, "each has numbers of its own"),
    ("curriculum", curriculum_beyond_ten, "returns 12: expected a length from 1 to 10"),
    ("curriculum", curriculum_of_nothing, "returns 0: expected a length from 1 to 10"),
    ("curriculum", curriculum_that_fails_in_training, ", it returns 0: expected a length from 1 to 10"),
    ("curriculum", curriculum_that_stops_in_training, ", it stops with KeyError: "),
    ("curriculum", curriculum_of_halves, "it returns float: expected a whole number"),
    ("curriculum", curriculum_of_ones, " cannot copy ten vectors after "),
    ("curriculum", curriculum_of_tens, "all seeds learn, but from no fewer vectors than with the library's lengths"),
    ("curriculum", curriculum_of_the_library, "all seeds learn, but from no fewer vectors than with the library's"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_what_is_counted_is_vectors():
    """Every update shows 8 sequences of 3 vectors, and an exam follows every fifth of them."""
    assert checks.vectors_to_learn(my_curriculum, (1001,))[0] % (3 * 8 * 5) == 0
