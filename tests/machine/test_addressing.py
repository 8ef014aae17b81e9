"""Addressing, Eqs. 5-9, as printed and fast: against loops, by hand, by its invariants, and at the extremes."""

import math

import naive
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import agree, all_finite, arrays, explore

from ntm_lib.machine import addressing, fast

B, H, M, N = 2, 3, 5, 11  # a different prime on every axis, S = 7

both = pytest.mark.parametrize("room", [addressing, fast], ids=["plain", "fast"])
"""The equations as printed, and their fast twins."""


def draw(seed, batch=B, heads=H, rows=N, width=M, offsets=7, dtype=torch.float64):
    """Everything that `address` takes, in its order."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return tuple(
        tensor.to(dtype)
        for tensor in (
            normal(batch, rows, width),
            normal(batch, heads, rows).mul(2).softmax(-1),
            normal(batch, heads, width),
            normal(batch, heads).exp() * 3,
            normal(batch, heads).sigmoid(),
            normal(batch, heads, offsets).softmax(-1),
            1 + normal(batch, heads).exp(),
        )
    )


# Against the loops


def test_cosine_similarity_is_the_loop():
    memory, _, key, *_ = draw(0)
    agree(addressing.cosine_similarity(memory, key), naive.cosine_similarity(*arrays(memory, key)))


@both
def test_content_weights_are_the_loop(room):
    memory, _, key, beta, *_ = draw(1)
    agree(room.content_weights(memory, key, beta), naive.content_weights(*arrays(memory, key, beta)))


@both
def test_interpolate_is_the_loop(room):
    _, w_previous, _, _, g, _, _ = draw(2)
    w_c = draw(3)[1]
    agree(room.interpolate(w_c, w_previous, g), naive.interpolate(*arrays(w_c, w_previous, g)))


@both
@pytest.mark.parametrize("offsets", [1, 2, 3, 4, 7, 13, 29])
def test_shift_is_the_loop_even_where_the_offsets_outnumber_the_rows(room, offsets):
    _, w_g, _, _, _, s, _ = draw(4, offsets=offsets)
    agree(room.shift(w_g, s), naive.shift(*arrays(w_g, s)))


@both
@pytest.mark.parametrize("rows", [1, 2])
def test_shift_on_a_memory_of_one_or_two_rows(room, rows):
    _, w_g, _, _, _, s, _ = draw(5, rows=rows, offsets=7)
    agree(room.shift(w_g, s), naive.shift(*arrays(w_g, s)))


@both
def test_sharpen_is_the_loop(room):
    _, w_s, _, _, _, _, gamma = draw(6)
    agree(room.sharpen(w_s, gamma), naive.sharpen(*arrays(w_s, gamma)))


@both
def test_address_is_the_loop(room):
    everything = draw(7)
    stages = room.address(*everything)
    memory, w_previous, key, beta, g, s, gamma = arrays(*everything)
    w_c = naive.content_weights(memory, key, beta)
    w_g = naive.interpolate(w_c, w_previous, g)
    w_s = naive.shift(w_g, s)
    for found, expected in zip(stages, (w_c, w_g, w_s, naive.sharpen(w_s, gamma)), strict=True):
        agree(found, expected)


@both
def test_float32_stays_float32_and_close_to_the_loop(room):
    everything = draw(8, dtype=torch.float32)
    weights = room.address(*everything).w
    assert weights.dtype == torch.float32
    expected = torch.from_numpy(naive.address(*arrays(*everything)))
    torch.testing.assert_close(weights.double(), expected, rtol=2e-5, atol=1e-6)


# By hand, on five slots

FIVE = torch.tensor([[[0.1, 0.7, 0.2, 0.0, 0.0]]], dtype=torch.float64)


def one(value):
    return torch.tensor([[value]], dtype=torch.float64)


def slots(*numbers):
    return torch.tensor([[numbers]], dtype=torch.float64)


def same(weights, expected, tolerance=1e-12):
    torch.testing.assert_close(weights, expected, rtol=0, atol=tolerance)


def test_similarity_by_hand():
    memory = torch.tensor([[[3.0, 4.0], [-3.0, -4.0], [4.0, -3.0], [6.0, 8.0], [0.0, 0.0]]], dtype=torch.float64)
    similarity = addressing.cosine_similarity(memory, slots(0.6, 0.8))
    same(similarity, slots(1, -1, 0, 1, 0), tolerance=2e-6)


@both
def test_content_by_hand_with_strength_log_4_a_match_weighs_four_times_an_other(room):
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    weights = room.content_weights(memory, slots(0, 0, 2, 0, 0), one(math.log(4)))
    same(weights, slots(1 / 8, 1 / 8, 1 / 2, 1 / 8, 1 / 8), tolerance=1e-6)


@both
@pytest.mark.parametrize("crowd", [1, 2, 7, 1000])
def test_a_crowd_is_a_tape_on_which_every_row_but_the_best_stands_so_often(room, crowd):
    memory, _, key, beta, *_ = draw(5, batch=1, heads=1)
    best = addressing.content_weights(memory, key, beta).argmax()
    others = [row for row in range(N) if row != best]
    tape = torch.cat([memory, memory[:, others].repeat(1, crowd - 1, 1)], dim=1)  # each other row stands there K times
    expected = room.content_weights(tape, key, beta)[..., :N]
    torch.testing.assert_close(addressing.crowded(room.content_weights(memory, key, beta), crowd), expected)


@both
def test_addressing_in_a_crowd_finds_rows_as_on_the_longer_tape(room):
    memory, w_previous, key, beta, g, s, gamma = draw(6)
    stages = room.address(memory, w_previous, key, beta, g, s, gamma, crowd=13)
    w_c = addressing.crowded(addressing.content_weights(memory, key, beta), 13)
    w_s = addressing.shift(addressing.interpolate(w_c, w_previous, g), s)
    torch.testing.assert_close(stages.w_c, w_c)
    torch.testing.assert_close(stages.w, addressing.sharpen(w_s, gamma))
    assert room.address(memory, w_previous, key, beta, g, s, gamma, crowd=1).w.equal(
        room.address(memory, w_previous, key, beta, g, s, gamma).w
    )


def test_the_crowd_has_the_derivatives_of_finite_differences():
    w_c = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64).softmax(-1)
    assert torch.autograd.gradcheck(lambda w_c: addressing.crowded(w_c, 17), w_c.requires_grad_())


@both
def test_content_with_strength_zero_is_uniform(room):
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    same(room.content_weights(memory, slots(0, 0, 2, 0, 0), one(0)), slots(0.2, 0.2, 0.2, 0.2, 0.2))


@both
def test_interpolate_by_hand(room):
    w_c = slots(0, 0, 0, 1, 0)
    same(room.interpolate(w_c, FIVE, one(0.25)), slots(0.075, 0.525, 0.15, 0.25, 0))
    same(room.interpolate(w_c, FIVE, one(1)), w_c)
    same(room.interpolate(w_c, FIVE, one(0)), FIVE)


@both
def test_shift_by_hand(room):
    same(room.shift(FIVE, slots(0, 0, 1)), slots(0, 0.1, 0.7, 0.2, 0))
    same(room.shift(FIVE, slots(1, 0, 0)), slots(0.7, 0.2, 0, 0, 0.1))
    same(room.shift(FIVE, slots(0, 1, 0)), FIVE)
    same(room.shift(FIVE, slots(0.2, 0.5, 0.3)), slots(0.19, 0.42, 0.31, 0.06, 0.02))


@both
def test_shift_goes_round_the_ends(room):
    same(room.shift(slots(0, 0, 0, 0, 1), slots(0, 0, 1)), slots(1, 0, 0, 0, 0))
    same(room.shift(slots(1, 0, 0, 0, 0), slots(0, 0, 0, 0, 1)), slots(0, 0, 1, 0, 0))


@both
def test_sharpen_by_hand(room):
    same(room.sharpen(FIVE, one(2)), slots(0.01, 0.49, 0.04, 0, 0) / 0.54)
    same(room.sharpen(FIVE, one(1)), FIVE)


@both
def test_address_by_hand_find_a_row_and_stand_on_the_next(room):
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    start = slots(1, 0, 0, 0, 0)
    key, beta, up, gamma = slots(0, 0, 1, 0, 0), one(50), slots(0, 0, 1), one(3)
    same(room.address(memory, start, key, beta, one(1), up, gamma).w, slots(0, 0, 0, 1, 0))
    same(room.address(memory, start, key, beta, one(0), up, gamma).w, slots(0, 1, 0, 0, 0))


# Invariants

sizes = st.tuples(*[st.integers(1, 6)] * 4, st.sampled_from([1, 3, 5]))
seeds = st.integers(0, 2**16)
scales = st.sampled_from([0.0, 1e-6, 1.0, 1e3])


def scaled(seed, size, memory_scale, key_scale, sharpness, dtype=torch.float64):
    memory, w_previous, key, beta, g, s, gamma = draw(seed, *size, dtype=dtype)
    return (
        memory * memory_scale,
        w_previous,
        key * key_scale,
        beta * sharpness,
        g,
        s,
        1 + (gamma - 1) * sharpness,
    )


@both
@explore
@given(
    seeds,
    sizes,
    scales,
    scales,
    st.sampled_from([0.0, 1.0, 100.0]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_every_stage_is_non_negative_and_sums_to_one(room, seed, size, memory_scale, key_scale, sharpness, dtype):
    everything = scaled(seed, size, memory_scale, key_scale, sharpness, dtype)
    for weights in room.address(*everything):
        assert weights.shape == everything[1].shape
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(everything[3]), rtol=0, atol=1e-5)


@both
@explore
@given(seeds, sizes, st.integers(-7, 7))
def test_rolling_the_tape_and_the_last_weighting_rolls_the_new_weighting(room, seed, size, by):
    memory, w_previous, *emitted = draw(seed, *size)
    moved = room.address(memory.roll(by, dims=1), w_previous.roll(by, dims=2), *emitted).w
    torch.testing.assert_close(moved, room.address(memory, w_previous, *emitted).w.roll(by, dims=2))


@both
@explore
@given(seeds, sizes, st.randoms(use_true_random=False))
def test_heads_in_another_order_give_the_same_weightings_in_that_order(room, seed, size, random):
    memory, *per_head = draw(seed, *size)
    order = random.sample(range(size[1]), size[1])
    permuted = room.address(memory, *(tensor[:, order] for tensor in per_head)).w
    torch.testing.assert_close(permuted, room.address(memory, *per_head).w[:, order])


@both
@explore
@given(seeds, sizes)
def test_all_heads_at_once_are_one_head_at_a_time(room, seed, size):
    memory, *per_head = draw(seed, *size)
    alone = [room.address(memory, *(tensor[:, h : h + 1] for tensor in per_head)).w for h in range(size[1])]
    torch.testing.assert_close(room.address(memory, *per_head).w, torch.cat(alone, dim=1))


@both
@explore
@given(seeds, sizes)
def test_a_sequence_alone_is_the_sequence_in_a_batch(room, seed, size):
    everything = draw(seed, *size)
    alone = [room.address(*(tensor[b : b + 1] for tensor in everything)).w for b in range(size[0])]
    torch.testing.assert_close(room.address(*everything).w, torch.cat(alone))


@both
def test_no_gradient_crosses_from_one_sequence_to_another(room):
    everything = [tensor.requires_grad_() for tensor in draw(9)]
    blend = torch.arange(N, dtype=torch.float64)  # the plain sum is 1 whatever the inputs are
    gradients = torch.autograd.grad((room.address(*everything).w[0] * blend).sum(), everything)
    for gradient in gradients:
        assert (gradient[1] == 0).all()
        assert (gradient[0] != 0).any()


@explore
@given(seeds, st.floats(0.1, 1000), st.floats(0.1, 1000))
def test_similarity_does_not_care_for_lengths(seed, row_scale, key_scale):
    memory, _, key, *_ = draw(seed)
    similarity = addressing.cosine_similarity(memory * row_scale, key * key_scale)
    expected = torch.cosine_similarity(key.unsqueeze(2), memory.unsqueeze(1), dim=-1)
    torch.testing.assert_close(similarity, expected, rtol=0, atol=1e-2)
    assert (similarity.abs() <= 1).all()


# The extremes, in float32


@both
@pytest.mark.parametrize("gamma", [1.0, 1e3])
@pytest.mark.parametrize("beta", [0.0, 1e4])
@pytest.mark.parametrize("key", ["zero", "tiny", "random"])
@pytest.mark.parametrize("memory", ["zero", "tiny", "random", "large"])
@pytest.mark.parametrize("rows", [1, 7])
def test_values_and_gradients_are_finite_at_the_extremes(room, rows, memory, key, beta, gamma):
    assert_finite(room, rows, memory, key, beta, gamma)


@both
@pytest.mark.parametrize("memory", ["zero", "random"])
@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 1e3), (1e4, 1.0), (1e4, 1e3)])
def test_values_and_gradients_are_finite_on_a_hundred_thousand_rows(room, memory, beta, gamma):
    assert_finite(room, 100_000, memory, "random", beta, gamma)


def assert_finite(room, rows, memory_kind, key_kind, beta, gamma):
    scale = {"zero": 0.0, "tiny": 1e-25, "random": 1.0, "large": 1e6}
    memory, w_uniform, key, _, _, s, _ = draw(12, batch=1, heads=2, rows=rows, offsets=3, dtype=torch.float32)
    memory, key = memory * scale[memory_kind], key * scale[key_kind]
    one_hot = torch.zeros_like(w_uniform)
    one_hot[..., -1] = 1
    to_the_next = torch.tensor([0.0, 0.0, 1.0]).expand_as(s)
    beta, gamma = torch.full((1, 2), beta), torch.full((1, 2), gamma)
    for w_previous in (one_hot, w_uniform):
        for offsets in (to_the_next, s):
            for gate in (0.0, 0.5, 1.0):
                everything = (memory, w_previous, key, beta, torch.full((1, 2), gate), offsets, gamma)
                assert all_finite(lambda *them: room.address(*them).w, *everything), (gate, offsets)
                weights = room.address(*everything).w
                torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2), rtol=0, atol=1e-3)
                assert (weights >= 0).all()


@both
def test_sharpening_a_flat_weighting_of_many_rows_leaves_it_flat(room):
    """(1/N)^gamma underflows float32 here: a plain power would divide 0 by 0."""
    rows = 100_000
    flat = torch.full((1, 1, rows), 1 / rows)
    assert (flat**1000).sum() == 0
    torch.testing.assert_close(room.sharpen(flat, torch.full((1, 1), 1000.0)), flat)


def test_a_row_or_key_of_zeros_is_similar_to_nothing():
    memory, key = torch.zeros(1, 5, 3), torch.ones(1, 2, 3)
    assert (addressing.cosine_similarity(memory, key) == 0).all()
    assert (addressing.cosine_similarity(memory + 1, key * 0) == 0).all()


# Each epsilon is needed


@both
@pytest.mark.parametrize("zero", ["memory", "key", "both"])
def test_without_cosine_epsilon_a_row_or_key_of_zeros_is_not_finite(monkeypatch, zero, room):
    memory, _, key, beta, *_ = draw(13, dtype=torch.float32)
    memory = memory * (zero == "key")
    key = key * (zero == "memory")
    assert all_finite(room.content_weights, memory, key, beta)
    monkeypatch.setattr(room, "COSINE_EPSILON", 0.0)
    assert not all_finite(room.content_weights, memory, key, beta)


@both
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_a_weight_of_zero_is_sharpened_in_every_precision(dtype, room):
    one_hot = torch.zeros(1, 1, 5, dtype=dtype)
    one_hot[..., 2] = 1
    assert all_finite(room.sharpen, one_hot, torch.full((1, 1), 2.0, dtype=dtype))


def test_without_an_epsilon_a_weight_of_zero_is_not_finite():
    """The power as a softmax of logarithms, with nothing added to the weight."""
    one_hot = torch.zeros(1, 1, 5)
    one_hot[..., 2] = 1
    assert not all_finite(lambda w, gamma: torch.softmax(gamma.unsqueeze(-1) * w.log(), -1), one_hot, torch.ones(1, 1))


def test_a_crowd_counts_rows_that_are_lighter_than_rounding():
    w_c = torch.tensor([[[1.0, 2e-8]]])  # in float32, 1 less the heaviest weight is 0 here
    torch.testing.assert_close(addressing.crowded(w_c, 1e8)[..., 0], torch.tensor([[1 / 3]]))
