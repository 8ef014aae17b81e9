"""The machine: against a written-out loop, its state, its free memory size, its errors and its size."""

import dataclasses
import re

import naive
import numpy as np
import pytest
import torch
from naive import agree
from torch import nn
from torch.func import functional_call

from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing, memory
from ntm_lib.machine.stack import stack

B, T = 2, 5
SMALL = NTMConfig(
    input_size=7,
    output_size=19,
    memory_size=13,
    word_size=11,
    read_heads=4,
    write_heads=6,
    controller_size=17,
)
"""A different number on every axis: B 2, S 3, R 4, T 5, W 6, I 7, A 10, M 11, N 13, hidden 17, output 19."""


def vary(**changes):
    return dataclasses.replace(SMALL, **changes)


def make(config=SMALL, seed=0, dtype=torch.float64, louder=2.0):
    """A machine whose weights are large enough that gates, keys and shifts differ from head to head."""
    torch.manual_seed(seed)
    model = NTM(config).to(dtype)
    for parameter in model.parameters():
        parameter.data = parameter.data * louder + 0.1 * torch.randn_like(parameter)
    return model


def sequence(batch=B, steps=T, width=SMALL.input_size, seed=1, dtype=torch.float64):
    return torch.randn(batch, steps, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def pairs(weightings):
    """`weightings` with as many heads as it allows."""
    return {"weightings": weightings, "write_heads": 4 if weightings == "single" else 6}


# Against the loop


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
def test_the_machine_is_the_loop(weightings, controller):
    model = make(vary(controller=controller, **pairs(weightings)))
    assert_is_the_loop(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"initial_weights": "spaced"},
        {"initial_weights": "uniform"},
        {"initial_weights": "random"},
        {"initial_weights": "learned"},
        {"initial_memory": "learned-row", "initial_value": 0.3},
        {"initial_memory": "random"},
        {"initial_memory": "learned"},
        {"initial_value": 0.5},
        {"output_from": "hidden"},
        {"output_from": "reads"},
        {"controller": "lstm", "forget_ceiling": 0.5},
        {"shift_range": 2},
        {"read_heads": 1, "write_heads": 1},
        {"memory_size": 1},
    ],
)
def test_the_machine_is_the_loop_whatever_it_starts_from(changes):
    assert_is_the_loop(make(vary(**changes)))


def test_the_machine_is_the_loop_on_a_longer_tape():
    assert_is_the_loop(make(), memory_size=23)


def assert_is_the_loop(model, memory_size=None):
    inputs = sequence()
    logits, state = model(inputs, memory_size=memory_size)
    expected = naive.run_machine(model, inputs.numpy(), memory_size)
    for tensor, numbers in zip((logits, state.memory, state.weights, state.reads), expected, strict=True):
        agree(tensor, numbers, tolerance=1e-10)


def test_the_three_ways_of_sharing_are_three_machines():
    """The loops above would not notice if their machines could not differ."""
    separate, shared = (make(vary(weightings=way)) for way in ("separate", "shared-previous"))
    shared.load_state_dict(separate.state_dict())
    assert not torch.allclose(separate(sequence())[0], shared(sequence())[0], atol=1e-3)


def test_float32_is_close_to_float64():
    model = make()
    expected, _ = model(sequence())
    logits, state = model.float()(sequence().float())
    assert {tensor.dtype for tensor in (logits, *state[:3])} == {torch.float32}
    torch.testing.assert_close(logits.double(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("initial_memory", ["constant", "random", "learned"])
@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_double_machine_is_double_throughout(controller, initial_memory):
    model = NTM(vary(controller=controller, initial_memory=initial_memory, initial_weights="learned")).double()
    logits, state = model(sequence())
    assert {tensor.dtype for tensor in (logits, *state[:3], *state.controller)} == {torch.float64}


def test_the_gradients_are_those_of_finite_differences():
    model = make(NTMConfig(3, 2, memory_size=5, word_size=2, read_heads=2, controller_size=4, controller="lstm"))
    inputs = sequence(steps=3, width=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: model(x)[0], (inputs,))


# One step, many steps, and stopping between


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
def test_forward_is_the_loop_over_step(weightings, controller):
    model = make(vary(controller=controller, **pairs(weightings)))
    logits, last = model(sequence())
    state, steps = model.initial_state(B), []
    for x in sequence().unbind(dim=1):
        y, state = model.step(x, state)
        assert y.shape == (B, SMALL.output_size)
        steps.append(y)
    torch.testing.assert_close(torch.stack(steps, dim=1), logits)
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_history_holds_the_state_after_every_step(controller):
    model = make(vary(controller=controller))
    history = ["what was in the list stays"]
    logits, last = model(sequence(), history=history)
    torch.testing.assert_close(logits, model(sequence())[0])
    assert len(history) == 1 + T
    assert history[-1] is last
    state = model.initial_state(B)
    for x, kept in zip(sequence().unbind(dim=1), history[1:], strict=True):
        _, state = model.step(x, state)
        torch.testing.assert_close(kept, state)


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("stop", [1, 3, T - 1])
def test_a_state_handed_over_continues_where_it_stopped(stop, controller):
    model = make(vary(controller=controller))
    whole, last = model(sequence())
    first, state = model(sequence()[:, :stop])
    second, end = model(sequence()[:, stop:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(end, last)
    afresh, _ = model(sequence()[:, stop:])
    assert not torch.allclose(afresh, second, atol=1e-3)


def test_a_state_can_be_used_twice():
    model = make()
    _, state = model(sequence())
    kept = [tensor.clone() for tensor in state[:3]]
    first, _ = model(sequence(seed=2), state)
    second, _ = model(sequence(seed=2), state)
    assert (first == second).all()
    for tensor, before in zip(state[:3], kept, strict=True):
        assert (tensor == before).all()


def test_gradients_flow_back_through_a_state_handed_over():
    model = make()
    inputs = sequence().requires_grad_()
    _, state = model(inputs)
    model(sequence(seed=2), state)[0].sum().backward()
    assert (inputs.grad[:, 0] != 0).any()


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_every_parameter_learns(controller):
    model = make(vary(controller=controller, initial_memory="learned", initial_weights="learned"))
    model(sequence())[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad != 0).any(), name


def test_shapes():
    logits, state = make(vary(controller="lstm"))(sequence())
    assert isinstance(state, NTMState)
    assert logits.shape == (B, T, 19)
    assert [tuple(tensor.shape) for tensor in state[:3]] == [(B, 13, 11), (B, 10, 13), (B, 4, 11)]
    assert [tuple(tensor.shape) for tensor in state.controller] == [(B, 17), (B, 17)]


# Without autograd, where memories are written over


EVERY_WRITER = [{"read_heads": 1, "write_heads": 1}, {}]


def every_tensor(state):
    return (*state[:3], *state.controller)


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("writers", EVERY_WRITER)
@pytest.mark.parametrize("initial_memory", ["constant", "learned"])
def test_without_autograd_everything_is_the_same(initial_memory, writers, controller):
    model = make(vary(controller=controller, initial_memory=initial_memory, **writers))
    for inputs in (sequence(), sequence()[:, :1]):
        logits, state = model(inputs)
        for off in (torch.no_grad, torch.inference_mode):
            with off():
                plain, plain_state = model(inputs)
                kept, kept_state = model(inputs, history=[])
            assert torch.equal(plain, logits)
            assert torch.equal(kept, logits)
            for tensors in zip(every_tensor(state), every_tensor(plain_state), every_tensor(kept_state), strict=True):
                assert torch.equal(tensors[1], tensors[0])
                assert torch.equal(tensors[2], tensors[0])


@torch.no_grad()
@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("writers", EVERY_WRITER)
def test_without_autograd_a_state_passed_in_stays_as_it_is(writers, controller):
    """The very first, which is a view of one row, and one that a call returned; both can be used again."""
    model = make(vary(controller=controller, initial_value=0.5, **writers))
    for state in (model.initial_state(B), model(sequence())[1]):
        before = [tensor.clone() for tensor in every_tensor(state)]
        first, first_end = model(sequence(seed=2), state)
        ends = [tensor.clone() for tensor in every_tensor(first_end)]
        second, _ = model(sequence(seed=2), state)
        assert torch.equal(first, second)
        model(sequence(seed=3), first_end)
        for tensor, kept in zip((*every_tensor(state), *every_tensor(first_end)), (*before, *ends), strict=True):
            assert torch.equal(tensor, kept)


@torch.no_grad()
@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("writers", EVERY_WRITER)
def test_without_autograd_the_history_holds_every_step_and_no_step_twice(writers, controller):
    model = make(vary(controller=controller, **writers))
    history = []
    model(sequence(), history=history)
    assert len({state.memory.data_ptr() for state in history}) == T
    state = model.initial_state(B)
    for x, kept in zip(sequence().unbind(dim=1), history, strict=True):
        _, state = model.step(x, state)
        for tensor, expected in zip(every_tensor(kept), every_tensor(state), strict=True):
            assert torch.equal(tensor, expected)


# Invariants


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_sequence_alone_is_the_sequence_in_a_batch(controller):
    model, inputs = make(vary(controller=controller)), sequence(batch=3)
    together, state = model(inputs)
    for b in range(3):
        alone, alone_state = model(inputs[b : b + 1])
        torch.testing.assert_close(together[b : b + 1], alone)
        torch.testing.assert_close(state.memory[b : b + 1], alone_state.memory)


def test_no_gradient_crosses_from_one_sequence_to_another():
    inputs = sequence(batch=3).requires_grad_()
    make()(inputs)[0][1].sum().backward()
    assert (inputs.grad[1] != 0).any()
    assert (inputs.grad[[0, 2]] == 0).all()


def test_what_comes_later_does_not_change_what_came_before():
    inputs = sequence()
    changed = inputs.clone()
    changed[:, 3] += 1
    before, after = make()(inputs)[0], make()(changed)[0]
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_every_weighting_sums_to_one_on_every_step():
    model = make()
    state = model.initial_state(B)
    for x in sequence().unbind(dim=1):
        _, state = model.step(x, state)
        assert (state.weights >= 0).all()
        torch.testing.assert_close(state.weights.sum(-1), torch.ones(B, 10, dtype=torch.float64))


def test_a_machine_does_not_know_where_on_the_tape_it_stands():
    model = make(vary(initial_memory="random"))
    state = model.initial_state(B)
    moved = state._replace(memory=state.memory.roll(5, dims=1), weights=state.weights.roll(5, dims=2))
    logits, end = model(sequence(), state)
    elsewhere, moved_end = model(sequence(), moved)
    torch.testing.assert_close(elsewhere, logits)
    torch.testing.assert_close(moved_end.memory, end.memory.roll(5, dims=1))


def test_reads_are_of_the_memory_just_written():
    model = make()
    _, state = model(sequence())
    torch.testing.assert_close(state.reads, memory.read(state.memory, state.weights[:, :4]))


# What it starts from


@pytest.mark.parametrize("weightings", ["separate", "single"])
def test_first_reads_of_the_first_memory(weightings):
    """By hand; nothing else is learned instead."""
    config = vary(initial_reads="memory", initial_memory="learned", initial_weights="learned", **pairs(weightings))
    model = make(config)
    assert "reads_0" not in dict(model.named_parameters())
    state = model.initial_state(B)
    for b in range(B):
        for head in range(4):
            expected = sum(state.weights[b, head, n] * state.memory[b, n] for n in range(13))
            torch.testing.assert_close(state.reads[b, head], expected)
    logits, _ = model(sequence())
    assert logits.shape == (B, T, 19)


@pytest.mark.parametrize("rows", [1, 5, 13])
def test_first_weights(rows):
    first = NTM(SMALL).initial_state(B, rows).weights
    assert first.shape == (B, 10, rows)
    assert (first[..., 0] == 1).all()
    assert (first[..., 1:] == 0).all()
    uniform = NTM(vary(initial_weights="uniform")).initial_state(B, rows).weights
    torch.testing.assert_close(uniform, torch.full((B, 10, rows), 1 / rows))


def test_spaced_first_weights_by_hand():
    config = vary(initial_weights="spaced", read_heads=2, write_heads=1)
    for rows, expected in ((13, [0, 4, 8]), (3, [0, 1, 2]), (2, [0, 0, 1]), (1, [0, 0, 0])):
        weights = NTM(config).initial_state(B, rows).weights
        assert weights.shape == (B, 3, rows)
        assert weights.argmax(-1).tolist() == [expected] * B
        assert (weights.sum(-1) == 1).all()
        assert (weights.amax(-1) == 1).all()


@pytest.mark.parametrize("choice", ["random", "learned"])
def test_first_weights_of_a_softmax_are_weightings(choice):
    model = NTM(vary(initial_weights=choice))
    weights = model.initial_state(B).weights
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, 10))
    assert ("weights_0" in dict(model.named_parameters())) == (choice == "learned")
    assert "weights_0" in model.state_dict()


def test_a_learned_row_is_one_parameter_for_any_number_of_rows():
    model = NTM(vary(initial_memory="learned-row", initial_value=0.25))
    assert model.free_memory_size
    assert (model.initial_state(B, 37).memory == 0.25).all()
    model.initial_state(B, 37).memory.sum().backward()
    assert (model.memory_0.grad == B * 37).all()
    assert model.memory_0.numel() == model.config.word_size


def test_first_memory():
    assert (NTM(SMALL).initial_state(B).memory == 0).all()
    assert (NTM(vary(initial_value=0.25)).initial_state(B).memory == 0.25).all()
    for choice in ("random", "learned"):
        memory = NTM(vary(initial_memory=choice)).initial_state(B).memory
        assert memory.std() > 0
        assert memory.abs().max() <= (memory.shape[1] + memory.shape[2]) ** -0.5
        assert (memory[0] == memory[1]).all()
        assert 0.5 < NTM(vary(initial_memory=choice, initial_value=3.0)).initial_state(B).memory.abs().max() <= 3


# Memory of any size


@pytest.mark.parametrize("initial_weights", ["first-row", "spaced", "uniform"])
@pytest.mark.parametrize("rows", [1, 2, 37])
def test_memory_size_is_chosen_at_call_time(rows, initial_weights):
    """A call's `memory_size` gives what a machine configured with it, and the same weights, would give."""
    model = make(vary(initial_weights=initial_weights))
    built_so = make(vary(initial_weights=initial_weights, memory_size=rows), seed=9)
    built_so.load_state_dict(model.state_dict())
    assert model.free_memory_size
    logits, state = model(sequence(), memory_size=rows)
    expected, expected_state = built_so(sequence())
    assert state.memory.shape == (B, rows, 11)
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(state, expected_state)
    assert model(sequence())[1].memory.shape == (B, 13, 11)


def test_a_state_brings_its_memory_size():
    model = make()
    whole, _ = model(sequence(), memory_size=37)
    first, state = model(sequence()[:, :2], memory_size=37)
    second, end = model(sequence()[:, 2:], state)
    assert end.memory.shape == (B, 37, 11)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    again, _ = model(sequence()[:, 2:], state, memory_size=37)
    torch.testing.assert_close(again, second)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"initial_weights": "learned"}, "initial_weights 'learned'"),
        ({"initial_weights": "random"}, "initial_weights 'random'"),
        ({"initial_memory": "learned"}, "initial_memory 'learned'"),
        ({"initial_memory": "random"}, "initial_memory 'random'"),
    ],
)
def test_a_machine_with_a_part_for_every_row_says_that_its_size_is_fixed(changes, named):
    model = make(vary(**changes))
    assert not model.free_memory_size
    expected = f"memory_size 37: this machine has {named}.*13 rows; leave memory_size at 13"
    with pytest.raises(ValueError, match=expected):
        model(sequence(), memory_size=37)
    with pytest.raises(ValueError, match=expected):
        model.initial_state(B, 37)
    torch.testing.assert_close(model(sequence(), memory_size=13), model(sequence()))


# Weights that come and go

EVERY_START = [
    {"initial_weights": weights, "initial_memory": memory}
    for weights in ("first-row", "random", "learned")
    for memory in ("constant", "learned-row", "random", "learned")
]


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("start", EVERY_START)
def test_a_state_dict_holds_everything_that_makes_the_machine(start, controller):
    config = vary(controller=controller, **start)
    model, other = make(config, seed=2), make(config, seed=3)
    assert not torch.allclose(model(sequence())[0], other(sequence())[0])
    other.load_state_dict(model.state_dict())
    assert (model(sequence())[0] == other(sequence())[0]).all()


def test_the_same_seed_builds_the_same_machine():
    for one, other in zip(make(seed=4).parameters(), make(seed=4).parameters(), strict=True):
        assert (one == other).all()


# The extremes, in float32


@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
@pytest.mark.parametrize(("beta", "gamma"), [(1e4, 1e3), (0.0, 1e3), (1e4, 0.0)])
@pytest.mark.parametrize("gate", [-1e3, 0.0, 1e3])
def test_values_and_gradients_are_finite_at_the_extremes(gate, beta, gamma, weightings):
    model = make(vary(**pairs(weightings)), dtype=torch.float32)
    heads = model.heads.addressing_heads
    with torch.no_grad():
        _, betas, gates, shifts, gammas, _, _ = model.heads.linear.bias.split(model.heads.sizes)
        betas += beta
        gates += gate
        shifts += 1e3 * torch.tensor([0.0, 0.0, 1.0]).repeat(heads)
        gammas += gamma
    assert_trains(model, sequence(dtype=torch.float32))


def test_values_and_gradients_are_finite_for_zero_keys_on_a_zero_memory():
    model = make(dtype=torch.float32)
    for parameter in model.parameters():
        parameter.data.zero_()
    assert_trains(model, torch.zeros(B, T, 7))


@pytest.mark.parametrize("louder", [1.0, 100.0])
@pytest.mark.parametrize("initial_weights", ["first-row", "uniform"])
def test_values_and_gradients_are_finite_on_a_hundred_thousand_rows(initial_weights, louder):
    config = NTMConfig(7, 3, word_size=11, controller_size=17, initial_weights=initial_weights)
    model = make(config, dtype=torch.float32, louder=louder)
    assert_trains(model, sequence(batch=1, steps=3, dtype=torch.float32), memory_size=100_000)


def assert_trains(model, inputs, memory_size=None):
    inputs = inputs.clone().requires_grad_()
    logits, state = model(inputs, memory_size=memory_size)
    nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert len(gradients) > 4
    for tensor in (logits, *state[:3], inputs.grad, *gradients):
        assert torch.isfinite(tensor).all()


@pytest.mark.parametrize("name", ["COSINE_EPSILON", "SHARPEN_EPSILON"])
def test_a_new_machine_needs_each_epsilon_from_its_first_step(monkeypatch, name):
    """A memory of zeros and one-hot first weightings are where every machine starts."""
    model = make(dtype=torch.float32)
    for column in (model.heads.linear.weight, model.heads.linear.bias):
        column.data[model.heads.sizes[0] :] *= 1000  # gates and shifts at their ends
    assert_trains(model, sequence(dtype=torch.float32))
    model.zero_grad()
    monkeypatch.setattr(addressing, name, 0.0)
    with pytest.raises(AssertionError):
        assert_trains(model, sequence(dtype=torch.float32))


# Bad input: one line that names the value, what was expected and what to do

SIZES = [
    "input_size",
    "output_size",
    "memory_size",
    "word_size",
    "read_heads",
    "write_heads",
    "controller_size",
    "shift_range",
]


def raises(error, text):
    """The error's message is one line and has this text in it."""
    return pytest.raises(error, match=rf"\A[^\n]*{re.escape(text)}[^\n]*\Z")


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_whole_numbers_of_at_least_one(name):
    for value in (0, -1, -128):
        with raises(ValueError, f"{name} is {value}: expected at least 1"):
            vary(**{name: value})
    for value in (2.0, 1.5, True, "3", None):
        with raises(TypeError, f"{name} is {value!r}: expected a whole number"):
            vary(**{name: value})


def test_every_size_of_the_configuration_is_in_the_list_above():
    assert [field.name for field in dataclasses.fields(NTMConfig) if field.type is int] == SIZES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("controller", "'feed-forward', 'lstm'"),
        ("weightings", "'separate', 'single', 'shared-previous'"),
        ("initial_weights", "'first-row', 'spaced', 'uniform', 'random', 'learned'"),
        ("initial_memory", "'constant', 'learned-row', 'random', 'learned'"),
        ("initial_reads", "'learned', 'memory'"),
        ("output_from", "'hidden-and-reads', 'hidden'"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_known_ones(name, expected):
    for value in ("LSTM", None, 3, ["lstm"]):
        with raises(ValueError, f"{name} is {value!r}: expected one of {expected}"):
            vary(**{name: value})


@pytest.mark.parametrize("ceiling", [0.0, -0.5, 1.01, float("nan")])
def test_a_forget_ceiling_is_a_share_above_zero(ceiling):
    with raises(ValueError, f"forget_ceiling is {ceiling}: expected more than 0 and at most 1"):
        vary(forget_ceiling=ceiling)


def test_single_weightings_need_as_many_readers_as_writers():
    with raises(
        ValueError,
        "weightings 'single' pairs every read head with a write head: got 4 read and 6 write heads",
    ):
        vary(weightings="single")


def test_a_configuration_cannot_change_under_its_machine():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMALL.memory_size = 3


def test_a_machine_is_built_from_a_configuration():
    with raises(TypeError, "config is dict: expected an NTMConfig"):
        NTM({"input_size": 3})


@pytest.mark.parametrize(
    ("inputs", "error", "text"),
    [
        ([[[0.0] * 7]], TypeError, "inputs are list: expected a tensor of shape (batch, time, input)"),
        (
            np.zeros((2, 5, 7)),
            TypeError,
            "inputs are ndarray: expected a tensor of shape (batch, time, input)",
        ),
        (torch.zeros(5, 7), ValueError, "inputs have shape (5, 7): expected (batch, time, input)"),
        (
            torch.zeros(1, 2, 5, 7),
            ValueError,
            "inputs have shape (1, 2, 5, 7): expected (batch, time, input)",
        ),
        (
            torch.zeros(2, 0, 7),
            ValueError,
            "inputs have shape (2, 0, 7): expected (batch, time, input), with no empty side",
        ),
        (torch.zeros(0, 5, 7), ValueError, "inputs have shape (0, 5, 7)"),
        (torch.zeros(2, 5, 8), ValueError, "inputs are 8 wide: this machine has input_size 7"),
        (
            torch.zeros(2, 5, 7).double(),
            TypeError,
            "inputs are torch.float64: expected torch.float32; convert them",
        ),
        (
            torch.zeros(2, 5, 7).long(),
            TypeError,
            "inputs are torch.int64: expected torch.float32; convert them",
        ),
    ],
)
def test_forward_names_what_is_wrong_with_its_inputs(inputs, error, text):
    with raises(error, text):
        NTM(SMALL)(inputs)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        ([[0.0] * 7], TypeError, "inputs are list: expected a tensor of shape (batch, input)"),
        (torch.zeros(7), ValueError, "inputs have shape (7,): expected (batch, input)"),
        (torch.zeros(2, 1, 7), ValueError, "inputs have shape (2, 1, 7): expected (batch, input)"),
        (
            torch.zeros(0, 7),
            ValueError,
            "inputs have shape (0, 7): expected (batch, input), with no empty side",
        ),
        (torch.zeros(2, 6), ValueError, "inputs are 6 wide: this machine has input_size 7"),
        (torch.zeros(2, 7).int(), TypeError, "inputs are torch.int32: expected torch.float32; convert them"),
    ],
)
def test_step_names_what_is_wrong_with_its_inputs(x, error, text):
    model = NTM(SMALL)
    with raises(error, text):
        model.step(x, model.initial_state(2))


def test_a_double_machine_asks_for_double_inputs():
    with raises(TypeError, "inputs are torch.float32: expected torch.float64; convert them"):
        NTM(SMALL).double()(torch.zeros(2, 5, 7))


@pytest.mark.parametrize("state", [(), (1, 2), "state", 0])
def test_a_state_is_a_state(state):
    model = NTM(SMALL)
    text = f"state is {type(state).__name__}: expected the NTMState that the last call returned"
    with raises(TypeError, text):
        model(torch.zeros(2, 5, 7), state)
    with raises(TypeError, text):
        model.step(torch.zeros(2, 7), state)


def test_step_needs_a_state():
    with raises(TypeError, "state is NoneType: expected the NTMState that the last call returned"):
        NTM(SMALL).step(torch.zeros(2, 7), None)


def test_a_state_belongs_to_its_batch():
    model = NTM(SMALL)
    state = model.initial_state(3)
    text = "state holds 3 sequences and inputs 2: pass the state of the same batch"
    with raises(ValueError, text):
        model(torch.zeros(2, 5, 7), state)
    with raises(ValueError, text):
        model.step(torch.zeros(2, 7), state)


def test_a_state_has_a_memory_size_already():
    model = NTM(SMALL)
    with raises(ValueError, "memory_size 37: the state passed in already has 13 rows; leave memory_size out"):
        model(torch.zeros(2, 5, 7), model.initial_state(2), memory_size=37)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"word_size": 5}, "state has memory of shape (2, 13, 5), this machine (2, 13, 11): pass a state of its own"),
        ({"write_heads": 7}, "state has weights of shape (2, 11, 13), this machine (2, 10, 13)"),
        ({"read_heads": 3, "write_heads": 7}, "state has reads of shape (2, 3, 11), this machine (2, 4, 11)"),
        ({"controller": "lstm"}, "state is of another controller than 'feed-forward' with 17 units"),
    ],
)
def test_a_state_belongs_to_its_machine(changes, text):
    state = NTM(vary(**changes)).initial_state(2)
    with raises(ValueError, text):
        NTM(SMALL)(torch.zeros(2, 5, 7), state)
    with raises(ValueError, text):
        NTM(SMALL).step(torch.zeros(2, 7), state)


def test_an_lstms_state_has_its_number_of_units():
    model, other = (NTM(vary(controller="lstm", controller_size=size)) for size in (17, 19))
    with raises(ValueError, "state is of another controller than 'lstm' with 17 units"):
        model(torch.zeros(2, 5, 7), other.initial_state(2))
    with raises(ValueError, "state is of another controller than 'lstm' with 17 units"):
        model(torch.zeros(2, 5, 7), NTM(SMALL).initial_state(2))


def test_a_state_has_the_dtype_of_its_machine():
    with raises(TypeError, "state is torch.float64: expected torch.float32, as the machine's weights"):
        NTM(SMALL)(torch.zeros(2, 5, 7), NTM(SMALL).double().initial_state(2))


def test_a_state_of_another_size_cannot_enter_a_machine_tied_to_its_rows():
    tied, free = NTM(vary(initial_memory="learned")), NTM(SMALL)
    with raises(ValueError, "memory_size 37: this machine has initial_memory 'learned'"):
        tied(torch.zeros(2, 5, 7), free.initial_state(2, 37))


def test_sizes_may_be_whole_numbers_of_numpy():
    config = vary(memory_size=np.int64(13), word_size=np.int32(11))
    assert config == SMALL and type(config.memory_size) is int
    assert NTM(SMALL).initial_state(2, np.int64(37)).memory.shape == (2, 37, 11)


def test_memory_size_is_a_whole_number_of_at_least_one():
    model = NTM(SMALL)
    for value in (0, -3, 2.5):
        with pytest.raises((TypeError, ValueError), match=f"memory_size is {value}: expected "):
            model(torch.zeros(2, 5, 7), model.initial_state(2), memory_size=value)
    for value in (0, -3):
        with raises(ValueError, f"memory_size is {value}: expected at least 1"):
            model(torch.zeros(2, 5, 7), memory_size=value)
        with raises(ValueError, f"memory_size is {value}: expected at least 1"):
            model.initial_state(2, value)
    for value in (2.5, True, "64"):
        with raises(TypeError, f"memory_size is {value!r}: expected a whole number"):
            model(torch.zeros(2, 5, 7), memory_size=value)


# Size


def count(config):
    return sum(parameter.numel() for parameter in NTM(config).parameters())


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("output_from", ["hidden-and-reads", "hidden"])
@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
def test_parameter_count_term_by_term(weightings, output_from, controller):
    config = vary(controller=controller, output_from=output_from, **pairs(weightings))
    hidden, width, readers, writers = 17, 11, 4, config.write_heads
    seen = 7 + readers * width
    heads = readers if weightings == "single" else readers + writers
    terms = {
        "controller": hidden * (seen + 1) if controller == "feed-forward" else 4 * hidden * (seen + hidden + 2),
        "its first state": 0 if controller == "feed-forward" else 2 * hidden,
        "heads": (hidden + 1) * (heads * (width + 1 + 1 + 3 + 1) + writers * 2 * width),
        "output": 19 * (hidden + 1 + (readers * width if output_from == "hidden-and-reads" else 0)),
        "first reads": readers * width,
    }
    assert count(config) == sum(terms.values())


def test_parameter_count_of_learned_starts():
    start = {"initial_weights": "learned", "initial_memory": "learned"}
    assert count(vary(**start)) - count(SMALL) == 10 * 13 + 13 * 11
    assert count(vary(initial_memory="random", initial_weights="uniform")) == count(SMALL)


@pytest.mark.parametrize(
    ("controller", "expected", "terms", "paper", "unplaced"),
    [
        (
            "feed-forward",
            13_380,
            {"controller": 3_100, "heads": 9_292, "output": 968, "reads_0": 20},
            17_162,
            1_222,
        ),
        ("lstm", 63_280, {"controller": 53_000, "heads": 9_292, "output": 968, "reads_0": 20}, 67_561, 1_721),
    ],
)
def test_the_papers_configuration_has_the_size_that_the_docstring_says(controller, expected, terms, paper, unplaced):
    config = NTMConfig(10, 8, controller=controller)
    sizes = dict.fromkeys(terms, 0)
    for name, parameter in NTM(config).named_parameters():
        sizes[name.split(".")[0]] += parameter.numel()
    assert sizes == terms
    assert count(config) == sum(terms.values()) == expected
    assert paper - count(dataclasses.replace(config, initial_memory="learned")) == unplaced
    for number in (expected, paper, unplaced, 9_292, 968):
        assert f"{number:,}" in NTM.__doc__


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # both are what torch.compile does by itself
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_compiled_step_is_the_step(controller):
    """With a backend that traces a step and its derivative and then runs them as they are: no compiler is needed."""
    torch.manual_seed(0)
    plain = NTM(NTMConfig(5, 3, 13, 7, controller=controller, controller_size=11))
    compiled = NTM(plain.config)
    compiled.load_state_dict(plain.state_dict())
    traced = []

    def backend(graph, inputs):
        traced.append(graph)
        return torch._dynamo.lookup_backend("aot_eager")(graph, inputs)

    compiled.compile(backend=backend, fullgraph=True)
    inputs = torch.randn(2, 4, 5)
    for model in (plain, compiled):
        logits, state = model(inputs)
        (logits.square().sum() + state.memory.sum()).backward()
    torch.testing.assert_close(compiled(inputs), plain(inputs))
    for (name, expected), parameter in zip(plain.named_parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, expected.grad, msg=name)
    group = [NTM(plain.config) for _ in range(3)]
    blocks = torch.randn(3, 2, 4, 5)
    expected = torch.cat([model(block)[0] for model, block in zip(group, blocks, strict=True)])
    group[0].compile(backend=backend, fullgraph=True)
    before = len(traced)
    together, _ = functional_call(group[0], stack(group), (blocks.flatten(0, 1),))
    torch.testing.assert_close(together, expected)
    assert 0 < before < len(traced)
