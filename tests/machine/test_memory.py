"""Memory, Eqs. 2-4, as printed and fast: against loops, by hand, by its invariants, and at the extremes."""

import naive
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import agree, all_finite, arrays, explore

from ntm_lib.machine import fast
from ntm_lib.machine import memory as plain

B, H, M, N = 2, 3, 5, 7  # a different prime on every axis

both = pytest.mark.parametrize("room", [plain, fast], ids=["plain", "fast"])
"""The equations as printed, and their fast twins."""


def draw(seed, batch=B, heads=H, rows=N, width=M):
    """A memory, a weighting per head, and what the heads erase and add."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return (
        normal(batch, rows, width),
        normal(batch, heads, rows).mul(2).softmax(-1),
        normal(batch, heads, width).sigmoid(),
        normal(batch, heads, width),
    )


# Against the loops


@both
@pytest.mark.parametrize("heads", [1, 3])
def test_read_is_the_loop(room, heads):
    memory, weights, _, _ = draw(0, heads=heads)
    agree(room.read(memory, weights), naive.read(*arrays(memory, weights)))


@both
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_erase_is_the_loop(room, heads):
    memory, weights, erase, _ = draw(1, heads=heads)
    agree(room.erase(memory, weights, erase), naive.erase(*arrays(memory, weights, erase)))


@both
@pytest.mark.parametrize("heads", [1, 3])
def test_add_is_the_loop(room, heads):
    memory, weights, _, add = draw(2, heads=heads)
    agree(room.add(memory, weights, add), naive.add(*arrays(memory, weights, add)))


@both
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_write_is_the_loop_all_erase_then_all_add(room, heads):
    memory, weights, erase, add = draw(3, heads=heads)
    tape, w, e, a = arrays(memory, weights, erase, add)
    agree(room.write(memory, weights, erase, add), naive.add(naive.erase(tape, w, e), w, a))


@both
def test_a_memory_that_is_one_row_repeated_is_read_and_written_like_any_other(room):
    _, weights, erase, add = draw(4)
    row = torch.randn(1, M, dtype=torch.float64)
    repeated = plain.initial_memory(row, B, N)
    solid = repeated.clone()
    torch.testing.assert_close(room.read(repeated, weights), room.read(solid, weights))
    torch.testing.assert_close(room.write(repeated, weights, erase, add), room.write(solid, weights, erase, add))
    assert (repeated == row).all()


# By hand, on five slots of two numbers

FIVE = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]]], dtype=torch.float64)


def heads(*rows):
    return torch.tensor([rows], dtype=torch.float64)


def same(tensor, expected):
    torch.testing.assert_close(tensor, expected, rtol=0, atol=1e-12)


@both
def test_read_by_hand(room):
    weights = heads([0, 0, 1, 0, 0], [0.5, 0, 0, 0, 0.5], [0.1, 0.7, 0.2, 0, 0])
    same(room.read(FIVE, weights), heads([5, 6], [5, 6], [3.2, 4.2]))


@both
def test_write_by_hand_replaces_the_row_it_points_at_and_no_other(room):
    after = room.write(FIVE, heads([0, 0, 1, 0, 0]), heads([1, 1]), heads([-1, 0.5]))
    expected = FIVE.clone()
    expected[0, 2] = torch.tensor([-1, 0.5])
    same(after, expected)


@both
def test_erase_by_hand_only_where_weight_and_erase_meet(room):
    after = room.erase(FIVE, heads([0, 1, 0, 0.5, 0]), heads([1, 0.5]))
    same(after, heads([1, 2], [0, 2], [5, 6], [3.5, 6], [9, 10]))


@both
def test_add_by_hand(room):
    after = room.add(FIVE, heads([0, 1, 0, 0.5, 0]), heads([1, -2]))
    same(after, heads([1, 2], [4, 2], [5, 6], [7.5, 7], [9, 10]))


@both
def test_two_heads_on_one_row_erase_before_either_adds(room):
    """Taking turns (erase, add, erase, add) would leave only the second head's vector."""
    weights = heads([0, 0, 0, 1, 0], [0, 0, 0, 1, 0])
    after = room.write(FIVE, weights, heads([1, 1], [1, 1]), heads([10, 20], [1, 2]))
    same(after[:, 3], torch.tensor([[11, 22]], dtype=torch.float64))


def test_initial_memory_repeats_a_row_or_takes_all_rows():
    row = torch.tensor([[1.0, 2.0, 3.0]])
    memory = plain.initial_memory(row, 2, 5)
    assert memory.shape == (2, 5, 3)
    assert (memory == row).all()
    rows = torch.arange(15.0).view(5, 3)
    memory = plain.initial_memory(rows, 2, 5)
    assert memory.shape == (2, 5, 3)
    assert (memory[0] == rows).all()
    assert (memory[1] == rows).all()


def test_initial_memory_of_a_stack_is_every_machines_own():
    rows = torch.arange(6.0).view(2, 1, 3)
    memory = plain.initial_memory(rows, 10, 7)
    assert memory.shape == (10, 7, 3)
    assert (memory[:5] == rows[0]).all()
    assert (memory[5:] == rows[1]).all()
    rows = torch.arange(42.0).view(2, 7, 3)
    memory = plain.initial_memory(rows, 10, 7)
    assert (memory[:5] == rows[0]).all()
    assert (memory[5:] == rows[1]).all()


# One memory for all steps


def a_row_repeated(memory):
    """An expanded view, as every machine's first memory: all sequences and rows are one row of numbers."""
    return plain.initial_memory(memory[0, :1], *memory.shape[:2])


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("like", [torch.clone, a_row_repeated])
def test_many_writes_in_place_are_many_writes(like, heads):
    first, *_ = draw(10, heads=heads)
    first = like(first)
    before = first.clone()
    write_in_place = fast.writer_in_place(first)
    expected = found = first
    places = set()
    for seed in range(5):
        _, *emitted = draw(seed, heads=heads)
        others = [tensor.clone() for tensor in emitted]
        expected, found = fast.write(expected, *emitted), write_in_place(found, *emitted)
        places.add(found.data_ptr())
        assert torch.equal(found, expected)
        assert all(map(torch.equal, emitted, others))
    assert torch.equal(first, before)
    assert heads > 1 or len(places) == 1


# Invariants

sizes = st.tuples(*[st.integers(1, 5)] * 4)
seeds = st.integers(0, 2**16)


@both
@explore
@given(seeds, sizes)
def test_a_read_stays_within_the_numbers_it_reads(room, seed, size):
    memory, weights, _, _ = draw(seed, *size)
    reads = room.read(memory, weights)
    assert (reads <= memory.amax(dim=1, keepdim=True) + 1e-12).all()
    assert (reads >= memory.amin(dim=1, keepdim=True) - 1e-12).all()


@both
@explore
@given(seeds, sizes)
def test_erasing_only_shrinks(room, seed, size):
    memory, weights, erase, _ = draw(seed, *size)
    after = room.erase(memory, weights, erase)
    assert (after.abs() <= memory.abs()).all()
    assert (after * memory >= 0).all()


@both
@explore
@given(seeds, sizes)
def test_nothing_happens_where_no_head_points(room, seed, size):
    memory, weights, erase, add = draw(seed, *size)
    weights[..., -1] = 0
    assert (room.write(memory, weights, erase, add)[:, -1] == memory[:, -1]).all()


@both
@explore
@given(seeds, sizes, st.integers(-7, 7))
def test_rolling_tape_and_weightings_rolls_what_is_written_and_not_what_is_read(room, seed, size, by):
    memory, weights, erase, add = draw(seed, *size)
    rolled = memory.roll(by, dims=1), weights.roll(by, dims=2)
    torch.testing.assert_close(room.read(*rolled), room.read(memory, weights))
    expected = room.write(memory, weights, erase, add).roll(by, dims=1)
    torch.testing.assert_close(room.write(*rolled, erase, add), expected)


@both
@explore
@given(seeds, sizes, st.randoms(use_true_random=False))
def test_the_order_of_heads_does_not_matter(room, seed, size, random):
    memory, weights, erase, add = draw(seed, *size)
    order = random.sample(range(size[1]), size[1])
    torch.testing.assert_close(room.read(memory, weights[:, order]), room.read(memory, weights)[:, order])
    permuted = room.write(memory, weights[:, order], erase[:, order], add[:, order])
    torch.testing.assert_close(permuted, room.write(memory, weights, erase, add))


@both
@explore
@given(seeds, sizes)
def test_all_heads_at_once_are_one_head_at_a_time(room, seed, size):
    memory, weights, erase, add = draw(seed, *size)
    one = [slice(h, h + 1) for h in range(size[1])]
    alone = torch.cat([room.read(memory, weights[:, h]) for h in one], dim=1)
    torch.testing.assert_close(room.read(memory, weights), alone)
    tape = memory
    for h in one:
        tape = room.erase(tape, weights[:, h], erase[:, h])
    for h in one:
        tape = room.add(tape, weights[:, h], add[:, h])
    torch.testing.assert_close(room.write(memory, weights, erase, add), tape)


@both
@explore
@given(seeds, sizes)
def test_a_sequence_alone_is_the_sequence_in_a_batch(room, seed, size):
    everything = draw(seed, *size)
    alone = [[tensor[b : b + 1] for tensor in everything] for b in range(size[0])]
    torch.testing.assert_close(room.write(*everything), torch.cat([room.write(*one) for one in alone]))
    torch.testing.assert_close(room.read(*everything[:2]), torch.cat([room.read(*one[:2]) for one in alone]))


@both
def test_no_gradient_crosses_from_one_sequence_to_another(room):
    everything = [tensor.requires_grad_() for tensor in draw(5)]
    for gradient in torch.autograd.grad(room.write(*everything)[0].sum(), everything):
        assert (gradient[1] == 0).all()
        assert (gradient[0] != 0).any()


@both
def test_writing_leaves_what_it_was_given_untouched(room):
    everything = draw(6)
    before = [tensor.clone() for tensor in everything]
    room.write(*everything)
    for tensor, copy in zip(everything, before, strict=True):
        assert (tensor == copy).all()


# Extremes


@both
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("rows", [1, 7, 100_000])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_values_and_gradients_are_finite_at_the_extremes(room, scale, rows, heads):
    memory, weights, erase, add = (tensor.float() for tensor in draw(9, batch=1, heads=heads, rows=rows))
    one_hot = torch.zeros_like(weights)
    one_hot[..., 0] = 1
    for where in (weights, one_hot):
        for how in (erase, torch.ones_like(erase), torch.zeros_like(erase)):
            assert all_finite(room.write, memory * scale, where, how, add)
        assert all_finite(room.read, memory * scale, where)
