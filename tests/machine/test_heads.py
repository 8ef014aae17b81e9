"""Heads: what they emit, within which bounds, and who shares which weighting."""

import naive
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import explore

from ntm_lib.machine.heads import Emission, Heads

B, R, W, M, HIDDEN = 2, 3, 5, 7, 11  # a different prime on every axis, S = 2 * 6 + 1 = 13


def make(weightings="separate", read_heads=R, write_heads=W, seed=0):
    torch.manual_seed(seed)
    return Heads(HIDDEN, M, read_heads, write_heads, shift_range=6, weightings=weightings).double()


@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
def test_emission_is_the_loop(weightings):
    write_heads = R if weightings == "single" else W
    heads = make(weightings, write_heads=write_heads)
    addressing_heads = R if weightings == "single" else R + W
    h = torch.randn(B, HIDDEN, dtype=torch.float64) * 3
    emitted = heads(h)
    weight, bias = heads.linear.weight.detach().numpy(), heads.linear.bias.detach().numpy()
    for b in range(B):
        raw = naive.linear(weight, bias, h[b].tolist())
        expected = naive.emission(raw, addressing_heads, write_heads, M, offsets=13)
        for name, part, numbers in zip(Emission._fields, emitted, expected, strict=True):
            np.testing.assert_allclose(part[b].detach().numpy(), numbers, rtol=1e-12, atol=1e-12, err_msg=name)


def test_shapes():
    shapes = [tuple(part.shape) for part in make()(torch.randn(B, HIDDEN, dtype=torch.float64))]
    assert shapes == [(B, 8, M), (B, 8), (B, 8), (B, 8, 13), (B, 8), (B, W, M), (B, W, M)]
    shapes = [tuple(part.shape) for part in make("single", 3, 3)(torch.randn(B, HIDDEN, dtype=torch.float64))]
    assert shapes == [(B, 3, M), (B, 3), (B, 3), (B, 3, 13), (B, 3), (B, 3, M), (B, 3, M)]


def test_emission_by_hand_where_the_layer_gives_zeros():
    heads = make()
    for parameter in heads.parameters():
        parameter.data.zero_()
    emitted = heads(torch.randn(B, HIDDEN, dtype=torch.float64))
    log_2 = 0.6931471805599453
    expected = {"key": 0, "beta": log_2, "g": 0.5, "s": 1 / 13, "gamma": 1 + log_2, "erase": 0.5, "add": 0}
    for name, value in expected.items():
        part = getattr(emitted, name)
        torch.testing.assert_close(part, torch.full_like(part, value), msg=name)


def test_where_the_layers_outputs_stand():
    """Setting the rows of one part moves that part and no other."""
    heads = make()
    h = torch.randn(B, HIDDEN, dtype=torch.float64)
    before = heads(h)
    assert list(heads.rows) == list(Emission._fields)
    for name, rows in heads.rows.items():
        weight = heads.linear.weight.detach().clone()
        heads.linear.weight.data[rows] *= 2
        after = heads(h)
        heads.linear.weight.data = weight
        for part, old, new in zip(Emission._fields, before, after, strict=True):
            assert (old != new).all() if part == name else (old == new).all(), (name, part)


@explore
@given(
    st.integers(0, 2**16),
    st.sampled_from([0.0, 1.0, 100.0, 1e4]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_whatever_the_layer_gives_the_emission_keeps_its_bounds(seed, scale, dtype):
    heads = make(seed=seed).to(dtype)
    heads.linear.bias.data.mul_(scale)
    h = torch.randn(B, HIDDEN, dtype=dtype).mul(scale).requires_grad_()
    emitted = heads(h)
    assert (emitted.beta >= 0).all()
    assert (emitted.gamma >= 1).all()
    for part in (emitted.g, emitted.erase, emitted.s):
        assert (part >= 0).all()
        assert (part <= 1).all()
    torch.testing.assert_close(emitted.s.sum(-1), torch.ones(B, R + W, dtype=dtype))
    loss = sum((part * torch.randn_like(part)).sum() for part in emitted)
    for tensor in (*emitted, *torch.autograd.grad(loss, [h, *heads.parameters()])):
        assert torch.isfinite(tensor).all()


def test_a_sequence_alone_emits_what_it_emits_in_a_batch():
    heads = make()
    h = torch.randn(B, HIDDEN, dtype=torch.float64)
    for together, alone in zip(heads(h), heads(h[:1]), strict=True):
        torch.testing.assert_close(together[:1], alone)


# Who shares which weighting


def numbered(heads):
    """Weightings (B, A, N) in which every number tells its head."""
    return torch.arange(float(heads)).view(1, heads, 1).expand(B, heads, 17)


def test_separate_read_heads_first_then_write_heads_each_from_its_own_previous():
    heads, weights = make(), numbered(R + W)
    assert (heads.previous(weights) == weights).all()
    assert heads.reading(weights)[0, :, 0].tolist() == [0, 1, 2]
    assert heads.writing(weights)[0, :, 0].tolist() == [3, 4, 5, 6, 7]


def test_single_reads_and_writes_at_the_same_weightings():
    heads, weights = make("single", 3, 3), numbered(3)
    assert (heads.previous(weights) == weights).all()
    assert heads.reading(weights)[0, :, 0].tolist() == [0, 1, 2]
    assert heads.writing(weights)[0, :, 0].tolist() == [0, 1, 2]


def test_shared_previous_every_head_starts_from_the_first_write_head():
    heads, weights = make("shared-previous"), numbered(R + W)
    assert heads.previous(weights).shape == weights.shape
    assert (heads.previous(weights) == 3).all()
    assert heads.reading(weights)[0, :, 0].tolist() == [0, 1, 2]
    assert heads.writing(weights)[0, :, 0].tolist() == [3, 4, 5, 6, 7]
