"""Addressing, Eqs. 5-9: against loops, by hand on five slots, by its invariants, and at the extremes."""

import math

import naive
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import agree, all_finite, arrays, explore
from torch.autograd import gradcheck

from ntm_lib.machine import addressing

B, H, M, N = 2, 3, 5, 11  # a different prime on every axis, S = 7


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


def test_content_weights_are_the_loop():
    memory, _, key, beta, *_ = draw(1)
    agree(addressing.content_weights(memory, key, beta), naive.content_weights(*arrays(memory, key, beta)))


def test_interpolate_is_the_loop():
    _, w_previous, _, _, g, _, _ = draw(2)
    w_c = draw(3)[1]
    agree(addressing.interpolate(w_c, w_previous, g), naive.interpolate(*arrays(w_c, w_previous, g)))


@pytest.mark.parametrize("offsets", [1, 2, 3, 4, 7, 13, 29])
def test_shift_is_the_loop_even_where_the_offsets_outnumber_the_rows(offsets):
    _, w_g, _, _, _, s, _ = draw(4, offsets=offsets)
    agree(addressing.shift(w_g, s), naive.shift(*arrays(w_g, s)))


@pytest.mark.parametrize("rows", [1, 2])
def test_shift_on_a_memory_of_one_or_two_rows(rows):
    _, w_g, _, _, _, s, _ = draw(5, rows=rows, offsets=7)
    agree(addressing.shift(w_g, s), naive.shift(*arrays(w_g, s)))


def test_sharpen_is_the_loop():
    _, w_s, _, _, _, _, gamma = draw(6)
    agree(addressing.sharpen(w_s, gamma), naive.sharpen(*arrays(w_s, gamma)))


def test_address_is_the_loop():
    everything = draw(7)
    agree(addressing.address(*everything), naive.address(*arrays(*everything)))


def test_float32_stays_float32_and_close_to_the_loop():
    everything = draw(8, dtype=torch.float32)
    weights = addressing.address(*everything)
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


def test_content_by_hand_with_strength_log_4_a_match_weighs_four_times_an_other():
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    weights = addressing.content_weights(memory, slots(0, 0, 2, 0, 0), one(math.log(4)))
    same(weights, slots(1 / 8, 1 / 8, 1 / 2, 1 / 8, 1 / 8), tolerance=1e-6)


def test_content_with_strength_zero_is_uniform():
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    same(addressing.content_weights(memory, slots(0, 0, 2, 0, 0), one(0)), slots(0.2, 0.2, 0.2, 0.2, 0.2))


def test_interpolate_by_hand():
    w_c = slots(0, 0, 0, 1, 0)
    same(addressing.interpolate(w_c, FIVE, one(0.25)), slots(0.075, 0.525, 0.15, 0.25, 0))
    same(addressing.interpolate(w_c, FIVE, one(1)), w_c)
    same(addressing.interpolate(w_c, FIVE, one(0)), FIVE)


def test_shift_by_hand():
    same(addressing.shift(FIVE, slots(0, 0, 1)), slots(0, 0.1, 0.7, 0.2, 0))
    same(addressing.shift(FIVE, slots(1, 0, 0)), slots(0.7, 0.2, 0, 0, 0.1))
    same(addressing.shift(FIVE, slots(0, 1, 0)), FIVE)
    same(addressing.shift(FIVE, slots(0.2, 0.5, 0.3)), slots(0.19, 0.42, 0.31, 0.06, 0.02))


def test_shift_goes_round_the_ends():
    same(addressing.shift(slots(0, 0, 0, 0, 1), slots(0, 0, 1)), slots(1, 0, 0, 0, 0))
    same(addressing.shift(slots(1, 0, 0, 0, 0), slots(0, 0, 0, 0, 1)), slots(0, 0, 1, 0, 0))


def test_sharpen_by_hand():
    same(addressing.sharpen(FIVE, one(2)), slots(0.01, 0.49, 0.04, 0, 0) / 0.54)
    same(addressing.sharpen(FIVE, one(1)), FIVE)


def test_address_by_hand_find_a_row_and_stand_on_the_next():
    memory = torch.eye(5, dtype=torch.float64).unsqueeze(0)
    start = slots(1, 0, 0, 0, 0)
    key, beta, up, gamma = slots(0, 0, 1, 0, 0), one(50), slots(0, 0, 1), one(3)
    same(addressing.address(memory, start, key, beta, one(1), up, gamma), slots(0, 0, 0, 1, 0))
    same(addressing.address(memory, start, key, beta, one(0), up, gamma), slots(0, 1, 0, 0, 0))


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


@explore
@given(
    seeds,
    sizes,
    scales,
    scales,
    st.sampled_from([0.0, 1.0, 100.0]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_every_stage_is_non_negative_and_sums_to_one(seed, size, memory_scale, key_scale, sharpness, dtype):
    memory, w_previous, key, beta, g, s, gamma = scaled(seed, size, memory_scale, key_scale, sharpness, dtype)
    w_c = addressing.content_weights(memory, key, beta)
    w_g = addressing.interpolate(w_c, w_previous, g)
    w_s = addressing.shift(w_g, s)
    w = addressing.sharpen(w_s, gamma)
    for weights in (w_c, w_g, w_s, w, addressing.address(memory, w_previous, key, beta, g, s, gamma)):
        assert weights.shape == w_previous.shape
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(beta), rtol=0, atol=1e-5)


@explore
@given(seeds, sizes, st.integers(-7, 7))
def test_rolling_the_tape_and_the_last_weighting_rolls_the_new_weighting(seed, size, by):
    memory, w_previous, *emitted = draw(seed, *size)
    moved = addressing.address(memory.roll(by, dims=1), w_previous.roll(by, dims=2), *emitted)
    torch.testing.assert_close(moved, addressing.address(memory, w_previous, *emitted).roll(by, dims=2))


@explore
@given(seeds, sizes, st.randoms(use_true_random=False))
def test_heads_in_another_order_give_the_same_weightings_in_that_order(seed, size, random):
    memory, *per_head = draw(seed, *size)
    order = random.sample(range(size[1]), size[1])
    permuted = addressing.address(memory, *(tensor[:, order] for tensor in per_head))
    torch.testing.assert_close(permuted, addressing.address(memory, *per_head)[:, order])


@explore
@given(seeds, sizes)
def test_all_heads_at_once_are_one_head_at_a_time(seed, size):
    memory, *per_head = draw(seed, *size)
    alone = [addressing.address(memory, *(tensor[:, h : h + 1] for tensor in per_head)) for h in range(size[1])]
    torch.testing.assert_close(addressing.address(memory, *per_head), torch.cat(alone, dim=1))


@explore
@given(seeds, sizes)
def test_a_sequence_alone_is_the_sequence_in_a_batch(seed, size):
    everything = draw(seed, *size)
    alone = [addressing.address(*(tensor[b : b + 1] for tensor in everything)) for b in range(size[0])]
    torch.testing.assert_close(addressing.address(*everything), torch.cat(alone))


def test_no_gradient_crosses_from_one_sequence_to_another():
    everything = [tensor.requires_grad_() for tensor in draw(9)]
    blend = torch.arange(N, dtype=torch.float64)  # the plain sum is 1 whatever the inputs are
    gradients = torch.autograd.grad((addressing.address(*everything)[0] * blend).sum(), everything)
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


# Gradients


def leaves(*tensors):
    return tuple(tensor.detach().clone().requires_grad_() for tensor in tensors)


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("cosine_similarity", (0, 2)),
        ("content_weights", (0, 2, 3)),
        ("shift", (1, 5)),
        ("sharpen", (1, 6)),
        ("address", range(7)),
    ],
)
@pytest.mark.parametrize("heads", [1, 3])
def test_gradients_are_those_of_finite_differences(name, takes, heads):
    everything = draw(10, batch=2, heads=heads, rows=5, width=2, offsets=3)
    assert gradcheck(getattr(addressing, name), leaves(*(everything[i] for i in takes)))


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("learning", ["memory", "key", "both"])
@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 100.0])
def test_similarity_has_the_gradients_of_its_formula(scale, learning, heads):
    """Rows and keys of any length; of the formula as autograd takes it apart."""
    memory, _, key, *_ = draw(14, heads=heads)
    memory, key = (memory * scale).requires_grad_(learning != "key"), (key * scale).requires_grad_(learning != "memory")
    row_length = (memory.square().sum(-1) + addressing.COSINE_EPSILON).sqrt().unsqueeze(1)
    key_length = (key.square().sum(-1, keepdim=True) + addressing.COSINE_EPSILON).sqrt()
    formula = (key / key_length) @ memory.mT / row_length
    similarity = addressing.cosine_similarity(memory, key)
    torch.testing.assert_close(similarity, formula, rtol=1e-12, atol=1e-12)
    blend = torch.randn(B, heads, N, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    learns = [tensor for tensor in (memory, key) if tensor.requires_grad]
    found, expected = (torch.autograd.grad((value * blend).sum(), learns) for value in (similarity, formula))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    assert scale == 0 or all(gradient.any() for gradient in found)


def test_similarity_to_a_row_that_is_repeated_has_the_gradient_of_finite_differences():
    _, _, key, *_ = draw(15)
    row = torch.randn(1, M, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda row: addressing.cosine_similarity(row.expand(B, N, M), key), (row,))


def test_interpolate_has_the_gradients_of_finite_differences():
    _, w_previous, _, _, g, _, _ = draw(11, rows=5)
    w_c = draw(12, rows=5)[1]
    assert gradcheck(addressing.interpolate, leaves(w_c, w_previous, g))


@pytest.mark.parametrize("offsets", [1, 2, 4, 5, 7])
def test_shift_has_the_gradients_of_finite_differences_at_any_reach(offsets):
    _, w_g, _, _, _, s, _ = draw(11, batch=2, heads=1, rows=3, offsets=offsets)
    assert gradcheck(addressing.shift, leaves(w_g, s))


# The extremes, in float32


@pytest.mark.parametrize("gamma", [1.0, 1e3])
@pytest.mark.parametrize("beta", [0.0, 1e4])
@pytest.mark.parametrize("key", ["zero", "tiny", "random"])
@pytest.mark.parametrize("memory", ["zero", "tiny", "random", "large"])
@pytest.mark.parametrize("rows", [1, 7])
def test_values_and_gradients_are_finite_at_the_extremes(rows, memory, key, beta, gamma):
    assert_finite(rows, memory, key, beta, gamma)


@pytest.mark.parametrize("memory", ["zero", "random"])
@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 1e3), (1e4, 1.0), (1e4, 1e3)])
def test_values_and_gradients_are_finite_on_a_hundred_thousand_rows(memory, beta, gamma):
    assert_finite(100_000, memory, "random", beta, gamma)


def assert_finite(rows, memory_kind, key_kind, beta, gamma):
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
                assert all_finite(addressing.address, *everything), (gate, offsets)
                weights = addressing.address(*everything)
                torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2), rtol=0, atol=1e-3)
                assert (weights >= 0).all()


def test_sharpening_a_flat_weighting_of_many_rows_leaves_it_flat():
    """(1/N)^gamma underflows float32 here: a plain power would divide 0 by 0."""
    rows = 100_000
    flat = torch.full((1, 1, rows), 1 / rows)
    assert (flat**1000).sum() == 0
    torch.testing.assert_close(addressing.sharpen(flat, torch.full((1, 1), 1000.0)), flat)


def test_a_row_or_key_of_zeros_is_similar_to_nothing():
    memory, key = torch.zeros(1, 5, 3), torch.ones(1, 2, 3)
    assert (addressing.cosine_similarity(memory, key) == 0).all()
    assert (addressing.cosine_similarity(memory + 1, key * 0) == 0).all()


# Each epsilon is needed


@pytest.mark.parametrize("zero", ["memory", "key", "both"])
def test_without_cosine_epsilon_a_row_or_key_of_zeros_is_not_finite(monkeypatch, zero):
    memory, _, key, beta, *_ = draw(13, dtype=torch.float32)
    memory = memory * (zero == "key")
    key = key * (zero == "memory")
    assert all_finite(addressing.content_weights, memory, key, beta)
    monkeypatch.setattr(addressing, "COSINE_EPSILON", 0.0)
    assert not all_finite(addressing.content_weights, memory, key, beta)


def test_without_sharpen_epsilon_a_weight_of_zero_is_not_finite(monkeypatch):
    one_hot = torch.zeros(1, 1, 5)
    one_hot[..., 2] = 1
    gamma = torch.full((1, 1), 2.0)
    assert all_finite(addressing.sharpen, one_hot, gamma)
    monkeypatch.setattr(addressing, "SHARPEN_EPSILON", 0.0)
    assert not all_finite(addressing.sharpen, one_hot, gamma)
