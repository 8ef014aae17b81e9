"""The LSTM baseline is called as a machine is: (inputs, state) -> (logits, state)."""

import pytest
import torch
from torch import nn

from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig

B, T, INPUT, OUTPUT, HIDDEN, LAYERS = 2, 7, 5, 3, 11, 3


def make():
    torch.manual_seed(0)
    return LSTMBaseline(LSTMConfig(INPUT, OUTPUT, HIDDEN, LAYERS))


def test_it_is_torchs_stacked_lstm_and_a_linear_layer():
    model = make()
    lstm = nn.LSTM(INPUT, HIDDEN, LAYERS, batch_first=True)
    lstm.load_state_dict(model.lstm.state_dict())
    inputs = torch.randn(B, T, INPUT)
    logits, _ = model(inputs)
    expected = lstm(inputs)[0] @ model.output.weight.T + model.output.bias
    assert logits.shape == (B, T, OUTPUT)
    torch.testing.assert_close(logits, expected)


def test_it_continues_exactly_where_it_stopped():
    model, inputs = make(), torch.randn(B, T, INPUT)
    whole, last = model(inputs)
    first, state = model(inputs[:, :3])
    second, end = model(inputs[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(end, last)
    assert not torch.allclose(model(inputs[:, 3:])[0], second)


def test_it_keeps_its_configuration():
    assert make().config == LSTMConfig(INPUT, OUTPUT, hidden_size=HIDDEN, layers=LAYERS)


def test_no_number_of_rows_can_be_asked_for():
    assert not make().free_memory_size
    assert make().memory_size is None


def test_a_generator_decides_every_weight_and_no_other_random_numbers_are_touched():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, same, other = (
        LSTMBaseline(LSTMConfig(INPUT, OUTPUT, HIDDEN, LAYERS), torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    expected = make().state_dict()  # of torch.manual_seed(0)
    for name, value in first.state_dict().items():
        assert torch.equal(value, same.state_dict()[name])
        assert torch.equal(value, expected[name])
        assert not torch.equal(value, other.state_dict()[name])


@pytest.mark.parametrize("make_model", [make, lambda: NTM(NTMConfig(INPUT, OUTPUT, memory_size=13, word_size=2))])
def test_one_loop_trains_both(make_model):
    torch.manual_seed(1)
    model = make_model()
    inputs, targets = torch.randn(B, T, INPUT), torch.rand(B, T, OUTPUT).round()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(20):
        logits, _ = model(inputs)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_a_sequence_alone_is_the_sequence_in_a_batch():
    model, inputs = make().double(), torch.randn(B, T, INPUT, dtype=torch.float64)
    torch.testing.assert_close(model(inputs)[0][1:], model(inputs[1:])[0])


def test_parameter_count():
    """Each layer: 4 gates of (inputs + hidden) weights and two biases; then the output layer."""
    per_layer = [4 * HIDDEN * (below + HIDDEN) + 8 * HIDDEN for below in (INPUT, HIDDEN, HIDDEN)]
    assert sum(p.numel() for p in make().parameters()) == sum(per_layer) + OUTPUT * (HIDDEN + 1)


@pytest.mark.parametrize("name", ["input_size", "output_size", "hidden_size", "layers"])
def test_sizes_are_whole_numbers_of_at_least_one(name):
    sizes = {"input_size": 5, "output_size": 3}
    for value in (0, -1):
        with pytest.raises(ValueError, match=f"{name} is {value}: expected at least 1"):
            LSTMConfig(**sizes | {name: value})
    for value in (2.0, True, "3", None):
        with pytest.raises(TypeError, match=f"{name} is {value!r}: expected a whole number"):
            LSTMConfig(**sizes | {name: value})
