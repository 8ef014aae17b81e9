"""Bad configurations, inputs and states: one line that names the value, what was expected and what to do."""

import dataclasses

import numpy as np
import pytest
import torch
from machines import SMALL, raises, vary

from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.machine.validate import MOST, MOST_SEEDS, seed, whole_number

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


@pytest.mark.parametrize(
    ("ceiling", "bound"),
    [
        (0.0, "at least 1e-06"),
        (-0.5, "at least 1e-06"),
        (1.01, "at most 1"),
        (float("nan"), "a number from 1e-06 to 1"),
    ],
)
def test_a_forget_ceiling_is_a_share_above_zero(ceiling, bound):
    with raises(ValueError, f"forget_ceiling is {ceiling}: expected {bound}"):
        vary(forget_ceiling=ceiling)


@pytest.mark.parametrize("name", ["forget_ceiling", "initial_value"])
@pytest.mark.parametrize("value", ["half", None, True])
def test_a_number_is_a_number(name, value):
    with raises(TypeError, f"{name} is {value!r}: expected a number"):
        vary(**{name: value})


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
            "inputs are torch.float64: expected torch.float32, as the machine's weights; use .to(...)",
        ),
        (
            torch.zeros(2, 5, 7).long(),
            TypeError,
            "inputs are torch.int64: expected torch.float32, as the machine's weights; use .to(...)",
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
        (
            torch.zeros(2, 7).int(),
            TypeError,
            "inputs are torch.int32: expected torch.float32, as the machine's weights; use .to(...)",
        ),
    ],
)
def test_step_names_what_is_wrong_with_its_inputs(x, error, text):
    model = NTM(SMALL)
    with raises(error, text):
        model.step(x, model.initial_state(2))


def test_a_double_machine_asks_for_double_inputs():
    with raises(TypeError, "inputs are torch.float32: expected torch.float64, as the machine's weights; use .to(...)"):
        NTM(SMALL).double()(torch.zeros(2, 5, 7))


@pytest.mark.parametrize("state", [(), (1, 2), "state", 0])
def test_a_state_is_a_state(state):
    model = NTM(SMALL)
    text = f"state is {type(state).__name__}: expected the NTMState that the last call returned"
    with raises(TypeError, text):
        model(torch.zeros(2, 5, 7), state)
    with raises(TypeError, text):
        model.step(torch.zeros(2, 7), state)


@pytest.mark.parametrize(
    ("part", "value", "text"),
    [
        ("memory", None, "state has memory NoneType: pass the state that the last call returned"),
        ("weights", [[1.0]], "state has weights list: pass the state that the last call returned"),
        ("controller", None, "state has controller NoneType: pass the state that the last call returned"),
        ("controller", torch.zeros(2, 17), "state has controller Tensor: pass the state that the last call returned"),
    ],
)
def test_a_state_is_made_of_tensors(part, value, text):
    model = NTM(SMALL)
    state = model.initial_state(2)._replace(**{part: value})
    with raises(TypeError, text):
        model(torch.zeros(2, 5, 7), state)
    with raises(TypeError, text):
        model.step(torch.zeros(2, 7), state)


@pytest.mark.parametrize("shape", [(13,), (13, 11)])
def test_a_memory_has_three_axes(shape):
    model = NTM(SMALL)
    with raises(ValueError, f"state has memory of shape {shape}, this call (2, 13, 11): pass the state of its last"):
        model(torch.zeros(2, 5, 7), model.initial_state(2)._replace(memory=torch.zeros(shape)))


@pytest.mark.parametrize("history", [(), {}, True])
def test_a_history_is_a_list(history):
    with raises(TypeError, f"history is {type(history).__name__}: expected a list, to which states are appended"):
        NTM(SMALL)(torch.zeros(2, 5, 7), history=history)


@pytest.mark.parametrize(
    ("batch_size", "error", "text"),
    [
        (0, ValueError, "batch_size is 0: expected at least 1"),
        (-1, ValueError, "batch_size is -1: expected at least 1"),
        (2.5, TypeError, "batch_size is 2.5: expected a whole number"),
    ],
)
def test_a_state_is_of_at_least_one_sequence(batch_size, error, text):
    with raises(error, text):
        NTM(SMALL).initial_state(batch_size)


def test_step_needs_a_state():
    with raises(TypeError, "state is NoneType: expected the NTMState that the last call returned"):
        NTM(SMALL).step(torch.zeros(2, 7), None)


def test_a_state_belongs_to_its_batch():
    model = NTM(SMALL)
    state = model.initial_state(3)
    text = "state has memory of shape (3, 13, 11), this call (2, 13, 11): pass the state of its last step"
    with raises(ValueError, text):
        model(torch.zeros(2, 5, 7), state)
    with raises(ValueError, text):
        model.step(torch.zeros(2, 7), state)


def test_a_state_has_a_memory_size_already():
    model = NTM(SMALL)
    with raises(ValueError, "memory_size 37: the state passed in already has 13 rows; leave it out"):
        model(torch.zeros(2, 5, 7), model.initial_state(2), memory_size=37)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"word_size": 5},
            "state has memory of shape (2, 13, 5), this call (2, 13, 11): pass the state of its last step",
        ),
        ({"write_heads": 7}, "state has weights of shape (2, 11, 13), this call (2, 10, 13)"),
        ({"read_heads": 3, "write_heads": 7}, "state has reads of shape (2, 3, 11), this call (2, 4, 11)"),
        (
            {"controller": "lstm"},
            "state has controller of shape ((2, 17), (2, 17)), this call (): pass the state of its",
        ),
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
    with raises(ValueError, "state has controller of shape ((2, 19), (2, 19)), this call ((2, 17), (2, 17))"):
        model(torch.zeros(2, 5, 7), other.initial_state(2))
    with raises(ValueError, "state has controller of shape (), this call ((2, 17), (2, 17))"):
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


# A place for everything


def test_inputs_and_states_on_another_device_are_named():
    machine = NTM(SMALL)
    text = "inputs are on meta and the machine on cpu: move one with .to(...)"
    with raises(ValueError, text):
        machine(torch.zeros(2, 5, 7, device="meta"))
    with raises(ValueError, text):
        machine.step(torch.zeros(2, 7, device="meta"), machine.initial_state(2))
    with raises(ValueError, "state is on meta and the machine on cpu: move one with .to(...)"):
        machine(torch.zeros(2, 5, 7), machine.initial_state(2).to("meta"))
    with raises(ValueError, "inputs are on cpu and the machine on meta: move one with .to(...)"):
        NTM(SMALL).to("meta")(torch.zeros(2, 5, 7))


# Limits


def test_no_size_is_larger_than_any_memory():
    assert whole_number("length", MOST) == MOST
    for value in (MOST + 1, 99999999999999999999):
        with raises(ValueError, f"length is {value}: expected at most {MOST}"):
            whole_number("length", value)
        with raises(ValueError, f"memory_size is {value}: expected at most {MOST}"):
            NTM(SMALL)(torch.zeros(2, 5, 7), memory_size=value)
        with raises(ValueError, f"memory_size is {value}: expected at most {MOST}"):
            vary(memory_size=value)


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (float("inf"), "at most 3.4e+38"),
        (-float("inf"), "at least -3.4e+38"),
        (float("nan"), "a number from -3.4e+38 to 3.4e+38"),
    ],
)
def test_an_initial_value_is_finite(value, bound):
    with raises(ValueError, f"initial_value is {value}: expected {bound}"):
        vary(initial_value=value)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (float("nan"), ValueError, f"crowd is nan: expected a number from 1 to {MOST}"),
        (np.float32("nan"), ValueError, f"crowd is nan: expected a number from 1 to {MOST}"),
        (float("inf"), ValueError, f"crowd is inf: expected at most {MOST}"),
        (0.99, ValueError, "crowd is 0.99: expected at least 1"),
        ("many", TypeError, "crowd is 'many': expected a number"),
    ],
)
def test_a_crowd_is_a_number_of_at_least_one(value, error, text):
    with raises(error, text):
        NTM(SMALL)(torch.zeros(2, 5, 7), crowd=value)


@pytest.mark.parametrize("value", [0.0, -0.5])
def test_random_numbers_have_a_size(value):
    with raises(ValueError, f"initial_value is {value}: a random memory needs more than 0, such as 0.1"):
        vary(initial_memory="random", initial_value=value)


def test_seeds():
    assert [seed(value) for value in (0, 7, MOST_SEEDS - 1)] == [0, 7, 2**32 - 1]
    for value in (-1, MOST_SEEDS, 1.0, True, "3", None):
        with raises(ValueError, f"seed is {value!r}: expected a whole number from 0 to 4294967295"):
            seed(value)
