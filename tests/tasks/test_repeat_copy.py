"""Repeat copy against a frame built vector by vector in plain Python."""

import math
import statistics

import pytest
import torch

from ntm_lib import NTMConfig, tasks
from ntm_lib.tasks.repeat_copy import normal_count, repeat_copying_for

B, LENGTH, REPEATS, WIDTH = 5, 3, 7, 2


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def naive(payload, repeats, counting, most=10):
    """Inputs, targets and mask of one sequence, whose payload is a list of vectors."""
    width, blank = len(payload[0]), [0] * len(payload[0])
    inputs = [[*blank, 1, 0, 0]] + [[*vector, 0, 0, 0] for vector in payload]
    if counting == "ticks":
        inputs += [[*blank, 0, 0, 1]] * repeats + [[*blank, 0, 1, 0]]
    else:
        spread = statistics.pstdev(range(1, most + 1))
        inputs += [[*blank, 0, 1, (repeats - statistics.mean(range(1, most + 1))) / spread]]
    asked = [[*vector, 0] for _ in range(repeats) for vector in payload] + [[*blank, 1]]
    silent = len(inputs)
    inputs += [[0] * (width + 3)] * len(asked)
    return inputs, [[0] * (width + 1)] * silent + asked, [0] * silent + [1] * len(asked)


@pytest.mark.parametrize("counting", ["scalar", "ticks"])
@pytest.mark.parametrize(("length", "repeats", "width"), [(3, 7, 2), (1, 1, 5), (11, 2, 3), (2, 13, 1)])
def test_the_frame_is_its_time_diagram(length, repeats, width, counting):
    bits = tasks.payload(B, length, width, "random", generator())
    batch = tasks.frame_repeat_copy(bits, repeats, counting=counting)
    for b in range(B):
        inputs, targets, mask = naive(bits[b].tolist(), repeats, counting)
        assert torch.allclose(batch.inputs[b], torch.tensor(inputs, dtype=torch.float32))
        assert batch.targets[b].tolist() == targets
        assert batch.mask[b].tolist() == mask


def test_one_vector_twice_by_hand():
    batch = tasks.frame_repeat_copy(torch.tensor([[[1.0, 0.0]]]), repeats=2, most_repeats=3)
    assert batch.inputs.tolist() == [[[0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], *[[0] * 5] * 3]]
    assert batch.targets.tolist() == [[*[[0] * 3] * 3, [1, 0, 0], [1, 0, 0], [0, 0, 1]]]


def test_counts_have_mean_0_and_variance_1():
    counts = [normal_count(repeats, 7) for repeats in range(1, 8)]
    assert abs(statistics.mean(counts)) < 1e-12 and abs(statistics.pvariance(counts) - 1) < 1e-12


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_every_kind_of_payload_is_repeated(kind):
    task = tasks.repeat_copying(WIDTH)
    batch = task.drawn(task.draw_of(kind, None), B, (LENGTH, REPEATS), generator(3))
    payload = tasks.payload(B, LENGTH, WIDTH, kind, generator(3))
    answer = batch.targets[batch.mask.bool()].view(B, LENGTH * REPEATS + 1, WIDTH + 1)[:, :-1, :-1]
    assert torch.equal(answer, torch.cat([payload] * REPEATS, dim=1))


def ticks_of(batch, length=LENGTH, repeats=REPEATS):
    """The channel of the count (B, R) where ticks are due."""
    return batch.inputs[:, length + 1 : length + 1 + repeats, -1]


def test_ticks_have_the_strengths_that_they_are_given():
    bits = tasks.payload(B, LENGTH, WIDTH, "random", generator())
    strengths = torch.linspace(0.3, 4.0, B * REPEATS).view(B, REPEATS)
    uneven, even = (
        tasks.frame_repeat_copy(bits, REPEATS, counting="ticks", strengths=given) for given in (strengths, 0.7)
    )
    assert torch.equal(ticks_of(uneven), strengths) and torch.equal(ticks_of(even), torch.full((B, REPEATS), 0.7))
    ticks_of(uneven).fill_(0.7)
    assert all(torch.equal(*parts) for parts in zip(uneven, even, strict=True))


def test_strengths_of_uneven_ticks_are_spread_evenly_over_powers_of_two():
    batch = tasks.repeat_copy(800, 1, 13, WIDTH, generator=generator(), counting="ticks", uneven=True)
    even, drawn = ticks_of(batch, 1, 13).view(400, 2, 13).unbind(1)
    assert (even == 1).all()
    powers = drawn.log2()
    assert powers.min() >= -1 and powers.max() <= 1
    fourths = torch.histc(powers, bins=4, min=-1, max=1) / powers.numel()
    assert (fourths - 0.25).abs().max() < 0.03  # 4 standard deviations of 5,200 draws
    assert drawn.unique().numel() > 0.99 * drawn.numel()


def test_only_trainings_show_uneven_ticks():
    task = tasks.repeat_copying(WIDTH, counting="ticks")
    for draw in (task.draw, task.settling):
        drawn = ticks_of(task.drawn(draw, 8, (LENGTH, REPEATS), generator(2)))
        assert (drawn != 1).all(1).tolist() == 4 * [False, True]
        assert (drawn == 1).all(1).tolist() == 4 * [True, False]
    for kind in task.kinds:
        assert (ticks_of(task.drawn(task.draw_of(kind, None), 6, (LENGTH, REPEATS), generator(2))) == 1).all()


def test_one_number_has_no_ticks_to_be_uneven():
    """Nor is a strength drawn for one: the batches that follow stay as they are."""
    task, after = tasks.repeat_copying(WIDTH), []
    assert task.name == "repeat_copy"
    for uneven in (True, False):
        source = generator(2)
        alone = tasks.repeat_copy(6, LENGTH, REPEATS, WIDTH, generator=source, uneven=uneven)
        assert torch.equal(task.drawn(task.draw, 6, (LENGTH, REPEATS), generator(2)).inputs, alone.inputs)
        after.append(torch.rand(3, generator=source))
    assert torch.equal(*after)


def test_training_draws_every_number_of_repeats():
    task = tasks.repeat_copying(WIDTH, most_repeats=7)
    sizes = [task.size_from(LENGTH, chance / 700) for chance in range(700)]
    assert [sizes.count((LENGTH, repeats)) for repeats in range(1, 8)] == [100] * 7


def test_an_end_marker_too_many_is_an_error():
    """Right bits with an end marker after every repeat: wrong in one bit a repeat."""
    batch = tasks.repeat_copy(B, LENGTH, REPEATS, WIDTH, generator=generator())
    logits = 2 * batch.targets - 1
    task = tasks.repeat_copying(WIDTH)
    assert task.errors(logits, batch).tolist() == [0] * B
    logits[:, -1 - LENGTH * REPEATS + LENGTH - 1 :: LENGTH, -1] = 1
    assert task.errors(logits, batch).tolist() == [REPEATS] * B


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: tasks.repeat_copying(most_repeats=1), ValueError, "most_repeats is 1: expected at least 2"),
        (lambda: tasks.repeat_copying(width=0), ValueError, "width is 0: expected at least 1"),
        (
            lambda: tasks.repeat_copying(counting="words"),
            ValueError,
            "counting is 'words': expected one of scalar, ticks",
        ),
        (lambda: tasks.repeat_copy(2, 3, 0), ValueError, "repeats is 0: expected at least 1"),
        (lambda: tasks.repeat_copy(2, 3, 2, most_repeats=1), ValueError, "most_repeats is 1: expected at least 2"),
        (lambda: tasks.frame_repeat_copy(torch.ones(2, 3, 5), 0), ValueError, "repeats is 0: expected at least 1"),
        (lambda: tasks.frame_repeat_copy(torch.ones(2, 3, 5), 1.5), TypeError, "repeats is 1.5: expected a whole"),
        (
            lambda: tasks.frame_repeat_copy(torch.ones(2, 3, 5), 7, counting="ticks", strengths=torch.ones(7)),
            ValueError,
            r"strengths have shape \(7,\): expected \(2, 7\), one a tick",
        ),
        (
            lambda: tasks.repeat_copying().draw(2, 3, None),
            ValueError,
            "size is 3: expected two numbers, LENGTHxREPEATS",
        ),
        (lambda: tasks.repeat_copying().rows_needed((2, 3, 5)), ValueError, "size is 2x3x5: expected two numbers"),
        (lambda: repeat_copying_for(NTMConfig(10, 7)), ValueError, "10 inputs and 7 outputs: repeat copy of W bits"),
    ],
)
def test_values_that_cannot_be(call, error, said):
    with pytest.raises(error, match=said):
        call()


@pytest.mark.parametrize(
    ("strengths", "error", "said"),
    [
        (torch.tensor([[1.0], [math.nan]]), ValueError, "strengths are not all finite numbers above 0"),
        (torch.tensor([[1.0], [0.0]]), ValueError, "strengths are not all finite numbers above 0"),
        (torch.ones(2, 1, dtype=torch.long), ValueError, "strengths are not all finite numbers above 0"),
        (-1.0, ValueError, "strengths is -1"),
        (math.inf, ValueError, "strengths is inf"),
        ([[1.0], [1.0]], TypeError, "strengths is"),
    ],
)
def test_strengths_that_no_tick_can_have(strengths, error, said):
    with pytest.raises(error, match=said):
        tasks.frame_repeat_copy(torch.ones(2, 3, 5), 1, counting="ticks", strengths=strengths)


@pytest.mark.parametrize("counting", ["scalar", "ticks"])
def test_a_machine_that_has_settled_is_trained_on_every_kind(counting):
    task = tasks.repeat_copying(WIDTH, counting=counting)
    batch = task.drawn(task.settling, 8, (LENGTH, REPEATS), generator(4))
    kind = tasks.KINDS[int(torch.randint(1, len(tasks.KINDS), (1,), generator=(same := generator(4))))]
    for part, one in ((slice(0, 4), "random"), (slice(4, 8), kind)):
        alone = tasks.repeat_copy(4, LENGTH, REPEATS, WIDTH, one, same, counting=counting, uneven=True)
        assert torch.equal(batch.inputs[part], alone.inputs) and torch.equal(batch.targets[part], alone.targets)
