"""A stack of machines: each of them bit for bit what it is in a stack of its own."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.func import functional_call

from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.machine.stack import Linear, for_each_sequence, stack

P, B, T = 3, 5, 2
SMALL = NTMConfig(
    input_size=23,
    output_size=19,
    memory_size=13,
    word_size=11,
    read_heads=4,
    write_heads=6,
    controller_size=17,
    shift_range=3,
)
"""A different number on every axis: T 2, P 3, R 4, B 5 a machine, W 6, S 7, A 10, M 11, N 13, hidden 17, output 19."""

LEARNED = {"initial_weights": "learned", "initial_memory": "learned", "initial_value": 0.2}
RANDOM = {"initial_weights": "spaced", "initial_memory": "random", "initial_reads": "memory", "initial_value": 0.2}
ONE_HEAD = {"read_heads": 1, "write_heads": 1}
every_machine = pytest.mark.parametrize(
    "changes",
    [
        {"controller": controller, "weightings": weightings, **start}
        for controller in ("feed-forward", "lstm")
        for weightings in ("separate", "single", "shared-previous")
        for start in ({}, LEARNED, RANDOM, ONE_HEAD)
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)


def make(changes):
    """Three machines of one kind; everything that one of them learns is its own."""
    if changes["weightings"] == "single":
        changes = {"write_heads": 4, **changes}
    machines = []
    for seed in range(P):
        torch.manual_seed(seed)
        machine = NTM(dataclasses.replace(SMALL, **changes))
        for parameter in machine.parameters():
            parameter.data = 2 * parameter.data + 0.1 * torch.randn_like(parameter)
        machines.append(machine)
    return machines


def normal(*shape, seed=7, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


INPUTS = [normal(B, T, 23, seed=seed) for seed in range(P)]


def run(machines, inputs, memory_size=None):
    """Machines side by side: for each of them its logits, the tensors of its last state, and its gradients."""
    options = {"memory_size": memory_size}
    logits, state = functional_call(machines[0], stack(machines), (torch.cat(inputs),), options)
    ends = (logits, *state[:3], *state.controller)
    sum((end * normal(*end.shape[1:])).sum() for end in ends).backward()
    gradients = [[parameter.grad for parameter in machine.parameters()] for machine in machines]
    for machine in machines:
        machine.zero_grad()
    return list(zip(zip(*(end.chunk(len(machines)) for end in ends), strict=True), gradients, strict=True))


# A whole machine


@every_machine
@pytest.mark.parametrize("memory_size", [None, 29])
def test_each_machine_of_a_stack_is_bit_for_bit_what_it_is_alone(changes, memory_size):
    machines = make(changes)
    if memory_size and not machines[0].free_memory_size:
        memory_size = None
    together = run(machines, INPUTS, memory_size)
    for machine, inputs, (ends, gradients) in zip(machines, INPUTS, together, strict=True):
        ((alone, alone_gradients),) = run([machine], [inputs], memory_size)
        for tensor, expected in zip((*ends, *gradients), (*alone, *alone_gradients), strict=True):
            assert tensor.shape == expected.shape
            assert torch.equal(tensor, expected)


@every_machine
def test_each_machine_of_a_stack_is_close_to_a_plain_call(changes):
    """In float64, where only a mistake is more than a rounding away; so are its gradients."""
    machines = [machine.double() for machine in make(changes)]
    inputs = [each.double() for each in INPUTS]
    for machine, each, (ends, gradients) in zip(machines, inputs, run(machines, inputs), strict=True):
        logits, state = machine(each)
        plain = (logits, *state[:3], *state.controller)
        blend = sum((end * normal(*end.shape[1:])).sum() for end in plain)
        plain_gradients = torch.autograd.grad(blend, list(machine.parameters()))
        for tensor, expected in zip((*ends, *gradients), (*plain, *plain_gradients), strict=True):
            torch.testing.assert_close(tensor, expected, rtol=1e-9, atol=1e-9)
            assert expected.any()


def test_the_machines_of_a_stack_are_three():
    """The tests above would not notice if their machines could not differ."""
    (first, _), (second, _), (third, _) = run(make({"weightings": "separate"}), [INPUTS[0]] * P)
    for tensors in zip(first, second, third, strict=True):
        for one, other in zip(tensors, (*tensors[1:], tensors[0]), strict=True):
            assert not torch.allclose(one, other, atol=1e-3)


def test_a_machine_that_is_not_finite_leaves_its_neighbours_as_they_are():
    expected = run(make({"weightings": "separate"}), INPUTS)
    machines = make({"weightings": "separate"})
    with torch.no_grad():
        machines[1].heads.linear.weight[0, 0] = torch.nan
    found = run(machines, INPUTS)
    assert found[1][0][0].isnan().all()
    for which in (0, 2):
        for tensors, before in zip(found[which], expected[which], strict=True):
            assert all(torch.equal(*pair) for pair in zip(tensors, before, strict=True))


# Its pieces


@pytest.mark.parametrize("initial_memory", ["constant", "random", "learned"])
def test_a_stack_has_every_parameter_and_buffer_of_every_machine(initial_memory):
    start = {"initial_memory": initial_memory, "initial_value": 0.2}
    machines = make({"weightings": "separate", "controller": "lstm", **start})
    stacked = stack(machines)
    names = [*dict(machines[0].named_parameters()), *dict(machines[0].named_buffers())]
    assert list(stacked) == names
    assert ("memory_0" in names) == (initial_memory != "constant")
    for name, parts in stacked.items():
        for part, machine in zip(parts, machines, strict=True):
            owner, _, last = name.rpartition(".")
            assert torch.equal(part, getattr(machine.get_submodule(owner), last))


def naive_linear(weight, bias, x):
    """One number at a time: (out, in), (out), (..., in) -> (..., out)."""
    result = torch.zeros(*x.shape[:-1], len(bias), dtype=x.dtype)
    for place in torch.cartesian_prod(*(torch.arange(size) for size in x.shape[:-1])).view(-1, x.ndim - 1).tolist():
        for row in range(len(bias)):
            total = bias[row]
            for column in range(x.shape[-1]):
                total = total + weight[row, column] * x[(*place, column)]
            result[(*place, row)] = total
    return result


@pytest.mark.parametrize("steps", [(), (T,), (T, 3)])
def test_a_linear_layer_is_the_loop(steps):
    layer = Linear(11, 7).double()
    x = normal(B, *steps, 11, dtype=torch.float64)
    expected = naive_linear(layer.weight.detach(), layer.bias.detach(), x)
    torch.testing.assert_close(layer(x).detach(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("steps", [(), (T,), (T, 3)])
@pytest.mark.parametrize("layers", [1, P])
def test_a_stack_of_linear_layers_is_a_loop_over_blocks(layers, steps):
    weight, bias = normal(layers, 7, 11, dtype=torch.float64), normal(layers, 7, seed=8, dtype=torch.float64)
    x = normal(layers * B, *steps, 11, seed=9, dtype=torch.float64)
    y = functional_call(Linear(11, 7), {"weight": weight, "bias": bias}, (x,))
    expected = torch.cat([naive_linear(*each) for each in zip(weight, bias, x.chunk(layers), strict=True)])
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)


def test_a_linear_layer_is_torchs_where_nothing_is_stacked():
    layer, plain = Linear(11, 7), nn.Linear(11, 7)
    plain.load_state_dict(layer.state_dict())
    x = normal(B, T, 11)
    assert torch.equal(layer(x), plain(x))


@pytest.mark.parametrize("shape", [(7,), (7, 11), (7, 2, 11)])
@pytest.mark.parametrize("machines", [None, 1, P])
def test_every_sequence_starts_from_its_own_machines_part(machines, shape):
    part = normal(*(() if machines is None else (machines,)), *shape)
    count = machines or 1
    parts = for_each_sequence(part, len(shape), count * B)
    assert parts.shape == (count * B, *shape)
    for sequence in range(count * B):
        assert torch.equal(parts[sequence], part if machines is None else part[sequence // B])


def test_a_part_learns_from_each_of_its_sequences_and_no_other():
    part = normal(P, 7, 11).requires_grad_()
    for_each_sequence(part, 2, P * B)[B : 2 * B].sum().backward()
    assert (part.grad == torch.tensor([0.0, B, 0.0]).view(P, 1, 1)).all()
