"""Checks of lesson 1: shift (Eq. 8), sharpen (Eq. 9) and a walk of both."""

import warnings
from contextlib import suppress

import torch
from torch import Tensor
from torch.autograd import forward_ad

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks.verdicts import Ask, Attempt, Trials, check, close, numbers


@check("it moves, wraps round, blends and keeps heads apart", without=((addressing, "shift"),))
def shift(ask: Ask) -> Trials:
    """Say what is wrong with `my_shift(w_g, s)`, (B, H, N), (B, H, S) -> (B, H, N) (Eq. 8)."""
    stay, forward, blur, far = [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.1, 0.7, 0.2], [0.0, 0.0, 0.0, 0.0, 1.0]
    slots = torch.eye(5).tolist()
    for weights, s, sentence in (  # a weighting for each head
        ([slots[1]], [stay], "s = (0, 1, 0) means stay: the weighting should come back as it was"),
        ([slots[1]], [forward], "s = (0, 0, 1) should move the focus one slot forward, from slot 1 to slot 2"),
        ([slots[4]], [forward], "the slots form a ring: one step forward from slot 4, the last, is slot 0"),
        ([slots[2]], [blur], "s = (0.1, 0.7, 0.2) blends: 0.1 of a step backward, 0.7 of staying, 0.2 of one forward"),
        ([[0.1, 0.2, 0.4, 0.2, 0.1]], [blur], "a weighting spread over several slots should move as a whole"),
        ([slots[1], slots[2]], [forward, stay], "every head moves by its own s: here 0 steps forward and 1 stays"),
        (
            [slots[3], slots[4]],
            [forward] * 2,
            "every head has a ring of its own: after its slot 4 comes its own slot 0",
        ),
        ([slots[2]], [far], "of five numbers in s, for offsets from -2 to 2, the last moves two slots forward"),
    ):
        yield ask.agrees(addressing.shift, torch.tensor([weights]), torch.tensor([s])), sentence
    for sequences, heads, rows, offsets in ((3, 2, 11, 7), (2, 3, 7, 3)):
        weights_of_all = numbers(sequences, heads, rows).softmax(-1)
        yield ask.agrees_everywhere(addressing.shift, weights_of_all, numbers(sequences, heads, offsets).softmax(-1))


@check("it sharpens, adds up to 1 and survives long tapes")
def sharpen(ask: Ask) -> Trials:
    """Say what is wrong with `my_sharpen(w_s, gamma)`, (B, H, N), (B, H) -> (B, H, N) (Eq. 9)."""
    long = torch.full((2, 3, 1000), 0.001)
    long[0, 0] = torch.softmax(10 * torch.eye(1000)[0], dim=-1)  # one head is sharp, all others are spread
    weights, zero = torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]]]), torch.tensor([[[0.0, 0.4, 0.6]]])
    two = torch.tensor([[2.0]])
    one = close(ask(weights, two, like=weights).sum(), torch.ones(()), atol=1e-4)
    yield one, "the weights should still add up to 1: divide by their sum after raising them to the power"
    for w_s, gamma, sentence in (
        (weights, two - 1, "gamma = 1 should leave a weighting as it is"),
        (weights, two, "gamma = 2 should square every weight, then divide: 0.4 against 0.2 becomes 0.16 against 0.04"),
        (weights, two + 1.5, "gamma = 3.5 should raise every weight to the power 3.5: it need not be whole"),
        (
            weights[:, [0, 0]],
            two.expand(1, 2),
            "the weights of each head should add up to 1, and not those of all heads",
        ),
        (weights[:, [0, 0]], two + torch.tensor([[-1.0, 1.0]]), "every head should use its own gamma: here 1 and 3"),
    ):
        yield ask.agrees(addressing.sharpen, w_s, gamma), sentence
    for sequences, heads, rows in ((3, 2, 11), (2, 5, 7)):
        w_s, gamma = numbers(sequences, heads, rows).softmax(-1), 1 + numbers(sequences, heads).square()
        yield ask.agrees_everywhere(addressing.sharpen, w_s, gamma)
    for w_s, gamma, sentence in (
        (
            long,
            torch.full((2, 3), 20.0),
            "gamma = 20 should keep 1,000 weights of 0.001: their powers are too small for floats",
        ),
        (zero, two, "a weight of exactly 0 should stay 0, and leave the others as they would be without it"),
    ):
        yield ask.agrees(addressing.sharpen, w_s, gamma), sentence
    lost = "a weight of 0 has the logarithm -inf, and a gradient of NaN: take the logarithm of a little more"
    yield _has_finite_slope(ask.attempt, zero, two), lost


def _has_finite_slope(attempt: Attempt, w_s: Tensor, gamma: Tensor) -> bool:
    """Try that the answer's derivative by the weights, where it has one, is a number.

    Derivatives are taken forwards, because backwards autograd refuses operations in place.
    """
    # An operation without a derivative forwards is let pass; PyTorch's warnings are no verdict.
    with warnings.catch_warnings(action="ignore"), suppress(Exception), forward_ad.dual_level():
        answer = attempt(forward_ad.make_dual(w_s.clone(), torch.ones_like(w_s)), gamma.clone())
        slope = forward_ad.unpack_dual(answer).tangent
        return slope is None or bool(slope.isfinite().all())
    return True


@check("it starts where it should, shifts, sharpens and goes on")
def walk(ask: Ask) -> Trials:
    """Say what is wrong with `my_walk(w, s, gamma, steps)`, (1, 1, N), (1, 1, S), (1, 1), int -> (steps + 1, N)."""
    start, s, gamma = torch.eye(5)[None, :1], torch.tensor([[[0.1, 0.1, 0.8]]]), torch.tensor([[2.0]])
    plain, sharp = (ask(start, s, each, 7, like=torch.zeros(8, 5)) for each in (gamma / 2, gamma))
    shifted, walked = _path(start, s, gamma / 2, 7), _path(start, s, gamma, 7)
    alike = close(sharp, walked[-1:].expand(8, -1))
    yield not alike, "all rows hold the last weighting: keep a .clone() of each before it is overwritten"
    for found, right, sentence in (
        (sharp[0], walked[0], "row 0 should be the weighting before the first step"),
        (plain[1], shifted[1], "with gamma = 1 a step is a shift and nothing else: row 1 is the start, shifted once"),
        (plain, shifted, "every step should go on from the row before: with gamma = 1, row 2 is row 1, shifted"),
        (sharp[1], walked[1], "every step should shift and then sharpen: row 1 is the shifted start, sharpened"),
        (sharp, walked, "every step should go on from the sharpened row: row 2 is row 1, shifted and sharpened"),
    ):
        yield close(found, right), sentence
    for slots, offsets, power, steps in ((7, 5, 1.7, 11), (11, 3, 1.3, 2)):
        given = numbers(1, 1, slots).softmax(-1), numbers(1, 1, offsets).softmax(-1), torch.tensor([[power]]), steps
        told = f"with {slots} slots, {offsets} numbers in s, gamma = {power} and {steps} steps"
        yield close(ask(*given, like=_path(*given)), _path(*given)), f"{told}, some rows are wrong: use what is given"


def _path(w: Tensor, s: Tensor, gamma: Tensor, steps: int) -> Tensor:
    """Weightings of a head without keys, from the start on: (steps + 1, N)."""
    path = [w]
    for _ in range(steps):
        path.append(addressing.sharpen(addressing.shift(path[-1], s), gamma))
    return torch.cat(path)[:, 0]
