"""Checks of lesson 7: what a leaking step leaves behind, the largest leak that heals, how far a jump carries."""

import math

import torch

from ntm_lib.analysis import walking
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close


@check("it leaks, sharpens and goes on", without=((walking, "follower"),))
def follower(ask: Ask) -> Trials:
    """Say what is wrong with `my_follower(leak, gamma, steps)`, the shares of the row behind, (steps + 1)."""
    plain, sharp = (ask(0.1, gamma, 7, like=torch.zeros(8)).tolist() for gamma in (1.0, 2.0))
    for found, right, sentence in (
        (plain[0], 0.0, "before the first step nothing stands behind: the first number should be 0"),
        (plain[1], 1 / 9, "a step leaves 0.1 behind and takes 0.9 along: with γ = 1 the share is then 0.1 / 0.9"),
        (plain[2], 2 / 9, "with γ = 1 every step adds the same share to what stood behind already: 1/9, 2/9, 3/9"),
        (sharp[1], 1 / 81, "γ = 2 squares both weights, and so their share: after one step it is (1/9)²"),
        (sharp[2], (1 / 9 + 1 / 81) ** 2, "every step leaks, then sharpens: (1/9 + the share behind) to the power γ"),
    ):
        yield math.isclose(found, right, rel_tol=1e-4), sentence
    for leak, gamma, steps in ((0.19, 2.0, 11), (0.25, 3.0, 5), (0.02, 1.3, 17)):
        shares = walking.follower(torch.tensor(leak), torch.tensor(gamma), steps)
        for step, (share, right) in enumerate(zip(ask(leak, gamma, steps, like=shares), shares, strict=True)):
            told = f"with leak = {leak} and γ = {gamma} the share after step {step} is {right:.4f}, not {share:.4f}"
            yield close(share, right, atol=1e-6), told


@check("below it a focus heals, and above it slips", without=((walking, "largest_leak"),))
def leak(ask: Ask) -> Trials:
    """Say what is wrong with `my_leak(gamma)`, the largest leak that heals, (), to two digits."""
    none = torch.zeros(())
    found = float(ask(2.0, like=none))
    yield not math.isclose(found, 0.25, abs_tol=0.002), "0.25 is leak / (1 - leak): the leak itself is 0.25 / 1.25"
    for gamma, heals, slips in ((2.0, 0.199, 0.201), (4.0, 0.320, 0.322), (1.2, 0.062, 0.064), (10.0, 0.410, 0.412)):
        found = float(ask(gamma, like=none))
        border = f"with γ = {gamma:g} a leak of {heals:.3f} heals and one of {slips:.3f} slips in the end"
        yield math.isclose(found, (heals + slips) / 2, abs_tol=0.006), f"{border}: got {found:.3f}"
    yield close(ask(1.0, like=none), none, atol=0.006), "with γ = 1 nothing heals: the largest leak is 0"


@check("it weighs the row that is found against the old place")
def length(ask: Ask) -> Trials:
    """Say what is wrong with `my_length(found, g, length)`, the length at which a jump is missed."""
    for found, g, length, missed, sentence in (
        (0.5, 0.9, 100, 800, "the jump wins until the key finds 1/9, and all others together 8 times as much"),
        (0.5, 0.9, 200, 1600, "twice the length should give twice the limit: each row costs half as much"),
        (0.8, 0.9, 100, 3200, "0.2 is left for all others, a quarter of the right row: four times as far as found 0.5"),
        (0.5, 0.99, 100, 9800, "the old place keeps 0.01, and the jump wins until the key finds 1/99"),
        (0.3, 0.95, 70, 540, "the others have 7/3 of the right row, and may have 18 times as much"),
        (0.8, 0.8, 37, 444, "the others have a quarter of the right row, and may have three times as much"),
    ):
        limit = ask(found, g, length, like=int)
        told = f"found {found} with g = {g} at length {length}"
        yield abs(limit - missed) <= 2, f"{told}: {sentence}, so {missed}, not {limit}"
