"""The copy task: every payload against its own description, the frame around it against the time diagram."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from machines import raises
from naive import explore

from ntm_lib import tasks
from ntm_lib.tasks.payloads import TEXT, uneven_vectors

B = 5
WIDTHS = [1, 3, 8, 11]
LENGTHS = [1, 2, 3, 20, 47]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(kind, length, width, seed=0, batch_size=B):
    """The payload as Python numbers: a list of sequences of vectors of bits."""
    bits = tasks.payload(batch_size, length, width, kind, generator(seed))
    assert bits.shape == (batch_size, length, width)
    assert bits.dtype == torch.float32
    assert set(bits.unique().tolist()) <= {0.0, 1.0}
    return [[tuple(int(bit) for bit in vector) for vector in sequence] for sequence in bits.tolist()]


def number(vector):
    """Least significant bit first."""
    return sum(bit * 2**place for place, bit in enumerate(vector))


every_size = pytest.mark.parametrize(("length", "width"), [(length, width) for length in LENGTHS for width in WIDTHS])


# The frame


@every_size
@pytest.mark.parametrize("kind", tasks.KINDS)
def test_copy_is_the_time_diagram(kind, length, width):
    """start, payload, end, then as many blanks as the payload is long, on which the payload is asked for."""
    batch = tasks.copy(B, length, width, kind, generator())
    payload = rows(kind, length, width)
    blank = (0,) * width
    for b in range(B):
        inputs = [(*blank, 1, 0)]
        inputs += [(*vector, 0, 0) for vector in payload[b]]
        inputs += [(*blank, 0, 1)]
        inputs += [(*blank, 0, 0)] * length
        assert batch.inputs[b].tolist() == [list(vector) for vector in inputs]
        assert batch.targets[b].tolist() == [list(vector) for vector in [blank] * (length + 2) + payload[b]]
        assert batch.mask[b].tolist() == [0] * (length + 2) + [1] * length


def test_copy_by_hand():
    batch = tasks.frame_copy(torch.tensor([[[1.0, 0.0], [1.0, 1.0]]]))
    assert batch.inputs.tolist() == [
        [[0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    ]
    assert batch.targets.tolist() == [[[0, 0], [0, 0], [0, 0], [0, 0], [1, 0], [1, 1]]]
    assert batch.mask.tolist() == [[0, 0, 0, 0, 1, 1]]


@pytest.mark.parametrize("kind", ["random", "counting"])
@every_size
def test_a_frame_without_a_start_marker(length, width, kind):
    """payload, end, blanks: one step and one channel fewer."""
    bits = tasks.payload(B, length, width, kind, generator())
    batch = tasks.frame_copy(bits, start_marker=False)
    payload, blank = rows(kind, length, width), (0,) * width
    for b in range(B):
        inputs = [(*vector, 0) for vector in payload[b]] + [(*blank, 1)] + [(*blank, 0)] * length
        assert batch.inputs[b].tolist() == [list(vector) for vector in inputs]
        assert batch.targets[b].tolist() == [list(vector) for vector in [blank] * (length + 1) + payload[b]]
        assert batch.mask[b].tolist() == [0] * (length + 1) + [1] * length


def test_shapes_and_types():
    batch = tasks.copy(5, 7, 11)
    assert [tuple(part.shape) for part in batch] == [(5, 16, 13), (5, 16, 11), (5, 16)]
    assert {part.dtype for part in batch} == {torch.float32}
    assert tasks.copy(5, 7).inputs.shape == (5, 16, 10)


def test_a_frame_shares_no_memory_with_its_payload():
    bits = torch.ones(1, 2, 3)
    batch = tasks.frame_copy(bits)
    bits.zero_()
    assert batch.inputs[..., :3].sum() == batch.targets.sum() == 6


def test_the_default_payload_is_random_bits():
    assert (tasks.copy(B, 9, generator=generator()).targets == tasks.copy(B, 9, 8, "random", generator()).targets).all()


# The payloads


def test_random_bits_are_fair_and_differ_everywhere():
    bits = tasks.payload(100, 50, 8, "random", generator())
    assert 0.48 < bits.mean() < 0.52
    assert bits.mean(dim=(0, 1)).min() > 0.45
    assert bits.mean(dim=(0, 1)).max() < 0.55
    for dim in (0, 1, 2):
        neighbours_agree = (bits.diff(dim=dim) == 0).float().mean()
        assert 0.48 < neighbours_agree < 0.52


@every_size
def test_zeros_and_ones(length, width):
    assert rows("zeros", length, width) == [[(0,) * width] * length] * B
    assert rows("ones", length, width) == [[(1,) * width] * length] * B


@every_size
def test_repeat_is_one_vector(length, width):
    sequences = rows("repeat", length, width)
    for sequence in sequences:
        assert set(sequence) == {sequence[0]}
    if width >= 8:
        assert len({sequence[0] for sequence in sequences}) > 1


@every_size
def test_alternating_is_two_vectors_in_turn(length, width):
    sequences = rows("alternating", length, width)
    for sequence in sequences:
        assert sequence == [sequence[t % 2] for t in range(length)]
    if width >= 8 and length > 1:
        assert any(sequence[0] != sequence[1] for sequence in sequences)


@every_size
def test_one_hot_walks_one_place_a_step_and_starts_again_after_the_last(length, width):
    for sequence in rows("one-hot", length, width):
        place = sequence[0].index(1)
        for t, vector in enumerate(sequence):
            assert vector == tuple(int(i == (place + t) % width) for i in range(width))


def test_one_hot_starts_anywhere():
    assert len({sequence[0] for sequence in rows("one-hot", 1, 8, batch_size=200)}) == 8


@every_size
def test_counting_goes_up_by_one_and_starts_again_after_the_last_number(length, width):
    for sequence in rows("counting", length, width):
        first = number(sequence[0])
        assert [number(vector) for vector in sequence] == [(first + t) % 2**width for t in range(length)]


def test_counting_starts_anywhere():
    assert {number(sequence[0]) for sequence in rows("counting", 1, 3, batch_size=200)} == set(range(8))


@pytest.mark.parametrize("width", [62, 63, 64, 70])
def test_counting_is_right_where_vectors_are_wider_than_an_integer(width):
    for sequence in rows("counting", 5, width):
        first = number(sequence[0])
        assert [number(vector) for vector in sequence] == [first + t for t in range(5)]


@every_size
def test_text_spells_the_text_from_some_place_on(length, width):
    letters = [letter % 2**width for letter in TEXT.encode()]
    for sequence in rows("text", length, width):
        spelt = [number(vector) for vector in sequence]
        starts = range(len(letters))
        assert any(spelt == [letters[(start + t) % len(letters)] for t in range(length)] for start in starts)


def test_text_is_longer_than_itself_and_starts_anywhere():
    spelt = [bytes(map(number, sequence)).decode() for sequence in rows("text", 3 * len(TEXT), 8, batch_size=20)]
    for text in spelt:
        assert TEXT in text
    assert len(set(spelt)) > 5


@pytest.mark.parametrize("draw", [uneven_vectors, tasks.uneven_payload], ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 16])
@pytest.mark.parametrize("length", [1, 2, 20])
def test_training_payload_is_bits_of_the_shape_asked_for_and_the_generators_own(length, batch_size, draw):
    bits = draw(batch_size, length, 11, generator())
    assert bits.shape == (batch_size, length, 11)
    assert bits.dtype == torch.float32
    assert ((bits == 0) | (bits == 1)).all()
    assert torch.equal(draw(batch_size, length, 11, generator()), bits)


def shares_of_ones(bits):
    """How often a vector has 0, 1, 2, ... ones."""
    width = bits.shape[-1]
    return torch.bincount(bits.sum(-1).long().flatten(), minlength=width + 1) / bits[..., 0].numel()


def assert_every_number_of_ones_is_as_likely(bits):
    vectors, expected = bits[..., 0].numel(), 1 / (bits.shape[-1] + 1)
    five_deviations = 5 * (expected * (1 - expected) / vectors) ** 0.5
    assert (shares_of_ones(bits) - expected).abs().max() < five_deviations


def assert_fair(bits):
    width, vectors = bits.shape[-1], bits[..., 0].numel()
    for ones, share in enumerate(shares_of_ones(bits)):
        expected = math.comb(width, ones) / 2**width
        assert abs(share - expected) < 5 * (expected / vectors) ** 0.5


def test_uneven_vectors_have_every_number_of_ones_as_often():
    bits = uneven_vectors(300, 50, 7, generator())
    assert_every_number_of_ones_is_as_likely(bits)
    assert_every_number_of_ones_is_as_likely(bits[:, :1].expand(-1, 1, -1))  # at every place
    assert len({tuple(sequence.sum(-1).tolist()) for sequence in bits}) == 300  # each vector has a density of its own
    for place in range(7):
        assert 0.45 < bits[..., place].mean() < 0.55


def test_uneven_payload_is_half_fair_and_half_uneven():
    fair, uneven = tasks.uneven_payload(401, 50, 7, generator()).split([200, 201])
    assert_fair(fair)
    assert_every_number_of_ones_is_as_likely(uneven)


def test_each_kind_is_another_payload():
    drawn = [rows(kind, 20, 8) for kind in tasks.KINDS]
    assert all(drawn.count(payload) == 1 for payload in drawn)
    assert set(tasks.KINDS) == {
        "random",
        "zeros",
        "ones",
        "repeat",
        "alternating",
        "one-hot",
        "counting",
        "text",
    }


# Randomness


@pytest.mark.parametrize("kind", ["random", "repeat", "alternating", "one-hot", "counting", "text"])
def test_the_same_generator_draws_the_same_and_another_another(kind):
    drawn = rows(kind, 20, 8, seed=3)
    assert rows(kind, 20, 8, seed=3) == drawn
    assert rows(kind, 20, 8, seed=4) != drawn
    stream = generator(3)
    first, second = (tasks.payload(B, 20, 8, kind, stream) for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_a_given_generator_leaves_the_global_one_alone(kind):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    tasks.copy(B, 3, 8, kind, generator())
    assert torch.equal(torch.get_rng_state(), before)


# Numbers and bits


def test_number_bits_by_hand():
    bits = tasks.number_bits(torch.tensor([0, 1, 2, 6, 255]), width=4)
    assert bits.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]]
    assert tasks.number_bits(torch.tensor(65)).tolist() == [1, 0, 0, 0, 0, 0, 1, 0]


def test_every_byte_comes_back():
    numbers = torch.arange(256).view(2, 128)
    bits = tasks.number_bits(numbers)
    assert bits.shape == (2, 128, 8)
    assert torch.equal(tasks.bits_number(bits), numbers)


@explore
@given(st.integers(1, 63).flatmap(lambda width: st.tuples(st.just(width), st.integers(0, 2**width - 1))))
def test_numbers_come_back_at_any_width(drawn):
    width, value = drawn
    bits = tasks.number_bits(torch.tensor([value]), width)
    assert bits.tolist() == [[float(digit) for digit in reversed(f"{value:0{width}b}")]]
    assert tasks.bits_number(bits).tolist() == [value]


# Bad input


@pytest.mark.parametrize("draw", [tasks.copy, tasks.payload])
@pytest.mark.parametrize("name", ["batch_size", "length", "width"])
def test_sizes_are_whole_numbers_of_at_least_one(name, draw):
    for value in (0, -1, -20):
        with raises(ValueError, f"{name} is {value}: expected at least 1"):
            draw(**{"batch_size": 2, "length": 3, "width": 4, name: value})
    for value in (2.0, 1.5, True, None):
        with raises(TypeError, f"{name} is {value!r}: expected a whole number"):
            draw(**{"batch_size": 2, "length": 3, "width": 4, name: value})


@pytest.mark.parametrize("draw", [tasks.copy, tasks.payload])
@pytest.mark.parametrize("kind", ["noise", "", "Random", None, 3])
def test_an_unknown_kind_is_answered_with_the_known_ones(kind, draw):
    expected = "random, zeros, ones, repeat, alternating, one-hot, counting, text"
    with raises(ValueError, f"kind is {kind!r}: expected one of {expected}"):
        draw(2, 3, kind=kind)
