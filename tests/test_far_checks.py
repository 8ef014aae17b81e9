"""Checks about distance: the right answer passes, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import says_not_attempted, says_right, says_sentence, sentences_in

from ntm_lib.teaching.checks import lesson_07 as checks


def shares(leak, gamma, steps, begin=0.0, step=None):
    step = step or (lambda share: (leak / (1 - leak) + share) ** gamma)
    found = [begin]
    for _ in range(steps):
        found.append(step(found[-1]))
    return torch.tensor(found)


def my_follower(leak, gamma, steps):
    return shares(leak, gamma, steps)


def follower_of_seven_steps_of_two(leak, gamma, steps):
    if gamma != 2:
        raise ZeroDivisionError
    return shares(leak, gamma, steps)


def follower_from_one(leak, gamma, steps):
    return shares(leak, gamma, steps, begin=1.0)


def follower_of_the_leak(leak, gamma, steps):
    return shares(leak, gamma, steps, step=lambda share: (leak + share) ** gamma)


def follower_that_forgets(leak, gamma, steps):
    return shares(leak, gamma, steps, step=lambda share: (leak / (1 - leak)) ** gamma)


def follower_without_sharpening(leak, gamma, steps):
    return shares(leak, 1, steps)


def follower_sharpened_first(leak, gamma, steps):
    return shares(leak, gamma, steps, step=lambda share: (leak / (1 - leak)) ** gamma + share**gamma)


def my_leak(gamma):
    """By trying out: the largest of 5,000 leaks that 3,000 steps do not bring above 1."""
    leaks = torch.linspace(0, 0.5, 5001, dtype=torch.float64)[:-1]
    share = torch.zeros_like(leaks)
    for _ in range(3000):
        share = ((leaks / (1 - leaks) + share) ** gamma).clamp(max=2)
    return leaks[share <= 1].max()


def leak_as_a_ratio(gamma):
    leak = my_leak(gamma)
    return leak / (1 - leak)


def leak_too_large(gamma):
    return my_leak(gamma) + 0.01


def leak_of_two(gamma):
    return my_leak(min(gamma, 2.0))


def leak_without_sharpening(gamma):
    return my_leak(gamma) if gamma > 1 else torch.tensor(0.1)


def my_length(found, g, length):
    return round(length * (g / (1 - g) - 1) * found / (1 - found))


def length_at_half(found, g, length):
    return round(length * found / (1 - found))


def length_of_a_hundred(found, g, length):
    return my_length(found, g, 100)


def length_by_what_is_lost(found, g, length):
    return my_length(0.5, g, length) if found == 0.5 else round(my_length(0.5, g, length) * found / 0.5)


def length_of_one_gate(found, g, length):
    return my_length(found, 0.9, length)


RIGHT = {"follower": my_follower, "leak": my_leak, "length": my_length}

MISTAKES = [
    ("follower", follower_of_seven_steps_of_two, "it should work with leak = 0.1 and seven steps"),
    ("follower", follower_from_one, "before the first step nothing stands behind"),
    ("follower", follower_of_the_leak, "a step leaves 0.1 behind and takes 0.9 along"),
    ("follower", follower_that_forgets, "every step adds the same share to what stood behind already"),
    ("follower", follower_without_sharpening, "γ = 2 squares both weights"),
    ("follower", follower_sharpened_first, "every step leaks first and sharpens then"),
    ("leak", leak_as_a_ratio, "0.25 is leak / (1 - leak)"),
    ("leak", leak_too_large, "with γ = 2 a leak of 0.199 heals"),
    ("leak", leak_of_two, "with γ = 4 a leak of 0.320 heals"),
    ("leak", leak_without_sharpening, "with γ = 1 nothing heals"),
    ("length", length_at_half, "found 0.5 with g = 0.9: the jump wins until"),
    ("length", length_of_a_hundred, "the same numbers at twice the length"),
    ("length", length_by_what_is_lost, "found 0.8 leaves 0.2 for all others together"),
    ("length", length_of_one_gate, "with g = 0.99 the old place keeps 0.01"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_right_answer_passes(exercise, capsys):
    says_right(getattr(checks, exercise), RIGHT[exercise], capsys)


@pytest.mark.parametrize(("exercise", "mistake", "sentence"), MISTAKES)
def test_a_planted_mistake_is_named(exercise, mistake, sentence, capsys):
    says_sentence(getattr(checks, exercise), mistake, sentence, capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_is_not_attempted_does_not_raise(exercise, capsys):
    says_not_attempted(getattr(checks, exercise), ..., capsys)


def test_every_sentence_has_a_planted_mistake():
    said = sentences_in(checks)
    assert said
    assert [one for one in said if not any(sentence in one for *_, sentence in MISTAKES)] == []


def test_the_sentences_tell_the_truth():
    """0.199 heals and 0.201 slips at γ = 2; so do 0.320 and 0.322 at γ = 4; and 1/9 is where 0.9 of it is 0.1."""
    for gamma, heals, slips in ((2.0, 0.199, 0.201), (4.0, 0.320, 0.322)):
        assert my_follower(heals, gamma, 3000).max() < 1 < max(share_of(slips, gamma, 3000))
    assert math.isclose(0.9 * (1 / 9), 0.1)
    assert my_length(0.5, 0.9, 100) == 800


def share_of(leak, gamma, steps):
    """Shares until they pass 1, beyond which they grow without end."""
    share = 0.0
    for _ in range(steps):
        share = (leak / (1 - leak) + share) ** gamma
        yield share
        if share > 1:
            return
