"""Checks of the exercises about distance: each says in a sentence which property of an attempt fails."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ntm_lib.analysis import walking
from ntm_lib.teaching.checks.verdicts import answer_of, tell


def follower(attempt: Callable[[float, float, int], Tensor | None]) -> None:
    """Say what is wrong with `my_follower(leak, gamma, steps)`, the shares of the row behind, (steps + 1)."""
    tell(attempt, (0.1, 2.0, 7), (8,), _mistakes_in_follower, "it leaks, sharpens and goes on")


def _mistakes_in_follower(attempt: Callable[[float, float, int], Tensor | None]) -> Iterator[str]:
    plain, sharp = (answer_of(attempt, 0.1, gamma, 7) for gamma in (1.0, 2.0))
    if plain is None or sharp is None:
        yield "it should work with leak = 0.1 and seven steps, for γ = 1 and for γ = 2"
        return
    if plain[0] != 0:
        yield "before the first step nothing stands behind: the first number should be 0"
    if not math.isclose(plain[1], 1 / 9, rel_tol=1e-4):
        yield "a step leaves 0.1 behind and takes 0.9 along: with γ = 1 the share is then 0.1 / 0.9"
    elif not math.isclose(plain[2], 2 / 9, rel_tol=1e-4):
        yield "with γ = 1 every step adds the same share to what stood behind already: 1/9, 2/9, 3/9"
    elif not math.isclose(sharp[1], 1 / 81, rel_tol=1e-4):
        yield "γ = 2 squares both weights, and so their share: after one step it is (1/9)²"
    elif not math.isclose(sharp[2], (1 / 9 + 1 / 81) ** 2, rel_tol=1e-4):
        yield "every step leaks first and sharpens then: (1/9 + what stood behind) to the power γ"


def leak(attempt: Callable[[float], Tensor | None]) -> None:
    """Say what is wrong with `my_leak(gamma)`, the largest leak that heals, ()."""
    tell(attempt, (2.0,), (), _mistakes_in_leak, "below it a focus heals, and above it slips")


def _mistakes_in_leak(attempt: Callable[[float], Tensor | None]) -> Iterator[str]:
    def found(gamma: float) -> float:
        result = answer_of(attempt, gamma)
        return math.nan if result is None else float(result)

    def close(number: float, gamma: float) -> bool:
        expected = float(walking.largest_leak(torch.tensor(gamma, dtype=torch.float64)))
        return math.isclose(number, expected, abs_tol=0.002)

    if math.isclose(found(2.0), 0.25, abs_tol=0.002):
        yield "0.25 is leak / (1 - leak): the leak itself is that number over one plus that number"
    elif not close(found(2.0), 2.0):
        yield f"with γ = 2 a leak of 0.199 heals and one of 0.201 slips in the end: got {found(2.0):.3f}"
    elif not close(found(4.0), 4.0):
        yield f"with γ = 4 a leak of 0.320 heals and one of 0.322 slips in the end: got {found(4.0):.3f}"
    elif not close(found(1.0), 1.0):
        yield "with γ = 1 nothing heals: the largest leak is 0"


def length(attempt: Callable[[float, float, int], int | None]) -> None:
    """Say what is wrong with `my_length(found, g, length)`, the length at which a jump is missed."""
    tell(attempt, (0.5, 0.9, 100), int, _mistakes_in_length, "it weighs the row that is found against the old place")


def _mistakes_in_length(attempt: Callable[[float, float, int], int | None]) -> Iterator[str]:
    def gives(expected: int, *arguments: float) -> bool:
        found = answer_of(attempt, *arguments)
        return found is not None and math.isclose(found, expected, rel_tol=0.01)

    if not gives(800, 0.5, 0.9, 100):
        yield "found 0.5 with g = 0.9: the jump wins until the key finds 1/9, and all others together 8 times as much"
        return
    if not gives(1600, 0.5, 0.9, 200):
        yield "the same numbers at twice the length should give twice the limit: each row costs half as much"
    if not gives(3200, 0.8, 0.9, 100):
        yield "found 0.8 leaves 0.2 for all others together, a quarter of the right row: four times as far as found 0.5"
    if not gives(9800, 0.5, 0.99, 100):
        yield "with g = 0.99 the old place keeps 0.01, and the jump wins until the key finds 1/99"
