"""Optimisers, the learning rate and clipping: every step by hand."""

import math
from dataclasses import replace
from itertools import chain

import pytest
import torch
from small import MACHINE, SETTLING, SMALL, YARDSTICK, same_tensors, tensors
from torch import nn

from ntm_lib.machine import NTMState
from ntm_lib.machine.addressing import sharpen
from ntm_lib.machine.step import FAST
from ntm_lib.training import optimizers, recipes
from ntm_lib.training.optimizers import clip, learning_rate, limit_derivatives, make_optimizer, shortened
from ntm_lib.training.recipe import Historical
from ntm_lib.training.run import build

LSTM = replace(SMALL, name="lstm", machine=replace(MACHINE, controller="lstm"))
POST = replace(recipes.post_2014, machine=replace(recipes.post_2014.machine, memory_size=31, controller_size=11))

# Optimisers


def one_parameter():
    model = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(0.5)
    return model


def steps(recipe, gradients):
    """Where a weight of 0.5 stands after each of these gradients."""
    model = one_parameter()
    optimizer = make_optimizer(recipe, model)
    places = []
    for gradient in gradients:
        model.weight.grad = torch.tensor([[gradient]])
        optimizer.step()
        places.append(model.weight.item())
    return places


GRADIENTS = [0.3, -0.1, 0.2, 0.25, -0.4]


def test_adam_by_hand():
    rate, weight, mean, square = 0.05, 0.5, 0.0, 0.0
    expected = []
    for count, gradient in enumerate(GRADIENTS, 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        weight -= rate * (mean / (1 - 0.9**count)) / (math.sqrt(square / (1 - 0.999**count)) + 1e-8)
        expected.append(weight)
    assert steps(replace(SMALL, optimizer="adam", learning_rate=rate), GRADIENTS) == pytest.approx(expected, rel=1e-5)


def test_the_weights_from_an_lstms_own_state_decay_and_no_others():
    """By rate times decay at every step, whatever the gradient."""
    recipe = replace(LSTM, learning_rate=0.05, state_decay=0.3)
    plain, decaying = build(recipe, 0), build(recipe, 0)
    for model, one in ((plain, replace(recipe, state_decay=0.0)), (decaying, recipe)):
        optimizer = make_optimizer(one, model)
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 0.1)
        optimizer.step()
    expected, name = tensors(plain), "controller.from_state.weight"
    expected[name] -= 0.05 * 0.3 * build(recipe, 0).state_dict()[name]
    found = tensors(decaying)
    torch.testing.assert_close(found.pop(name), expected.pop(name))
    assert same_tensors(found, expected)


@pytest.mark.parametrize("momentum", [0.9, 0.5])
def test_rmsprop_is_graves(momentum, monkeypatch):
    """Graves 2013, Eqs. 38-45: the gradient over the root of its variance, decay 0.95, and momentum.

    His 1e-4 inside the root is a 1e-2 outside it: the same where the variance is zero.
    """
    rate, weight = 0.05, 0.5
    n = g = step = 0.0
    expected = []
    for gradient in GRADIENTS:
        n = 0.95 * n + 0.05 * gradient**2
        g = 0.95 * g + 0.05 * gradient
        step = momentum * step - rate * gradient / (math.sqrt(n - g**2) + math.sqrt(1e-4))
        weight += step
        expected.append(weight)
    monkeypatch.setattr(optimizers, "MOMENTUM", momentum)
    recipe = replace(SMALL, optimizer="rmsprop", learning_rate=rate)
    assert steps(recipe, GRADIENTS) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("momentum", [0.9, 0.5])
def test_the_posts_rmsprop_is_graves_with_averages_of_the_gradients_before(momentum, monkeypatch):
    rate, weight = 0.05, 0.5
    n = g = step = 0.0
    expected = []
    for gradient in GRADIENTS:
        step = momentum * step - rate * gradient / math.sqrt(n - g**2 + 1e-4)
        weight += step
        n = 0.95 * n + 0.05 * gradient**2
        g = 0.95 * g + 0.05 * gradient
        expected.append(weight)
    monkeypatch.setattr(optimizers, "MOMENTUM", momentum)
    recipe = replace(SMALL, optimizer="lagging-rmsprop", learning_rate=rate)
    assert steps(recipe, GRADIENTS) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("optimizer", "bounded"), [("rmsprop", True), ("lagging-rmsprop", False)])
def test_only_graves_rmsprop_bounds_a_step(optimizer, bounded, monkeypatch):
    """After a hundred gradients of 0.1 and -0.1 one of 100: at most 1 / sqrt(0.05 * 0.95) rates, or a thousand."""
    monkeypatch.setattr(optimizers, "MOMENTUM", 0.0)
    recipe = replace(SMALL, optimizer=optimizer, learning_rate=1e-3)
    *_, before, after = steps(recipe, [0.1, -0.1] * 50 + [100.0])
    assert before - after == pytest.approx(1e-3 / math.sqrt(0.05 * 0.95) if bounded else 1.0, rel=0.05)


def test_a_variance_that_rounds_below_zero_is_none(monkeypatch):
    """A constant gradient whose square is 10^7: float32 knows its variance to 1."""
    monkeypatch.setattr(optimizers, "MOMENTUM", 0.0)
    recipe = replace(SMALL, optimizer="lagging-rmsprop", learning_rate=1e-3)
    assert all(math.isfinite(place) for place in steps(recipe, [3333.3] * 300))


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "lagging-rmsprop"])
@pytest.mark.parametrize("recipe", [SMALL, LSTM, YARDSTICK, POST], ids=lambda r: r.name)
def test_the_optimiser_has_every_weight_once(optimizer, recipe):
    model = build(recipe, 0)
    groups = make_optimizer(replace(recipe, optimizer=optimizer), model).param_groups
    weights = [id(weight) for group in groups for weight in group["params"]]
    assert sorted(weights) == sorted(id(weight) for weight in model.parameters())


# The rate

RATE = replace(SETTLING, learning_rate=0.1, warmup_updates=4, settle_updates=10)


@pytest.mark.parametrize(
    ("update", "converged", "expected"),
    [(0, False, 0.025), (1, False, 0.05), (3, False, 0.1), (4, False, 0.1), (999, False, 0.1), (30, True, 0.01)],
)
def test_the_rate_by_hand(update, converged, expected):
    assert learning_rate(RATE, update, converged) == pytest.approx(expected)


def test_no_warm_up():
    assert learning_rate(replace(RATE, warmup_updates=0), 0, False) == 0.1


@pytest.mark.parametrize(
    ("update", "converged", "expected"),
    [(0, False, 0.025), (3, False, 0.0976), (25, False, 0.08), (50, False, 0.06), (100, False, 0.02), (50, True, 0.01)],
)
def test_a_rate_that_falls_by_hand(update, converged, expected):
    falling = replace(RATE, updates=100, last_rate=0.2)
    assert learning_rate(falling, update, converged) == pytest.approx(expected)


# The gradient


def clipped(gradients, **limits):
    """One parameter a gradient; what `clip` returns and what it leaves."""
    parameters = [torch.zeros(len(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    historical = Historical(clip_value=limits.pop("clip_value", 0.0))
    norm = clip(parameters, replace(SMALL, **{"clip_norm": 0.0, "historical": historical, **limits}))
    return norm, [parameter.grad.tolist() for parameter in parameters]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [[3.0], [0.0, -4.0]]),
        ({"clip_norm": 1.0}, [[0.6], [0.0, -0.8]]),
        ({"clip_norm": 6.0}, [[3.0], [0.0, -4.0]]),
        ({"clip_value": 3.5}, [[3.0], [0.0, -3.5]]),
        ({"clip_value": 0.5}, [[0.5], [0.0, -0.5]]),
        ({"clip_value": 10.0}, [[3.0], [0.0, -4.0]]),
    ],
)
def test_clipping_by_hand(limits, expected):
    norm, gradients = clipped([[3.0], [0.0, -4.0]], **limits)
    assert norm == pytest.approx(5.0)  # the whole, before anything is cut
    assert list(chain(*gradients)) == pytest.approx(list(chain(*expected)), rel=1e-5)


# Derivatives by weightings, on their way back


@pytest.mark.parametrize(
    ("vectors", "longest", "expected"),
    [
        ([[3.0, 0.0, -4.0], [0.3, 0.4, 0.0]], 1.0, [[0.6, 0.0, -0.8], [0.3, 0.4, 0.0]]),
        ([[3.0, 0.0, -4.0], [0.3, 0.4, 0.0]], 0.05, [[0.03, 0.0, -0.04], [0.03, 0.04, 0.0]]),
        ([[0.0, 0.0], [0.0, -1e-30]], 2.0, [[0.0, 0.0], [0.0, -1e-30]]),
    ],
)
def test_vectors_are_shortened_one_by_one(vectors, longest, expected):
    assert shortened(torch.tensor(vectors), longest).tolist() == [pytest.approx(one) for one in expected]


def undecided(limit, steps=29):
    """The derivative by a weight of two rows that are as heavy as each other, sharpened (gamma 3) at every step."""
    weights = torch.tensor([[[0.5, 0.5]]], requires_grad=True)
    states, after = [], weights
    for _ in range(steps):
        after = sharpen(after, torch.tensor([[3.0]]))
        states.append(NTMState(torch.zeros(1, 2, 3), after, torch.zeros(1, 1, 3), ()))
    limit_derivatives(states, replace(SMALL, batch_size=7, clip_weightings=limit))
    after[0, 0, 0].backward()
    return weights.grad


def test_an_undecided_head_explodes_a_derivative_and_a_limit_at_every_step_keeps_it():
    """A step triples the difference of two weights; of a limit of 1.4, each of 7 sequences has 0.2, tripled once."""
    assert undecided(0.0).tolist() == [[[pytest.approx(3**29 / 2, rel=1e-4), pytest.approx(-(3**29) / 2, rel=1e-4)]]]
    assert undecided(1.4).norm().item() == pytest.approx(0.6)


def test_a_limit_without_states_that_derivatives_reach_is_refused():
    with pytest.raises(ValueError, match=r"clip_weightings is 0\.5: the machine's forward appends no states that"):
        limit_derivatives([NTMState(*[torch.zeros(1, 2, 3)] * 3, ())], replace(SMALL, clip_weightings=0.5))
    limit_derivatives([], SMALL)


class Limited(torch.autograd.Function):
    """A weighting whose derivatives, one a head and sequence, are at most so long."""

    @staticmethod
    def forward(ctx, weights, most):
        ctx.most = most
        return weights.clone()

    @staticmethod
    def backward(ctx, grad):
        limited = [[one if one.norm() <= ctx.most else one * ctx.most / one.norm() for one in heads] for heads in grad]
        return torch.stack([torch.stack(heads) for heads in limited]), None


@pytest.mark.parametrize(("limit", "reached"), [(1e-3, True), (1e6, False)])
def test_a_limit_on_states_is_a_limit_in_the_equations(limit, reached):
    """The gradients of a machine in whose addressing every weighting has a limit of its own."""
    inputs, recipe = torch.rand(3, 7, 5, generator=torch.Generator().manual_seed(5)), replace(SMALL, batch_size=3)
    recipe, gradients = replace(recipe, clip_weightings=limit), []
    for inside in (False, True, None):
        model, states = build(recipe, 11), []
        if inside:

            def address(*arguments):
                stages = FAST.address(*arguments)
                return stages._replace(w=Limited.apply(stages.w, limit / 3))

            model.equations = FAST._replace(address=address)
        logits, _ = model(inputs, history=states)
        if inside is False:
            limit_derivatives(states, recipe)
        logits.square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    outside, within, unlimited = gradients
    for one, other in zip(outside, within, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert reached != all(torch.equal(one, other) for one, other in zip(outside, unlimited, strict=True))
