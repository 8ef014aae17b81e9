"""Checks of lesson 1: shift (Eq. 8), sharpen (Eq. 9) and a walk of both."""

import torch

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close, numbers


@check("it moves, wraps round, blends and keeps heads apart")
def shift(ask: Ask) -> Trials:
    """Say what is wrong with `my_shift(w_g, s)`, (B, H, N), (B, H, S) -> (B, H, N) (Eq. 8)."""
    stay, forward, blur, far = [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.1, 0.7, 0.2], [0.0, 0.0, 0.0, 0.0, 1.0]
    for slots, s, sentence in (  # one head for each slot
        ([1], [stay], "s = (0, 1, 0) means stay: the weighting should come back as it was"),
        ([1], [forward], "s = (0, 0, 1) should move the focus one slot forward, from slot 1 to slot 2"),
        ([4], [forward], "the slots form a ring: one step forward from slot 4, the last, is slot 0"),
        ([2], [blur], "s = (0.1, 0.7, 0.2) is a blend: 0.1 of a step backward, 0.7 of staying, 0.2 of a step forward"),
        ([1, 2], [forward, stay], "every head should move by its own s: here head 0 steps forward and head 1 stays"),
        ([3, 4], [forward, forward], "every head has a ring of its own: after its slot 4 comes its own slot 0"),
        ([2], [far], "of five numbers in s, for offsets from -2 to 2, the last moves two slots forward"),
    ):
        yield ask.agrees(addressing.shift, torch.eye(5)[None, slots], torch.tensor([s])), sentence
    many = numbers(3, 2, 11).softmax(-1), numbers(3, 2, 7).softmax(-1)
    yield ask.agrees(addressing.shift, *many), "of three sequences some come out wrong: each moves by its own s"
    yield from ask.manners(*many)


@check("it sharpens, adds up to 1 and survives long tapes")
def sharpen(ask: Ask) -> Trials:
    """Say what is wrong with `my_sharpen(w_s, gamma)`, (B, H, N), (B, H) -> (B, H, N) (Eq. 9)."""
    equal = torch.full((1, 1, 1000), 0.001)
    weights, zero = torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]]]), torch.tensor([[[0.0, 0.4, 0.6]]])
    two, many = torch.tensor([[2.0]]), (numbers(3, 2, 11).softmax(-1), 1 + numbers(3, 2).square())
    one = close(ask(weights, two, like=weights).sum(), torch.ones(()), atol=1e-4)
    yield one, "the weights should still add up to 1: divide by their sum after raising them to the power"
    for w_s, gamma, sentence in (
        (weights, two - 1, "gamma = 1 should leave a weighting as it is"),
        (weights, two, "gamma = 2 should square every weight, then divide: 0.4 against 0.2 becomes 0.16 against 0.04"),
        (weights[:, [0, 0]], two + torch.tensor([[-1.0, 1.0]]), "every head should use its own gamma: here 1 and 3"),
        (*many, "of three sequences some come out wrong: each head of each has its own gamma, and a sum of 1"),
        (equal, 10 * two, "gamma = 20 should keep 1,000 weights of 0.001: their powers are too small for floats"),
        (zero, two, "a weight of exactly 0 should stay 0, and leave the others as they would be without it"),
    ):
        yield ask.agrees(addressing.sharpen, w_s, gamma), sentence
    finite = all(slope.isfinite().all() for slope in ask.slopes(zero, two) if slope is not None)
    yield finite, "a weight of 0 has the logarithm -inf, and a gradient of NaN: take the logarithm of a little more"
    yield from ask.manners(*many)


@check("it starts where it should, shifts, sharpens and goes on")
def walk(ask: Ask) -> Trials:
    """Say what is wrong with `my_walk(w, s, gamma, steps)`, (1, 1, N), (1, 1, S), (1, 1), int -> (steps + 1, N)."""
    start, s, gamma = torch.eye(5)[None, :1], torch.tensor([[[0.1, 0.1, 0.8]]]), torch.tensor([[2.0]])
    plain, sharp = (ask(start, s, each, 7, like=torch.zeros(8, 5)) for each in (gamma / 2, gamma))
    shifted, walked = _path(start, s, gamma / 2, 7), _path(start, s, gamma, 7)
    for found, right, sentence in (
        (sharp[0], walked[0], "row 0 should be the weighting before the first step"),
        (plain[1], shifted[1], "with gamma = 1 a step is a shift and nothing else: row 1 is the start, shifted once"),
        (plain, shifted, "every step should go on from the row before: with gamma = 1, row 2 is row 1, shifted"),
        (sharp[1], walked[1], "every step should shift and then sharpen: row 1 is the shifted start, sharpened"),
        (sharp, walked, "every step should go on from the sharpened row: row 2 is row 1, shifted and sharpened"),
    ):
        yield close(found, right), sentence
    longer = numbers(1, 1, 7).softmax(-1), numbers(1, 1, 5).softmax(-1), torch.tensor([[1.7]]), 11
    found = close(ask(*longer, like=_path(*longer)), _path(*longer))
    yield found, "with 7 slots, 5 numbers in s, gamma = 1.7 and 11 steps, some rows are wrong: use what is given"


def _path(w: torch.Tensor, s: torch.Tensor, gamma: torch.Tensor, steps: int) -> torch.Tensor:
    """Weightings of a head without keys, from the start on: (steps + 1, N)."""
    path = [w]
    for _ in range(steps):
        path.append(addressing.sharpen(addressing.shift(path[-1], s), gamma))
    return torch.cat(path)[:, 0]
