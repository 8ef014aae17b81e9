"""Memory, Eqs. 2-4: against loops, by hand on five slots, by its invariants, and at the extremes."""

import naive
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import agree, all_finite, arrays, explore
from torch.autograd import gradcheck

from ntm_lib.machine import memory as room

B, H, M, N = 2, 3, 5, 7  # a different prime on every axis


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


@pytest.mark.parametrize("heads", [1, 3])
def test_read_is_the_loop(heads):
    memory, weights, _, _ = draw(0, heads=heads)
    agree(room.read(memory, weights), naive.read(*arrays(memory, weights)))


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_erase_is_the_loop(heads):
    memory, weights, erase, _ = draw(1, heads=heads)
    agree(room.erase(memory, weights, erase), naive.erase(*arrays(memory, weights, erase)))


@pytest.mark.parametrize("heads", [1, 3])
def test_add_is_the_loop(heads):
    memory, weights, _, add = draw(2, heads=heads)
    agree(room.add(memory, weights, add), naive.add(*arrays(memory, weights, add)))


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_write_is_the_loop_all_erase_then_all_add(heads):
    memory, weights, erase, add = draw(3, heads=heads)
    tape, w, e, a = arrays(memory, weights, erase, add)
    agree(room.write(memory, weights, erase, add), naive.add(naive.erase(tape, w, e), w, a))


def test_a_memory_that_is_one_row_repeated_is_read_and_written_like_any_other():
    _, weights, erase, add = draw(4)
    row = torch.randn(1, M, dtype=torch.float64)
    repeated = room.initial_memory(row, B, N)
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


def test_read_by_hand():
    weights = heads([0, 0, 1, 0, 0], [0.5, 0, 0, 0, 0.5], [0.1, 0.7, 0.2, 0, 0])
    same(room.read(FIVE, weights), heads([5, 6], [5, 6], [3.2, 4.2]))


def test_write_by_hand_replaces_the_row_it_points_at_and_no_other():
    after = room.write(FIVE, heads([0, 0, 1, 0, 0]), heads([1, 1]), heads([-1, 0.5]))
    expected = FIVE.clone()
    expected[0, 2] = torch.tensor([-1, 0.5])
    same(after, expected)


def test_erase_by_hand_only_where_weight_and_erase_meet():
    after = room.erase(FIVE, heads([0, 1, 0, 0.5, 0]), heads([1, 0.5]))
    same(after, heads([1, 2], [0, 2], [5, 6], [3.5, 6], [9, 10]))


def test_add_by_hand():
    after = room.add(FIVE, heads([0, 1, 0, 0.5, 0]), heads([1, -2]))
    same(after, heads([1, 2], [4, 2], [5, 6], [7.5, 7], [9, 10]))


def test_two_heads_on_one_row_erase_before_either_adds():
    """Taking turns (erase, add, erase, add) would leave only the second head's vector."""
    weights = heads([0, 0, 0, 1, 0], [0, 0, 0, 1, 0])
    after = room.write(FIVE, weights, heads([1, 1], [1, 1]), heads([10, 20], [1, 2]))
    same(after[:, 3], torch.tensor([[11, 22]], dtype=torch.float64))


def test_initial_memory_repeats_a_row_or_takes_all_rows():
    row = torch.tensor([[1.0, 2.0, 3.0]])
    memory = room.initial_memory(row, 2, 5)
    assert memory.shape == (2, 5, 3)
    assert (memory == row).all()
    rows = torch.arange(15.0).view(5, 3)
    memory = room.initial_memory(rows, 2, 5)
    assert memory.shape == (2, 5, 3)
    assert (memory[0] == rows).all()
    assert (memory[1] == rows).all()


def test_initial_memory_of_a_stack_is_every_machines_own():
    rows = torch.arange(6.0).view(2, 1, 3)
    memory = room.initial_memory(rows, 10, 7)
    assert memory.shape == (10, 7, 3)
    assert (memory[:5] == rows[0]).all()
    assert (memory[5:] == rows[1]).all()
    rows = torch.arange(42.0).view(2, 7, 3)
    memory = room.initial_memory(rows, 10, 7)
    assert (memory[:5] == rows[0]).all()
    assert (memory[5:] == rows[1]).all()


# Room for the result


def a_row_repeated(memory):
    """An expanded view, as every machine's first memory: all sequences and rows are one row of numbers."""
    return room.initial_memory(memory[0, :1], *memory.shape[:2])


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("like", [torch.clone, a_row_repeated])
def test_write_with_room_is_write_without(like, heads):
    memory, weights, erase, add = draw(10, heads=heads)
    memory = like(memory)
    before = memory.clone()
    expected = room.write(memory, weights, erase, add)
    spare = torch.full((2, B, N, M), torch.nan, dtype=torch.float64)
    after = room.write(memory, weights, erase, add, (spare[0], spare[1]))
    assert torch.equal(after, expected)
    assert torch.equal(memory, before)
    if heads == 1:
        assert after.data_ptr() == spare[0].data_ptr()


@pytest.mark.parametrize("heads", [1, 3])
def test_the_result_may_take_the_place_of_the_memory(heads):
    memory, *emitted = draw(11, heads=heads)
    others = [tensor.clone() for tensor in emitted]
    expected = room.write(memory, *emitted)
    tape = memory.clone()
    after = room.write(tape, *emitted, (tape, torch.full_like(tape, torch.nan)))
    assert torch.equal(after, expected)
    if heads == 1:
        assert after is tape
    for tensor, before in zip(emitted, others, strict=True):
        assert torch.equal(tensor, before)


def test_many_writes_into_one_room_are_many_writes():
    memory, *_ = draw(12, heads=1)
    expected, tape = memory, memory.clone()
    spare = torch.empty_like(tape), torch.empty_like(tape)
    for seed in range(5):
        _, weights, erase, add = draw(seed, heads=1)
        expected = room.write(expected, weights, erase, add)
        tape = room.write(tape, weights, erase, add, spare)
        assert torch.equal(tape, expected)


# Invariants

sizes = st.tuples(*[st.integers(1, 5)] * 4)
seeds = st.integers(0, 2**16)


@explore
@given(seeds, sizes)
def test_a_read_stays_within_the_numbers_it_reads(seed, size):
    memory, weights, _, _ = draw(seed, *size)
    reads = room.read(memory, weights)
    assert (reads <= memory.amax(dim=1, keepdim=True) + 1e-12).all()
    assert (reads >= memory.amin(dim=1, keepdim=True) - 1e-12).all()


@explore
@given(seeds, sizes)
def test_erasing_only_shrinks(seed, size):
    memory, weights, erase, _ = draw(seed, *size)
    after = room.erase(memory, weights, erase)
    assert (after.abs() <= memory.abs()).all()
    assert (after * memory >= 0).all()


@explore
@given(seeds, sizes)
def test_nothing_happens_where_no_head_points(seed, size):
    memory, weights, erase, add = draw(seed, *size)
    weights[..., -1] = 0
    assert (room.write(memory, weights, erase, add)[:, -1] == memory[:, -1]).all()


@explore
@given(seeds, sizes, st.integers(-7, 7))
def test_rolling_tape_and_weightings_rolls_what_is_written_and_not_what_is_read(seed, size, by):
    memory, weights, erase, add = draw(seed, *size)
    rolled = memory.roll(by, dims=1), weights.roll(by, dims=2)
    torch.testing.assert_close(room.read(*rolled), room.read(memory, weights))
    expected = room.write(memory, weights, erase, add).roll(by, dims=1)
    torch.testing.assert_close(room.write(*rolled, erase, add), expected)


@explore
@given(seeds, sizes, st.randoms(use_true_random=False))
def test_the_order_of_heads_does_not_matter(seed, size, random):
    memory, weights, erase, add = draw(seed, *size)
    order = random.sample(range(size[1]), size[1])
    torch.testing.assert_close(room.read(memory, weights[:, order]), room.read(memory, weights)[:, order])
    permuted = room.write(memory, weights[:, order], erase[:, order], add[:, order])
    torch.testing.assert_close(permuted, room.write(memory, weights, erase, add))


@explore
@given(seeds, sizes)
def test_all_heads_at_once_are_one_head_at_a_time(seed, size):
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


@explore
@given(seeds, sizes)
def test_a_sequence_alone_is_the_sequence_in_a_batch(seed, size):
    everything = draw(seed, *size)
    alone = [[tensor[b : b + 1] for tensor in everything] for b in range(size[0])]
    torch.testing.assert_close(room.write(*everything), torch.cat([room.write(*one) for one in alone]))
    torch.testing.assert_close(room.read(*everything[:2]), torch.cat([room.read(*one[:2]) for one in alone]))


def test_no_gradient_crosses_from_one_sequence_to_another():
    everything = [tensor.requires_grad_() for tensor in draw(5)]
    for gradient in torch.autograd.grad(room.write(*everything)[0].sum(), everything):
        assert (gradient[1] == 0).all()
        assert (gradient[0] != 0).any()


def test_writing_leaves_what_it_was_given_untouched():
    everything = draw(6)
    before = [tensor.clone() for tensor in everything]
    room.write(*everything)
    for tensor, copy in zip(everything, before, strict=True):
        assert (tensor == copy).all()


# Gradients and extremes


@pytest.mark.parametrize(
    ("name", "takes"), [("read", (0, 1)), ("erase", (0, 1, 2)), ("add", (0, 1, 3)), ("write", range(4))]
)
@pytest.mark.parametrize("heads", [1, 3])
def test_gradients_are_those_of_finite_differences(name, takes, heads):
    everything = draw(7, batch=2, heads=heads, rows=5, width=3)
    assert gradcheck(getattr(room, name), tuple(everything[i].requires_grad_() for i in takes))


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("learning", [(0,), (1,), (2,), (3,), (0, 1), (1, 2, 3), (0, 1, 2, 3)])
def test_gradients_of_writing_are_those_of_erasing_and_adding(learning, heads):
    """Whichever of the four learn."""
    leaves = [tensor.requires_grad_(i in learning) for i, tensor in enumerate(draw(13, heads=heads))]
    memory, weights, erase, add = leaves
    blend = torch.randn(B, N, M, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, expected = (
        torch.autograd.grad((after * blend).sum(), [leaves[i] for i in learning])
        for after in (room.write(*leaves), room.add(room.erase(memory, weights, erase), weights, add))
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("heads", [1, 3])
def test_a_row_that_is_repeated_has_the_gradient_of_finite_differences(heads):
    _, weights, erase, add = draw(14, heads=heads)

    def write(row):
        return room.write(room.initial_memory(row, B, N), weights, erase, add)

    assert gradcheck(write, (torch.randn(1, M, dtype=torch.float64, requires_grad=True),))


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_gradients_are_right_where_several_heads_erase_a_row_completely(heads):
    """Dividing the product of all factors by one factor would be 0/0 here."""
    memory, weights, erase, add = draw(8, batch=1, heads=heads, rows=3, width=2)
    weights = torch.zeros_like(weights)
    weights[..., 1] = 1
    everything = (memory, weights, torch.ones_like(erase), add)
    assert gradcheck(room.write, tuple(tensor.requires_grad_() for tensor in everything))


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("rows", [1, 7, 100_000])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_values_and_gradients_are_finite_at_the_extremes(scale, rows, heads):
    memory, weights, erase, add = (tensor.float() for tensor in draw(9, batch=1, heads=heads, rows=rows))
    one_hot = torch.zeros_like(weights)
    one_hot[..., 0] = 1
    for where in (weights, one_hot):
        for how in (erase, torch.ones_like(erase), torch.zeros_like(erase)):
            assert all_finite(room.write, memory * scale, where, how, add)
        assert all_finite(room.read, memory * scale, where)
