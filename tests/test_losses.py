"""Losses: each by hand, and what it is nothing for."""

import math

import numpy as np
import pytest
import torch
from losses_by_hand import changes_by_hand, heard_by_hand, unrest_by_hand

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training.losses import changes_of, heard_of, loss_of, spread_of, unrest_of

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


# Heads that point at one row, and a memory that rests


def states(*weights):
    return [NTMState(memory=None, weights=torch.tensor(w), reads=None, controller=()) for w in weights]


@pytest.mark.parametrize("rows", [2, 7, 1000])
def test_the_spread_of_a_uniform_weighting_is_the_log_of_its_rows(rows):
    uniform = states([[[1 / rows] * rows]])
    assert spread_of(uniform).item() == pytest.approx(math.log(rows), abs=1e-5)


def test_the_spread_of_a_weighting_on_one_row_is_zero():
    assert spread_of(states([[[0.0, 1.0, 0.0]]])).item() == pytest.approx(0, abs=1e-6)


def test_the_spread_is_the_mean_over_steps_sequences_and_heads():
    half, two, one = [0.5, 0.5, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]  # log 2, 1.5 log 2 and 0
    history = states([[half, one], [two, two]], [[one, one], [half, one]])
    assert spread_of(history).item() == pytest.approx((1 + 0 + 1.5 + 1.5 + 0 + 0 + 1 + 0) / 8 * math.log(2), rel=1e-5)


def test_the_spread_has_a_finite_gradient_where_a_weight_is_zero():
    (state,) = states([[[0.0, 1.0, 0.0]]])
    state.weights.requires_grad_()
    spread_of([state]).backward()
    assert state.weights.grad.isfinite().all()


def test_the_changes_of_the_memory_by_hand():
    generator = torch.Generator().manual_seed(0)
    mask = tasks.copy(2, 3, 5).mask
    history = [NTMState(torch.randn(2, 7, 3, generator=generator), None, None, ()) for _ in range(8)]
    assert changes_of(history, mask).item() == pytest.approx(changes_by_hand(history, mask).item(), rel=1e-5)


def test_a_memory_that_rests_during_the_answer_has_not_changed():
    mask = tasks.copy(2, 3, 5).mask
    tapes = [torch.full((2, 7, 3), float(min(step, 4))) for step in range(8)]  # the answer begins at step 5
    assert changes_of([NTMState(tape, None, None, ()) for tape in tapes], mask) == 0
    later = [torch.full((2, 7, 3), float(min(step, 5))) for step in range(8)]
    assert changes_of([NTMState(tape, None, None, ()) for tape in later], mask).item() == pytest.approx(7 / 3)


# Readers while the sequence comes in


def test_what_readers_do_while_the_sequence_comes_in_by_hand():
    generator = torch.Generator().manual_seed(0)
    mask = tasks.copy(2, 3, 5).mask
    history = [
        NTMState(
            None,
            torch.randn(2, 5, 7, generator=generator).softmax(-1),
            torch.randn(2, 3, 11, generator=generator),
            (),
        )
        for _ in range(8)
    ]
    assert unrest_of(history, mask, 3).item() == pytest.approx(unrest_by_hand(history, mask, 3).item(), rel=1e-5)
    assert heard_of(history, mask).item() == pytest.approx(heard_by_hand(history, mask).item(), rel=1e-5)


def readers(*rows):
    """The states of a read head that points at these rows, one a step, beside a write head that moves every step."""
    one_hot = torch.eye(7)
    return [
        NTMState(
            None,
            torch.stack([row if isinstance(row, torch.Tensor) else one_hot[row], one_hot[step % 7]])[None],
            None,
            (),
        )
        for step, row in enumerate(rows)
    ]


def test_a_reader_that_stays_on_one_row_rests_and_the_answer_is_free():
    """Length 2: the sequence comes in at steps 0 to 3, the answer at steps 4 and 5."""
    mask = tasks.copy(1, 2, 5).mask
    assert unrest_of(readers(2, 2, 2, 2, 3, 4), mask, 1) == 0
    assert unrest_of(readers(2, 3, 3, 3, 4, 5), mask, 1).item() == pytest.approx(1 / 5)
    uniform = torch.full((7,), 1 / 7)
    assert unrest_of(readers(*[uniform] * 4, 4, 5), mask, 1).item() == pytest.approx(3 / 5 * 6 / 7)


def test_what_is_read_in_the_answer_is_free():
    mask = tasks.copy(1, 2, 5).mask
    for step in range(6):
        reads = torch.zeros(6, 1, 1, 11)
        reads[step] = 3.0
        heard = heard_of([NTMState(None, None, numbers, ()) for numbers in reads], mask).item()
        assert heard == pytest.approx(9 / 6 if step < 4 else 0)
