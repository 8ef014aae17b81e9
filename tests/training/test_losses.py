"""Losses: each by hand, and what it is nothing for."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from losses_by_hand import spread_by_hand
from small import SETTLING

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training import losses
from ntm_lib.training.losses import auxiliary_weights, bits_of, loss_of, spread_of, total_loss
from ntm_lib.training.recipe import Historical

# The answer


def cross_entropy_by_hand(logits, batch, over):
    """Over steps and bits, one at a time, in float64."""
    total, count = 0.0, 0
    for b in range(len(logits)):
        for t in range(logits.shape[1]):
            for k in range(logits.shape[2]):
                if over == "answer" and not batch.mask[b, t]:
                    continue
                p = 1 / (1 + np.exp(-float(logits[b, t, k])))
                total -= np.log(p) if batch.targets[b, t, k] else np.log(1 - p)
                count += 1
    return total / count


@pytest.mark.parametrize("over", ["answer", "sequence"])
@pytest.mark.parametrize("start_marker", [True, False])
def test_the_loss_by_hand(over, start_marker):
    generator = torch.Generator().manual_seed(0)
    batch = tasks.frame_copy(tasks.payload(3, 2, 5, generator=generator), start_marker)
    logits = 3 * torch.randn(batch.targets.shape, generator=generator)
    assert loss_of(logits, batch, over).item() == pytest.approx(cross_entropy_by_hand(logits, batch, over), rel=1e-5)


@pytest.mark.parametrize(
    ("over", "start_marker", "bits"), [("answer", True, 10), ("sequence", True, 30), ("sequence", False, 25)]
)
def test_the_bits_of_a_sequence(over, start_marker, bits):
    """Two vectors of five bits: in the answer; in the whole of L + 2 + L steps; and of L + 1 + L."""
    assert bits_of(tasks.frame_copy(tasks.payload(3, 2, 5), start_marker), over) == bits


def test_what_is_said_before_the_answer_counts_over_the_sequence_alone():
    batch = tasks.copy(3, 2, 5, generator=torch.Generator().manual_seed(0))
    logits = torch.zeros(batch.targets.shape)
    assert loss_of(logits, batch, "answer").item() == pytest.approx(math.log(2))
    logits[:, :4] = 9.0
    assert loss_of(logits, batch, "answer").item() == pytest.approx(math.log(2))
    assert loss_of(logits, batch, "sequence").item() > 3


@pytest.mark.parametrize("over", ["answer", "sequence"])
def test_a_certain_mistake_has_a_finite_loss_and_gradient(over):
    batch = tasks.copy(3, 2, 5, "ones")
    logits = torch.full(batch.targets.shape, -1e4, requires_grad=True)
    loss = loss_of(logits, batch, over)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().sum() > 0


# Heads that point at one row


def states(*weights):
    return [NTMState(memory=None, weights=torch.tensor(w), reads=None, controller=()) for w in weights]


@pytest.mark.parametrize("rows", [2, 7, 1000])
def test_the_spread_of_a_uniform_weighting_is_the_log_of_its_rows(rows):
    uniform = states([[[1 / rows] * rows]])
    assert spread_of(uniform).item() == pytest.approx(math.log(rows), abs=1e-5)


def test_the_spread_of_a_weighting_on_one_row_is_zero():
    assert spread_of(states([[[0.0, 1.0, 0.0]]])).item() == pytest.approx(0, abs=1e-6)


def test_the_spread_of_a_sequence_is_the_mean_over_steps_and_heads():
    half, two, one = [0.5, 0.5, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]  # log 2, 1.5 log 2 and 0
    history = states([[half, one], [two, two]], [[one, one], [half, one]])
    expected = [(1 + 0 + 0 + 0) / 4 * math.log(2), (1.5 + 1.5 + 1 + 0) / 4 * math.log(2)]
    assert spread_of(history).tolist() == pytest.approx(expected, rel=1e-5)


def test_the_spread_has_a_finite_gradient_where_a_weight_is_zero():
    (state,) = states([[[0.0, 1.0, 0.0]]])
    state.weights.requires_grad_()
    spread_of([state]).backward()
    assert state.weights.grad.isfinite().all()


# Padding

LENGTHS = [2, 5, 3]


def test_the_loss_of_the_answers_is_the_mean_over_all_bits_that_count():
    batches = [tasks.copy(1, length, 3, generator=torch.Generator().manual_seed(length)) for length in LENGTHS]
    together = tasks.join(batches)
    logits = torch.randn(together.targets.shape, generator=torch.Generator().manual_seed(1))
    parts = [loss_of(logits[b : b + 1, : one.mask.shape[1]], one, "answer") for b, one in enumerate(batches)]
    expected = sum(length * part for length, part in zip(LENGTHS, parts, strict=True)) / sum(LENGTHS)
    torch.testing.assert_close(loss_of(logits, together, "answer"), expected)


# All of them together

WEIGHED = replace(SETTLING, focus=0.3, clear=0.2)


@pytest.mark.parametrize(
    ("settled_for", "expected"),
    [(None, [0.0, 0.0]), (0, [0.075, 0.05]), (2, [0.225, 0.15]), (3, [0.3, 0.2]), (89, [0.3, 0.2])],
)
def test_how_much_each_counts_by_hand(settled_for, expected, monkeypatch):
    monkeypatch.setattr(losses, "RISE", 4)
    weights = auxiliary_weights(WEIGHED, settled_for)
    assert list(weights) == ["focus", "clear"]
    assert list(weights.values()) == pytest.approx(expected)


def test_what_is_trained_on_is_the_answers_loss_and_the_weighted_mean_of_the_spread():
    """And with a loss per sequence, the answer's counts once for each of its 15 bits."""
    generator = torch.Generator().manual_seed(0)
    batch = tasks.copy(3, 3, 5, generator=generator)
    history = states(*(torch.randn(3, 5, 7, generator=generator).softmax(-1).tolist() for _ in range(8)))
    logits = torch.randn(batch.targets.shape, generator=generator)
    for per, bits in (("bit", 1), ("sequence", 15)):
        loss, total = total_loss(Historical(loss_per=per), logits, batch, 0.3, spread_of(history))
        torch.testing.assert_close(loss, loss_of(logits, batch, "answer"))
        torch.testing.assert_close(total, bits * loss + 0.3 * spread_by_hand(history).mean(), check_dtype=False)
        assert torch.equal(total_loss(Historical(loss_per=per), logits, batch)[1], bits * loss)
