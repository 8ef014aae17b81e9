"""Transforms of torch.func, forward-mode derivatives and derivatives of derivatives, against finite differences."""

import pytest
import torch
from machines import make, sequence, vary
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacrev, jvp, stack_module_state, vmap

# torch's own, at its first forward-mode derivative
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

ONE_HEAD = {"read_heads": 1, "write_heads": 1}
every_machine = pytest.mark.parametrize(
    "changes",
    [
        {"controller": controller, **heads}
        for controller in ("feed-forward", "lstm")
        for heads in ({}, ONE_HEAD, {"weightings": "single", "write_heads": 4})
    ],
    ids=str,
)
every_call = pytest.mark.parametrize("call", ["forward", "step"])


def loss_function(machine, call="forward"):
    """Mean square of the logits of inputs (B, T, input), by `forward` or by a loop over `step`, for given weights."""

    def forward(weights, inputs):
        if call == "forward":
            return functional_call(machine, weights, (inputs,))[0].square().mean()
        return functional_call(Stepper(machine), {f"machine.{k}": v for k, v in weights.items()}, (inputs,))

    return forward


class Stepper(torch.nn.Module):
    """The mean square of all logits of a machine that is called step by step."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def forward(self, inputs):
        state, logits = self.machine.initial_state(len(inputs)), []
        for x in inputs.unbind(1):
            y, state = self.machine.step(x, state)
            logits.append(y)
        return torch.stack(logits, 1).square().mean()


def weights_of(machine):
    return {name: parameter.detach() for name, parameter in machine.named_parameters()}


def slope(function, x, direction, h=1e-5):
    """How fast a function of one tensor changes along a direction, by central differences."""
    return (function(x + h * direction) - function(x - h * direction)) / (2 * h)


def direction(like, seed=5):
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed), dtype=like.dtype)


# First derivatives


@every_call
@every_machine
def test_grad_is_the_gradient_of_backward(changes, call):
    machine, inputs = make(vary(**changes)), sequence()
    loss = loss_function(machine, call)
    found = grad(loss)(weights_of(machine), inputs)
    loss(dict(machine.named_parameters()), inputs).backward()
    for name, parameter in machine.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-9, atol=1e-12)


@every_machine
def test_jacrev_has_the_gradient_of_every_logit(changes):
    machine, inputs = make(vary(**changes)), sequence(1, 3)
    found = jacrev(lambda x: machine(x)[0].flatten())(inputs)
    leaf = inputs.clone().requires_grad_()
    logits = machine(leaf)[0].flatten()
    assert found.shape == (len(logits), *inputs.shape)
    for row in (0, len(logits) - 1):
        expected = torch.autograd.grad(logits[row], leaf, retain_graph=True)[0]
        torch.testing.assert_close(found[row], expected, rtol=1e-9, atol=1e-12)


@every_call
@every_machine
def test_jvp_is_the_slope_along_a_direction(changes, call):
    machine, inputs = make(vary(**changes)), sequence()
    loss, weights = loss_function(machine, call), weights_of(machine)

    def of_inputs(x):
        return loss(weights, x)

    value, change = jvp(of_inputs, (inputs,), (direction(inputs),))
    torch.testing.assert_close(value, of_inputs(inputs))
    torch.testing.assert_close(change, slope(of_inputs, inputs, direction(inputs)), rtol=1e-6, atol=1e-9)
    name = "heads.linear.weight"

    def of_weights(weight):
        return loss({**weights, name: weight}, inputs)

    _, change = jvp(of_weights, (weights[name],), (direction(weights[name]),))
    torch.testing.assert_close(change, slope(of_weights, weights[name], direction(weights[name])), rtol=1e-6, atol=1e-9)


@every_machine
def test_dual_numbers_carry_the_slope(changes):
    machine, inputs = make(vary(**changes)), sequence()
    with forward_ad.dual_level():
        logits, state = machine(forward_ad.make_dual(inputs, direction(inputs)))
        changed = [forward_ad.unpack_dual(end).tangent for end in (logits, *state.tensors())]
    for place, change in enumerate(changed):

        def end(x, place=place):
            logits, state = machine(x)
            return (logits, *state.tensors())[place]

        torch.testing.assert_close(change, slope(end, inputs, direction(inputs)), rtol=1e-5, atol=1e-8)


# Derivatives of derivatives


@every_call
@every_machine
def test_hessian_is_the_slope_of_the_gradient(changes, call):
    machine, inputs = make(vary(**changes)), sequence(1, 3)
    loss, weights = loss_function(machine, call), weights_of(machine)

    def of_inputs(x):
        return loss(weights, x)

    second = hessian(of_inputs)(inputs).reshape(inputs.numel(), -1)
    torch.testing.assert_close(second, second.T, rtol=1e-8, atol=1e-10)
    along = direction(inputs)
    expected = slope(grad(of_inputs), inputs, along)
    torch.testing.assert_close((second @ along.flatten()).view_as(inputs), expected, rtol=1e-5, atol=1e-8)


@every_call
@every_machine
def test_a_gradient_penalty_is_learned_from(changes, call):
    """The gradient, by the weights, of the squared gradient by the inputs: with create_graph and in finite steps."""
    machine, inputs = make(vary(**changes)), sequence()
    loss = loss_function(machine, call)

    def penalty(weights):
        x = inputs.clone().requires_grad_()
        (by_inputs,) = torch.autograd.grad(loss(weights, x), x, create_graph=True)
        return by_inputs.square().sum()

    weights = dict(machine.named_parameters())
    found = torch.autograd.grad(penalty(weights), list(weights.values()), allow_unused=True, materialize_grads=True)
    for (name, weight), gradient in zip(weights.items(), found, strict=True):
        along = direction(weight)

        def moved(value, name=name):
            return penalty({**weights, name: value}).detach()

        torch.testing.assert_close((gradient * along).sum(), slope(moved, weight.detach(), along), rtol=1e-5, atol=1e-9)


def test_a_new_machine_in_single_precision_has_finite_second_derivatives():
    """Weights that are exactly zero and a memory of zeros are where every machine starts."""
    for initial_weights in ("first-row", "spaced", "uniform"):
        machine = make(vary(initial_weights=initial_weights), dtype=torch.float32)
        inputs = sequence(dtype=torch.float32).requires_grad_()
        (by_inputs,) = torch.autograd.grad(machine(inputs)[0].square().mean(), inputs, create_graph=True)
        second = torch.autograd.grad(by_inputs.square().sum(), list(machine.parameters()))
        assert all(gradient.isfinite().all() for gradient in (by_inputs, *second))
        assert any(gradient.any() for gradient in second)


# Many at once


@every_call
@every_machine
def test_vmap_over_machines_is_each_machine(changes, call):
    machines = [make(vary(**changes), seed=seed) for seed in range(3)]
    inputs = sequence()
    loss = loss_function(machines[0], call)
    stacked, _ = stack_module_state(machines)
    stacked = {name: weight.detach() for name, weight in stacked.items()}
    values = vmap(loss, in_dims=(0, None))(stacked, inputs)
    gradients = vmap(grad(loss), in_dims=(0, None))(stacked, inputs)
    for which, machine in enumerate(machines):
        expected = loss(dict(machine.named_parameters()), inputs)
        torch.testing.assert_close(values[which], expected)
        expected.backward()
        for name, parameter in machine.named_parameters():
            torch.testing.assert_close(gradients[name][which], parameter.grad, rtol=1e-9, atol=1e-12)


@every_call
@every_machine
def test_vmap_over_inputs_is_each_input(changes, call):
    """Values, and the gradient of every sequence by itself."""
    machine, batches = make(vary(**changes)), sequence(3).unsqueeze(1)
    loss, weights = loss_function(machine, call), weights_of(machine)
    values = vmap(loss, in_dims=(None, 0))(weights, batches)
    gradients = vmap(grad(loss), in_dims=(None, 0))(weights, batches)
    for which, inputs in enumerate(batches):
        torch.testing.assert_close(values[which], loss(weights, inputs))
        for name, expected in grad(loss)(weights, inputs).items():
            torch.testing.assert_close(gradients[name][which], expected, rtol=1e-9, atol=1e-12)


@every_machine
def test_vmap_of_a_forward_mode_derivative(changes):
    machine, batches = make(vary(**changes)), sequence(3).unsqueeze(1)
    loss, weights = loss_function(machine), weights_of(machine)
    along = direction(batches)
    changed = vmap(lambda x, v: jvp(lambda z: loss(weights, z), (x,), (v,))[1])(batches, along)
    for found, x, v in zip(changed, batches, along, strict=True):
        torch.testing.assert_close(found, jvp(lambda z: loss(weights, z), (x,), (v,))[1])
