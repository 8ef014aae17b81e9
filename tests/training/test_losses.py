"""Losses: each by hand, and what it is nothing for."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from losses_by_hand import changes_by_hand, heard_by_hand, spread_by_hand, unrest_by_hand
from small import SETTLING

from ntm_lib import tasks
from ntm_lib.machine import NTMState
from ntm_lib.training import losses
from ntm_lib.training.losses import (
    auxiliary_weights,
    behaviour_of,
    bits_of,
    changes_of,
    heard_of,
    loss_of,
    spread_of,
    total_loss,
    unrest_of,
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


# Heads that point at one row, and a memory that rests


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


def test_the_changes_of_the_memory_by_hand():
    generator = torch.Generator().manual_seed(0)
    mask = tasks.copy(2, 3, 5).mask
    history = [NTMState(torch.randn(2, 7, 3, generator=generator), None, None, ()) for _ in range(8)]
    changes = changes_of(history, mask)
    assert changes.shape == (2,)
    torch.testing.assert_close(changes, changes_by_hand(history, mask))


def test_a_memory_that_rests_during_the_answer_has_not_changed():
    mask = tasks.copy(2, 3, 5).mask
    tapes = [torch.full((2, 7, 3), float(min(step, 4))) for step in range(8)]  # the answer begins at step 5
    assert changes_of([NTMState(tape, None, None, ()) for tape in tapes], mask).tolist() == [0, 0]
    later = [torch.full((2, 7, 3), float(min(step, 5))) for step in range(8)]
    expected = pytest.approx([7 / 3] * 2)
    assert changes_of([NTMState(tape, None, None, ()) for tape in later], mask).tolist() == expected
    later[4][1] = 5.0  # the second sequence is earlier than the first
    assert changes_of([NTMState(tape, None, None, ()) for tape in later], mask).tolist() == pytest.approx([7 / 3, 0])


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


def test_what_readers_do_while_the_sequence_comes_in_by_hand():
    history, mask = a_history(2), tasks.copy(2, 3, 5).mask
    unrest, heard = unrest_of(history, mask, 3), heard_of(history, mask)
    assert unrest.shape == heard.shape == (2,)
    torch.testing.assert_close(unrest, unrest_by_hand(history, mask, 3))
    torch.testing.assert_close(heard, heard_by_hand(history, mask))


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
    torch.testing.assert_close(changes_of(history, mask), changes_by_hand(history, mask))
    torch.testing.assert_close(unrest_of(history, mask, 3), unrest_by_hand(history, mask, 3))
    torch.testing.assert_close(heard_of(history, mask), heard_by_hand(history, mask))


@pytest.mark.parametrize("which", ["quiet", "rest", "listen"])
def test_what_happens_behind_the_end_of_a_sequence_counts_for_nothing(which):
    history, mask, _ = padded_and_alone()
    measure = {
        "quiet": lambda states: changes_of(states, mask),
        "rest": lambda states: unrest_of(states, mask, 3),
        "listen": lambda states: heard_of(states, mask),
    }[which]
    expected = measure(history)
    for t, state in enumerate(history):
        for b, length in enumerate(LENGTHS):
            if t >= 2 * length + 2:
                for part in state[:3]:
                    part[b] = 7.0
    torch.testing.assert_close(measure(history), expected)


@pytest.mark.parametrize(
    "loss", [changes_of, heard_of, lambda history, mask: unrest_of(history, mask, 3)], ids=["quiet", "listen", "rest"]
)
def test_the_loss_of_a_padded_sequence_is_that_of_the_sequence_alone(loss):
    history, mask, alone = padded_and_alone()
    torch.testing.assert_close(loss(history, mask), torch.cat([loss(*one) for one in alone]))


def test_a_sequence_that_is_answered_in_its_first_step_alone_is_quiet():
    """Alone, and in a batch with a longer one: no memory comes before its only answer."""
    history, mask, _ = padded_and_alone()
    mask[0] = 0
    mask[0, 0] = 1
    memories = [state.memory.requires_grad_() for state in history]
    expected = changes_of(history, mask)
    assert expected[0] == 0
    assert (expected[1:] > 0).all()
    expected.sum().backward()
    reached = [memory.grad for memory in memories if memory.grad is not None]
    assert len(reached) > 2
    assert all(gradient.isfinite().all() for gradient in reached)
    assert changes_of(history[:1], mask[:, :1]).tolist() == [0, 0, 0]


def test_the_loss_of_the_answers_is_the_mean_over_all_bits_that_count():
    batches = [tasks.copy(1, length, 3, generator=torch.Generator().manual_seed(length)) for length in LENGTHS]
    together = tasks.join(batches)
    logits = torch.randn(together.targets.shape, generator=torch.Generator().manual_seed(1))
    parts = [loss_of(logits[b : b + 1, : one.mask.shape[1]], one, "answer") for b, one in enumerate(batches)]
    expected = sum(length * part for length, part in zip(LENGTHS, parts, strict=True)) / sum(LENGTHS)
    torch.testing.assert_close(loss_of(logits, together, "answer"), expected)


# All of them together

WEIGHED = replace(SETTLING, listen=0.7, rest=0.5, focus=0.3, quiet=0.2)


@pytest.mark.parametrize(
    ("learned", "settled_for", "expected"),
    [
        (0.0, None, [0.7, 0.0, 0.0, 0.0]),
        (0.25, None, [0.7, 0.125, 0.0, 0.0]),
        (0.0, 0, [0.7, 0.0, 0.075, 0.05]),
        (1.0, 2, [0.7, 0.5, 0.225, 0.15]),
        (0.0, 3, [0.7, 0.0, 0.3, 0.2]),
        (0.0, 89, [0.7, 0.0, 0.3, 0.2]),
    ],
)
def test_how_much_each_counts_by_hand(learned, settled_for, expected, monkeypatch):
    monkeypatch.setattr(losses, "RISE", 4)
    weights = auxiliary_weights(WEIGHED, learned, settled_for)
    assert list(weights) == ["listen", "rest", "focus", "quiet"]
    assert list(weights.values()) == pytest.approx(expected)


def test_what_is_trained_on_is_the_answers_loss_and_the_weighted_means_of_behaviour():
    """And with a loss per sequence, the answer's counts once for each of its 15 bits."""
    history, batch = a_history(3), tasks.copy(3, 3, 5, generator=torch.Generator().manual_seed(0))
    weights = {"listen": 0.7, "rest": 0.5, "focus": 0.3, "quiet": 0.11}
    behaviour = behaviour_of(weights, history, batch.mask)
    expected = {
        "listen": heard_by_hand(history, batch.mask),
        "rest": unrest_by_hand(history, batch.mask, 3),
        "focus": spread_by_hand(history),
        "quiet": changes_by_hand(history, batch.mask),
    }
    logits = torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(1))
    beside = sum(weights[name] * expected[name].mean() for name in weights)
    for per, bits in (("bit", 1), ("sequence", 15)):
        loss, total = total_loss(Historical(loss_per=per), logits, batch, weights, behaviour)
        torch.testing.assert_close(loss, loss_of(logits, batch, "answer"))
        torch.testing.assert_close(total, bits * loss + beside, check_dtype=False)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("listen", ["memory", "weights"]), ("rest", ["memory"]), ("focus", ["memory", "reads"])],
)
def test_what_does_not_count_is_not_worked_out(name, unknown):
    """Nothing that the others look at is even there."""
    mask = tasks.copy(4, 3, 5).mask
    history = [state._replace(**dict.fromkeys(unknown)) for state in a_history(4)]
    assert list(behaviour_of([name], history, mask)) == [name]
    assert behaviour_of([], [], mask) == {}
