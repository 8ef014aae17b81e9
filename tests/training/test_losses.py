"""Losses: each by hand, and what it is nothing for."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from losses_by_hand import heard_by_hand, spread_by_hand
from small import SETTLING

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training import losses
from ntm_lib.training.losses import (
    auxiliary_weights,
    behaviour_of,
    bits_of,
    heard_of,
    loss_of,
    spread_of,
    total_loss,
)
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


# Readers while the sequence comes in


def a_history(sequences, rows=7):
    """8 steps of 3 read heads and 2 others on rows of 11 numbers."""
    generator = torch.Generator().manual_seed(0)
    return [
        NTMState(
            torch.randn(sequences, rows, 11, generator=generator),
            torch.randn(sequences, 5, rows, generator=generator).softmax(-1),
            torch.randn(sequences, 3, 11, generator=generator),
            (),
        )
        for _ in range(8)
    ]


def test_what_is_read_while_the_sequence_comes_in_by_hand():
    history, mask = a_history(2), tasks.copy(2, 3, 5).mask
    heard = heard_of(history, mask)
    assert heard.shape == (2,)
    torch.testing.assert_close(heard, heard_by_hand(history, mask))


def test_what_is_read_in_the_answer_is_free():
    mask = tasks.copy(1, 2, 5).mask
    for step in range(6):
        reads = torch.zeros(6, 1, 1, 11)
        reads[step] = 3.0
        heard = heard_of([NTMState(None, None, numbers, ()) for numbers in reads], mask).item()
        assert heard == pytest.approx(9 / 6 if step < 4 else 0)


# Padding

LENGTHS = [2, 5, 3]


def padded_and_alone():
    """States of a padded batch of three copies, with whatever numbers behind their ends, and each copy's by itself."""
    steps = [2 * length + 2 for length in LENGTHS]
    mask = tasks.copy(3, LENGTHS, 3).mask
    generator = torch.Generator().manual_seed(0)
    history = [
        NTMState(
            torch.randn(3, 7, 11, generator=generator),
            torch.randn(3, 5, 7, generator=generator).softmax(-1),
            torch.randn(3, 3, 11, generator=generator),
            (),
        )
        for _ in range(max(steps))
    ]
    alone = [
        ([NTMState(*(part[b : b + 1] for part in state[:3]), ()) for state in history[:end]], mask[b : b + 1, :end])
        for b, end in enumerate(steps)
    ]
    return history, mask, alone


def test_by_hand_too_padding_is_no_part_of_a_sequence():
    history, mask, _ = padded_and_alone()
    torch.testing.assert_close(heard_of(history, mask), heard_by_hand(history, mask))


def test_what_happens_behind_the_end_of_a_sequence_counts_for_nothing():
    history, mask, _ = padded_and_alone()
    expected = heard_of(history, mask)
    for t, state in enumerate(history):
        for b, length in enumerate(LENGTHS):
            if t >= 2 * length + 2:
                state.reads[b] = 7.0
    torch.testing.assert_close(heard_of(history, mask), expected)


def test_the_loss_of_a_padded_sequence_is_that_of_the_sequence_alone():
    history, mask, alone = padded_and_alone()
    torch.testing.assert_close(heard_of(history, mask), torch.cat([heard_of(*one) for one in alone]))


def test_the_loss_of_the_answers_is_the_mean_over_all_bits_that_count():
    batches = [tasks.copy(1, length, 3, generator=torch.Generator().manual_seed(length)) for length in LENGTHS]
    together = tasks.join(batches)
    logits = torch.randn(together.targets.shape, generator=torch.Generator().manual_seed(1))
    parts = [loss_of(logits[b : b + 1, : one.mask.shape[1]], one, "answer") for b, one in enumerate(batches)]
    expected = sum(length * part for length, part in zip(LENGTHS, parts, strict=True)) / sum(LENGTHS)
    torch.testing.assert_close(loss_of(logits, together, "answer"), expected)


# All of them together

WEIGHED = replace(SETTLING, listen=0.7, focus=0.3, clear=0.2)


@pytest.mark.parametrize(
    ("settled_for", "expected"),
    [
        (None, [0.7, 0.0, 0.0]),
        (0, [0.7, 0.075, 0.05]),
        (2, [0.7, 0.225, 0.15]),
        (3, [0.7, 0.3, 0.2]),
        (89, [0.7, 0.3, 0.2]),
    ],
)
def test_how_much_each_counts_by_hand(settled_for, expected, monkeypatch):
    monkeypatch.setattr(losses, "RISE", 4)
    weights = auxiliary_weights(WEIGHED, settled_for)
    assert list(weights) == ["listen", "focus", "clear"]
    assert list(weights.values()) == pytest.approx(expected)


def test_what_is_trained_on_is_the_answers_loss_and_the_weighted_means_of_behaviour():
    """And with a loss per sequence, the answer's counts once for each of its 15 bits."""
    history, batch = a_history(3), tasks.copy(3, 3, 5, generator=torch.Generator().manual_seed(0))
    weights = {"listen": 0.7, "focus": 0.3, "clear": 0.11}  # which is of the machine, and of no batch
    behaviour = behaviour_of(weights, history, batch.mask)
    assert list(behaviour) == ["listen", "focus"]
    expected = {"listen": heard_by_hand(history, batch.mask), "focus": spread_by_hand(history)}
    logits = torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(1))
    beside = sum(weights[name] * measure.mean() for name, measure in expected.items())
    for per, bits in (("bit", 1), ("sequence", 15)):
        loss, total = total_loss(Historical(loss_per=per), logits, batch, weights, behaviour)
        torch.testing.assert_close(loss, loss_of(logits, batch, "answer"))
        torch.testing.assert_close(total, bits * loss + beside, check_dtype=False)


@pytest.mark.parametrize(("name", "unknown"), [("listen", ["memory", "weights"]), ("focus", ["memory", "reads"])])
def test_what_does_not_count_is_not_worked_out(name, unknown):
    """Nothing that the others look at is even there."""
    mask = tasks.copy(4, 3, 5).mask
    history = [state._replace(**dict.fromkeys(unknown)) for state in a_history(4)]
    assert list(behaviour_of([name], history, mask)) == [name]
    assert behaviour_of([], [], mask) == {}
