"""The fast twins: values, derivatives and derivatives of derivatives are those of the equations as printed."""

import inspect
from typing import NamedTuple

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ntm_lib.machine import NTM, NTMConfig, addressing, fast, memory
from ntm_lib.machine.step import FAST, PLAIN, advance

PRINTED = {
    name: getattr(room, name)
    for room, names in (
        (addressing, ("content_weights", "interpolate", "shift", "sharpen", "address")),
        (memory, ("read", "erase", "add", "write")),
    )
    for name in names
}
"""Every equation that has a fast twin, as printed."""


class Size(NamedTuple):
    """Sequences, heads, numbers a row, rows and shift offsets: a different prime on every axis."""

    batch: int
    heads: int
    width: int
    rows: int
    offsets: int


ONE_HEAD, MANY_HEADS, SHORT_TAPE = Size(2, 1, 3, 7, 5), Size(2, 3, 5, 11, 7), Size(3, 2, 5, 7, 11)
every_equation = pytest.mark.parametrize("name", PRINTED)
every_size = pytest.mark.parametrize("size", [ONE_HEAD, MANY_HEADS, SHORT_TAPE], ids=["one head", "heads", "short"])


def draw(name, size, seed=0):
    """Everything that an equation takes, by name."""
    generator = torch.Generator().manual_seed(seed)
    batch, heads, width, rows, offsets = size

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    everything = {
        "memory": normal(batch, rows, width),
        **{weighting: normal(batch, heads, rows).softmax(-1) for weighting in ("weights", "w_previous", "w_c")},
        **{weighting: normal(batch, heads, rows).softmax(-1) for weighting in ("w_g", "w_s")},
        "key": normal(batch, heads, width),
        "beta": normal(batch, heads).exp(),
        "g": normal(batch, heads).sigmoid(),
        "s": normal(batch, heads, offsets).softmax(-1),
        "gamma": 1 + normal(batch, heads).exp(),
        "e": normal(batch, heads, width).sigmoid(),
        "a": normal(batch, heads, width),
    }
    arguments = inspect.signature(PRINTED[name]).parameters
    return {name: everything[name] for name, argument in arguments.items() if argument.default is argument.empty}


def twins(name):
    """An equation as printed and its fast twin, as functions to one tensor: of stages, the last."""

    def last(equation):
        return lambda *inputs: equation(*inputs).w if name == "address" else equation(*inputs)

    return last(PRINTED[name]), last(getattr(fast, name))


def blend(value, seed=1):
    """A random combination of a tensor's numbers."""
    return (value * torch.randn(value.shape, generator=torch.Generator().manual_seed(seed), dtype=value.dtype)).sum()


def derivatives(equation, inputs, learning):
    """Value, first derivatives with and without a graph, and second derivatives, in the inputs that learn."""
    leaves = [tensor.detach().requires_grad_(i in learning) for i, tensor in enumerate(inputs)]
    learners = [leaves[i] for i in learning]
    value = equation(*leaves)
    alone = torch.autograd.grad(blend(value), learners, retain_graph=True)
    first = torch.autograd.grad(blend(value), learners, create_graph=True)
    penalty = sum((leaf * gradient).square().sum() for leaf, gradient in zip(learners, first, strict=True))
    second = torch.autograd.grad(penalty, learners)
    return value, alone, first, second


def assert_twins(name, inputs, learning):
    plain, quick = (derivatives(equation, inputs, learning) for equation in twins(name))
    torch.testing.assert_close(quick, plain, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(quick[1], quick[2], rtol=1e-9, atol=1e-12)


def test_every_fast_equation_is_compared():
    assert set(fast.__all__) == set(PRINTED)
    for name, equation in PRINTED.items():
        assert inspect.signature(getattr(fast, name)) == inspect.signature(equation)


@every_equation
@every_size
def test_twins_have_equal_values_and_derivatives(size, name):
    inputs = tuple(draw(name, size).values())
    assert_twins(name, inputs, range(len(inputs)))


@every_equation
def test_twins_have_equal_derivatives_whichever_input_learns(name):
    inputs = tuple(draw(name, MANY_HEADS, seed=2).values())
    for learning in range(len(inputs)):
        assert_twins(name, inputs, [learning])


@pytest.mark.parametrize("which", ["plain", "fast"])
@every_equation
@every_size
def test_derivatives_are_those_of_finite_differences(size, name, which):
    equation = twins(name)[which == "fast"]
    inputs = tuple(tensor.requires_grad_() for tensor in draw(name, size, seed=3).values())
    assert gradcheck(equation, inputs)
    assert gradgradcheck(equation, inputs, atol=1e-4, rtol=1e-3)


@every_size
def test_every_stage_of_addressing_is_equal(size):
    inputs = draw("address", size).values()
    torch.testing.assert_close(fast.address(*inputs), addressing.address(*inputs))


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("key_scale", [0.0, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 100.0])
def test_rows_and_keys_of_any_length_have_equal_derivatives(scale, key_scale, heads):
    inputs = draw("content_weights", Size(2, heads, 5, 11, 3), seed=4)
    inputs |= {"memory": inputs["memory"] * scale, "key": inputs["key"] * key_scale}
    plain, quick = (derivatives(equation, inputs.values(), range(3)) for equation in twins("content_weights"))
    for expected, found in zip(plain[1:], quick[1:], strict=True):
        for left, right in zip(expected, found, strict=True):
            torch.testing.assert_close(right, left, rtol=1e-7, atol=1e-9 * max(1.0, left.abs().max().item()))


@pytest.mark.parametrize("name", ["content_weights", "write"])
@pytest.mark.parametrize("heads", [1, 3])
def test_a_row_that_is_repeated_has_the_derivatives_of_finite_differences(heads, name):
    """Every machine's first memory is one row of numbers, seen many times."""
    first, *others = draw(name, Size(2, heads, 3, 5, 7), seed=5).values()

    def on_a_fresh_tape(row):
        return getattr(fast, name)(memory.initial_memory(row, 2, 5), *others)

    row = first[0, :1].clone().requires_grad_()
    assert gradcheck(on_a_fresh_tape, (row,))
    assert gradgradcheck(on_a_fresh_tape, (row,))


@pytest.mark.parametrize("which", ["plain", "fast"])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_several_heads_may_erase_a_row_completely(heads, which):
    """Dividing the product of all factors by one factor would be 0/0 here."""
    inputs = draw("write", Size(1, heads, 2, 3, 5), seed=6)
    inputs["weights"] = torch.zeros_like(inputs["weights"])
    inputs["weights"][..., 1] = 1
    inputs["e"] = torch.ones_like(inputs["e"])
    leaves = tuple(tensor.requires_grad_() for tensor in inputs.values())
    assert gradcheck(twins("write")[which == "fast"], leaves)
    assert gradgradcheck(twins("write")[which == "fast"], leaves)


@pytest.mark.parametrize("which", ["plain", "fast"])
@pytest.mark.parametrize("offsets", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_shift_has_the_derivatives_of_finite_differences_at_any_reach(rows, offsets, which):
    inputs = tuple(tensor.requires_grad_() for tensor in draw("shift", Size(2, 1, 3, rows, offsets)).values())
    assert gradcheck(twins("shift")[which == "fast"], inputs)
    assert gradgradcheck(twins("shift")[which == "fast"], inputs)


# A whole machine

MACHINE = NTMConfig(
    3, 19, memory_size=13, word_size=11, read_heads=2, write_heads=5, controller_size=17, initial_value=0.1
)


def machines(**changes):
    """A machine with gates, keys and shifts that differ from head to head, and one like it that runs as printed."""
    config = NTMConfig(**{**vars(MACHINE), **changes})
    quick, plain = NTM(config, torch.Generator().manual_seed(0)).double(), NTM(config).double()
    for parameter in quick.parameters():
        parameter.data *= 2
    plain.load_state_dict(quick.state_dict())
    plain.equations = PLAIN
    assert quick.equations is FAST
    return quick, plain


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"read_heads": 1, "write_heads": 1},
        {"weightings": "single", "read_heads": 5},
        {"weightings": "shared-previous"},
        {"initial_memory": "learned", "initial_weights": "learned", "shift_range": 3},
    ],
    ids=str,
)
def test_a_machine_runs_as_printed(changes, controller):
    """Logits, states and gradients of a machine that computes with either set of equations."""
    inputs = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = []
    for machine in machines(controller=controller, **changes):
        leaf = inputs.clone().requires_grad_()
        logits, state = machine(leaf)
        ends = (logits, *state.tensors())
        total = sum(blend(end) for end in ends)
        first = torch.autograd.grad(total, [leaf, *machine.parameters()], create_graph=True)
        penalty = sum(gradient.square().sum() for gradient in first)
        second = torch.autograd.grad(penalty, list(machine.parameters()), allow_unused=True, materialize_grads=True)
        found.append((ends, first, second))
    torch.testing.assert_close(*found, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("inference", [True, False])
def test_a_machine_in_a_crowd_runs_as_printed_step_by_step(inference):
    inputs = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for machine in machines(read_heads=1, write_heads=1):
        state, features = machine.initial_state(2), []
        for x in inputs.unbind(1):
            step = advance(machine, x, state, PLAIN.in_a(31))
            state = step.state
            features.append(step.features)
        with torch.inference_mode(inference):
            logits, _ = machine(inputs, crowd=31)
            alone, _ = machine(inputs, crowd=1)
            without, _ = machine(inputs)
        torch.testing.assert_close(logits, machine.output(torch.stack(features, dim=1)))
        assert alone.equal(without) and not logits.allclose(without)
