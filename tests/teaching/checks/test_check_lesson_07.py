"""Checks of distance: right answers pass, and every sentence has a planted mistake that earns it."""

import math

import torch
from exercises import exercise_tests, unwrapped

from ntm_lib.analysis import walking
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


def follower_in_place(leak, gamma, steps):
    found = torch.zeros(steps + 1, dtype=torch.float64)
    for step in range(steps):
        found[step + 1] = (leak / (1 - leak) + found[step]) ** gamma
    return found


def follower_of_the_example(leak, gamma, steps):
    return shares(0.1, gamma, steps)


def leak_by_halving(gamma):
    low, high = 0.0, 0.5
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if follower_in_place(middle, gamma, 3000).max() < 1 else (low, middle)
    return low


def leak_to_two_digits(gamma):
    return round(float(my_leak(gamma)), 2)


def leak_on_a_grid(gamma):
    """The largest of 0.00, 0.01, … that heals."""
    return max(leak / 100 for leak in range(50) if max(share_of(leak / 100, gamma, 2000), default=0) < 1)


def leak_that_outgrows_floats(gamma):
    return torch.tensor(max(leak for leak in (0.1, 0.4) if max(my_follower(leak, gamma, 3000)) < 1))


def length_cut_off(found, g, length):
    return int(my_length(found, g, length))


def length_of_known_numbers(found, g, length):
    return my_length(found if found > 0.4 else 0.5, g, length)


def follower_in_a_list(leak, gamma, steps):
    found = [0.0]
    while len(found) < steps + 1:
        found += [(leak / (1 - leak) + found[-1]) ** gamma]
    return found


def follower_by_two_weights(leak, gamma, steps):
    """The weights of the row behind and of that in front, divided only at the end."""
    behind, front = torch.zeros(steps + 1), torch.ones(steps + 1)
    for step in range(steps):
        blended = (1 - leak) * behind[step] + leak * front[step], (1 - leak) * front[step]
        behind[step + 1], front[step + 1] = (weight**gamma / blended[1] ** gamma for weight in blended)
    return behind / front


def follower_without_a_start(leak, gamma, steps):
    return shares(leak, gamma, steps)[1:]


def follower_of_whole_powers(leak, gamma, steps):
    return shares(leak, round(gamma), steps)


def follower_up_to_seven(leak, gamma, steps):
    found = shares(leak, gamma, steps)
    found[8:] = found[7]
    return found


def follower_by_the_library(leak, gamma, steps):
    return walking.follower(torch.tensor(leak), torch.tensor(gamma), steps)


def leak_by_the_library(gamma):
    return walking.largest_leak(torch.tensor(gamma))


def leak_as_a_double(gamma):
    return my_leak(gamma).double().requires_grad_()


def leak_after_one_step(gamma):
    return 0.5


def leak_to_one_digit(gamma):
    return round(float(my_leak(gamma)), 1)


def leak_of_whole_powers(gamma):
    return my_leak(max(2.0, gamma)) if gamma > 1 else 0


def length_by_trying(found, g, length):
    others, limit = (1 - found) / found / length, 1
    while g / (1 + limit * others) > 1 - g:
        limit += 1
    return limit


def length_as_a_tensor(found, g, length):
    most = torch.tensor(g).double() / (1 - g) - 1
    return (length * most * found / (1 - found)).ceil().long()


def length_without_the_right_row(found, g, length):
    return round(length * g / (1 - g) * found / (1 - found))


def length_turned_over(found, g, length):
    return round(length * (g / (1 - g) - 1) * (1 - found) / found)


def length_in_tens(found, g, length):
    return round(my_length(found, g, length), -1)


RIGHT = [
    ("follower", my_follower),
    ("follower", follower_in_place),
    ("follower", follower_in_a_list),
    ("follower", follower_by_two_weights),
    ("leak", my_leak),
    ("leak", leak_by_halving),
    ("leak", leak_to_two_digits),
    ("leak", leak_on_a_grid),
    ("leak", leak_as_a_double),
    ("length", my_length),
    ("length", length_cut_off),
    ("length", length_by_trying),
    ("length", length_as_a_tensor),
]
MISTAKES = [
    ("follower", follower_of_seven_steps_of_two, "follower_of_seven_steps_of_two stops with ZeroDivisionError"),
    ("follower", follower_from_one, "before the first step nothing stands behind"),
    ("follower", follower_of_the_leak, "a step leaves 0.1 behind and takes 0.9 along"),
    ("follower", follower_that_forgets, "every step adds the same share to what stood behind already"),
    ("follower", follower_without_sharpening, "γ = 2 squares both weights"),
    ("follower", follower_sharpened_first, "every step leaks, then sharpens"),
    ("follower", follower_of_the_example, "with leak = 0.19 and γ = 2.0 the share after step 1 is 0.0550, not 0.0123"),
    ("follower", follower_of_whole_powers, "with leak = 0.02 and γ = 1.3 the share after step 1 is 0.0063, not 0.0204"),
    ("follower", follower_up_to_seven, "with leak = 0.19 and γ = 2.0 the share after step 8 is "),
    ("follower", follower_without_a_start, "returns shape (7,): expected (8,)"),
    ("follower", lambda *given: shares(*given)[-1], "returns shape (): expected (8,)"),
    ("follower", follower_by_the_library, "calls walking.follower: this exercise is to be solved without it"),
    ("leak", leak_as_a_ratio, "0.25 is leak / (1 - leak)"),
    ("leak", leak_too_large, " a leak of 0.199 heals and one of 0.201 slips in the end: got 0.210"),
    ("leak", leak_after_one_step, " a leak of 0.199 heals and one of 0.201 slips in the end: got 0.500"),
    ("leak", leak_of_two, "with γ = 4 a leak of 0.320 heals"),
    ("leak", leak_to_one_digit, "with γ = 4 a leak of 0.320 heals and one of 0.322 slips in the end: got 0.300"),
    ("leak", leak_of_whole_powers, "with γ = 1.2 a leak of 0.062 heals"),
    ("leak", leak_without_sharpening, "with γ = 1 nothing heals"),
    ("leak", leak_by_the_library, "calls walking.largest_leak: this exercise is to be solved without it"),
    ("length", length_at_half, "the jump wins until the key finds 1/9, and all others together 8 times as much"),
    ("length", length_without_the_right_row, "all others together 8 times as much, so 800, not 900"),
    ("length", length_of_a_hundred, "twice the length should give twice the limit"),
    ("length", length_by_what_is_lost, "0.2 is left for all others"),
    ("length", length_turned_over, "0.2 is left for all others"),
    ("length", length_of_one_gate, "the old place keeps 0.01"),
    (
        "length",
        length_of_known_numbers,
        "the others have 7/3 of the right row, and may have 18 times as much, so 540, not 1260",
    ),
    ("length", length_in_tens, "the others have a quarter of the right row, and may have three times as much, so 444"),
    ("length", lambda found, g, length: length * found * 4.5, "returns float: expected a whole number"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_a_share_that_outgrows_floats_is_told_in_words(capsys):
    checks.leak(leak_that_outgrows_floats)
    said = "leak_that_outgrows_floats stops with OverflowError: a number outgrew every float; stop before it does"
    assert unwrapped(capsys).startswith(said)


def test_the_sentences_tell_the_truth():
    """Of the two leaks that a sentence names for each γ, one heals and one slips; 1/9 is where 0.9 of it is 0.1."""
    for gamma, heals, slips in ((2.0, 0.199, 0.201), (4.0, 0.320, 0.322), (1.2, 0.062, 0.064), (10.0, 0.410, 0.412)):
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
