"""Silencing heads: the answer suffers meanwhile, and afterwards the machine is as it was."""

import pytest
import torch
from planted import random_bits

from ntm_lib.analysis.silence import silenced
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.teaching.handmade import copier


@pytest.mark.parametrize("heads", [{"read": [0]}, {"write": [0]}])
def test_silenced_heads_come_back(heads):
    machine, bits = copier(), random_bits()
    before = trace_copy(machine, bits).logits
    with silenced(machine, **heads):
        assert trace_copy(machine, bits).wrong.any()
    assert torch.equal(trace_copy(machine, bits).logits, before)


def test_a_head_that_is_not_there():
    with (
        pytest.raises(ValueError, match="write head 1: this machine has 1, counted from 0"),
        silenced(copier(), write=[1]),
    ):
        pass


def test_a_model_without_heads_is_refused():
    with (
        pytest.raises(TypeError, match="model is LSTMBaseline: expected an NTM, whose heads"),
        silenced(LSTMBaseline(LSTMConfig(10, 8, 3)), read=[0]),
    ):
        pass
