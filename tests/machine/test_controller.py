"""Controllers: (x, state) -> (h, state), by hand and against PyTorch's own LSTM."""

import math

import pytest
import torch
from torch import nn

from ntm_lib.machine.controller import FeedForwardController, LSTMController

B, T, INPUT, HIDDEN = 2, 5, 3, 7


def test_feed_forward_by_hand():
    controller = FeedForwardController(2, 2).double()
    controller.from_input.weight.data = torch.tensor([[1.0, -2.0], [0.5, 0.25]], dtype=torch.float64)
    controller.from_input.bias.data = torch.tensor([0.1, -0.2], dtype=torch.float64)
    h, state = controller(torch.tensor([[0.3, 0.4], [0.0, 0.0]], dtype=torch.float64), ())
    expected = [[math.tanh(0.3 - 0.8 + 0.1), math.tanh(0.15 + 0.1 - 0.2)], [math.tanh(0.1), math.tanh(-0.2)]]
    torch.testing.assert_close(h, torch.tensor(expected, dtype=torch.float64))
    assert state == ()


def test_feed_forward_has_no_state():
    assert FeedForwardController(INPUT, HIDDEN).initial_state(B) == ()


def test_lstm_is_torchs_lstm_given_the_same_weights():
    torch.manual_seed(0)
    controller = LSTMController(INPUT, HIDDEN)
    nn.init.normal_(controller.h_0)
    nn.init.normal_(controller.c_0)
    lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True)
    lstm.weight_ih_l0.data, lstm.bias_ih_l0.data = controller.from_input.weight.data, controller.from_input.bias.data
    lstm.weight_hh_l0.data, lstm.bias_hh_l0.data = controller.from_state.weight.data, controller.from_state.bias.data
    inputs = torch.randn(B, T, INPUT)
    expected, (last_h, last_c) = lstm(inputs, tuple(part.unsqueeze(0) for part in controller.initial_state(B)))
    state = controller.initial_state(B)
    for t in range(T):
        h, state = controller(inputs[:, t], state)
        torch.testing.assert_close(h, expected[:, t])
    torch.testing.assert_close(state, (last_h[0], last_c[0]))


def test_lstm_begins_as_torchs_lstm_begins():
    """Every weight and bias uniform within one over the root of the units, however many inputs there are."""
    controller = LSTMController(3, 97)
    for name, parameter in controller.named_parameters():
        if name in {"h_0", "c_0"}:
            assert not parameter.any()
        else:
            assert 0.9 * 97**-0.5 < parameter.abs().max() <= 97**-0.5, name
            assert abs(parameter.mean()) < 0.2 * 97**-0.5, name


def test_lstm_starts_from_learned_values_the_same_for_every_sequence():
    controller = LSTMController(INPUT, HIDDEN)
    nn.init.normal_(controller.h_0)
    nn.init.normal_(controller.c_0)
    h, c = controller.initial_state(B)
    assert h.shape == c.shape == (B, HIDDEN)
    assert (h == controller.h_0).all()
    assert (c == controller.c_0).all()
    controller(torch.randn(B, INPUT), (h, c))[0].sum().backward()
    assert (controller.h_0.grad != 0).any()
    assert (controller.c_0.grad != 0).any()


@pytest.mark.parametrize("kind", [FeedForwardController, LSTMController])
def test_a_sequence_alone_is_the_sequence_in_a_batch(kind):
    torch.manual_seed(1)
    controller = kind(INPUT, HIDDEN).double()
    x = torch.randn(B, INPUT, dtype=torch.float64)
    together, _ = controller(x, controller.initial_state(B))
    alone, _ = controller(x[1:], controller.initial_state(1))
    torch.testing.assert_close(together[1:], alone)


@pytest.mark.parametrize("kind", [FeedForwardController, LSTMController])
def test_values_and_gradients_are_finite_for_huge_inputs(kind):
    controller = kind(INPUT, HIDDEN)
    x = torch.full((B, INPUT), 1e6, requires_grad=True)
    h, _ = controller(x, controller.initial_state(B))
    gradients = torch.autograd.grad(h.sum(), [x, *controller.parameters()], allow_unused=True)
    for tensor in (h, *(gradient for gradient in gradients if gradient is not None)):
        assert torch.isfinite(tensor).all()
